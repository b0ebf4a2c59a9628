import assert from "node:assert/strict";
import { test } from "node:test";
import { density, diffuse, draw, score, walk } from "../src/shared/mixture.js";
import { formula } from "../src/shared/schedules.js";

const TWO = { weights: [0.3, 0.7], means: [-1.2, 0.6], stds: [0.4, 0.5] };
const { alphaBar } = formula("linear", { T: 1000, beta_min: 1e-4, beta_max: 0.02, s: 0.008 });
const grid = Array.from({ length: 2001 }, (_, i) => -8 + (16 * i) / 2000);
const integral = (/** @type {(x: number) => number} */ f) => grid.reduce((sum, x) => sum + f(x) * 0.008, 0);

test("a density, at every ᾱ, with the moments of √ᾱ x0 + √(1-ᾱ) ε", () => {
  const mean = (/** @type {any} */ m) => integral((x) => x * density(m, x));
  const variance = (/** @type {any} */ m) => integral((x) => x * x * density(m, x)) - mean(m) ** 2;
  const [m0, v0] = [mean(TWO), variance(TWO)];
  for (const a of [1, 0.9, 0.5, 0.1, 4e-5]) {
    const m = diffuse(TWO, a);
    assert.ok(Math.abs(integral((x) => density(m, x)) - 1) < 1e-6);
    assert.ok(Math.abs(mean(m) - Math.sqrt(a) * m0) < 1e-6);
    assert.ok(Math.abs(variance(m) - (a * v0 + 1 - a)) < 1e-6);
  }
});

test("the score is the slope of log p, also far out", () => {
  for (const a of [0.99, 0.3]) {
    const m = diffuse(TWO, a);
    for (const x of [-3, -0.4, 0, 0.7, 2]) {
      const slope = (Math.log(density(m, x + 1e-5)) - Math.log(density(m, x - 1e-5))) / 2e-5;
      assert.ok(Math.abs(score(m, x) - slope) < 1e-5, `${x}: ${score(m, x)}, ${slope}`);
    }
  }
  assert.ok(Math.abs(score(TWO, 200) + (200 - 0.6) / 0.25) < 1e-6);
  assert.equal(density(TWO, 200), 0);
});

/** How much of the mixture lies below x. @param {any} m @param {number} x */
const below = (m, x) => integral((v) => (v < x ? density(m, v) : 0));
/** The greatest distance between two distribution functions (Kolmogorov-Smirnov). @param {ArrayLike<number>} values @param {any} m */
const distance = (values, m) => {
  const sorted = Float64Array.from(values).sort();
  return Math.max(...sorted.map((x, i) => Math.abs(below(m, x) - (i + 0.5) / sorted.length)));
};
const at = (/** @type {Float32Array} */ paths, /** @type {number} */ t) => Float64Array.from({ length: paths.length / 1000 }, (_, i) => paths[i * 1000 + t]);

for (const motion of /** @type {const} */ (["noising", "ddpm", "ddim"])) {
  test(`${motion}: the walkers are distributed as the density says, at every t`, () => {
    const paths = walk(motion, TWO, alphaBar, draw(TWO, 400, 5), 5);
    for (const t of [0, 100, 250, 500, 999]) assert.ok(distance(at(paths, t), diffuse(TWO, alphaBar[t])) < 0.08, `t = ${t}`);
  });
}

test("ddim keeps the order: each walker stays at its quantile (probability flow in one dimension)", () => {
  const paths = walk("ddim", TWO, alphaBar, new Float64Array(40), 1);
  for (let i = 0; i < 40; i++) {
    const rank = below(diffuse(TWO, alphaBar[999]), paths[i * 1000 + 999]);
    for (const t of [500, 200, 0]) assert.ok(Math.abs(below(diffuse(TWO, alphaBar[t]), paths[i * 1000 + t]) - rank) < 0.02, `${i} at ${t}`);
  }
});

test("noising begins where it is told, and draws stand for the weights", () => {
  const starts = draw(TWO, 200, 3);
  const paths = walk("noising", TWO, alphaBar, starts, 3);
  for (let i = 0; i < 200; i++) assert.ok(Math.abs(paths[i * 1000] - starts[i]) < 0.06);
  const left = starts.filter((x) => x < -0.4).length / 200;
  assert.ok(Math.abs(left - 0.3) < 0.06, String(left));
  assert.notDeepEqual(draw(TWO, 5, 3), draw(TWO, 5, 4));
});
