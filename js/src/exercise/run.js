// Runs the tree of parse.js. Python's int is a BigInt here, float a number, None null, list and tuple an array, dict a Map, a function a function of
// (arguments, named arguments). What goes wrong raises a Fault that knows its line.

import { BUILTINS } from "./builtins.js";
import { BUILT_IN, nearest, pythons } from "./names.js";
import { binary, call, compare, item, key, member, position, show, truth, unary } from "./objects.js";
import { parse } from "./parse.js";
import { Ellipsis, Tensor, broadcast, called, items, kind, located, tensor, written } from "./tensor.js";
import { Fault, typeError, valueError } from "./tokens.js";
import { MODULES, elsewhere, number, overwrite, unknown } from "./torch.js";

/** @typedef {import("./parse.js").Node} Node */

const STEPS = 3_000_000; // of evaluation: some seconds
let steps = 0; // taken so far
const DEEP = 200; // calls of the reader's functions within each other; a browser's stack holds some more
let depth = 0;
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
    const known = [];
    for (let scope = /** @type {Scope | null} */ (this); scope; scope = scope.outer) {
      if (scope.names.has(name)) return scope.names.get(name);
      known.push(...scope.names.keys());
    }
    throw BUILT_IN.has(name) ? unknown(`\`${name}\``) : new Fault("NameError", `name '${name}' is not defined${nearest(name, known)}`);
  }
}

/** What a text of code defines. @param {string} code @param {Record<string, any>} [given] names that are known already @returns {Map<string, any>} */
export function run(code, given = {}) {
  const outer = new Scope(null);
  for (const [name, value] of Object.entries({ ...BUILTINS, torch: MODULES.torch, np: MODULES.numpy, F: MODULES["torch.nn.functional"], math: MODULES.math, ...given })) outer.names.set(name, value);
  const scope = new Scope(outer);
  [steps, depth] = [0, 0];
  block(parse(code), scope);
  return scope.names;
}

function step() {
  if (++steps > STEPS) throw new Fault("TimeoutError", "it goes on for too long: does the loop end?");
}

/** @param {Node[]} body @param {Scope} scope @returns {Leave | undefined} */
function block(body, scope) {
  for (const node of body) {
    try {
      const left = statement(node, scope);
      if (left) return left;
    } catch (e) {
      throw withLine(node, e);
    }
  }
}

/** @param {Node} node @param {any} e */
function withLine(node, e) {
  if (e instanceof Fault) e.line ??= node.line;
  return e;
}

/** @param {Node} node @param {Scope} scope @returns {Leave | undefined} */
function statement(node, scope) {
  step();
  const value = (/** @type {Node} */ part) => evaluate(part, scope);
  switch (node.type) {
    case "expression":
      return void value(node.value);
    case "assign": {
      const result = value(node.value);
      node.targets.forEach((/** @type {Node} */ target) => assign(target, result, scope));
      return;
    }
    case "augment": {
      const before = value(node.target);
      if (node.op === "+" && kind(before) === "list") return void before.push(...items(value(node.value)));
      const after = binary(node.op, before, value(node.value));
      const inPlace = before instanceof Tensor && after instanceof Tensor && written(before.shape) === written(after.shape);
      return void assign(node.target, inPlace ? overwrite(before, after) : after, scope);
    }
    case "return":
      return new Leave("return", node.value && value(node.value));
    case "break":
    case "continue":
      return new Leave(node.type);
    case "def":
      return void scope.names.set(node.name, defined(node, scope));
    case "if":
      return block(truth(value(node.test)) ? node.body : node.otherwise, scope);
    case "block":
      return block(node.body, scope);
    case "while":
      while (truth(value(node.test))) {
        const left = block(node.body, scope);
        if (left?.how === "return") return left;
        if (left?.how === "break") break;
        step();
      }
      return;
    case "for":
      for (const item of items(value(node.over))) {
        assign(node.target, item, scope);
        const left = block(node.body, scope);
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
        const like = found === undefined && !pythons(path) && nearest(path, Object.keys(MODULES[node.from] ?? {}));
        if (like) throw new Fault("ImportError", `cannot import name '${path}'${like}`);
        if (found === undefined) throw unknown(`\`${whole}\``);
        scope.names.set(as || path.split(".")[0], as || node.from ? found : MODULES[path.split(".")[0]]);
      });
  }
}

/** @param {Node} target @param {any} value @param {Scope} scope */
function assign(target, value, scope) {
  if (target.type === "name") scope.names.set(target.name, value);
  else if (target.type === "tuple" || target.type === "list") {
    const all = [...items(value)];
    const star = target.items.findIndex((/** @type {Node} */ t) => t.type === "star");
    if (star < 0 ? all.length !== target.items.length : all.length < target.items.length - 1) throw valueError(all.length > target.items.length ? `too many values to unpack (expected ${target.items.length})` : `not enough values to unpack (expected ${target.items.length}, got ${all.length})`);
    const more = all.length - target.items.length + 1;
    target.items.forEach((/** @type {Node} */ t, /** @type {number} */ i) => assign(i === star ? t.value : t, i === star ? all.slice(i, i + more) : all[star >= 0 && i > star ? i + more - 1 : i], scope));
  } else if (target.type === "index") {
    const [whole, index] = [evaluate(target.value, scope), evaluate(target.index, scope)];
    if (whole instanceof Tensor) {
      const { at, shape } = located(whole, target.index.type === "tuple" ? index : [index]);
      const put = broadcast(tensor(value), shape);
      at.forEach((place, i) => (whole.data[place] = put.data[i]));
    } else if (whole instanceof Map) whole.set(key(index), value);
    else if (kind(whole) === "list" && target.index.type === "slice") throw elsewhere("A list's slice on the left of =");
    else if (kind(whole) === "list") whole[position(index, whole.length)] = value;
    else throw typeError(`'${kind(whole)}' object does not support item assignment`);
  } else throw elsewhere(`Setting \`.${target.name}\``);
}

/** A function that the code defines. @param {Node} node @param {Scope} outer */
function defined(node, outer) {
  const names = node.params.map((/** @type {any} */ p) => p.name);
  const presets = node.params.map((/** @type {any} */ p) => p.value && evaluate(p.value, outer));
  const made = (/** @type {any[]} */ args, /** @type {Record<string, any>} */ named = {}) => {
    step();
    const scope = new Scope(outer);
    const star = node.params.findIndex((/** @type {any} */ p) => p.star === "*");
    if (star < 0 && args.length > names.length) throw typeError(`${node.name}() takes ${names.length} positional arguments but ${args.length} were given`);
    node.params.forEach((/** @type {any} */ p, /** @type {number} */ i) => {
      if (p.star === "*") scope.names.set(p.name, called("tuple", args.slice(i)));
      else if (p.star === "**") scope.names.set(p.name, new Map(Object.entries(named).filter(([k]) => !names.includes(k))));
      else if (i < args.length && !(star >= 0 && i > star)) scope.names.set(p.name, args[i]);
      else if (p.name in named) scope.names.set(p.name, named[p.name]);
      else if (p.value) scope.names.set(p.name, presets[i]);
      else throw typeError(`${node.name}() missing 1 required positional argument: '${p.name}'`);
    });
    const wrong = Object.keys(named).find((k) => !names.includes(k));
    if (wrong && !node.params.some((/** @type {any} */ p) => p.star === "**")) throw typeError(`${node.name}() got an unexpected keyword argument '${wrong}'`);
    if (depth >= DEEP) throw new Fault("RecursionError", "the function calls itself without end");
    depth++;
    try {
      return node.type === "lambda" ? evaluate(node.value, scope) : (block(node.body, scope)?.value ?? null);
    } finally {
      depth--;
    }
  };
  const needed = node.params.filter((/** @type {any} */ p) => !p.value && !p.star).length;
  return Object.assign(made, { title: node.name, names, needed, many: node.params.some((/** @type {any} */ p) => p.star === "*") ? Infinity : names.length });
}

/** @param {Node} node @param {Scope} scope @returns {any} */
function evaluate(node, scope) {
  step();
  try {
    return evaluated(node, scope);
  } catch (e) {
    throw withLine(node, e);
  }
}

/** @param {Node} node @param {Scope} scope @returns {any} */
function evaluated(node, scope) {
  const value = (/** @type {Node} */ part) => evaluate(part, scope);
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
      return node.type === "tuple" ? called("tuple", listed(node.items)) : listed(node.items);
    case "slice":
      return slice(node, scope);
    case "dict":
      return new Map(node.pairs.map((/** @type {any} */ p) => [key(value(p.key)), value(p.value)]));
    case "lambda":
      return defined(node, scope);
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
      return compared(node, scope);
    case "unary":
      return unary(node.op, value(node.value));
    case "binary":
      return binary(node.op, value(node.left), value(node.right));
    case "attribute":
      return member(value(node.value), node.name);
    case "index":
      return item(value(node.value), value(node.index), node.index.type === "tuple");
    case "comprehension":
      return comprehended(node, scope);
    case "call": {
      const f = value(node.value);
      const args = listed(node.args);
      return call(f, args, Object.fromEntries(node.named.map((/** @type {any} */ n) => [n.name, value(n.value)])));
    }
    default:
      throw new Fault("SyntaxError", `${node.type} cannot stand here`);
  }
}

/** @param {Node} node @param {Scope} scope */
function slice(node, scope) {
  const part = (/** @type {Node | null} */ p) => {
    const v = p && evaluate(p, scope);
    return v instanceof Tensor || typeof v === "boolean" ? BigInt(number(v)) : v;
  };
  const found = called("slice", { start: part(node.start), stop: part(node.stop), step: part(node.step) });
  for (const v of Object.values(found)) if (v !== null && typeof v !== "bigint") throw typeError("slice indices must be integers or None");
  return found;
}

/** @param {Node} node @param {Scope} scope */
function compared(node, scope) {
  let left = evaluate(node.first, scope);
  /** @type {any} */
  let found = true;
  for (const { op, value } of node.rest) {
    const right = evaluate(value, scope);
    found = compare(op, left, right);
    if (node.rest.length > 1 && !truth(found)) return false;
    left = right;
  }
  return found;
}

/** @param {Node} node @param {Scope} outer */
function comprehended(node, outer) {
  const scope = new Scope(outer);
  /** @type {any[]} */
  const found = [];
  const loop = (/** @type {number} */ depth) => {
    if (depth === node.loops.length) return void found.push(evaluate(node.value, scope));
    const { target, over, tests } = node.loops[depth];
    for (const one of items(evaluate(over, scope))) {
      assign(target, one, scope);
      if (tests.every((/** @type {Node} */ test) => truth(evaluate(test, scope)))) loop(depth + 1);
    }
  };
  loop(0);
  return node.kind === "dict" ? new Map(found.map(([k, v]) => [key(k), v])) : node.kind === "generator" ? called("generator", found) : found;
}
