import assert from "node:assert/strict";
import test from "node:test";

import { runs, Style } from "../../static/js/ansi.js";

const ESC = "\x1b";
const text = (line) => runs(line).map(([part]) => part).join("");

test("colours become classes and end where they end", () => {
  assert.deepEqual(runs(`a ${ESC}[32mgreen${ESC}[0m b`), [["a ", ""], ["green", "ansi-fg-32"], [" b", ""]]);
});

test("styles add up and are taken away one by one", () => {
  assert.deepEqual(runs(`${ESC}[1;4;91mx${ESC}[22my${ESC}[24;39mz`), [
    ["x", "ansi-bold ansi-underline ansi-fg-91"],
    ["y", "ansi-underline ansi-fg-91"],
    ["z", ""],
  ]);
});

test("a style goes on in the next line", () => {
  const style = new Style();
  runs(`${ESC}[31mred`, style);
  assert.deepEqual(runs("still", style), [["still", "ansi-fg-31"]]);
});

test("256 colours keep the sixteen that have names, and their numbers are no codes", () => {
  assert.deepEqual(runs(`${ESC}[38;5;1mx${ESC}[38;5;9my${ESC}[48;5;10mz`), [
    ["x", "ansi-fg-31"], ["y", "ansi-fg-91"], ["z", "ansi-fg-91 ansi-bg-102"],
  ]);
  assert.deepEqual(runs(`${ESC}[38;5;4;1mx`), [["x", "ansi-bold ansi-fg-34"]]);
  assert.deepEqual(runs(`${ESC}[38;2;1;31;7;4mx`), [["x", "ansi-underline"]]);
});

test("what moves the cursor, sets titles or rings is left out", () => {
  assert.equal(text(`${ESC}[2J${ESC}[10;20Ha${ESC}]0;title\x07b${ESC}]8;;http://x${ESC}\\c\x07${ESC}(B${ESC}7d`), "abcd");
  assert.equal(text(`${ESC}[?25l${ESC}[>c${ESC}[4 q~x`), "~x");
});

test("a line drawn over with carriage returns is what was drawn last", () => {
  assert.equal(text("10%\r50%\r100%"), "100%");
  assert.equal(text("done\r"), "done");
});

test("markup stays text", () => {
  assert.deepEqual(runs("<img src=x onerror=alert(1)>"), [["<img src=x onerror=alert(1)>", ""]]);
});
