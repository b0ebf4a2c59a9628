import assert from "node:assert/strict";
import { test } from "node:test";
import { curvePath, keyTarget } from "../src/shared/timeline.js";

test("keys lead where a slider's keys lead", () => {
  const at = (/** @type {string} */ key, shift = false, t = 500) => keyTarget(key, shift, t, 1000);
  assert.deepEqual(["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"].map((k) => at(k)), [501, 501, 499, 499]);
  assert.deepEqual([at("PageUp"), at("PageDown"), at("Home"), at("End")], [600, 400, 0, 999]);
  assert.deepEqual([at("ArrowRight", true), at("ArrowLeft", true)], [510, 490]);
  assert.deepEqual([at("ArrowLeft", false, 0), at("PageUp", false, 990)], [0, 999]);
  assert.deepEqual([at("a"), at("Escape"), at("toString")], [undefined, undefined, undefined]);
  assert.equal(keyTarget("PageUp", false, 0, 4), 1);
});

test("a curve's path begins and ends with the curve and has no more points than asked for", () => {
  const y = Float64Array.from({ length: 1000 }, (_, t) => 1 - t / 999);
  const points = curvePath((i) => y[i], 1000, 50).split(/[ML]/).slice(1).map((p) => p.split(" ").map(Number));
  assert.equal(points.length, 50);
  assert.deepEqual([points[0], points.at(-1)], [[0, 0], [1000, 100]]);
  for (const [x, v] of points) assert.ok(Math.abs(v - x / 10) < 0.01);
  assert.equal(curvePath((i) => i, 2), "M0 100L1000 0");
  assert.equal(curvePath(() => 0.5, 1), "M0 50");
});
