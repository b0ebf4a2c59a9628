import assert from "node:assert/strict";
import { test } from "node:test";
import { colorsOf } from "../src/shared/palette.js";

test("a schedule has its colour wherever it stands, other names take those that are left", () => {
  assert.deepEqual(colorsOf(["cosine", "linear"]), ["var(--ddw-cosine)", "var(--ddw-linear)"]);
  assert.deepEqual(colorsOf(["linear", "linear to 0.01", "cosine", "mine"]), ["var(--ddw-linear)", "var(--ddw-accent)", "var(--ddw-cosine)", "var(--ddw-guess)"]);
  assert.deepEqual(colorsOf(["a", "b"]), ["var(--ddw-accent)", "var(--ddw-guess)"]);
});
