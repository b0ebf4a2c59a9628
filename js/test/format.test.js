import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, fixed3, sig3, signed3, ticks } from "../src/shared/format.js";

test("clamp", () => assert.deepEqual([clamp(-1, 0, 3), clamp(9, 0, 3), clamp(2, 0, 3)], [0, 3, 2]));

test("three decimals with a real minus, and no minus zero", () => {
  assert.deepEqual([fixed3(0.72212), fixed3(-1.5), fixed3(-0.0001), fixed3(NaN)], ["0.722", "−1.500", "0.000", "–"]);
  assert.deepEqual([signed3(0.5), signed3(-0.5), signed3(0)], ["+0.500", "−0.500", "+0.000"]);
});

test("three significant digits at any size", () => {
  const shown = [1.0895, 0.24, 8.5449, 12.345, 999.4, 1234, 9999, 12345, 4.03583e-5, 0, Infinity, NaN, -2.5].map(sig3);
  assert.deepEqual(shown, ["1.09", "0.240", "8.54", "12.3", "999", "1230", "1.00·10⁴", "1.23·10⁴", "4.04·10⁻⁵", "0", "∞", "–", "−2.50"]);
});

test("ticks are round, few, and end with the last position", () => {
  assert.deepEqual(ticks(1000), [0, 250, 500, 750, 999]);
  assert.deepEqual(ticks(1), [0]);
  assert.deepEqual(ticks(2), [0, 1]);
  for (let n = 2; n < 3000; n += 7) {
    const marks = ticks(n);
    assert.equal(marks.at(-1), n - 1);
    assert.ok(marks.length >= 2 && marks.length <= 7, `${n}: ${marks}`);
    assert.ok(marks.every((m, i) => Number.isInteger(m) && (i === 0 || m > marks[i - 1])), `${n}: ${marks}`);
  }
});
