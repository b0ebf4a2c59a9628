// One experiment: data, a network that learns them, its field and its walkers. All views of a widget show the same one.
import code from "text:./worker.js";
import { decoded } from "../shared/bytes.js";
import { clamp } from "../shared/format.js";
import { normal, streamAt } from "../shared/random.js";
import { remote } from "../shared/remote.js";
import { syncer } from "../shared/sync.js";
import { calm, listen } from "../shared/view.js";
import { plain, relaxed } from "./kernel.wasm.js";
import { countOf } from "./network.js";
import { alphaBarOf, bytesOf, floats, VIEW, wayOf } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./serve.js").Source} Source */
/** A path of n walkers: path[(j·n + i)·2 + c] before step j, at timestep ts[j], and after the last. @typedef {{ path: Float32Array, ts: number[], n: number }} Walked */

const SLICE = 24; // milliseconds of training at a time
const KEPT = 300; // losses
export const CELLS = 22; // the field is drawn at so many places in each direction

/** The places of the field's arrows, (CELLS², 2), from the upper left. */
export const PLACES = Float32Array.from({ length: 2 * CELLS ** 2 }, (_, k) => {
  const cell = k >> 1;
  return k % 2 ? VIEW - (2 * VIEW * (Math.floor(cell / CELLS) + 0.5)) / CELLS : -VIEW + (2 * VIEW * ((cell % CELLS) + 0.5)) / CELLS;
});

/** Call fn soon, and again if it was asked for meanwhile; never twice at once. @param {() => Promise<void>} fn */
function soon(fn) {
  let [busy, again] = [false, false];
  const run = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    await fn().catch(() => {});
    busy = false;
    if (again) run();
  };
  return run;
}

export class Lab {
  /** @type {Set<() => void>} views, told when there is something new to see */
  views = new Set();
  /** @type {[number, number][]} step and loss */
  losses = [];
  /** @type {Partial<Record<Source, { x0: Float32Array, t: number }>>} x̂0 at PLACES */
  field = {};
  /** @type {Walked | undefined} */
  walked;
  /** @type {Walked | undefined} the one that was put down */
  single;
  /** @type {{ fit: number, floor: number, spread: number } | undefined} */
  fit;
  /** @type {import("../shared/remote.js").Ask | undefined} */
  ask;
  each = 1; // how many steps a kept loss is the mean of
  /** @type {number[]} losses since the last one that was kept */
  since = [];
  best = 0; // the loss of the exact denoiser; 0: not known
  how = "";
  worker = false;
  points = new Float32Array();
  alphaBar = /** @type {Float64Array} */ (new Float64Array());
  /** @type {string | undefined} the settings of the network */
  key;
  /** @type {DataView | undefined} the weights that it sent last */
  sent;
  /** @type {DataView | undefined} those of a network that was trained elsewhere */
  given;
  old = false; // whether the network learned from other data
  rate = 0; // steps a second
  watch = { from: 0, count: 0 };
  /** @type {Record<string, number>} */
  times = {};
  cost = 0; // of a walk, in milliseconds
  step = 0;
  base = 0; // steps of the network before it came here
  loops = 0;
  life = new AbortController();

  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.sync = syncer(model, this.life.signal);
    this.askField = soon(() => this.lookAt());
    this.askWalk = soon(() => this.walk());
    this.askFit = soon(() => this.measure());
    this.askBest = soon(async () => {
      if (this.key && this.points.length) this.best = await this.ask?.({ best: true });
      this.tell();
    }); // prettier-ignore
  }

  /** A view begins; the lab works while there is one. @param {() => void} view @param {AbortSignal} signal */
  enter(view, signal) {
    this.views.add(view);
    if (this.views.size === 1) this.begin();
    signal.addEventListener("abort", () => {
      this.views.delete(view);
      const { life } = this;
      if (!this.views.size) this.share().finally(() => life.abort());
    }, { once: true }); // prettier-ignore
  }

  async begin() {
    const { model } = this;
    const { signal } = (this.life = new AbortController());
    this.sync = syncer(model, signal);
    this.ask = this.key = this.sent = undefined;
    const { ask, worker } = await remote(code, signal);
    if (signal.aborted) return;
    this.ask = ask;
    this.how = await ask({ kernels: [relaxed, plain].map(decoded) });
    this.worker = worker;
    const on = (/** @type {string} */ names, /** @type {() => void} */ fn) => listen(model, names.replace(/\w+/g, "change:$&"), fn, signal);
    let queued = false; // several traits that change together make one network
    on("width target time_input schedule T beta_max s seed weights", () => {
      if (queued) return;
      queued = true;
      queueMicrotask(() => ((queued = false), this.build()));
    });
    on("lr batch ema", () => ask({ settings: this.settings() }));
    on("points", () => (this.take(), this.train()));
    on("t field", () => this.askField());
    on("sampler steps eta walkers noise_seed field", () => this.askWalk());
    on("start", () => this.askWalk());
    on("running", () => this.train());
    document.addEventListener("visibilitychange", () => this.train(), { signal });
    this.take();
    this.build();
    this.train();
  }

  tell() {
    for (const view of this.views) view();
  }

  settings() {
    const { model } = this;
    return { width: model.get("width"), target: model.get("target"), alphaBar: this.alphaBar, seed: model.get("seed"),
      batch: model.get("batch"), lr: model.get("lr"), ema: model.get("ema"), time_input: model.get("time_input") }; // prettier-ignore
  }

  /** The data are new. */
  take() {
    this.points = floats(this.model, "points").slice();
    this.ask?.({ points: this.points });
    this.field.exact = this.fit = undefined;
    this.old = this.step > 0;
    this.forget([]);
    if (!this.points.length) (this.field = {}), (this.walked = this.single = undefined);
    this.renew();
  }

  /** A new network, where the settings are others than before or the weights come from elsewhere. */
  build() {
    const { model } = this;
    this.alphaBar = alphaBarOf(model);
    const key = ["width", "target", "time_input", "schedule", "T", "beta_max", "s", "seed"].map((name) => model.get(/** @type {any} */ (name))).join();
    const given = model.get("weights");
    if (key === this.key && given === this.sent) return;
    const known = given !== this.sent && given.byteLength === 4 * countOf(model.get("width"));
    this.key = key;
    this.sent = given;
    this.ask?.({ network: { settings: this.settings(), weights: known ? floats(model, "weights").slice() : undefined } });
    this.step = this.base = known ? model.get("step") : 0;
    const losses = known ? floats(model, "losses") : new Float32Array();
    this.forget(Array.from({ length: losses.length / 2 }, (_, i) => [losses[2 * i], losses[2 * i + 1]]));
    this.given = known && !this.step ? given : undefined;
    this.old = false;
    this.field = {};
    if (!known) this.share(true);
    this.renew();
  }

  /** A new curve of losses begins with these. @param {[number, number][]} losses */
  forget(losses) {
    const [[from] = [0], [to] = [1]] = (this.losses = losses);
    this.each = clamp(to - from, 1, 1e4) || 1;
    this.since = [];
  }

  /** Forget what was learned here. @param {boolean} [back] to the network that was trained elsewhere, if there is one */
  reset(back) {
    this.key = "";
    if (back && this.given) {
      this.sent = undefined;
      this.sync.set("step", 0);
      this.sync.set("losses", bytesOf(new Float32Array()));
      this.sync.set("weights", this.given);
    }
    this.build();
  }

  /** Look at it all anew. */
  renew() {
    this.best = 0;
    this.askBest();
    this.askField();
    this.askWalk();
    this.tell();
  }

  get awake() {
    return this.model.get("running") && !document.hidden && !this.life.signal.aborted && this.points.length > 0;
  }

  /** Train for as long as it is wanted: two slices are asked for at a time, so that the Worker never waits for the page. */
  train() {
    while (this.awake && this.loops < (this.model.get("speed") ? 1 : 2)) this.loop();
    this.tell();
  }

  /** So many steps. */
  async some(n = 1) {
    this.sync.set("running", false);
    for (const end = this.step + n; this.ask && this.points.length && this.step < end; ) await this.slice(end - this.step);
    this.renew();
  }

  async loop() {
    this.loops++;
    for (let last = performance.now(); this.awake && this.loops <= (this.model.get("speed") ? 1 : 2); ) {
      const speed = this.model.get("speed");
      await this.slice(speed ? Math.max(1, Math.round(speed / 20)) : 1e6);
      const pause = speed && 1000 * Math.max(1 / speed, 0.05) - (performance.now() - last);
      if (pause > 0) await new Promise((go) => setTimeout(go, pause));
      last = performance.now();
    }
    this.loops--;
    if (this.loops || this.awake) return;
    this.rate = 0;
    this.renew(); // the walkers of the last weights, and then Python is told
  }

  /** A slice of training, of at most so many steps. @param {number} most */
  async slice(most) {
    const { since } = this;
    const { steps, losses } = await /** @type {import("../shared/remote.js").Ask} */ (this.ask)({ train: { steps: most, ms: SLICE } });
    if (since !== this.since) return; // of a network or of data that are no more
    this.old = false;
    this.step = this.base + steps;
    losses.forEach((/** @type {number} */ loss, /** @type {number} */ i) => this.keep(this.step - losses.length + i + 1, loss));
    this.clock(losses.length);
    this.later();
    this.tell();
  }

  /** Keep a loss: the mean of `each` steps, which doubles when there are more of them than can be seen. @param {number} step @param {number} loss */
  keep(step, loss) {
    const { since } = this;
    since.push(loss);
    if (since.length < this.each) return;
    this.losses.push([step, since.splice(0).reduce((a, b) => a + b) / this.each]);
    if (this.losses.length < 2 * KEPT) return;
    this.losses = this.losses.filter((_, i) => i % 2).map(([step, loss], i) => [step, (loss + this.losses[2 * i][1]) / 2]);
    this.each *= 2;
  }

  /** Count steps a second. @param {number} steps */
  clock(steps) {
    const now = performance.now();
    const gone = now - this.watch.from;
    this.watch.count += steps;
    if (gone < 500) return;
    this.rate = gone < 2000 ? (1000 * this.watch.count) / gone : 0; // it has just begun
    this.watch = { from: now, count: 0 };
  }

  /** What follows from new weights: not after every slice. */
  later() {
    const now = performance.now();
    const due = (/** @type {"seen" | "gone" | "judged" | "shared"} */ what, /** @type {number} */ ms) => {
      if (now - (this.times[what] ?? 0) < ms) return false;
      return (this.times[what] = now);
    };
    if (due("seen", calm() ? 500 : 60)) this.askField();
    if (due("gone", Math.max(calm() ? 500 : 250, 8 * this.cost))) this.askWalk();
    if (due("shared", 1000)) this.share();
  }

  /** x̂0 at all places, at the timestep that is shown. */
  async lookAt() {
    const { model, ask } = this;
    if (!ask || !this.points.length) return this.tell();
    const [t, field] = [Math.min(model.get("t"), model.get("T") - 1), model.get("field")];
    const { key, points } = this;
    const wanted = /** @type {Source[]} */ (field === "both" ? ["learned", "exact"] : [field]);
    await Promise.all(wanted.map(async (of) => {
      if (of === "exact" && this.field.exact?.t === t) return; // it changes with the data alone
      const x0 = await ask({ clean: { of, x: PLACES, t } });
      if (key === this.key && points === this.points) this.field[of] = { x0, t };
    })); // prettier-ignore
    this.tell();
  }

  /** Where the walkers start, standard normal. */
  starts() {
    const { model } = this;
    return normal(streamAt(model.get("noise_seed"), 7), 2 * model.get("walkers"));
  }

  async walk() {
    const { model, ask, key, points } = this;
    if (!ask || !points.length) return;
    const begun = performance.now();
    const [x, start] = [this.starts(), model.get("start")];
    const of = model.get("field") === "exact" ? "exact" : "learned";
    const [walked, single] = await Promise.all([x, Float32Array.from(start)].map(async (x, i) => {
      if (!x.length) return undefined;
      const { path, ts } = await ask({ walk: { x, of, ...wayOf(model), seed: streamAt(model.get("noise_seed"), 8 + i) } });
      return { path, ts, n: x.length / 2 };
    })); // prettier-ignore
    this.cost = performance.now() - begun;
    if (key !== this.key || points !== this.points) return this.askWalk();
    [this.walked, this.single] = [walked, single];
    if (performance.now() - (this.times.judged ?? 0) > 700 || !this.awake) this.askFit();
    this.tell();
  }

  /** Where the walkers end. */
  get ends() {
    const { path, n } = this.walked ?? { path: new Float32Array(), n: 0 };
    return path.subarray(path.length - 2 * n);
  }

  async measure() {
    const { ask, points } = this;
    if (!ask || !points.length || !this.ends.length) return;
    this.times.judged = performance.now();
    const fit = await ask({ fit: this.ends.slice() });
    if (points !== this.points) return;
    this.fit = fit;
    if (!this.awake) this.share();
    this.tell();
  }

  /** Tell Python. @param {boolean} [nothing] there is nothing yet */
  async share(nothing) {
    const { model, sync, ask, key, fit } = this;
    if (!ask || (!nothing && !this.step)) return void (this.ends.length && sync.set("samples", bytesOf(this.ends)));
    const weights = nothing ? new Float32Array() : await ask({ weights: true });
    if (key !== this.key || (!nothing && this.sent !== model.get("weights"))) return; // others have come meanwhile
    this.sent = bytesOf(weights);
    sync.set("weights", this.sent);
    sync.set("step", this.step);
    sync.set("losses", bytesOf(Float32Array.from(this.losses.flat())));
    sync.set("samples", bytesOf(this.ends));
    const found = fit ? [fit.fit, fit.floor, fit.spread] : [];
    sync.set("fit", found.every(Number.isFinite) ? found : []);
  }
}
