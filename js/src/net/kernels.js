// The loops of kernel/kernel.ts in plain JavaScript, for pages that forbid WebAssembly: some fifteen times slower.
// Addresses count bytes, as there; H is the memory as floats.

/** @typedef {(...addressesAndSizes: number[]) => void} Kernel */
/** @typedef {Record<"conv" | "norm" | "attention" | "concat" | "upsample", Kernel>} Kernels */

const { ceil, exp, fround, max, sqrt } = Math;

/** @param {Float32Array} H @returns {Kernels} */
export const kernelsOn = (H) => {
  /** Four channels of a pixel, and what is added to them (A = 0: nothing). @param {number} Y @param {number} A @param {number} at @param {number[]} values */
  const write = (Y, A, at, ...values) => values.forEach((value, j) => (H[Y + at + j] = value + (A ? H[A + at + j] : 0)));
  return {
    conv(x, weights, bias, add, y, h, w, cin, cout, taps, stride) {
      const [ho, wo] = [ceil(h / stride), ceil(w / stride)];
      const [X, W, B, A, Y] = [x >> 2, weights >> 2, bias >> 2, add >> 2, y >> 2];
      const window = taps * cin;
      const inside = taps === 1 ? 1 : 0; // a window of one pixel begins inside the border
      for (let o = 0; o < cout; o += 4) {
        const own = W + (o >> 3) * 8 * taps * window + (o & 4);
        for (let v = 0; v < ho; v++) {
          for (let u = 0; u < wo; u += 2) {
            const right = u + 1 < wo ? 1 : 0; // two pixels × four channels at a time; at the end of a row, its last pixel twice
            const step = right * stride * cin;
            let a0 = H[B + o];
            let a1 = H[B + o + 1];
            let a2 = H[B + o + 2];
            let a3 = H[B + o + 3];
            let b0 = a0;
            let b1 = a1;
            let b2 = a2;
            let b3 = a3;
            for (let tap = 0, k = own; tap < taps; tap++) {
              const from = X + ((v * stride + tap + inside) * (w + 2) + u * stride + inside) * cin;
              for (let at = from; at < from + window; at++, k += 8) {
                const a = H[at];
                const b = H[at + step];
                const k0 = H[k];
                const k1 = H[k + 1];
                const k2 = H[k + 2];
                const k3 = H[k + 3];
                a0 = fround(a0 + fround(a * k0));
                a1 = fround(a1 + fround(a * k1));
                a2 = fround(a2 + fround(a * k2));
                a3 = fround(a3 + fround(a * k3));
                b0 = fround(b0 + fround(b * k0));
                b1 = fround(b1 + fround(b * k1));
                b2 = fround(b2 + fround(b * k2));
                b3 = fround(b3 + fround(b * k3));
              }
            }
            const at = ((v + 1) * (wo + 2) + u + 1) * cout + o;
            write(Y, A, at, a0, a1, a2, a3);
            write(Y, A, at + right * cout, b0, b1, b2, b3);
          }
        }
      }
    },

    norm(x, gamma, beta, y, h, w, c, groups, silu) {
      const [X, G, B, Y] = [x >> 2, gamma >> 2, beta >> 2, y >> 2];
      const each = c / groups;
      for (let g = 0; g < groups; g++) {
        /** @param {(at: number, channel: number) => void} fn */
        const visit = (fn) => {
          for (let v = 0; v < h; v++)
            for (let u = 0; u < w; u++)
              for (let j = g * each; j < (g + 1) * each; j++) fn(((v + 1) * (w + 2) + u + 1) * c + j, j);
        };
        let mean = 0;
        let variance = 0;
        visit((at) => (mean += H[X + at] / (h * w * each)));
        visit((at) => (variance += (H[X + at] - mean) ** 2 / (h * w * each)));
        const rate = 1 / sqrt(variance + 1e-5);
        visit((at, j) => {
          const z = (H[X + at] - mean) * rate * H[G + j] + H[B + j];
          H[Y + at] = silu ? z / (1 + exp(-z)) : z;
        });
      }
    },

    attention(q, k, v, y, h, w, c) {
      const [Q, K, V, Y] = [q >> 2, k >> 2, v >> 2, y >> 2];
      const scores = new Float64Array(h * w);
      for (let head = 0; head < c; head += 8) {
        const token = (/** @type {number} */ a) => ((((a / w) | 0) + 1) * (w + 2) + (a % w) + 1) * c + head;
        for (let a = 0; a < h * w; a++) {
          const own = token(a);
          let most = -Infinity;
          for (let b = 0; b < h * w; b++) {
            const other = token(b);
            let score = 0;
            for (let d = 0; d < 8; d++) score += H[Q + own + d] * H[K + other + d];
            scores[b] = score / sqrt(8);
            most = max(most, scores[b]);
          }
          let total = 0;
          for (let b = 0; b < h * w; b++) total += scores[b] = exp(scores[b] - most);
          for (let d = 0; d < 8; d++) {
            let sum = 0;
            for (let b = 0; b < h * w; b++) sum += scores[b] * H[V + token(b) + d];
            H[Y + own + d] = sum / total;
          }
        }
      }
    },

    concat(x, y, z, pixels, c, d) {
      const [X, Y, Z] = [x >> 2, y >> 2, z >> 2];
      for (let i = 0; i < pixels; i++) {
        H.copyWithin(Z + i * (c + d), X + i * c, X + (i + 1) * c);
        H.copyWithin(Z + i * (c + d) + c, Y + i * d, Y + (i + 1) * d);
      }
    },

    upsample(x, y, h, w, c) {
      const [X, Y] = [x >> 2, y >> 2];
      for (let v = 0; v < 2 * h; v++)
        for (let u = 0; u < 2 * w; u++) {
          const from = X + (((v >> 1) + 1) * (w + 2) + (u >> 1) + 1) * c;
          H.copyWithin(Y + ((v + 1) * (2 * w + 2) + u + 1) * c, from, from + c);
        }
    },
  };
};
