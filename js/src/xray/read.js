// What a UNetXRay's traits say.
import { kindOf } from "../net/weights.js";
import { f32, u8 } from "../shared/bytes.js";
import { normal } from "../shared/random.js";

/** A block's name in diffusers, and the shape of its answer: channels, height, width. @typedef {[string, number, number, number]} Named */
/**
 * @typedef {object} OwnTraits
 * @property {DataView} x0 grey levels (n, h, w, c) @property {DataView} alpha_bar float32 (T,) @property {Named[]} blocks in the order of computation
 * @property {number} index which image @property {number} t @property {number} seed of the noise
 * @property {string} block the one that is opened, or none @property {[number, number]} pixel column and row
 */
/** @typedef {OwnTraits & import("../net/weights.js").NetworkTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */

/** Image i as floats (c, h, w). @param {Model} model @param {number} i */
export function imageOf(model, i) {
  const { c, h, w, size, lo, hi } = kindOf(model);
  const levels = u8(model.get("x0")).subarray(i * size, (i + 1) * size);
  return Float32Array.from({ length: size }, (_, j) => lo + (levels[(j % (h * w)) * c + Math.floor(j / (h * w))] / 255) * (hi - lo));
}

/** x_t = √ᾱ·x0 + √(1-ᾱ)·ε of this image and this noise. @param {Model} model @param {number} i @param {number} t @param {number} seed */
export function noisy(model, i, t, seed) {
  const x0 = imageOf(model, i);
  const alphaBar = f32(model.get("alpha_bar"))[t];
  const [signal, noise] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  return normal(seed, x0.length).map((eps, j) => signal * x0[j] + noise * eps);
}

/** How many images. @param {Model} model */
export const countOf = (model) => u8(model.get("x0")).length / kindOf(model).size;

/** @typedef {"in" | "res" | "attn" | "down" | "up" | "out"} BlockKind */
/** @type {Record<BlockKind, string>} */
export const KINDS = { in: "first convolution", res: "residual block", attn: "attention", down: "convolution with stride 2", up: "every pixel to 2×2, and a convolution", out: "last convolution" };

/** @param {string} name @returns {BlockKind} */
export function blockKind(name) {
  if (name.startsWith("conv_")) return /** @type {BlockKind} */ (name.slice(5));
  return name.includes("resnets") ? "res" : name.includes("attentions") ? "attn" : name.includes("downs") ? "down" : "up";
}
