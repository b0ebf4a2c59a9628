// Three ways to compute the same network in a page: ours, tfjs (our unet.js over its operations), onnxruntime-web. One thread each.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as ort from "onnxruntime-web/wasm";
import { plain, relaxed } from "../../js/src/net/kernel.wasm.js";
import { Network } from "../../js/src/net/network.js";
import { walk } from "../../js/src/net/sampler.js";
import { forward, timeBiases } from "../../js/src/net/unet.js";

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const fetched = async (name) => (await fetch(name)).arrayBuffer();

/** The operations of unet.js by tfjs. */
class TfOps {
  constructor(weights, groups) {
    this.groups = groups;
    this.layers = {};
    for (const [name, { data, shape }] of Object.entries(weights)) {
      if (!name.endsWith(".weight") || name.includes("time_emb")) continue;
      const bias = tf.tensor1d(weights[name.replace(/weight$/, "bias")].data);
      const four = shape.length === 1 ? tf.tensor1d(data) : tf.tensor4d(data, [shape[0], shape[1], shape[2] ?? 1, shape[3] ?? 1]).transpose([2, 3, 1, 0]);
      this.layers[name.slice(0, -7)] = { weight: four, bias };
    }
  }
  has(name) {
    return name in this.layers;
  }
  conv(x, name, { stride = 1, add, extra } = {}) {
    const { weight, bias } = this.layers[name];
    const padded = stride === 2 ? x.pad([[0, 0], [1, 1], [1, 1], [0, 0]]) : x; // tfjs would pad an even image at one side only
    let y = tf.conv2d(padded, weight, stride, stride === 2 ? "valid" : "same").add(extra ? bias.add(tf.tensor1d(extra)) : bias);
    return add ? y.add(add) : y;
  }
  norm(x, name, silu) {
    const [n, h, w, c] = x.shape;
    const { weight, bias } = this.layers[name];
    const groups = x.reshape([n, h * w, this.groups, c / this.groups]);
    const { mean, variance } = tf.moments(groups, [1, 3], true);
    const y = groups.sub(mean).mul(variance.add(1e-5).rsqrt()).reshape([n, h, w, c]).mul(weight).add(bias);
    return silu ? y.mul(y.sigmoid()) : y;
  }
  attention(q, k, v) {
    const [n, h, w, c] = q.shape;
    const heads = (x) => x.reshape([n, h * w, c / 8, 8]).transpose([0, 2, 1, 3]);
    return tf.matMul(tf.matMul(heads(q), heads(k), false, true).div(Math.sqrt(8)).softmax(), heads(v)).transpose([0, 2, 1, 3]).reshape([n, h, w, c]);
  }
  concat(x, y) {
    return tf.concat([x, y], 3);
  }
  upsample(x) {
    return tf.image.resizeNearestNeighbor(x, [2 * x.shape[1], 2 * x.shape[2]]);
  }
}

async function start() {
  const file = await fetched("weights.page");
  const wasm = [relaxed, plain].map(bytes).find((code) => WebAssembly.validate(code));
  const ours = new Network(file, new WebAssembly.Instance(new WebAssembly.Module(wasm), {}).exports);
  setWasmPaths("node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  setThreadsCount(1);
  await tf.setBackend("wasm");
  const ops = new TfOps(ours.weights, ours.facts.groups);
  ort.env.wasm.wasmPaths = new URL("node_modules/onnxruntime-web/dist/", location.href).href;
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create("model.onnx");
  const predict = {
    ours: async (x, t) => ours.predict(x, t),
    async tfjs(x, t) {
      const n = x.length / 1024;
      const y = tf.tidy(() => {
        const folded = tf.tensor(x, [n, 16, 2, 16, 2]).transpose([0, 1, 3, 2, 4]).reshape([n, 16, 16, 4]);
        return forward(ops, folded, timeBiases(ours.weights, t)).reshape([n, 16, 16, 2, 2]).transpose([0, 1, 3, 2, 4]);
      });
      const out = await y.data();
      y.dispose();
      return out;
    },
    async onnxruntime(x, t) {
      const n = x.length / 1024;
      return (await session.run({ x: new ort.Tensor("float32", x, [n, 1, 32, 32]), t: new ort.Tensor("float32", [t], [1]) })).y.data;
    },
  };
  globalThis.pass = async (name, x, t) => Array.from(await predict[name](Float32Array.from(x), t));
  globalThis.time = async (name, n, rounds) => {
    const x = Float32Array.from({ length: 1024 * n }, () => Math.random() * 2 - 1);
    let best = Infinity;
    for (let i = 0; i < rounds; i++) {
      const begun = performance.now();
      await predict[name](x, 500);
      best = Math.min(best, performance.now() - begun);
    }
    return best;
  };
  globalThis.images = (n, steps) => {
    const x = Float32Array.from({ length: 1024 * n }, () => Math.random() * 2 - 1);
    const begun = performance.now();
    for (const _ of walk(ours, { x, steps, seeds: Array(n).fill(0) }));
    return performance.now() - begun;
  };
  globalThis.ready = true;
}

start().catch((e) => (globalThis.ready = String(e?.stack ?? e)));
