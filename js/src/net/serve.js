// What the Worker does, as a function: it starts a network, and takes one step of a drawing at a time. Whoever asks decides
// what comes next, so that a drawing can wait for a more urgent one, or be given up, after any step.
import { compile } from "../shared/remote.js";
import { Network } from "./network.js";
import { timesteps, walk } from "./sampler.js";

/** @typedef {import("./network.js").Facts & { how: "wasm" | "js", alphaBar: Float64Array }} Started */
/** A step, and how many there are. @typedef {import("./sampler.js").Step & { steps: number, ts: number[] }} Taken */
/** @typedef {{ weights: ArrayBuffer, kernels: Uint8Array[] } | { id: number, draw: import("./sampler.js").Draw } | { id: number } | { drop: number }} Request */

export function server() {
  /** @type {Network} */
  let network;
  /** @type {Map<number, { ts: number[], steps: Generator<import("./sampler.js").Step, void> }>} */
  const drawings = new Map();

  /** `{ weights, kernels }` starts a network, `{ id, draw }` a drawing; `{ id }` takes its next step, undefined where there is none. @param {any} request @returns {Started | Taken | undefined} */
  return function answer({ weights, kernels, id, draw, drop }) {
    if (weights) {
      const wasm = compile(kernels);
      network = new Network(weights, wasm);
      return { ...network.facts, how: wasm ? "wasm" : "js", alphaBar: network.alphaBar };
    }
    if (draw) drawings.set(id, { ts: timesteps(network, draw), steps: walk(network, draw) });
    if (drop !== undefined) drawings.delete(drop);
    const drawing = drawings.get(id);
    const step = drawing?.steps.next().value;
    if (!drawing || !step) return;
    if (step.i === drawing.ts.length - 1) drawings.delete(id);
    return { ...step, steps: drawing.ts.length, ts: drawing.ts };
  };
}
