// Rows of figures in, columns for charts out. A row is [time, cpu, memory, received, sent, read, written, pids].
const HOUR = 3600;
const COLUMNS = { cpu: [1], memory: [2], network: [3, 4], blocks: [5, 6] };

export class Columns {
  #rows = [];

  // Rows that are not newer than the last one are known already: a socket that came back sends its hour again.
  add(rows) {
    const last = this.#rows.at(-1)?.[0] ?? -Infinity;
    this.#rows.push(...rows.filter((row) => row[0] > last));
    const oldest = (this.#rows.at(-1)?.[0] ?? 0) - HOUR;
    const first = this.#rows.findIndex((row) => row[0] >= oldest);
    if (first > 0) this.#rows.splice(0, first);
  }

  get isEmpty() {
    return this.#rows.length === 0;
  }

  // [times, values, …] of one chart.
  of(chart) {
    return [0, ...COLUMNS[chart]].map((place) => this.#rows.map((row) => row[place]));
  }
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

// Bytes as Docker writes them: decimal units, three digits.
export function bytes(value) {
  let size = value ?? 0;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${Number(size.toPrecision(3))} ${UNITS[unit]}`;
}

export const percent = (value) => `${Number((value ?? 0).toPrecision(3))} %`;
