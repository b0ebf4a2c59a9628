import assert from "node:assert/strict";
import { test } from "node:test";
import { columnHeight, HEAD, layoutOf } from "../src/xray/layout.js";
import { cellsOf, removedBy } from "../src/xray/look.js";
import { inOrder } from "../src/xray/order.js";
import { signed } from "../src/shared/signed.js";
import { strongest } from "../src/xray/paint.js";

/** A U of these levels, `each` residual blocks on the way down, attention in the lowest. @param {number[]} sizes @param {number} each @returns {import("../src/xray/read.js").Named[]} */
function network(sizes, each = 1) {
  /** @type {import("../src/xray/read.js").Named[]} */
  const blocks = [["conv_in", 8, sizes[0], sizes[0]]];
  const last = sizes.length - 1;
  const add = (/** @type {string} */ name, /** @type {number} */ size) => blocks.push([name, 8, size, size]);
  const level = (/** @type {string} */ name, /** @type {number} */ count, /** @type {number} */ i) => {
    for (let k = 0; k < count; k++) add(`${name}.resnets.${k}`, sizes[i]), i === last && add(`${name}.attentions.${k}`, sizes[i]);
  };
  sizes.forEach((size, i) => (level(`down_blocks.${i}`, each, i), i < last && add(`down_blocks.${i}.downsamplers.0`, sizes[i + 1])));
  for (const name of ["resnets.0", "attentions.0", "resnets.1"]) add(`mid_block.${name}`, sizes[last]);
  [...sizes].reverse().forEach((size, i) => (level(`up_blocks.${i}`, each + 1, last - i), i < last && add(`up_blocks.${i}.upsamplers.0`, sizes[last - i - 1])));
  add("conv_out", sizes[0]);
  return blocks;
}

test("every block has a column of its own, to the right of the one before; the middle is the lowest", () => {
  for (const blocks of [network([16, 8, 4]), network([32, 16, 8, 4], 2), network([8, 4])])
    for (const room of [300, 736, 1300]) {
      const { places, width, height } = layoutOf(blocks, room);
      places.slice(1).forEach((place, i) => assert.ok(place.x >= places[i].x + places[i].side + 7.99));
      assert.ok(room < 1300 || width <= room + 0.01);
      const low = Math.max(...places.map(({ y }) => y));
      for (const { name, y, side } of places) {
        assert.equal(y === low, name.startsWith("mid"), name);
        assert.ok(y >= HEAD && y + columnHeight(side) < height);
      }
    }
});

test("a skip leads to the block of its resolution, and those of a row lie within each other", () => {
  for (const each of [1, 2]) {
    const { bridges } = layoutOf(network([16, 8, 4], each), 900);
    assert.equal(bridges.length, 3 * (each + 1));
    for (const { from, to } of bridges) assert.equal(from.h, to.h);
    for (const a of bridges) for (const b of bridges) if (a.from.row === b.from.row && a.order < b.order) assert.ok(b.from.x < a.from.x && a.to.x < b.to.x && a.high < b.high);
    assert.deepEqual([bridges[bridges.length - 1].from.name, bridges[bridges.length - 1].to.name], ["conv_in", `up_blocks.2.resnets.${each}`]);
  }
});

test("a group norm takes away what its channels share", () => {
  assert.equal(removedBy(Float32Array.of(1, 1, -2, -2), 2), 1);
  assert.equal(removedBy(Float32Array.of(1, -1, 2, -2), 2), 0);
  assert.equal(removedBy(Float32Array.of(3, 1, 0, 0), 4), 1); // groups of one channel leave nothing
  assert.equal(removedBy(new Float32Array(4), 2), 0);
});

test("cells cover the image once, those around the pixel first", () => {
  const cells = cellsOf(28, 32, 4, [30, 1]);
  assert.equal(new Set(cells.map(String)).size, 56);
  assert.deepEqual(cells[0], [28, 0]);
  assert.deepEqual(cells[55], [0, 24]);
});

test("the strongest channels vary most, and signs have colours", () => {
  const values = Float32Array.of(5, 5, 0, 1, -4, 4);
  assert.deepEqual(strongest({ name: "", c: 3, h: 1, w: 2, rms: 1, values }, 2), [2, 1]);
  const out = new Uint8ClampedArray(8);
  signed(values, 4, 2, 1, 8, out);
  assert.deepEqual([...out], [234, 88, 12, 128, 99, 102, 241, 128]);
});

test("what was asked for last goes before the rest, and the rest is done when nothing is asked for", async () => {
  /** @type {string[]} */
  const done = [];
  let pieces = 3;
  const go = () => new Promise((then) => setImmediate(then));
  const run = inOrder(
    async () => void (await go(), done.push("first")),
    async () => (await go(), done.push("piece"), --pieces > 0),
  );
  const whole = run();
  run();
  run(); // asked for twice while the first is at work: once more
  await whole;
  assert.deepEqual(done, ["first", "first", "piece", "piece", "piece"]);
});
