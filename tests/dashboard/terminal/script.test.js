// The browser's side of the protocol, run by Node: see test_script.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { countUntil, parse, withoutPauses } from "../../../static/js/terminal/cast.js";
import { Incoming, Outgoing } from "../../../static/js/terminal/flow.js";
import { permitted } from "../../../static/js/terminal/links.js";
import * as protocol from "../../../static/js/terminal/protocol.js";

const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url)));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");

const ENCODERS = {
  input: ({ offset, data }) => protocol.input(offset, bytes(data)),
  acknowledge: ({ offset }) => protocol.acknowledge(offset),
  resize: ({ rows, columns }) => protocol.resize(rows, columns),
  pong: ({ token }) => protocol.pong(bytes(token)),
};

for (const { kind, fields, bytes: wire } of vectors) {
  if (ENCODERS[kind]) {
    test(`encodes ${kind} ${wire}`, () => assert.equal(hex(ENCODERS[kind](fields)), wire));
  }
  if (!["input", "resize"].includes(kind)) {
    test(`decodes ${kind} ${wire}`, () => {
      const frame = protocol.decode(bytes(wire).buffer);
      for (const name of ["data", "token"]) if (frame[name]) frame[name] = hex(frame[name]);
      const { exitCode, ...rest } = frame;
      assert.deepEqual(exitCode === undefined ? rest : { ...rest, exit_code: exitCode }, { kind, ...fields });
    });
  }
}

test("closes with a reason and a text", () => {
  assert.equal(hex(protocol.close(protocol.Reason.HANG_UP, "né")), "090fa0ffffffff6ec3a9");
});

test("says hello in JSON", () => {
  const message = protocol.hello({ rows: 24, columns: 80 });
  assert.equal(message[0], 0x01);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(message.subarray(1))), { version: 2, rows: 24, columns: 80 });
});

test("refuses what a server does not send", () => {
  for (const wire of ["", "00", "06001800", "0300", "0400", "0503", "0903", "02"]) {
    assert.throws(() => protocol.decode(bytes(wire).buffer), (error) => error instanceof RangeError || error instanceof SyntaxError);
  }
});

test("a paste leaves in chunks, and waits for acknowledgements", () => {
  const stream = new Outgoing(0, 4 * protocol.MAX_CHUNK);
  stream.add(new Uint8Array(5 * protocol.MAX_CHUNK + 1));
  const sent = [];
  const flush = () => {
    for (let chunk = stream.next(); chunk; chunk = stream.next()) sent.push([chunk.offset, chunk.data.length]);
  };
  flush();
  assert.equal(sent.length, 4);
  stream.acknowledge(protocol.MAX_CHUNK);
  flush();
  assert.deepEqual(sent.at(-1), [4 * protocol.MAX_CHUNK, protocol.MAX_CHUNK]);
  stream.acknowledge(5 * protocol.MAX_CHUNK);
  flush();
  assert.deepEqual(sent.at(-1), [5 * protocol.MAX_CHUNK, 1]);
});

test("what waits can be dropped", () => {
  const stream = new Outgoing(0, protocol.MAX_CHUNK);
  stream.add(new Uint8Array(2 * protocol.MAX_CHUNK));
  stream.next();
  stream.drop();
  stream.add(new Uint8Array(1));
  stream.acknowledge(protocol.MAX_CHUNK);
  assert.equal(stream.next().data.length, 1);
});

test("an acknowledgement of what was not sent is refused", () => {
  const stream = new Outgoing(10, 100);
  assert.throws(() => stream.acknowledge(11), RangeError);
  assert.throws(() => stream.acknowledge(9), RangeError);
});

test("output is acknowledged by the quarter, and gaps are noticed", () => {
  const stream = new Incoming(1000, 100);
  stream.receive(1000, 60);
  assert.deepEqual([stream.consume(24), stream.consume(1), stream.consume(35)], [null, 1025, 1060]);
  assert.throws(() => stream.receive(1061, 1), RangeError);
  assert.throws(() => stream.receive(1059, 1), RangeError);
});

test("what was not acknowledged is sent again over another connection, from where it arrived", () => {
  const stream = new Outgoing(0, 100);
  for (const text of ["abc", "def", "ghi"]) stream.add(Buffer.from(text));
  while (stream.next());
  stream.acknowledge(3);
  stream.add(Buffer.from("new"));
  stream.resume(5, 100);
  const sent = [];
  for (let chunk = stream.next(); chunk; chunk = stream.next()) sent.push([chunk.offset, Buffer.from(chunk.data).toString()]);
  assert.deepEqual(sent, [[5, "f"], [6, "ghi"], [9, "new"]]);
});

test("output goes on over another connection, and what is missing is told", () => {
  const stream = new Incoming(0, 100);
  stream.receive(0, 10);
  assert.equal(stream.resume(10, 100), 0);
  stream.receive(10, 5);
  assert.equal(stream.resume(40, 100), 25);
  stream.receive(40, 30);
  assert.equal(stream.consume(15), null);
  assert.equal(stream.consume(30), 70);
});

test("only links to pages may be opened", () => {
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "JaVaScRiPt:x", "ssh://x", "//x", "x"]) {
    assert.equal(permitted(bad), null);
  }
  assert.equal(permitted("HTTPS://example.org/a?b#c"), "https://example.org/a?b#c");
});

test("a recording is read, also one that goes on, and its pauses can be left out", () => {
  const text = '{"version":2,"width":80,"height":24}\n[1,"o","a"]\n[11.5,"o","b"]\n[12,"r","90x3';
  const { header, events } = parse(text);
  assert.equal(header.width, 80);
  assert.deepEqual(events.map((event) => event.data), ["a", "b"]);
  assert.deepEqual(withoutPauses(events, 2).map((event) => event.time), [1, 3]);
  assert.deepEqual([0, 1, 2, 12].map((time) => countUntil(events, time)), [0, 1, 1, 2]);
  assert.throws(() => parse('{"version":1}'), SyntaxError);
  assert.throws(() => parse(""), SyntaxError);
});
