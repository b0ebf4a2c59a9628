import assert from "node:assert/strict";
import { test } from "node:test";
import { hash32, normal, normalAt, streamAt } from "../src/shared/random.js";

test("the numbers are those of ddpm_widgets.widgets.base.normal", () => {
  // printed by Python; tests/test_widgets.py holds the same figures against Python
  assert.equal(hash32(1), 1753845952);
  assert.equal(hash32(0xffffffff), 1734902346);
  const python = { 0: [-0.15577910840511322, 0.36462685465812683, 0.5958418250083923, -1.0284136533737183], 4294967295: [0.6001390218734741, -0.7222336530685425, -0.798175573348999, -1.6610125303268433] };
  for (const [seed, values] of Object.entries(python)) assert.deepEqual([...normal(Number(seed), 4)], values);
  assert.deepEqual([...normal(42, 5000).slice(-2)], [-0.551974356174469, 0.5821998119354248]);
});

test("a value can be had by itself", () => {
  const all = normal(3, 100);
  for (let i = 0; i < 100; i++) assert.equal(Math.fround(normalAt(3, i)), all[i]);
});

test("standard normal, and streams have nothing to do with each other", () => {
  const n = 100_000;
  const a = normal(0, n);
  const mean = a.reduce((s, x) => s + x) / n;
  const variance = a.reduce((s, x) => s + (x - mean) ** 2, 0) / n;
  assert.ok(Math.abs(mean) < 0.01 && Math.abs(variance - 1) < 0.01, `${mean} ${variance}`);
  for (const shift of [0, 1, 2]) {
    const b = normal(1, n + shift).slice(shift);
    assert.ok(Math.abs(a.reduce((s, x, i) => s + x * b[i], 0) / n) < 0.01);
  }
});

test("a given array is filled", () => {
  const out = new Float32Array(8);
  assert.equal(normal(1, 8, out), out);
  assert.deepEqual(out, normal(1, 8));
});

test("every timestep has its own stream", () => {
  assert.equal(streamAt(5, 9), 774553919);
  assert.equal(new Set(Array.from({ length: 1000 }, (_, t) => streamAt(0, t))).size, 1000);
});
