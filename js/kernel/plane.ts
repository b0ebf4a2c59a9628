// The inner loops of the playground's network: two matrix products and SiLU, four floats at a time (kernel.ts says what SIMD is).
// build.mjs compiles this file to src/playground/kernel.wasm.js; src/playground/kernels.js does the same in plain JavaScript.
//
// A layer's values lie as (units, points): one row a unit, so that a v128 holds the same unit of four points. Points come in
// multiples of eight, rows in any number: where a tile would reach past the last row, that row is computed again.
import { exp4, mad, splat } from "./lanes";

// prettier-ignore
/** Where the memory begins that is nobody's. */
export function heap(): i32 { return i32(__heap_base); }

// prettier-ignore
// @ts-ignore: decorator
@inline function sum4(v: v128): f32 { return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3); }

/** C = A·B + bias, (m, n) = (m, k)·(k, n), in tiles of 4 rows × 8 columns. A[i, p] lies at a + i·row + p·col bytes. */
export function product(c: usize, a: usize, b: usize, bias: usize, m: i32, n: i32, k: i32, row: i32, col: i32): void {
  const line = 4 * n;
  for (let i = 0; i < m; i += 4) {
    const i1 = min(i + 1, m - 1);
    const i2 = min(i + 2, m - 1);
    const i3 = min(i + 3, m - 1);
    const bias0 = splat(bias ? load<f32>(bias + 4 * i) : 0);
    const bias1 = splat(bias ? load<f32>(bias + 4 * i1) : 0);
    const bias2 = splat(bias ? load<f32>(bias + 4 * i2) : 0);
    const bias3 = splat(bias ? load<f32>(bias + 4 * i3) : 0);
    for (let j = 0; j < line; j += 32) {
      let s0 = bias0, s1 = bias1, s2 = bias2, s3 = bias3; // columns j … j+3
      let u0 = bias0, u1 = bias1, u2 = bias2, u3 = bias3; // columns j+4 … j+7
      let a0: usize = a + i * row, a1: usize = a + i1 * row, a2: usize = a + i2 * row, a3: usize = a + i3 * row;
      for (let p = 0, at: usize = b + j; p < k; p++, at += line, a0 += col, a1 += col, a2 += col, a3 += col) {
        const x = v128.load(at);
        const y = v128.load(at, 16);
        let z = v128.load32_splat(a0);
        s0 = mad(s0, z, x);
        u0 = mad(u0, z, y);
        z = v128.load32_splat(a1);
        s1 = mad(s1, z, x);
        u1 = mad(u1, z, y);
        z = v128.load32_splat(a2);
        s2 = mad(s2, z, x);
        u2 = mad(u2, z, y);
        z = v128.load32_splat(a3);
        s3 = mad(s3, z, x);
        u3 = mad(u3, z, y);
      }
      let to: usize = c + i * line + j;
      v128.store(to, s0);
      v128.store(to, u0, 16);
      to = c + i1 * line + j;
      v128.store(to, s1);
      v128.store(to, u1, 16);
      to = c + i2 * line + j;
      v128.store(to, s2);
      v128.store(to, u2, 16);
      to = c + i3 * line + j;
      v128.store(to, s3);
      v128.store(to, u3, 16);
    }
  }
}

/** C = A·Bᵀ, (m, k) = (m, n)·(k, n)ᵀ: sums along the points, 2 × 4 of them at a time. */
export function dots(c: usize, a: usize, b: usize, m: i32, n: i32, k: i32): void {
  const line = 4 * n;
  for (let i = 0; i < m; i += 2) {
    const i1 = min(i + 1, m - 1);
    const a0: usize = a + i * line;
    const a1: usize = a + i1 * line;
    for (let j = 0; j < k; j += 4) {
      const j1 = min(j + 1, k - 1);
      const j2 = min(j + 2, k - 1);
      const j3 = min(j + 3, k - 1);
      const b0: usize = b + j * line, b1: usize = b + j1 * line, b2: usize = b + j2 * line, b3: usize = b + j3 * line;
      let s0 = splat(0), s1 = s0, s2 = s0, s3 = s0; // row i
      let u0 = s0, u1 = s0, u2 = s0, u3 = s0; // row i+1
      for (let p = 0; p < line; p += 16) {
        const x = v128.load(a0 + p);
        const y = v128.load(a1 + p);
        let z = v128.load(b0 + p);
        s0 = mad(s0, x, z);
        u0 = mad(u0, y, z);
        z = v128.load(b1 + p);
        s1 = mad(s1, x, z);
        u1 = mad(u1, y, z);
        z = v128.load(b2 + p);
        s2 = mad(s2, x, z);
        u2 = mad(u2, y, z);
        z = v128.load(b3 + p);
        s3 = mad(s3, x, z);
        u3 = mad(u3, y, z);
      }
      const to: usize = c + 4 * i * k;
      const to1: usize = c + 4 * i1 * k;
      store<f32>(to + 4 * j, sum4(s0));
      store<f32>(to + 4 * j1, sum4(s1));
      store<f32>(to + 4 * j2, sum4(s2));
      store<f32>(to + 4 * j3, sum4(s3));
      store<f32>(to1 + 4 * j, sum4(u0));
      store<f32>(to1 + 4 * j1, sum4(u1));
      store<f32>(to1 + 4 * j2, sum4(u2));
      store<f32>(to1 + 4 * j3, sum4(u3));
    }
  }
}

/** y = z·σ(z), of n values. */
export function silu(y: usize, z: usize, n: i32): void {
  for (const end = z + 4 * n; z < end; z += 16, y += 16) {
    const v = v128.load(z);
    v128.store(y, f32x4.div(v, f32x4.add(splat(1), exp4(f32x4.neg(v)))));
  }
}

/** The chain rule through SiLU: d ← d·σ(z)·(1 + z·(1 - σ(z))). */
export function siluBack(d: usize, z: usize, n: i32): void {
  const one = splat(1);
  for (const end = z + 4 * n; z < end; z += 16, d += 16) {
    const v = v128.load(z);
    const s = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(v))));
    v128.store(d, f32x4.mul(v128.load(d), f32x4.mul(s, mad(one, v, f32x4.sub(one, s)))));
  }
}
