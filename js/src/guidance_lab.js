// GuidanceLab: classifier-free guidance, a step at a time. An arrow leads from the guess that knows no class to the guess that knows it;
// w says how far past its tip the guided guess is. State is traits; the network works in a Worker.
import "./guidance_lab.css";
import { arrow } from "./guidance/arrow.js";
import { equation } from "./guidance/equation.js";
import { others } from "./guidance/others.js";
import { difference, flat, MOST_STEPS, OTHERS, scaleOf, stills } from "./guidance/read.js";
import { strip } from "./guidance/strip.js";
import { loading } from "./net/loading.js";
import { kindOf } from "./net/weights.js";
import { button, div, group, h } from "./shared/dom.js";
import { fields } from "./shared/fields.js";
import { clamp } from "./shared/format.js";
import { DICE, icon } from "./shared/icons.js";
import { alike } from "./shared/link.js";
import { normal } from "./shared/random.js";
import { syncer } from "./shared/sync.js";
import { frame, isOurs, life, listen, mount, on } from "./shared/view.js";

/** @typedef {import("./guidance/read.js").Traits} Traits */
/** @typedef {import("./guidance/read.js").Model} Model */
/** @typedef {import("./guidance/read.js").Sync} Sync */
/** @typedef {import("./guidance/read.js").Taken} Taken */

/** Class, noise, number of steps. @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
function choices(model, sync, signal) {
  const { slider, choice, paint } = fields(model, sync, signal);
  const seed = h("input", { type: "number", class: "ddw-btn seed", min: 0, max: 2 ** 32 - 1, step: 1, "aria-label": "seed of the noise" });
  const dice = button({ title: "Draw other noise" }, icon(DICE), "Other noise");
  on(dice, "click", () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32), signal);
  on(seed, "change", () => Number.isFinite(seed.valueAsNumber) && sync.set("seed", clamp(Math.round(seed.valueAsNumber), 0, 2 ** 32 - 1)), signal);
  on(seed, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
  const names = () => model.get("classes").slice(0, model.get("none")).map((name, i) => /** @type {[number, string]} */ ([i, name]));
  return {
    el: div("choices ddw-tools", choice("label", "class", names), h("label", { class: "choice ddw-small" }, "seed", seed), dice, slider("steps", "steps", [1, MOST_STEPS, 1], String)),
    paint() {
      if (document.activeElement !== seed) seed.value = String(model.get("seed"));
      paint();
    },
  };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  /** @type {import("./net/engine.js").Engine | undefined} */
  let engine;
  let kind = kindOf(model);
  /** @type {number[]} the timesteps visited */
  let ts = [];
  /** @type {Taken[]} the way that is shown */
  let way = [];
  let shown = { w: 0, name: "", of: "" }; // what that way was drawn of
  let [scale, drawn, source] = [1, 0, ""]; // of its differences; what the six were drawn of

  const select = choices(model, sync, signal);
  const choose = (/** @type {number} */ w) => sync.set("guidance", w);
  const line = strip((i) => sync.set("step", i), signal);
  const [weight, parts, results] = [arrow(choose, signal), equation(), others(choose, signal)];
  const status = h("div", { class: "status ddw-small", role: "status", hidden: true });
  const root = group("ddw ddw-guidance-lab", "Classifier-free guidance, a step at a time",
    div("top", select.el, weight.el), status,
    div("board", div("steps", line.el, parts.head, parts.el, parts.note), results.el)); // prettier-ignore

  const at = () => clamp(model.get("step"), 0, Math.max(0, ts.length - 1));
  const label = () => Math.min(model.get("label"), model.get("none") - 1); // another widget may have set it
  const className = () => model.get("classes")[label()] ?? "";
  const settings = () => ({ steps: model.get("steps"), label: label(), seeds: [model.get("seed")] });

  /** Show what the traits say, and the step looked at. */
  function paint() {
    select.paint();
    weight.show(model.get("guidance"));
    results.mark(model.get("guidance"));
    line.layout(kind, ts);
    line.show(at());
    const step = way[at()];
    if (!step) return;
    parts.show(step, way.length, shown.w, kind, scale, shown.name);
    Object.assign(root.dataset, { painted: String(++drawn), step: String(at()), w: String(shown.w), of: shown.of });
  }

  /** Draw what the traits say, from noise to picture. */
  async function draw() {
    paint();
    if (!engine) return;
    const now = engine.timesteps(settings());
    if (now.join() !== ts.join()) {
      const t = ts[at()];
      if (way.length) sync.set("step", now.reduce((best, other, i) => (Math.abs(other - t) < Math.abs(now[best] - t) ? i : best), 0)); // the same place, in other steps
      [ts, way] = [now, []];
      paint();
    }
    const begun = performance.now();
    const w = model.get("guidance");
    const own = { w, name: className(), of: [label(), w, model.get("seed"), model.get("steps")].join() };
    /** @type {Taken[]} */
    const taken = [];
    const request = { ...settings(), guidance: w, both: true, x: normal(model.get("seed"), kind.size) };
    const whole = await engine.draw(request, (step) => {
      taken[step.i] = /** @type {Taken} */ (step);
      line.take(step);
    }); // prettier-ignore
    if (!whole || signal.aborted || taken.length !== ts.length) return;
    [way, shown] = [taken, own];
    scale = scaleOf(way.map((step) => flat(difference(step), kind)));
    const image = way[way.length - 1].x0;
    sync.set("image", new DataView(image.slice().buffer));
    results.finish(image, `${own.name}, drawn at w = ${w}`);
    results.ms.textContent = `${Math.round(performance.now() - begun)} ms`;
    paint();
    drawOthers();
  }

  /** What becomes of the same noise at six weights, one after the other, when nothing else is asked for. */
  function drawOthers() {
    const now = JSON.stringify([settings(), model.get("weights")]);
    if (now === source) return;
    source = now;
    results.wait();
    engine?.clear();
    const x = normal(model.get("seed"), kind.size);
    OTHERS.forEach((w, i) => engine?.draw({ ...settings(), guidance: w, x }, (step) => {
      if (step.i < step.steps - 1) return;
      results.show(i, step.x0);
      root.dataset.others = String(i + 1);
    }, false)); // prettier-ignore
  }

  /** @param {string} text what stands in the way, or nothing */
  function say(text) {
    results.bar.hidden = true;
    status.textContent = text;
    status.toggleAttribute("hidden", !text);
  }

  listen(model, "change:guidance change:label change:seed change:steps", frame(draw, signal), signal);
  listen(model, "change:step", frame(paint, signal), signal);
  alike(model, ["seed", "label", "guidance"], (name, value) => sync.set(/** @type {any} */ (name), value), signal);
  on(root, "keydown", line.key, signal);
  mount(el, root, signal);
  const all = Math.min(MOST_STEPS, model.get("steps"));
  ts = Array.from({ length: all }, (_, i) => Math.round(((all - i) * 999) / all)); // until the network says which
  parts.layout(kind);
  results.layout(kind);
  paint();
  stills(model, kind).forEach((picture, i) => (i ? results.show(i - 1, picture) : results.finish(picture, `${className()}, as Python drew it`)));
  loading(model, root, {
    await(share, text) {
      Object.assign(results.bar, { hidden: false, value: share });
      results.ms.textContent = text;
      status.hidden = true;
    },
    say,
    begin: () => ([engine, way, source, kind] = [undefined, [], "", kindOf(model)]),
    ready: (started) => ((engine = started), draw()),
  }, signal); // prettier-ignore
  return end;
}

export default { render };
