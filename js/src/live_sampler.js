// LiveSampler: the trained network in the page. Noise becomes a picture with every touch: paint on the noise, on a step of the way,
// on a hole in a picture, on a drawing. State is traits; the network works in a Worker.
import "./live_sampler.css";
import { controls } from "./live/controls.js";
import { pad } from "./live/pad.js";
import { pictures } from "./live/pictures.js";
import { bytesOf, dab, floats, kindOf, MOST, noiseOf, unitVariance } from "./live/read.js";
import { COUNT, seeds } from "./live/seeds.js";
import { steps } from "./live/steps.js";
import { weightsOf } from "./live/weights.js";
import { start } from "./net/start.js";
import { button, div, group, h, press } from "./shared/dom.js";
import { clamp } from "./shared/format.js";
import { normal } from "./shared/random.js";
import { syncer } from "./shared/sync.js";
import { frame, isOurs, life, listen, mount, on } from "./shared/view.js";

/** @typedef {import("./live/read.js").Traits} Traits */
/** @typedef {import("./live/read.js").Model} Model */
/** @typedef {import("./live/read.js").Sync} Sync */
/** @typedef {import("./live/read.js").Mode} Mode */
/** @typedef {import("./net/serve.js").Taken} Taken */
/** @typedef {ReturnType<typeof drawingBoard>} Board */

/** @type {Record<Mode, { name: string, pad: string, words: string, brushes: [string, string], undo: string }>} */
const MODES = {
  noise: { name: "Noise", pad: "the noise: paint on it", words: "the noise x_T", brushes: ["lighter", "darker"], undo: "Undo strokes" },
  step: { name: "A step", pad: "", words: "a step on the way", brushes: ["lighter", "darker"], undo: "Undo strokes" },
  fill: { name: "Fill in", pad: "cut a hole, and take other noise for it", words: "the picture, with a hole", brushes: ["hole", "keep"], undo: "Close the hole" },
  sketch: { name: "Sketch", pad: "your drawing", words: "your drawing", brushes: ["light", "dark"], undo: "Clear" },
};
const BRUSH = { noise: 0.6, step: 0.5, fill: 1, sketch: 1.6 };

/** What is painted on, and what follows from it. @param {Model} model @param {Sync} sync */
function drawingBoard(model, sync) {
  const kind = kindOf(model);
  /** @type {Taken[]} of the last picture that began with the noise */
  let way = [];
  /** @type {Float32Array | undefined} */
  let edited; // the chosen step
  /** @type {Float32Array | undefined} */
  let kept; // the picture that is filled in
  const noise = () => {
    const x = floats(model, "x_T", kind.size);
    return x.some(Boolean) ? x : noiseOf(model, kind.size);
  };
  return {
    kind, noise,
    get way() { return way; },
    set way(taken) { way = taken; },
    /** The pad's picture; what a stroke changes. */
    shown() {
      const mode = model.get("mode");
      const at = clamp(model.get("at"), 0, way.length - 1);
      if (mode === "fill") return (kept ??= floats(model, "image", kind.size, kind.lo));
      if (mode === "sketch") return floats(model, "drawing", kind.size, kind.lo);
      return mode === "step" && way.length ? (edited ??= way[at][model.get("part")].slice()) : noise();
    },
    mask: () => floats(model, "mask", kind.h * kind.w),
    /** Forget what is painted on a step, and which picture is filled in. */
    forget() {
      edited = kept = undefined;
    },
    /** @param {number} x @param {number} y @param {number} sign @param {number} radius in pixels */
    stroke(x, y, sign, radius) {
      const mode = model.get("mode");
      const amount = sign * BRUSH[mode] * (mode === "fill" ? 3 : (kind.hi - kind.lo) / 2);
      const values = mode === "fill" ? this.mask() : this.shown();
      dab(values, kind, x, y, radius, amount);
      if (mode === "noise") sync.set("x_T", bytesOf(unitVariance(values)));
      if (mode === "fill") sync.set("mask", bytesOf(values.map((v) => clamp(v, 0, 1))));
      if (mode === "sketch") sync.set("drawing", bytesOf(values.map((v) => clamp(v, kind.lo, kind.hi))));
      if (mode === "step") edited = values;
    },
    undo() {
      const mode = model.get("mode");
      edited = undefined;
      if (mode === "noise") sync.set("x_T", bytesOf(noiseOf(model, kind.size)));
      if (mode === "fill") sync.set("mask", bytesOf(new Float32Array(kind.h * kind.w)));
      if (mode === "sketch") sync.set("drawing", bytesOf(new Float32Array(kind.size).fill(kind.lo)));
    },
    /** What is to be drawn. @param {ArrayLike<number>} alphaBar @param {number[]} ts @returns {import("./net/sampler.js").Draw} */
    request(alphaBar, ts) {
      const mode = model.get("mode");
      const common = { ...settings(model), seeds: [model.get("seed")] };
      const first = clamp(model.get("at"), 0, ts.length - 1);
      if (mode === "step" && way.length === ts.length) {
        const own = this.shown();
        const { x, x0 } = way[first];
        const before = way[first - 1]?.x0;
        return model.get("part") === "x" ? { ...common, first, before, x: own } : { ...common, first, before, x, x0: own === x0 ? undefined : own };
      }
      if (mode === "sketch") {
        const [drawing, eps, a] = [this.shown(), noise(), alphaBar[ts[first]]];
        return { ...common, first, x: drawing.map((value, i) => Math.sqrt(a) * value + Math.sqrt(1 - a) * eps[i]) };
      }
      return { ...common, x: noise(), ...(mode === "fill" ? { known: this.shown(), mask: this.mask() } : {}) };
    },
  }; // prettier-ignore
}

/** @param {Model} model */
const settings = (model) => ({
  steps: model.get("steps"), sampler: model.get("sampler"), spacing: model.get("spacing"), eta: model.get("eta"), clamp: model.get("clamp"),
  label: model.get("classes").length ? model.get("label") : undefined,
}); // prettier-ignore

/** The elements. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {Board} board */
function build(model, sync, signal, board) {
  const { kind } = board;
  /** @param {Record<string, any>} traits */
  const set = (traits) => Object.entries(traits).forEach(([name, value]) => sync.set(/** @type {any} */ (name), value));
  const own = pad((x, y, sign) => {
    board.stroke(x, y, sign, kind.w / (model.get("mode") === "sketch" ? 16 : 10));
    if (model.get("mode") === "step") root.dispatchEvent(new Event("ddw-redraw"));
  }, signal); // prettier-ignore
  on(own.again, "click", () => {
    board.undo();
    root.dispatchEvent(new Event("ddw-redraw"));
  }, signal); // prettier-ignore
  const result = pictures({ "aria-label": "the picture" });
  const said = h("figcaption", { "aria-live": "polite" });
  const line = steps((at, part) => (board.forget(), set({ mode: "step", at, part })), signal);
  const noises = seeds((seed) => set({ seed, to_seed: -1, mix: 0 }), (seed = model.get("seed"), to_seed) => set({ seed, to_seed, mix: 0.5 }), signal);
  const tools = controls(model, sync, () => set({ seed: Math.floor(Math.random() * 2 ** 24), to_seed: -1, mix: 0 }), signal);
  const modes = Object.entries(MODES).map(([mode, { name }]) => {
    const b = button({}, name);
    on(b, "click", () => {
      board.forget();
      if (!model.get("at")) sync.set("at", Math.round(0.6 * model.get("steps"))); // the noisiest step would know nothing of a drawing
      sync.set("mode", /** @type {Mode} */ (mode));
    }, signal); // prettier-ignore
    return { mode, b };
  });
  const from = h("input", { type: "range", class: "ddw-slider", min: 0, step: 1, "aria-label": "the step that it begins with" });
  on(from, "input", () => (board.forget(), sync.set("at", from.valueAsNumber)), signal);
  on(from, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
  const begin = h("label", { class: "slide ddw-small" }, h("span", {}, "noisier"), from, h("span", {}, "closer"));
  const bar = h("progress", { max: 1, "aria-label": "loading the network" });
  const status = div("status ddw-small", bar, h("span", { role: "status" }));
  const more = button({}, "Steps and settings");
  on(more, "click", () => sync.set("compact", !model.get("compact")), signal);
  const root = group("ddw ddw-live-sampler", "A trained network that draws in this page",
    div("top", group("modes ddw-tools", "What you paint on", ...modes.map(({ b }) => b)), more, status),
    div("board", own.el, div("arrow", "→"), h("figure", { class: "result" }, said, div("screen", result.canvas), begin), noises.el),
    line.el, tools.el); // prettier-ignore
  return {
    root, own, result, line, noises, tools,
    /** @param {string} text @param {number} [share] of what is being loaded */
    say(text, share) {
      bar.hidden = share === undefined;
      if (share) bar.value = share;
      /** @type {Element} */ (status.lastChild).textContent = text;
    },
    /** @param {string} text */
    tell: (text) => void (said.textContent = text),
    /** What the traits say, but for what the network draws. @param {number[]} ts the timesteps visited */
    paint(ts) {
      const mode = model.get("mode");
      const { pad: above, words, brushes, undo } = MODES[mode];
      const at = clamp(model.get("at"), 0, ts.length - 1);
      own.layout(kind);
      result.layout(kind);
      line.layout(kind, ts);
      const seen = mode === "noise" || (mode === "step" && model.get("part") === "x") ? { lo: -1.5, hi: 1.5 } : {};
      own.view.show(0, board.shown(), { ...seen, mask: mode === "fill" ? board.mask() : undefined });
      own.say(mode === "step" ? `${model.get("part") === "x" ? "the noisy image" : "the guess"} at t = ${ts[at]}` : above, words, brushes, undo);
      for (const { mode: other, b } of modes) press(b, other === mode);
      begin.hidden = mode !== "sketch";
      line.el.hidden = tools.el.hidden = model.get("compact");
      press(more, !model.get("compact"));
      from.max = String(ts.length - 1);
      from.value = String(at);
      from.style.setProperty("--x", String(at / Math.max(1, ts.length - 1)));
      line.mark(mode === "step" ? at : -1, model.get("part"));
      noises.mark(model.get("seed"), model.get("to_seed"));
      tools.paint();
    },
  };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const board = drawingBoard(model, sync);
  const view = build(model, sync, signal, board);
  const { kind } = board;
  /** @type {import("./net/engine.js").Engine | undefined} */
  let engine;
  /** @type {number[]} */
  let ts = [];
  let drawn = 0;

  /** Draw what the traits say. */
  async function draw() {
    if (!engine) return;
    ts = engine.timesteps(settings(model));
    view.paint(ts);
    const begun = performance.now();
    const request = board.request(engine.facts.alphaBar, ts);
    /** @type {Taken[]} */
    const taken = [];
    const whole = await engine.draw(request, (step) => {
      taken.push(step);
      view.line.show(step);
    }); // prettier-ignore
    if (!whole || signal.aborted) return;
    const image = taken[taken.length - 1].x0;
    if (model.get("mode") === "noise") board.way = taken;
    if (model.get("mode") === "sketch") view.line.blank(request.first ?? 0);
    view.result.show(0, image);
    sync.set("image", bytesOf(image));
    const ms = performance.now() - begun;
    view.tell(`${taken.length} pass${taken.length > 1 ? "es" : ""}, ${ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`}`);
    Object.assign(view.root.dataset, { painted: String(++drawn), mode: model.get("mode"), steps: String(ts.length), ms: ms.toFixed(1) });
  }

  /** What becomes of sixteen noises, four at a time, when nothing else is asked for. */
  function drawSeeds() {
    const first = model.get("seed") - (model.get("seed") % COUNT);
    view.noises.layout(kind, first);
    view.noises.mark(model.get("seed"), model.get("to_seed"));
    engine?.clear();
    for (let i = 0; i < COUNT; i += 4) {
      const own = [0, 1, 2, 3].map((j) => first + i + j);
      const x = new Float32Array(4 * kind.size);
      own.forEach((seed, j) => x.set(normal(seed, kind.size), j * kind.size));
      engine?.draw({ ...settings(model), x, seeds: own }, (step) => {
        own.forEach((_, j) => view.noises.show(i + j, step.x0.subarray(j * kind.size, (j + 1) * kind.size)));
        if (step.i === step.steps - 1) view.root.dataset.seeds = String(first + i + 4);
      }, false); // prettier-ignore
    }
  }

  let network = new AbortController(); // the life of one network; others follow it while a training runs
  let hash = "";
  async function load() {
    network.abort();
    network = new AbortController();
    engine = undefined;
    const own = AbortSignal.any([signal, network.signal]);
    const size = (model.get("weights_bytes") / 1e6).toFixed(1);
    view.say(`Loading the network, ${size} MB`, 0);
    const patience = setTimeout(() => view.say("No network has come from Python: run the cell again."), 15_000);
    try {
      const weights = await weightsOf(model, (share) => view.say(`Loading the network, ${(share * Number(size)).toFixed(1)} of ${size} MB`, share), own, hash);
      hash = model.get("weights");
      const started = await start(weights, own);
      if (own.aborted) return;
      engine = started;
    } catch (e) {
      if (!own.aborted) view.say(e instanceof Error ? e.message : String(e));
      return;
    } finally {
      clearTimeout(patience);
    }
    const slow = [...(engine.facts.how === "js" ? ["this page forbids WebAssembly"] : []), ...(engine.worker ? [] : ["this page forbids Workers"])];
    view.say(slow.length ? `Slower than it could be: ${slow.join(", ")}.` : "");
    Object.assign(view.root.dataset, { how: engine.facts.how, worker: String(engine.worker) });
    await draw();
    drawSeeds();
  }

  const redraw = frame(draw, signal);
  const reseed = frame(drawSeeds, signal);
  listen(model, "change:seed change:to_seed change:mix", () => sync.set("x_T", bytesOf(noiseOf(model, kind.size))), signal);
  listen(model, "change:seed change:steps change:sampler change:spacing change:eta change:clamp change:label", reseed, signal);
  listen(model, "change:steps change:sampler change:spacing change:eta change:clamp change:label change:x_T change:mask change:drawing change:mode change:at change:part", redraw, signal);
  listen(model, "change:compact", frame(() => view.paint(ts), signal), signal);
  listen(model, "change:weights", load, signal);
  view.root.addEventListener("ddw-redraw", redraw, { signal });
  mount(el, view.root, signal);
  ts = Array.from({ length: Math.min(MOST, model.get("steps")) }, (_, i, all = model.get("steps")) => Math.round(((all - i) * 999) / all));
  view.paint(ts);
  view.noises.layout(kind, model.get("seed") - (model.get("seed") % COUNT));
  // the network is loaded when the widget comes near the screen
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) near.disconnect(), load();
  }, { rootMargin: "200px" }); // prettier-ignore
  near.observe(view.root);
  signal.addEventListener("abort", () => near.disconnect(), { once: true });
  return end;
}

export default { render };
