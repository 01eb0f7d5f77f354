// <table data-sorted="NAME">: each heading without data-unsorted becomes a button that sorts by its column, up, down and
// not at all. A cell sorts by its data-sort, or else by its text. The choice is remembered under NAME, and kept after
// each swap.
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const DIRECTIONS = ["none", "ascending", "descending"];

class Sorted {
  #table;
  #key;
  #column = -1;
  #direction = "none";

  constructor(table) {
    this.#table = table;
    this.#key = `portside.sort.${table.dataset.sorted}`;
    [...this.#headings].forEach((heading, column) => this.#equip(heading, column));
    this.#recall();
    this.apply();
  }

  get #headings() {
    return this.#table.tHead.rows[0].cells;
  }

  #equip(heading, column) {
    if ("unsorted" in heading.dataset) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => this.#turn(column));
    heading.append(button);
  }

  #turn(column) {
    const now = column === this.#column ? DIRECTIONS.indexOf(this.#direction) : 0;
    this.#column = column;
    this.#direction = DIRECTIONS[(now + 1) % DIRECTIONS.length];
    localStorage.setItem(this.#key, JSON.stringify([this.#column, this.#direction]));
    this.apply();
  }

  #recall() {
    try {
      const [column, direction] = JSON.parse(localStorage.getItem(this.#key));
      if (DIRECTIONS.includes(direction) && this.#headings[column]) [this.#column, this.#direction] = [column, direction];
    } catch {
      // Nothing was remembered, or not by this version: the order stays the engine's.
    }
  }

  apply() {
    [...this.#headings].forEach((heading, column) => {
      if ("unsorted" in heading.dataset) return;
      heading.ariaSort = column === this.#column ? this.#direction : "none";
    });
    for (const body of this.#table.tBodies) this.#order(body);
  }

  #order(body) {
    const rows = [...body.rows];
    rows.forEach((row, place) => (row.place ??= place));
    const sign = { none: 0, ascending: 1, descending: -1 }[this.#direction];
    const sorted = rows
      .map((row) => [row, sign ? valueOf(row.cells[this.#column]) : ""])
      .sort(([a, left], [b, right]) => sign * collator.compare(left, right) || a.place - b.place)
      .map(([row]) => row);
    // Rows that stand right stay where they are: moving one would take the focus from it.
    if (sorted.some((row, place) => row !== rows[place])) rearrange(body, sorted);
  }
}

function rearrange(body, rows) {
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  body.append(...rows);
  focused?.focus({ preventScroll: true });
}

const valueOf = (cell) => cell?.dataset.sort ?? cell?.textContent.trim() ?? "";

const tables = [...document.querySelectorAll("table[data-sorted]")].map((table) => new Sorted(table));
if (tables.length) document.addEventListener("htmx:afterSettle", () => tables.forEach((table) => table.apply()));
