import assert from "node:assert/strict";
import { test } from "node:test";
import { block, changes, distance, films, half, inStep, longest, nearest, picture, shares } from "../src/player/film.js";

// two runs of 3 and 2 frames, streams x_t and x0, pictures of 2 bytes
const bytes = Uint8Array.from([0, 0, 255, 255, 51, 51, 255, 255, 204, 204, 204, 204, 10, 20, 30, 40, 50, 60, 70, 80]);
const [a, b] = films(bytes, [[9, 4, 0], [9, 0]], 2, 2); // prettier-ignore

test("frames are cut apart where Python put them together", () => {
  assert.deepEqual([...picture(a, 2, 0)], [204, 204]);
  assert.deepEqual([...picture(b, 0, 1)], [30, 40]);
  assert.deepEqual([...picture(b, 1, 1)], [70, 80]);
  assert.equal(a.bytes.length + b.bytes.length, bytes.length);
});

test("runs of different length stay in step", () => {
  assert.equal(longest([[9, 0], [9, 4, 0], [9, 5, 0]]), 1); // prettier-ignore
  assert.deepEqual(inStep([[999, 499, 0], [49, 37, 25, 12, 0]], 1, 2), [1, 2]); // prettier-ignore
  assert.deepEqual(inStep([[999, 499, 0], [49, 37, 25, 12, 0]], 1, 4), [2, 4]); // prettier-ignore
  assert.deepEqual([nearest([9, 4, 0], 7), nearest([9, 4, 0], -5), nearest([9, 5], 7)], [0, 2, 0]);
});

test("changes are distances on the screen, and add up", () => {
  const { left, nearer, guess } = changes(a, 1);
  assert.deepEqual(left.map((v) => Math.round(v * 127.5)), [204, 153, 0]);
  assert.ok(Math.abs(nearer.reduce((x, y) => x + y) - left[0]) < 1e-12);
  assert.deepEqual(guess.map((v) => Math.round(v * 127.5)), [0, 51, 0]);
  assert.equal(distance(Uint8Array.of(0, 255), Uint8Array.of(255, 0)), 2);
});

test("half of the way, and shares", () => {
  assert.deepEqual(shares([1, 1, 2]), [0, 0.25, 0.5]);
  assert.deepEqual(shares([0, 0]), [0, 0]);
  assert.deepEqual([half([1, 1, 2]), half([0, 0, 0, 1]), half([1, 0, 0]), half([0, 0])], [2, 3, 1, 1]);
});

test("images stand in a block without holes", () => {
  assert.deepEqual([1, 2, 3, 4, 6, 8, 9, 12, 16, 5].map(block), [1, 2, 3, 2, 3, 4, 3, 4, 4, 5]);
});
