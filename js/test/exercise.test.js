import assert from "node:assert/strict";
import { test } from "node:test";
import { brief } from "../src/exercise/grade.js";
import { run, show } from "../src/exercise/run.js";
import { Tensor } from "../src/exercise/tensor.js";

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
  fails("x = (1,\n  2", "SyntaxError", /'\)' is missing/, 2);
  fails("def f():\n    return 1\n  x = 2", "SyntaxError", /indented/, 3);
});

test("numbers are written as by Python's .4g", () => {
  assert.deepEqual([0.25, 3, 1234567, 0.00001234, 0.7071, -2.5].map((x) => brief(x, 4)), ["0.25", "3", "1.235e+06", "1.234e-05", "0.7071", "-2.5"]); // prettier-ignore
});
