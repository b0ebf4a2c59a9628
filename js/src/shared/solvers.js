// Samplers as one weighted sum a step, and which timesteps they visit: ddpm_widgets.samplers and ddpm_widgets.schedule.respace, line by line.
import { floor, max, min, sqrt } from "./math.js";
import { formula } from "./schedules.js";

/** @typedef {"ddpm" | "ddpm small" | "ddim" | "dpm++"} Sampler "ddpm" has σ² = β, "ddpm small" σ² = β̃ */
/** @typedef {"trailing" | "leading" | "linspace" | "logsnr" | "linear_levels" | "karras"} Spacing */
/** One step back: x0·x̂0 + x·x_t + sigma·z + before·(the x̂0 of the step before). @typedef {{ x0: number, x: number, sigma: number, before: number }} Step */

const logit = (/** @type {number} */ a) => Math.log(a / (1 - a));

/**
 * The weights of each step, from noise to image; the last goes to the clean image. DDPM: eqs. 6 and 7. DDIM: eqs. 12 and 16.
 * DPM-Solver++ (2M): Lu et al. 2022, algorithm 2, whose first step is DDIM's.
 * @param {Sampler} sampler @param {ArrayLike<number>} alphaBar ᾱ of the timesteps visited, rising @param {number} [eta] how much of DDIM's noise is fresh, 0 … 1 @returns {Step[]}
 */
export function coefficients(sampler, alphaBar, eta = 0) {
  const n = alphaBar.length;
  return Array.from({ length: n }, (_, i) => {
    if (i === n - 1) return { x0: 1, x: 0, sigma: 0, before: 0 };
    const [a, prev] = [alphaBar[i], alphaBar[i + 1]];
    if (sampler === "ddpm" || sampler === "ddpm small") {
      const alpha = a / prev;
      const share = (1 - prev) / (1 - a);
      return { x0: (sqrt(prev) * (1 - alpha)) / (1 - a), x: sqrt(alpha) * share, sigma: sqrt((1 - alpha) * (sampler === "ddpm" ? 1 : share)), before: 0 };
    }
    if (sampler === "ddim") {
      const sigma = eta * sqrt((1 - a / prev) * ((1 - prev) / (1 - a)));
      const x = sqrt(max(0, 1 - prev - sigma ** 2) / (1 - a));
      return { x0: sqrt(prev) - sqrt(a) * x, x, sigma, before: 0 };
    }
    const x = sqrt((1 - prev) / (1 - a));
    const h = (logit(prev) - logit(a)) / 2; // the stride in λ, half the log-SNR
    const guess = -sqrt(prev) * Math.expm1(-h);
    const more = i ? h / (logit(a) - logit(alphaBar[i - 1])) : 0; // h / 2h' of the stride before
    return { x0: guess * (1 + more), x, sigma: 0, before: -guess * more };
  });
}

/** Round half to even, as torch does. @param {number} x */
const round = (x) => (x % 1 === 0.5 && floor(x) % 2 === 0 ? floor(x) : Math.round(x));

/** The timesteps that `steps` equal strides visit, from the last of T on. @param {number} T @param {number} steps @returns {number[]} */
export const trailing = (T, steps) => Array.from({ length: steps }, (_, k) => round(((k + 1) * T) / steps) - 1).reverse();

/**
 * The timesteps that `steps` strides visit, from noise to image. trailing: equally long in t, from the last on; leading: from 0 on;
 * linspace: from the last to 0. logsnr: equally long in log-SNR. linear_levels: as noisy as trailing strides of the linear schedule are.
 * karras: equally long in the seventh root of the noise level, from 80 at most (Karras et al. 2022, eq. 5).
 * @param {ArrayLike<number>} alphaBar of the whole schedule @param {number} steps @param {Spacing} spacing @returns {number[]}
 */
export function respace(alphaBar, steps, spacing) {
  const T = alphaBar.length;
  const even = trailing(T, steps).reverse();
  if (spacing === "trailing") return even.reverse();
  if (spacing === "leading") return even.map((_, k) => k * floor(T / steps)).reverse();
  if (spacing === "linspace") return even.map((_, k) => (steps > 1 ? round((k * (T - 1)) / (steps - 1)) : T - 1)).reverse();
  const edm = spacing === "karras";
  const root = (/** @type {number} */ l) => (edm ? min(80, Math.exp(-l / 2)) ** (1 / 7) : l);
  const [first, last] = [root(logit(alphaBar[0])), root(logit(alphaBar[T - 1]))];
  const linear = spacing === "linear_levels" ? formula("linear", { T, beta_min: 1e-4, beta_max: 0.02, s: 0.008 }).logSnr : undefined;
  let before = -1;
  return even.map((t, k) => {
    const stride = steps > 1 ? first + ((last - first) * k) / (steps - 1) : last;
    const level = linear ? linear[t] : edm ? -14 * Math.log(stride) : stride;
    let at = 0;
    for (let i = 1; i < T; i++) if (Math.abs(logit(alphaBar[i]) - level) < Math.abs(logit(alphaBar[at]) - level)) at = i;
    return (before = min(max(at, before + 1), T - steps + k)); // no place twice
  }).reverse(); // prettier-ignore
}
