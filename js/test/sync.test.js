import assert from "node:assert/strict";
import { test } from "node:test";
import { staticModel } from "../src/host/host.js";
import { syncer } from "../src/shared/sync.js";

/** @param {import("node:test").TestContext} t */
function setUp(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const model = staticModel({ t: 0 });
  /** @type {number[]} */
  const sent = [];
  model.save_changes = () => void sent.push(model.get("t"));
  const life = new AbortController();
  return { model, sent, life, sync: syncer(model, life.signal), tick: (/** @type {number} */ ms) => t.mock.timers.tick(ms) };
}

test("the model changes at once, messages come at most every 100 ms, the last one always", (t) => {
  const { model, sent, sync, tick } = setUp(t);
  for (let i = 1; i <= 1000; i++) {
    sync.set("t", i);
    assert.equal(model.get("t"), i);
    tick(1);
  }
  assert.ok(sent.length <= 11, `${sent.length} messages in a second`);
  assert.equal(sent[0], 1);
  tick(200);
  assert.equal(sent.at(-1), 1000);
  const before = sent.length;
  tick(1000);
  assert.equal(sent.length, before, "nothing new, nothing sent");
});

test("the same value again is no message", (t) => {
  const { sent, sync, tick } = setUp(t);
  sync.set("t", 0);
  tick(500);
  assert.deepEqual(sent, []);
});

test("what is unsent when the view ends is sent, once", (t) => {
  const { sent, sync, life, tick } = setUp(t);
  sync.set("t", 1);
  sync.set("t", 2);
  life.abort();
  assert.deepEqual(sent, [1, 2]);
  tick(1000);
  assert.deepEqual(sent, [1, 2]);
});
