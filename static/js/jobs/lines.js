// A job's log: lines at the end, which stays in view for who reads there.
const MOST_LINES = 20_000;
// Nearer to the end than this means: at the end.
const END_PIXELS = 24;

export class Lines {
  #box;
  #steps;
  #rows = [];

  constructor(box, steps) {
    this.#box = box;
    this.#steps = steps;
  }

  append(lines) {
    const box = this.#box;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < END_PIXELS;
    for (const [step, said] of runs(lines)) {
      const rows = said.map(row);
      (step ? this.#steps.linesOf(step) : box).append(...rows);
      this.#rows.push(...rows);
    }
    const tooMany = this.#rows.length - MOST_LINES;
    if (tooMany > 0) for (const old of this.#rows.splice(0, tooMany)) old.remove();
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }
}

// Lines of one step that follow each other, together.
function runs(lines) {
  const found = [];
  for (const line of lines) {
    if (found.at(-1)?.[0] !== (line.step ?? 0)) found.push([line.step ?? 0, []]);
    found.at(-1)[1].push(line);
  }
  return found;
}

function row({ text, at, level }) {
  const line = document.createElement("div");
  line.className = `line level-${level ?? "out"}`;
  const stamp = document.createElement("time");
  stamp.textContent = new Date(at * 1000).toISOString().slice(0, 23).replace("T", " ");
  line.append(stamp, text);
  return line;
}
