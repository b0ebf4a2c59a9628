// SolverLab: samplers in one dimension, where a perfect network and the exact path are known. Strides, where they end, and how far off.
// State is traits alone; all else is worked out here.
import "./solver_lab.css";
import { plot } from "./solver/plot.js";
import { errors, MOST, read, results, SAMPLERS, startOf } from "./solver/read.js";
import { table } from "./solver/table.js";
import { short } from "./shared/curve.js";
import { button, div, group, h } from "./shared/dom.js";
import { clamp } from "./shared/format.js";
import { DICE, icon } from "./shared/icons.js";
import { max, min } from "./shared/math.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { frame, isOurs, life, listen, mount, on } from "./shared/view.js";

/** @typedef {import("./solver/read.js").Traits} Traits */
/** @typedef {import("./solver/read.js").Model} Model */
/** @typedef {import("./solver/read.js").Sync} Sync */
/** @typedef {import("./solver/read.js").Seen} Seen */

/** @type {Partial<Record<import("./shared/solvers.js").Spacing, string>>} */
const SPACINGS = { trailing: "even in t", logsnr: "even in log SNR", linear_levels: "by the linear schedule" };

/** The controls below. @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
function controls(model, sync, signal) {
  const spacing = h("select", { class: "ddw-btn", "aria-label": "Where the strides begin" }, ...Object.entries(SPACINGS).map(([value, text]) => h("option", { value }, `strides ${text}`)));
  const start = h("input", { type: "range", class: "ddw-slider", min: -3, max: 3, step: 0.05, "aria-label": "the noise that the path starts with" });
  const again = button({ title: "Draw other fresh noise" }, icon(DICE), "Draw again");
  on(spacing, "change", () => sync.set("spacing", /** @type {import("./shared/solvers.js").Spacing} */ (spacing.value)), signal);
  on(start, "input", () => sync.set("start", start.valueAsNumber), signal);
  for (const el of [spacing, start]) on(el, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
  on(again, "click", () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32), signal);
  return {
    el: div("ddw-tools", spacing, h("label", { class: "start ddw-small" }, h("span", {}, "start"), start), again),
    paint() {
      spacing.value = model.get("spacing");
      start.value = String(model.get("start"));
      start.style.setProperty("--x", String((start.valueAsNumber + 3) / 6));
    },
  };
}

/** The elements, and how they are laid out and painted. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {{ seen: Seen }} state */
function build(model, sync, signal, state) {
  const [board, rows, tools] = [plot(), table(model, sync, signal), controls(model, sync, signal)];
  const line = timeline({
    n: MOST, label: "number of steps", name: "steps", axis: "off by", seconds: 10, signal,
    at: (p) => p + 1,
    text: (p) => `${p + 1} steps`,
    onInput: (p) => sync.set("steps", p + 1),
  }); // prettier-ignore
  const hint = h("p", { class: "ddw-small ddw-muted" }, "The thick line is an exact path from noise to data. Point at another place to take the path that passes there. A walker is one value that a sampler takes from noise to data. Below: how far the ends of 400 walkers are from the data on average, on a logarithmic scale, by the number of steps.");
  const root = group("ddw ddw-solver-lab", "Samplers in one dimension",
    div("board", board.what, board.ends, board.scale, board.paths, board.side, board.axis), hint, line.el, rows.el, tools.el); // prettier-ignore

  /** The axes, and what stays while steps are tried. */
  function layout() {
    board.layout(state.seen);
    curves();
    lead();
  }

  /** The errors over the number of steps. */
  function curves() {
    const { std, unit } = state.seen;
    const found = errors(state.seen, model.get("spacing"), model.get("seed"));
    const shown = SAMPLERS.map((s, k) => ({ ...s, y: found[k] })).filter((s) => model.get("samplers").includes(s.key));
    const values = shown.flatMap(({ y }) => Array.from(y, (v) => v * std));
    const round = (/** @type {(x: number) => number} */ up, /** @type {number} */ v) => 10 ** up(Math.log10(v));
    const [lo, hi] = values.length ? [round(Math.floor, min(...values)), round(Math.ceil, max(...values))] : [0.1, 1];
    line.setCurves(shown.map(({ name, color, dash, y }) => ({ name, color, dash, y: y.map((v) => clamp(Math.log(max(lo, v * std) / lo) / Math.log(hi / lo), 0, 1)) })));
    line.setEnds(`${short(hi)} ${unit}`, `${short(lo)} ${unit}`);
  }

  function lead() {
    board.lead(state.seen, model.get("start"));
    paint();
  }

  /** All that depends on the number of steps. */
  function paint() {
    const steps = clamp(model.get("steps"), 1, min(MOST, state.seen.T));
    const found = results(state.seen, steps, model.get("spacing"), model.get("start"), model.get("seed"));
    if (line.t !== steps - 1) line.show(steps - 1);
    board.paint(state.seen, found, model.get("samplers"));
    rows.paint(state.seen, found);
    tools.paint();
    Object.assign(root.dataset, { painted: String(steps), spacing: model.get("spacing"), start: String(model.get("start")), seed: String(model.get("seed")), samplers: model.get("samplers").join() });
  }
  return { root, line, board, layout, curves, lead, paint };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const state = { seen: read(model) };
  const { root, line, board, layout, curves, lead, paint } = build(model, sync, signal, state);
  listen(model, "change:steps", frame(paint, signal), signal);
  listen(model, "change:start", frame(lead, signal), signal);
  listen(model, "change:spacing change:seed change:samplers", frame(() => (curves(), paint()), signal), signal);
  listen(model, "change:parts change:alpha_bar change:mean change:std change:name change:unit", frame(() => ((state.seen = read(model)), layout()), signal), signal);

  /** @param {PointerEvent} e */
  const pick = (e) => {
    const { T, lo, hi } = state.seen;
    const box = board.paths.getBoundingClientRect();
    const t = Math.round((1 - clamp((e.clientX - box.left) / box.width, 0, 1)) * (T - 1));
    const x = hi - clamp((e.clientY - box.top) / box.height, 0.001, 0.999) * (hi - lo);
    sync.set("start", Number(clamp(startOf(state.seen, t, x), -3, 3).toFixed(3)));
  };
  on(board.paths, "pointerdown", (e) => {
    if (e.button) return;
    e.preventDefault();
    board.paths.setPointerCapture(e.pointerId);
    pick(e);
  }, signal); // prettier-ignore
  on(board.paths, "pointermove", (e) => board.paths.hasPointerCapture(e.pointerId) && pick(e), signal);
  on(root, "keydown", (e) => {
    if (!line.key(e) && (e.key === " " || e.key === "Enter") && /** @type {Element} */ (e.target).matches("button")) e.stopPropagation();
  }, signal); // prettier-ignore
  mount(el, root, signal);
  layout();
  return end;
}

export default { render };
