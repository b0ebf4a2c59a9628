// Training: a batch of noisy points, the loss, Adam, and a moving average of the weights.
import { sqrt } from "../shared/math.js";
import { normal, streamAt, uniformAt } from "../shared/random.js";
import { eights, hideTime, initial, Net, roomFor, timeFeatures } from "./network.js";

/** @typedef {"eps" | "x0" | "v"} Target what the network predicts */
/**
 * @typedef {object} Settings
 * @property {number} width @property {Target} target @property {Float64Array} alphaBar ᾱ_t @property {number} seed
 * @property {number} batch @property {number} lr @property {number} ema how much of the average stays at each step, 0: no average
 * @property {boolean} time_input whether the network is given t
 */

/** What the network should answer; v = √ᾱ·ε - √(1-ᾱ)·x0 (Salimans & Ho 2022, appendix D). @param {Target} target @param {number} x0 @param {number} eps @param {number} signal √ᾱ @param {number} noise √(1-ᾱ) */
export const targetOf = (target, x0, eps, signal, noise) => (target === "eps" ? eps : target === "x0" ? x0 : signal * eps - noise * x0);

const [BETA1, BETA2] = [0.9, 0.999];

/** One step of Adam (Kingma & Ba 2015, algorithm 1), the k-th. @param {Float32Array} weights @param {Float32Array} gradients @param {Float32Array} m @param {Float32Array} v @param {number} k from 1 @param {number} lr */
export function adam(weights, gradients, m, v, k, lr) {
  const rate = lr / (1 - BETA1 ** k);
  const scale = 1 / sqrt(1 - BETA2 ** k);
  for (let i = 0; i < weights.length; i++) {
    const g = gradients[i];
    m[i] = BETA1 * m[i] + (1 - BETA1) * g;
    v[i] = BETA2 * v[i] + (1 - BETA2) * g * g;
    weights[i] -= (rate * m[i]) / (sqrt(v[i]) * scale + 1e-8);
  }
}

/** The average after step k: d·average + (1-d)·weights, where d grows to `decay`. @param {Float32Array} average @param {Float32Array} weights @param {number} k from 1 @param {number} decay */
export function follow(average, weights, k, decay) {
  const d = Math.min(decay, (1 + k) / (10 + k));
  for (let i = 0; i < average.length; i++) average[i] += (1 - d) * (weights[i] - average[i]);
}

export class Trainer {
  steps = 0;

  /** @param {(floats: number) => import("./kernels.js").Kernels} kernels with room for so many @param {Settings} settings @param {Float32Array} [weights] to begin with */
  constructor(kernels, settings, weights = initial(settings.width, settings.seed)) {
    const { width, batch, alphaBar } = settings;
    const most = Math.max(batch, 512);
    this.settings = settings;
    const own = kernels(2 * roomFor(width, most) + 2 * eights(batch));
    this.net = new Net(own, width, most);
    this.average = new Net(own, width, most);
    this.slope = own.floats(2 * eights(batch));
    this.features = Array.from(alphaBar, (_, t) => timeFeatures(t, alphaBar.length));
    this.rates = Array.from(alphaBar, (a) => [sqrt(a), sqrt(1 - a)]);
    if (!settings.time_input) hideTime(weights, width);
    this.net.weights.set(weights);
    this.average.weights.set(weights);
    this.m = new Float32Array(weights.length); // Adam's averages of the slopes, and of their squares
    this.v = new Float32Array(weights.length);
    this.noise = new Float32Array(2 * batch);
  }

  /** The loss of a batch, mean((answer - target)²), and in `net.gradients` its slopes. @param {(i: number) => [number, number]} x0 the clean point i @param {(i: number) => number} time @param {Float32Array} eps (n, 2) */
  lossOf(x0, time, eps) {
    const { net, slope, rates, features, settings: { target } } = this; // prettier-ignore
    const count = eps.length / 2;
    const n = eights(count);
    slope.fill(0);
    for (let i = 0; i < count; i++) {
      const t = time(i);
      const [signal, noise] = rates[t];
      const clean = x0(i);
      const [x, y] = [0, 1].map((c) => signal * clean[c] + noise * eps[2 * i + c]); // eq. 4
      net.point(i, n, x, y, features[t]);
      for (const c of [0, 1]) slope[c * n + i] = targetOf(target, clean[c], eps[2 * i + c], signal, noise);
    }
    const answer = net.forward(n);
    let loss = 0;
    for (const row of [0, n])
      for (let i = row; i < row + count; i++) {
        const off = answer[i] - slope[i];
        loss += off * off;
        slope[i] = off / count; // 2·off / (2·count)
      }
    net.backward(slope, n);
    return loss / (2 * count);
  }

  /** One step on a fresh batch. @param {Float32Array} points (n, 2) @returns {number} its loss */
  step(points) {
    const { net, average, noise, settings: { seed, alphaBar, lr, ema, time_input } } = this; // prettier-ignore
    const stream = streamAt(seed, ++this.steps);
    const n = points.length / 2;
    const eps = normal(stream, noise.length, noise);
    const pick = (/** @type {number} */ i) => 2 * Math.floor(n * uniformAt(stream, 1e6 + i));
    const time = (/** @type {number} */ i) => Math.floor(alphaBar.length * uniformAt(stream, 2e6 + i));
    const loss = this.lossOf((i) => [points[pick(i)], points[pick(i) + 1]], time, eps);
    if (!time_input) hideTime(net.gradients, net.width);
    adam(net.weights, net.gradients, this.m, this.v, this.steps, lr);
    follow(average.weights, net.weights, this.steps, ema);
    return loss;
  }

  /** The network that is shown: the average's answer for noisy points x (n, 2) at t. @param {Float32Array} x @param {number} t */
  predict(x, t) {
    return this.average.predict(x, this.features[t]);
  }
}
