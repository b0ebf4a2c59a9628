import assert from "node:assert/strict";
import { test } from "node:test";
import { staticModel } from "../src/host/host.js";
import { clockTime, EDGE, largestDifference, logSnrAt, logSnrOf, PATHS, ratesOf, read, standsOf, stepAt } from "../src/paths/read.js";
import { GRID, TRAININGS, weightAt } from "../src/paths/weights.js";
import { formula } from "../src/shared/schedules.js";

const NAMES = /** @type {(keyof typeof PATHS)[]} */ (Object.keys(PATHS));
const near = (/** @type {number} */ got, /** @type {number} */ want, off = 1e-9) => assert.ok(Math.abs(got - want) <= off * Math.max(1, Math.abs(want)), `${got} is not ${want}`);
const view = (/** @type {ArrayBufferView} */ a) => new DataView(a.buffer, a.byteOffset, a.byteLength);
const seenOf = (/** @type {ArrayLike<number>} */ alphaBar) =>
  read(staticModel({ x0: view(Uint8Array.of(0, 80, 160, 255)), shape: [1, 2, 2, 1], alpha_bar: view(Float32Array.from(alphaBar)) }));
const LINEAR = formula("linear", { T: 1000, beta_min: 1e-4, beta_max: 0.02, s: 0.008 }).alphaBar;

test("every clock shows the same noise level, and the way back is the same", () => {
  for (const logSnr of [-12, -5, 0, 0.3, 9]) {
    for (const name of NAMES) {
      const [alpha, sigma] = ratesOf(name, logSnr, false);
      near(2 * Math.log(alpha / sigma), logSnr);
      near(logSnrOf(name, clockTime(name, logSnr)), logSnr);
    }
  }
  assert.deepEqual(ratesOf("edm", 0, false), [1, 1]);
  assert.deepEqual(ratesOf("flow", 0, false), [0.5, 0.5]);
});

test("a timestep and its log-SNR lead back to each other, also between two, and stop at the ends", () => {
  const seen = seenOf(LINEAR);
  for (const t of [0, 1, 500, 412.25, 998.5, 999]) near(stepAt(seen, logSnrAt(seen, t)), t);
  assert.equal(stepAt(seen, logSnrAt(seen, 700)), 700, "a whole step is whole");
  assert.deepEqual([stepAt(seen, 12), stepAt(seen, -12)], [0, 999]);
  assert.ok([...seenOf([1, 0.5, 0]).logSnr].every(Number.isFinite), "no noise, and nothing else");
});

test("at one scale the three images are one", () => {
  const seen = seenOf(LINEAR);
  const eps = seen.eps(3);
  const rates = (/** @type {boolean} */ same) => NAMES.map((name) => ratesOf(name, -2, same));
  assert.ok(largestDifference(seen.x0(0), eps, rates(true)) < 1e-12);
  const [x, [a, b]] = [seen.x0(0), [Math.exp(1), 1 / (1 + Math.exp(1))]];
  const most = Math.max(...Array.from(eps, (e, i) => Math.abs((1 - b) * (x[i] / 127.5 - 1 + a * e))));
  near(largestDifference(x, eps, rates(false)), most); // EDM's is the largest, the flow's the smallest
});

test("the area of each weight is 1, and two trainings are one", () => {
  for (const key of Object.keys(TRAININGS)) {
    let area = 0;
    for (let i = 1; i < GRID.length; i++) area += ((weightAt(key, GRID[i]) + weightAt(key, GRID[i - 1])) / 2) * (GRID[i] - GRID[i - 1]);
    near(area, 1);
  }
  for (const l of [-11, -3, 0, 8]) near(weightAt("cosine", l), weightAt("flow", l));
});

/** Log-SNR as a training draws it, by a uniform number; the Gaussian ones are tested in Python. */
const DRAWN = /** @type {Record<string, (u: number) => number>} */ ({
  linear: (u) => -Math.log(Math.expm1(0.1 * u + 9.95 * u * u)),
  cosine: (u) => -2 * Math.log(Math.tan((u * Math.PI) / 2)),
  flow: (u) => -2 * Math.log(u / (1 - u)),
});
for (const [key, draw] of Object.entries(DRAWN)) {
  test(`the density of ${key} is the slope of its clock`, () => {
    for (const u of [0.05, 0.3, 0.5, 0.8, 0.98]) {
      const l = draw(u);
      near(TRAININGS[key].density(l, Math.exp(-l / 2)), 2e-5 / (draw(u - 1e-5) - draw(u + 1e-5)), 1e-5);
    }
  });
}

test("the weight of an error is what its target makes of an error of v", () => {
  for (const l of [-6, 0, 2.5]) {
    const [x0, eps, delta, level] = [0.7, -0.4, 0.01, Math.exp(-l / 2)];
    const [alpha, sigma] = ratesOf("vp", l, false);
    const x = alpha * x0 + sigma * eps;
    const guess = (x - sigma * (eps + delta)) / alpha; // x̂0 where ε̂ is off by delta
    const share = (/** @type {number} */ right, /** @type {number} */ wrong) => ((wrong - right) / delta) ** 2 / (1 + level ** 2); // an error in v is √(1+level²) times one in ε
    near(TRAININGS.linear.factor(l, level), 1 / (1 + level ** 2));
    near(TRAININGS.cosine.factor(l, level), 1);
    near(TRAININGS.cosine.factor(l, level), share(alpha * eps - sigma * x0, alpha * (eps + delta) - sigma * guess), 1e-9);
    near(TRAININGS.edm.factor(l, level), (share(x0, guess) * (level ** 2 + 0.25)) / (0.5 * level) ** 2, 1e-9);
    near(TRAININGS.flow.factor(l, level), share(eps - x0, eps + delta - guess), 1e-9);
  }
});

test("samplers stand where their habits put them", () => {
  const { vp, edm, flow } = standsOf(seenOf(LINEAR));
  assert.deepEqual([vp.length, edm.length, flow.length], [10, 10, 10]);
  near(vp[0], Math.log(LINEAR[999] / (1 - LINEAR[999])), 1e-5);
  near(edm[0], -2 * Math.log(80));
  near(edm[9], -2 * Math.log(0.002));
  assert.ok(flow[0] === -Infinity && flow[5] === 0 && edm[9] > EDGE);
});
