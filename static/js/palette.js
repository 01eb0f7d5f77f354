// The command palette: Ctrl-K (or ⌘K) finds every page and every object of the host, and Enter goes there.
//
// A combobox by the rules of ARIA: the focus stays in the input, and aria-activedescendant names the chosen option.
const MOST_SHOWN = 12;
const dialog = document.getElementById("palette");

// All words must occur; what begins with the first one comes first, then what has it earlier.
function rank(entry, words) {
  const text = `${entry.name} ${entry.kind} ${entry.note}`.toLowerCase();
  if (!words.every((word) => text.includes(word))) return Infinity;
  const place = entry.name.toLowerCase().indexOf(words[0] ?? "");
  return place < 0 ? 1000 : place;
}

function find(entries, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries
    .map((entry) => [rank(entry, words), entry])
    .filter(([place]) => place < Infinity)
    .sort(([a, left], [b, right]) => a - b || left.name.length - right.name.length)
    .slice(0, MOST_SHOWN)
    .map(([, entry]) => entry);
}

class Palette {
  #input = dialog.querySelector("input");
  #list = dialog.querySelector("[role=listbox]");
  #note = dialog.querySelector("[role=status]");
  #entries = [];
  #chosen = 0;

  constructor() {
    this.#input.addEventListener("input", () => this.#show());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", ({ target }) => this.#go(target.closest("[role=option]")));
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  }

  async open() {
    if (dialog.open) return;
    this.#input.value = "";
    dialog.showModal();
    this.#show();
    await this.#load();
    this.#show();
  }

  async #load() {
    this.#note.textContent = dialog.dataset.textLoading;
    try {
      const response = await fetch(dialog.dataset.entries, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      const { entries, missing } = await response.json();
      this.#entries = entries;
      this.#note.textContent = missing;
    } catch (error) {
      this.#note.textContent = String(error.message);
    }
  }

  #show() {
    const found = find(this.#entries, this.#input.value);
    this.#list.replaceChildren(...found.map(option));
    this.#choose(0);
    if (this.#entries.length && !found.length) this.#list.append(nothing());
  }

  #choose(place) {
    const options = this.#list.querySelectorAll("[role=option]");
    this.#chosen = options.length ? (place + options.length) % options.length : 0;
    options.forEach((element, number) => (element.ariaSelected = String(number === this.#chosen)));
    options[this.#chosen]?.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", options[this.#chosen]?.id ?? "");
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.isComposing) return;
    if (event.key in steps) this.#choose(this.#chosen + steps[event.key]);
    else if (event.key === "Enter") this.#go(this.#list.querySelector("[aria-selected=true]"));
    else return;
    event.preventDefault();
  }

  #go(element) {
    if (element) location.assign(element.dataset.url);
  }
}

function option(entry, number) {
  const element = document.createElement("li");
  element.role = "option";
  element.id = `palette-${number}`;
  element.dataset.url = entry.url;
  element.append(part("kind", entry.kind), part("name", entry.name), part("note", entry.note));
  return element;
}

function nothing() {
  const element = document.createElement("li");
  element.className = "muted";
  element.textContent = dialog.dataset.textNothing;
  return element;
}

function part(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}

if (dialog) {
  const palette = new Palette();
  // In a terminal Ctrl-K belongs to the shell.
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (event.target.closest?.(".xterm")) return;
    event.preventDefault();
    palette.open();
  });
  for (const button of document.querySelectorAll("[data-palette]")) button.addEventListener("click", () => palette.open());
}
