// One terminal's WebSocket: frames in and out, windows kept both ways. It knows nothing of a screen.

import { Incoming, Outgoing } from "./flow.js";
import * as protocol from "./protocol.js";

export class Link {
  /**
   * `hello` holds the fields of HELLO. `on` holds the callbacks ready(frame), output(data, done) and closed(close);
   * `done` is to be called once `data` is dealt with. closed() is called once, and `close.reason` is 1006 when the
   * connection was lost without a word.
   */
  constructor(url, hello, on) {
    this.on = on;
    this.close = null;
    this.outgoing = null;
    this.incoming = null;
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.socket.send(protocol.hello(hello));
    this.socket.onmessage = (event) => this.receive(event.data);
    this.socket.onclose = (event) => this.closed(event);
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
    if (this.outgoing) this.send(protocol.resize(rows, columns));
  }

  /** End the shell. */
  hangUp() {
    this.send(protocol.close(protocol.Reason.HANG_UP));
    this.socket.close();
  }

  receive(message) {
    try {
      this.take(protocol.decode(message));
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
      this.close = { reason: protocol.Reason.MALFORMED, text: error.message, exitCode: null };
      this.send(protocol.close(protocol.Reason.MALFORMED, error.message));
      this.socket.close();
    }
  }

  take(frame) {
    switch (frame.kind) {
      case "ready":
        this.outgoing = new Outgoing(frame.input, frame.input_window);
        this.incoming = new Incoming(frame.output, frame.output_window);
        return this.on.ready(frame);
      case "output":
        this.incoming.receive(frame.offset, frame.data.length);
        return this.on.output(frame.data, () => this.consumed(frame.data.length));
      case "acknowledge":
        this.outgoing.acknowledge(frame.offset);
        return this.flush();
      case "ping":
        return this.send(protocol.pong(frame.token));
      case "close":
        this.close = frame;
        return undefined;
      default:
        return undefined;
    }
  }

  consumed(size) {
    const offset = this.incoming.consume(size);
    if (offset !== null) this.send(protocol.acknowledge(offset));
  }

  flush() {
    for (let chunk = this.outgoing.next(); chunk; chunk = this.outgoing.next()) {
      this.send(protocol.input(chunk.offset, chunk.data));
    }
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  closed(event) {
    this.outgoing = null;
    this.on.closed(this.close ?? { reason: event.code, text: event.reason, exitCode: null });
  }
}
