// The density from noise to data with one exact path and the strides of the samplers, and beside it where all walkers end.
import { heatmap } from "../density/paths.js";
import { down, minus } from "../density/read.js";
import { profile } from "../density/side.js";
import { marks, short } from "../shared/curve.js";
import { attr, div, h, put, stretched, svg, UNDRAWN, UNSPOKEN } from "../shared/dom.js";
import { floor, max } from "../shared/math.js";
import { density } from "../shared/mixture.js";
import { exact, SAMPLERS, WALKERS } from "./read.js";

/** @typedef {import("./read.js").Seen} Seen */
/** @typedef {import("./read.js").Results} Results */

const [POINTS, BARS] = [150, 36];

export function plot() {
  const heat = div("heat");
  const [rules, sideRules, lines, bars] = [svg("g", { class: "rules" }), svg("g", { class: "rules" }), svg("g"), svg("g")];
  const truth = svg("path", { class: "exact" });
  const area = svg("path", { class: "area" });
  const dots = h("div");
  const paths = h("div", { ...UNDRAWN, class: "plot" }, heat, stretched(1000, {}, rules, truth, lines), dots);
  const side = h("div", { ...UNDRAWN, class: "side" }, stretched(1000, {}, sideRules, area, bars));
  const scale = h("div", { class: "scale", ...UNSPOKEN });
  const what = div("what ddw-small");
  const ends = div("what ddw-small", "their ends");
  const axis = h("div", { class: "ends ddw-small", ...UNSPOKEN });

  /** From left to right: the start at 0, the image at 1000. @param {Seen} seen @param {number} t -1: the data */
  const across = ({ T }, t) => 1000 * (1 - (t + 1) / T);
  const point = (/** @type {Seen} */ seen, /** @type {number} */ t, /** @type {number} */ x) => `${across(seen, t).toFixed(1)} ${(1000 * down(seen, x)).toFixed(1)}`;

  return {
    what, ends, scale, paths, side, axis,
    /** The axes, and the density. @param {Seen} seen */
    layout(seen) {
      const { lo, hi, mean, std, name, unit, T } = seen;
      what.textContent = name + (unit && `, ${unit}`);
      const values = marks({ lo: mean + std * lo, hi: mean + std * hi, log: false }, 6);
      const at = values.map((v) => down(seen, (v - mean) / std));
      put(scale, values.map((v, i) => h("span", { style: `top:${100 * at[i]}%` }, minus(short(v)))));
      for (const g of [rules, sideRules]) put(g, at.map((u) => svg("line", { x2: 1000, y1: 1000 * u, y2: 1000 * u })));
      heat.style.setProperty("--heat", `url(${heatmap(seen)})`);
      put(axis, [h("span", {}, `noise, t = ${T - 1}`), h("span", {}, "data")]);
      attr(paths, "aria-label", `density of ${name} from noise to data, an exact path and the samplers' strides`);
      attr(side, "aria-label", `density of ${name}, and where the samplers' walkers end`);
    },
    /** The exact path. @param {Seen} seen @param {number} start */
    lead(seen, start) {
      const ts = Array.from({ length: POINTS }, (_, i) => Math.round(((seen.T - 1) * (POINTS - 1 - i)) / (POINTS - 1)));
      const { xs, end } = exact(seen, start, ts);
      attr(truth, "d", `M${ts.map((t, i) => point(seen, t, xs[i])).join("L")}L${point(seen, -1, end)}`);
    },
    /** The strides and the ends. @param {Seen} seen @param {Results} results @param {string[]} shown */
    paint(seen, { ts, own }, shown) {
      const seenOf = SAMPLERS.flatMap(({ key, color, dash }, k) => (shown.includes(key) ? [{ color, dash, ...own[k] }] : []));
      const places = [...ts, -1];
      put(lines, seenOf.map(({ path, color, dash }) => svg("path", { d: `M${places.map((t, j) => point(seen, t, path[j])).join("L")}`, style: `stroke: ${color}`, "stroke-dasharray": dash })));
      put(dots, seenOf.flatMap(({ path, color }) => places.flatMap((t, j) => (Math.abs(down(seen, path[j]) - 0.5) > 0.5 ? [] : [h("i", { style: `left:${across(seen, t) / 10}%;top:${100 * down(seen, path[j])}%;background:${color}` })]))));
      const width = (seen.hi - seen.lo) / BARS;
      const counted = seenOf.map(({ ends, color, dash }) => {
        const counts = new Float64Array(BARS);
        ends.forEach((x) => x > seen.lo && x < seen.hi && counts[floor(down(seen, x) * BARS)]++);
        return { color, dash, heights: counts.map((c) => c / WALKERS / width) };
      });
      let peak = 0;
      for (let j = 0; j <= 240; j++) peak = max(peak, density(seen.parts, seen.hi - (j / 240) * (seen.hi - seen.lo)));
      const unit = 950 / max(peak, ...counted.flatMap(({ heights }) => Array.from(heights)));
      attr(area, "d", profile(seen, seen.parts, unit, true));
      put(bars, counted.map(({ heights, color, dash }) => svg("path", { d: `M0 0${Array.from(heights, (v, j) => `V${((1000 * j) / BARS).toFixed(1)}H${(unit * v).toFixed(1)}`).join("")}V1000H0`, style: `stroke: ${color}`, "stroke-dasharray": dash })));
    },
  }; // prettier-ignore
}
