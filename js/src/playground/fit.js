// How far one cloud of points is from another: ddpm_widgets.plane.two_sample, line by line, and what that is for two draws of the same.
import { floor, max, min, sqrt } from "../shared/math.js";
import { streamAt, uniformAt } from "../shared/random.js";

const SPLITS = 20;

/** k(a, b) = Σ_σ exp(-‖a - b‖² / (2σ²)) with σ = 0.1, 0.3, 1. @param {Float32Array} a @param {number} i @param {Float32Array} b @param {number} j */
function kernel(a, i, b, j) {
  const d = (a[2 * i] - b[2 * j]) ** 2 + (a[2 * i + 1] - b[2 * j + 1]) ** 2;
  return Math.exp(-d / 0.02) + Math.exp(-d / 0.18) + Math.exp(-d / 2);
}

/** The mean of k over all pairs of a cloud with itself. @param {Float32Array} x (n, 2) */
function within(x) {
  const n = x.length / 2;
  let sum = 3 * n;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) sum += 2 * kernel(x, i, x, j);
  return sum / n ** 2;
}

/** For each point of y, the mean of k to those of x. @param {Float32Array} x @param {Float32Array} y */
function across(x, y) {
  const n = x.length / 2;
  return Float64Array.from({ length: y.length / 2 }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += kernel(x, i, y, j);
    return sum / n;
  });
}

const mean = (/** @type {ArrayLike<number>} */ values) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
const distance = (/** @type {number} */ square) => sqrt(max(0, square));

/** The kernel two-sample distance, √MMD² (Gretton et al. 2012, eq. 5). @param {Float32Array} x (n, 2) @param {Float32Array} y (m, 2) */
export const twoSample = (x, y) => distance(within(x) + within(y) - 2 * mean(across(x, y)));

/** Numbers 0 … n-1 in a random order. @param {number} n @param {number} seed */
function shuffled(n, seed) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = floor((i + 1) * uniformAt(seed, i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** What a perfect sampler would get: two disjoint draws of m points from the data, 20 times; and the same ruler for walkers. */
export class Fit {
  /** @param {Float32Array} points (n, 2) @param {number} walkers at most so many are compared */
  constructor(points, walkers) {
    const n = points.length / 2;
    const m = (this.m = max(1, min(walkers, floor(n / 2))));
    this.points = points;
    const pairs = new Float32Array(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) pairs[i * n + j] = pairs[j * n + i] = kernel(points, i, points, j);
    const block = (/** @type {Uint32Array} */ a, /** @type {Uint32Array} */ b) => {
      let sum = 0;
      for (const i of a) for (const j of b) sum += pairs[i * n + j];
      return sum / (a.length * b.length);
    };
    this.splits = Array.from({ length: SPLITS }, (_, k) => {
      const order = shuffled(n, streamAt(0, k));
      const [a, b] = [order.subarray(0, m), n > 1 ? order.subarray(m, 2 * m) : order];
      const own = block(a, a);
      return { a, own, floor: distance(own + block(b, b) - 2 * block(a, b)) };
    });
    const floors = this.splits.map((split) => split.floor);
    this.floor = mean(floors);
    this.spread = sqrt(mean(floors.map((f) => (f - this.floor) ** 2)) * (SPLITS / (SPLITS - 1)));
  }

  /** The distance of m walkers to as many points, the mean over the same 20 draws. @param {Float32Array} walkers (≥ m, 2) */
  of(walkers) {
    const x = walkers.subarray(0, 2 * this.m);
    const own = within(x);
    const to = across(x, this.points);
    return mean(this.splits.map((split) => distance(own + split.own - 2 * mean(Array.from(split.a, (j) => to[j])))));
  }
}
