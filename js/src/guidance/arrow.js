// The weight w as a place on a line: the guess that knows no class is at -1, the guess that knows it at 0, the guided guess at w.
import { attr, div, h, span, symbol, UNSPOKEN } from "../shared/dom.js";
import { isOurs, on } from "../shared/view.js";
import { LEAST, MOST, OTHERS, said, STRIDE } from "./read.js";

const part = (/** @type {number} */ w) => (w - LEAST) / (MOST - LEAST);

/** @param {(w: number) => void} choose @param {AbortSignal} signal */
export function arrow(choose, signal) {
  const input = h("input", { type: "range", class: "ddw-slider", min: LEAST, max: MOST, step: STRIDE, "aria-label": "guidance w" });
  const value = span("value ddw-num", "");
  const [shaft, way] = [div("shaft"), div("way")];
  const at = (/** @type {number} */ w, /** @type {string} */ name, /** @type {(Node | string)[]} */ ...inner) => h("span", { class: name, style: `--x: ${part(w)}` }, ...inner);
  const line = h("div", { class: "line", ...UNSPOKEN }, shaft, way, at(-1, "end", "∅"), at(0, "end", symbol("c")));
  const ticks = h("div", { class: "ddw-ticks", ...UNSPOKEN }, ...OTHERS.map((w) => at(w, "", said(w))));
  on(input, "input", () => choose(input.valueAsNumber), signal);
  on(input, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
  return {
    el: div("arrow", h("label", { class: "ddw-small" }, "guidance ", symbol("w"), " = ", value, input), line, ticks),
    /** @param {number} w */
    show(w) {
      input.value = String(w);
      input.style.setProperty("--x", String(part(w)));
      line.style.setProperty("--w", String(part(w)));
      line.classList.toggle("past", w > 0.2);
      value.textContent = said(w);
      attr(input, "aria-valuetext", w === -1 ? "−1, without the class" : w === 0 ? "0, with the class" : said(w));
    },
  };
}
