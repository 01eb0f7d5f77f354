// Flow control by byte offsets, the browser's side of dashboard/terminal/flow.py.

import { MAX_CHUNK } from "./protocol.js";

/** What is typed or pasted. It is kept until it is acknowledged, to be sent again over another connection. */
export class Outgoing {
  constructor(offset, window) {
    this.sent = offset;
    this.acknowledged = offset;
    this.window = window;
    this.waiting = [];
    this.unsure = [];
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
    while (this.unsure.length && end(this.unsure[0]) <= offset) this.unsure.shift();
  }

  /** Another connection, to which `offset` bytes have arrived: what comes after them is sent again. */
  resume(offset, window) {
    this.window = window;
    const lost = this.unsure.filter((chunk) => end(chunk) > offset);
    if (lost.length && lost[0].offset < offset) lost[0] = tail(lost[0], offset);
    this.unsure = [];
    this.sent = offset;
    this.acknowledged = offset;
    this.waiting.unshift(...lost.map((chunk) => chunk.data));
  }

  /** The next `{offset, data}` that may be sent now, or null. */
  next() {
    const data = this.waiting[0];
    if (!data || this.sent - this.acknowledged + data.length > this.window) return null;
    this.waiting.shift();
    const chunk = { offset: this.sent, data };
    this.unsure.push(chunk);
    this.sent += data.length;
    return chunk;
  }
}

const end = (chunk) => chunk.offset + chunk.data.length;
const tail = (chunk, offset) => ({ offset, data: chunk.data.subarray(offset - chunk.offset) });

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

  /** Another connection, whose output begins at `offset`: how many bytes are missing before that. */
  resume(offset, window) {
    const missing = offset - this.received;
    this.window = window;
    this.consumed += missing;
    this.received = offset;
    this.acknowledged = offset;
    return missing;
  }

  /** `size` bytes are on the screen: the offset to acknowledge now, or null when it can wait. */
  consume(size) {
    this.consumed += size;
    if (this.consumed - this.acknowledged < this.window / 4) return null;
    this.acknowledged = this.consumed;
    return this.acknowledged;
  }
}
