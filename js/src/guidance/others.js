// What comes of the same noise: large at the chosen weight, and small at six. Click one to choose its weight.
import { attr, div, h, press, span, symbol, UNSPOKEN } from "../shared/dom.js";
import { pictures } from "../shared/pictures.js";
import { on, rove } from "../shared/view.js";
import { OTHERS, said } from "./read.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */

/** @param {(w: number) => void} choose @param {AbortSignal} signal */
export function others(choose, signal) {
  const large = pictures({ "aria-label": "the picture" });
  const bar = h("progress", { max: 1, "aria-label": "loading the network" });
  const [value, ms] = [span("ddw-num", ""), span("ddw-muted ddw-num ms", "")];
  const cells = OTHERS.map((w) => {
    const view = pictures(UNSPOKEN);
    const cell = h("button", { type: "button", class: "other", "aria-label": `the picture at w = ${said(w)}`, title: `w = ${said(w)}` }, view.canvas, span("ddw-small ddw-num", said(w)));
    on(cell, "click", () => choose(w), signal);
    return { view, cell };
  });
  const row = div("row", ...cells.map(({ cell }) => cell));
  const stop = rove(row, signal);
  return {
    el: h("figure", { class: "result" },
      h("figcaption", {}, "the picture at ", symbol("w"), " = ", value, ms), div("screen", large.canvas, bar),
      div("caption", "the same noise at other weights ", symbol("w")), row), // prettier-ignore
    bar, ms,
    /** @param {Kind} kind */
    layout(kind) {
      for (const { view } of [{ view: large }, ...cells]) view.layout(kind);
    },
    /** They are out of date, until each is shown. */
    wait: () => cells.forEach(({ cell }) => cell.classList.add("old")),
    /** @param {number} i @param {Float32Array} image */
    show(i, image) {
      cells[i].view.show(0, image);
      cells[i].cell.classList.remove("old");
    },
    /** @param {Float32Array} image @param {string} words */
    finish(image, words) {
      large.show(0, image);
      attr(large.canvas, "aria-label", words);
    },
    /** The chosen weight. @param {number} w */
    mark(w) {
      value.textContent = said(w);
      cells.forEach(({ cell }, i) => press(cell, OTHERS[i] === w));
      stop(cells[OTHERS.indexOf(w)]?.cell);
    },
  };
}
