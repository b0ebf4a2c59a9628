import assert from "node:assert/strict";
import { test } from "node:test";
import { staticModel } from "../src/host/host.js";
import { linked } from "../src/shared/link.js";

/** @param {string} link @param {number} length */
function member(link, length) {
  const model = staticModel({ t: 0, link });
  const life = new AbortController();
  linked(model, () => length, (t) => model.set("t", t), life.signal);
  return { model, life };
}

test("one group moves together, others stay, and lengths may differ", () => {
  const [a, b, short, other, alone] = [member("g", 1000), member("g", 1000), member("g", 50), member("h", 1000), member("", 1000)];
  const ts = () => [a, b, short, other, alone].map((m) => m.model.get("t"));
  a.model.set("t", 500);
  assert.deepEqual(ts(), [500, 500, 25, 0, 0]);
  b.model.set("t", 999);
  assert.deepEqual(ts(), [999, 999, 49, 0, 0]);
  short.model.set("t", 1);
  assert.deepEqual(ts(), [20, 20, 1, 0, 0], "and nothing comes back to the one that moved");
  alone.model.set("t", 7);
  assert.deepEqual(ts(), [20, 20, 1, 0, 7], "no group, no company");
  for (const m of [a, b, short, other, alone]) m.life.abort();
});

test("a view that ended neither moves nor is moved", () => {
  const [a, b] = [member("g", 10), member("g", 10)];
  b.life.abort();
  a.model.set("t", 5);
  b.model.set("t", 3);
  assert.deepEqual([a.model.get("t"), b.model.get("t")], [5, 3]);
  a.life.abort();
  assert.equal(/** @type {any} */ (globalThis)[Symbol.for("ddpm-widgets.links")].members.size, 0);
});
