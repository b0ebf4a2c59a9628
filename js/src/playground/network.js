// The network of the plane, ddpm_widgets.plane.PlaneNet: a place, waves of it and of t → three layers → two numbers.
import { sqrt } from "../shared/math.js";
import { streamAt, uniformAt } from "../shared/random.js";

const { PI, cos, sin } = Math;
const WAVES = [PI / 2, PI, 2 * PI]; // ω of sin ωx, sin ωy, cos ωx, cos ωy: with them two moons are learned in a third of the time
const FEATURES = 16; // of t
const PLACE = 2 + 4 * WAVES.length;
const INPUTS = PLACE + FEATURES;

/** The layers' (outputs, inputs). @param {number} width @returns {[number, number][]} */
export const layersOf = (width) => [[width, INPUTS], [width, width], [width, width], [2, width]]; // prettier-ignore

/** How many weights and biases there are. @param {number} width */
export const countOf = (width) => layersOf(width).reduce((sum, [out, into]) => sum + out * into + out, 0);

/** sin(ω_k τ), then cos(ω_k τ), with τ = 1000·t/T and ω_k = 10000^(-k/8): slow and fast clocks, so that near and far timesteps differ. @param {number} t @param {number} T */
export function timeFeatures(t, T) {
  const phase = (/** @type {number} */ k) => ((1000 * t) / T) * 10000 ** (-k / 8);
  return Float32Array.from({ length: FEATURES }, (_, k) => (k < 8 ? sin(phase(k)) : cos(phase(k - 8))));
}

/** Weights to begin with: uniform within ±1/√inputs as in PyTorch's Linear, the last layer zeros. @param {number} width @param {number} seed */
export function initial(width, seed) {
  const weights = new Float32Array(countOf(width));
  let at = 0;
  layersOf(width).slice(0, -1).forEach(([out, into], layer) => {
    for (const end = at + out * into + out; at < end; at++) weights[at] = (2 * uniformAt(streamAt(seed, layer), at) - 1) / sqrt(into);
  }); // prettier-ignore
  return weights;
}

/** Take t from a network: its weights in the first layer, or their slopes, become zeros. @param {Float32Array} values @param {number} width */
export function hideTime(values, width) {
  for (let unit = 0; unit < width; unit++) values.fill(0, unit * INPUTS + PLACE, (unit + 1) * INPUTS);
}

/** @param {number} n points, rounded up to what the kernels want */
export const eights = (n) => (n + 7) & ~7;

/** How many floats a Net takes. @param {number} width @param {number} most */
export const roomFor = (width, most) => 2 * countOf(width) + eights(most) * (INPUTS + 8 * width + 5) + 4096;

/** One of the layers: weight (out, in), bias (out), views into one array in the order of PyTorch's `parameters()`. @typedef {{ out: number, into: number, weight: Float32Array, bias: Float32Array }} Layer */

/** @param {Float32Array} values @param {number} width @returns {Layer[]} */
function views(values, width) {
  let at = 0;
  return layersOf(width).map(([out, into]) => {
    const weight = values.subarray(at, (at += out * into));
    return { out, into, weight, bias: values.subarray(at, (at += out)) };
  });
}

export class Net {
  /** @param {import("./kernels.js").Kernels} kernels @param {number} width @param {number} most points at a time */
  constructor(kernels, width, most) {
    const { floats } = kernels;
    const room = eights(most);
    this.kernels = kernels;
    this.width = width;
    this.most = room;
    this.weights = floats(countOf(width));
    this.gradients = floats(countOf(width));
    this.layers = views(this.weights, width);
    this.slopes = views(this.gradients, width);
    this.input = floats(INPUTS * room); // (18, n), and so on: one row a unit
    this.before = this.layers.map(({ out }) => floats(out * room)); // z = W·a + b
    this.after = this.layers.slice(0, -1).map(({ out }) => floats(out * room)); // a = silu(z)
    this.error = [floats(width * room), floats(width * room)];
    this.ones = floats(room).fill(1);
  }

  /** Set point i of n. @param {number} i @param {number} n @param {number} x @param {number} y @param {Float32Array} features of its t */
  point(i, n, x, y, features) {
    const { input } = this;
    let at = i;
    const put = (/** @type {number} */ value) => ((input[at] = value), (at += n));
    put(x), put(y);
    for (const w of WAVES) put(sin(w * x)), put(sin(w * y)), put(cos(w * x)), put(cos(w * y));
    for (let k = 0; k < FEATURES; k++) put(features[k]);
  }

  /** The answers for n points that have been set, (2, n); n a multiple of eight. @param {number} n */
  forward(n) {
    const { kernels, layers, before, after } = this;
    layers.forEach(({ weight, bias, out, into }, l) => {
      kernels.product(before[l], weight, l ? after[l - 1] : this.input, bias, out, n, into);
      if (l < after.length) kernels.silu(after[l], before[l], out * n);
    });
    return before[layers.length - 1];
  }

  /** Fill `gradients`, after a forward pass, from the loss's slope in each answer, (2, n). @param {Float32Array} slope @param {number} n */
  backward(slope, n) {
    const { kernels, layers, slopes, before, after, error, ones } = this;
    let d = slope; // of the loss in z
    for (let l = layers.length - 1; l >= 0; l--) {
      const { weight, out, into } = layers[l];
      kernels.dots(slopes[l].weight, d, l ? after[l - 1] : this.input, out, n, into); // dW = d·aᵀ
      kernels.dots(slopes[l].bias, d, ones, out, n, 1);
      if (!l) return;
      const next = error[l % 2];
      kernels.product(next, weight, d, null, into, n, out, true); // Wᵀ·d
      kernels.siluBack(next, before[l - 1], into * n);
      d = next;
    }
  }

  /** The answers for points x (n, 2), any number of them, at one t. @param {Float32Array} x @param {Float32Array} features @returns {Float32Array} (n, 2) */
  predict(x, features) {
    const out = new Float32Array(x.length);
    for (let from = 0; from < x.length; from += 2 * this.most) {
      const count = Math.min(this.most, (x.length - from) / 2);
      const n = eights(count);
      for (let i = 0; i < n; i++) this.point(i, n, x[from + 2 * i] ?? 0, x[from + 2 * i + 1] ?? 0, features);
      const answer = this.forward(n);
      for (let i = 0; i < count; i++) (out[from + 2 * i] = answer[i]), (out[from + 2 * i + 1] = answer[n + i]);
    }
    return out;
  }
}
