// A mixture of Gaussians in one dimension under the forward process: it stays a mixture of Gaussians, so its density, its
// score and the paths back from the noise can be written down. All in float64.
import { max, min, sqrt } from "./math.js";
import { normal, streamAt } from "./random.js";
import { coefficients } from "./solvers.js";

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

/** x̂0, the mean of all that x_t = x may have come from: what a perfect network answers. @param {Mixture} at the mixture at ᾱ @param {number} alphaBar @param {number} x */
export const guess = (at, alphaBar, x) => (x + (1 - alphaBar) * score(at, x)) / sqrt(alphaBar);

/** The share of a standard normal that lies below x (Marsaglia 2004). @param {number} x */
function below(x) {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [sum, term, before] = [x, x, NaN];
  for (let i = 3; sum !== before; i += 2) (before = sum), (sum += term *= (x * x) / i);
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / sqrt(2 * Math.PI);
}

/** The share of a mixture that lies below x. @param {Mixture} m @param {number} x */
export const share = ({ weights, means, stds }, x) => Array.from(weights).reduce((sum, w, k) => sum + w * below((x - means[k]) / stds[k]), 0);

/** Below which value the share u lies. @param {Mixture} m @param {number} u */
export function quantile(m, u) {
  const ends = (/** @type {number} */ sign) => Array.from(m.means, (mean, k) => mean + sign * 9 * m.stds[k]);
  let [lo, hi] = [min(...ends(-1)), max(...ends(1))];
  for (let i = 0; i < 54; i++) {
    const middle = (lo + hi) / 2;
    if (share(m, middle) < u) lo = middle;
    else hi = middle;
  }
  return (lo + hi) / 2;
}

/**
 * Where a sampler takes its walkers, with a perfect network; walker i is at out[j·n + i] before step j, and after the last one at out[steps·n + i].
 * @param {import("./solvers.js").Sampler} sampler @param {Mixture} m @param {number[]} levels ᾱ of the timesteps visited, rising @param {ArrayLike<number>} starts @param {number} seed of the fresh noise
 */
export function solve(sampler, m, levels, starts, seed) {
  const n = starts.length;
  const out = new Float64Array((levels.length + 1) * n);
  const former = new Float64Array(n);
  out.set(starts);
  coefficients(sampler, levels).forEach((step, j) => {
    const at = diffuse(m, levels[j]);
    const z = step.sigma ? normal(streamAt(seed, j), n) : undefined;
    for (let i = 0; i < n; i++) {
      const x = out[j * n + i];
      const x0 = guess(at, levels[j], x);
      out[(j + 1) * n + i] = step.x0 * x0 + step.x * x + step.before * former[i] + (z ? step.sigma * z[i] : 0);
      former[i] = x0;
    }
  });
  return out;
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
  const steps = coefficients(motion === "ddim" ? "ddim" : "ddpm small", Float64Array.from(alphaBar).reverse());
  for (let t = T - 1; t > 0; t--) {
    const at = diffuse(m, alphaBar[t]);
    const step = steps[T - 1 - t];
    for (let i = 0; i < n; i++) out[i * T + t - 1] = now[i] = step.x0 * guess(at, alphaBar[t], now[i]) + step.x * now[i] + (step.sigma ? step.sigma * eps[i * T + t] : 0);
  }
  return out;
}
