// A trained network: what its file says, and its answer for noisy images.
import { readSafetensors } from "./safetensors.js";
import { Ops } from "./ops.js";
import { forward, timeBiases } from "./unet.js";

/** @typedef {import("../shared/solvers.js").Sampler} Sampler */
/** @typedef {import("../shared/solvers.js").Spacing} Spacing */
/**
 * What a file of weights says of its network, see `page_weights` in Python.
 * @typedef {object} Facts
 * @property {number} patch p×p pixels are folded into the channels of one @property {number} groups of the group norms
 * @property {[number, number, number]} shape channels, height and width of an image
 * @property {"eps" | "x0" | "v"} target what the network predicts
 * @property {[number, number] | null} clamp the range of x̂0, if it is kept in one
 * @property {Sampler} sampler @property {number} steps @property {Spacing} spacing the model's own
 * @property {string[]} classes their names, if the network takes a class @property {number | null} [none] the class that stands for none of them, if there is one
 */

export class Network {
  /** @type {Map<string, import("./unet.js").TimeBiases>} */
  times = new Map();

  /** @param {ArrayBuffer} file a .safetensors file of `page_weights` @param {import("./ops.js").Wasm | null} wasm */
  constructor(file, wasm) {
    const { tensors, words } = readSafetensors(file);
    const { "diffusion.betas": betas, ...weights } = tensors;
    /** @type {Facts} */
    this.facts = JSON.parse(words.page ?? "null");
    if (!this.facts || !betas) throw new Error("The weights must say how the network draws, found a file that does not: make it with page_weights.");
    this.weights = weights;
    let product = 1;
    this.alphaBar = Float64Array.from(betas.data, (beta) => (product *= 1 - beta));
    this.ops = new Ops(weights, this.facts.groups, wasm);
  }

  /** What a timestep adds to the channels, worked out once. @param {number} t @param {number} [label] */
  time(t, label) {
    const key = `${t} ${label}`;
    const known = this.times.get(key) ?? timeBiases(this.weights, t, label);
    this.times.set(key, known);
    return known;
  }

  /** The network's answer. @param {Float32Array} x noisy images, (n, c, h, w) @param {number} t @param {number} [label] a class @returns {Float32Array} shaped like x */
  predict(x, t, label) {
    const { ops, facts: { patch: p, shape: [c, h, w] } } = this; // prettier-ignore
    const out = new Float32Array(x.length);
    for (let from = 0; from < x.length; from += c * h * w) { // one by one: what one image needs stays in the cache
      ops.begin();
      const folded = ops.image(h / p, w / p, c * p * p);
      this.fold(folded, (i, row, at) => (row[at] = x[from + i]));
      const y = forward(ops, folded, this.time(t, label));
      this.fold(y, (i, row, at) => (out[from + i] = row[at]));
    }
    return out;
  }

  /** Visit every value of an image (c, h, w) with its place in a folded one: PyTorch's pixel_unshuffle. @param {import("./ops.js").Image} y @param {(i: number, row: Float32Array, at: number) => void} visit */
  fold(y, visit) {
    const { patch: p, shape: [c, h, w] } = this.facts; // prettier-ignore
    for (let v = 0; v < h; v++) {
      const row = this.ops.row(y, (v / p) | 0);
      for (let band = 0; band < c; band++)
        for (let u = 0; u < w; u++) visit((band * h + v) * w + u, row, ((u / p) | 0) * y.c + band * p * p + (v % p) * p + (u % p));
    }
  }
}
