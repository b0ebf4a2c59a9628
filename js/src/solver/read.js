// What a SolverLab's traits say, and what its samplers do, in z = (value - mean) / std.
import { process } from "../density/read.js";
import { max, sqrt } from "../shared/math.js";
import { diffuse, quantile, share, solve } from "../shared/mixture.js";
import { GUESS, NOISE } from "../shared/palette.js";
import { respace } from "../shared/solvers.js";

/** @typedef {import("../shared/solvers.js").Sampler} Sampler */
/** @typedef {import("../shared/solvers.js").Spacing} Spacing */
/**
 * @typedef {object} OwnTraits
 * @property {DataView} parts float32 (3, components): weights, means, stds @property {DataView} alpha_bar float32 (T)
 * @property {number} mean @property {number} std @property {string} name @property {string} unit
 * @property {number} steps @property {Spacing} spacing @property {number} start x_T, in z @property {number} seed @property {Sampler[]} samplers those shown
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */
/** @typedef {ReturnType<typeof read>} Seen */
/** @typedef {ReturnType<typeof results>} Results */

export const MOST = 50; // steps
export const WALKERS = 400; // whose ends are compared with the data
const COUNTS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, MOST];

/** @type {{ key: Sampler, name: string, color: string, dash?: string }[]} */
export const SAMPLERS = [
  { key: "ddpm", name: "DDPM, σ² = β", color: NOISE },
  { key: "ddpm small", name: "DDPM, σ² = β̃", color: "var(--ddw-sigmoid)", dash: "2 3" },
  { key: "ddim", name: "DDIM", color: GUESS, dash: "7 4" },
  { key: "dpm++", name: "DPM-Solver++ (2M)", color: "var(--ddw-cosine)" },
];

/** All that no slider changes. @param {Model} model */
export function read(model) {
  const seen = process(model);
  const noise = diffuse(seen.parts, seen.alphaBar[seen.T - 1]);
  const shares = Float64Array.from({ length: WALKERS }, (_, i) => (i + 0.5) / WALKERS);
  return {
    ...seen, noise,
    mean: model.get("mean"), std: model.get("std"), name: model.get("name"), unit: model.get("unit"),
    starts: shares.map((u) => quantile(noise, u)), // of the walkers, and where the exact paths take them
    ends: shares.map((u) => quantile(seen.parts, u)),
  }; // prettier-ignore
}

/** The start of the exact path that passes through x at t. @param {Seen} seen @param {number} t @param {number} x */
export const startOf = ({ parts, alphaBar, noise }, t, x) => quantile(noise, share(diffuse(parts, alphaBar[t]), x));

/** The exact path: the probability flow keeps the share of the density that lies below. @param {Seen} seen @param {number} start @param {number[]} ts */
export function exact({ parts, alphaBar, noise }, start, ts) {
  const u = share(noise, start);
  return { xs: ts.map((t) => quantile(diffuse(parts, alphaBar[t]), u)), end: quantile(parts, u) };
}

/** How far walkers end from the data: the mean distance of the sorted ends (Wasserstein-1). @param {ArrayLike<number>} ends @param {ArrayLike<number>} wanted */
function distance(ends, wanted) {
  const sorted = Float64Array.from(ends).sort();
  return sorted.reduce((sum, x, i) => sum + Math.abs(x - wanted[i]), 0) / sorted.length;
}

const spread = (/** @type {ArrayLike<number>} */ values) => {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  return sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length);
};

/** Where each sampler takes one path and all walkers. @param {Seen} seen @param {number} steps @param {Spacing} spacing @param {number} start @param {number} seed */
export function results(seen, steps, spacing, start, seed) {
  const ts = respace(seen.alphaBar, steps, spacing);
  const levels = ts.map((t) => seen.alphaBar[t]);
  const truth = exact(seen, start, []).end;
  const own = SAMPLERS.map(({ key }) => {
    const path = solve(key, seen.parts, levels, [start], seed);
    const ends = solve(key, seen.parts, levels, seen.starts, (seed + 1) % 2 ** 32).subarray(steps * WALKERS);
    return { path, ends, off: Math.abs(path[steps] - truth), far: distance(ends, seen.ends), spread: spread(ends) / spread(seen.ends) };
  });
  return { ts, truth, own };
}

/** For each sampler how far its walkers end from the data after 1, 2, … steps; between those computed, straight lines on log axes. @param {Seen} seen @param {Spacing} spacing @param {number} seed */
export function errors(seen, spacing, seed) {
  const far = SAMPLERS.map(({ key }) => COUNTS.map((steps) => {
    const levels = respace(seen.alphaBar, steps, spacing).map((t) => seen.alphaBar[t]);
    return Math.log(max(1e-9, distance(solve(key, seen.parts, levels, seen.starts, (seed + 1) % 2 ** 32).subarray(steps * WALKERS), seen.ends)));
  })); // prettier-ignore
  return far.map((known) => Float64Array.from({ length: MOST }, (_, i) => {
    const k = max(1, COUNTS.findIndex((count) => count >= i + 1));
    const part = Math.log((i + 1) / COUNTS[k - 1]) / Math.log(COUNTS[k] / COUNTS[k - 1]);
    return Math.exp(known[k - 1] + part * (known[k] - known[k - 1]));
  })); // prettier-ignore
}
