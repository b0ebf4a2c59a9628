// Eigenvalues of small matrices.

import { Tensor, matmul, permute } from "./tensor.js";
import { runtimeError } from "./tokens.js";

/** @param {Tensor} x */
function square(x) {
  if (x.shape.length !== 2 || x.shape[0] !== x.shape[1]) throw runtimeError(`linalg.eig: A must be a square matrix, found the shape (${x.shape.join(", ")})`);
  return x.shape[0];
}

/** Eigenvalues in ascending order, and the vectors in columns, of a symmetric matrix, of which only the lower half is read (Jacobi). @param {Tensor} x */
export function symmetric(x) {
  const n = square(x);
  const a = Float64Array.from(x.data, (_, k) => x.data[Math.max(Math.floor(k / n), k % n) * n + Math.min(Math.floor(k / n), k % n)]);
  const v = Float64Array.from({ length: n * n }, (_, i) => +(i % (n + 1) === 0));
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p * n + q]) < 1e-300) continue;
        const theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
        for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
        for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q, c, s);
      }
    }
  }
  const order = [...Array(n).keys()].sort((i, j) => a[i * n + i] - a[j * n + j]);
  const values = new Tensor(order.map((i) => a[i * n + i]), [n], x.dtype); // prettier-ignore
  return { values, vectors: new Tensor(Float64Array.from({ length: n * n }, (_, k) => v[Math.floor(k / n) * n + order[k % n]]), [n, n], x.dtype) };
}

/** @param {Float64Array} a @param {number} i @param {number} j @param {number} c @param {number} s */
function turn(a, i, j, c, s) {
  [a[i], a[j]] = [c * a[i] - s * a[j], s * a[i] + c * a[j]];
}

/** Eigenvalues of a matrix that has real ones, such as the product of two covariances (QR steps). @param {Tensor} x */
export function eigenvalues(x) {
  const n = square(x);
  let a = new Tensor(x.data, x.shape, "float64");
  for (let step = 0; step < 400; step++) {
    const { q, r } = factors(a);
    a = matmul(r, q);
  }
  return new Tensor(Array.from({ length: n }, (_, i) => a.data[i * n + i]), [n], x.dtype); // prettier-ignore
}

/** A = QR by Gram and Schmidt. @param {Tensor} a */
function factors(a) {
  const n = a.shape[0];
  const columns = Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (_, i) => a.data[i * n + j]));
  const dot = (/** @type {Float64Array} */ u, /** @type {Float64Array} */ w) => u.reduce((sum, value, i) => sum + value * w[i], 0);
  columns.forEach((column, j) => {
    for (let again = 0; again < 2; again++) for (const before of columns.slice(0, j)) { const part = dot(before, column); column.forEach((_, i) => (column[i] -= part * before[i])); } // prettier-ignore
    const length = Math.sqrt(dot(column, column)) || 1;
    column.forEach((_, i) => (column[i] /= length));
  });
  const q = permute(new Tensor(columns.flatMap((c) => [...c]), [n, n], a.dtype), [1, 0]); // prettier-ignore
  return { q, r: matmul(permute(q, [1, 0]), a) };
}
