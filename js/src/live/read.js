// What a LiveSampler's traits say, and the arithmetic of what is painted and mixed.
import { kindOf } from "../net/weights.js";
import { f32 } from "../shared/bytes.js";
import { clamp } from "../shared/format.js";
import { normal } from "../shared/random.js";

/** @typedef {import("../shared/solvers.js").Sampler} Sampler */
/** @typedef {import("../shared/solvers.js").Spacing} Spacing */
/** Where the picture comes from: the noise; a step on the way; a picture with a hole; a drawing. @typedef {"noise" | "step" | "fill" | "sketch"} Mode */
/**
 * @typedef {object} OwnTraits
 * @property {DataView} x_T float32 @property {DataView} image float32, what was drawn @property {DataView} mask float32 (h, w) @property {DataView} drawing float32 @property {DataView} stills uint8, one picture after the other
 * @property {number} seed @property {number} to_seed -1: none @property {number} mix from seed (0) to to_seed (1)
 * @property {Mode} mode @property {number} at the step chosen @property {number} fill which noise fills the hole @property {"x" | "x0"} part of it
 * @property {number} steps @property {Sampler} sampler @property {Spacing} spacing @property {number} eta @property {boolean} clamp @property {number} guidance w, past the answer that knows the class @property {boolean} compact without steps and settings
 */
/** @typedef {OwnTraits & import("../net/weights.js").NetworkTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */

export const MOST = 50; // steps

/** Is a class asked for, of a network that also knows none? Then it can be guided. @param {Pick<Model, "get">} model */
export const told = (model) => model.get("none") >= 0 && model.get("label") !== model.get("none");

/** A trait's floats, as a copy; zeros where it is empty. @param {Model} model @param {"x_T" | "image" | "mask" | "drawing"} name @param {number} count @param {number} [empty] */
export function floats(model, name, count, empty = 0) {
  const found = f32(model.get(name));
  return found.length === count ? found.slice() : new Float32Array(count).fill(empty);
}

/** What Python made of the noise, and of sixteen noises: shown until the network has come. @param {Model} model @returns {Float32Array[]} */
export function stills(model) {
  const { size, lo, hi } = kindOf(model);
  const all = model.get("stills");
  return Array.from({ length: all.byteLength / size }, (_, i) => Float32Array.from({ length: size }, (_, j) => lo + (all.getUint8(i * size + j) / 255) * (hi - lo)));
}

/** @param {Float32Array} values @returns {DataView} */
export const bytesOf = (values) => new DataView(values.slice().buffer);

/** Between two noises along the sphere that both lie on, so that what is between is as loud as they are. @param {Float32Array} a @param {Float32Array} b @param {number} mix 0 … 1 */
export function slerp(a, b, mix) {
  const dot = (/** @type {Float32Array} */ p, /** @type {Float32Array} */ q) => p.reduce((sum, value, i) => sum + value * q[i], 0);
  const angle = Math.acos(clamp(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), -1, 1));
  if (angle < 1e-4) return a.slice();
  const [from, to] = [Math.sin((1 - mix) * angle) / Math.sin(angle), Math.sin(mix * angle) / Math.sin(angle)];
  return a.map((value, i) => from * value + to * b[i]);
}

/** The noise that seed, to_seed and mix stand for. @param {Model} model @param {number} size */
export function noiseOf(model, size) {
  const [seed, to, mix] = [model.get("seed"), model.get("to_seed"), model.get("mix")];
  return to < 0 ? normal(seed, size) : slerp(normal(seed, size), normal(to, size), mix);
}

/** Bring noise back to unit variance: brightness that the brush piles up would leave what the network knows. @param {Float32Array} x */
export function unitVariance(x) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const std = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length);
  return x.map((value) => value / Math.max(1, std));
}

/** Add a soft dot to an image, every channel alike. @param {Float32Array} values (c, h, w) @param {{ h: number, w: number }} kind @param {number} x in pixels @param {number} y @param {number} radius @param {number} amount at its middle */
export function dab(values, { h, w }, x, y, radius, amount) {
  for (let i = 0; i < values.length; i++) {
    const [u, v] = [(i % w) + 0.5 - x, (Math.floor(i / w) % h) + 0.5 - y];
    values[i] += amount * Math.exp(-(u * u + v * v) / (radius * radius));
  }
}
