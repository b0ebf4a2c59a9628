// The time embedding: the timestep as waves, and what a small network makes of them.
import { attr, div, h, span, svg, UNDRAWN } from "../shared/dom.js";

const HIGH = 34;

export function embedding() {
  const lines = [svg("path", {}), svg("path", {})];
  const charts = lines.map((line) => svg("svg", { ...UNDRAWN, class: "curve", preserveAspectRatio: "none", viewBox: `0 0 100 ${HIGH}` }, svg("line", { x1: 0, x2: 100, y1: HIGH / 2, y2: HIGH / 2 }), line));
  const notes = [span("", ""), span("", "")];
  const el = h("figure", { class: "embedding ddw-small" }, h("figcaption", {}, "time embedding"), ...charts.flatMap((chart, i) => [chart, div("note", notes[i])]));
  return {
    el,
    /** @param {number} t @param {Float32Array} waves @param {Float32Array} emb */
    show(t, waves, emb) {
      [waves, emb].forEach((values, k) => {
        const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6);
        const d = Array.from(values, (value, i) => `${i ? "L" : "M"}${((100 * i) / (values.length - 1)).toFixed(2)} ${(HIGH / 2 - (value / most) * (HIGH / 2 - 1)).toFixed(2)}`).join("");
        attr(lines[k], "d", d);
      });
      notes[0].textContent = `t = ${t}: ${waves.length / 2} cosines, ${waves.length / 2} sines`;
      notes[1].textContent = `→ ${emb.length} numbers, for every residual block`;
      charts.forEach((chart, k) => attr(chart, "aria-label", /** @type {string} */ (notes[k].textContent)));
    },
  };
}
