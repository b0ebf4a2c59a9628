// The loops of kernel/plane.ts on typed arrays: WebAssembly's, or where the page forbids it the same in plain JavaScript.
// A matrix (rows, columns) lies row by row; columns are points, in multiples of eight.

/**
 * @typedef {object} Kernels
 * @property {(n: number) => Float32Array} floats room for n numbers, zeros
 * @property {(c: Float32Array, a: Float32Array, b: Float32Array, bias: Float32Array | null, m: number, n: number, k: number, transposed?: boolean) => void} product C = A·B + bias, (m, n) = (m, k)·(k, n); transposed: A is given as (k, m)
 * @property {(c: Float32Array, a: Float32Array, b: Float32Array, m: number, n: number, k: number) => void} dots C = A·Bᵀ, (m, k) = (m, n)·(k, n)ᵀ
 * @property {(y: Float32Array, z: Float32Array, n: number) => void} silu y = z·σ(z)
 * @property {(d: Float32Array, z: Float32Array, n: number) => void} siluBack d ← d·σ(z)·(1 + z·(1 - σ(z)))
 */

/** @param {any} wasm what the module exports @returns {Kernels} */
export function wasmKernels({ memory, heap, product, dots, silu, siluBack }) {
  let top = (heap() + 15) & ~15;
  const at = (/** @type {Float32Array} */ view) => view.byteOffset;
  return {
    floats(n) {
      const from = top;
      top += (4 * n + 15) & ~15;
      if (top > memory.buffer.byteLength) throw new RangeError("the memory was made too small");
      return new Float32Array(memory.buffer, from, n);
    },
    product: (c, a, b, bias, m, n, k, transposed) => product(at(c), at(a), at(b), bias ? at(bias) : 0, m, n, k, transposed ? 4 : 4 * k, transposed ? 4 * m : 4),
    dots: (c, a, b, m, n, k) => dots(at(c), at(a), at(b), m, n, k),
    silu: (y, z, n) => silu(at(y), at(z), n),
    siluBack: (d, z, n) => siluBack(at(d), at(z), n),
  };
}

const sigmoid = (/** @type {number} */ z) => 1 / (1 + Math.exp(-z));

/** @type {Kernels} */
export const plainKernels = {
  floats: (n) => new Float32Array(n),

  product(c, a, b, bias, m, n, k, transposed) {
    const [row, col] = transposed ? [1, m] : [k, 1];
    for (let i = 0; i < m; i += 2) {
      const i1 = i + 1 < m ? i + 1 : i; // 2 rows × 4 columns at a time; at the end, the last row twice
      const bias0 = bias ? bias[i] : 0;
      const bias1 = bias ? bias[i1] : 0;
      for (let j = 0; j < n; j += 4) {
        let s0 = bias0, s1 = bias0, s2 = bias0, s3 = bias0; // prettier-ignore
        let u0 = bias1, u1 = bias1, u2 = bias1, u3 = bias1; // prettier-ignore
        for (let p = 0, at = j, x = i * row, y = i1 * row; p < k; p++, at += n, x += col, y += col) {
          const x0 = a[x];
          const y0 = a[y];
          const b0 = b[at];
          const b1 = b[at + 1];
          const b2 = b[at + 2];
          const b3 = b[at + 3];
          s0 += x0 * b0;
          s1 += x0 * b1;
          s2 += x0 * b2;
          s3 += x0 * b3;
          u0 += y0 * b0;
          u1 += y0 * b1;
          u2 += y0 * b2;
          u3 += y0 * b3;
        }
        const to = i * n + j;
        const to1 = i1 * n + j;
        c[to] = s0;
        c[to + 1] = s1;
        c[to + 2] = s2;
        c[to + 3] = s3;
        c[to1] = u0;
        c[to1 + 1] = u1;
        c[to1 + 2] = u2;
        c[to1 + 3] = u3;
      }
    }
  },

  dots(c, a, b, m, n, k) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < k; j += 2) {
        const j1 = j + 1 < k ? j + 1 : j;
        let s = 0;
        let u = 0;
        for (let p = 0, x = i * n, y = j * n, z = j1 * n; p < n; p++) {
          s += a[x + p] * b[y + p];
          u += a[x + p] * b[z + p];
        }
        c[i * k + j] = s;
        c[i * k + j1] = u;
      }
    }
  },

  silu(y, z, n) {
    for (let i = 0; i < n; i++) y[i] = z[i] * sigmoid(z[i]);
  },

  siluBack(d, z, n) {
    for (let i = 0; i < n; i++) {
      const s = sigmoid(z[i]);
      d[i] *= s * (1 + z[i] * (1 - s));
    }
  },
};
