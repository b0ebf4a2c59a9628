// DiffusionPlayground: data in the plane, a network that learns them here, the field that it learned beside the exact one, and
// walkers from noise. State is traits; the network is trained and asked in a Worker.
import "./diffusion_playground.css";
import { code } from "./playground/code.js";
import { controls } from "./playground/controls.js";
import { formula } from "./playground/formula.js";
import { hand } from "./playground/hand.js";
import { Lab } from "./playground/lab.js";
import { planeView } from "./playground/plane.js";
import { MOST } from "./playground/read.js";
import { densities, lossCurve } from "./playground/results.js";
import { div, h, span } from "./shared/dom.js";
import { clamp } from "./shared/format.js";
import { linked } from "./shared/link.js";
import { normal, streamAt } from "./shared/random.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { atEnd, frame, life, listen, mount, on, onWidth } from "./shared/view.js";

/** @typedef {import("./playground/read.js").Traits} Traits */
/** @typedef {import("./playground/read.js").Model} Model */

/** What the plane shows, for those who can not see it. @param {Model} model @param {Lab} lab @param {string} tool */
function words(model, { points, walked, step }, tool) {
  const does = tool === "walker" ? "Press to place a walker; arrow keys move it, Escape removes it." : `Arrow keys move the ${tool}, space draws.`;
  const walkers = walked && model.get("direction") === "sample" ? ` and ${walked.n} walkers` : "";
  return `The plane at t ${model.get("t")}: ${points.length / 2} points${walkers}, with the ${model.get("field") === "exact" ? "exact" : "learned"} field after ${step} steps of training. ${does}`;
}

/** @param {Model} model @param {Lab} lab @param {AbortSignal} signal */
function build(model, lab, signal) {
  const sync = syncer(model, signal);
  const [plane, tools, loss, result, eq, source] = [planeView(), controls(model, sync, lab, signal), lossCurve(), densities(), formula(), code(model)];
  const line = timeline({ n: 2, label: "timestep t", signal, onInput: (t) => sync.set("t", t), text: (t) => `t ${t}` });
  const now = span("ddw-small ddw-num", "");
  const say = span("ddw-small ddw-muted", "");
  const status = h("p", { role: "status" }, say);
  const repaint = frame(paint, signal);
  const pointer = hand(model, sync, plane, repaint, signal);
  const root = h("div", { class: "ddw ddw-diffusion-playground", role: "group", "aria-label": "A playground of diffusion in the plane" },
    div("ddw-head", eq.el, status),
    div("board",
      div("left", div("above", tools.shapes, pointer.el), plane.el, tools.walking, div("time", line.el, now)),
      div("right", tools.training, loss.el, tools.seen, result.el, tools.more)),
    source.el); // prettier-ignore
  /** @type {Float32Array} */
  let noise = new Float32Array();
  let [painted, length] = [0, 0];
  /** @type {unknown[]} what the small pictures are of */
  let shown = [];
  let late = 0; // when they were painted

  /** What the settings say. */
  function set() {
    line.setBack(model.get("direction") === "sample");
    tools.paint();
    source.paint();
    plane.say(words(model, lab, pointer.tool()));
    repaint();
  }

  function paint() {
    const T = model.get("T");
    const t = clamp(model.get("t"), 0, T - 1);
    if (noise.length < lab.points.length) noise = normal(streamAt(model.get("seed"), 3), Math.max(1024, 2 * lab.points.length));
    if (T !== length) line.setLength((length = T));
    if (line.t !== t) line.show(t);
    now.textContent = `t = ${t}`;
    if (lab.alphaBar.length > t) eq.show(model, lab.alphaBar, t);
    plane.paint(lab, model, noise, t, pointer.ring());
    tools.count();
    const clock = performance.now();
    if (clock - late > 120 || !lab.awake) results(clock);
    Object.assign(root.dataset, { painted: String(++painted), t: String(t), step: String(lab.step), how: lab.how, worker: String(lab.worker), field: Object.keys(lab.field).join(" "), fit: lab.fit ? (lab.fit.fit / lab.fit.floor).toFixed(3) : "" });
  }

  /** Loss and densities: eight times a second are enough. @param {number} now */
  function results(now) {
    late = now;
    if (!lab.awake) plane.say(words(model, lab, pointer.tool()));
    loss.paint(lab);
    const ink = getComputedStyle(root).color; // of the theme
    if (ink !== shown[0]) tools.layout();
    if ([ink, lab.walked, lab.points, lab.fit].some((of, i) => of !== shown[i])) result.paint(lab);
    shown = [ink, lab.walked, lab.points, lab.fit];
    const slow = lab.worker || !lab.how ? "" : "Slower than it could be: this page forbids Workers.";
    const zero = model.get("target") === "eps" ? "it answers 0, so there are no arrows, and the samples run into the corners. Press" : "press";
    const fresh = lab.given ? "Your network, trained in Python. Train continues from it." : `The network is untrained: ${zero} Train.`;
    const ready = lab.old ? "The data are new: the network has learned the old ones." : lab.step || model.get("running") || model.get("field") === "exact" ? "" : fresh;
    const lost = lab.losses.length && !Number.isFinite(lab.losses[lab.losses.length - 1][1]) ? "The loss is no longer a number: lower the learning rate and reset." : "";
    const full = lab.points.length >= 2 * MOST ? `${MOST.toLocaleString("en")} points are the limit.` : "";
    say.textContent = !lab.points.length ? "Draw some data." : [slow, lost || ready, full].filter(Boolean).join(" ");
  }
  return { root, line, sync, repaint, set: frame(set, signal) };
}

export default () => {
  /** @type {Lab | undefined} of all views of this widget */
  let lab;
  return {
    /** @param {import("./shared/afm").RenderProps<Traits>} props */
    initialize({ model }) {
      lab = new Lab(model);
    },
    /** @param {import("./shared/afm").RenderProps<Traits>} props */
    render({ model, el, signal: outer }) {
      const { signal, end } = life(outer);
      const own = (lab ??= new Lab(model));
      const { root, line, sync, repaint, set } = build(model, own, signal);
      listen(model, "change:direction change:field change:start change:running change:speed change:shape change:lr change:batch change:ema change:steps change:sampler change:eta change:walkers change:width change:target change:time_input change:schedule change:T change:beta_max change:arrows", set, signal);
      listen(model, "change:t", repaint, signal);
      linked(model, () => model.get("T"), (t) => sync.set("t", t), signal);
      on(root, "keydown", (e) => {
        if (!line.key(e) && (e.key === " " || e.key === "Enter") && /** @type {Element} */ (e.target).matches("button, summary")) e.stopPropagation();
      }, signal); // prettier-ignore
      mount(el, root, signal);
      onWidth(root, repaint, signal);
      const themes = new MutationObserver(repaint); // the page turns dark
      for (const node of [document.documentElement, document.body]) themes.observe(node, { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light"] });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint, { signal });
      atEnd(signal, () => themes.disconnect());
      set();
      own.enter(repaint, signal);
      return end;
    },
  };
};
