// The weights of the trainings over log-SNR, a mark that can be dragged, and below it where samplers stand.
import { marks, path, short } from "../shared/curve.js";
import { button, div, group, h, press, put, span, stretched, svg, UNSPOKEN } from "../shared/dom.js";
import { clamp, fixed3 } from "../shared/format.js";
import { swatch } from "../shared/palette.js";
import { dragged } from "../shared/timeline.js";
import { on } from "../shared/view.js";
import { EDGE, standsOf } from "./read.js";
import { GRID, TRAININGS, weightAt } from "./weights.js";

/** @typedef {import("./read.js").Seen} Seen */

const TOP = 0.25; // of the vertical axis
/** Where a log-SNR lies, 0 … 1: more noise to the right. @param {number} logSnr */
export const across = (logSnr) => (EDGE - logSnr) / (2 * EDGE);
const ROWS = /** @type {const} */ ([["vp", "DDPM: even in t"], ["edm", "EDM: even in the seventh root of σ, 80 to 0.002"], ["flow", "Flow: even in s, from 1"]]); // prettier-ignore
const number = (/** @type {number} */ v) => short(v).replace("-", "−");

/** @param {import("./read.js").Model} model @param {import("./read.js").Sync} sync @param {AbortSignal} signal */
export function chart(model, sync, signal) {
  const lines = svg("g");
  const at = marks({ lo: 0, hi: TOP, log: false }, 4);
  const rules = svg("g", {}, ...at.map((v) => svg("line", { x2: 1000, y1: 100 * (1 - v / TOP), y2: 100 * (1 - v / TOP) })));
  const scale = div("scale", ...at.map((v) => h("span", { style: `top:${100 * (1 - v / TOP)}%` }, number(v))));
  const [dots, flag] = [h("div"), div("ddw-flag")];
  const plot = div("plot", stretched(100, {}, rules, lines), div("ddw-cursor"), dots, flag);
  const axis = div("axis", ...[10, 5, 0, -5, -10].map((l) => h("span", { style: `--x: ${across(l)}` }, number(l))));
  const rows = ROWS.map(([key, name]) => ({ key, line: div("stands"), name }));
  const frame = h("div", { class: "frame", ...UNSPOKEN }, scale, plot, axis,
    div("ends", h("span", {}, "← less noise"), h("span", {}, "log-SNR"), h("span", {}, "more noise →")),
    div("rows", div("ddw-muted", "Where samplers call the network, in ten steps (an arrow points beyond the chart)"), ...rows.map(({ name, line }) => div("row", h("span", {}, name), line)))); // prettier-ignore
  const buttons = Object.entries(TRAININGS).map(([key, { name, color, dash }]) => {
    const value = span("ddw-num ddw-muted");
    const el = button({ title: "Show or hide; the number is the weight at the mark" }, swatch(color, dash, 4, "swatch"), name, value);
    on(el, "click", () => sync.set("curves", Object.keys(TRAININGS).filter((k) => (k === key) !== model.get("curves").includes(k))), signal);
    return { key, el, value };
  });
  dragged(plot, plot, () => {}, (u) => sync.set("log_snr", clamp(EDGE - 2 * EDGE * u, -EDGE, EDGE)), signal); // prettier-ignore

  return {
    el: h("figure", { class: "weights" },
      h("figcaption", {}, h("b", {}, "Weight of each noise level in training"), h("span", { class: "ddw-small ddw-muted" },
        "How often it is drawn, times the weight of its error, counted as an error of v. Each curve has area 1 from −12 to 12.")),
      group("ddw-tools", "Trainings", ...buttons.map((b) => b.el)), frame), // prettier-ignore
    /** Where samplers stand. @param {Seen} seen */
    stand(seen) {
      const stands = standsOf(seen);
      for (const { key, line } of rows) put(line, stands[key].map((l) => h("i", { class: l > EDGE ? "before" : l < -EDGE ? "after" : "", style: `--x: ${clamp(across(l), 0, 1)}` })));
    },
    /** The curves that are shown. */
    draw() {
      const shown = model.get("curves").map((key) => ({ key, ...TRAININGS[key] }));
      put(lines, shown.map(({ key, color, dash }) => svg("path", { d: path(GRID, GRID.map((l) => weightAt(key, l)), (l) => 1000 * across(l), (v) => 100 * (1 - v / TOP)), class: "ddw-curve", style: `stroke: ${color}; stroke-width: ${key === "cosine" ? 4.5 : 2}`, "stroke-dasharray": dash }))); // the flow's curve lies on the cosine's
      put(dots, shown.map(({ color }) => h("div", { class: "ddw-dot", style: `--c: ${color}` })));
      for (const { key, el } of buttons) press(el, model.get("curves").includes(key));
    },
    /** @param {number} logSnr */
    point(logSnr) {
      frame.style.setProperty("--x", String(across(logSnr)));
      flag.textContent = `log-SNR ${logSnr.toFixed(2).replace("-", "−")}`;
      model.get("curves").forEach((key, k) => {
        const v = weightAt(key, logSnr);
        Object.assign(/** @type {HTMLElement} */ (dots.children[k]).style, { top: `${100 * (1 - v / TOP)}%`, visibility: v > TOP ? "hidden" : "" });
      });
      for (const { key, value } of buttons) value.textContent = fixed3(weightAt(key, logSnr));
    },
  };
}
