// What torch, its tensors, torch.nn.functional, numpy and math offer to an exercise: each name once, with its parameters as PyTorch has them.

import { DTYPES, Tensor, axes, axis, broadcast, called, count, each, fold, join, kind, lines, matmul, permute, reshape, row, scalar, sequence, strides, tensor, widest } from "./tensor.js";
import { eigenvalues, symmetric } from "./eigen.js";
import { Fault, runtimeError, typeError, valueError } from "./tokens.js";

/** @typedef {import("./tensor.js").DType} DType */
/** @typedef {import("./tensor.js").Numbers} Numbers */
/** @typedef {(args: any[], named?: Record<string, any>) => any} Native a function that Python code can call */

/** The kind of a Fault about what a page cannot do; its message is the whole sentence. */
export const ELSEWHERE = "elsewhere";
const PYTHON = "functions, or open the lesson in Python.";
export const OTHERWISE = `write it with tensors and their ${PYTHON}`;
/** Of what only Python has. @param {string} what */
export const elsewhere = (what) => new Fault(ELSEWHERE, `${what} works only in Python, not on this page: ${OTHERWISE}`);
/** Of what may be Python's, or a mistake. @param {string} what */
export const unknown = (what) => new Fault(ELSEWHERE, `this page does not know ${what}: look whether it is spelled right, write it with other ${PYTHON}`);

/**
 * What a parameter is called here where no parameter has its own name: `dim` is `over` where several axes may be named and `along` where it may be
 * a second tensor, and `other` is `mate` where it has to be a tensor.
 * @type {Record<string, string>}
 */
const SAME = { axis: "dim", dim: "over", over: "along", keepdims: "keepdim", input: "x", self: "x", a: "x", other: "mate", unbiased: "correction", ddof: "correction", min: "low", max: "high", a_min: "low", a_max: "high", low: "least", high: "most" }; // prettier-ignore
const SHOWN = /** @type {Record<string, string>} */ ({ x: "input", over: "dim", along: "dim", mate: "other" });
const IGNORED = new Set(["device", "generator", "requires_grad", "memory_format", "non_blocking", "copy", "compute_mode"]);
const NOT_HERE = new Set(["dtype", "out", "interpolation", "rounding_mode", "decimals", "stable", "where", "initial"]); // parameters that some functions have in Python

/** An integer, or a tensor with one. @param {any} v */
const whole = (v) => typeof v === "bigint" || (v instanceof Tensor && v.size === 1 && v.dtype === "int64");
/** @typedef {[(v: any) => boolean, string]} Asked */
const TENSOR = /** @type {Asked} */ ([(v) => v instanceof Tensor, "Tensor"]);
const MASK = /** @type {Asked} */ ([(v) => v instanceof Tensor && v.dtype === "bool", "bool Tensor"]);
const OPERAND = /** @type {Asked} */ ([(v) => v instanceof Tensor || scalar(v), "Tensor or Number"]);
const WHOLE = /** @type {Asked} */ ([whole, "int"]);
const BOOL = /** @type {Asked} */ ([(v) => typeof v === "boolean", "bool"]);
/** What a parameter of this name has to be, and what PyTorch calls that. The others are looked at where they are used. @type {Record<string, Asked>} */
const ASKED = {
  x: TENSOR, mate: TENSOR, index: TENSOR, mask: MASK, condition: MASK, other: OPERAND, yes: OPERAND, no: OPERAND, weight: OPERAND, low: OPERAND, high: OPERAND,
  dim: WHOLE, dim0: WHOLE, dim1: WHOLE, start_dim: WHOLE, end_dim: WHOLE, source: WHOLE, destination: WHOLE, chunks: WHOLE, groups: WHOLE, diagonal: WHOLE, n: WHOLE, steps: WHOLE, keepdim: BOOL, descending: BOOL,
  over: [(v) => whole(v) || typeof v === "boolean" || (row(v) && v.every(whole)), "int"], along: [(v) => whole(v) || v instanceof Tensor, "int"], dtype: [(v) => DTYPES.includes(v), "torch.dtype"],
}; // prettier-ignore

const PRESETS = /** @type {Record<string, any>} */ ({ None: null, True: true, False: false });

/**
 * A function with named parameters: "x, dim=None" as in Python; "*name" takes all that is left, "*all" may be nothing.
 * @param {string} signature @param {(...values: any[]) => any} f @returns {Native & { title?: string }}
 */
export function native(signature, f) {
  const params = signature.split(", ").filter(Boolean).map((p) => p.split("=")); // prettier-ignore
  /** @type {Native & { title?: string }} */
  const made = (args, named = {}) => {
    const name = made.title ?? "the function";
    const star = params.findIndex(([key]) => key.startsWith("*"));
    const values = params.map(([key, preset], i) => {
      if (i === star) return args.slice(i);
      return i < args.length && !(star >= 0 && i > star) ? args[i] : preset && (preset in PRESETS ? PRESETS[preset] : /[.e]/.test(preset) ? Number(preset) : BigInt(preset));
    });
    if (args.length > params.length && star < 0) throw typeError(`${name}() takes ${params.length} arguments, found ${args.length}`);
    for (const [key, value] of Object.entries(named)) {
      let known = key;
      while (SAME[known] && !params.some(([p]) => p.replace("*", "") === known)) known = SAME[known];
      const i = params.findIndex(([p]) => p.replace("*", "") === known);
      if (i >= 0) values[i] = params[i][0].startsWith("*") ? [value] : value;
      else if (NOT_HERE.has(key)) throw elsewhere(`\`${key}=\` in \`${name}\``);
      else if (!IGNORED.has(key)) throw typeError(`${name}() got an unexpected keyword argument '${key}'`);
    }
    params.forEach(([key, preset], i) => {
      const plain = key.replace("*", "");
      if (values[i] === undefined || (key !== plain && plain !== "all" && !values[i].length)) throw typeError(`${name}() missing 1 required positional arguments: "${SHOWN[plain] ?? plain}"`);
      const [fits, what] = ASKED[key] ?? [];
      if (fits && !(values[i] === null && preset === "None") && !fits(values[i])) throw typeError(`${name}(): argument '${SHOWN[key] ?? key}' must be ${what}, not ${kind(values[i])}`);
    });
    return f(...values) ?? null;
  };
  return made;
}

/** Functions that know their names. @template {Record<string, any>} T @param {T} all @returns {T} */
export function titled(all) {
  for (const [name, f] of Object.entries(all)) if (typeof f === "function") f.title ??= name;
  return all;
}

/** A JavaScript number of a Python number, or of a tensor with one element. @param {any} x */
export function number(x) {
  if (x instanceof Tensor) {
    if (x.size !== 1) throw valueError("only one element tensors can be converted to Python scalars");
    return x.data[0];
  }
  if (!scalar(x)) throw typeError(`must be a real number, not ${kind(x)}`);
  return Number(x);
}

const noSizes = (/** @type {any} */ v) => typeError(`the sizes must be a tuple of ints, not ${kind(v)}`);
/** The sizes, or the axes, that are named one by one or in a list. @param {any[]} all */
const sizes = (all) => (all.length === 1 && row(all[0]) ? all[0] : all).map((/** @type {any} */ v) => {
  if (!whole(v)) throw noSizes(v);
  return number(v);
}); // prettier-ignore
/** Sizes that have to be in a list. @param {any} all */
const list = (all) => {
  if (!row(all)) throw noSizes(all);
  return sizes([all]);
};
/** The data of a new tensor. @param {number[]} shape @param {(i: number) => number} f */
function numbers(shape, f) {
  if (shape.some((n) => n < 0)) throw runtimeError(`Trying to create tensor with negative dimension: [${shape.join(", ")}]`);
  return Float64Array.from({ length: count(shape) }, (_, i) => f(i));
}
/** Tensors in a list. @param {any} all @returns {Tensor[]} */
function tensors(all) {
  if (!["list", "tuple"].includes(kind(all))) throw typeError(`argument 'tensors' must be tuple of Tensors, not ${kind(all)}`);
  if (!all.length) throw runtimeError("expected a non-empty list of Tensors");
  for (const [i, t] of all.entries()) if (!(t instanceof Tensor)) throw typeError(`expected Tensor as element ${i}, but got ${kind(t)}`);
  return all;
}
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

const X_DIM = "x, dim=None, keepdim=False";

/** A function of each element. @param {(x: number) => number} f @param {"same" | "real"} [gives] */
const one = (f, gives = "real") => native("x", (x) => each(f, [x], gives === "real" ? real(x) : x.dtype));
/** A function of two that are broadcast. @param {(a: number, b: number) => number} f @param {DType} [dtype] */
const two = (f, dtype) => native("x, other", (a, b) => each(f, [a, tensor(b)], dtype));
/** The same, of two tensors. @param {(a: number, b: number) => number} f @param {DType} [dtype] */
const both = (f, dtype) => native("x, mate", (a, b) => each(f, [a, b], dtype));
/** A reduction that gives fractions. @param {string} name @param {(v: Numbers) => number} f */
const average = (name, f) => (/** @type {any} */ x, /** @type {any} */ dim, /** @type {any} */ keep) => {
  if (!x.floats) throw runtimeError(`${name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype`);
  return fold(x, dim, keep, f);
};
/** A reduction over some axes, or all. @param {(v: Numbers) => number} f @param {(x: Tensor) => DType} [gives] */
const reduction = (f, gives = (x) => x.dtype) => native("x, over=None, keepdim=False", (x, dim, keep) => fold(x, dim, keep, f, gives(x)));
/** The dtype of sums and products. @param {Tensor} x */
const wide = (x) => (x.floats ? x.dtype : "int64");

/** The largest or the smallest: of all, along an axis with where it stands, or of two. @param {string} name @param {(v: Numbers) => number} where @param {(a: number, b: number) => number} of */
const extreme = (name, where, of) => native("x, along=None, keepdim=False", (x, dim, keep) => {
  if (dim instanceof Tensor) return each(of, [x, dim]);
  return dim === null ? fold(x, null, false, (v) => v[where(v)]) : placed(name, fold(x, dim, keep, (v) => v[where(v)]), fold(x, dim, keep, where, "int64"));
}); // prettier-ignore
/** Values and where they stood, as PyTorch returns them. @param {string} name of the function @param {Tensor} values @param {Tensor} [indices] */
const placed = (name, values, indices) => called(`torch.return_types.${name}`, indices ? Object.assign([values, indices], { values, indices }) : Object.assign([values], { values }));
const place = (/** @type {(v: Numbers) => number} */ where) => native(X_DIM, (x, dim, keep) => fold(x, dim, keep, where, "int64"));
const filled = (/** @type {number} */ value) => native("*size, dtype=None", (size, dtype) => new Tensor(numbers(sizes(size), () => value), sizes(size), dtype ?? "float32"));
const like = (/** @type {number} */ value) => native("x, dtype=None", (x, dtype) => new Tensor(new Float64Array(x.size).fill(value), x.shape, dtype ?? x.dtype));
const as = (/** @type {DType} */ dtype) => native("x", (x) => cast(x, dtype));
/** As what `to` is given: a dtype, a tensor that has one, or where to keep the numbers. @param {Tensor} x @param {any} what @returns {Tensor} */
const converted = (x, what) => (what instanceof Tensor ? cast(x, what.dtype) : DTYPES.includes(what) ? cast(x, what) : x);
/** @param {Tensor} t @param {DType} dtype */
const cast = (t, dtype) => new Tensor(dtype === "int64" ? t.data.map(Math.trunc) : dtype === "bool" ? t.data.map((v) => +(v !== 0)) : t.data.slice(), t.shape, dtype);
/** Uniform and normal draws: an answer's own chance. */
const uniform = () => Math.random();
/** Normal numbers that are drawn next, as PyTorch drew them; where there are none, chance decides. @type {{ next: number[] }} */
export const drawing = { next: [] };
const normal = () => drawing.next.shift() ?? fresh();
const fresh = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const drawn = (/** @type {() => number} */ draw) => native("*size, dtype=None", (size) => new Tensor(numbers(sizes(size), draw), sizes(size)));

/** Only the main diagonal is known. @param {any} k */
function plain(k) {
  if (number(k)) throw elsewhere("another diagonal");
}
/** @param {Tensor} x */
function matrix(x) {
  if (x.ndim !== 2) throw elsewhere(`this of a tensor with ${x.ndim} dimensions`);
}
/** @param {number[]} list @param {number} at @param {number} value */
const spliced = (list, at, value) => [...list.slice(0, at), value, ...list.slice(at)];
const unsqueeze = (/** @type {Tensor} */ x, /** @type {any} */ dim) => reshape(x, spliced(x.shape, axis(dim, x.ndim + 1), 1));
/** A matrix with a value where `keep` says no. @param {Tensor} x @param {(row: number, column: number) => boolean} keep @param {number} [value] */
function masked(x, keep, value = 0) {
  const [rows, columns] = x.shape.slice(-2);
  if (columns === undefined) throw runtimeError("input tensor must have at least 2 dimensions");
  return new Tensor(x.data.map((v, k) => (keep(Math.floor(k / columns) % rows, k % columns) ? v : value)), x.shape, x.dtype); // prettier-ignore
}
/** The places of a line's values, the smallest first. @param {Numbers} v @param {boolean} [down] the largest first */
const ordered = (v, down = false) => [...v.keys()].sort((i, j) => (down ? v[j] - v[i] : v[i] - v[j]));
/** Subtraction and `-` know no booleans. @param {...Tensor} all */
function unmasked(...all) {
  if (all.some((t) => t.dtype === "bool")) throw runtimeError("Subtraction, the `-` operator, with a bool tensor is not supported: `~` inverts a mask");
  return all;
}
const squared = (/** @type {Tensor} */ a, /** @type {Tensor} */ b) => each((x, y) => (x - y) ** 2, [a, b]);

/** By name, for `torch.name(x, …)` and for `x.name(…)`. @type {Record<string, Native>} */
export const FUNCTIONS = {
  ...Object.fromEntries("exp log log2 log10 log1p expm1 sqrt sin cos tan tanh atan acos asin".split(" ").map((name) => [name, one(/** @type {any} */ (Math)[name])])),
  ...Object.fromEntries("abs sign floor ceil trunc".split(" ").map((name) => [name, one(/** @type {any} */ (Math)[name], "same")])),
  rsqrt: one((x) => 1 / Math.sqrt(x)), sigmoid: one((x) => 1 / (1 + Math.exp(-x))), reciprocal: one((x) => 1 / x), silu: one((x) => x / (1 + Math.exp(-x))),
  relu: one((x) => Math.max(x, 0), "same"), neg: native("x", (x) => each((v) => -v, unmasked(x))), square: one((x) => x * x, "same"), erf: one((x) => erf(x)), round: one((x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)), "same"),
  isnan: native("x", (x) => each((v) => +Number.isNaN(v), [x], "bool")), argsort: native("x, dim=-1, descending=False", (x, dim, down) => lines(x, dim, (v) => ordered(v, down), "int64")), logical_not: native("x", (x) => each((v) => +!v, [x], "bool")),
  add: native("x, other, alpha=1", (a, b, k) => cast(each((x, y, z) => x + z * y, [a, tensor(b), tensor(k)], widest(a, tensor(b))), widest(a, tensor(b)))), sub: native("x, other, alpha=1", (a, b, k) => each((x, y, z) => x - z * y, [...unmasked(a, tensor(b)), tensor(k)])), mul: two((a, b) => a * b), maximum: both(Math.max), minimum: both(Math.min), atan2: both(Math.atan2),
  div: native("x, other", (a, b) => { const t = [a, tensor(b)]; return each((x, y) => x / y, t, real(new Tensor([], [0], widest(...t)))); }),
  pow: native("base, exponent", (a, b) => {
    if (![a, b].every(OPERAND[0]) || (scalar(a) && scalar(b))) throw typeError(`pow() takes tensors and numbers, found ${kind(a)} and ${kind(b)}`);
    const t = [tensor(a), tensor(b)];
    if (!widest(...t).startsWith("float") && t[1].data.some((v) => v < 0)) throw runtimeError("Integers to negative integer powers are not allowed.");
    return each((x, y) => x ** y, t);
  }),
  eq: two((a, b) => +(a === b), "bool"), ne: two((a, b) => +(a !== b), "bool"), lt: two((a, b) => +(a < b), "bool"), le: two((a, b) => +(a <= b), "bool"), gt: two((a, b) => +(a > b), "bool"), ge: two((a, b) => +(a >= b), "bool"),
  logical_and: both((a, b) => +(!!a && !!b), "bool"), logical_or: both((a, b) => +(!!a || !!b), "bool"), logical_xor: both((a, b) => +(!a !== !b), "bool"),
  clamp: native("x, low=None, high=None", (x, low, high) => each((v, a, b) => Math.min(Math.max(v, a), b), [x, tensor(low ?? -Infinity), tensor(high ?? Infinity)], low instanceof Tensor || high instanceof Tensor ? widest(x) : x.dtype)),
  lerp: native("x, mate, weight", (a, b, w) => each((x, y, k) => x + k * (y - x), [a, b, tensor(w)])),
  where: native("condition, yes=None, no=None", (c, a, b) => {
    if (a === null) throw elsewhere("`where` without values");
    return each((x, y, z) => (x ? y : z), [c, tensor(a), tensor(b)], widest(tensor(a), tensor(b)));
  }),
  masked_fill: native("x, mask, value", (x, m, v) => each((a, b, c) => (b ? c : a), [x, m, tensor(number(v))], x.dtype)),
  sum: reduction(sum, wide), prod: native(X_DIM, (x, dim, keep) => fold(x, dim, keep, (v) => Array.from(v).reduce((a, b) => a * b, 1), wide(x))),
  mean: native("x, over=None, keepdim=False, dtype=None", average("mean", mean)), median: native(X_DIM, (x, dim, keep) => { const values = fold(x, dim, keep, middle); return dim === null ? values : placed("median", values); }),
  var: native("x, over=None, correction=1, keepdim=False", (x, dim, less, keep) => (typeof dim === "boolean" ? average("var", variance(dim))(x, null, false) : average("var", variance(less))(x, dim, keep))),
  std: native("x, over=None, correction=1, keepdim=False", (x, dim, less, keep) => FUNCTIONS.sqrt([FUNCTIONS.var([x, dim, less, keep])])),
  norm: native("x, p=2, over=None, keepdim=False", (x, p, dim, keep) => {
    const by = p === null || p === "fro" ? 2 : number(p);
    return fold(x, dim, keep, (v) => (by === Infinity ? Math.max(...v.map(Math.abs)) : Array.from(v).reduce((a, b) => a + Math.abs(b) ** by, 0) ** (1 / by)), real(x));
  }),
  logsumexp: native("x, over, keepdim=False", (x, dim, keep) => fold(x, dim, keep, (v) => { const top = Math.max(...v); return top + Math.log(sum(v.map((a) => Math.exp(a - top)))); })),
  any: reduction((v) => +v.some((a) => a), () => "bool"), all: reduction((v) => +v.every((a) => a), () => "bool"),
  max: extreme("max", most, Math.max), min: extreme("min", least, Math.min), amax: reduction((v) => v[most(v)]), amin: reduction((v) => v[least(v)]),
  argmax: place(most), argmin: place(least), count_nonzero: native("x, over=None", (x, dim) => fold(x, dim, false, (v) => v.filter((a) => a).length, "int64")),
  cumsum: native("x, dim", (x, dim) => lines(x, dim, running((a, b) => a + b), wide(x))), cumprod: native("x, dim", (x, dim) => lines(x, dim, running((a, b) => a * b), wide(x))),
  flip: native("x, *dims", (x, dims) => sizes(dims).reduce((/** @type {Tensor} */ t, /** @type {number} */ d) => lines(t, d, (v) => v.slice().reverse()), x)),
  diff: native("x, n=1, dim=-1, prepend=None, append=None", (x, n, dim, before, after) => { if (n !== 1n) throw elsewhere("`diff` of differences"); return lines(join([before, x, after].filter((t) => t !== null), dim), dim, (v) => v.slice(1).map((a, i) => a - v[i])); }),
  pad: native("x, pad, mode=None, value=0.0", (x, by, mode, value) => list(by).reduce((/** @type {Tensor} */ t, /** @type {number} */ n, /** @type {number} */ i) => { if (mode !== null && mode !== "constant") throw elsewhere("another `mode` of `pad`"); const edge = (/** @type {any} */ v) => Array(Math.max(n, 0)).fill(number(value)); return lines(t, -1 - (i >> 1), (v) => (n < 0 ? (i % 2 ? v.slice(0, n) : v.slice(-n)) : i % 2 ? [...v, ...edge(v)] : [...edge(v), ...v])); }, x)),
  quantile: native("x, q, dim=None, keepdim=False", (x, q, dim, keep) => fold(x, dim, keep, (v) => { const at = v.slice().sort(); const k = number(q) * (at.length - 1); const low = Math.floor(k); return at[low] + (k - low) * ((at[low + 1] ?? 0) - at[low] || 0); })),
  roll: native("x, shifts, dims=None", (x, by, dim) => reshape(lines(dim === null ? reshape(x, [-1]) : x, dim ?? 0, (v) => v.map((_, i) => v[(((i - number(by)) % v.length) + v.length) % v.length])), x.shape)),
  softmax: native("x, dim, dtype=None", (x, dim) => lines(x, dim, softmax)), log_softmax: native("x, dim, dtype=None", (x, dim) => lines(x, dim, (v) => softmax(v).map(Math.log))),
  sort: native("x, dim=-1, descending=False", (x, dim, down) => placed("sort", lines(x, dim, (v) => ordered(v, down).map((i) => v[i])), lines(x, dim, (v) => ordered(v, down), "int64"))),
  reshape: native("x, *shape", (x, shape) => reshape(x, sizes(shape))), view: native("x, *shape", (x, shape) => reshape(x, sizes(shape))), view_as: native("x, mate", (x, o) => reshape(x, o.shape)),
  flatten: native("x, start_dim=0, end_dim=-1", (x, a, b) => { const [from, to] = [axis(a, x.ndim), axis(b, x.ndim)]; return reshape(x, [...x.shape.slice(0, from), count(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]); }),
  permute: native("x, *dims", (x, dims) => {
    if (sizes(dims).length !== x.ndim) throw runtimeError(`permute(): the tensor has ${x.ndim} dimensions, but the ordering has ${sizes(dims).length}`);
    return permute(x, sizes(dims).map((/** @type {number} */ d) => axis(d, x.ndim)));
  }), movedim: native("x, source, destination", (x, a, b) => { const order = [...x.shape.keys()].filter((i) => i !== axis(a, x.ndim)); return permute(x, spliced(order, axis(b, x.ndim), axis(a, x.ndim))); }),
  transpose: native("x, dim0, dim1", (x, a, b) => { const order = [...x.shape.keys()]; const [i, j] = [axis(a, order.length), axis(b, order.length)]; [order[i], order[j]] = [j, i]; return permute(x, order); }), t: native("x", (x) => permute(x, [...x.shape.keys()].reverse())),
  unsqueeze: native("x, dim", unsqueeze), squeeze: native("x, over=None", (x, dim) => { const gone = axes(dim, x.ndim); return reshape(x, x.shape.filter((/** @type {number} */ n, /** @type {number} */ i) => n !== 1 || !gone.includes(i))); }),
  expand: native("x, *shape", (x, shape) => broadcast(x, sizes(shape).map((/** @type {number} */ n, /** @type {number} */ i, /** @type {number[]} */ all) => (n === -1 ? x.shape[i - all.length + x.ndim] : n)))), expand_as: native("x, mate", (x, o) => broadcast(x, o.shape)), broadcast_to: native("x, shape", (x, shape) => broadcast(x, list(shape))),
  repeat: native("x, *times", (x, times) => { const by = sizes(times); const t = reshape(x, [...Array(by.length - x.ndim).fill(1), ...x.shape]); return by.reduce((/** @type {Tensor} */ r, /** @type {number} */ n, /** @type {number} */ d) => join(Array(n).fill(r), d), t); }),
  repeat_interleave: native("x, times, dim=None", (x, n, dim) => { if (n instanceof Tensor) throw elsewhere("`repeat_interleave` by a tensor"); return lines(dim === null ? reshape(x, [-1]) : x, dim ?? 0, (v) => [...v].flatMap((a) => Array(number(n)).fill(a))); }),
  cat: native("tensors, dim=0", (all, dim) => join(tensors(all), dim)), stack: native("tensors, dim=0", (all, dim) => join(tensors(all).map((t) => unsqueeze(t, dim)), dim)),
  split: native("x, size, dim=0", (x, by, dim) => {
    if (sequence(by)) throw elsewhere("`split` by several sizes");
    const [n] = sizes([by]);
    return Array.from({ length: Math.ceil(x.shape[axis(dim, x.ndim)] / n) }, (_, i) => lines(x, dim, (v) => v.slice(i * n, (i + 1) * n)));
  }),
  chunk: native("x, chunks, dim=0", (x, n, dim) => FUNCTIONS.split([x, BigInt(Math.ceil(x.shape[axis(dim, x.ndim)] / number(n))), dim])),
  unbind: native("x, dim=0", (x, dim) => FUNCTIONS.split([x, 1n, dim]).map((/** @type {Tensor} */ t) => FUNCTIONS.squeeze([t, dim]))),
  ...Object.fromEntries("matmul mm bmm mv dot".split(" ").map((name) => [name, native("x, mate", matmul)])),
  outer: native("x, mate", (a, b) => each((x, y) => x * y, [unsqueeze(a, 1n), unsqueeze(b, 0n)])),
  diag: native("x, diagonal=0", (x, k) => { plain(k); return x.ndim === 1 ? each((a, b) => a * b, [MAKERS.eye([BigInt(x.size)]), x]) : FUNCTIONS.diagonal([x]); }), fill_diagonal: native("x, value", (x, v) => masked(x, (i, j) => i !== j, number(v))),
  triu: native("x, diagonal=0", (x, k) => masked(x, (i, j) => j - i >= number(k))), tril: native("x, diagonal=0", (x, k) => masked(x, (i, j) => j - i <= number(k))), corrcoef: native("x", (x) => { const c = FUNCTIONS.cov([x]); const s = FUNCTIONS.sqrt([FUNCTIONS.diagonal([c])]); return each((a, b, d) => a / b / d, [c, unsqueeze(s, 1n), s]); }),
  unflatten: native("x, dim, sizes", (x, dim, by) => { const d = axis(dim, x.ndim); const into = list(by); const rest = count(into.filter((/** @type {number} */ n) => n !== -1)); return reshape(x, [...x.shape.slice(0, d), ...into.map((/** @type {number} */ n) => (n === -1 ? x.shape[d] / rest : n)), ...x.shape.slice(d + 1)]); }),
  var_mean: native("x, over=None, correction=1, keepdim=False", (x, dim, less, keep) => [FUNCTIONS.var([x, dim, less, keep]), FUNCTIONS.mean([x, dim, keep])]),
  group_norm: native("x, groups, weight=None, bias=None, eps=1e-5", (x, groups, w, b, eps) => { const v = reshape(x, [x.shape[0], Number(groups), -1]); return reshape(each((a, m, s) => (a - m) / Math.sqrt(s + number(eps)), [v, fold(v, -1, true, mean), fold(v, -1, true, variance(0))]), x.shape); }), diagonal: native("x, diagonal=0", (x, k) => { plain(k); matrix(x); return new Tensor(Array.from({ length: Math.min(...x.shape) }, (_, i) => x.data[i * x.shape[1] + i]), [Math.min(...x.shape)], x.dtype); }), trace: native("x", (x) => FUNCTIONS.sum([FUNCTIONS.diagonal([x])])),
  cov: native("x, correction=1", (x, less) => { matrix(x); const c = each((a, m) => a - m, [x, fold(x, 1, true, mean)]); return each((a) => a / (x.shape[1] - number(less)), [matmul(c, permute(c, [1, 0]))]); }),
  cdist: native("x, mate", (a, b) => FUNCTIONS.sqrt([fold(squared(unsqueeze(a, -2n), unsqueeze(b, -3n)), -1, false, sum)])), mse_loss: native("x, mate", (a, b) => fold(squared(a, b), null, false, mean)),
  float: as("float32"), double: as("float64"), long: as("int64"), int: as("int64"), bool: as("bool"), half: as("float32"), to: native("x, what=None, dtype=None", (x, what, dtype) => converted(converted(x, what), dtype)), type: native("x, dtype", cast),
  clone: native("x", (x) => cast(x, x.dtype)), detach: native("x", (x) => x), contiguous: native("x", (x) => x), cpu: native("x", (x) => x),
  item: native("x", (x) => { if (x.size !== 1) throw runtimeError(`a Tensor with ${x.size} elements cannot be converted to Scalar`); return x.dtype === "int64" ? BigInt(number(x)) : x.dtype === "bool" ? !!number(x) : number(x); }), tolist: native("x", (x) => nested(x)), dim: native("x", (x) => BigInt(x.ndim)), numel: native("x", (x) => BigInt(x.size)),
  size: native("x, dim=None", (x, d) => (d === null ? called("torch.Size", x.shape.map(BigInt)) : BigInt(x.shape[axis(d, x.ndim)]))), nonzero: native("x", (x) => { const at = [...x.data.keys()].filter((i) => x.data[i]); const by = strides(x.shape); return new Tensor(at.flatMap((i) => by.map((step, d) => Math.floor(i / step) % x.shape[d])), [at.length, x.ndim], "int64"); }),
  zeros_like: like(0), ones_like: like(1), empty_like: like(0), full_like: native("x, value, dtype=None", (x, v, d) => new Tensor(new Float64Array(x.size).fill(number(v)), x.shape, d ?? x.dtype)), new_zeros: native("x, *size", (x, size) => filled(0)(size)), new_ones: native("x, *size", (x, size) => filled(1)(size)),
  randn_like: native("x", (x) => new Tensor(x.data.map(normal), x.shape)), rand_like: native("x", (x) => new Tensor(x.data.map(uniform), x.shape)),
  bernoulli: native("x, p=None", (x, p) => new Tensor(x.data.map((/** @type {number} */ v) => +(uniform() < (p === null ? v : number(p)))), x.shape, x.dtype)), index_select: native("x, dim, index", (x, dim, index) => lines(x, dim, (v) => [...index.data].map((i) => v[i]))), gather: native("x, dim, index", (x, dim, index) => { if (x.ndim !== 1) throw elsewhere("`gather` along one of several axes"); return FUNCTIONS.index_select([x, dim, index]); }),
  isclose: native("x, mate", (a, b) => each((x, y) => +(Math.abs(x - y) <= 1e-8 + 1e-5 * Math.abs(y)), [a, b], "bool")), allclose: native("x, mate, rtol=1e-5, atol=1e-8", (a, b, r, t) => each((x, y) => +(Math.abs(x - y) <= number(t) + number(r) * Math.abs(y)), [a, b], "bool").data.every((v) => v)),
}; // prettier-ignore
titled(FUNCTIONS);
const ALIASES = { arccos: "acos", arcsin: "asin", arctan: "atan", subtract: "sub", multiply: "mul", divide: "div", absolute: "abs", negative: "neg", clip: "clamp", concat: "cat", concatenate: "cat", ravel: "flatten" };
for (const [name, of] of Object.entries(ALIASES)) FUNCTIONS[name] = FUNCTIONS[of];

/** @param {Tensor} x @returns {any} */
const nested = (x) => (x.ndim ? Array.from({ length: x.shape[0] }, (_, i) => nested(new Tensor(x.data.slice((i * x.size) / x.shape[0], ((i + 1) * x.size) / x.shape[0]), x.shape.slice(1), x.dtype))) : FUNCTIONS.item([x]));

/** What makes tensors of nothing, and what belongs to no tensor. @type {Record<string, any>} */
const MAKERS = {
  tensor: native("data, dtype=None", (data, dtype) => (dtype ? cast(tensor(data), dtype) : cast(tensor(data), tensor(data).dtype))),
  as_tensor: native("data, dtype=None", (data, dtype) => (dtype ? cast(tensor(data), dtype) : tensor(data))),
  zeros: filled(0), ones: filled(1), empty: filled(0), rand: drawn(uniform), randn: drawn(normal),
  full: native("size, value, dtype=None", (size, v, d) => new Tensor(numbers(list(size), () => number(v)), list(size), d ?? tensor(v).dtype)),
  eye: native("n", (n) => new Tensor(numbers([number(n), number(n)], (i) => +(i % (number(n) + 1) === 0)), [number(n), number(n)])),
  arange: native("start, end=None, step=1, dtype=None", (a, b, s, d) => {
    const [from, to, by] = b === null ? [0, number(a), number(s)] : [number(a), number(b), number(s)];
    const whole = [a, b, s].every((v) => v === null || typeof v === "bigint");
    const n = Math.max(0, Math.ceil((to - from) / by));
    return new Tensor(Float64Array.from({ length: n }, (_, i) => from + i * by), [n], d ?? (whole ? "int64" : "float32"));
  }),
  logspace: native("start, end, steps", (a, b, n) => FUNCTIONS.pow([10n, MAKERS.linspace([a, b, n])])), hstack: native("tensors", (all) => join(tensors(all), all[0].ndim === 1 ? 0 : 1)), vstack: native("tensors", (all) => join(tensors(all).map((t) => (t.ndim === 1 ? unsqueeze(t, 0n) : t)), 0)),
  linspace: native("start, end, steps, dtype=None", (a, b, n, d) => new Tensor(numbers([number(n)], (i) => number(a) + (i && (i * (number(b) - number(a))) / (number(n) - 1))), [number(n)], d ?? "float32")),
  randint: native("least, most=None, size=None", (low, high, size) => { const [a, b, s] = size === null ? [0, number(low), high] : [number(low), number(high), size]; return new Tensor(numbers(list(s), () => a + Math.floor(Math.random() * (b - a))), list(s), "int64"); }),
  no_grad: native("*all", () => null), inference_mode: native("*all", () => null), enable_grad: native("*all", () => null), is_tensor: native("it", (x) => x instanceof Tensor),
  float32: "float32", float: "float32", float16: "float32", float64: "float64", double: "float64", int64: "int64", long: "int64", int32: "int64", int: "int64", half: "float32", bool: "bool", pi: Math.PI, e: Math.E, inf: Infinity, nan: NaN, newaxis: null,
}; // prettier-ignore
const linalg = titled({
  norm: native("x, ord=None, over=None, keepdim=False", (x, p, dim, keep) => { if (p !== null && (dim === null ? x.ndim !== 1 : sequence(dim))) throw elsewhere("the norm of a matrix"); return FUNCTIONS.norm([x, p, dim, keep]); }), vector_norm: FUNCTIONS.norm,
  eigvals: native("x", (x) => eigenvalues(x)), eigvalsh: native("x", (x) => symmetric(x).values), eigh: native("x", (x) => { const { values, vectors } = symmetric(x); return called("torch.return_types.linalg_eigh", Object.assign([values, vectors], { eigenvalues: values, eigenvectors: vectors })); }),
}); // prettier-ignore
const distributions = titled({
  Normal: native("loc, scale", (m, s) => called("Normal", {
    log_prob: native("x", (x) => each((v, a, b) => -0.5 * ((v - a) / b) ** 2 - Math.log(b) - 0.5 * Math.log(2 * Math.PI), [x, tensor(m), tensor(s)])),
    cdf: native("x", (x) => each((v, a, b) => (1 + erf((v - a) / b / Math.SQRT2)) / 2, [x, tensor(m), tensor(s)])),
  })),
});
/** The error function, to 1.5e-7 (Abramowitz and Stegun, 7.1.26). @param {number} x */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  return Math.sign(x) * (1 - t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x));
}

/** The functions of these names, and those of others. @param {string} names @param {Record<string, any>} from */
const pick = (names, from = FUNCTIONS) => Object.fromEntries(names.split(" ").map((name) => [name, from[name]]));
/** @param {string} names @param {Record<string, any>} from */
const without = (names, from = FUNCTIONS) => Object.fromEntries(Object.entries(from).filter(([name]) => !names.split(" ").includes(name)));

const METHODS = without("silu pad mse_loss cat concat concatenate stack where var_mean group_norm cdist zeros_like ones_like empty_like full_like randn_like rand_like fill_diagonal");
const functional = called("module", pick("silu relu sigmoid tanh softmax log_softmax pad mse_loss group_norm"));
const nn = called("module", { functional });
/** A function whose sizes stand in a list, where the tensor's own takes them one by one, too. @param {string} name */
const listing = (name) => (/** @type {any[]} */ args, /** @type {any} */ named) => (args.length > 1 && list(args[1]), FUNCTIONS[name](args, named)); // prettier-ignore
export const torch = called("module", { ...without("silu pad mse_loss fill_diagonal view view_as expand expand_as repeat to type contiguous cpu item tolist dim size new_zeros new_ones"), reshape: listing("reshape"), permute: listing("permute"), flip: listing("flip"), ...titled(MAKERS), linalg: called("module", linalg), distributions: called("module", distributions), nn });
/** numpy flattens where no axis is named. @param {string} name */
const flat = (name) => native("x, dim=None", (x, dim) => FUNCTIONS[name](dim === null ? [reshape(x, [-1]), 0n] : [x, dim]));
/** What takes lists and numbers, too, and says in other words what is wrong: these arguments become tensors. @param {any} f @param {number} [many] the first ones */
const asNumpy = (f, many = 1) => (/** @type {any[]} */ args, /** @type {any} */ named) => {
  try {
    return f(args.map((a, i) => (i < many ? tensor(a) : a)), named); // prettier-ignore
  } catch {
    throw elsewhere("this call of numpy");
  }
};
const every = (/** @type {Record<string, any>} */ all, many = 1) => Object.fromEntries(Object.entries(all).map(([name, f]) => [name, asNumpy(f, many)]));
/** Without what numpy refuses to do with PyTorch's tensors, such as the mean. */
export const numpy = called("module", {
  ...every({ ...pick("exp log log2 log10 log1p expm1 sqrt sin cos tan tanh arctan abs square sign floor ceil isnan argmax argmin argsort diff diag reshape"), cumsum: flat("cumsum"), cumprod: flat("cumprod") }),
  ...every({ ...pick("add subtract multiply divide maximum minimum where dot matmul outer allclose"), power: FUNCTIONS.pow }, 3),
  ...every({ ...pick("concatenate stack"), ...pick("hstack vstack zeros ones full eye arange", MAKERS), array: MAKERS.tensor }, 0), ...pick("float32 float64 int64 pi e inf nan newaxis", MAKERS), linspace: native("start, end, steps=50", (...all) => MAKERS.linspace(all)), linalg: called("module", every(without("vector_norm", linalg))),
}); // prettier-ignore

/** What a module's name stands for; builtins.js adds math. @type {Record<string, any>} */
export const MODULES = { torch, "torch.nn.functional": functional, "torch.nn": nn, "torch.linalg": torch.linalg, "torch.distributions": torch.distributions, numpy };

/** A tensor's own attributes that are no functions. @type {Record<string, (x: Tensor) => any>} */
const PARTS = {
  shape: (x) => called("torch.Size", x.shape.map(BigInt)), ndim: (x) => BigInt(x.ndim), dtype: (x) => x.dtype, device: () => "cpu", real: (x) => x, data: (x) => x,
  T: (x) => permute(x, [...x.shape.keys()].reverse()), mT: (x) => FUNCTIONS.transpose([x, -1n, -2n]),
}; // prettier-ignore
export const ATTRIBUTES = [...Object.keys(PARTS), ...Object.keys(METHODS)];

/** A tensor's own attribute; undefined where it has none of this name. @param {Tensor} x @param {string} name @returns {any} */
export function attribute(x, name) {
  if (Object.hasOwn(PARTS, name)) return PARTS[name](x);
  if (/^(numpy|astype|copy)$/.test(name)) throw elsewhere("a numpy array");
  if (/^(grad|backward|requires_grad_)$/.test(name)) throw elsewhere("a gradient");
  const own = (/** @type {any} */ f, inPlace = true) => (/** @type {any[]} */ args, /** @type {any} */ named) => (inPlace ? overwrite(x, f([x, ...args], named)) : f([x, ...args], named)); // prettier-ignore
  if (Object.hasOwn(METHODS, name)) return own(METHODS[name], false);
  const plain = name.endsWith("_") && !name.startsWith("_") ? name.slice(0, -1) : "";
  if (plain === "fill" || plain === "zero") return own(native("x, value=0", (t, v) => each(() => number(v), [t], t.dtype)));
  return Object.hasOwn(FUNCTIONS, plain) ? own(FUNCTIONS[plain]) : undefined;
}

/** @param {Tensor} x @param {Tensor} value */
export function overwrite(x, value) {
  if (value.floats && !x.floats) throw runtimeError(`result type ${value.dtype} can't be cast to the desired output type ${x.dtype}`);
  x.data.set(broadcast(value, x.shape).data);
  return x;
}
