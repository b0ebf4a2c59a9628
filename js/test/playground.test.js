import assert from "node:assert/strict";
import { test } from "node:test";
import { exactDenoiser } from "../src/playground/exact.js";
import { Fit, twoSample } from "../src/playground/fit.js";
import { plain } from "../src/playground/kernel.wasm.js";
import { plainKernels } from "../src/playground/kernels.js";
import { countOf, initial } from "../src/playground/network.js";
import { server } from "../src/playground/serve.js";
import { Trainer } from "../src/playground/training.js";
import { normal, uniformAt } from "../src/shared/random.js";
import { formula } from "../src/shared/schedules.js";

const { alphaBar } = formula("cosine", { T: 20, beta_min: 1e-4, beta_max: 0.02, s: 0.008 });
const settings = { width: 16, target: /** @type {const} */ ("eps"), alphaBar, seed: 3, batch: 24, lr: 0.005, ema: 0.99, time_input: true };
const cloud = (/** @type {number} */ seed, /** @type {number} */ n) => normal(seed, 2 * n).map((v) => Math.max(-1, Math.min(1, v / 3)));
const near = (/** @type {ArrayLike<number>} */ a, /** @type {ArrayLike<number>} */ b, tolerance = 1e-5) => {
  assert.equal(a.length, b.length);
  for (let i = 0; i < a.length; i++) assert.ok(Math.abs(a[i] - b[i]) < tolerance, `${i}: ${a[i]} and ${b[i]}`);
};

test("the gradients are the loss's slopes by finite differences", () => {
  const weights = Float32Array.from({ length: countOf(16) }, (_, i) => 0.4 * (2 * uniformAt(9, i) - 1)); // the last layer too
  const trainer = new Trainer(() => plainKernels, settings, weights);
  const [points, eps] = [cloud(1, 24), normal(2, 48)];
  const loss = () => trainer.lossOf((i) => [points[2 * i], points[2 * i + 1]], (i) => i % 20, eps); // prettier-ignore
  loss();
  const own = trainer.net.gradients.slice();
  for (let i = 0; i < weights.length; i += 37) {
    const [up, down] = [1, -1].map((sign) => ((trainer.net.weights[i] = weights[i] + sign * 0.01), loss()));
    trainer.net.weights[i] = weights[i];
    assert.ok(Math.abs((up - down) / 0.02 - own[i]) < 2e-3 + 0.02 * Math.abs(own[i]), `${i}: ${(up - down) / 0.02} and ${own[i]}`);
  }
});

/** A server that has learned a little. @param {Uint8Array[]} kernels */
function learned(kernels, steps = 40, more = {}) {
  const answer = server();
  answer({ kernels });
  answer({ network: { settings: { ...settings, ...more } } });
  answer({ points: cloud(4, 60) });
  answer({ train: { steps, ms: 1e6 } });
  return answer;
}

test("plain JavaScript learns what WebAssembly learns", () => {
  const [a, b] = [[], [Buffer.from(plain, "base64")]].map((kernels) => learned(kernels)({ weights: true }));
  near(a, b, 2e-4);
});

test("a network that is not given t answers the same at every t, and keeps doing so as it learns", () => {
  const blind = learned([], 30, { time_input: false });
  const x = cloud(7, 5);
  near(blind({ clean: { of: "learned", x, t: 3 } }).map((/** @type {number} */ v, /** @type {number} */ i) => (x[i] - v * Math.sqrt(alphaBar[3])) / Math.sqrt(1 - alphaBar[3])),
    blind({ clean: { of: "learned", x, t: 12 } }).map((/** @type {number} */ v, /** @type {number} */ i) => (x[i] - v * Math.sqrt(alphaBar[12])) / Math.sqrt(1 - alphaBar[12])), 1e-4); // prettier-ignore
});

test("weights that are put in are those that come out, and training goes on from them", () => {
  const weights = learned([])({ weights: true });
  const answer = server();
  answer({ network: { settings, weights } });
  assert.deepEqual(answer({ weights: true }), weights);
  answer({ points: cloud(4, 60) });
  assert.equal(answer({ train: { steps: 3, ms: 1e6 } }).steps, 3);
  assert.notDeepEqual(answer({ weights: true }), weights);
});

test("the exact denoiser answers with the nearest point early, with the mean of all late, and is defined far out", () => {
  const points = Float32Array.of(-1, 0, 1, 0.5);
  near(exactDenoiser(points, Float32Array.of(0.9, 0.4, -1.1, 0), 0.999), [1, 0.5, -1, 0]);
  near(exactDenoiser(points, Float32Array.of(0.3, 0.3), 1e-9), [0, 0.25], 1e-3);
  near(exactDenoiser(points, Float32Array.of(1e3, 1e3), 0.9), [1, 0.5]);
});

test("with the exact denoiser every sampler ends at the points, and starts at the noise that it is given", () => {
  const answer = learned([]);
  const x = normal(5, 40);
  for (const sampler of ["ddpm", "ddpm small", "ddim", "dpm++"]) {
    const { path, ts } = answer({ walk: { x, of: "exact", sampler, steps: 20, eta: 0.5, seed: 1 } });
    assert.deepEqual(path.subarray(0, 40), x);
    assert.deepEqual(ts, Array.from({ length: 20 }, (_, i) => 19 - i));
    const [points, end] = [cloud(4, 60), path.subarray(path.length - 40)];
    for (let i = 0; i < 20; i++) { const d = Math.min(...Array.from({ length: 60 }, (_, j) => Math.hypot(end[2 * i] - points[2 * j], end[2 * i + 1] - points[2 * j + 1]))); assert.ok(d < 0.2, `${sampler}: ${d}`); }
  }
});

test("the distance of two clouds: zero for the same one, near the floor for two draws, above it for another", () => {
  const [a, b] = [cloud(1, 200), cloud(2, 100)];
  assert.ok(twoSample(a, a) < 1e-6);
  const fit = new Fit(a, 100);
  assert.ok(fit.floor > 0.05 && fit.spread < fit.floor);
  assert.ok(fit.of(b) < 2 * fit.floor);
  assert.ok(fit.of(b.map((v) => v + 0.5)) > 4 * fit.floor);
  const m = fit.splits.map((split) => twoSample(b, Float32Array.from([...split.a].flatMap((i) => [a[2 * i], a[2 * i + 1]]))));
  near([fit.of(b)], [m.reduce((sum, v) => sum + v) / 20], 1e-6);
  for (const n of [1, 2, 3]) assert.ok(Number.isFinite(new Fit(cloud(1, n), 400).of(b)));
});

test("a new network knows nothing: its answer is zero", () => {
  const weights = initial(16, 1);
  assert.ok(weights.subarray(-34).every((w) => w === 0) && weights.some((w) => w !== 0));
});
