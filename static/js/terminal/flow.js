// Flow control by byte offsets, the browser's side of dashboard/terminal/flow.py.

import { MAX_CHUNK } from "./protocol.js";

/** What is typed or pasted, and has not been sent because the server's window is full. */
export class Outgoing {
  constructor(offset, window) {
    this.sent = offset;
    this.acknowledged = offset;
    this.window = window;
    this.waiting = [];
  }

  add(data) {
    for (let start = 0; start < data.length; start += MAX_CHUNK) {
      this.waiting.push(data.subarray(start, start + MAX_CHUNK));
    }
  }

  /** Forget what waits. Ctrl-C means it: nobody wants the rest of a paste to follow. */
  drop() {
    this.waiting = [];
  }

  acknowledge(offset) {
    if (offset < this.acknowledged || offset > this.sent) {
      throw new RangeError(`${offset} was acknowledged, of ${this.sent} bytes that were sent`);
    }
    this.acknowledged = offset;
  }

  /** The next `{offset, data}` that may be sent now, or null. */
  next() {
    const data = this.waiting[0];
    if (!data || this.sent - this.acknowledged + data.length > this.window) return null;
    this.waiting.shift();
    const offset = this.sent;
    this.sent += data.length;
    return { offset, data };
  }
}

/** What the shell writes. */
export class Incoming {
  constructor(offset, window) {
    this.received = offset;
    this.consumed = offset;
    this.acknowledged = offset;
    this.window = window;
  }

  receive(offset, size) {
    if (offset !== this.received) {
      throw new RangeError(`output begins at ${offset}, but ${this.received} comes next`);
    }
    this.received += size;
  }

  /** `size` bytes are on the screen: the offset to acknowledge now, or null when it can wait. */
  consume(size) {
    this.consumed += size;
    if (this.consumed - this.acknowledged < this.window / 4) return null;
    this.acknowledged = this.consumed;
    return this.acknowledged;
  }
}
