import assert from "node:assert/strict";
import { test } from "node:test";
import { LASTS, stepAt } from "../src/live/replay.js";

test("a replay shows every step of a short way once, in order, and then ends", () => {
  const seen = [];
  for (let ms = 0; ms <= LASTS; ms += 5) {
    const i = stepAt(ms, 20);
    if (seen.at(-1) !== i) seen.push(i);
  }
  assert.deepEqual(seen, Array.from({ length: 21 }, (_, i) => i));
  assert.equal(stepAt(-5, 20), 0);
});
