// What the Worker does, as a function. It holds the network and the data; whoever asks decides what comes next, so that
// training, which is asked for in short slices, waits for what a hand has just done.
import { walk } from "../net/sampler.js";
import { compile } from "../shared/remote.js";
import { bestLoss, exactDenoiser } from "./exact.js";
import { Fit } from "./fit.js";
import { plainKernels, wasmKernels } from "./kernels.js";
import { Trainer } from "./training.js";

/** @typedef {import("./training.js").Settings} Settings */
/** @typedef {"learned" | "exact"} Source whose answers: the network's, or the perfect denoiser's */
/**
 * A walk from noise: a path of (steps + 1, n, 2), the first row the noise, the last what comes out.
 * @typedef {{ x: Float32Array, of: Source, sampler: import("../shared/solvers.js").Sampler, steps: number, eta: number, seed: number }} Walk
 */

const PAGE = 65_536; // of WebAssembly's memory

export function server() {
  /** @type {Uint8Array[]} */
  let kernels = [];
  /** @type {Trainer} */
  let trainer;
  let points = /** @type {Float32Array} */ (new Float32Array(2));
  /** @type {Fit | undefined} */
  let fit;

  /** A memory of its own for every network. @param {number} floats */
  const memory = (floats) => {
    const wasm = compile(kernels);
    wasm?.memory.grow(Math.ceil((wasm.heap() + 4 * floats) / PAGE));
    return wasm ? wasmKernels(wasm) : plainKernels;
  };

  /** What either denoiser takes for the clean points. @param {Source} of @param {Float32Array} x @param {number} t @returns {Float32Array} x̂0, (n, 2) */
  function clean(of, x, t) {
    const { settings: { alphaBar, target }, rates } = trainer; // prettier-ignore
    if (of === "exact") return exactDenoiser(points, x, alphaBar[t]);
    const [signal, noise] = rates[t];
    const answer = trainer.predict(x, t);
    if (target === "x0") return answer;
    return answer.map((value, i) => (target === "eps" ? (x[i] - noise * value) / signal : signal * x[i] - noise * value));
  }

  /** @type {Record<string, (request: any) => any>} */
  const answers = {
    /** What the page brings along. @param {Uint8Array[]} codes */
    kernels(codes) {
      kernels = codes;
      return compile(codes) ? "wasm" : "js";
    },
    /** A network that has learned nothing, or has these weights. @param {{ settings: Settings, weights?: Float32Array }} o */
    network({ settings, weights }) {
      trainer = new Trainer(memory, settings, weights);
    },
    /** Settings that a network keeps while it learns. @param {Partial<Settings>} some */
    settings: (some) => void Object.assign(trainer.settings, some),
    /** @param {Float32Array} data (n, 2) */
    points(data) {
      points = data;
      fit = undefined;
    },
    /** Train for so many steps, or so many milliseconds. @param {{ steps: number, ms: number }} o */
    train({ steps, ms }) {
      const end = performance.now() + ms;
      const losses = [];
      do losses.push(trainer.step(points));
      while (losses.length < steps && performance.now() < end);
      return { steps: trainer.steps, losses };
    },
    best: () => bestLoss(points, trainer.settings),
    weights: () => trainer.average.weights.slice(),
    /** @param {{ of: Source, x: Float32Array, t: number }} o */
    clean: ({ of, x, t }) => clean(of, x, t),
    /** @param {Walk} o @returns {{ path: Float32Array, ts: number[] }} */
    walk({ x, of, sampler, steps, eta, seed }) {
      const { alphaBar } = trainer.settings;
      const facts = { target: "x0", clamp: [-1, 1], sampler, steps, spacing: "trailing" };
      const network = { facts, alphaBar, predict: (/** @type {Float32Array} */ x, /** @type {number} */ t) => clean(of, x, t) };
      const taken = [...walk(/** @type {any} */ (network), { x, eta, seeds: [seed] })];
      const path = new Float32Array(x.length * (taken.length + 1));
      taken.forEach((step, i) => path.set(step.x, i * x.length));
      path.set(taken[taken.length - 1].x0, taken.length * x.length);
      return { path, ts: taken.map((step) => step.t) };
    },
    /** @param {Float32Array} walkers (n, 2) */
    fit(walkers) {
      fit ??= new Fit(points, walkers.length / 2);
      return { fit: fit.of(walkers), floor: fit.floor, spread: fit.spread };
    },
  };

  /** @param {Record<string, any>} request one name of `answers`, and what it takes */
  return function answer(request) {
    for (const name in request) return answers[name](request[name]);
  };
}
