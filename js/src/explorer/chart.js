// A chart of all schedules, whose x axis is the way from the first step to the last.
import { marks, place, range, short } from "../shared/curve.js";
import { div, h, put, span, stretched, svg, symbol, UNSPOKEN } from "../shared/dom.js";
import { rootAlphaBar, rootRest } from "../shared/equation.js";
import { min } from "../shared/math.js";
import { curvePath } from "../shared/timeline.js";

/** @typedef {import("./read.js").Schedule} Schedule */
/** @typedef {import("../shared/curve.js").Scale} Scale */

export const CHARTS = /** @type {const} */ ([
  { key: "beta", title: () => [symbol("β", "t"), " noise per step"], log: true },
  { key: "alphaBar", title: () => [symbol("ᾱ", "t"), " signal left"], log: false },
  { key: "roots", title: () => [rootAlphaBar(), " and ", rootRest()], log: false },
  { key: "logSnr", title: () => [h("span", {}, "log SNR"), " = ln(", symbol("ᾱ", "t"), " / (1 − ", symbol("ᾱ", "t"), "))"], log: false },
]);

/** A mark on an axis, a value of a slider. @param {number} v */
export const brief = (v) => short(v).replace("-", "−").replace(/^1·/, "");

/** @param {typeof CHARTS[number]} spec */
export function chart({ key, title, log }) {
  const lines = svg("g");
  const rules = svg("g");
  const scale = div("scale");
  const dots = h("div");
  const last = h("span");
  const el = h("figure", { class: "chart" },
    h("figcaption", {}, ...title()),
    h("div", { class: "frame", ...UNSPOKEN }, scale,
      div("plot", stretched(100, {}, rules, lines), div("ddw-cursor"), dots),
      div("ends", h("span", {}, "0"), h("span", {}, "t"), last))); // prettier-ignore
  /** @type {{ schedule: Schedule, y: Float64Array }[]} */
  let curves = [];
  /** @type {Scale} */
  let axis = { lo: 0, hi: 1, log: false };

  return {
    el,
    /** @param {Schedule[]} shown @param {string} selected @param {number} T */
    draw(shown, selected, T) {
      curves = shown.flatMap((schedule) => (key === "roots" ? [schedule.curves.signal, schedule.curves.noise] : [schedule.curves[key]]).map((y) => ({ schedule, y })));
      axis = key === "alphaBar" || key === "roots" ? axis : range(curves.map((c) => c.y), log); // prettier-ignore
      if (key === "beta") axis.hi = min(1, axis.hi);
      const at = marks(axis, log ? 4 : 3).map((v) => ({ v, down: 100 * (1 - place(axis, v)) }));
      put(rules, at.map(({ down }) => svg("line", { x2: 1000, y1: down, y2: down })));
      put(scale, at.map(({ v, down }) => h("span", { style: `top:${down}%` }, brief(v))));
      put(lines, curves.map(({ schedule, y }) => svg("path", {
        d: curvePath((i) => place(axis, y[i]), y.length), class: `ddw-curve${schedule.name === selected ? " selected" : ""}`,
        style: `stroke: ${schedule.color}`, "stroke-dasharray": schedule.dash,
      }))); // prettier-ignore
      put(dots, curves.map(({ schedule }) => h("div", { class: "ddw-dot", style: `--c: ${schedule.color}` })));
      last.textContent = String(T - 1);
    },
    /** @param {(s: Schedule) => number} step which timestep of a schedule the cursor is at */
    point(step) {
      curves.forEach(({ schedule, y }, k) => (/** @type {HTMLElement} */ (dots.children[k]).style.top = `${100 * (1 - place(axis, y[step(schedule)]))}%`));
    },
  };
}
