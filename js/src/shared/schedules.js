// The noise schedules in float64: the formulas of ddpm_widgets.schedule, line by line.

import { floor, min, sqrt } from "./math.js";

/** @typedef {{ T: number, beta_min: number, beta_max: number, s: number }} Settings T ≥ 2 steps; β of the first and the last of 1,000 steps; the cosine's offset */
/** @typedef {{ beta: Float64Array, alphaBar: Float64Array, signal: Float64Array, noise: Float64Array, logSnr: Float64Array }} Curves √ᾱ and √(1-ᾱ) are signal and noise */

/** n+1 equally spaced places from 0 to 1. @param {number} n @returns {Float64Array} */
const places = (n) => Float64Array.from({ length: n + 1 }, (_, i) => i / n);

/** Read a curve given at 0 … n at T+1 equally spaced places, straight lines between its points. @param {Float64Array} curve @param {number} T */
function resample(curve, T) {
  const n = curve.length - 1;
  return places(T).map((u) => {
    const left = min(floor(u * n), n - 1);
    return curve[left] + (curve[left + 1] - curve[left]) * (u * n - left);
  });
}

/**
 * β grows linearly (DDPM §4). T other than 1000 reads the log ᾱ of the 1,000-step curve at T places, so that it ends where it should.
 * @param {Settings} settings @returns {Float64Array} β
 */
function linear({ T, beta_min, beta_max }) {
  const betas = Float64Array.from({ length: 1000 }, (_, i) => beta_min + ((beta_max - beta_min) * i) / 999);
  if (T === 1000) return betas;
  const logAlphaBar = new Float64Array(1001);
  betas.forEach((beta, t) => (logAlphaBar[t + 1] = logAlphaBar[t] + Math.log1p(-beta)));
  const at = resample(logAlphaBar, T);
  return Float64Array.from({ length: T }, (_, t) => min(-Math.expm1(at[t + 1] - at[t]), 1 - 1e-5));
}

/** β from a curve ᾱ(u), u from 0 (an image) to 1 (noise); kept below .999, so that the last step is no division by 0. @param {(u: number) => number} curve @param {number} T */
function fromCurve(curve, T) {
  const alphaBar = places(T).map(curve);
  return Float64Array.from({ length: T }, (_, t) => min(1 - alphaBar[t + 1] / alphaBar[t], 0.999));
}

/** ᾱ falls like a squared cosine (Nichol & Dhariwal 2021, eq. 17). @param {Settings} settings */
const cosine = ({ T, s }) => fromCurve((u) => Math.cos((((u + s) / (1 + s)) * Math.PI) / 2) ** 2, T);

const logistic = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));

/** ᾱ falls like a sigmoid from -3 to 3, scaled to run from 1 to 0 (Jabri, Fleet & Chen 2022). @param {Settings} settings */
const sigmoid = ({ T }) => fromCurve((u) => (logistic(3) - logistic(6 * u - 3)) / (logistic(3) - logistic(-3)), T);

/** @type {Record<string, (settings: Settings) => Float64Array>} */
export const FORMULAS = { linear, cosine, sigmoid };

/** All curves of a schedule from its ᾱ. @param {Float64Array} alphaBar @param {Float64Array} [beta] if it is known more exactly @returns {Curves} */
export function curvesOf(alphaBar, beta = alphaBar.map((a, t) => 1 - a / (t ? alphaBar[t - 1] : 1))) {
  return { beta, alphaBar, signal: alphaBar.map(sqrt), noise: alphaBar.map((a) => sqrt(1 - a)), logSnr: alphaBar.map((a) => Math.log(a / (1 - a))) };
}

/** The curves of a formula by its name. @param {string} name @param {Settings} settings */
export function formula(name, settings) {
  const beta = FORMULAS[name](settings);
  let product = 1;
  return curvesOf(beta.map((b) => (product *= 1 - b)), beta); // prettier-ignore
}

/** `count` equally spaced timesteps from the first to the last. @param {number} T @param {number} count */
export const spread = (T, count) => Array.from({ length: count }, (_, i) => Math.round((i * (T - 1)) / (count - 1)));

/** The first t that leaves less than `share` of the signal, √ᾱ_t < share; T if none does. @param {Curves} curves @param {number} share */
export function spentAt({ signal }, share = 0.1) {
  const t = signal.findIndex((x) => x < share);
  return t < 0 ? signal.length : t;
}
