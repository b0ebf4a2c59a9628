import assert from "node:assert/strict";
import { test } from "node:test";
import { curvesOf, formula, spentAt, spread } from "../src/shared/schedules.js";

const PAPER = { T: 1000, beta_min: 1e-4, beta_max: 0.02, s: 0.008 };
const near = (/** @type {number} */ got, /** @type {number} */ want, rel = 2e-6) => assert.ok(Math.abs(got - want) <= rel * Math.abs(want), `${got} is not ${want}`);

test("linear at T = 1000 has the values everybody's code agrees on", () => {
  const { alphaBar, beta } = formula("linear", PAPER);
  [0.9999, 0.521423, 0.0777967, 0.00330016, 4.03583e-5].forEach((a, i) => near(alphaBar[[0, 250, 500, 750, 999][i]], a));
  near(beta[0], 1e-4, 1e-12);
  near(beta[999], 0.02, 1e-12);
});

test("linear with other T ends where it ends with 1000", () => {
  const end = formula("linear", PAPER).alphaBar[999];
  for (const T of [2, 3, 10, 50, 250, 1001, 4000]) {
    const { alphaBar, beta } = formula("linear", { ...PAPER, T });
    assert.equal(alphaBar.length, T);
    near(alphaBar[T - 1], end, 1e-4);
    assert.ok(beta.every((b) => b > 0 && b < 1));
  }
});

test("cosine has diffusers' values and clips one β", () => {
  const { alphaBar, beta } = formula("cosine", PAPER);
  [0.999959, 0.492285, 2.42873e-9].forEach((a, i) => near(alphaBar[[0, 500, 999][i]], a, 2e-5));
  assert.equal(beta.filter((b) => b === 0.999).length, 1);
});

test("sigmoid: half of the signal at half the way, one β clipped", () => {
  const { alphaBar, beta } = formula("sigmoid", PAPER);
  near(alphaBar[499], 0.5, 1e-9);
  assert.equal(beta.filter((b) => b === 0.999).length, 1);
});

test("the curves belong together", () => {
  for (const name of ["linear", "cosine", "sigmoid"]) {
    for (const T of [2, 77, 1000]) {
      const c = formula(name, { ...PAPER, T });
      for (let t = 0; t < T; t++) {
        near(c.signal[t] ** 2 + c.noise[t] ** 2, 1, 1e-12);
        near(c.logSnr[t], 2 * Math.log(c.signal[t] / c.noise[t]), 1e-6);
        near(c.beta[t], 1 - c.alphaBar[t] / (t ? c.alphaBar[t - 1] : 1), 1e-9);
      }
      assert.deepEqual(curvesOf(c.alphaBar).logSnr, c.logSnr);
    }
  }
});

test("spread takes both ends; spentAt finds where a tenth is left", () => {
  assert.deepEqual(spread(1000, 10), [0, 111, 222, 333, 444, 555, 666, 777, 888, 999]);
  assert.deepEqual(spread(2, 10), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  const linear = formula("linear", PAPER);
  const t = spentAt(linear);
  assert.ok(linear.alphaBar[t] < 0.01 && linear.alphaBar[t - 1] >= 0.01);
  assert.equal(spentAt(curvesOf(Float64Array.of(0.9, 0.8))), 2);
});
