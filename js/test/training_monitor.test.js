import assert from "node:assert/strict";
import { test } from "node:test";
import { column, duration, gridColumns, gridPixels, MEAN, nearest, RATE, smooth, STEP, tiny } from "../src/monitor/run.js";
import { marks, path, place, range, ribbon, short } from "../src/shared/curve.js";

const rows = new Float32Array([1, 1, 0.5, 2, 0.1, 2, 0.5, 0.25, 1, 0.2]);

test("columns of the history", () => {
  assert.deepEqual([...column(rows, STEP)], [1, 2]);
  assert.deepEqual([...column(rows, MEAN)], [1, 0.5]);
  assert.ok(Math.abs(column(rows, RATE)[1] - 0.2) < 1e-7);
  assert.deepEqual([...column(new Float32Array([3, 4, 5]), 1, 2)], [4]); // a torn row is left out
});

test("smoothing: constant stays constant, 1 changes nothing, gaps stay gaps and do not spread", () => {
  const steps = Array.from({ length: 200 }, (_, i) => i + 1);
  assert.ok(smooth(steps, steps.map(() => 3), 30).every((v) => Math.abs(v - 3) < 1e-12)); // prettier-ignore
  assert.deepEqual([...smooth([1, 2, 3], [5, 1, 4], 1)], [5, 1, 4]);
  const gap = smooth([1, 2, 3], [5, NaN, 5], 10);
  assert.ok(Number.isNaN(gap[1]) && gap[2] === 5);
});

test("smoothing forgets at the stated pace: a step change is 63 % in after `span` steps", () => {
  const steps = Array.from({ length: 2000 }, (_, i) => i + 1);
  const out = smooth(steps, steps.map((s) => (s > 1000 ? 1 : 0)), 100); // prettier-ignore
  assert.ok(Math.abs(out[1099] - (1 - Math.exp(-1))) < 0.01, String(out[1099]));
});

test("smoothing sees rows of many steps as many steps", () => {
  const fine = Array.from({ length: 4000 }, (_, i) => i + 1);
  const value = (s) => (s > 2000 ? 1 : 0);
  const coarse = fine.filter((s) => s % 8 === 0);
  const a = smooth(fine, fine.map(value), 300); // prettier-ignore
  const b = smooth(coarse, coarse.map(value), 300); // prettier-ignore
  for (const s of [2400, 3200, 4000]) assert.ok(Math.abs(a[s - 1] - b[s / 8 - 1]) < 0.02);
});

test("ranges: linear ones hold zero, logarithmic ones only what is positive", () => {
  assert.deepEqual(range([[1, 2, NaN]], false), { lo: 0, hi: 2.1, log: false });
  const log = range([[0, -3, 0.01, 1]], true);
  assert.ok(log.lo > 0.009 && log.lo < 0.01 && log.hi > 1 && log.hi < 1.2);
  for (const isLog of [true, false]) assert.ok(range([[]], isLog).hi > range([[NaN]], isLog).lo);
});

test("place: 0 at the low end, 1 at the high end, halfway in between", () => {
  assert.equal(place({ lo: 2, hi: 4, log: false }, 3), 0.5);
  assert.ok(Math.abs(place({ lo: 0.01, hi: 1, log: true }, 0.1) - 0.5) < 1e-12);
  assert.ok(!Number.isFinite(place({ lo: 0.01, hi: 1, log: true }, -1)));
});

test("marks are round, inside, at least two and not too many", () => {
  assert.deepEqual(marks({ lo: 0.015, hi: 1.2, log: true }, 5), [0.02, 0.05, 0.1, 0.2, 0.5, 1]);
  assert.deepEqual(marks({ lo: 0, hi: 1200, log: false }, 5), [0, 500, 1000]);
  for (const log of [true, false]) {
    for (let e = -9; e < 6; e += 0.37) {
      for (const ratio of [1.05, 1.5, 3, 5, 40, 1e4, 1e12]) {
        const scale = { lo: log ? 10 ** e : 0, hi: log ? 10 ** e * ratio : 10 ** e, log };
        const found = marks(scale, 5);
        assert.ok(found.length >= (ratio > 3 || !log ? 2 : 1) && found.length <= 14, `${JSON.stringify(scale)}: ${found}`);
        assert.ok(found.every((v) => v >= scale.lo * 0.999 && v <= scale.hi * 1.001), `${JSON.stringify(scale)}: ${found}`);
      }
    }
  }
});

test("losses over narrow bars", () => {
  assert.deepEqual([0, 0.2, 0.198, 0.034, 0.0042, 1, 1.26, 123.4, 3e-9].map(tiny), ["0", ".20", ".20", ".034", ".004", "1.0", "1.3", "123", "3e−9"]);
});

test("short marks", () => {
  assert.deepEqual([0, 0.05, 0.001, 1200, 5e-4, 2.5e6].map(short), ["0", "0.05", "0.001", "1,200", "5·10⁻⁴", "2.5·10⁶"]);
});

test("paths leave out what can not be drawn", () => {
  const id = (/** @type {number} */ v) => v;
  assert.equal(path([0, 1, 2, 3], [1, NaN, 2, 3], id, id), "M0.0 1.0M2.0 2.0L3.0 3.0");
  assert.equal(ribbon([0, 1, 2], [0, NaN, 0], [1, 1, 1], id, id), "M0.0 1.0L2.0 1.0L2.0 0.0L0.0 0.0Z");
  assert.equal(ribbon([0], [0], [1], id, id), "");
});

test("nearest", () => {
  assert.equal(nearest([], 3), -1);
  const list = [1, 5, 6, 20];
  for (let v = -3; v < 30; v += 0.7) {
    const best = Math.min(...list.map((x) => Math.abs(x - v)));
    assert.equal(Math.abs(list[nearest(list, v)] - v), best);
  }
});

test("durations a person can plan with", () => {
  assert.deepEqual([null, NaN, 0.4, 59.6, 200, 3600, 90000].map(duration), ["–", "–", "0 s", "1 min 0 s", "3 min 20 s", "1 h 0 min", "1 d 1 h"]);
});

test("a grid of grey images, then of colour images, pixel by pixel", () => {
  const bytes = Uint8Array.from({ length: 2 * 3 * 2 * 2 }, (_, i) => i); // 2 frames of 3 images of 2×2
  const { width, height, data } = gridPixels(bytes, 1, [3, 2, 2, 1]);
  assert.deepEqual([gridColumns(3), width, height], [2, 5, 5]);
  const at = (x, y) => [...data.slice((y * width + x) * 4, (y * width + x) * 4 + 4)];
  assert.deepEqual(at(0, 0), [12, 12, 12, 255]);
  assert.deepEqual(at(1, 1), [15, 15, 15, 255]);
  assert.deepEqual(at(3, 0), [16, 16, 16, 255]);
  assert.deepEqual(at(0, 3), [20, 20, 20, 255]);
  assert.deepEqual(at(2, 0), [0, 0, 0, 0]); // between images
  assert.deepEqual(at(4, 4), [0, 0, 0, 0]); // no fourth image
  const rgb = gridPixels(Uint8Array.from([9, 8, 7, 6, 5, 4]), 1, [1, 1, 1, 3]);
  assert.deepEqual([...rgb.data], [6, 5, 4, 255]);
});
