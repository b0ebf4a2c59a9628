// The perfect denoiser of a set of points, in closed form: ddpm_widgets.plane.exact_denoiser, line by line.
import { floor, min, sqrt } from "../shared/math.js";
import { normal, streamAt, uniformAt } from "../shared/random.js";
import { targetOf } from "./training.js";

/**
 * E[x0 | x_t = x], the mean of the points p_i, each weighted by how likely x came from it: softmax_i(-‖x - √ᾱ p_i‖² / (2(1-ᾱ))).
 * @param {Float32Array} points (n, 2) @param {Float32Array} x (m, 2) @param {number} alphaBar @returns {Float32Array} (m, 2)
 */
export function exactDenoiser(points, x, alphaBar) {
  const n = points.length / 2;
  const signal = sqrt(alphaBar);
  const scale = -0.5 / (1 - alphaBar);
  const far = new Float64Array(n);
  const out = new Float32Array(x.length);
  for (let j = 0; j < x.length; j += 2) {
    let least = Infinity; // of the squared distances: so that somewhere the weight is 1, and nothing is 0/0
    for (let i = 0; i < n; i++) {
      const u = x[j] - signal * points[2 * i];
      const v = x[j + 1] - signal * points[2 * i + 1];
      least = min(least, (far[i] = u * u + v * v));
    }
    let [total, sumX, sumY] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const exponent = scale * (far[i] - least);
      if (exponent < -40) continue; // e^-40 = 4e-18: lost in the sum
      const weight = Math.exp(exponent);
      total += weight;
      sumX += weight * points[2 * i];
      sumY += weight * points[2 * i + 1];
    }
    out[j] = sumX / total;
    out[j + 1] = sumY / total;
  }
  return out;
}

/** The loss that the perfect denoiser has, which no network can beat: what was noise and what was data is not to be known. @param {Float32Array} points (n, 2) @param {import("./training.js").Settings} settings */
export function bestLoss(points, { alphaBar, target, seed }) {
  const each = Math.ceil(2000 / alphaBar.length);
  const n = points.length / 2;
  let sum = 0;
  alphaBar.forEach((a, t) => {
    const stream = streamAt(seed, 1e6 + t);
    const [signal, noise, eps] = [sqrt(a), sqrt(1 - a), normal(stream, 2 * each)];
    const x0 = eps.map((_, i) => points[2 * floor(n * uniformAt(stream, 1e6 + (i >> 1))) + (i % 2)]);
    const x = x0.map((value, i) => signal * value + noise * eps[i]);
    exactDenoiser(points, x, a).forEach((guess, i) => {
      const answer = targetOf(target, guess, (x[i] - signal * guess) / noise, signal, noise);
      sum += (answer - targetOf(target, x0[i], eps[i], signal, noise)) ** 2;
    });
  });
  return sum / (2 * each * alphaBar.length);
}
