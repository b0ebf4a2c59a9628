// The network at work in a Worker, or where the page forbids Workers on the main thread.
import code from "text:./worker.js";
import { plain, relaxed } from "../net/kernel.wasm.js";
import { decoded } from "../shared/bytes.js";
import { remote } from "../shared/remote.js";

/** @typedef {import("../net/serve.js").Started} Started */
/** @typedef {import("../shared/remote.js").Ask} Ask */

/** Start a network. Rejects when the weights are none that it can compute. @param {ArrayBuffer} weights a file of `page_weights` @param {AbortSignal} signal ends the Worker @returns {Promise<{ ask: Ask, facts: Started, worker: boolean }>} */
export async function start(weights, signal) {
  const { ask, worker } = await remote(code, signal);
  return { ask, facts: await ask({ weights, kernels: [relaxed, plain].map(decoded) }), worker };
}
