// What the Worker does, as a function: it starts a network, and answers one question after the other. Nothing is kept between two.
import { Network } from "../net/network.js";
import { compile } from "../shared/remote.js";
import { changes, look, losses, slopes } from "./look.js";
import { watch } from "./taps.js";

/** @typedef {import("./look.js").Given} Given */
/** @typedef {import("../net/serve.js").Started} Started */

export function server() {
  /** @type {Network} */
  let network;
  /** @type {import("./taps.js").Seen} */
  let seen;
  /** `{ weights, kernels }` starts a network; the others ask of what it is `given`: `{ pixel }`, `{ others }`, `{ skips }`, `{ cells, side }`. @param {any} request */
  return function answer({ weights, kernels, given, pixel, others, skips, cells, side }) {
    if (weights) {
      const wasm = compile(kernels);
      network = new Network(weights, wasm);
      seen = watch(network.ops);
      return { ...network.facts, how: wasm ? "wasm" : "js", alphaBar: network.alphaBar };
    }
    if (pixel) return look(network, seen, given, pixel);
    if (others) return changes(network, seen, given, others);
    if (skips) return losses(network, seen, given, skips);
    if (cells) return slopes(network, given, cells, side);
  };
}
