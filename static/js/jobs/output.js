// One job's output: replayed from the start, then followed; after an interruption it goes on behind the last entry seen.
import { refresh } from "../refresh.js";
import { Socket } from "../socket.js";
import { Layers } from "./layers.js";
import { Lines } from "./lines.js";
import { Steps } from "./steps.js";

// An entry may hold several lines that were said together.
const apart = (entry) => entry.text.split("\n").map((text) => ({ ...entry, text }));

export class Output {
  #root;
  #layers;
  #lines;
  #steps;
  #last = "";

  constructor(root) {
    this.#root = root;
    this.#layers = new Layers(this.#part("layers"));
    this.#steps = new Steps(this.#part("lines"));
    this.#lines = new Lines(this.#part("lines"), this.#steps);
    root.querySelector('[data-do="times"]').addEventListener("change", ({ target }) => {
      this.#part("lines").classList.toggle("timed", target.checked);
    });
    new Socket(() => this.#address(), {
      open: () => this.#tell("following"),
      message: (data) => this.#take(JSON.parse(data)),
      lost: () => this.#tell("lost"),
      over: (code) => this.#tell(code === 1000 ? "ended" : "lost"),
    });
  }

  #part(name) {
    return this.#root.querySelector(`[data-part="${name}"]`);
  }

  #address() {
    return this.#root.dataset.socket + (this.#last && `?after=${this.#last}`);
  }

  #tell(state) {
    this.#root.dataset.state = state;
    this.#part("status").textContent = this.#root.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`];
  }

  #take({ entries, interrupted }) {
    this.#tell(interrupted ? "interrupted" : "following");
    if (!entries) return;
    const lines = [];
    for (const [id, entry] of entries) {
      this.#last = id;
      if (entry.type === "line") lines.push(...apart(entry));
      if (entry.type === "step") {
        // What was said before a step begins stands before it.
        this.#lines.append(lines.splice(0));
        this.#steps.show(entry);
      }
      if (entry.type === "layer") this.#layers.show(entry);
      if (entry.type === "dropped") this.#sayDropped(entry.lines);
    }
    this.#lines.append(lines);
    if (entries.some(([, { type }]) => type === "state")) this.#refresh();
  }

  #sayDropped(lines) {
    const note = this.#part("dropped");
    note.textContent = `${lines} ${this.#root.dataset.textDropped}`;
    note.hidden = false;
  }

  #refresh() {
    for (const part of document.querySelectorAll("#job-head, #job-facts")) refresh(part);
  }
}
