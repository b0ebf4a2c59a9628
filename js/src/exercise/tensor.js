// Arrays as PyTorch has them: shapes, broadcasting, reductions, indexing. float32 rounds as it does there; nothing shares memory.

import { indexError, runtimeError, typeError, valueError } from "./tokens.js";

/** @typedef {"bool" | "int64" | "float32" | "float64"} DType */
/** @typedef {Float32Array | Float64Array} Numbers */
/** @typedef {{ start: any, stop: any, step: any }} Slice as in x[start:stop:step] */

/** From the narrowest to the widest. @type {DType[]} */
export const DTYPES = ["bool", "int64", "float32", "float64"];

export class Tensor {
  /** @param {ArrayLike<number>} data row by row @param {number[]} shape @param {DType} [dtype] */
  constructor(data, shape, dtype = "float32") {
    const Kind = dtype === "float32" ? Float32Array : Float64Array;
    /** @type {Numbers} */
    this.data = data instanceof Kind ? data : Kind.from(data);
    this.shape = shape;
    this.dtype = dtype;
  }
  get size() {
    return this.data.length;
  }
  get ndim() {
    return this.shape.length;
  }
  get floats() {
    return this.dtype === "float32" || this.dtype === "float64";
  }
}

/** @param {number[]} shape */
export const count = (shape) => shape.reduce((n, d) => n * d, 1);

/** How far apart neighbours lie along each axis. @param {number[]} shape */
export function strides(shape) {
  const found = new Array(shape.length);
  for (let i = shape.length - 1, step = 1; i >= 0; i--) (found[i] = step), (step *= shape[i]);
  return found;
}

/** @param {number[]} shape */
export const written = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

const KIND = Symbol("kind");
/** A list, or an object, that Python calls something else: a tuple, a generator, a module. @template {object} T @param {string} name @param {T} of @returns {T} */
export const called = (name, of) => Object.assign(of, { [KIND]: name });
const KINDS = /** @type {Record<string, string>} */ ({ bigint: "int", number: "float", boolean: "bool", string: "str", function: "function", symbol: "ellipsis" });
/** A value's type in Python. @param {any} x @returns {string} */
export const kind = (x) => (x === null ? "NoneType" : x instanceof Tensor ? "Tensor" : (x?.[KIND] ?? (Array.isArray(x) ? "list" : x instanceof Map ? "dict" : (KINDS[typeof x] ?? "object"))));

/** Is it a plain number? @param {any} x */
export const scalar = (x) => ["number", "bigint", "boolean"].includes(typeof x);
/** Is it a list or a tuple? @param {any} x */
export const row = (x) => ["list", "tuple", "torch.Size"].includes(kind(x)) || kind(x).startsWith("torch.return_types.");
/** Can it be indexed, and asked for its length? @param {any} x */
export const sequence = (x) => row(x) || kind(x) === "range";

/** What a loop goes through. @param {any} x @returns {any[]} */
export function items(x) {
  if (Array.isArray(x)) return x;
  if (x instanceof Map) return [...x.keys()];
  if (typeof x === "string") return [...x];
  if (!(x instanceof Tensor)) throw typeError(`'${kind(x)}' object is not iterable`);
  if (!x.ndim) throw typeError("iteration over a 0-d tensor");
  const rest = x.shape.slice(1);
  return Array.from({ length: x.shape[0] }, (_, i) => new Tensor(x.data.slice(i * count(rest), (i + 1) * count(rest)), rest, x.dtype));
}

/** A number as a tensor without axes, a list of them as one with axes. @param {any} x @returns {Tensor} */
export function tensor(x) {
  if (x instanceof Tensor) return x;
  if (scalar(x)) return new Tensor([Number(x)], [], typeof x === "bigint" ? "int64" : typeof x === "boolean" ? "bool" : "float32");
  if (typeof x === "string") throw typeError("new(): invalid data type 'str'");
  if (!sequence(x)) throw runtimeError(`Could not infer dtype of ${kind(x)}`);
  const parts = items(x).map((part) => (part instanceof Tensor && part.size === 1 ? new Tensor(part.data, [], part.dtype) : part));
  if (parts.some((part) => part instanceof Tensor && part.size !== 1)) throw valueError("only one element tensors can be converted to Python scalars");
  const found = parts.map(tensor);
  const shape = found[0]?.shape ?? [];
  for (const one of found) if (written(one.shape) !== written(shape)) throw valueError("expected rows of equal length");
  return new Tensor(found.flatMap((one) => [...one.data]), [found.length, ...shape], found.length ? widest(...found) : "float32"); // prettier-ignore
}

/** The dtype of a result: tensors with axes count first, then those without. @param {...Tensor} all @returns {DType} */
export function widest(...all) {
  const kind = (/** @type {Tensor} */ t) => (t.floats ? 2 : t.dtype === "int64" ? 1 : 0);
  const pick = (/** @type {Tensor[]} */ some) => DTYPES[Math.max(0, ...some.map((t) => DTYPES.indexOf(t.dtype)))];
  const arrays = all.filter((t) => t.ndim);
  const scalars = all.filter((t) => !t.ndim);
  if (!arrays.length) return pick(scalars);
  return scalars.some((s) => kind(s) > Math.max(...arrays.map(kind))) ? pick(all) : pick(arrays);
}

/** The shape that several broadcast to. @param {...number[]} shapes */
export function common(...shapes) {
  const length = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length }, (_, i) => {
    const sizes = shapes.map((s) => s[i - length + s.length] ?? 1);
    const wide = sizes.find((d) => d !== 1) ?? 1;
    const other = sizes.find((d) => d !== 1 && d !== wide);
    if (other !== undefined) throw runtimeError(`The size of tensor a (${wide}) must match the size of tensor b (${other}) at non-singleton dimension ${i}`);
    return wide;
  });
}

/** Where each element of `shape` lies in a tensor that broadcasts to it. @param {number[]} own @param {number[]} shape */
function places(own, shape) {
  const steps = strides(own);
  const by = shape.map((_, i) => {
    const k = i - shape.length + own.length;
    return k < 0 || own[k] === 1 ? 0 : steps[k];
  });
  return walk(shape, by, 0);
}

/** The offsets of all elements of `shape`, with these steps along its axes. @param {number[]} shape @param {number[]} by @param {number} from */
function walk(shape, by, from) {
  let found = [from];
  shape.forEach((n, axis) => {
    const next = new Array(found.length * n);
    for (let i = 0, k = 0; i < found.length; i++) for (let j = 0; j < n; j++) next[k++] = found[i] + j * by[axis];
    found = next;
  });
  return found;
}

/** @param {Tensor} x @param {number[]} shape */
export function broadcast(x, shape) {
  if (written(common(x.shape, shape)) !== written(shape)) throw runtimeError(`a tensor of shape ${written(x.shape)} cannot be expanded to ${written(shape)}`);
  return new Tensor(
    places(x.shape, shape).map((i) => x.data[i]),
    shape,
    x.dtype,
  );
}

/** f of each element of several tensors. @param {(...values: number[]) => number} f @param {Tensor[]} all @param {DType} [dtype] */
export function each(f, all, dtype = widest(...all)) {
  const shape = common(...all.map((t) => t.shape));
  const at = all.map((t) => (written(t.shape) === written(shape) ? null : places(t.shape, shape)));
  const data = new Float64Array(count(shape));
  for (let i = 0; i < data.length; i++) data[i] = f(...all.map((t, k) => t.data[at[k]?.[i] ?? i]));
  return new Tensor(data, shape, dtype);
}

/** An axis, counted from the end where it is negative. @param {any} dim @param {number} ndim */
export function axis(dim, ndim) {
  if (typeof dim === "boolean") throw typeError("argument 'dim' must be int, not bool");
  const d = Number(dim instanceof Tensor ? dim.data[0] : dim);
  const most = Math.max(ndim, 1);
  if (!Number.isInteger(d) || d < -most || d >= most) throw indexError(`Dimension out of range (expected to be in range of [${-most}, ${most - 1}], but got ${d})`);
  return d < 0 ? d + most : d;
}

/** The axes that a reduction is over: all where none is named. @param {any} dim @param {number} ndim */
export const axes = (dim, ndim) => (dim === null || dim === undefined || dim.length === 0 ? [...Array(ndim).keys()] : (Array.isArray(dim) ? dim : [dim]).map((d) => axis(d, ndim)));

/**
 * f of all elements along some axes.
 * @param {Tensor} x @param {any} dim one axis, several, or null for all @param {boolean} keep their axes, of size 1
 * @param {(values: Numbers) => number} f @param {DType} [dtype]
 */
export function fold(x, dim, keep, f, dtype = x.dtype) {
  const gone = axes(dim, x.ndim);
  const steps = strides(x.shape);
  const stay = [...x.shape.keys()].filter((i) => !gone.includes(i));
  const pick = (/** @type {number[]} */ which) => walk(which.map((i) => x.shape[i]), which.map((i) => steps[i]), 0); // prettier-ignore
  const within = x.ndim ? pick(gone) : [0];
  const data = pick(stay).map((from) => f(Float64Array.from(within, (k) => x.data[from + k])));
  return new Tensor(data, keep ? x.shape.map((n, i) => (gone.includes(i) ? 1 : n)) : stay.map((i) => x.shape[i]), dtype);
}

/** Each line along an axis replaced by another one. @param {Tensor} x @param {any} dim @param {(line: Numbers) => ArrayLike<number>} f @param {DType} [dtype] */
export function lines(x, dim, f, dtype = x.dtype) {
  const d = axis(dim, x.ndim);
  const last = permute(x, [...x.shape.keys()].filter((i) => i !== d).concat(x.ndim ? d : [])); // prettier-ignore
  const n = x.shape[d] ?? 1;
  const made = Array.from({ length: n ? last.size / n : 0 }, (_, i) => [...Array.from(f(last.data.slice(i * n, (i + 1) * n)))]);
  const shape = [...last.shape.slice(0, -1), made[0]?.length ?? 0];
  const found = new Tensor(made.flat(), x.ndim ? shape : [], dtype);
  const order = [...x.shape.keys()].filter((i) => i !== x.ndim - 1);
  order.splice(d, 0, x.ndim - 1);
  return x.ndim ? permute(found, order) : found;
}

/** @param {Tensor} x @param {number[]} order */
export function permute(x, order) {
  const steps = strides(x.shape);
  const shape = order.map((i) => x.shape[i]);
  return new Tensor(walk(shape, order.map((i) => steps[i]), 0).map((i) => x.data[i]), shape, x.dtype); // prettier-ignore
}

/** @param {Tensor} x @param {number[]} shape with at most one -1 */
export function reshape(x, shape) {
  const known = shape.filter((d) => d !== -1);
  const missing = shape.length - known.length;
  const full = shape.map((d) => (d === -1 ? x.size / (count(known) || 1) : d));
  if (missing > 1 || count(full) !== x.size || full.some((d) => !Number.isInteger(d) || d < 0)) throw runtimeError(`shape '[${shape.join(", ")}]' is invalid for input of size ${x.size}`);
  return new Tensor(x.data.slice(), full, x.dtype);
}

/** @param {Tensor[]} all @param {any} dim */
export function join(all, dim) {
  const ndim = all[0].ndim;
  const d = axis(dim, ndim);
  for (const t of all) {
    if (t.ndim !== ndim) throw runtimeError(`Tensors must have same number of dimensions: got ${ndim} and ${t.ndim}`);
    t.shape.forEach((n, i) => {
      if (i !== d && n !== all[0].shape[i]) throw runtimeError(`Sizes of tensors must match except in dimension ${d}. Expected size ${all[0].shape[i]} but got size ${n}`);
    });
  }
  const before = count(all[0].shape.slice(0, d));
  const data = [];
  for (let i = 0; i < before; i++) for (const t of all) data.push(...t.data.slice((i * t.size) / before, ((i + 1) * t.size) / before));
  return new Tensor(
    data,
    all[0].shape.map((n, i) => (i === d ? all.reduce((sum, t) => sum + t.shape[d], 0) : n)),
    widest(...all.map((t) => new Tensor(t.data, [1], t.dtype))),
  );
}

/** @param {Tensor} a @param {Tensor} b */
export function matmul(a, b) {
  const [one, two] = [a.ndim, b.ndim];
  if (!one || !two) throw runtimeError("both arguments to matmul need to be at least 1D");
  const x = one === 1 ? reshape(a, [1, ...a.shape]) : a;
  const y = two === 1 ? reshape(b, [...b.shape, 1]) : b;
  const [n, k] = x.shape.slice(-2);
  const [k2, m] = y.shape.slice(-2);
  if (k !== k2) throw runtimeError(`mat1 and mat2 shapes cannot be multiplied (${n}x${k} and ${k2}x${m})`);
  if (a.dtype !== b.dtype) throw runtimeError("expected both tensors to have the same dtype");
  const batch = common(x.shape.slice(0, -2), y.shape.slice(0, -2));
  const [p, q] = [broadcast(x, [...batch, n, k]), broadcast(y, [...batch, k, m])];
  const data = new Float64Array(count(batch) * n * m);
  for (let i = 0, at = 0; i < count(batch); i++)
    for (let r = 0; r < n; r++)
      for (let c = 0; c < m; c++, at++) for (let j = 0; j < k; j++) data[at] += p.data[(i * n + r) * k + j] * q.data[(i * k + j) * m + c];
  const shape = [...batch, ...(one === 1 ? [] : [n]), ...(two === 1 ? [] : [m])];
  return new Tensor(data, shape, widest(a, b));
}

/** A slice's first index, step and length. @param {Slice} slice @param {number} n */
export function span(slice, n) {
  const by = slice.step === null ? 1 : Number(slice.step);
  if (by === 0) throw valueError("slice step cannot be zero");
  const clip = (/** @type {any} */ v, /** @type {number} */ none) => (v === null ? none : Math.max(by > 0 ? 0 : -1, Math.min(by > 0 ? n : n - 1, Number(v) < 0 ? Number(v) + n : Number(v))));
  const [start, stop] = [clip(slice.start, by > 0 ? 0 : n - 1), clip(slice.stop, by > 0 ? n : -1)];
  return { start, by, length: Math.max(0, Math.ceil((stop - start) / by)) };
}

/** Where x[index] lies in x: the offsets and the shape. @param {Tensor} x @param {any[]} index numbers, slices, None, ..., tensors @returns {{ at: number[], shape: number[] }} */
export function located(x, index) {
  const parts = index.flatMap((part) => {
    const t = Array.isArray(part) ? tensor(part) : part;
    if (typeof t === "boolean") throw new Error("a bool as an index");
    if (!(t instanceof Tensor) || t.dtype !== "bool") return [t];
    const steps = strides(t.shape); // a mask: the places where it is true, an index for each of its axes
    const where = [...t.data.keys()].filter((i) => t.data[i]);
    return t.shape.map((n, d) => Object.assign(new Tensor(where.map((i) => Math.floor(i / steps[d]) % n), [where.length], "int64"), { of: n })); // prettier-ignore
  });
  const used = parts.filter((p) => p !== null && p !== Ellipsis).length;
  if (used > x.ndim) throw indexError(`too many indices for tensor of dimension ${x.ndim}`);
  const dots = parts.indexOf(Ellipsis);
  const all = new Array(x.ndim - used).fill(called("slice", { start: null, stop: null, step: null }));
  if (dots < 0) parts.push(...all);
  else parts.splice(dots, 1, ...all);
  const steps = strides(x.shape);
  /** @type {{ shape: number[], offsets: number[] }[]} */
  const made = [];
  const lists = parts.filter((p) => p instanceof Tensor);
  const wide = lists.length ? common(...lists.map((t) => t.shape)) : [];
  /** @type {number[] | null} */
  let picked = null;
  let place = -1, apart = false, last = -1, d = 0; // prettier-ignore
  parts.forEach((part, i) => {
    if (part === null) return void made.push({ shape: [1], offsets: [0] });
    const [n, step] = [x.shape[d], steps[d]];
    if (part instanceof Tensor) {
      if (part.floats && part.size) throw indexError("tensors used as indices must be long, int, byte or bool tensors");
      const { of = n } = /** @type {any} */ (part);
      if (of !== n) throw indexError(`The shape of the mask does not match the shape of the indexed tensor: ${of} and ${n} at dimension ${d}`);
      const own = [...broadcast(part, wide).data].map((v) => inside(v, n, d) * step);
      picked = picked ? picked.map((o, k) => o + own[k]) : own;
      if (place < 0) place = made.length;
      else if (last !== i - 1) apart = true;
      last = i;
    } else if (kind(part) === "slice") {
      const { start, by, length } = span(part, n);
      if (by < 0) throw valueError("step must be greater than zero");
      made.push({ shape: [length], offsets: Array.from({ length }, (_, k) => (start + k * by) * step) });
    } else {
      if (typeof part !== "bigint") throw indexError("only integers, slices, ..., None and tensors of integers or booleans are valid indices");
      made.push({ shape: [], offsets: [inside(Number(part), n, d) * step] });
    }
    d++;
  });
  if (picked) made.splice(apart ? 0 : place, 0, { shape: wide, offsets: picked });
  let at = [0];
  for (const { offsets } of made) at = at.flatMap((from) => offsets.map((o) => from + o));
  return { at, shape: made.flatMap((m) => m.shape) };
}

export const Ellipsis = Symbol("...");

/** @param {number} i @param {number} n @param {number} d */
function inside(i, n, d) {
  if (i < -n || i >= n) throw indexError(`index ${i} is out of bounds for dimension ${d} with size ${n}`);
  return i < 0 ? i + n : i;
}
