// The layers of a pull or a push, each with its status and its bar, in the order in which the engine named them.
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const DONE = new Set(["Pull complete", "Already exists", "Pushed", "Layer already exists"]);

export class Layers {
  #list;
  #rows = new Map();

  constructor(list) {
    this.#list = list;
  }

  show({ layer, order, status, current, total }) {
    const row = this.#rows.get(layer) ?? this.#add(layer, order);
    row.status.textContent = status;
    row.size.textContent = total ? `${size(current)} / ${size(total)}` : "";
    row.bar.max = total || 1;
    row.bar.value = DONE.has(status) ? row.bar.max : (current ?? 0);
    row.item.classList.toggle("done", DONE.has(status));
  }

  #add(layer, order) {
    const item = document.createElement("li");
    item.dataset.order = order;
    const [name, status, bar, bytes] = ["code", "span", "progress", "span"].map((tag) => document.createElement(tag));
    name.textContent = layer;
    bar.ariaLabel = layer;
    bytes.className = "number muted";
    item.append(name, bar, bytes, status);
    const next = [...this.#list.children].find((other) => Number(other.dataset.order) > order);
    this.#list.insertBefore(item, next ?? null);
    const row = { item, status, bar, size: bytes };
    this.#rows.set(layer, row);
    return row;
  }
}

function size(bytes) {
  const power = bytes > 0 ? Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1) : 0;
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${UNITS[power]}`;
}
