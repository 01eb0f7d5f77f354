// The terminal's frames, the browser's side of dashboard/terminal/protocol.py; docs/terminal-protocol.md is the
// reference, and tests/dashboard/terminal/vectors.json holds bytes on which both must agree.

export const VERSION = 2;
export const MAX_CHUNK = 64 * 1024;

const HELLO = 0x01;
const READY = 0x02;
const INPUT = 0x03;
const OUTPUT = 0x04;
const ACKNOWLEDGE = 0x05;
const RESIZE = 0x06;
const PING = 0x07;
const PONG = 0x08;
const CLOSE = 0x09;
const STATE = 0x0a;

const NO_EXIT_CODE = -1;

export const Reason = Object.freeze({
  ENDED: 1000,
  HANG_UP: 4000,
  MALFORMED: 4400,
  SIGNED_OUT: 4401,
  SILENT: 4408,
  UNKNOWN_SESSION: 4410,
  LAGGED: 4413,
  ENGINE: 4502,
});

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() };

export const hello = (fields) => frame(HELLO, text.encoder.encode(JSON.stringify({ version: VERSION, ...fields })));
export const input = (offset, data) => frame(INPUT, uint64(offset), data);
export const acknowledge = (offset) => frame(ACKNOWLEDGE, uint64(offset));
export const ping = (token) => frame(PING, token);
export const pong = (token) => frame(PONG, token);

export function resize(rows, columns) {
  const body = new DataView(new ArrayBuffer(4));
  body.setUint16(0, rows);
  body.setUint16(2, columns);
  return frame(RESIZE, new Uint8Array(body.buffer));
}

export function close(reason, message = "") {
  const body = new DataView(new ArrayBuffer(6));
  body.setUint16(0, reason);
  body.setInt32(2, NO_EXIT_CODE);
  return frame(CLOSE, new Uint8Array(body.buffer), text.encoder.encode(message));
}

/** The frame in one message (an ArrayBuffer), as `{kind, …}`; throws RangeError for one that a server does not send. */
export function decode(message) {
  const view = new DataView(message);
  const body = new Uint8Array(message, 1);
  switch (view.getUint8(0)) {
    case READY:
      return { kind: "ready", ...JSON.parse(text.decoder.decode(body)) };
    case OUTPUT:
      return { kind: "output", offset: Number(view.getBigUint64(1)), data: body.subarray(8) };
    case ACKNOWLEDGE:
      return { kind: "acknowledge", offset: Number(view.getBigUint64(1)) };
    case PING:
      return { kind: "ping", token: body };
    case PONG:
      return { kind: "pong", token: body };
    case STATE:
      return { kind: "state", ...JSON.parse(text.decoder.decode(body)) };
    case CLOSE:
      return { kind: "close", ...decodeClose(view, body) };
    default:
      throw new RangeError(`a server sends no frame with the opcode ${view.getUint8(0)}`);
  }
}

function decodeClose(view, body) {
  const exitCode = view.getInt32(3);
  return {
    reason: view.getUint16(1),
    exitCode: exitCode === NO_EXIT_CODE ? null : exitCode,
    text: text.decoder.decode(body.subarray(6)),
  };
}

function frame(opcode, ...parts) {
  const message = new Uint8Array(parts.reduce((size, part) => size + part.length, 1));
  message[0] = opcode;
  let place = 1;
  for (const part of parts) {
    message.set(part, place);
    place += part.length;
  }
  return message;
}

function uint64(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value));
  return new Uint8Array(view.buffer);
}
