// What Python's objects do: their truth, their parts, their operators, and how they are written.

import { nearest, pythons } from "./names.js";
import { Tensor, called, each, items, kind, located, matmul, row, scalar, sequence, span, tensor, widest, written } from "./tensor.js";
import { Fault, indexError, runtimeError, typeError, valueError } from "./tokens.js";
import { ATTRIBUTES, FUNCTIONS, MODULES, attribute, native, number, unknown } from "./torch.js";

/** @param {any} x */
export function truth(x) {
  if (x instanceof Tensor && x.size !== 1) throw runtimeError("Boolean value of Tensor with more than one value is ambiguous");
  return x instanceof Tensor ? x.data[0] !== 0 : Array.isArray(x) ? x.length > 0 : x instanceof Map ? x.size > 0 : !(x === null || x === false || x === 0 || x === 0n || x === "");
}

/** Python's integer as a number. @param {any} x */
export function whole(x) {
  if (typeof x !== "bigint" && typeof x !== "boolean" && !(x instanceof Tensor && x.size === 1 && !x.floats)) throw typeError(`'${kind(x)}' object cannot be interpreted as an integer`);
  return number(x);
}

/** @param {any} f @param {any[]} args @param {Record<string, any>} [named] */
export function call(f, args, named = {}) {
  if (typeof f !== "function") throw typeError(`'${kind(f)}' object is not callable`);
  return f(args, named);
}

/** A dict's key. Raises an Error for one that is compared by its parts, which a Map does not do. @param {any} x */
export function key(x) {
  if (["list", "dict"].includes(kind(x))) throw typeError(`unhashable type: '${kind(x)}'`);
  if (Array.isArray(x)) throw new Error("a tuple as a key");
  return typeof x === "boolean" || (typeof x === "number" && Number.isInteger(x)) ? BigInt(x) : x;
}

/** @param {any} index @param {number} n */
export function position(index, n) {
  if (typeof index !== "bigint" && typeof index !== "boolean" && !(index instanceof Tensor)) throw typeError(`list indices must be integers or slices, not ${kind(index)}`);
  const i = whole(index);
  if (i < -n || i >= n) throw indexError("list index out of range");
  return i < 0 ? i + n : i;
}

/** @param {any} whole @param {any} index @param {boolean} several x[a, b] rather than x[a] */
export function item(whole, index, several) {
  if (whole instanceof Tensor) {
    const { at, shape } = located(whole, several ? index : [index]);
    return new Tensor(at.map((i) => whole.data[i]), shape, whole.dtype); // prettier-ignore
  }
  if (whole instanceof Map) {
    if (!whole.has(key(index))) throw new Fault("KeyError", show(index, true));
    return whole.get(key(index));
  }
  if (!sequence(whole) && typeof whole !== "string") throw typeError(`'${kind(whole)}' object is not subscriptable`);
  if (kind(index) === "slice") {
    const { start, by, length } = span(index, whole.length);
    const picked = Array.from({ length }, (_, i) => whole[start + i * by]);
    return typeof whole === "string" ? picked.join("") : called(kind(whole), picked);
  }
  return whole[position(index, whole.length)];
}

/** What can be done with a list. @param {any[]} x @returns {Record<string, any>} */
const ofList = (x) => ({
  append: native("value", (v) => void x.push(v)), extend: native("values", (all) => void x.push(...items(all))), insert: native("place, value", (i, v) => void x.splice(whole(i), 0, v)),
  pop: native("place=-1", (i) => { if (!x.length) throw indexError("pop from empty list"); return x.splice(position(i, x.length), 1)[0]; }),
  reverse: native("", () => void x.reverse()), sort: native("key=None, reverse=False", (by, down) => void x.splice(0, x.length, ...sorted(x, by, down))), copy: native("", () => [...x]), ...ofTuple(x),
}); // prettier-ignore
/** @param {any[]} x @returns {Record<string, any>} */
const ofTuple = (x) => ({ index: native("value", (v) => BigInt(found(x, v))), count: native("value", (v) => BigInt(x.filter((o) => alike(o, v)).length)) });
/** @param {Map<any, any>} x @returns {Record<string, any>} */
const ofDict = (x) => ({ get: native("name, preset=None", (k, preset) => (x.has(key(k)) ? x.get(key(k)) : preset)), keys: native("", () => [...x.keys()]), values: native("", () => [...x.values()]), items: native("", () => [...x].map((pair) => called("tuple", pair))) }); // prettier-ignore

/** Where a value stands in a list. @param {any[]} x @param {any} value */
function found(x, value) {
  const at = x.findIndex((o) => alike(o, value));
  if (at < 0) throw valueError(`${show(value, true)} is not in list`);
  return at;
}

/** @param {any[]} x @param {any} [by] a function that gives what to compare @param {any} [down] */
export function sorted(x, by = null, down = false) {
  const keys = new Map(x.map((v) => [v, by === null ? v : call(by, [v])]));
  return [...x].sort((a, b) => (truth(compare("<", keys.get(a), keys.get(b))) ? -1 : truth(compare("<", keys.get(b), keys.get(a))) ? 1 : 0) * (truth(down) ? -1 : 1));
}

/** @param {any} x @param {string} name @returns {any} */
export function member(x, name) {
  if (typeof name !== "string") throw typeError(`attribute name must be string, not '${kind(name)}'`);
  const type = kind(x);
  const own = type === "list" ? ofList(x) : Array.isArray(x) ? ofTuple(x) : x instanceof Map ? ofDict(x) : typeof x === "object" && x !== null && !(x instanceof Tensor) ? x : {};
  if (type === "torch.Size") own.numel = native("", () => x.reduce((/** @type {bigint} */ n, /** @type {bigint} */ d) => n * d, 1n));
  const part = x instanceof Tensor ? attribute(x, name) : Object.hasOwn(own, name) ? own[name] : Array.isArray(x) && Object.keys(x).includes(name) ? /** @type {any} */ (x)[name] : undefined;
  if (part !== undefined) return part;
  const module = Object.keys(MODULES).find((path) => MODULES[path] === x);
  const like = nearest(name, x instanceof Tensor ? ATTRIBUTES : Object.keys(own));
  const certain = like || ["NoneType", "list", "tuple", "torch.Size"].includes(type) || (!module && !(x instanceof Tensor) && ATTRIBUTES.includes(name));
  if (!certain || pythons(name)) throw unknown(module ? `\`${module}.${name}\`` : `\`.${name}\` of ${/^[aeio]/.test(type) ? "an" : "a"} ${type.toLowerCase()}`);
  throw new Fault("AttributeError", `${module ? `module '${module}'` : `'${type}' object`} has no attribute '${name}'${like}`);
}

/** Is it the same, or equal? @param {any} a @param {any} b @returns {boolean} */
const alike = (a, b) => a === b || truth(compare("==", a, b));

/** @param {any} a @param {any} whole */
function holds(a, whole) {
  if (typeof whole === "string") return whole.includes(a);
  if (!(whole instanceof Tensor)) return items(whole).some((o) => alike(o, a));
  return FUNCTIONS.eq([whole, a], {}).data.some((/** @type {number} */ v) => v);
}

/** @param {string} op @param {any} a @param {any} b @returns {any} */
export function compare(op, a, b) {
  if (op === "is" || op === "is not") return (a === b) === (op === "is");
  if (op === "in" || op === "not in") return holds(a, b) === (op === "in");
  const names = /** @type {Record<string, string>} */ ({ "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" });
  if ((a instanceof Tensor && (b instanceof Tensor || scalar(b))) || (b instanceof Tensor && scalar(a))) return FUNCTIONS[names[op]]([tensor(a), b], {});
  if (sequence(a) && sequence(b) && (kind(a) === "list") === (kind(b) === "list")) {
    const at = a.findIndex((/** @type {any} */ v, /** @type {number} */ i) => i >= b.length || !alike(v, b[i]));
    if (op === "==" || op === "!=") return (at < 0 && a.length === b.length) === (op === "==");
    return at < 0 || at >= b.length ? compare(op, BigInt(a.length), BigInt(b.length)) : compare(op, a[at], b[at]);
  }
  if (op === "==" || op === "!=") return (scalar(a) && scalar(b) ? Number(a) === Number(b) : a === b) === (op === "==");
  if (!((scalar(a) && scalar(b)) || (typeof a === "string" && typeof b === "string"))) throw typeError(`'${op}' not supported between instances of '${kind(a)}' and '${kind(b)}'`);
  return op === "<" ? a < b : op === "<=" ? a <= b : op === ">" ? a > b : a >= b;
}

/** @param {string} op @param {any} x */
export function unary(op, x) {
  if (op === "~") {
    if (typeof x === "bigint" || typeof x === "boolean") return ~BigInt(x);
    if (!(x instanceof Tensor)) throw typeError(`bad operand type for unary ~: '${kind(x)}'`);
    if (x.floats) throw typeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors");
    return each((v) => (x.dtype === "bool" ? +!v : ~v), [x]);
  }
  if (x instanceof Tensor) return op === "-" ? FUNCTIONS.neg([x], {}) : x;
  if (typeof x === "boolean") return op === "-" ? -BigInt(x) : BigInt(x);
  if (typeof x !== "bigint" && typeof x !== "number") throw typeError(`bad operand type for unary ${op}: '${kind(x)}'`);
  return op === "-" ? -x : x;
}

/** Of two integers, or of two floats. @type {Record<string, (a: any, b: any) => any>} */
const OPERATORS = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => Number(a) / Number(b), "**": (a, b) => (b < 0 ? Number(a) ** Number(b) : a ** b), "&": (a, b) => a & b, "|": (a, b) => a | b, "^": (a, b) => a ^ b,
  "//": (a, b) => (typeof a === "number" ? Math.floor(a / b) : (a - (((a % b) + b) % b)) / b), "%": (a, b) => (typeof a === "number" ? a - b * Math.floor(a / b) : ((a % b) + b) % b),
}; // prettier-ignore
/** @type {Record<string, string>} */
const TENSORS = { "+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow" };

/** @param {string} op @param {any} a @param {any} b @returns {any} */
export function binary(op, a, b) {
  if (scalar(a) && scalar(b)) {
    if (typeof a === "boolean" && typeof b === "boolean" && "&|^".includes(op)) return op === "&" ? a && b : op === "|" ? a || b : a !== b;
    const [x, y] = [a, b].map((v) => (typeof v === "boolean" ? BigInt(v) : v));
    if (["/", "//", "%"].includes(op) && Number(y) === 0) throw new Fault("ZeroDivisionError", "division by zero");
    const whole = typeof x === "bigint" && typeof y === "bigint";
    if (op in OPERATORS && (whole || !"&|^".includes(op))) return whole ? OPERATORS[op](x, y) : OPERATORS[op](Number(x), Number(y));
  }
  if (row(a) && op === "+") {
    if (!row(b) || (kind(a) === "list") !== (kind(b) === "list")) throw typeError(`can only concatenate ${kind(a)} (not "${kind(b)}") to ${kind(a)}`);
    return called(kind(a), [...a, ...b]);
  }
  for (const [x, n] of [[a, b], [b, a]]) if (op === "*" && ["bigint", "boolean"].includes(typeof n)) {
    if (row(x)) return called(kind(x), Array(Math.max(0, Number(n))).fill(x).flat(1));
    if (typeof x === "string") return x.repeat(Math.max(0, Number(n)));
  } // prettier-ignore
  if (typeof a === "string" && typeof b === "string" && op === "+") return a + b;
  if ((a instanceof Tensor || scalar(a)) && (b instanceof Tensor || scalar(b))) {
    if (op === "@" && a instanceof Tensor && b instanceof Tensor) return matmul(a, b);
    const [x, y] = [tensor(a), tensor(b)];
    if (TENSORS[op]) return FUNCTIONS[TENSORS[op]]([x, y], {});
    if ((op === "//" || op === "%") && !x.floats && !y.floats && y.data.includes(0)) throw runtimeError("ZeroDivisionError");
    if (op === "//" || op === "%") return each(OPERATORS[op], [x, y]);
    if ("&|^".includes(op) && (x.floats || y.floats)) throw new Fault("NotImplementedError", `\`${op}\` of floats`);
    if ("&|^".includes(op)) return each(OPERATORS[op], [x, y], widest(x, y));
  }
  throw typeError(`unsupported operand type(s) for ${op}: '${kind(a)}' and '${kind(b)}'`);
}

/** As Python's print has it. @param {any} x @param {boolean} [inside] as a part of a list @returns {string} */
export function show(x, inside = false) {
  if (x instanceof Tensor) return x.size === 1 ? `tensor(${x.data[0]})` : `a tensor of shape ${written(x.shape)}`;
  if (Array.isArray(x)) return (kind(x) === "tuple" ? "(@)" : "[@]").replace("@", () => x.map((v) => show(v, true)).join(", "));
  if (typeof x === "string") return inside ? `'${x}'` : x;
  if (typeof x === "number" && Number.isInteger(x)) return x.toFixed(1);
  return x === null ? "None" : x === true ? "True" : x === false ? "False" : scalar(x) ? String(x) : `<${kind(x)}>`;
}
