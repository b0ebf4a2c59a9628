// What Python has without an import, and its math.

import { binary, call, compare, member, show, sorted, truth, unary, whole } from "./objects.js";
import { Tensor, called, items, kind, sequence } from "./tensor.js";
import { Fault, typeError, valueError } from "./tokens.js";
import { FUNCTIONS, MODULES, native, number, titled } from "./torch.js";

/** The largest or the smallest: of several, or of what is in one. @param {"<" | ">"} op */
const best = (op) => native("*all, key=None", (all, by) => {
  const list = all.length === 1 ? items(all[0]) : all;
  if (!list.length) throw valueError("the iterable is empty");
  const value = (/** @type {any} */ v) => (by === null ? v : call(by, [v]));
  return list.reduce((/** @type {any} */ a, /** @type {any} */ b) => (truth(compare(op, value(b), value(a))) ? b : a));
}); // prettier-ignore

const range = native("start, stop=None, step=1", (a, b, by) => {
  const [from, to, step] = (b === null ? [0n, a, by] : [a, b, by]).map((v) => BigInt(whole(v)));
  if (step === 0n) throw valueError("range() arg 3 must not be zero");
  const n = Math.max(0, Math.ceil(Number(to - from) / Number(step)));
  if (n > 1e6) throw valueError(`range() of ${n} numbers is too long for this page`);
  return called("range", Array.from({ length: n }, (_, i) => from + BigInt(i) * step)); // prettier-ignore
});

/** An integer of a float. @param {number} x */
function integer(x) {
  if (!Number.isFinite(x)) throw new Fault(Number.isNaN(x) ? "ValueError" : "OverflowError", `cannot convert float ${Number.isNaN(x) ? "NaN" : "infinity"} to integer`);
  return BigInt(x);
}
/** A number that is written in a string, or is one. @param {any} x */
function parsed(x) {
  if (typeof x !== "string") return number(x);
  const found = Number(x.trim().replace(/inf$/i, "Infinity") || "?");
  if (Number.isNaN(found) && x !== "nan") throw valueError(`could not convert string to float: '${x}'`);
  return found;
}
/** A function that gives integers. @param {(x: number) => number} f */
const toInteger = (f) => native("it=0", (x) => (typeof x === "bigint" ? x : integer(f(parsed(x)))));
/** To the nearest, and from the middle to the even one. @param {any} x @param {any} digits */
function rounded(x, digits) {
  const ten = 10 ** (digits === null ? 0 : whole(digits));
  const scaled = number(x) * ten;
  const found = (Math.abs(scaled % 1) === 0.5 ? 2 * Math.round(scaled / 2) : Math.round(scaled)) / ten;
  return digits === null || typeof x === "bigint" ? integer(found) : found;
}

/** @type {Record<string, any>} */
export const BUILTINS = titled({
  range, min: best("<"), max: best(">"),
  len: native("it", (x) => {
    if (x instanceof Tensor && !x.shape.length) throw typeError("len() of a 0-d tensor");
    if (!(x instanceof Tensor || x instanceof Map || sequence(x) || typeof x === "string")) throw typeError(`object of type '${kind(x)}' has no len()`);
    return BigInt(items(x).length);
  }),
  zip: native("*all", (all) => { const rows = all.map(items); return called("zip", Array.from({ length: all.length && Math.min(...rows.map((/** @type {any[]} */ r) => r.length)) }, (_, i) => called("tuple", rows.map((/** @type {any[]} */ r) => r[i])))); }),
  enumerate: native("it, start=0", (x, start) => called("enumerate", items(x).map((v, i) => called("tuple", [BigInt(whole(start) + i), v])))), reversed: native("it", (x) => called("reversed", [...items(x)].reverse())),
  list: native("it=None", (x) => (x === null ? [] : [...items(x)])), tuple: native("it=None", (x) => called("tuple", x === null ? [] : [...items(x)])),
  sum: native("it, start=0", (x, start) => items(x).reduce((a, b) => binary("+", a, b), start)), abs: native("it", (x) => (x instanceof Tensor ? FUNCTIONS.abs([x], {}) : unary(number(x) < 0 ? "-" : "+", x))),
  any: native("it", (x) => items(x).some(truth)), all: native("it", (x) => items(x).every(truth)), sorted: native("it, key=None, reverse=False", (x, by, down) => sorted(items(x), by, down)),
  int: toInteger(Math.trunc), float: native("it=0", parsed), bool: native("it=False", truth), str: native("*all", ([x = ""]) => show(x)),
  round: native("it, ndigits=None", rounded), pow: native("a, b", (a, b) => binary("**", a, b)),
  map: native("f, *lists", (f, all) => called("map", BUILTINS.zip(all).map((/** @type {any[]} */ row) => call(f, [...row])))), filter: native("f, it", (f, x) => called("filter", items(x).filter((v) => truth(call(f, [v]))))),
  dict: (/** @type {any[]} */ [from = []], /** @type {any} */ named) => new Map(/** @type {[any, any][]} */ ([...(from instanceof Map ? from : items(from).map(items)), ...Object.entries(named)])), print: () => null, getattr: native("it, name", member),
}); // prettier-ignore

/** A function of plain numbers, as Python's math has them. @param {(...x: number[]) => number} f @param {string} [takes] */
const plain = (f, takes = "value") => native(takes, (...values) => {
  const x = values.map(number);
  const found = f(...x);
  if (x.every(Number.isFinite) && !Number.isFinite(found)) throw new Fault(found === Infinity && f !== Math.atanh ? "OverflowError" : "ValueError", found === Infinity && f !== Math.atanh ? "math range error" : "math domain error");
  return found;
}); // prettier-ignore
/** Logarithms. @param {(x: number) => number} f */
const logarithm = (f) => native("value, base=None", (x, base) => plain((v) => f(v) / (base === null ? 1 : f(number(base))))([x], {}));
const ONE = "sqrt exp expm1 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split(" ");
const math = called("module", titled({
  pi: Math.PI, e: Math.E, inf: Infinity, nan: NaN, tau: 2 * Math.PI, ...Object.fromEntries(ONE.map((name) => [name, plain(/** @type {any} */ (Math)[name])])),
  log: logarithm(Math.log), log2: plain(Math.log2), log10: plain(Math.log10), log1p: plain(Math.log1p), pow: plain(Math.pow, "a, b"), atan2: plain(Math.atan2, "a, b"), fabs: plain(Math.abs), hypot: native("*all", (all) => Math.hypot(...all.map(number))),
  floor: toInteger(Math.floor), ceil: toInteger(Math.ceil), trunc: toInteger(Math.trunc),
  isnan: native("value", (x) => Number.isNaN(number(x))), isinf: native("value", (x) => Math.abs(number(x)) === Infinity), isfinite: native("value", (x) => Number.isFinite(number(x))),
  prod: native("it, start=1", (x, start) => items(x).reduce((a, b) => binary("*", a, b), start)), fsum: native("it", (x) => items(x).reduce((a, b) => a + number(b), 0)),
})); // prettier-ignore
MODULES.math = math;
