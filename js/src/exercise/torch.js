// What torch, its tensors, torch.nn.functional, numpy and math offer to an exercise: each name once, with its parameters as PyTorch has them.

import { Tensor, axes, axis, broadcast, count, each, fold, join, lines, matmul, permute, reshape, tensor, widest, written } from "./tensor.js";
import { eigenvalues, symmetric } from "./eigen.js";
import { Fault } from "./tokens.js";

/** @typedef {import("./tensor.js").DType} DType */
/** @typedef {import("./tensor.js").Numbers} Numbers */
/** @typedef {(args: any[], named: Record<string, any>) => any} Native a function that Python code can call */

/** The kind of a Fault about what only Python has. */
export const ELSEWHERE = "elsewhere";

const SAME = /** @type {Record<string, string>} */ ({ axis: "dim", keepdims: "keepdim", input: "x", self: "x", a: "x", unbiased: "correction", ddof: "correction", min: "low", max: "high", a_min: "low", a_max: "high" });
const IGNORED = new Set(["device", "generator", "requires_grad", "out", "memory_format", "non_blocking", "copy", "compute_mode", "interpolation"]);

/**
 * A function with named parameters: "x, dim=None" as in Python; "*name" takes all that is left.
 * @param {string} signature @param {(...values: any[]) => any} f @returns {Native & { title?: string }}
 */
export function native(signature, f) {
  const params = signature.split(", ").filter(Boolean).map((p) => p.split("=")); // prettier-ignore
  /** @type {Native & { title?: string }} */
  const made = (args, named) => {
    const name = made.title ?? "the function";
    const star = params.findIndex(([key]) => key.startsWith("*"));
    const values = params.map(([key, preset], i) => {
      if (i === star) return args.slice(i);
      return i < args.length && !(star >= 0 && i > star) ? args[i] : preset === undefined ? undefined : preset === "None" ? null : preset === "True" ? true : preset === "False" ? false : /[.e]/.test(preset) ? Number(preset) : BigInt(preset);
    });
    if (args.length > params.length && star < 0) throw new Fault("TypeError", `${name}() takes ${params.length} arguments, found ${args.length}`);
    for (const [key, value] of Object.entries(named)) {
      const i = params.findIndex(([p]) => p.replace("*", "") === key || p === SAME[key]);
      if (i >= 0) values[i] = params[i][0].startsWith("*") ? [value] : value;
      else if (!IGNORED.has(key)) throw new Fault("TypeError", `${name}() got an unexpected keyword argument '${key}'`);
    }
    const gone = params.findIndex(([key], i) => values[i] === undefined && !key.startsWith("*"));
    if (gone >= 0) throw new Fault("TypeError", `${name}() missing 1 required positional arguments: "${params[gone][0]}"`);
    return f(...values);
  };
  return made;
}

/** A JavaScript number of a Python number, or of a tensor with one element. @param {any} x */
export function number(x) {
  if (x instanceof Tensor) {
    if (x.size !== 1) throw new Fault("RuntimeError", `a Tensor with ${x.size} elements cannot be converted to Scalar`);
    return x.data[0];
  }
  if (typeof x !== "number" && typeof x !== "bigint" && typeof x !== "boolean") throw new Fault("TypeError", `must be a real number, not ${kind(x)}`);
  return Number(x);
}

/** @param {any} x */
export const kind = (x) => (x === null ? "NoneType" : x instanceof Tensor ? "Tensor" : Array.isArray(x) ? "list" : ({ bigint: "int", number: "float", boolean: "bool", string: "str", function: "function" })[/** @type {"number"} */ (typeof x)] ?? x.kind ?? "object");

const sizes = (/** @type {any[]} */ all) => (all.length === 1 && Array.isArray(all[0]) ? all[0] : all).map(number);
const truth = (/** @type {any} */ x) => !(x === false || x === null || number(x) === 0);
/** The dtype of a function that gives fractions. @param {Tensor} x @returns {DType} */
const real = (x) => (x.floats ? x.dtype : "float32");
const sum = (/** @type {Numbers} */ v) => Array.from(v).reduce((a, b) => a + b, 0);
const mean = (/** @type {Numbers} */ v) => sum(v) / v.length;
/** @param {any} less what is taken from the number of values: True or 1, False or 0 */
const variance = (less) => (/** @type {Numbers} */ v) => {
  const m = mean(v);
  return sum(Float64Array.from(v, (x) => (x - m) ** 2)) / Math.max(v.length - number(less), 0);
};
const most = (/** @type {Numbers} */ v) => Array.from(v).reduce((best, x, i) => (x > v[best] ? i : best), 0);
const least = (/** @type {Numbers} */ v) => Array.from(v).reduce((best, x, i) => (x < v[best] ? i : best), 0);
const middle = (/** @type {Numbers} */ v) => v.slice().sort()[Math.floor((v.length - 1) / 2)];
const softmax = (/** @type {Numbers} */ v) => {
  const top = Math.max(...v);
  const e = Float64Array.from(v, (x) => Math.exp(x - top));
  return e.map((x) => x / sum(e));
};
const running = (/** @type {(a: number, b: number) => number} */ f) => (/** @type {Numbers} */ v) => {
  let so = NaN;
  return Array.from(v, (x, i) => (so = i ? f(so, x) : x));
};

/** A function of each element. @param {(x: number) => number} f @param {"same" | "real"} [gives] */
const one = (f, gives = "real") => native("x", (x) => { const t = tensor(x); return each(f, [t], gives === "real" ? real(t) : t.dtype); }); // prettier-ignore
/** A function of two that are broadcast. @param {(a: number, b: number) => number} f @param {DType} [dtype] */
const two = (f, dtype) => native("x, other", (a, b) => each(f, [tensor(a), tensor(b)], dtype));

/** A reduction that gives fractions. @param {string} name @param {(v: Numbers) => number} f */
const average = (name, f) => (/** @type {any} */ x, /** @type {any} */ dim, /** @type {any} */ keep) => {
  const t = tensor(x);
  if (!t.floats) throw new Fault("RuntimeError", `${name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype`);
  return fold(t, dim, truth(keep), f);
};
/** The largest or the smallest: of all, along an axis with where it stands, or of two. @param {(v: Numbers) => number} where @param {(a: number, b: number) => number} of */
const extreme = (where, of) => native("x, dim=None, keepdim=False", (x, dim, keep) => {
  const t = tensor(x);
  if (dim === null) return fold(t, null, false, (v) => v[where(v)]);
  if (dim instanceof Tensor) return each(of, [t, dim]);
  const [values, indices] = [fold(t, dim, truth(keep), (v) => v[where(v)]), fold(t, dim, truth(keep), where, "int64")];
  return Object.assign([values, indices], { values, indices });
}); // prettier-ignore
const place = (/** @type {(v: Numbers) => number} */ where) => native("x, dim=None, keepdim=False", (x, dim, keep) => fold(tensor(x), dim, truth(keep), where, "int64"));
const filled = (/** @type {number} */ value) => native("*size, dtype=None", (size, dtype) => new Tensor(new Float64Array(count(sizes(size))).fill(value), sizes(size), dtype ?? "float32"));
const like = (/** @type {number} */ value) => native("x, dtype=None", (x, dtype) => new Tensor(new Float64Array(x.size).fill(value), x.shape, dtype ?? x.dtype));
const as = (/** @type {DType} */ dtype) => native("x", (x) => cast(tensor(x), dtype));

/** @param {Tensor} t @param {DType} dtype */
const cast = (t, dtype) => new Tensor(dtype === "int64" ? t.data.map(Math.trunc) : dtype === "bool" ? t.data.map((v) => +(v !== 0)) : t.data.slice(), t.shape, dtype);
/** Uniform and normal draws: an answer's own chance. */
const uniform = () => Math.random();
/** Normal numbers that are drawn next, as PyTorch drew them; where there are none, chance decides. @type {{ next: number[] }} */
export const drawing = { next: [] };
const normal = () => drawing.next.shift() ?? fresh();
const fresh = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const drawn = (/** @type {() => number} */ draw) => native("*size, dtype=None", (size) => new Tensor(Float64Array.from({ length: count(sizes(size)) }, draw), sizes(size)));

/** @param {number[]} list @param {number} at @param {number} value */
const spliced = (list, at, value) => [...list.slice(0, at), value, ...list.slice(at)];
const unsqueeze = (/** @type {Tensor} */ x, /** @type {any} */ dim) => reshape(x, spliced(x.shape, axis(dim, x.shape.length + 1), 1));
/** A matrix with a value where `keep` says no. @param {Tensor} x @param {(row: number, column: number) => boolean} keep @param {number} [value] */
const masked = (x, keep, value = 0) => new Tensor(x.data.map((v, k) => (keep(Math.floor(k / x.shape[x.shape.length - 1]) % x.shape[x.shape.length - 2], k % x.shape[x.shape.length - 1]) ? v : value)), x.shape, x.dtype);
const squared = (/** @type {Tensor} */ a, /** @type {Tensor} */ b) => each((x, y) => (x - y) ** 2, [a, b]);

/** By name, for `torch.name(x, …)` and for `x.name(…)`. @type {Record<string, Native>} */
export const FUNCTIONS = {
  exp: one(Math.exp), log: one(Math.log), log2: one(Math.log2), log10: one(Math.log10), log1p: one(Math.log1p), expm1: one(Math.expm1), sqrt: one(Math.sqrt),
  rsqrt: one((x) => 1 / Math.sqrt(x)), sin: one(Math.sin), cos: one(Math.cos), tan: one(Math.tan), tanh: one(Math.tanh), atan: one(Math.atan), acos: one(Math.acos), asin: one(Math.asin),
  sigmoid: one((x) => 1 / (1 + Math.exp(-x))), reciprocal: one((x) => 1 / x), silu: one((x) => x / (1 + Math.exp(-x))),
  relu: one((x) => Math.max(x, 0), "same"), abs: one(Math.abs, "same"), neg: one((x) => -x, "same"), square: one((x) => x * x, "same"), erf: one((x) => erf(x)), sign: one(Math.sign, "same"),
  floor: one(Math.floor, "same"), ceil: one(Math.ceil, "same"), round: one((x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)), "same"), trunc: one(Math.trunc, "same"),
  isnan: native("x", (x) => each((v) => +Number.isNaN(v), [x], "bool")), logical_not: native("x", (x) => each((v) => +!v, [x], "bool")),
  add: native("x, other, alpha=1", (a, b, k) => each((x, y, z) => x + z * y, [tensor(a), tensor(b), tensor(k)])), sub: native("x, other, alpha=1", (a, b, k) => each((x, y, z) => x - z * y, [tensor(a), tensor(b), tensor(k)])), mul: two((a, b) => a * b), maximum: two(Math.max), minimum: two(Math.min), atan2: two(Math.atan2),
  div: native("x, other", (a, b) => { const t = [tensor(a), tensor(b)]; return each((x, y) => x / y, t, real(new Tensor([], [0], widest(...t)))); }),
  pow: native("x, exponent", (a, b) => { const t = [tensor(a), tensor(b)]; return each((x, y) => x ** y, t); }),
  eq: two((a, b) => +(a === b), "bool"), ne: two((a, b) => +(a !== b), "bool"), lt: two((a, b) => +(a < b), "bool"), le: two((a, b) => +(a <= b), "bool"), gt: two((a, b) => +(a > b), "bool"), ge: two((a, b) => +(a >= b), "bool"),
  logical_and: two((a, b) => +(!!a && !!b), "bool"), logical_or: two((a, b) => +(!!a || !!b), "bool"), logical_xor: two((a, b) => +(!a !== !b), "bool"),
  clamp: native("x, low=None, high=None", (x, low, high) => each((v, a, b) => Math.min(Math.max(v, a), b), [x, tensor(low ?? -Infinity), tensor(high ?? Infinity)], low instanceof Tensor || high instanceof Tensor ? widest(x) : x.dtype)),
  lerp: native("x, end, weight", (a, b, w) => each((x, y, k) => x + k * (y - x), [a, b, tensor(w)])),
  where: native("x, yes, no", (c, a, b) => each((x, y, z) => (x ? y : z), [tensor(c), tensor(a), tensor(b)], widest(tensor(a), tensor(b)))),
  masked_fill: native("x, mask, value", (x, m, v) => each((a, b, c) => (b ? c : a), [x, m, tensor(v)], x.dtype)),
  sum: native("x, dim=None, keepdim=False", (x, dim, keep) => { const t = tensor(x); return fold(t, dim, truth(keep), sum, t.floats ? t.dtype : "int64"); }),
  prod: native("x, dim=None, keepdim=False", (x, dim, keep) => fold(tensor(x), dim, truth(keep), (v) => Array.from(v).reduce((a, b) => a * b, 1))),
  mean: native("x, dim=None, keepdim=False, dtype=None", average("mean", mean)), median: native("x, dim=None, keepdim=False", (x, dim, keep) => { const values = fold(x, dim, truth(keep), middle); return dim === null ? values : Object.assign([values], { values }); }),
  var: native("x, dim=None, correction=1, keepdim=False", (x, dim, less, keep) => (typeof dim === "boolean" ? average("var", variance(dim))(x, null, false) : average("var", variance(less))(x, dim, keep))),
  std: native("x, dim=None, correction=1, keepdim=False", (x, dim, less, keep) => FUNCTIONS.sqrt([FUNCTIONS.var([x, dim, less, keep], {})], {})),
  norm: native("x, p=2, dim=None, keepdim=False", (x, p, dim, keep) => fold(x, dim, truth(keep), (v) => Array.from(v).reduce((a, b) => a + Math.abs(b) ** number(p), 0) ** (1 / number(p)), real(x))),
  logsumexp: native("x, dim, keepdim=False", (x, dim, keep) => fold(x, dim, truth(keep), (v) => { const top = Math.max(...v); return top + Math.log(sum(v.map((a) => Math.exp(a - top)))); })),
  any: native("x, dim=None, keepdim=False", (x, dim, keep) => fold(x, dim, truth(keep), (v) => +v.some((a) => a), "bool")),
  all: native("x, dim=None, keepdim=False", (x, dim, keep) => fold(x, dim, truth(keep), (v) => +v.every((a) => a), "bool")),
  max: extreme(most, Math.max), min: extreme(least, Math.min), amax: native("x, dim=None, keepdim=False", (x, dim, keep) => fold(x, dim, truth(keep), (v) => v[most(v)])), amin: native("x, dim=None, keepdim=False", (x, dim, keep) => fold(x, dim, truth(keep), (v) => v[least(v)])),
  argmax: place(most), argmin: place(least), count_nonzero: native("x, dim=None", (x, dim) => fold(x, dim, false, (v) => v.filter((a) => a).length, "int64")),
  cumsum: native("x, dim", (x, dim) => lines(x, dim, running((a, b) => a + b), x.floats ? x.dtype : "int64")), cumprod: native("x, dim", (x, dim) => lines(x, dim, running((a, b) => a * b), x.floats ? x.dtype : "int64")),
  cummax: native("x, dim", (x, dim) => Object.assign([lines(x, dim, running(Math.max))])), cummin: native("x, dim", (x, dim) => Object.assign([lines(x, dim, running(Math.min))])),
  flip: native("x, *dims", (x, dims) => sizes(dims).reduce((t, d) => lines(t, d, (v) => v.slice().reverse()), tensor(x))), diff: native("x, n=1, dim=-1, prepend=None, append=None", (x, n, dim, before, after) => lines(join([before, x, after].filter((t) => t !== null), dim), dim, (v) => v.slice(1).map((a, i) => a - v[i]))),
  pad: native("x, pad, mode=None, value=0.0", (x, by, mode, value) => sizes([by]).reduce((t, n, i) => { const edge = (/** @type {any} */ v) => Array(Math.max(n, 0)).fill(number(value)); return lines(t, -1 - (i >> 1), (v) => (n < 0 ? (i % 2 ? v.slice(0, n) : v.slice(-n)) : i % 2 ? [...v, ...edge(v)] : [...edge(v), ...v])); }, x)),
  quantile: native("x, q, dim=None, keepdim=False", (x, q, dim, keep) => fold(x, dim, truth(keep), (v) => { const at = v.slice().sort(); const k = number(q) * (at.length - 1); const low = Math.floor(k); return at[low] + (k - low) * ((at[low + 1] ?? 0) - at[low] || 0); })),
  roll: native("x, shifts, dims=0", (x, by, dim) => lines(x, dim, (v) => v.map((_, i) => v[(((i - number(by)) % v.length) + v.length) % v.length]))),
  softmax: native("x, dim, dtype=None", (x, dim) => lines(x, dim, softmax)), log_softmax: native("x, dim", (x, dim) => lines(x, dim, (v) => softmax(v).map(Math.log))),
  sort: native("x, dim=-1, descending=False", (x, dim, down) => { const values = lines(x, dim, (v) => (truth(down) ? v.slice().sort().reverse() : v.slice().sort())); return Object.assign([values], { values }); }),
  reshape: native("x, *shape", (x, shape) => reshape(x, sizes(shape))), view: native("x, *shape", (x, shape) => reshape(x, sizes(shape))), view_as: native("x, other", (x, o) => reshape(x, o.shape)), reshape_as: native("x, other", (x, o) => reshape(x, o.shape)),
  flatten: native("x, start_dim=0, end_dim=-1", (x, a, b) => { const [from, to] = [axis(a, x.shape.length), axis(b, x.shape.length)]; return reshape(x, [...x.shape.slice(0, from), count(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]); }),
  permute: native("x, *dims", (x, dims) => permute(x, sizes(dims).map((d) => axis(d, x.shape.length)))), movedim: native("x, source, destination", (x, a, b) => { const order = [...x.shape.keys()].filter((i) => i !== axis(a, x.shape.length)); return permute(x, spliced(order, axis(b, x.shape.length), axis(a, x.shape.length))); }),
  transpose: native("x, dim0=0, dim1=1", (x, a, b) => { const order = [...x.shape.keys()]; const [i, j] = [axis(a, order.length), axis(b, order.length)]; [order[i], order[j]] = [j, i]; return permute(x, order); }), t: native("x", (x) => permute(x, [...x.shape.keys()].reverse())),
  unsqueeze: native("x, dim", unsqueeze), squeeze: native("x, dim=None", (x, dim) => reshape(x, x.shape.filter((/** @type {number} */ n, /** @type {number} */ i) => n !== 1 || !axes(dim, x.shape.length).includes(i)))),
  expand: native("x, *shape", (x, shape) => broadcast(x, sizes(shape).map((n, i, all) => (n === -1 ? x.shape[i - all.length + x.shape.length] : n)))), expand_as: native("x, other", (x, o) => broadcast(x, o.shape)), broadcast_to: native("x, shape", (x, shape) => broadcast(x, sizes([shape]))),
  repeat: native("x, *times", (x, times) => { const by = sizes(times); const t = reshape(x, [...Array(by.length - x.shape.length).fill(1), ...x.shape]); return by.reduce((r, n, d) => join(Array(n).fill(r), d), t); }), repeat_interleave: native("x, times, dim=None", (x, n, dim) => lines(dim === null ? reshape(x, [-1]) : x, dim ?? 0, (v) => [...v].flatMap((a) => Array(number(n)).fill(a)))),
  cat: native("x, dim=0", (all, dim) => join(all.map(tensor), dim)), stack: native("x, dim=0", (all, dim) => join(all.map((/** @type {any} */ t) => unsqueeze(tensor(t), dim)), dim)),
  split: native("x, size, dim=0", (x, n, dim) => { const d = axis(dim, x.shape.length); return Array.from({ length: Math.ceil(x.shape[d] / number(n)) }, (_, i) => lines(x, d, (v) => v.slice(i * number(n), (i + 1) * number(n)))); }), chunk: native("x, chunks, dim=0", (x, n, dim) => FUNCTIONS.split([x, BigInt(Math.ceil(x.shape[axis(dim, x.shape.length)] / number(n))), dim], {})),
  unbind: native("x, dim=0", (x, dim) => FUNCTIONS.split([x, 1n, dim], {}).map((/** @type {Tensor} */ t) => FUNCTIONS.squeeze([t, dim], {}))),
  matmul: native("x, other", matmul), mm: native("x, other", matmul), bmm: native("x, other", matmul), mv: native("x, other", matmul), dot: native("x, other", matmul), inner: native("x, other", (a, b) => matmul(a, b)), outer: native("x, other", (a, b) => each((x, y) => x * y, [unsqueeze(a, 1n), unsqueeze(b, 0n)])),
  diag: native("x", (x) => (x.shape.length === 1 ? each((a, b) => a * b, [MAKERS.eye([BigInt(x.size)], {}), x]) : FUNCTIONS.diagonal([x], {}))), fill_diagonal: native("x, value", (x, v) => masked(x, (i, j) => i !== j, number(v))),
  triu: native("x, diagonal=0", (x, k) => masked(x, (i, j) => j - i >= number(k))), tril: native("x, diagonal=0", (x, k) => masked(x, (i, j) => j - i <= number(k))), corrcoef: native("x", (x) => { const c = FUNCTIONS.cov([x], {}); const s = FUNCTIONS.sqrt([FUNCTIONS.diagonal([c], {})], {}); return each((a, b, d) => a / b / d, [c, unsqueeze(s, 1n), s]); }),
  unflatten: native("x, dim, sizes", (x, dim, by) => { const d = axis(dim, x.shape.length); const into = sizes([by]); const rest = count(into.filter((n) => n !== -1)); return reshape(x, [...x.shape.slice(0, d), ...into.map((n) => (n === -1 ? x.shape[d] / rest : n)), ...x.shape.slice(d + 1)]); }),
  var_mean: native("x, dim=None, correction=1, keepdim=False", (x, dim, less, keep) => [FUNCTIONS.var([x, dim, less, keep], {}), FUNCTIONS.mean([x, dim, keep], {})]), std_mean: native("x, dim=None, correction=1, keepdim=False", (x, dim, less, keep) => [FUNCTIONS.std([x, dim, less, keep], {}), FUNCTIONS.mean([x, dim, keep], {})]),
  group_norm: native("x, groups, weight=None, bias=None, eps=1e-5", (x, groups, w, b, eps) => { const v = reshape(x, [x.shape[0], Number(groups), -1]); return reshape(each((a, m, s) => (a - m) / Math.sqrt(s + number(eps)), [v, fold(v, -1, true, mean), fold(v, -1, true, variance(0))]), x.shape); }), diagonal: native("x", (x) => new Tensor(Array.from({ length: Math.min(...x.shape) }, (_, i) => x.data[i * x.shape[1] + i]), [Math.min(...x.shape)], x.dtype)), trace: native("x", (x) => FUNCTIONS.sum([FUNCTIONS.diagonal([x], {})], {})),
  cov: native("x, correction=1", (x, less) => { const c = each((a, m) => a - m, [x, fold(x, 1, true, mean)]); return each((a) => a / (x.shape[1] - number(less)), [matmul(c, permute(c, [1, 0]))]); }),
  cdist: native("x, other", (a, b) => FUNCTIONS.sqrt([fold(squared(unsqueeze(a, -2n), unsqueeze(b, -3n)), -1, false, sum)], {})), dist: native("x, other", (a, b) => FUNCTIONS.sqrt([fold(squared(a, b), null, false, sum)], {})), mse_loss: native("x, target", (a, b) => fold(squared(a, b), null, false, mean)),
  float: as("float32"), double: as("float64"), long: as("int64"), int: as("int64"), bool: as("bool"), half: as("float32"), to: native("x, dtype=None", (x, d) => (d === null || typeof d !== "string" || d === "cpu" ? x : cast(x, /** @type {DType} */ (d)))), type: native("x, dtype", (x, d) => cast(x, d)), type_as: native("x, other", (x, o) => cast(x, o.dtype)),
  clone: native("x", (x) => cast(x, x.dtype)), detach: native("x", (x) => x), contiguous: native("x", (x) => x), cpu: native("x", (x) => x), 
  item: native("x", (x) => (x.dtype === "int64" ? BigInt(number(x)) : x.dtype === "bool" ? !!number(x) : number(x))), tolist: native("x", (x) => nested(x)), dim: native("x", (x) => BigInt(x.shape.length)), numel: native("x", (x) => BigInt(x.size)),
  size: native("x, dim=None", (x, d) => (d === null ? x.shape.map(BigInt) : BigInt(x.shape[axis(d, x.shape.length)]))), nonzero: native("x", (x) => { const at = [...x.data.keys()].filter((i) => x.data[i]); return new Tensor(at, [at.length, 1], "int64"); }),
  zeros_like: like(0), ones_like: like(1), empty_like: like(0), full_like: native("x, value, dtype=None", (x, v, d) => new Tensor(new Float64Array(x.size).fill(number(v)), x.shape, d ?? x.dtype)), new_zeros: native("x, *size", (x, size) => filled(0)(size, {})), new_ones: native("x, *size", (x, size) => filled(1)(size, {})),
  randn_like: native("x", (x) => new Tensor(x.data.map(normal), x.shape)), rand_like: native("x", (x) => new Tensor(x.data.map(uniform), x.shape)), index_select: native("x, dim, index", (x, dim, index) => lines(x, dim, (v) => [...index.data].map((i) => v[i]))), gather: native("x, dim, index", (x, dim, index) => { if (x.shape.length !== 1) throw new Fault("RuntimeError", "gather is known for one axis here: index with tensors instead"); return lines(x, dim, (v) => [...index.data].map((i) => v[i])); }),
  isclose: native("x, other", (a, b) => each((x, y) => +(Math.abs(x - y) <= 1e-8 + 1e-5 * Math.abs(y)), [a, b], "bool")), allclose: native("x, other, rtol=1e-5, atol=1e-8", (a, b, r, t) => each((x, y) => +(Math.abs(x - y) <= number(t) + number(r) * Math.abs(y)), [a, tensor(b)], "bool").data.every((v) => v)),
}; // prettier-ignore
for (const [name, f] of Object.entries(FUNCTIONS)) /** @type {any} */ (f).title = name;
const ALIASES = { arccos: "acos", arcsin: "asin", arctan: "atan", subtract: "sub", multiply: "mul", divide: "div", true_divide: "div", absolute: "abs", negative: "neg", clip: "clamp", concat: "cat", concatenate: "cat", swapaxes: "transpose", ravel: "flatten" };
for (const [name, of] of Object.entries(ALIASES)) FUNCTIONS[name] = FUNCTIONS[of];

/** @param {Tensor} x @returns {any} */
const nested = (x) => (x.shape.length ? Array.from({ length: x.shape[0] }, (_, i) => nested(new Tensor(x.data.slice((i * x.size) / x.shape[0], ((i + 1) * x.size) / x.shape[0]), x.shape.slice(1), x.dtype))) : FUNCTIONS.item([x], {}));

/** What makes tensors of nothing, and what belongs to no tensor. @type {Record<string, any>} */
const MAKERS = {
  tensor: native("data, dtype=None", (data, dtype) => (dtype ? cast(tensor(data), dtype) : cast(tensor(data), tensor(data).dtype))),
  as_tensor: native("data, dtype=None", (data, dtype) => (dtype ? cast(tensor(data), dtype) : tensor(data))),
  zeros: filled(0), ones: filled(1), empty: filled(0), rand: drawn(uniform), randn: drawn(normal),
  full: native("size, value, dtype=None", (size, v, d) => new Tensor(new Float64Array(count(sizes([size]))).fill(number(v)), sizes([size]), d ?? tensor(v).dtype)),
  eye: native("n", (n) => new Tensor(Float64Array.from({ length: Number(n) ** 2 }, (_, i) => +(i % (Number(n) + 1) === 0)), [Number(n), Number(n)])),
  arange: native("start, end=None, step=1, dtype=None", (a, b, s, d) => {
    const [from, to, by] = b === null ? [0, number(a), number(s)] : [number(a), number(b), number(s)];
    const whole = [a, b, s].every((v) => v === null || typeof v === "bigint");
    const n = Math.max(0, Math.ceil((to - from) / by));
    return new Tensor(Float64Array.from({ length: n }, (_, i) => from + i * by), [n], d ?? (whole ? "int64" : "float32"));
  }),
  logspace: native("start, end, steps", (a, b, n) => FUNCTIONS.pow([10n, MAKERS.linspace([a, b, n], {})], {})), hstack: native("all", (all) => join(all.map(tensor), all[0].shape.length === 1 ? 0 : 1)), vstack: native("all", (all) => join(all.map((/** @type {Tensor} */ t) => (t.shape.length === 1 ? unsqueeze(t, 0n) : t)), 0)),
  linspace: native("start, end, steps=50, dtype=None", (a, b, n) => new Tensor(Float64Array.from({ length: Number(n) }, (_, i) => number(a) + (Number(n) > 1 ? (i * (number(b) - number(a))) / (Number(n) - 1) : 0)), [Number(n)])),
  randint: native("low, high=None, size=None", (low, high, size) => { const [a, b, s] = size === null ? [0, number(low), high] : [number(low), number(high), size]; return new Tensor(Float64Array.from({ length: count(sizes([s])) }, () => a + Math.floor(Math.random() * (b - a))), sizes([s]), "int64"); }),
  no_grad: native("", () => null), inference_mode: native("", () => null), enable_grad: native("", () => null), is_tensor: native("x", (x) => x instanceof Tensor),
  float32: "float32", float: "float32", float16: "float32", float64: "float64", double: "float64", int64: "int64", long: "int64", int32: "int64", int: "int64", bool: "bool", pi: Math.PI, inf: Infinity, nan: NaN, newaxis: null,
}; // prettier-ignore
const linalg = {
  norm: native("x, ord=None, dim=None, keepdim=False", (x, p, dim, keep) => FUNCTIONS.norm([x, p ?? 2n, dim, keep], {})), vector_norm: FUNCTIONS.norm,
  eigvals: native("x", (x) => eigenvalues(x)), eigvalsh: native("x", (x) => symmetric(x).values), eigh: native("x", (x) => { const { values, vectors } = symmetric(x); return Object.assign([values, vectors], { eigenvalues: values, eigenvectors: vectors }); }),
}; // prettier-ignore
const nn = { functional: FUNCTIONS };
const distributions = {
  Normal: native("loc, scale", (m, s) => ({
    log_prob: native("x", (x) => each((v, a, b) => -0.5 * ((v - a) / b) ** 2 - Math.log(b) - 0.5 * Math.log(2 * Math.PI), [tensor(x), tensor(m), tensor(s)])),
    cdf: native("x", (x) => each((v, a, b) => (1 + erf((v - a) / b / Math.SQRT2)) / 2, [tensor(x), tensor(m), tensor(s)])),
  })),
};
/** The error function, to 1.5e-7 (Abramowitz and Stegun, 7.1.26). @param {number} x */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  return Math.sign(x) * (1 - t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x));
}
export const torch = { ...FUNCTIONS, ...MAKERS, linalg, distributions, special: FUNCTIONS, nn };
/** numpy flattens where no axis is named. @param {string} name */
const flat = (name) => native("x, dim=None", (x, dim) => FUNCTIONS[name](dim === null ? [reshape(x, [-1]), 0n] : [x, dim], {}));
export const numpy = { ...torch, cumsum: flat("cumsum"), cumprod: flat("cumprod"), power: FUNCTIONS.pow, std: native("x, dim=None, correction=0, keepdim=False", (x, dim, less, keep) => FUNCTIONS.std([x, dim, less, keep], {})), var: native("x, dim=None, correction=0, keepdim=False", (x, dim, less, keep) => FUNCTIONS.var([x, dim, less, keep], {})) };

/** A function of plain numbers, as Python's math has them. @param {(...x: number[]) => number} f */
const plain = (f) => (/** @type {any[]} */ args) => {
  const found = f(...args.map(number));
  if (Number.isNaN(found)) throw new Fault("ValueError", "math domain error");
  return found;
};
export const math = { pi: Math.PI, e: Math.E, inf: Infinity, nan: NaN, tau: 2 * Math.PI, ...Object.fromEntries(/** @type {const} */ (["sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "tanh", "pow", "hypot"]).map((name) => [name, plain(/** @type {any} */ (Math[name]))])), floor: (/** @type {any[]} */ [x]) => BigInt(Math.floor(number(x))), ceil: (/** @type {any[]} */ [x]) => BigInt(Math.ceil(number(x))), prod: (/** @type {any[]} */ [all]) => all.reduce((/** @type {number} */ a, /** @type {any} */ b) => a * number(b), 1), isnan: (/** @type {any[]} */ [x]) => Number.isNaN(number(x)) }; // prettier-ignore

/** What a module's name stands for. @type {Record<string, any>} */
export const MODULES = { torch, "torch.nn.functional": FUNCTIONS, "torch.nn": nn, "torch.linalg": linalg, "torch.distributions": distributions, numpy, math };

/** A tensor's own attribute; undefined where it has none of this name. @param {Tensor} x @param {string} name @returns {any} */
export function attribute(x, name) {
  if (name === "shape") return x.shape.map(BigInt);
  if (name === "ndim") return BigInt(x.shape.length);
  if (name === "dtype") return x.dtype;
  if (name === "device") return "cpu";
  if (name === "T" || name === "mT") return permute(x, name === "T" ? [...x.shape.keys()].reverse() : [...x.shape.keys()].slice(0, -2).concat(x.shape.length - 1, x.shape.length - 2));
  if (name === "real" || name === "data") return x;
  if (["numpy", "astype", "copy", "grad", "backward", "requires_grad_"].includes(name)) throw new Fault(ELSEWHERE, ["numpy", "astype", "copy"].includes(name) ? "a numpy array" : "a gradient");
  const f = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (f) return (/** @type {any[]} */ args, /** @type {any} */ named) => f([x, ...args], named);
  const inPlace = name.endsWith("_") && !name.startsWith("_") ? name.slice(0, -1) : "";
  const g = inPlace === "fill" || inPlace === "zero" ? native("x, value=0", (t, v) => each(() => number(v), [t], t.dtype)) : Object.hasOwn(FUNCTIONS, inPlace) ? FUNCTIONS[inPlace] : undefined;
  if (g) return (/** @type {any[]} */ args, /** @type {any} */ named) => overwrite(x, g([x, ...args], named));
  return undefined;
}

/** @param {Tensor} x @param {Tensor} value */
export function overwrite(x, value) {
  if (written(broadcast(value, x.shape).shape) === written(x.shape)) x.data.set(broadcast(value, x.shape).data);
  return x;
}
