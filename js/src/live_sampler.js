// LiveSampler: the trained network in the page. Noise becomes a picture with every touch: paint on the noise, on a step of the way,
// on a hole in a picture, on a drawing. State is traits; the network works in a Worker.
import "./live_sampler.css";
import { Board, radius, settings } from "./live/board.js";
import { controls, SAMPLERS } from "./live/controls.js";
import { pad } from "./live/pad.js";
import { bytesOf, MOST, noiseOf, stills, told } from "./live/read.js";
import { replay } from "./live/replay.js";
import { COUNT, seeds } from "./live/seeds.js";
import { steps } from "./live/steps.js";
import { loading } from "./net/loading.js";
import { kindOf } from "./net/weights.js";
import { attr, button, div, group, h, press, span } from "./shared/dom.js";
import { DICE, icon } from "./shared/icons.js";
import { alike } from "./shared/link.js";
import { pictures } from "./shared/pictures.js";
import { normal } from "./shared/random.js";
import { syncer } from "./shared/sync.js";
import { frame, isOurs, life, listen, mount, on } from "./shared/view.js";

/** @typedef {import("./live/read.js").Traits} Traits */
/** @typedef {import("./live/read.js").Model} Model */
/** @typedef {import("./live/read.js").Sync} Sync */
/** @typedef {import("./live/read.js").Mode} Mode */
/** @typedef {import("./net/serve.js").Taken} Taken */

/** @type {Record<Mode, { name: string, hint: string, words: string, brushes: [string, string], undo: string }>} */
const MODES = {
  noise: { name: "Paint on the noise", hint: "Every stroke changes the picture; several may make it a different one.", words: "the noise x_T", brushes: ["lighter", "darker"], undo: "Remove strokes" },
  step: { name: "Go on from a step", hint: "Click a picture in the rows below, noisy or guess, and paint on it. Late strokes stay; early ones the network may paint over.", words: "a step on the way", brushes: ["lighter", "darker"], undo: "Remove strokes" },
  fill: { name: "Fill a hole", hint: "Cut a hole, and it is drawn anew to fit the rest.", words: "the picture, with a hole", brushes: ["cut", "uncut"], undo: "Remove the hole" },
  sketch: { name: "Sketch", hint: "Noise is laid over your drawing, and the network makes a picture of it.", words: "your drawing", brushes: ["draw", "erase"], undo: "Clear" },
}; // prettier-ignore
const KEPT = 6; // pictures for comparison

/** The elements. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {Board} board @param {() => void} redraw */
function build(model, sync, signal, board, redraw) {
  const { kind } = board;
  /** @param {Record<string, any>} traits */
  const set = (traits) => Object.entries(traits).forEach(([name, value]) => sync.set(/** @type {any} */ (name), value));
  /** @param {string} label @param {() => void} act @param {Node[]} [face] */
  const act = (label, act, face = []) => {
    const b = button({}, ...face, label);
    on(b, "click", act, signal);
    return b;
  };
  const own = pad((x, y, sign) => (board.stroke(x, y, sign), model.get("mode") === "step" && redraw()), () => radius(model, kind), signal); // prettier-ignore
  on(own.again, "click", () => (board.undo(), redraw()), signal);
  const anew = act("Fill it differently", () => sync.set("fill", (model.get("fill") + 1) % 1000));
  own.tools.append(anew);

  const result = pictures({ "aria-label": "the picture" });
  const said = span("ddw-muted", "");
  said.setAttribute("aria-live", "polite");
  const from = h("input", { type: "range", class: "ddw-slider", min: 0, step: 1, "aria-label": "the step that it begins with" });
  on(from, "input", () => sync.set("at", from.valueAsNumber), signal);
  on(from, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
  const begin = h("label", { class: "slide ddw-small" }, span("", "freer"), from, span("", "closer to it"));
  const keeps = div("keeps");
  /** @type {Float32Array | undefined} */
  let image;
  let what = ""; // it was made of
  const keep = act("Keep it to compare", () => {
    if (!image) return;
    const { sampler, steps: count, eta, guidance } = settings(model);
    const of = told(model) ? `, ${model.get("classes")[model.get("label")]}, w ${guidance}` : "";
    const how = `${SAMPLERS[sampler].replace(" (2M)", "")}${sampler === "ddim" && eta ? `, η ${eta}` : ""}${of}, ${count}`;
    const copy = pictures({});
    copy.layout(kind);
    copy.show(0, image);
    const kept = button({ class: "kept", title: "Remove it", "aria-label": `kept: ${what}, ${how} steps. Remove it` }, copy.canvas, span("ddw-small", what), span("ddw-small", how));
    on(kept, "click", () => kept.remove(), signal);
    keeps.append(kept);
    if (keeps.children.length > KEPT) keeps.firstChild?.remove();
  }); // prettier-ignore

  const again = button({ hidden: true }, "Watch it again");

  const line = steps((at, part) => board.choose(at) && (set({ mode: "step", at, part }), redraw()), signal);
  const tools = controls(model, sync, signal);
  const others = act("Sixteen others", () => set({ seed: COUNT * Math.floor(Math.random() * 2 ** 20), to_seed: -1, mix: 0 }), [icon(DICE)]);
  const noises = seeds(
    (seed) => set({ seed, to_seed: -1, mix: 0 }),
    (seed = model.get("seed"), to_seed) => set({ seed, to_seed, mix: 0.5 }),
    [others, tools.mix],
    signal,
  ); // prettier-ignore
  const modes = Object.entries(MODES).map(([mode, { name }]) => ({ mode, b: act(name, () => set({
    mode,
    ...(mode === "step" ? { compact: false } : {}), // the steps must be seen
    ...(mode === "sketch" && model.get("mode") !== mode ? { at: Math.round(0.6 * (model.get("steps") - 1)) } : {}),
  })) })); // prettier-ignore
  const more = act("Steps and settings", () => sync.set("compact", !model.get("compact")));
  const hint = div("hint ddw-small", "");
  const bar = h("progress", { max: 1, "aria-label": "loading the network" });
  const status = h("div", { class: "status ddw-small", role: "status" });
  const root = group("ddw ddw-live-sampler", "A trained network that draws in this page",
    div("top", group("modes ddw-tools", "What you paint on", ...modes.map(({ b }) => b)), more),
    status, hint,
    div("board", own.el, div("arrow", "→"),
      h("figure", { class: "result" }, h("figcaption", {}, "what comes of it"), div("screen", result.canvas, bar), begin, div("ddw-tools", again, keep, said), keeps), noises.el),
    tools.el, line.el); // prettier-ignore
  return {
    root, result, line, noises, again,
    /** What stands in the way, or nothing. @param {string} text */
    say(text) {
      bar.hidden = true;
      said.textContent = "";
      status.textContent = text;
      status.toggleAttribute("hidden", !text);
    },
    /** The network is on its way: until then, what Python drew. @param {number} share that has come @param {string} text */
    await(share, text) {
      bar.hidden = false;
      bar.value = share;
      said.textContent = text;
      status.hidden = true;
    },
    /** Show what was drawn. @param {Float32Array} picture @param {string} text */
    finish(picture, text) {
      image = picture;
      attr(said, "aria-live", "polite");
      again.hidden = !model.get("compact"); // else the steps themselves are there
      result.show(0, picture);
      said.textContent = text;
    },
    /** A step of the way, in the place of the picture. @param {Taken} step */
    pass({ i, x, ts }) {
      result.show(0, x, { lo: -1.5, hi: 1.5 });
      attr(said, "aria-live", "off"); // ten timesteps in two seconds are not to be read out
      said.textContent = `t = ${ts[i]}`;
    },
    /** What the traits say, but for what the network draws. @param {number[]} ts the timesteps visited */
    paint(ts) {
      const mode = model.get("mode");
      const { hint: said, words, brushes, undo } = MODES[mode];
      const [at, seed, to] = [board.at(ts.length), model.get("seed"), model.get("to_seed")];
      own.layout(kind);
      result.layout(kind);
      line.layout(kind, ts);
      const noisy = mode === "noise" || (mode === "step" && model.get("part") === "x");
      own.view.show(0, board.shown(), { ...(noisy ? { lo: -1.5, hi: 1.5 } : {}), mask: mode === "fill" ? board.mask() : undefined });
      const noise = to < 0 ? `seed ${seed}` : `seeds ${seed} and ${to}`;
      const texts = { noise: `noise, ${noise}`, step: `t = ${ts[at]}, ${model.get("part") === "x" ? "noisy" : "guess"}`, fill: "cut a hole", sketch: "draw here" };
      what = { noise, step: texts.step, fill: `hole, filling ${model.get("fill") + 1}`, sketch: `sketch, t = ${ts[at]}` }[mode];
      hint.textContent = said;
      own.say(texts[mode], words, brushes, undo);
      for (const { mode: other, b } of modes) press(b, other === mode);
      begin.hidden = mode !== "sketch";
      anew.hidden = mode !== "fill";
      line.el.hidden = tools.el.hidden = model.get("compact");
      attr(more, "aria-expanded", !model.get("compact"));
      from.max = String(Math.max(1, ts.length - 1));
      from.value = String(at);
      from.style.setProperty("--x", String(at / Math.max(1, ts.length - 1)));
      from.setAttribute("aria-valuetext", `from t = ${ts[at]}`);
      line.mark(mode === "step" ? at : -1, model.get("part"));
      noises.mark(seed, to);
      tools.paint();
    },
  };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const board = new Board(model, sync);
  const redraw = frame(draw, signal);
  const view = build(model, sync, signal, board, redraw);
  const { kind } = board;
  /** @type {import("./net/engine.js").Engine | undefined} */
  let engine;
  /** @type {number[]} */
  let ts = [];
  let drawn = 0;
  let stop = () => {}; // what is shown once more
  let ended = () => {};

  /** Show the way to the picture, step by step. */
  function play() {
    stop();
    stop = replay(/** @type {Taken[]} */ (board.line), view.pass, ended, signal);
  }

  /** The steps of a drawing, shown as they come; undefined when a newer one took its place. @param {import("./net/sampler.js").Draw} request @param {(Taken | undefined)[]} before the steps it leaves out */
  async function taken(request, before) {
    const line = before.slice(0, request.first ?? 0);
    board.line = line;
    view.line.all([...line, ...Array(ts.length - line.length)]);
    const whole = await engine?.draw(request, (step) => {
      line[step.i] = step;
      view.line.show(step);
    }); // prettier-ignore
    if (!whole || signal.aborted) return;
    view.line.all(line);
    return /** @type {Taken[]} */ (line);
  }

  /** Draw what the traits say: the way from the noise where it is out of date, then what was painted. */
  async function draw() {
    stop();
    if (!engine) return;
    const now = engine.timesteps(settings(model));
    if (now.join() !== ts.join()) {
      const t = ts[board.at(ts.length)] ?? now[board.at(now.length)];
      ts = now;
      sync.set("at", now.reduce((best, own, i) => (Math.abs(own - t) < Math.abs(now[best] - t) ? i : best), 0)); // the same place on the way, in other steps
      view.paint(ts);
    }
    const begun = performance.now();
    const mode = model.get("mode");
    let passes = 0;
    if (board.stale && mode !== "sketch") { // a sketch begins a way of its own
      const source = board.sources();
      const way = await taken(board.plain(), []);
      if (!way) return;
      board.keepWay(way, source);
      passes += way.length;
    }
    view.paint(ts);
    const request = mode === model.get("mode") ? board.request(engine.alphaBar, ts) : undefined;
    let line = board.way;
    if (request) {
      const own = await taken(request, mode === "step" ? board.way : []);
      if (!own) return;
      board.line = line = own;
      passes += ts.length - (request.first ?? 0);
    } else if (board.line !== board.way || !passes) view.line.all((board.line = board.way));
    const image = line[line.length - 1].x0;
    sync.set("image", bytesOf(image));
    const ms = performance.now() - begun;
    const took = passes ? `${passes} pass${passes > 1 ? "es" : ""}, ${ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`}` : "";
    ended = () => view.finish(image, took);
    ended();
    Object.assign(view.root.dataset, { painted: String(++drawn), mode, steps: String(ts.length), ms: ms.toFixed(1) });
  }

  /** What becomes of sixteen noises, one after the other, when nothing else is asked for. */
  function drawSeeds() {
    const first = model.get("seed") - (model.get("seed") % COUNT);
    view.noises.layout(kind, first);
    view.noises.mark(model.get("seed"), model.get("to_seed"));
    engine?.clear();
    for (let i = 0; i < COUNT; i++) {
      engine?.draw({ ...settings(model), x: normal(first + i, kind.size), seeds: [first + i] }, (step) => {
        if (step.i < step.steps - 1) return;
        view.noises.show(i, step.x0);
        view.root.dataset.seeds = String(first + i + 1);
      }, false); // prettier-ignore
    }
  }

  const reseed = frame(() => (view.noises.wait(), drawSeeds()), signal);
  const SETTINGS = "change:steps change:sampler change:spacing change:eta change:clamp change:label change:guidance";
  listen(model, "change:seed change:to_seed change:mix", () => sync.set("x_T", bytesOf(noiseOf(model, kind.size))), signal);
  listen(model, `change:seed ${SETTINGS}`, reseed, signal);
  listen(model, `${SETTINGS} change:x_T change:mask change:drawing change:mode change:at change:part change:fill`, redraw, signal);
  listen(model, "change:at change:part", () => (board.strokes = undefined), signal);
  alike(model, ["seed", "to_seed", "mix", "x_T", "mode", "at", "part", "mask", "drawing", "fill"], (name, value) => sync.set(/** @type {any} */ (name), value), signal);
  listen(model, "change:compact", frame(() => view.paint(ts), signal), signal);
  on(view.again, "click", play, signal);
  mount(el, view.root, signal);
  view.paint(Array.from({ length: Math.min(MOST, model.get("steps")) }, (_, i, all = model.get("steps")) => Math.round(((all - i) * 999) / all)));
  view.noises.layout(kind, model.get("seed") - (model.get("seed") % COUNT));
  stills(model).forEach((picture, i) => (i ? view.noises.show(i - 1, picture) : view.result.show(0, picture)));
  loading(model, view.root, {
    await: view.await,
    say: view.say,
    begin: () => ((engine = undefined), Object.assign(kind, kindOf(model))),
    async ready(started) {
      engine = started;
      await draw();
      if (model.get("compact") && model.get("mode") === "noise") play();
      drawSeeds();
    },
  }, signal); // prettier-ignore
  return end;
}

export default { render };
