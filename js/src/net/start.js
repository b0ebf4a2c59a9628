// A network at work in a Worker, or where the page forbids Workers on the main thread, giving way between two steps.
import code from "text:./worker.js";
import { decoded } from "../shared/bytes.js";
import { Engine } from "./engine.js";
import { plain, relaxed } from "./kernel.wasm.js";
import { server } from "./serve.js";

/** @typedef {import("./engine.js").Ask} Ask */

/**
 * Start a network. Rejects when the weights are none that it can compute.
 * @param {ArrayBuffer} weights a file of `page_weights` @param {AbortSignal} signal ends the Worker
 */
export async function start(weights, signal) {
  const kernels = [relaxed, plain].map(decoded);
  const remote = await inWorker(signal);
  const ask = remote ?? onMainThread();
  return new Engine(ask, await ask({ weights, kernels }), !!remote);
}

/** @param {AbortSignal} signal @returns {Promise<Ask | null>} null where the page forbids Workers */
async function inWorker(signal) {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    const worker = new Worker(url);
    signal.addEventListener("abort", () => worker.terminate(), { once: true });
    /** @type {Map<number, { done: (answer: any) => void, fail: (e: Error) => void }>} */
    const waiting = new Map();
    let number = 0;
    worker.onmessage = ({ data }) => {
      const { done, fail } = /** @type {any} */ (waiting.get(data.number));
      waiting.delete(data.number);
      data.error ? fail(new Error(data.error)) : done(data.answer);
    };
    /** @type {Ask} */
    const ask = (request, moved = []) => new Promise((done, fail) => {
      waiting.set(++number, { done, fail });
      worker.postMessage({ number, ...request }, moved);
    }); // prettier-ignore
    await new Promise((done, fail) => {
      worker.onerror = fail; // of a Worker that is forbidden, some browsers tell only here
      ask({ id: -1 }).then(done); // a drawing that there is not: answered at once
    });
    return ask;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @returns {Ask} */
function onMainThread() {
  const answer = server();
  return async (request) => {
    await new Promise((go) => setTimeout(go)); // the page paints and hears in between
    return answer(request);
  };
}
