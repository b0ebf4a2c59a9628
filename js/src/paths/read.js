// What a PathExplorer's traits say, and the clocks of its three paths: ddpm_widgets.paths, line by line.
import { f32, u8 } from "../shared/bytes.js";
import { clamp } from "../shared/format.js";
import { floor, max, min } from "../shared/math.js";
import { normal } from "../shared/random.js";
import { respace } from "../shared/solvers.js";

/**
 * @typedef {object} OwnTraits
 * @property {DataView} x0 grey levels (n, h, w, c) @property {number[]} shape
 * @property {DataView} alpha_bar float32 (T)
 * @property {number} log_snr the noise level, -12 … 12 @property {number} image @property {number} seed
 * @property {boolean} same_scale @property {string[]} curves names of the trainings shown
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */
/** @typedef {ReturnType<typeof read>} Seen */
/** @typedef {"vp" | "edm" | "flow"} PathName */

export const EDGE = 12; // the log-SNR shown goes from -12 to 12

/** All that stays while the noise level moves. @param {Model} model */
export function read(model) {
  const [n, h, w, c] = model.get("shape");
  const all = u8(model.get("x0"));
  const size = h * w * c;
  const alphaBar = Float64Array.from(f32(model.get("alpha_bar")));
  return {
    n, h, w, c, alphaBar, T: alphaBar.length,
    logSnr: alphaBar.map((a) => clamp(Math.log(a / (1 - a)), -99, 99)), // finite, for ᾱ of 0 or 1
    x0: (/** @type {number} */ i) => all.subarray(i * size, (i + 1) * size),
    eps: (/** @type {number} */ seed) => normal(seed, size),
  }; // prettier-ignore
}

/** The noise level σ/α. @param {number} logSnr */
export const noiseLevel = (logSnr) => Math.exp(-logSnr / 2);

/**
 * Each path writes x = α·x0 + σ·ε by a clock of its own, which is 0 at the image.
 * @type {Record<PathName, { clock: (level: number) => number, level: (time: number) => number, rates: (time: number) => [number, number] }>}
 */
export const PATHS = {
  vp: { clock: Math.atan, level: Math.tan, rates: (angle) => [Math.cos(angle), Math.sin(angle)] },
  edm: { clock: (level) => level, level: (sigma) => sigma, rates: (sigma) => [1, sigma] },
  flow: { clock: (level) => level / (1 + level), level: (s) => s / (1 - s), rates: (s) => [1 - s, s] },
};

/** What the clock of a path shows. @param {PathName} name @param {number} logSnr */
export const clockTime = (name, logSnr) => PATHS[name].clock(noiseLevel(logSnr));

/** The log-SNR where the clock of a path shows `time`. @param {PathName} name @param {number} time */
export const logSnrOf = (name, time) => -2 * Math.log(PATHS[name].level(time));

/** α and σ, or with one scale for all: divided by √(α²+σ²). @param {PathName} name @param {number} logSnr @param {boolean} same @returns {[number, number]} */
export function ratesOf(name, logSnr, same) {
  const [alpha, sigma] = PATHS[name].rates(clockTime(name, logSnr));
  const by = same ? Math.hypot(alpha, sigma) : 1;
  return [alpha / by, sigma / by];
}

/** The timestep of a schedule at a log-SNR, with decimals between two; its ends beyond them. @param {Seen} seen @param {number} logSnr */
export function stepAt({ logSnr: all, T }, logSnr) {
  let [lo, hi] = [0, T - 1];
  if (logSnr >= all[lo]) return lo;
  if (logSnr <= all[hi]) return hi;
  while (hi - lo > 1) {
    const middle = (lo + hi) >> 1;
    if (all[middle] > logSnr) lo = middle;
    else hi = middle;
  }
  return lo + (all[lo] - logSnr) / (all[lo] - all[hi]);
}

/** The log-SNR at a timestep, also between two. @param {Seen} seen @param {number} t */
export function logSnrAt({ logSnr, T }, t) {
  const lo = clamp(floor(t), 0, T - 2);
  const part = t - lo;
  return (1 - part) * logSnr[lo] + part * logSnr[lo + 1];
}

/** How far apart the three images are where they differ most. @param {ArrayLike<number>} x0 grey levels @param {ArrayLike<number>} eps @param {[number, number][]} rates α and σ of each */
export function largestDifference(x0, eps, rates) {
  let most = 0;
  for (let i = 0; i < x0.length; i++) {
    const x = rates.map(([alpha, sigma]) => alpha * (x0[i] / 127.5 - 1) + sigma * eps[i]);
    most = max(most, max(...x) - min(...x));
  }
  return most;
}

const STEPS = 10;

/** At which log-SNR samplers call the network in ten steps, by the habit of each path; infinite for pure noise. @param {Seen} seen @returns {Record<PathName, number[]>} */
export function standsOf({ alphaBar, logSnr, T }) {
  const n = min(STEPS, T);
  const parts = Array.from({ length: STEPS }, (_, i) => i / STEPS);
  const [first, last] = [80 ** (1 / 7), 0.002 ** (1 / 7)];
  return {
    vp: respace(alphaBar, n, "trailing").map((t) => logSnr[t]),
    edm: parts.map((_, i) => logSnrOf("edm", (first + (i / (STEPS - 1)) * (last - first)) ** 7)), // Karras et al. 2022, eq. 5
    flow: parts.map((u) => logSnrOf("flow", 1 - u)),
  };
}
