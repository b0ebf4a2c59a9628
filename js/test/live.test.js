import assert from "node:assert/strict";
import { test } from "node:test";
import { dab, slerp, unitVariance } from "../src/live/read.js";
import { readSafetensors } from "../src/net/safetensors.js";
import { normal } from "../src/shared/random.js";

const std = (/** @type {Float32Array} */ x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);

test("between two noises lies noise that is as loud, and the ends are the two", () => {
  const [a, b] = [normal(1, 4096), normal(2, 4096)];
  for (const mix of [0.1, 0.5, 0.9]) assert.ok(Math.abs(std(slerp(a, b, mix)) - 1) < 0.02, `${mix}`);
  for (const [mix, end] of /** @type {[number, Float32Array][]} */ ([[0, a], [1, b]])) assert.ok(slerp(a, b, mix).every((v, i) => Math.abs(v - end[i]) < 1e-5)); // prettier-ignore
  assert.deepEqual(slerp(a, a, 0.5), a);
});

test("the brush brightens softly, and noise that grows loud is brought back", () => {
  const image = new Float32Array(2 * 64);
  dab(image, { h: 8, w: 8 }, 4.5, 2.5, 2, 1);
  assert.equal(image[2 * 8 + 4], 1);
  assert.equal(image[64 + 2 * 8 + 4], 1); // every channel
  assert.ok(image[2 * 8 + 5] < 1 && image[2 * 8 + 5] > image[2 * 8 + 6]);
  const loud = normal(3, 1024).map((v, i) => v + (i < 300 ? 5 : 0));
  const mean = (/** @type {Float32Array} */ x) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const back = unitVariance(loud);
  assert.ok(Math.abs(std(back.map((v) => v - mean(back))) - 1) < 1e-4);
});

test("float16, int8 with scales, float32 and float64 are read", () => {
  const numbers = { half: ["F16", [4], new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7bff])], w: ["I8", [2, 2], new Int8Array([127, -127, 1, 0])],
    "w.scale": ["F32", [2], new Float32Array([0.5, 2])], d: ["F64", [1], new Float64Array([1e-300])] }; // prettier-ignore
  /** @type {Record<string, any>} */
  const header = { __metadata__: { page: "{}" } };
  let at = 0;
  for (const [name, [dtype, shape, data]] of Object.entries(numbers)) {
    const { byteLength } = /** @type {Float32Array} */ (data);
    header[name] = { dtype, shape, data_offsets: [at, (at += byteLength)] };
  }
  const head = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + head.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  at = 8 + head.length;
  for (const [, , data] of Object.values(numbers)) {
    const bytes = new Uint8Array(/** @type {Float32Array} */ (data).buffer);
    file.set(bytes, at);
    at += bytes.length;
  }
  const { tensors, words } = readSafetensors(file.buffer);
  assert.deepEqual([...tensors.half.data], [1, -2, 2 ** -24, 65504]);
  assert.deepEqual([...tensors.w.data], [63.5, -63.5, 2, 0]);
  assert.deepEqual([...tensors.d.data], [1e-300]);
  assert.deepEqual(Object.keys(tensors), ["half", "w", "d"]);
  assert.deepEqual(words, { page: "{}" });
  assert.throws(() => readSafetensors(file.buffer.slice(0, 60)), /safetensors/);
  assert.throws(() => readSafetensors(file.buffer.slice(0, -3)), /must hold \d+ bytes/);
});
