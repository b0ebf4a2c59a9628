// A network at work in a Worker, or where the page forbids Workers on the main thread.
import code from "text:./worker.js";
import { decoded } from "../shared/bytes.js";
import { remote } from "../shared/remote.js";
import { Engine } from "./engine.js";
import { plain, relaxed } from "./kernel.wasm.js";

/**
 * Start a network. Rejects when the weights are none that it can compute.
 * @param {ArrayBuffer} weights a file of `page_weights` @param {AbortSignal} signal ends the Worker
 */
export async function start(weights, signal) {
  const { ask, worker } = await remote(code, signal);
  return new Engine(ask, await ask({ weights, kernels: [relaxed, plain].map(decoded) }), worker);
}
