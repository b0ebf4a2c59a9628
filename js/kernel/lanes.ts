// Arithmetic on four floats at a time, for the kernels beside this file.

// prettier-ignore
// @ts-ignore: decorator
@inline export function splat(x: f32): v128 { return f32x4.splat(x); }

// prettier-ignore
// @ts-ignore: decorator
/** sum + a·b; browsers with "relaxed SIMD" do both in one instruction, so that this file is compiled once for them, and once without. */
@inline export function mad(sum: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b));
}

/**
 * e^x of four numbers, good to 1e-7: x = k·ln 2 + r, a polynomial for e^r (Cephes), and 2^k by writing k into the exponent
 * bits of a float.
 */
export function exp4(x: v128): v128 {
  x = f32x4.min(f32x4.max(x, splat(-87)), splat(87));
  const k = f32x4.nearest(f32x4.mul(x, splat(1.44269504)));
  const r = mad(mad(x, k, splat(-0.693359375)), k, splat(2.1219444e-4)); // x - k·ln 2, in two parts: ln 2 has more digits than a float
  let p = mad(splat(1.3981999507e-3), splat(1.98756915e-4), r);
  p = mad(splat(8.3334519073e-3), p, r);
  p = mad(splat(4.1665795894e-2), p, r);
  p = mad(splat(1.6666665459e-1), p, r);
  p = mad(splat(5.0000001201e-1), p, r);
  p = f32x4.add(mad(r, f32x4.mul(p, r), r), splat(1));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23));
}
