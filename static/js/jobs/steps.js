// The steps of a build, each with what it says: the one that runs, or that failed, is open; those that are done fold up.
export class Steps {
  #box;
  #rows = new Map();

  constructor(box) {
    this.#box = box;
  }

  // Where the lines of a step go. What comes of it before its title does is kept in its place.
  linesOf(step) {
    return (this.#rows.get(step) ?? this.#add(step)).lines;
  }

  show({ step, total, title, status }) {
    const row = this.#rows.get(step) ?? this.#add(step);
    row.number.textContent = `${step}/${total}`;
    row.title.textContent = title;
    row.status.textContent = status;
    row.item.dataset.status = status;
    if (row.shown !== status) row.item.open = status === "running" || status === "failed";
    row.shown = status;
  }

  #add(step) {
    const item = document.createElement("details");
    const summary = document.createElement("summary");
    const [number, title, status] = ["span", "code", "span"].map((tag) => document.createElement(tag));
    const lines = document.createElement("div");
    item.className = "step";
    item.open = true;
    number.className = "number";
    status.className = "badge";
    summary.append(number, title, status);
    item.append(summary, lines);
    this.#box.append(item);
    const row = { item, number, title, status, lines, shown: "" };
    this.#rows.set(step, row);
    return row;
  }
}
