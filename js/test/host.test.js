import assert from "node:assert/strict";
import { test } from "node:test";
import { staticModel, unpack } from "../src/host/host.js";
import { f32, u8 } from "../src/shared/bytes.js";

test("a model tells those who listen, once per change, and stops when told", () => {
  const model = staticModel({ t: 0 });
  /** @type {any[]} */
  const heard = [];
  const fn = (/** @type {any} */ _, /** @type {any} */ v) => heard.push(v);
  model.on("change:t", fn);
  model.set("t", 1);
  model.set("t", 1);
  assert.deepEqual(heard, [1]);
  model.off("change:t", fn);
  model.set("t", 2);
  assert.deepEqual(heard, [1]);
  assert.equal(model.get("t"), 2);
});

test("buffers come back as the views a widget reads", () => {
  const floats = new Float32Array([0.25, -2]);
  const data = Buffer.from(floats.buffer).toString("base64");
  const state = unpack({ state: { n: 1, deep: { list: [{}] } }, buffers: [{ path: ["x"], data }, { path: ["deep", "list", 0, "y"], data: "AQL/" }] });
  assert.equal(state.n, 1);
  assert.deepEqual([...f32(state.x)], [0.25, -2]);
  assert.deepEqual([...u8(state.deep.list[0].y)], [1, 2, 255]);
});

test("float32 is read from any offset", () => {
  const bytes = new Uint8Array(9);
  bytes.set(new Uint8Array(new Float32Array([1.5, 3]).buffer), 1);
  assert.deepEqual([...f32(new DataView(bytes.buffer, 1, 8))], [1.5, 3]);
});
