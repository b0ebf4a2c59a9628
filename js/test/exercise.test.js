import assert from "node:assert/strict";
import { test } from "node:test";
import { BUILTINS } from "../src/exercise/builtins.js";
import { brief, grade } from "../src/exercise/grade.js";
import { show } from "../src/exercise/objects.js";
import { run } from "../src/exercise/run.js";
import { Tensor } from "../src/exercise/tensor.js";
import { ATTRIBUTES, MODULES } from "../src/exercise/torch.js";

/** The value of `answer` after some lines. @param {string} code */
function value(code) {
  const found = run(code).get("answer");
  return found instanceof Tensor ? { shape: found.shape, data: [...found.data], dtype: found.dtype } : found;
}
const data = (/** @type {string} */ expression) => value(`answer = ${expression}`).data;

test("numbers are Python's", () => {
  assert.equal(value("answer = 7 // 2 * 2 + 7 % 2"), 7n);
  assert.equal(value("answer = -7 // 2"), -4n);
  assert.equal(value("answer = -7 % 3"), 2n);
  assert.equal(value("answer = 1 / 2"), 0.5);
  assert.equal(value("answer = 2 ** -1"), 0.5);
  assert.equal(value("answer = -2 ** 2"), -4n);
  assert.equal(value("answer = 1 < 2 < 3 and not 3 < 2"), true);
  assert.equal(value("answer = 10_000 + 1e3"), 11000);
  assert.equal(show(run("answer = [1, 2.0, None, True]").get("answer")), "[1, 2.0, None, True]");
});

test("functions, loops, comprehensions and slices", () => {
  assert.equal(value("def f(n, step=1, *rest, last=0):\n    total = 0\n    for i in range(n):\n        if i == 3:\n            break\n        elif i % 2:\n            continue\n        total += i * step\n    return total + last + len(rest)\nanswer = f(9, 2, 5, 6, last=10)"), 16n);
  assert.equal(show(run("answer = [a + b for a, b in zip([1, 2, 3], (10, 20, 30)) if a != 2]").get("answer")), "[11, 33]");
  assert.equal(show(run("a = [0, 1, 2, 3, 4]\nfirst, *more = a[::-2]\nanswer = [first, more, a[-2:], a[1:-1]]").get("answer")), "[4, [2, 0], [3, 4], [1, 2, 3]]");
  assert.equal(value('f = lambda x: x if x > 0 else -x\nanswer = sum(f(x) for x in [-1, 2, -3])'), 6n);
  assert.equal(value("answer = {'a': 1, 'b': 2}['b']\n# a comment\n\n"), 2n);
});

test("tensors broadcast, round and index as PyTorch's do", () => {
  assert.deepEqual(value("answer = torch.arange(3)[:, None] * torch.ones(2)"), { shape: [3, 2], data: [0, 0, 1, 1, 2, 2], dtype: "float32" });
  assert.equal(value("answer = (torch.tensor(0.1) + 0.2).item()"), Math.fround(Math.fround(0.1) + Math.fround(0.2)));
  assert.deepEqual(data("torch.arange(12).reshape(3, 4)[1:, ::2]"), [4, 6, 8, 10]);
  assert.deepEqual(data("torch.arange(12).reshape(3, 4)[torch.tensor([0, 2]), 1]"), [1, 9]);
  assert.deepEqual(data("torch.arange(6)[torch.arange(6) > 3]"), [4, 5]);
  assert.deepEqual(value("answer = torch.zeros(2, 3, 4)[..., None, :, 0]").shape, [2, 1, 3]);
  assert.deepEqual(value("answer = torch.zeros(5)\nanswer[1:3] = torch.tensor([1.0, 2.0])\nanswer[-1] = 7").data, [0, 1, 2, 0, 7]);
  assert.deepEqual(value("answer = torch.arange(6.0).reshape(2, 3).var(1, keepdim=True)"), { shape: [2, 1], data: [1, 1], dtype: "float32" });
  assert.deepEqual(data("torch.tensor([[1.0, 2.0], [3.0, 4.0]]) @ torch.tensor([1.0, 1.0])"), [3, 7]);
  assert.deepEqual(data("torch.tensor([3, 1, 2]).float().sort().values.cumsum(0).flip(0)"), [6, 3, 1]);
  assert.deepEqual(data("torch.stack([torch.zeros(2), torch.ones(2)], 1)"), [0, 1, 0, 1]);
  assert.equal(value("answer = (torch.arange(4) / 2).dtype"), "float32");
  assert.equal(value("answer = torch.arange(4).sum().dtype"), "int64");
});

test("mistakes are told in PyTorch's words, with their line", () => {
  /** @param {string} code @param {string} kind @param {RegExp} message @param {number} line */
  const fails = (code, kind, message, line) => assert.throws(() => run(code), (e) => /** @type {any} */ (e).kind === kind && message.test(/** @type {any} */ (e).message) && /** @type {any} */ (e).line === line); // prettier-ignore
  fails("x = 1\ny = torch.ones(4) * torch.ones(3)", "RuntimeError", /^The size of tensor a \(4\) must match the size of tensor b \(3\) at non-singleton dimension 0$/, 2);
  fails("\n\ntorch.ones(3)[5]", "IndexError", /index 5 is out of bounds for dimension 0 with size 3/, 3);
  fails("torch.ones(3).mean(dims=0)", "TypeError", /mean\(\) got an unexpected keyword argument 'dims'/, 1);
  fails("torch.arange(3).mean()", "RuntimeError", /could not infer output dtype/, 1);
  fails("if torch.ones(3) > 0:\n    pass", "RuntimeError", /ambiguous/, 1);
  fails("for i in range(3):\n    x = i / 0", "ZeroDivisionError", /division by zero/, 2);
  fails("'a' + 1", "TypeError", /unsupported operand type\(s\) for \+: 'str' and 'int'/, 1);
  fails("x = 1\ny = (1,\n  [2", "SyntaxError", /^'\[' was never closed$/, 3);
  fails("def f(betas):\n    return (1 - betas.cumprod(\n\nz = 3", "SyntaxError", /^'\(' was never closed$/, 2);
  fails("x = f(\n  [1, 2)\n]", "SyntaxError", /^closing parenthesis '\)' does not match opening parenthesis '\['$/, 2);
  fails("x = {1: (\n2}", "SyntaxError", /^closing parenthesis '}' does not match opening parenthesis '\(' on line 1$/, 2);
  fails("x = (1)\ny = 2)", "SyntaxError", /^unmatched '\)'$/, 2);
  fails("x = 'a", "SyntaxError", /^a string is not closed$/, 1);
  fails("def f():\n    return 1\n  x = 2", "SyntaxError", /indented/, 3);
});

/** What is said of a function whose only line returns this. @param {string} expression */
function said(expression) {
  const exercise = { check: "", name: "f", takes: ["x"], gives: ["y"], tolerance: 1e-4, praise: "", chance: {}, calls: [[new Tensor([1, 2, 3], [3])]], right: [{ names: ["y"], results: [{ shape: [1], values: [12345] }] }], mistakes: [] };
  return grade(`def f(x):\n    return ${expression}`, exercise).text;
}
const stops = (/** @type {string} */ expression, /** @type {string} */ error) => assert.equal(said(expression), `it stops at \`return ${expression}\` with ${error}`);

test("a name that is one slip away from a known one is told as Python tells it", () => {
  stops("torch.cumpod(x, 0)", "AttributeError: module 'torch' has no attribute 'cumpod'. Did you mean: 'cumprod'?");
  stops("x.cmuprod(0)", "AttributeError: 'Tensor' object has no attribute 'cmuprod'. Did you mean: 'cumprod'?");
  stops("[1].apend(2)", "AttributeError: 'list' object has no attribute 'apend'. Did you mean: 'append'?");
  stops("math.sqrtt(2)", "AttributeError: module 'math' has no attribute 'sqrtt'. Did you mean: 'sqrt'?");
  stops("trch.sqrt(x)", "NameError: name 'trch' is not defined. Did you mean: 'torch'?");
  stops("y", "NameError: name 'y' is not defined.");
  stops("(0.5).sqrt()", "AttributeError: 'float' object has no attribute 'sqrt'.");
  const other = ": look whether it is spelled right, write it with other functions, or open the lesson in Python.";
  for (const [expression, name] of [["torch.fft.fft(x)", "`torch.fft`"], ["torch.sinh(x)", "`torch.sinh`"], ["x.frobnicate()", "`.frobnicate` of a tensor"], ["isinstance(x, int)", "`isinstance`"]]) assert.equal(said(expression), `this page does not know ${name}${other}`); // prettier-ignore
  assert.throws(() => run("from torch import cumpod"), /^Error: cannot import name 'cumpod'\. Did you mean: 'cumprod'\?$/);
});

test("what is asked of the wrong kind of value is told as Python tells it", () => {
  stops("torch.cat(x)", "TypeError: argument 'tensors' must be tuple of Tensors, not Tensor.");
  stops("torch.vstack(a for a in [x, x])", "TypeError: argument 'tensors' must be tuple of Tensors, not generator.");
  stops("torch.stack([x, 1.0])", "TypeError: expected Tensor as element 1, but got float.");
  stops("torch.sqrt(2.0)", "TypeError: sqrt(): argument 'input' must be Tensor, not float.");
  stops("x.cumsum(0.0)", "TypeError: cumsum(): argument 'dim' must be int, not float.");
  stops("torch.reshape(x, 3, 1)", "TypeError: the sizes must be a tuple of ints, not int.");
  stops("torch.tensor([x, x])", "ValueError: only one element tensors can be converted to Python scalars.");
  stops("1 - (x > 1)", "RuntimeError: Subtraction, the `-` operator, with a bool tensor is not supported: `~` inverts a mask.");
  stops("x.shape + [1]", 'TypeError: can only concatenate torch.Size (not "list") to torch.Size.');
  stops("[1, 2].length", "AttributeError: 'list' object has no attribute 'length'.");
  stops("(1, 2).append(3)", "AttributeError: 'tuple' object has no attribute 'append'.");
  stops("len(a for a in x)", "TypeError: object of type 'generator' has no len().");
  stops("x[torch.tensor([True, False])]", "IndexError: The shape of the mask does not match the shape of the indexed tensor: 2 and 3 at dimension 0.");
  stops("int(math.inf)", "OverflowError: cannot convert float infinity to integer.");
});

test("a check never fails, and says nothing that is JavaScript's", () => {
  assert.equal(said("{(1, 2): 3}"), "this page cannot run these lines: write it with tensors and their functions, or open the lesson in Python.");
  assert.equal(said("x[True]"), said("{(1, 2): 3}"));
  assert.match(said("x") + said("None") + grade("f = torch.sqrt", /** @type {any} */ ({ name: "f", takes: ["x"], gives: ["y"], calls: [], right: [{}], mistakes: [], chance: {} })).text, /y has the shape/);
  const values = ["2", "0.5", "True", "None", "'a'", "[1.0, 2.0]", "[x, x]", "(1, 2)", "[]", "x", "torch.tensor(2)", "(lambda a: a)", "torch", "{'a': 1}", "(a for a in [1])", "zip([1], [2])", "...", "torch.float32"];
  const callable = (/** @type {[string, Record<string, any>]} */ [module, of]) => Object.keys(of).filter((name) => typeof of[name] === "function").map((name) => `${module}.${name}`); // prettier-ignore
  const functions = [...Object.keys(BUILTINS), ...Object.entries({ torch: MODULES.torch, F: MODULES["torch.nn.functional"], math: MODULES.math, np: MODULES.numpy }).flatMap(callable), ...ATTRIBUTES.map((name) => `x.${name}`), "[1].index", "[1].insert", "[1].sort", "{}.get", "x[0:2].fill_"];
  assert.ok(functions.length > 350);
  for (const f of functions) for (const all of [[], ...values.map((v) => [v]), ...values.map((v) => ["x", v]), ["[1, 2]", "0.5"], ["2", "None"]]) {
    const text = said(`${f}(${all.join(", ")})`);
    assert.doesNotMatch(text.replace(/^it stops at `[^]*` with /, ""), /undefined|is not a |Cannot |\bnull\b|BigInt|\[object|=>|Symbol|Invalid|Maximum/, `${f}(${all.join(", ")})`);
  } // prettier-ignore
});

test("numbers are written as by Python's .4g", () => {
  assert.deepEqual([0.25, 3, 1234567, 0.00001234, 0.7071, -2.5].map((x) => brief(x, 4)), ["0.25", "3", "1.235e+06", "1.234e-05", "0.7071", "-2.5"]); // prettier-ignore
});
