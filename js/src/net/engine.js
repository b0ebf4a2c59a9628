// What is drawn next: one network, many who want pictures of it, a hand that moves faster than it draws.
import { timesteps } from "./sampler.js";

/** @typedef {import("./serve.js").Started} Started */
/** @typedef {import("./serve.js").Taken} Taken */
/** @typedef {import("./sampler.js").Draw} Draw */
/** @typedef {(step: Taken) => void} Hear */
/** @typedef {import("../shared/remote.js").Ask} Ask */
/** @typedef {{ id: number, draw?: Draw, hear: Hear, done: (whole: boolean) => void }} Job */

export class Engine {
  /** @type {Job[]} the first is drawn; the second of the urgent ones waits */
  urgent = [];
  /** @type {Job[]} drawn when nothing is urgent */
  patient = [];
  next = 0;
  running = false;

  /** @param {Ask} ask @param {Started} facts @param {boolean} worker */
  constructor(ask, facts, worker) {
    this.ask = ask;
    this.facts = facts;
    this.alphaBar = Float64Array.from(facts.alphaBar);
    this.worker = worker;
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
      if (step && (this.urgent.includes(job) || this.patient.includes(job))) job.hear(step);
      if (step && step.i < step.steps - 1) continue;
      for (const jobs of [this.urgent, this.patient]) if (jobs[0] === job) jobs.shift();
      job.done(!!step);
    }
    this.running = false;
  }
}
