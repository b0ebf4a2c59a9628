// What a DensityScrubber's traits say, in z = (value - mean) / std.
import { f32 } from "../shared/bytes.js";
import { clamp } from "../shared/format.js";
import { floor, max, min } from "../shared/math.js";
import { draw, walk } from "../shared/mixture.js";

/** @typedef {import("../shared/mixture.js").Mixture} Mixture */
/** @typedef {import("../shared/mixture.js").Motion} Motion */
/**
 * @typedef {object} OwnTraits
 * @property {DataView} parts float32 (3, components): weights, means, stds
 * @property {DataView} starts float32: standardised samples, or none
 * @property {DataView} alpha_bar float32 (T)
 * @property {number} mean @property {number} std @property {string} name @property {string} unit
 * @property {number} walkers how many move @property {number} count how many of their paths are drawn
 * @property {number} t @property {number} seed @property {Motion} paths @property {boolean} histogram
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {ReturnType<typeof read>} Seen */
/** @typedef {ReturnType<typeof walkers>} Walkers */

/** A density and its process. @param {{ get: (name: "alpha_bar" | "parts") => DataView }} model */
export function process(model) {
  const alphaBar = f32(model.get("alpha_bar"));
  const values = f32(model.get("parts"));
  const k = values.length / 3;
  const parts = { weights: values.subarray(0, k), means: values.subarray(k, 2 * k), stds: values.subarray(2 * k) };
  const ends = (/** @type {number} */ sign) => Array.from(parts.means, (m, i) => m + sign * 3.2 * parts.stds[i]);
  return { alphaBar, T: alphaBar.length, parts, k, lo: max(-8, min(-3.3, ...ends(-1))), hi: min(8, max(3.3, ...ends(1))) }; // lo and hi of the axis
}

/** All that stays while t moves. @param {Model} model */
export function read(model) {
  const seen = process(model);
  return {
    ...seen,
    mean: model.get("mean"),
    std: model.get("std"),
    name: model.get("name"),
    unit: model.get("unit"),
    groups: !model.get("starts").byteLength && seen.k > 1 && seen.k <= 6, // few enough to draw one by one
  };
}

/** The walkers' paths; walker i is at paths[i·T + t]. @param {Model} model @param {Seen} seen */
export function walkers(model, { parts, alphaBar }) {
  const motion = model.get("paths");
  const seed = model.get("seed");
  const given = f32(model.get("starts"));
  const starts = given.length ? given : draw(parts, model.get("walkers"), seed);
  return { n: starts.length, motion, seed, paths: walk(motion, parts, alphaBar, starts, seed) };
}

/** Where a value of z lies from top to bottom, 0…1. @param {Pick<Seen, "lo" | "hi">} seen @param {number} z */
export const down = ({ lo, hi }, z) => (hi - z) / (hi - lo);

export const minus = (/** @type {string} */ s) => s.replace("-", "−");

/** z as a measured value, as exact as the spread deserves. @param {Pick<Seen, "mean" | "std" | "unit">} seen @param {number} z */
export const measured = ({ mean, std, unit }, z) => minus((mean + std * z).toFixed(clamp(1 - floor(Math.log10(std)), 0, 8))) + (unit && ` ${unit}`);
