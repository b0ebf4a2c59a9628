import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { changes, distance, films, halfway, inStep, longest, nearest, perStep, picture, shares, unpack } from "../src/player/film.js";

// two runs of 3 and 2 frames, streams x_t and x0, pictures of 2 bytes
const bytes = Uint8Array.from([0, 0, 255, 255, 51, 51, 255, 255, 204, 204, 204, 204, 10, 20, 30, 40, 50, 60, 70, 80]);
const [a, b] = films(bytes, [[9, 4, 0], [9, 0]], 2, 2); // prettier-ignore

test("frames are cut apart where Python put them together", () => {
  assert.deepEqual([...picture(a, 2, 0)], [204, 204]);
  assert.deepEqual([...picture(b, 0, 1)], [30, 40]);
  assert.deepEqual([...picture(b, 1, 1)], [70, 80]);
  assert.equal(a.bytes.length + b.bytes.length, bytes.length);
});

/** Told as Python tells it: for each run and picture, its frames as differences. @param {number[][][][]} runs [run][stream][frame] */
const told = (runs) => deflateSync(Uint8Array.from(runs.flat(1).flatMap((frames) => frames.flatMap((f, k) => f.map((v, i) => v - (k ? frames[k - 1][i] : 0)))))); // prettier-ignore

test("what is packed is unpacked: pictures of a frame together, modulo 256", () => {
  const one = [[[0, 255], [255, 0], [7, 8]], [[1, 1], [2, 2], [3, 3]]]; // prettier-ignore
  const two = [[[9, 9]], [[8, 8]]];
  const ts = [[9, 4, 0], [9]]; // prettier-ignore
  assert.deepEqual([...unpack(told([one, two]), ts, 2, 2, 0, [])], [0, 255, 1, 1, 255, 0, 2, 2, 7, 8, 3, 3, 9, 9, 8, 8]);
  assert.deepEqual([...unpack(deflateSync(new Uint8Array()), [], 3, 5, 0, [])], []);
});

test("tied pictures: x_t is √ᾱ·x̂0 + √(1-ᾱ)·ε̂ and what that misses", () => {
  // x̂0 in thirds, ε̂ from the middle in steps of 2·4 + 1, beyond black and white too; ᾱ = 0.36: 0.6 and 0.8, and x_t in steps of 9
  const [x0, eps] = [[0, 85, 20, 40], [-20, 20, 3, -1]]; // prettier-ignore
  const missed = [0, 0, 1, -2];
  const levels = [128 - 76.5 - 143.6, 128 + 76.5 + 144.4, 128 - 40.5 + 22 + 9, 128 - 4.5 - 6.8 - 18].map((v) => Math.max(0, Math.min(255, Math.floor(v))));
  const got = unpack(told([[[missed], [x0], [eps]]]), [[5]], 3, 4, 4, [[0.36]]); // prettier-ignore
  assert.deepEqual([...got], [...levels, 0, 255, 60, 120, 0, 255, 155, 119]);
  // without noise x_t is told in thirds
  assert.deepEqual([...unpack(told([[[[1]], [[20]], [[0]]]]), [[0]], 3, 1, 8, [[1]])], [63, 60, 128]); // prettier-ignore
});

test("damaged films are refused, and nothing more", () => {
  const whole = told([[[[1, 2, 3]], [[4, 5, 6]]]]); // prettier-ignore
  const broken = [whole.subarray(0, 9), new Uint8Array(40), Uint8Array.from(whole, (b, i) => (i === 0 ? b ^ 255 : b)), new Uint8Array()];
  for (const bytes of broken) assert.throws(() => unpack(bytes, [[1]], 2, 3, 0, []), Error);
  assert.throws(() => unpack(whole, [[1, 0]], 2, 3, 0, []), /shorter than its frames/);
  assert.throws(() => unpack(told([[[[1]], [[1]], [[1]]]]), [[1]], 3, 1, 4, []), Error); // no ᾱ
  let seed = 1;
  for (let k = 0; k < 300; k++) {
    const bytes = Uint8Array.from(whole, (b) => ((seed = (seed * 48271) % 2147483647) % 5 ? b : seed & 255));
    try {
      assert.equal(unpack(bytes, [[1]], 2, 3, 0, []).length, 6);
    } catch (e) {
      assert.ok(e instanceof Error && !(e instanceof assert.AssertionError));
    }
  }
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
  // three frames, each of one step: two of the four parts are done when the third begins
  assert.deepEqual(halfway([1, 1, 2], [9, 4, 0], [1, 2, 3], 3), { t: 0, steps: 1 });
  // the same frames of a run of 101 steps, of which the first covers 99: the share is one of steps, not of frames
  assert.deepEqual(halfway([2, 1, 1], [999, 9, 0], [1, 100, 101], 101), { t: 9, steps: 2 });
  // half of the way lies between two frames
  assert.deepEqual(halfway([4, 0], [100, 0], [1, 51], 51), { t: 50, steps: 26 });
});

test("changes are those of a single step, however far apart the frames lie", () => {
  assert.deepEqual(perStep([10, 1, 1], [1, 11, 12], 12, false), [1, 1, 1]);
  assert.deepEqual(perStep([2, 4, 0], [1, 2, 3], 3, true), [2, 4, 4], "after the finished picture nothing changes");
});
