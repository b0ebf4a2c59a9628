// A mixture of Gaussians in one dimension under the forward process: it stays a mixture of Gaussians, so its density, its
// score and the paths back from the noise can be written down. All in float64.
import { max, sqrt } from "./math.js";
import { normal, streamAt } from "./random.js";

/** @typedef {{ weights: ArrayLike<number>, means: ArrayLike<number>, stds: ArrayLike<number> }} Mixture weights sum to 1 */
/** @typedef {"noising" | "ddpm" | "ddim"} Motion */

/** The mixture at ᾱ: means √ᾱ μ, variances ᾱ σ² + 1 - ᾱ (DDPM eq. 4, for each component). @param {Mixture} m @param {number} alphaBar @returns {Mixture} */
export function diffuse({ weights, means, stds }, alphaBar) {
  const a = sqrt(alphaBar);
  return {
    weights,
    means: Float64Array.from(means, (m) => a * m),
    stds: Float64Array.from(stds, (s) => sqrt(alphaBar * s * s + 1 - alphaBar)),
  };
}

/** p(x). @param {Mixture} m @param {number} x */
export function density({ weights, means, stds }, x) {
  let p = 0;
  for (let k = 0; k < weights.length; k++) {
    const u = (x - means[k]) / stds[k];
    if (u * u < 80) p += (weights[k] / stds[k]) * Math.exp(-0.5 * u * u);
  }
  return p / sqrt(2 * Math.PI);
}

/** d/dx log p(x): each component pulls to its mean, as strongly as x is its own. @param {Mixture} m @param {number} x */
export function score({ weights, means, stds }, x) {
  const n = weights.length;
  let most = -Infinity; // of the exponents, so that far out nothing is 0/0
  for (let k = 0; k < n; k++) most = max(most, -0.5 * ((x - means[k]) / stds[k]) ** 2);
  let p = 0;
  let pull = 0;
  for (let k = 0; k < n; k++) {
    const u = (x - means[k]) / stds[k];
    const own = (weights[k] / stds[k]) * Math.exp(-0.5 * u * u - most);
    p += own;
    pull -= (own * u) / stds[k];
  }
  return pull / p;
}

/** n draws: components in turn by the golden ratio, so that few draws already stand for the weights. @param {Mixture} m @param {number} n @param {number} seed */
export function draw({ weights, means, stds }, n, seed) {
  const noise = normal(seed, n);
  return Float64Array.from({ length: n }, (_, i) => {
    let u = ((i + 0.5) * 0.6180339887498949) % 1;
    let k = 0;
    while (k < weights.length - 1 && (u -= weights[k]) >= 0) k++;
    return means[k] + stds[k] * noise[i];
  });
}

/**
 * Paths of n walkers over all T steps; walker i is at out[i·T + t].
 * noising: the Markov chain of eq. 2, from `starts`. ddpm: sampling back from noise by eq. 6 and 7, fresh noise in each
 * step. ddim: the same without fresh noise (DDIM eq. 12, η = 0), the probability flow. Both use the exact score.
 * @param {Motion} motion @param {Mixture} m @param {ArrayLike<number>} alphaBar @param {ArrayLike<number>} starts what the walkers begin with in noising
 * @param {number} seed @returns {Float32Array}
 */
export function walk(motion, m, alphaBar, starts, seed) {
  const [n, T] = [starts.length, alphaBar.length];
  const out = new Float32Array(n * T);
  const eps = motion === "ddim" ? new Float32Array() : normal(streamAt(seed, motion === "ddpm" ? 2 : 0), n * T);
  const now = motion === "noising" ? Float64Array.from(starts) : Float64Array.from(normal(streamAt(seed, 1), n)); // in full precision
  if (motion === "noising") {
    for (let t = 0; t < T; t++) {
      const alpha = alphaBar[t] / (t ? alphaBar[t - 1] : 1);
      const [keep, add] = [sqrt(alpha), sqrt(1 - alpha)];
      for (let i = 0; i < n; i++) out[i * T + t] = now[i] = keep * now[i] + add * eps[i * T + t];
    }
    return out;
  }
  for (let i = 0; i < n; i++) out[i * T + T - 1] = now[i];
  for (let t = T - 1; t > 0; t--) {
    const [a, before] = [alphaBar[t], alphaBar[t - 1]];
    const at = diffuse(m, a);
    const alpha = a / before;
    const sigma = sqrt(((1 - alpha) * (1 - before)) / (1 - a));
    for (let i = 0; i < n; i++) {
      const x = now[i];
      const s = score(at, x);
      const x0 = (x + (1 - a) * s) / sqrt(a); // the best guess of where it came from
      out[i * T + t - 1] = now[i] = motion === "ddim"
        ? sqrt(before) * x0 - sqrt((1 - before) * (1 - a)) * s
        : (sqrt(before) * (1 - alpha) * x0 + sqrt(alpha) * (1 - before) * x) / (1 - a) + sigma * eps[i * T + t]; // prettier-ignore
    }
  }
  return out;
}
