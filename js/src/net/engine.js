// The network at work in a Worker, or where the page forbids Workers on the main thread, giving way between two steps.
import code from "text:./worker.js";
import { plain, relaxed } from "./kernel.wasm.js";
import { timesteps } from "./sampler.js";
import { server } from "./serve.js";

/** @typedef {import("./serve.js").Started} Started */
/** @typedef {import("./serve.js").Taken} Taken */
/** @typedef {import("./sampler.js").Draw} Draw */
/** @typedef {(step: Taken) => void} Hear */
/** @typedef {(request: any, moved?: Transferable[]) => Promise<any>} Ask */
/** @typedef {{ id: number, draw?: Draw, hear: Hear, done: (whole: boolean) => void }} Job */

const bytes = (/** @type {string} */ base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

export class Engine {
  /** @type {Job[]} the first is drawn; the second of the urgent ones waits */
  urgent = [];
  /** @type {Job[]} drawn when nothing is urgent */
  patient = [];
  next = 0;
  passes = 0; // of the network, since the start
  running = false;

  /** @param {Ask} ask @param {Started} facts @param {boolean} worker */
  constructor(ask, facts, worker) {
    this.ask = ask;
    this.facts = facts;
    this.alphaBar = Float64Array.from(facts.alphaBar);
    this.worker = worker;
  }

  /**
   * Start a network. Rejects when the weights are none that it can compute.
   * @param {ArrayBuffer} weights a file of `page_weights` @param {AbortSignal} signal ends the Worker
   */
  static async start(weights, signal) {
    const kernels = [relaxed, plain].map(bytes);
    const remote = await inWorker(signal);
    const ask = remote ?? onMainThread();
    return new Engine(ask, await ask({ weights, kernels }), !!remote);
  }

  /**
   * Draw, and hear of every step. What is urgent goes before what is not. Of urgent drawings the one at work is finished and only the
   * newest waits: to break off instead would show nothing for as long as a hand moves faster than the network draws.
   * @param {Draw} draw @param {Hear} hear @param {boolean} [urgent]
   * @returns {Promise<boolean>} whether it was drawn to its end
   */
  draw(draw, hear, urgent = true) {
    return new Promise((done) => {
      const job = { id: this.next++, draw, hear, done };
      if (!urgent) this.patient.push(job);
      else for (const old of this.urgent.splice(1, 1, job)) old.done(false);
      this.run();
    });
  }

  /** The timesteps that a drawing visits. @param {{ steps?: number, spacing?: import("../shared/solvers.js").Spacing }} settings */
  timesteps(settings) {
    return timesteps({ alphaBar: this.alphaBar, facts: this.facts }, settings);
  }

  /** Give up what is not urgent. */
  clear() {
    for (const job of this.patient.splice(0)) {
      if (!job.draw) this.ask({ drop: job.id });
      job.done(false);
    }
  }

  async run() {
    if (this.running) return;
    this.running = true;
    for (let job; (job = this.urgent[0] ?? this.patient[0]); ) {
      const { id, draw } = job;
      job.draw = undefined;
      const step = await this.ask(draw ? { id, draw } : { id }).catch(() => undefined);
      this.passes += step ? 1 : 0;
      if (step && (this.urgent.includes(job) || this.patient.includes(job))) job.hear(step);
      if (step && step.i < step.steps - 1) continue;
      for (const jobs of [this.urgent, this.patient]) if (jobs[0] === job) jobs.shift();
      job.done(!!step);
    }
    this.running = false;
  }
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
