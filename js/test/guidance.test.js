import assert from "node:assert/strict";
import { test } from "node:test";
import { beyond, difference, flat, said, scaleOf } from "../src/guidance/read.js";
import { guided, walk } from "../src/net/sampler.js";

const f = (/** @type {number[]} */ ...values) => Float32Array.from(values);
const near = (/** @type {ArrayLike<number>} */ a, /** @type {ArrayLike<number>} */ b) => assert.ok(a.length === b.length && Array.from(a).every((v, i) => Math.abs(v - b[i]) < 1e-6), `${Array.from(a)} ≠ ${Array.from(b)}`);

test("the guided answer is at -1 the one without the class, at 0 the one with it, and beyond that past it", () => {
  const [c, none] = [f(1, 2), f(0.5, 3)];
  near(guided(c, none, -1), none);
  near(guided(c, none, 0), c);
  near(guided(c, none, 2), [2, 0]);
});

/** A network of one pixel, whose answer is what it is given for the class. @param {number[]} answers by the class; the last is none @param {number[]} asked */
const network = (answers, asked) => /** @type {any} */ ({
  facts: { target: "x0", clamp: [-1, 1], sampler: "ddim", steps: 2, spacing: "trailing", none: answers.length - 1 },
  alphaBar: Float64Array.from([0.9, 0.5]),
  predict: (/** @type {Float32Array} */ x, /** @type {number} */ _, /** @type {number} */ label) => (asked.push(label), x.map(() => answers[label])),
}); // prettier-ignore

test("a walk asks for the class and for none, guides, clamps afterwards, and hands over both guesses when they are wanted", () => {
  /** @type {number[]} */
  const asked = [];
  const own = network([0.2, 0.6, 0.1], asked);
  const steps = [...walk(own, { x: f(0.3), seeds: [0], label: 1, guidance: 3, both: true })];
  assert.deepEqual(asked, [1, 2, 1, 2]);
  for (const { x0, conditional, plain } of steps) {
    near(x0, [1]); // 4·0.6 - 3·0.1 = 2.1
    near(/** @type {any} */ (conditional).x0, [0.6]);
    near(/** @type {any} */ (plain).x0, [0.1]);
  }
  asked.length = 0;
  const [first] = walk(own, { x: f(0.3), seeds: [0], label: 1, guidance: 1 });
  near(first.x0, [1]); // 2·0.6 - 0.1 = 1.1
  assert.ok(!("plain" in first));
});

test("a walk asks once for no class, for a weight of 0, and where the network knows no none", () => {
  /** @type {number[]} */
  const asked = [];
  const own = network([0.2, 0.6, 0.1], asked);
  for (const draw of [{ label: 2, guidance: 3 }, { label: 1, guidance: 0 }, { label: 1 }]) [...walk(own, { x: f(0), seeds: [0], ...draw })];
  assert.deepEqual(asked, [2, 2, 1, 1, 1, 1]);
  own.facts.none = null;
  asked.length = 0;
  const [step] = walk(own, { x: f(0), seeds: [0], label: 1, guidance: 3, both: true });
  near(step.x0, [0.6]);
  assert.deepEqual(asked, [1]);
});

const kind = (/** @type {number} */ c, /** @type {number} */ w) => ({ c, h: 1, w, lo: -1, hi: 1, size: c * w });

test("pixels beyond black or white are counted once, and those that are beyond by less than a grey level are not", () => {
  assert.equal(beyond(f(-1.004, 1.02, 0.5, -3), kind(1, 4)), 0.5);
  assert.equal(beyond(f(0, 2, 0, 0, 2, 0, 0, 0, 3), kind(3, 3)), 2 / 3);
  assert.equal(beyond(f(0.2, 0.9), { ...kind(1, 2), lo: 0, hi: 1 }), 0);
});

test("the difference is what the class adds, its scale is one for all steps, and a round number", () => {
  const step = /** @type {any} */ ({ conditional: { x0: f(0.5, 0) }, plain: { x0: f(0.2, 0.4) } });
  near(difference(step), [0.3, -0.4]);
  near(flat(f(1, 2, 3, 4, 5, 6), kind(3, 2)), [3, 4]);
  for (const [most, expected] of [[0.25, 0.3], [0.55, 0.6], [0.07, 0.08], [0.09, 0.1], [0.018, 0.02], [1.1, 2], [0, 0.001]]) near([scaleOf([f(0, most), f(-most, most / 2)])], [expected]); // prettier-ignore
  near([scaleOf([Float32Array.from({ length: 1000 }, (_, i) => (i ? 0.1 : 9))])], [0.1]); // one pixel is no scale
});

test("numbers are said as a reader writes them", () => assert.deepEqual([-1, 0, 2.5, 0.25].map(said), ["−1", "0", "2.5", "0.25"]));
