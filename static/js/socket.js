// A WebSocket that comes back. Handlers: open(), message(data), lost(), and over(code), after which it stays closed.
import { Backoff } from "./backoff.js";

// The application's own close codes (4000 and up) and a normal end are answers, not accidents.
const isFinal = (code) => code === 1000 || code >= 4000;

export class Socket {
  #address;
  #handlers;
  #backoff = new Backoff();
  #socket = null;
  #timer = 0;
  #isDone = false;

  // `address` is a path of this origin, or a function that gives one for each attempt.
  constructor(address, handlers) {
    this.#address = typeof address === "function" ? address : () => address;
    this.#handlers = handlers;
    this.open();
    // A page that the browser froze and thaws must not wait for a timer of minutes ago.
    addEventListener("pageshow", (event) => event.persisted && this.#retryNow());
    addEventListener("online", () => this.#retryNow());
  }

  open() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#address());
    this.#socket = socket;
    socket.onopen = () => {
      this.#backoff.reset();
      this.#handlers.open?.();
    };
    socket.onmessage = (event) => socket === this.#socket && this.#handlers.message(event.data);
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  // For good; no handler is called any more.
  close() {
    this.#isDone = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (isFinal(code)) {
      this.#handlers.over?.(code);
      return;
    }
    this.#handlers.lost?.();
    this.#timer = setTimeout(() => this.open(), this.#backoff.milliseconds());
  }

  #retryNow() {
    if (this.#socket === null && !this.#isDone) this.open();
  }
}
