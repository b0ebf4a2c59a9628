// The network at work in a Worker, or where the page forbids Workers on the main thread; and what is asked of it, in which order.
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

/**
 * One thing at a time: what was asked for last, as soon as it was asked for, and while nothing is, the rest, piece by piece.
 * @param {() => Promise<void>} first @param {() => Promise<boolean>} rest does a piece, and says whether there is more
 */
export function worker(first, rest) {
  let [asked, running] = [false, false];
  return async function run() {
    asked = true;
    if (running) return;
    running = true;
    try {
      for (let more = true; asked || more; ) {
        if (asked) {
          asked = false;
          await first();
          more = true;
        } else more = await rest();
      }
    } finally {
      running = false;
    }
  };
}
