// Waiting times between attempts to reconnect: doubled each time, never the same for all pages at once.
const FIRST_MS = 500;
const LAST_MS = 10_000;

export class Backoff {
  #next = FIRST_MS;

  reset() {
    this.#next = FIRST_MS;
  }

  milliseconds() {
    const now = this.#next;
    this.#next = Math.min(now * 2, LAST_MS);
    return now * (0.5 + Math.random() / 2);
  }
}
