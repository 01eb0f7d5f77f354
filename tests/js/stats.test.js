import assert from "node:assert/strict";
import { test } from "node:test";
import { Columns, bytes, percent } from "../../static/js/stats/columns.js";

const row = (time) => [time, 1, 2, 3, 4, 5, 6, 7];

test("columns are those of a chart, with the times first", () => {
  const columns = new Columns();
  assert.ok(columns.isEmpty);
  columns.add([row(10), row(20)]);
  assert.deepEqual(columns.of("network"), [[10, 20], [3, 3], [4, 4]]);
  assert.deepEqual(columns.of("cpu"), [[10, 20], [1, 1]]);
});

test("rows that come again are known", () => {
  const columns = new Columns();
  columns.add([row(10), row(20)]);
  columns.add([row(10), row(20), row(30)]);
  assert.deepEqual(columns.of("cpu")[0], [10, 20, 30]);
});

test("an hour is kept", () => {
  const columns = new Columns();
  columns.add([row(0), row(100), row(3650)]);
  assert.deepEqual(columns.of("cpu")[0], [100, 3650]);
});

test("units", () => {
  assert.equal(bytes(0), "0 B");
  assert.equal(bytes(999), "999 B");
  assert.equal(bytes(1_234_567), "1.23 MB");
  assert.equal(bytes(5e15), "5000 TB");
  assert.equal(bytes(null), "0 B");
  assert.equal(percent(12.345), "12.3 %");
});
