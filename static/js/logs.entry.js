// A container's log: replays its tail, follows, and comes back where it was when the connection is lost.
import { render, Style } from "./ansi.js";
import { Socket } from "./socket.js";

const STDERR = 2;
// What a page keeps; the engine keeps the rest.
const MOST_LINES = 5_000;
const TAIL = 1_000;
// Nearer to the end than this means: at the end.
const END_PIXELS = 24;

class Logs {
  #root;
  #lines;
  #status;
  #style = { 1: new Style(), 2: new Style() };
  #last = "";
  #socket = null;
  #isPaused = false;
  // Lines that wait: for the next frame, or for the end of a pause. A flood costs one drawing a frame, not one a line.
  #held = [];
  #isDrawing = false;
  #words = "";

  constructor(root) {
    this.#root = root;
    this.#lines = root.querySelector('[data-part="lines"]');
    this.#status = root.querySelector('[data-part="status"]');
    this.#bind();
    this.#connect();
    document.addEventListener("portside:change", ({ detail }) => {
      if (detail.id === root.dataset.container && detail.action === "start" && !this.#socket) this.#connect();
    });
  }

  #connect() {
    this.#tell("connecting");
    this.#socket = new Socket(() => this.#address(), {
      open: () => this.#tell("following"),
      message: (data) => this.#take(JSON.parse(data).lines),
      lost: () => this.#tell("lost"),
      over: () => {
        this.#socket = null;
        this.#tell("ended");
      },
    });
  }

  #address() {
    const part = this.#last ? `since=${encodeURIComponent(this.#last)}` : `tail=${TAIL}`;
    return `${this.#root.dataset.socket}?${part}`;
  }

  #tell(state) {
    this.#root.dataset.state = state;
    this.#show();
  }

  #show() {
    const waiting = this.#isPaused && this.#held.length ? ` (+${this.#held.length})` : "";
    const state = this.#isPaused ? "paused" : this.#root.dataset.state;
    this.#status.textContent = this.#root.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`] + waiting;
  }

  #take(lines) {
    for (const [, time] of lines) if (time > this.#last) this.#last = time;
    this.#held.push(...lines);
    if (this.#held.length > 2 * MOST_LINES) this.#held = this.#held.slice(-MOST_LINES);
    if (this.#isPaused) this.#show();
    else this.#drawSoon();
  }

  #drawSoon() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      if (!this.#isPaused) this.#draw();
    });
  }

  #draw() {
    const isAtEnd = this.#lines.scrollHeight - this.#lines.scrollTop - this.#lines.clientHeight < END_PIXELS;
    const fragment = document.createDocumentFragment();
    for (const line of this.#held.slice(-MOST_LINES)) fragment.append(this.#row(line));
    this.#held = [];
    const excess = this.#lines.childElementCount + fragment.childElementCount - MOST_LINES;
    if (excess > 0) [...this.#lines.children].slice(0, excess).forEach((row) => row.remove());
    this.#lines.append(fragment);
    if (isAtEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  #row([stream, time, text]) {
    const row = document.createElement("div");
    row.className = stream === STDERR ? "line stderr" : "line";
    const stamp = document.createElement("time");
    stamp.textContent = time.slice(0, 23).replace("T", " ");
    row.append(stamp, render(text, this.#style[stream] ?? new Style()));
    row.hidden = !this.#matches(row);
    return row;
  }

  #matches(row) {
    return !this.#words || row.textContent.toLowerCase().includes(this.#words);
  }

  #bind() {
    const part = (name) => this.#root.querySelector(`[data-do="${name}"]`);
    part("pause").addEventListener("click", ({ currentTarget }) => this.#pause(currentTarget));
    part("clear").addEventListener("click", () => this.#lines.replaceChildren());
    part("times").addEventListener("change", ({ target }) => this.#lines.classList.toggle("timed", target.checked));
    part("wrap").addEventListener("change", ({ target }) => this.#lines.classList.toggle("wrapped", target.checked));
    part("search").addEventListener("input", ({ target }) => {
      this.#words = target.value.toLowerCase();
      for (const row of this.#lines.children) row.hidden = !this.#matches(row);
    });
  }

  #pause(button) {
    this.#isPaused = !this.#isPaused;
    button.setAttribute("aria-pressed", String(this.#isPaused));
    if (!this.#isPaused) {
      this.#draw();
      this.#lines.scrollTop = this.#lines.scrollHeight;
    }
    this.#show();
  }
}

for (const root of document.querySelectorAll("#logs")) new Logs(root);
