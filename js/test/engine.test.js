import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine } from "../src/net/engine.js";

/** An engine whose network takes three steps a drawing, and a list of all that it is asked. */
function engine() {
  /** @type {any[]} */
  const asked = [];
  /** @type {Map<number, number>} */
  const at = new Map();
  const ask = async (/** @type {any} */ request) => {
    asked.push(request);
    await new Promise((go) => setImmediate(go));
    if (request.drop !== undefined) return;
    const i = at.get(request.id) ?? 0;
    at.set(request.id, i + 1);
    return { i, steps: 3, name: request.draw?.name };
  };
  return { asked, engine: new Engine(ask, /** @type {any} */ ({ alphaBar: [0.9], steps: 3 }), true) };
}
const draw = (/** @type {string} */ name) => /** @type {any} */ ({ name });
const quiet = () => {};

test("a drawing is heard step by step, and drawn to its end", async () => {
  const { engine: own } = engine();
  /** @type {number[]} */
  const heard = [];
  assert.equal(await own.draw(draw("a"), (step) => heard.push(step.i)), true);
  assert.deepEqual(heard, [0, 1, 2]);
});

test("the drawing at work is finished, and of those that wait only the newest is drawn", async () => {
  const { asked, engine: own } = engine();
  const whole = await Promise.all(["a", "b", "c", "d"].map((name) => own.draw(draw(name), quiet)));
  assert.deepEqual(whole, [true, false, false, true]);
  assert.deepEqual(asked.filter((r) => r.draw).map((r) => r.draw.name), ["a", "d"]); // prettier-ignore
});

test("what is urgent goes between the steps of what is not", async () => {
  const { asked, engine: own } = engine();
  const patient = own.draw(draw("patient"), quiet, false);
  await new Promise((go) => setImmediate(go));
  const urgent = own.draw(draw("urgent"), quiet);
  assert.deepEqual(await Promise.all([patient, urgent]), [true, true]);
  assert.deepEqual(asked.map((r) => r.id), [0, 0, 1, 1, 1, 0]); // prettier-ignore
});

test("what is given up is heard of no more, and the Worker forgets it", async () => {
  const { asked, engine: own } = engine();
  let heard = 0;
  const first = own.draw(draw("a"), () => heard++, false);
  const second = own.draw(draw("b"), () => heard++, false);
  await new Promise((go) => setImmediate(go));
  own.clear();
  assert.deepEqual(await Promise.all([first, second]), [false, false]);
  const before = heard;
  assert.equal(await own.draw(draw("c"), quiet), true);
  assert.equal(heard, before);
  assert.ok(asked.some((r) => r.drop === 0) && !asked.some((r) => r.draw?.name === "b"));
});

test("a network that fails ends its drawing, and the next is drawn", async () => {
  let fails = true;
  const own = new Engine(async () => { if (fails) throw new Error("no"); return { i: 0, steps: 1 }; }, /** @type {any} */ ({ alphaBar: [] }), true); // prettier-ignore
  assert.equal(await own.draw(draw("a"), quiet), false);
  fails = false;
  assert.equal(await own.draw(draw("b"), quiet), true);
});
