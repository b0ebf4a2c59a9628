// The operations of unet.js on one flat memory: WebAssembly's with its kernels, or plain JavaScript's.
// An image lies as (h+2, w+2, c) with a border of zeros. Channels come in multiples of eight, but for the image that comes in.
import { kernelsOn } from "./kernels.js";

/** @typedef {{ at: number, h: number, w: number, c: number }} Image `at` is an address in bytes */
/** @typedef {{ at: number, biasAt: number, bias: Float32Array, cout: number, cin: number, taps: number }} Layer */
/** @typedef {import("./unet.js").Weights} Weights */
/** @typedef {import("./kernels.js").Kernels & { memory: WebAssembly.Memory, heap(): number }} Wasm */

const PAGE = 65_536; // of WebAssembly's memory

export class Ops {
  /** @type {Record<string, Layer>} */
  layers = {};

  /** @param {Weights} weights @param {number} groups of the group norms @param {Wasm | null} wasm null: plain JavaScript */
  constructor(weights, groups, wasm) {
    this.groups = groups;
    this.memory = wasm?.memory;
    this.kernels = /** @type {import("./kernels.js").Kernels} */ (wasm ?? undefined);
    this.top = wasm ? aligned(wasm.heap()) : 64;
    this.floats = new Float32Array(this.memory?.buffer ?? new ArrayBuffer(0));
    for (const [name, tensor] of Object.entries(weights)) {
      if (!name.endsWith(".weight") || /time_emb|class_emb/.test(name)) continue;
      const layer = name.slice(0, -".weight".length);
      const [cout, cin = 1, taps = 1] = tensor.shape;
      const bias = new Float32Array(eights(cout));
      bias.set(weights[`${layer}.bias`].data);
      const at = this.put(tensor.shape.length > 1 ? tiled(tensor) : tensor.data);
      this.layers[layer] = { at, biasAt: this.put(bias), bias, cout: bias.length, cin, taps };
    }
    this.start = this.top;
  }

  /** Is there a layer of this name? @param {string} name */
  has(name) {
    return name in this.layers;
  }

  /** Room for `count` floats. @param {number} count @returns {number} its address */
  take(count) {
    const at = this.top;
    this.top = aligned(at + 4 * count);
    const missing = this.top - this.floats.byteLength;
    if (missing > 0 && this.memory) {
      this.memory.grow(Math.ceil(missing / PAGE));
      this.floats = new Float32Array(this.memory.buffer);
    } else if (missing > 0) {
      const more = new Float32Array(Math.ceil((this.top * 1.5) / 4));
      more.set(this.floats);
      this.floats = more;
      this.kernels = kernelsOn(more);
    }
    return at;
  }

  /** @param {ArrayLike<number>} values @returns {number} their address */
  put(values) {
    const at = this.take(values.length);
    this.floats.set(values, at >> 2);
    return at;
  }

  /** Forget the images of the pass before. Their borders stay zero: every pass takes the same places. */
  begin() {
    this.top = this.start;
  }

  /** @param {number} h @param {number} w @param {number} c @returns {Image} */
  image(h, w, c) {
    return { at: this.take((h + 2) * (w + 2) * c), h, w, c };
  }

  /** A row of an image, w·c floats. @param {Image} x @param {number} v */
  row(x, v) {
    const at = (x.at >> 2) + ((v + 1) * (x.w + 2) + 1) * x.c;
    return this.floats.subarray(at, at + x.w * x.c);
  }

  /** @param {Image} x @param {string} name @param {{ stride?: number, add?: Image, extra?: Float32Array }} [o] @returns {Image} */
  conv(x, name, { stride = 1, add, extra } = {}) {
    const { at, biasAt, bias, cin, cout, taps } = this.layers[name];
    const y = this.image(Math.ceil(x.h / stride), Math.ceil(x.w / stride), cout);
    const biases = extra ? this.put(bias.map((b, i) => b + extra[i])) : biasAt;
    this.kernels.conv(x.at, at, biases, add?.at ?? 0, y.at, x.h, x.w, cin, cout, taps, stride);
    return y;
  }

  /** @param {Image} x @param {string} name @param {boolean} silu @returns {Image} */
  norm(x, name, silu) {
    const y = this.image(x.h, x.w, x.c);
    this.kernels.norm(x.at, this.layers[name].at, this.layers[name].biasAt, y.at, x.h, x.w, x.c, this.groups, silu ? 1 : 0);
    return y;
  }

  /** @param {Image} q @param {Image} k @param {Image} v @returns {Image} */
  attention(q, k, v) {
    const y = this.image(q.h, q.w, q.c);
    this.kernels.attention(q.at, k.at, v.at, y.at, q.h, q.w, q.c);
    return y;
  }

  /** @param {Image} x @param {Image} y @returns {Image} */
  concat(x, y) {
    const z = this.image(x.h, x.w, x.c + y.c);
    this.kernels.concat(x.at, y.at, z.at, (x.h + 2) * (x.w + 2), x.c, y.c);
    return z;
  }

  /** @param {Image} x @returns {Image} */
  upsample(x) {
    const y = this.image(2 * x.h, 2 * x.w, x.c);
    this.kernels.upsample(x.at, y.at, x.h, x.w, x.c);
    return y;
  }
}

const aligned = (/** @type {number} */ bytes) => (bytes + 63) & ~63;
const eights = (/** @type {number} */ count) => (count + 7) & ~7;

/** From PyTorch's (cout, cin, taps, taps) to the kernel's (cout/8, taps, taps, cin, 8); what is missing to eight is zero. @param {import("./safetensors.js").Tensor} tensor */
function tiled({ data, shape: [cout, cin, taps = 1] }) {
  const [out, window] = [new Float32Array(eights(cout) * cin * taps ** 2), taps ** 2];
  for (let o = 0; o < cout; o++)
    for (let i = 0; i < cin; i++)
      for (let k = 0; k < window; k++) out[(((o >> 3) * window + k) * cin + i) * 8 + (o & 7)] = data[(o * cin + i) * window + k];
  return out;
}
