// What a NoiseScrubber's traits say, and the noise that belongs to them.
import { f32, u8 } from "../shared/bytes.js";
import { value } from "../shared/forward.js";
import { sqrt } from "../shared/math.js";
import { colorsOf } from "../shared/palette.js";
import { normal, normalAt, streamAt } from "../shared/random.js";

/**
 * @typedef {object} OwnTraits
 * @property {DataView} x0 grey levels (n, h, w, c) @property {number[]} shape
 * @property {DataView} alpha_bar float32 (schedules, T) @property {string[]} schedules @property {string[]} labels
 * @property {number} columns 0: as many as fit well
 * @property {number} t @property {number} seed @property {boolean} fresh @property {boolean} terms @property {boolean} blind @property {number} enlarged -1: none
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {ReturnType<typeof read>} Seen */
/** @typedef {ReturnType<typeof noise>} Noise */
/** @typedef {import("../shared/pane.js").Probe} Probe */

/** All that stays while t moves. @param {Model} model */
export function read(model) {
  const [n, h, w, c] = model.get("shape");
  const names = model.get("schedules");
  const all = f32(model.get("alpha_bar"));
  const T = all.length / names.length;
  return { n, h, w, c, colors: colorsOf(names), x0: u8(model.get("x0")), labels: model.get("labels"), names, T, bands: names.map((_, k) => all.subarray(k * T, (k + 1) * T)) };
}

/** @param {Model} model */
export function noise(model) {
  let eps = /** @type {Float32Array} */ (new Float32Array());
  let drawn = -1; // the stream that `eps` holds
  const stream = (/** @type {number} */ t) => (model.get("fresh") ? streamAt(model.get("seed"), t) : model.get("seed") >>> 0);
  return {
    /** The noise of all pixels at t. @param {number} t @param {number} size */
    draw(t, size) {
      const same = eps.length === size;
      if (drawn !== stream(t) || !same) eps = normal((drawn = stream(t)), size, same ? eps : undefined);
      return eps;
    },
    /** The noise of one value at any t. @param {number} t @param {number} i */
    at: (t, i) => (model.get("fresh") ? normalAt(stream(t), i) : eps[i]),
  };
}

/**
 * The value of a pixel's channel, its noise and their mixture at t (eq. 4).
 * @param {Seen} seen @param {Noise} noise @param {Probe} at @param {number} channel
 */
export function valuesAt({ w, h, c, x0, bands }, noise, { image, x, y }, channel) {
  const i = ((image * h + y) * w + x) * c + channel;
  const start = value(x0[i]);
  const eps = (/** @type {number} */ t) => noise.at(t, i);
  return { start, eps, mixed: (/** @type {number} */ band, /** @type {number} */ t) => sqrt(bands[band][t]) * start + sqrt(1 - bands[band][t]) * eps(t) };
}
