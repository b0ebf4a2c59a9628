// Runs the tree of parse.js. Python's int is a BigInt here, float a number, None null, list and tuple an array, dict a Map, a function a function of
// (arguments, named arguments). What goes wrong raises a Fault that knows its line.

import { parse } from "./parse.js";
import { Ellipsis, Tensor, broadcast, each, located, matmul, span, tensor, widest, written } from "./tensor.js";
import { Fault } from "./tokens.js";
import { ELSEWHERE, FUNCTIONS, MODULES, attribute, kind, native, number, overwrite } from "./torch.js";

/** @typedef {import("./parse.js").Node} Node */

const STEPS = 3_000_000; // of evaluation: some seconds
/** How a loop or a function ends early. */
class Leave {
  /** @param {"return" | "break" | "continue"} how @param {any} [value] */
  constructor(how, value = null) {
    this.how = how;
    this.value = value;
  }
}

/** Names and what they stand for, in a function and around it. */
class Scope {
  /** @param {Scope | null} outer */
  constructor(outer) {
    this.outer = outer;
    /** @type {Map<string, any>} */
    this.names = new Map();
  }
  /** @param {string} name @returns {any} */
  get(name) {
    for (let scope = /** @type {Scope | null} */ (this); scope; scope = scope.outer) if (scope.names.has(name)) return scope.names.get(name);
    throw new Fault("NameError", `name '${name}' is not defined`);
  }
}

/** What a text of code defines. @param {string} code @param {Record<string, any>} [given] names that are known already @returns {Map<string, any>} */
export function run(code, given = {}) {
  const outer = new Scope(null);
  for (const [name, value] of Object.entries({ ...BUILTINS, torch: MODULES.torch, np: MODULES.numpy, F: MODULES["torch.nn.functional"], math: MODULES.math, ...given })) outer.names.set(name, value);
  const scope = new Scope(outer);
  const machine = new Machine();
  machine.block(parse(code), scope);
  return scope.names;
}

class Machine {
  steps = 0;

  /** @param {Node[]} body @param {Scope} scope @returns {Leave | undefined} */
  block(body, scope) {
    for (const node of body) {
      try {
        const left = this.statement(node, scope);
        if (left) return left;
      } catch (e) {
        throw e instanceof RangeError ? new Fault("RecursionError", "the function calls itself without end", node.line) : this.at(node, e);
      }
    }
  }
  /** @param {Node} node @param {any} e */
  at(node, e) {
    if (e instanceof Fault) e.line ??= node.line;
    return e;
  }

  /** @param {Node} node @param {Scope} scope @returns {Leave | undefined} */
  statement(node, scope) {
    if (++this.steps > STEPS) throw new Fault("TimeoutError", "it goes on for too long: does the loop end?");
    const value = (/** @type {Node} */ part) => this.value(part, scope);
    switch (node.type) {
      case "expression":
        return void value(node.value);
      case "assign": {
        const result = value(node.value);
        node.targets.forEach((/** @type {Node} */ target) => this.assign(target, result, scope));
        return;
      }
      case "augment": {
        const before = value(node.target);
        const after = binary(node.op, before, value(node.value));
        const inPlace = before instanceof Tensor && after instanceof Tensor && written(before.shape) === written(after.shape);
        return void this.assign(node.target, inPlace ? overwrite(before, after) : after, scope);
      }
      case "return":
        return new Leave("return", node.value && value(node.value));
      case "break":
      case "continue":
        return new Leave(node.type);
      case "def":
        return void scope.names.set(node.name, this.defined(node, scope));
      case "if":
        return this.block(truth(value(node.test)) ? node.body : node.otherwise, scope);
      case "block":
        return this.block(node.body, scope);
      case "while":
        while (truth(value(node.test))) {
          const left = this.block(node.body, scope);
          if (left?.how === "return") return left;
          if (left?.how === "break") break;
          if (++this.steps > STEPS) throw new Fault("TimeoutError", "it goes on for too long: does the loop end?");
        }
        return;
      case "for":
        for (const item of items(value(node.over))) {
          this.assign(node.target, item, scope);
          const left = this.block(node.body, scope);
          if (left?.how === "return") return left;
          if (left?.how === "break") break;
        }
        return;
      case "assert":
        if (!truth(value(node.test))) throw new Fault("AssertionError", node.message ? show(value(node.message)) : "");
        return;
      case "import":
        return void node.names.forEach((/** @type {{ path: string, as: string }} */ { path, as }) => {
          const whole = node.from ? `${node.from}.${path}` : path;
          const found = node.from && !(whole in MODULES) ? MODULES[node.from]?.[path] : MODULES[whole];
          if (found === undefined) throw new Fault(ELSEWHERE, `\`${whole}\``);
          scope.names.set(as || path.split(".")[0], as || node.from ? found : MODULES[path.split(".")[0]]);
        });
    }
  }

  /** @param {Node} target @param {any} value @param {Scope} scope */
  assign(target, value, scope) {
    if (target.type === "name") scope.names.set(target.name, value);
    else if (target.type === "tuple" || target.type === "list") {
      const all = [...items(value)];
      const star = target.items.findIndex((/** @type {Node} */ t) => t.type === "star");
      if (star < 0 ? all.length !== target.items.length : all.length < target.items.length - 1) throw new Fault("ValueError", all.length > target.items.length ? `too many values to unpack (expected ${target.items.length})` : `not enough values to unpack (expected ${target.items.length}, got ${all.length})`);
      const more = all.length - target.items.length + 1;
      target.items.forEach((/** @type {Node} */ t, /** @type {number} */ i) => this.assign(i === star ? t.value : t, i === star ? all.slice(i, i + more) : all[star >= 0 && i > star ? i + more - 1 : i], scope));
    } else if (target.type === "index") {
      const [whole, index] = [this.value(target.value, scope), this.value(target.index, scope)];
      if (whole instanceof Tensor) {
        const { at, shape } = located(whole, target.index.type === "tuple" ? index : [index]);
        const put = broadcast(tensor(value), shape);
        at.forEach((place, i) => (whole.data[place] = put.data[i]));
      } else if (whole instanceof Map) whole.set(index, value);
      else if (Array.isArray(whole)) whole[position(index, whole.length)] = value;
      else throw new Fault("TypeError", `'${kind(whole)}' object does not support item assignment`);
    } else throw new Fault("AttributeError", `'${target.name}' cannot be set here`);
  }

  /** A function that the code defines. @param {Node} node @param {Scope} outer */
  defined(node, outer) {
    const names = node.params.map((/** @type {any} */ p) => p.name);
    const presets = node.params.map((/** @type {any} */ p) => p.value && this.value(p.value, outer));
    const made = (/** @type {any[]} */ args, /** @type {Record<string, any>} */ named = {}) => {
      if (++this.steps > STEPS) throw new Fault("TimeoutError", "it goes on for too long: does the loop end?");
      const scope = new Scope(outer);
      const star = node.params.findIndex((/** @type {any} */ p) => p.star === "*");
      if (star < 0 && args.length > names.length) throw new Fault("TypeError", `${node.name}() takes ${names.length} positional arguments but ${args.length} were given`);
      node.params.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
        if (p.star === "*") scope.names.set(p.name, args.slice(i));
        else if (p.star === "**") scope.names.set(p.name, new Map(Object.entries(named).filter(([k]) => !names.includes(k))));
        else if (i < args.length && !(star >= 0 && i > star)) scope.names.set(p.name, args[i]);
        else if (p.name in named) scope.names.set(p.name, named[p.name]);
        else if (p.value) scope.names.set(p.name, presets[i]);
        else throw new Fault("TypeError", `${node.name}() missing 1 required positional argument: '${p.name}'`);
      });
      const wrong = Object.keys(named).find((k) => !names.includes(k));
      if (wrong && !node.params.some((/** @type {any} */ p) => p.star === "**")) throw new Fault("TypeError", `${node.name}() got an unexpected keyword argument '${wrong}'`);
      if (node.type === "lambda") return this.value(node.value, scope);
      return this.block(node.body, scope)?.value ?? null;
    };
    const needed = node.params.filter((/** @type {any} */ p) => !p.value && !p.star).length;
    return Object.assign(made, { title: node.name, names, needed, many: node.params.some((/** @type {any} */ p) => p.star === "*") ? Infinity : names.length });
  }

  /** @param {Node} node @param {Scope} scope @returns {any} */
  value(node, scope) {
    if (++this.steps > STEPS) throw new Fault("TimeoutError", "it goes on for too long: does the loop end?");
    try {
      return this.evaluated(node, scope);
    } catch (e) {
      throw this.at(node, e);
    }
  }

  /** @param {Node} node @param {Scope} scope @returns {any} */
  evaluated(node, scope) {
    const value = (/** @type {Node} */ part) => this.value(part, scope);
    const listed = (/** @type {Node[]} */ parts) => parts.flatMap((part) => (part.type === "star" ? [...items(value(part.value))] : [value(part)]));
    switch (node.type) {
      case "constant":
        return node.value;
      case "name":
        return scope.get(node.name);
      case "ellipsis":
        return Ellipsis;
      case "tuple":
      case "list":
        return node.type === "tuple" ? node.items.flatMap((/** @type {Node} */ part) => (part.type === "star" ? [...items(value(part.value))] : [part.type === "slice" ? this.slice(part, scope) : value(part)])) : listed(node.items);
      case "slice":
        return this.slice(node, scope);
      case "dict":
        return new Map(node.pairs.map((/** @type {any} */ p) => [value(p.key), value(p.value)]));
      case "lambda":
        return this.defined(node, scope);
      case "choice":
        return truth(value(node.test)) ? value(node.value) : value(node.otherwise);
      case "and": {
        const left = value(node.left);
        return truth(left) ? value(node.right) : left;
      }
      case "or": {
        const left = value(node.left);
        return truth(left) ? left : value(node.right);
      }
      case "not":
        return !truth(value(node.value));
      case "compare":
        return this.compared(node, scope);
      case "unary":
        return unary(node.op, value(node.value));
      case "binary":
        return binary(node.op, value(node.left), value(node.right));
      case "attribute":
        return member(value(node.value), node.name);
      case "index":
        return item(value(node.value), value(node.index), node.index.type === "tuple");
      case "comprehension":
        return this.comprehended(node, scope);
      case "call": {
        const f = value(node.value);
        if (typeof f !== "function") throw new Fault("TypeError", `'${kind(f)}' object is not callable`);
        const args = listed(node.args);
        return f(args, Object.fromEntries(node.named.map((/** @type {any} */ n) => [n.name, value(n.value)])));
      }
      default:
        throw new Fault("SyntaxError", `${node.type} cannot stand here`);
    }
  }

  /** @param {Node} node @param {Scope} scope */
  slice(node, scope) {
    const part = (/** @type {Node | null} */ p) => {
      const v = p && this.value(p, scope);
      return v instanceof Tensor ? BigInt(number(v)) : v;
    };
    const found = { start: part(node.start), stop: part(node.stop), step: part(node.step) };
    for (const v of Object.values(found)) if (v !== null && typeof v !== "bigint") throw new Fault("TypeError", "slice indices must be integers or None");
    return found;
  }

  /** @param {Node} node @param {Scope} scope */
  compared(node, scope) {
    let left = this.value(node.first, scope);
    /** @type {any} */
    let found = true;
    for (const { op, value } of node.rest) {
      const right = this.value(value, scope);
      found = compare(op, left, right);
      if (node.rest.length > 1 && !truth(found)) return false;
      left = right;
    }
    return found;
  }

  /** @param {Node} node @param {Scope} outer */
  comprehended(node, outer) {
    const scope = new Scope(outer);
    /** @type {any[]} */
    const found = [];
    const loop = (/** @type {number} */ depth) => {
      if (depth === node.loops.length) return void found.push(this.value(node.value, scope));
      const { target, over, tests } = node.loops[depth];
      for (const one of items(this.value(over, scope))) {
        this.assign(target, one, scope);
        if (tests.every((/** @type {Node} */ test) => truth(this.value(test, scope)))) loop(depth + 1);
      }
    };
    loop(0);
    return node.kind === "dict" ? new Map(found) : found;
  }
}

/** @param {any} x @returns {Iterable<any>} */
function items(x) {
  if (Array.isArray(x)) return x;
  if (x instanceof Map) return x.keys();
  if (typeof x === "string") return x;
  if (x instanceof Tensor && x.shape.length) return Array.from({ length: x.shape[0] }, (_, i) => item(x, BigInt(i), false));
  throw new Fault("TypeError", x instanceof Tensor ? "iteration over a 0-d tensor" : `'${kind(x)}' object is not iterable`);
}

/** @param {any} x */
function truth(x) {
  if (x instanceof Tensor && x.size !== 1) throw new Fault("RuntimeError", "Boolean value of Tensor with more than one value is ambiguous");
  return x instanceof Tensor ? x.data[0] !== 0 : Array.isArray(x) ? x.length > 0 : x instanceof Map ? x.size > 0 : !(x === null || x === false || x === 0 || x === 0n || x === "");
}

/** @param {any} index @param {number} n */
function position(index, n) {
  const i = index instanceof Tensor ? number(index) : Number(index);
  if (typeof index !== "bigint" && typeof index !== "boolean" && !(index instanceof Tensor)) throw new Fault("TypeError", `list indices must be integers or slices, not ${kind(index)}`);
  if (i < -n || i >= n) throw new Fault("IndexError", "list index out of range");
  return i < 0 ? i + n : i;
}

/** @param {any} whole @param {any} index @param {boolean} several x[a, b] rather than x[a] */
function item(whole, index, several) {
  if (whole instanceof Tensor) {
    const { at, shape } = located(whole, several ? index : [index]);
    return new Tensor(at.map((i) => whole.data[i]), shape, whole.dtype); // prettier-ignore
  }
  if (whole instanceof Map) {
    if (!whole.has(index)) throw new Fault("KeyError", show(index));
    return whole.get(index);
  }
  if (!Array.isArray(whole) && typeof whole !== "string") throw new Fault("TypeError", `'${kind(whole)}' object is not subscriptable`);
  if (index && typeof index === "object" && "start" in index) {
    const { start, by, length } = span(index, whole.length);
    const picked = Array.from({ length }, (_, i) => whole[start + i * by]);
    return typeof whole === "string" ? picked.join("") : picked;
  }
  return whole[position(index, whole.length)];
}

/** @param {any} x @param {string} name @returns {any} */
function member(x, name) {
  const plain = (/** @type {any} */ f) => (/** @type {any[]} */ args) => f(...args) ?? null;
  /** @type {any} */
  let found;
  if (x instanceof Tensor) found = attribute(x, name);
  else if (Array.isArray(x)) found = { append: plain((/** @type {any} */ v) => void x.push(v)), extend: plain((/** @type {any} */ v) => void x.push(...items(v))), pop: plain((i = -1n) => x.splice(position(i, x.length), 1)[0]), insert: plain((/** @type {bigint} */ i, /** @type {any} */ v) => void x.splice(Number(i), 0, v)), reverse: plain(() => void x.reverse()), index: plain((/** @type {any} */ v) => BigInt(x.findIndex((o) => compare("==", o, v) === true))), copy: plain(() => [...x]), numel: plain(() => x.reduce((n, d) => n * d, 1n)) }[name] ?? /** @type {any} */ (x)[Object.hasOwn(x, name) ? name : ""]; // prettier-ignore
  else if (x instanceof Map) found = { get: plain((/** @type {any} */ k, v = null) => (x.has(k) ? x.get(k) : v)), keys: plain(() => [...x.keys()]), values: plain(() => [...x.values()]), items: plain(() => [...x]) }[name];
  else if (typeof x === "object" && x !== null && Object.hasOwn(x, name)) found = x[name];
  else if (typeof x === "number" && name === "item") found = () => x;
  if (found === undefined && Object.values(MODULES).includes(x)) throw new Fault(ELSEWHERE, `\`${name}\``);
  if (found === undefined) throw new Fault("AttributeError", `'${kind(x)}' object has no attribute '${name}'`);
  return found;
}

/** @param {string} op @param {any} a @param {any} b @returns {any} */
function compare(op, a, b) {
  if (op === "is" || op === "is not") return (a === b) === (op === "is");
  if (op === "in" || op === "not in") return [...items(b)].some((o) => truth(compare("==", o, a))) === (op === "in");
  const names = /** @type {Record<string, string>} */ ({ "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" });
  const scalar = (/** @type {any} */ v) => ["bigint", "number", "boolean"].includes(typeof v);
  if ((a instanceof Tensor && (b instanceof Tensor || scalar(b))) || (b instanceof Tensor && scalar(a))) return FUNCTIONS[names[op]]([a, b], {});
  if (Array.isArray(a) && Array.isArray(b) && (op === "==" || op === "!=")) return (a.length === b.length && a.every((v, i) => truth(compare("==", v, b[i])))) === (op === "==");
  if (op === "==" || op === "!=") return (scalar(a) && scalar(b) ? Number(a) === Number(b) : a === b) === (op === "==");
  if (!((scalar(a) && scalar(b)) || (typeof a === "string" && typeof b === "string"))) throw new Fault("TypeError", `'${op}' not supported between instances of '${kind(a)}' and '${kind(b)}'`);
  return op === "<" ? a < b : op === "<=" ? a <= b : op === ">" ? a > b : a >= b;
}

/** @param {string} op @param {any} x */
function unary(op, x) {
  if (op === "~") {
    if (!(x instanceof Tensor) || x.dtype !== "bool") throw new Fault("TypeError", "~ needs a tensor of booleans");
    return each((v) => +!v, [x]);
  }
  if (x instanceof Tensor) return op === "-" ? FUNCTIONS.neg([x], {}) : x;
  if (typeof x === "boolean") return op === "-" ? -BigInt(x) : BigInt(x);
  if (typeof x !== "bigint" && typeof x !== "number") throw new Fault("TypeError", `bad operand type for unary ${op}: '${kind(x)}'`);
  return op === "-" ? -x : x;
}

/** @type {Record<string, (a: number, b: number) => number>} */
const FLOATS = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "**": (a, b) => a ** b, "//": (a, b) => Math.floor(a / b), "%": (a, b) => a - b * Math.floor(a / b) };
/** @type {Record<string, (a: bigint, b: bigint) => bigint | number>} */
const INTS = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => Number(a) / Number(b), "**": (a, b) => (b < 0n ? Number(a) ** Number(b) : a ** b),
  "//": (a, b) => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n), "%": (a, b) => ((a % b) + b) % b, "&": (a, b) => a & b, "|": (a, b) => a | b, "^": (a, b) => a ^ b,
}; // prettier-ignore
/** @type {Record<string, string>} */
const TENSORS = { "+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow" };

/** @param {string} op @param {any} a @param {any} b @returns {any} */
function binary(op, a, b) {
  const scalar = (/** @type {any} */ v) => ["bigint", "number", "boolean"].includes(typeof v);
  if (scalar(a) && scalar(b)) {
    if (typeof a === "boolean" && typeof b === "boolean" && "&|^".includes(op)) return op === "&" ? a && b : op === "|" ? a || b : a !== b;
    const [x, y] = [a, b].map((v) => (typeof v === "boolean" ? BigInt(v) : v));
    if (["/", "//", "%"].includes(op) && Number(y) === 0) throw new Fault("ZeroDivisionError", "division by zero");
    const f = typeof x === "bigint" && typeof y === "bigint" ? INTS[op] : FLOATS[op] && ((/** @type {any} */ p, /** @type {any} */ q) => FLOATS[op](Number(p), Number(q)));
    if (f) return f(/** @type {any} */ (x), /** @type {any} */ (y));
  }
  if (Array.isArray(a) && Array.isArray(b) && op === "+") return [...a, ...b];
  if (Array.isArray(a) && typeof b === "bigint" && op === "*") return Array(Number(b)).fill(a).flat();
  if (typeof a === "string" && typeof b === "string" && op === "+") return a + b;
  if ((a instanceof Tensor || scalar(a)) && (b instanceof Tensor || scalar(b))) {
    if (op === "@" && a instanceof Tensor && b instanceof Tensor) return matmul(a, b);
    const [x, y] = [tensor(a), tensor(b)];
    if (TENSORS[op]) return FUNCTIONS[TENSORS[op]]([x, y], {});
    if (op === "//" || op === "%") return each(FLOATS[op], [x, y]);
    if ("&|^".includes(op) && !x.floats && !y.floats) return each((p, q) => (op === "&" ? p & q : op === "|" ? p | q : p ^ q), [x, y], widest(x, y));
  }
  throw new Fault("TypeError", `unsupported operand type(s) for ${op}: '${kind(a)}' and '${kind(b)}'`);
}

/** As Python's print has it. @param {any} x @returns {string} */
export function show(x) {
  if (x instanceof Tensor) return x.size === 1 ? `tensor(${x.data[0]})` : `a tensor of shape ${written(x.shape)}`;
  if (Array.isArray(x)) return `[${x.map(show).join(", ")}]`;
  return x === null ? "None" : x === true ? "True" : x === false ? "False" : typeof x === "number" && Number.isInteger(x) ? x.toFixed(1) : String(x);
}

const least = (/** @type {any[]} */ all, /** @type {1 | -1} */ sign) => (all.length === 1 ? [...items(all[0])] : all).reduce((best, v) => (sign * (number(v) - number(best)) < 0 ? v : best));
const range = native("start, stop=None, step=1", (a, b, by) => {
  const [from, to] = b === null ? [0n, a] : [a, b];
  if ([from, to, by].some((v) => typeof v !== "bigint")) throw new Fault("TypeError", `'${kind([from, to, by].find((v) => typeof v !== "bigint"))}' object cannot be interpreted as an integer`);
  if (by === 0n) throw new Fault("ValueError", "range() arg 3 must not be zero");
  const n = Math.max(0, Math.ceil(Number(to - from) / Number(by)));
  if (n > 1e6) throw new Fault("ValueError", `range() of ${n} numbers is too long for this page`);
  return Array.from({ length: n }, (_, i) => from + BigInt(i) * by);
});
/** @type {Record<string, any>} */
const BUILTINS = {
  range,
  len: native("x", (x) => { if (x instanceof Tensor && !x.shape.length) throw new Fault("TypeError", "len() of a 0-d tensor"); return BigInt(x instanceof Tensor ? x.shape[0] : x instanceof Map ? x.size : [...items(x)].length); }),
  zip: native("*all", (all) => { const rows = all.map((/** @type {any} */ x) => [...items(x)]); return Array.from({ length: Math.min(...rows.map((/** @type {any[]} */ r) => r.length)) }, (_, i) => rows.map((/** @type {any[]} */ r) => r[i])); }),
  enumerate: native("x, start=0", (x, start) => [...items(x)].map((v, i) => [start + BigInt(i), v])), reversed: native("x", (x) => [...items(x)].reverse()), list: native("x=None", (x) => (x === null ? [] : [...items(x)])), tuple: native("x=None", (x) => (x === null ? [] : [...items(x)])),
  sum: native("x, start=0", (x, start) => [...items(x)].reduce((a, b) => binary("+", a, b), start)), min: (/** @type {any[]} */ all) => least(all, 1), max: (/** @type {any[]} */ all) => least(all, -1), abs: native("x", (x) => (x instanceof Tensor ? FUNCTIONS.abs([x], {}) : x < 0 ? -x : x)),
  any: native("x", (x) => [...items(x)].some(truth)), all: native("x", (x) => [...items(x)].every(truth)), sorted: native("x, reverse=False", (x, down) => { const all = [...items(x)].sort((a, b) => number(a) - number(b)); return down ? all.reverse() : all; }),
  int: native("x", (x) => BigInt(Math.trunc(number(x)))), float: native("x", (x) => number(x)), bool: native("x", truth), str: native("x", show), round: native("x, digits=0", (x, d) => (d ? Math.round(number(x) * 10 ** Number(d)) / 10 ** Number(d) : BigInt(Math.round(number(x))))), pow: native("x, y", (a, b) => binary("**", a, b)),
  map: native("f, x", (f, x) => [...items(x)].map((v) => f([v], {}))), filter: native("f, x", (f, x) => [...items(x)].filter((v) => truth(f([v], {})))), dict: (/** @type {any} */ _, /** @type {any} */ named) => new Map(Object.entries(named)), print: () => null, getattr: native("x, name", member),
}; // prettier-ignore
