// A figure over the strength of a fault, with error bars; the other faults faintly beside it, on the same scale.
import { marks, short } from "../shared/curve.js";
import { div, h, put, span, stretched, svg, UNSPOKEN } from "../shared/dom.js";
import { sig3 } from "../shared/format.js";
import { max, min } from "../shared/math.js";

/** @typedef {import("./read.js").Seen} Seen */

/** @param {number} which measure */
export function chart(which) {
  const [rules, lines, value] = [svg("g"), svg("g"), span("value ddw-num")];
  const scale = div("scale");
  const dot = div("ddw-dot");
  const title = span("");
  const ends = div("ends ddw-small ddw-muted");
  const el = h("figure", { class: "chart" }, h("figcaption", {}, title, " ", value),
    h("div", { class: "frame", ...UNSPOKEN }, scale, div("plot", stretched(1000, {}, rules, lines), dot), h("span"), ends)); // prettier-ignore
  return {
    el,
    /** @param {Seen} seen @param {{ fault: number, strength: number, count: number }} at */
    paint({ measures, strengths }, { fault, strength, count }) {
      const { name, values } = measures[which];
      const of = (/** @type {number} */ f) => values[f].map((row) => row[count]);
      const all = values.flatMap((_, f) => of(f).flatMap(([mean, spread]) => [mean - spread, mean + spread]));
      const [lo, hi] = [min(0, ...all), 1.05 * max(1e-6, ...all)];
      const down = (/** @type {number} */ v) => (1000 * (hi - v)) / (hi - lo);
      const across = (/** @type {number} */ f, /** @type {number} */ i) => 40 + (920 * i) / max(1, strengths[f].length - 1);
      const at = marks({ lo, hi, log: false }, 3);
      put(rules, at.map((v) => svg("line", { x2: 1000, y1: down(v), y2: down(v) })));
      put(scale, at.map((v) => h("span", { style: `top:${down(v) / 10}%` }, short(v).replace("-", "−"))));
      const line = (/** @type {number} */ f) => svg("path", { class: f === fault ? "now" : "other", d: `M${of(f).map(([mean], i) => `${across(f, i)} ${down(mean).toFixed(1)}`).join("L")}` });
      const bars = of(fault).map(([mean, spread], i) => svg("path", { class: "bar", d: `M${across(fault, i)} ${down(mean - spread).toFixed(1)}V${down(mean + spread).toFixed(1)}` }));
      put(lines, [...strengths.flatMap((_, f) => (f === fault ? [] : [line(f)])), line(fault), ...bars]);
      const [mean, spread] = of(fault)[strength];
      dot.style.cssText = `left:${across(fault, strength) / 10}%;top:${down(mean) / 10}%;--c:var(--ddw-accent)`;
      title.textContent = name;
      put(ends, [h("span", {}, strengths[fault][0]), h("span", {}, strengths[fault][strengths[fault].length - 1])]);
      value.textContent = `${sig3(mean)} ± ${sig3(spread)}`;
    },
  };
}
