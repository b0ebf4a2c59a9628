// What is painted on, and what is to be drawn from it.
import { kindOf } from "../net/weights.js";
import { clamp } from "../shared/format.js";
import { normal, streamAt } from "../shared/random.js";
import { bytesOf, dab, floats, noiseOf, told, unitVariance } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Sync} Sync */
/** @typedef {import("../net/serve.js").Taken} Taken */
/** @typedef {import("../net/sampler.js").Draw} Draw */

const LOUD = 0.8; // how far strokes may take noise from what it was

/** @param {Model} model */
export const settings = (model) => ({
  steps: model.get("steps"), sampler: model.get("sampler"), spacing: model.get("spacing"), eta: model.get("eta"), clamp: model.get("clamp"),
  label: model.get("classes").length ? model.get("label") : undefined, guidance: told(model) ? model.get("guidance") : 0,
}); // prettier-ignore

/** The radius of the brush, in image pixels. @param {Model} model @param {{ w: number }} kind */
export const radius = (model, { w }) => w / { noise: 10, step: 10, fill: 16, sketch: 16 }[model.get("mode")];

export class Board {
  /** @type {Taken[]} from noise to picture, as the noise and the settings want it */
  way = [];
  /** @type {(Taken | undefined)[]} what is shown: the way, or another one that left it at some step */
  line = [];
  /** What the way was drawn of. @type {unknown[]} */
  source = [];
  /** What strokes have added, to what, and what came of it. @type {{ base: Float32Array, layer: Float32Array, sent?: DataView } | undefined} */
  strokes;

  /** @param {Model} model @param {Sync} sync */
  constructor(model, sync) {
    this.model = model;
    this.sync = sync;
    this.kind = kindOf(model);
  }

  noise() {
    const { model, kind } = this;
    return model.get("x_T").byteLength ? floats(model, "x_T", kind.size) : noiseOf(model, kind.size);
  }

  /** Is the way to be drawn anew before anything else? */
  get stale() {
    const now = this.sources();
    return this.source.length !== now.length || now.some((value, i) => value !== this.source[i]);
  }

  sources() {
    return [this.model.get("x_T"), this.model.get("weights"), ...Object.values(settings(this.model))];
  }

  /** The way that was drawn from the noise. @param {Taken[]} taken @param {unknown[]} source what it was drawn of */
  keepWay(taken, source) {
    this.source = source;
    this.way = this.line = taken;
    if (this.model.get("mode") === "step") this.strokes = undefined;
  }

  /** The chosen step. @param {number} [count] of steps */
  at(count = this.way.length) {
    return clamp(this.model.get("at"), 0, Math.max(0, count - 1));
  }

  /** A step of the line that is shown is gone on from: what led there becomes the way. @param {number} i */
  choose(i) {
    if (!this.line[i]) return false;
    this.way = /** @type {Taken[]} */ (this.line);
    this.strokes = undefined;
    return true;
  }

  mask() {
    return floats(this.model, "mask", this.kind.h * this.kind.w);
  }

  drawing() {
    return floats(this.model, "drawing", this.kind.size, this.kind.lo);
  }

  /** The picture on the pad, as strokes have left it. */
  shown() {
    const mode = this.model.get("mode");
    if (mode === "sketch") return this.drawing();
    if (mode === "noise" || !this.way.length) return this.noise();
    if (mode === "fill") return this.way[this.way.length - 1].x0;
    const { layer } = this.strokes ?? {};
    const step = this.way[this.at()]?.[this.model.get("part")] ?? this.noise();
    return layer ? step.map((value, i) => value + layer[i]) : step;
  }

  /** A dab of the brush. @param {number} x in image pixels @param {number} y @param {number} sign */
  stroke(x, y, sign) {
    const { model, kind, sync } = this;
    const mode = model.get("mode");
    const put = (/** @type {Float32Array} */ values, /** @type {number} */ amount, /** @type {number} */ lo, /** @type {number} */ hi) => {
      dab(values, kind, x, y, radius(model, kind), sign * amount);
      return values.map((value) => clamp(value, lo, hi));
    };
    if (mode === "fill") return sync.set("mask", bytesOf(put(this.mask(), 1.5, 0, 1)));
    if (mode === "sketch") return sync.set("drawing", bytesOf(put(this.drawing(), (kind.hi - kind.lo) * 0.6, kind.lo, kind.hi)));
    const fresh = !this.strokes || (mode === "noise" && this.strokes.sent !== model.get("x_T"));
    const strokes = fresh ? { base: this.noise(), layer: new Float32Array(kind.size) } : /** @type {NonNullable<typeof this.strokes>} */ (this.strokes);
    strokes.layer = put(strokes.layer, 0.5, -LOUD, LOUD);
    this.strokes = strokes;
    if (mode === "step") return;
    strokes.sent = bytesOf(unitVariance(strokes.base.map((value, i) => value + strokes.layer[i])));
    sync.set("x_T", strokes.sent);
  }

  undo() {
    const { model, kind, sync } = this;
    const mode = model.get("mode");
    this.strokes = undefined;
    if (mode === "noise") sync.set("x_T", bytesOf(noiseOf(model, kind.size)));
    if (mode === "fill") sync.set("mask", bytesOf(new Float32Array(kind.h * kind.w)));
    if (mode === "sketch") sync.set("drawing", bytesOf(new Float32Array(kind.size).fill(kind.lo)));
  }

  /** What the noise becomes. @returns {Draw} */
  plain() {
    return { ...settings(this.model), seeds: [this.model.get("seed")], x: this.noise() };
  }

  /** What is to be drawn; undefined where the way itself is it. @param {ArrayLike<number>} alphaBar @param {number[]} ts @returns {Draw | undefined} */
  request(alphaBar, ts) {
    const { model, kind } = this;
    const mode = model.get("mode");
    const first = this.at(ts.length);
    if (mode === "step") {
      const { x, x0 } = this.way[first];
      const own = this.shown();
      const common = { ...this.plain(), first, before: this.way[first - 1]?.x0 };
      return model.get("part") === "x" ? { ...common, x: own } : { ...common, x, x0: own === x0 ? undefined : own };
    }
    if (mode === "fill") {
      const x = normal(streamAt(model.get("seed"), 1e6 + model.get("fill")), kind.size);
      return { ...this.plain(), x, known: this.shown(), mask: this.mask() };
    }
    if (mode === "sketch") {
      const [drawing, eps, a] = [this.drawing(), this.noise(), alphaBar[ts[first]]];
      return { ...this.plain(), first, x: drawing.map((value, i) => Math.sqrt(a) * value + Math.sqrt(1 - a) * eps[i]) };
    }
  }
}
