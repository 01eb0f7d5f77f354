// A terminal's way to the console: one WebSocket after the other, windows kept both ways, nothing lost or sent twice in
// between. It knows nothing of a screen.

import { Backoff } from "../backoff.js";
import { Incoming, Outgoing } from "./flow.js";
import * as protocol from "./protocol.js";
import { Reason } from "./protocol.js";

const PING_MS = 5000;
// A console that has answered no ping for so long is not there: the computer has slept, or the network is another.
const SILENT_MS = 12_000;
// The browser's own code for a connection that ended without a word. A refused handshake looks the same to a page.
export const LOST = 1006;
// After these the same terminal can be had again. Others say for themselves why it can't.
const PASSING = new Set([Reason.SILENT, Reason.LAGGED, Reason.ENGINE]);

export class Link {
  /**
   * `hello()` gives the fields of HELLO for a terminal that is new to this page: among them `session`, where it is one
   * to take up again. `isSignedIn()` is asked when the console refuses a connection.
   *
   * `on` holds the callbacks ready(frame, {again, missing}), output(data, done, end), state(frame), latency(ms),
   * waiting(close) and closed(close). `done` is to be called once `data` is dealt with; `end` is the offset behind it.
   * closed() is called once.
   */
  constructor(url, hello, isSignedIn, on) {
    this.url = url;
    this.hello = hello;
    this.isSignedIn = isSignedIn;
    this.on = on;
    this.client = randomName();
    this.session = null;
    this.outgoing = null;
    this.incoming = null;
    this.isDone = false;
    this.backoff = new Backoff();
    this.hurry = () => document.visibilityState === "visible" && this.retryNow();
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.connect();
  }

  type(data) {
    if (!this.outgoing) return;
    this.outgoing.add(data);
    this.flush();
  }

  dropTyped() {
    this.outgoing?.drop();
  }

  resize(rows, columns) {
    if (this.isReady) this.send(protocol.resize(rows, columns));
  }

  /** End the terminal. */
  hangUp() {
    this.send(protocol.close(Reason.HANG_UP));
    this.leave();
  }

  /** Leave it: it goes on, and can be taken up again. */
  leave() {
    this.isDone = true;
    this.forget();
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
  }

  retryNow() {
    if (!this.retry || this.isDone) return;
    this.backoff.reset();
    this.connect();
  }

  connect() {
    this.forget();
    this.close = null;
    const socket = (this.socket = new WebSocket(this.url));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.greet();
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.lost(event.code, event.reason);
  }

  greet() {
    this.heard = performance.now();
    const known = this.session ? { session: this.session, received: this.incoming.received } : {};
    this.send(protocol.hello({ ...this.hello(), client: this.client, ...known }));
    this.pinging = setInterval(() => this.ping(), PING_MS);
  }

  ping() {
    if (performance.now() - this.heard > SILENT_MS) return this.lost(LOST, "");
    const token = new Uint8Array(8);
    new DataView(token.buffer).setFloat64(0, performance.now());
    return this.send(protocol.ping(token));
  }

  receive(message) {
    this.heard = performance.now();
    try {
      this.take(protocol.decode(message));
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
      this.close = { reason: Reason.MALFORMED, text: error.message, exitCode: null };
      this.send(protocol.close(Reason.MALFORMED, error.message));
      this.lost(Reason.MALFORMED, error.message);
    }
  }

  take(frame) {
    switch (frame.kind) {
      case "ready":
        return this.ready(frame);
      case "output":
        return this.output(frame);
      case "acknowledge":
        this.outgoing.acknowledge(frame.offset);
        return this.flush();
      case "ping":
        return this.send(protocol.pong(frame.token));
      case "pong":
        return this.on.latency(performance.now() - new DataView(frame.token.slice().buffer).getFloat64(0));
      case "state":
        return this.on.state(frame);
      case "close":
        this.close = frame;
        return undefined;
      default:
        return undefined;
    }
  }

  ready(frame) {
    const again = this.session !== null;
    let missing = 0;
    if (again) {
      missing = this.incoming.resume(frame.output, frame.output_window);
      this.outgoing.resume(frame.input, frame.input_window);
    } else {
      this.outgoing = new Outgoing(frame.input, frame.input_window);
      this.incoming = new Incoming(frame.output, frame.output_window);
    }
    this.session = frame.session;
    this.isReady = true;
    this.backoff.reset();
    this.on.ready(frame, { again, missing });
    this.flush();
    this.ping();
  }

  output({ offset, data }) {
    this.incoming.receive(offset, data.length);
    const { socket } = this;
    this.on.output(data, () => this.consumed(data.length, socket), offset + data.length);
  }

  consumed(size, socket) {
    const offset = this.incoming.consume(size);
    if (offset !== null && socket === this.socket) this.send(protocol.acknowledge(offset));
  }

  flush() {
    if (!this.isReady) return;
    for (let chunk = this.outgoing.next(); chunk; chunk = this.outgoing.next()) {
      this.send(protocol.input(chunk.offset, chunk.data));
    }
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  async lost(code, text) {
    const close = this.close ?? { reason: code, text, exitCode: null };
    this.forget();
    const isSaid = this.close !== null;
    if (isSaid && !PASSING.has(close.reason)) return this.end(close);
    this.on.waiting(close);
    this.retry = setTimeout(() => this.connect(), close.reason === Reason.LAGGED ? 0 : this.backoff.milliseconds());
    if (!isSaid && !(await this.isSignedIn())) this.end({ reason: Reason.SIGNED_OUT, text: "", exitCode: null });
    return undefined;
  }

  end(close) {
    if (this.isDone) return;
    this.leave();
    this.on.closed(close);
  }

  /** Let go of the present connection, if there is one. */
  forget() {
    clearInterval(this.pinging);
    clearTimeout(this.retry);
    this.retry = null;
    this.isReady = false;
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
