// The inner loops of the network in the page, in AssemblyScript: TypeScript's syntax over the types of WebAssembly.
// build.mjs compiles this file to src/net/kernel.wasm.js; src/net/kernels.js does the same in plain JavaScript.
//
// SIMD, for a reader who has not met it: a `v128` is one register that holds four floats, here called lanes. f32x4.add and
// f32x4.mul add and multiply all four lanes in the time of one; v128.load reads four floats that lie side by side;
// splat fills the four lanes with one number. All that follows is arithmetic on fours.
//
// An image lies channels last with a border of zeros, (h+2, w+2, c): all channels of a pixel are neighbours, so that four of
// them are one load, and a 3×3 window at the edge of an image reads zeros instead of needing a case of its own.
// Addresses count bytes, and a float has four. Channels come in multiples of eight (conv's input may have any number).
import { exp4, mad, splat } from "./lanes";

// prettier-ignore
/** Where the memory begins that is nobody's: images and weights go there. */
export function heap(): i32 { return i32(__heap_base); }

/**
 * y = conv(x) + bias (+ add), of `taps`×`taps` weights, 1 or 3, at every pixel or (`stride` 2) at every second one.
 *
 * A tile of 4 pixels × 8 output channels is computed at a time: its 32 sums stay in eight registers while the loop runs over
 * the window. Each weight loaded serves four pixels, each pixel eight channels; that is what makes it fast.
 * Weights lie as (cout/8, taps, taps, cin, 8): in the order in which the loop wants them.
 */
export function conv(
  x: usize, weights: usize, bias: usize, add: usize, y: usize,
  h: i32, w: i32, cin: i32, cout: i32, taps: i32, stride: i32,
): void {
  const ho = (h + stride - 1) / stride;
  const wo = (w + stride - 1) / stride;
  const pixel = 4 * cin;
  const row = (w + 2) * pixel;
  const outPixel = 4 * cout;
  const outRow = (wo + 2) * outPixel;
  const window = taps * pixel; // one row of a window: taps pixels, side by side in memory
  const first = taps == 1 ? row + pixel : 0; // a window of one pixel begins inside the border
  for (let o = 0; o < cout; o += 8, weights += 8 * taps * window) {
    const bias0 = v128.load(bias + 4 * o);
    const bias1 = v128.load(bias + 4 * o, 16);
    for (let v = 0; v < ho; v++) {
      for (let u = 0; u < wo; u += 4) {
        // the pixels a, b, c, d of the tile; where the row ends earlier, its last pixel is computed again
        const toB = u + 1 < wo ? 1 : 0;
        const toC = u + 2 < wo ? 1 : 0;
        const toD = u + 3 < wo ? 1 : 0;
        let a0 = bias0, b0 = bias0, c0 = bias0, d0 = bias0; // channels o … o+3
        let a1 = bias1, b1 = bias1, c1 = bias1, d1 = bias1; // channels o+4 … o+7
        let k = weights;
        let from: usize = x + first + v * stride * row + u * stride * pixel;
        for (let tap = 0; tap < taps; tap++, from += row) {
          let a = from;
          let b = a + toB * stride * pixel;
          let c = b + toC * stride * pixel;
          let d = c + toD * stride * pixel;
          for (const end = a + window; a < end; a += 4, b += 4, c += 4, d += 4, k += 32) {
            const k0 = v128.load(k);
            const k1 = v128.load(k, 16);
            let z = v128.load32_splat(a);
            a0 = mad(a0, z, k0);
            a1 = mad(a1, z, k1);
            z = v128.load32_splat(b);
            b0 = mad(b0, z, k0);
            b1 = mad(b1, z, k1);
            z = v128.load32_splat(c);
            c0 = mad(c0, z, k0);
            c1 = mad(c1, z, k1);
            z = v128.load32_splat(d);
            d0 = mad(d0, z, k0);
            d1 = mad(d1, z, k1);
          }
        }
        const at = (v + 1) * outRow + (u + 1) * outPixel + 4 * o;
        const stepB = toB * outPixel;
        const stepC = toC * outPixel;
        const stepD = toD * outPixel;
        if (add) {
          let z = add + at;
          a0 = f32x4.add(a0, v128.load(z));
          a1 = f32x4.add(a1, v128.load(z, 16));
          z += stepB;
          b0 = f32x4.add(b0, v128.load(z));
          b1 = f32x4.add(b1, v128.load(z, 16));
          z += stepC;
          c0 = f32x4.add(c0, v128.load(z));
          c1 = f32x4.add(c1, v128.load(z, 16));
          z += stepD;
          d0 = f32x4.add(d0, v128.load(z));
          d1 = f32x4.add(d1, v128.load(z, 16));
        }
        let to = y + at;
        v128.store(to, a0);
        v128.store(to, a1, 16);
        to += stepB;
        v128.store(to, b0);
        v128.store(to, b1, 16);
        to += stepC;
        v128.store(to, c0);
        v128.store(to, c1, 16);
        to += stepD;
        v128.store(to, d0);
        v128.store(to, d1, 16);
      }
    }
  }
}

const WIDEST = 1024; // channels, and tokens times 1/4
const sums = memory.data(4 * WIDEST);
const rates = memory.data(4 * WIDEST);
const shifts = memory.data(4 * WIDEST);

/** Group norm, y = γ·(x - mean)/√(variance + 1e-5) + β with mean and variance of each group of channels; and silu, if asked. */
export function norm(x: usize, gamma: usize, beta: usize, y: usize, h: i32, w: i32, c: i32, groups: i32, silu: i32): void {
  const pixel = 4 * c;
  const row = (w + 2) * pixel;
  const each = c / groups;
  const count = f32(h * w * each);
  const first = row + pixel;
  for (let pass = 0; pass < 2; pass++) { // the means, then the variances
    for (let j = 0; j < pixel; j += 16) {
      const mean = pass ? v128.load(shifts + j) : splat(0);
      let sum = splat(0);
      for (let v = 0; v < h; v++) {
        for (let u = 0, at = x + first + v * row + j; u < w; u++, at += pixel) {
          const d = f32x4.sub(v128.load(at), mean);
          sum = f32x4.add(sum, pass ? f32x4.mul(d, d) : d);
        }
      }
      v128.store(sums + j, sum);
    }
    for (let g = 0; g < groups; g++) {
      const begin = 4 * g * each;
      const end = begin + 4 * each;
      let sum: f32 = 0;
      for (let j = begin; j < end; j += 4) sum += load<f32>(sums + j);
      for (let j = begin; j < end; j += 4) {
        if (!pass) store<f32>(shifts + j, sum / count);
        else {
          const rate = load<f32>(gamma + j) / sqrt<f32>(sum / count + 1e-5);
          store<f32>(rates + j, rate);
          store<f32>(shifts + j, load<f32>(beta + j) - load<f32>(shifts + j) * rate);
        }
      }
    }
  }
  for (let v = 0; v < h; v++) {
    for (let u = 0; u < w; u++) {
      for (let j = 0, at = first + v * row + u * pixel; j < pixel; j += 16) {
        let z = mad(v128.load(shifts + j), v128.load(x + at + j), v128.load(rates + j));
        if (silu) z = f32x4.div(z, f32x4.add(splat(1), exp4(f32x4.neg(z))));
        v128.store(y + at + j, z);
      }
    }
  }
}

const scores = memory.data(16 * WIDEST);

// prettier-ignore
// @ts-ignore: decorator
/** The address of token a, relative to the first byte of the image. */
@inline function token(a: i32, w: i32, c: i32): i32 { return 4 * c * ((a / w + 1) * (w + 2) + (a % w) + 1); }

/** softmax(q·kᵀ/√8)·v for every head of 8 channels; the tokens are all pixels of an image, at most 4,096. */
export function attention(q: usize, k: usize, v: usize, y: usize, h: i32, w: i32, c: i32): void {
  const tokens = h * w;
  for (let head = 0; head < 4 * c; head += 32) {
    for (let a = 0; a < tokens; a++) {
      const own = token(a, w, c) + head;
      const q0 = f32x4.mul(v128.load(q + own), splat(0.35355339));
      const q1 = f32x4.mul(v128.load(q + own, 16), splat(0.35355339));
      let most: f32 = -1e30;
      for (let b = 0; b < tokens; b++) {
        const other = token(b, w, c) + head;
        const s = mad(f32x4.mul(q0, v128.load(k + other)), q1, v128.load(k + other, 16));
        const score = f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3);
        store<f32>(scores + 4 * b, score);
        most = max(most, score);
      }
      for (let b = 0; b < 4 * tokens; b += 16) v128.store(scores + b, exp4(f32x4.sub(v128.load(scores + b), splat(most))));
      let total: f32 = 0;
      let y0 = splat(0);
      let y1 = splat(0);
      for (let b = 0; b < tokens; b++) {
        const other = token(b, w, c) + head;
        const weight = load<f32>(scores + 4 * b);
        total += weight;
        y0 = mad(y0, splat(weight), v128.load(v + other));
        y1 = mad(y1, splat(weight), v128.load(v + other, 16));
      }
      v128.store(y + own, f32x4.div(y0, splat(total)));
      v128.store(y + own, f32x4.div(y1, splat(total)), 16);
    }
  }
}

/** z has the channels of x, then those of y. */
export function concat(x: usize, y: usize, z: usize, pixels: i32, c: i32, d: i32): void {
  for (let i = 0; i < pixels; i++, x += 4 * c, y += 4 * d, z += 4 * (c + d)) {
    memory.copy(z, x, 4 * c);
    memory.copy(z + 4 * c, y, 4 * d);
  }
}

/** Every pixel becomes 2×2. */
export function upsample(x: usize, y: usize, h: i32, w: i32, c: i32): void {
  for (let v = 0; v < 2 * h; v++) {
    for (let u = 0; u < 2 * w; u++) {
      const from = 4 * c * ((v / 2 + 1) * (w + 2) + u / 2 + 1);
      memory.copy(y + 4 * c * ((v + 1) * (2 * w + 2) + u + 1), x + from, 4 * c);
    }
  }
}
