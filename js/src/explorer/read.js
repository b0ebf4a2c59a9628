// What a ScheduleExplorer's traits say.
import { f32, u8 } from "../shared/bytes.js";
import { clamp } from "../shared/format.js";
import { colorsOf, DASHES, swatch } from "../shared/palette.js";
import { curvesOf } from "../shared/schedules.js";

/**
 * @typedef {object} OwnTraits
 * @property {DataView} x0 grey levels (n, h, w, c) @property {number[]} shape
 * @property {string[]} names of the schedules @property {string[]} formulas linear, cosine, sigmoid, or empty
 * @property {DataView} given float32: ᾱ of those without a formula @property {number[]} lengths how many of them belong to each
 * @property {number} T @property {number} beta_min @property {number} beta_max @property {number} s
 * @property {number} t @property {number} seed @property {number} image @property {string[]} hidden @property {string} selected
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */
/** @typedef {import("../shared/schedules.js").Curves} Curves */
/** @typedef {{ name: string, formula: string, curves: Curves, T: number, color: string, dash: string | undefined }} Schedule */
/** @typedef {ReturnType<typeof read>} Seen */

/** All that no slider changes; the curves of formulas are still to be worked out. @param {Model} model */
export function read(model) {
  const [n, h, w, c] = model.get("shape");
  const formulas = model.get("formulas");
  const lengths = model.get("lengths");
  const given = f32(model.get("given"));
  const colors = colorsOf(model.get("names"));
  let from = 0;
  /** @type {Schedule[]} */
  const all = model.get("names").map((name, k) => {
    const alphaBar = Float64Array.from(given.subarray(from, (from += lengths[k])));
    return { name, formula: formulas[k], curves: curvesOf(alphaBar), T: lengths[k], color: colors[k], dash: DASHES[(k + (k >> 2)) % 4] };
  });
  return { n, h, w, c, x0: u8(model.get("x0")), all };
}

/** Where the cursor is. @param {Model} model */
export function cursor(model) {
  const T = () => model.get("T");
  const now = () => clamp(model.get("t"), 0, T() - 1);
  /** The part of the way that is done at t. */
  const way = (t = now()) => (T() > 1 ? t / (T() - 1) : 0);
  /** The timestep of a schedule, whose length may be its own. @param {Schedule} s @param {number} [t] */
  const step = (s, t) => Math.round(way(t) * (s.T - 1));
  return { T, now, way, step };
}

/** @param {Model} model @param {Schedule} s */
export const isShown = (model, s) => !model.get("hidden").includes(s.name);

/** @param {Schedule} s */
export const line = (s) => swatch(s.color, s.dash, 4, "swatch");
