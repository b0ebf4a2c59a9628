// The guided guess of one step, as an equation of pictures: c - ∅ = Δ, and c + w·Δ is the guided guess.
import { attr, div, h, span, symbol, UNDRAWN, UNSPOKEN } from "../shared/dom.js";
import { pictures } from "../shared/pictures.js";
import { put, signed } from "../shared/signed.js";
import { beyond, difference, flat, said } from "./read.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */
/** @typedef {import("./read.js").Taken} Taken */

export function equation() {
  const [given, plain, guided] = [pictures({}), pictures({}), pictures({})];
  const changed = h("canvas", { ...UNDRAWN, class: "difference" });
  const scale = span("ddw-num", "");
  /** @param {string} words @param {HTMLCanvasElement} canvas @param {(Node | string)[]} name @param {Node[]} below */
  const part = (words, canvas, name, ...below) => h("figure", { class: "part" }, h("figcaption", {}, ...name, h("br"), words), div("screen", canvas), ...below);
  /** @param {(Node | string)[]} sign */
  const op = (...sign) => h("span", { class: "op", ...UNSPOKEN }, span("", ...sign));
  const weight = span("ddw-num", "");
  const key = div("key ddw-small", span("swatch below"), "darker", span("swatch above"), "lighter", h("br"), "full colour at ±", scale);
  const head = div("ddw-num", "");
  const note = div("note ddw-small", "");
  return {
    el: div("equation",
      part("with class", given.canvas, [symbol("c")]), op("−"),
      part("without class", plain.canvas, ["∅"]), op("="),
      part("difference", changed, [symbol("Δ")], key), op(symbol("c"), " ", weight, " ", symbol("Δ"), h("br"), "="),
      part("guided guess", guided.canvas, [symbol("c"), " + ", symbol("w"), " ", symbol("Δ")])), // prettier-ignore
    head, note,
    /** @param {Kind} kind */
    layout(kind) {
      for (const view of [given, plain, guided]) view.layout(kind);
    },
    /** @param {Taken} step @param {number} steps how many there are @param {number} w @param {Kind} kind @param {number} most difference, shown in full @param {string} name of the class */
    show(step, steps, w, kind, most, name) {
      const { i, t, conditional, plain: without } = step;
      const own = conditional.x0.map((value, j) => (1 + w) * value - w * without.x0[j]); // before it is clamped
      head.textContent = `The guesses at the picture at step ${i + 1} of ${steps}, t = ${t}`;
      given.show(0, conditional.x0);
      plain.show(0, without.x0);
      guided.show(0, own);
      put(changed, kind.w, kind.h, (out) => signed(flat(difference(step), kind), 0, kind.w, kind.h, most, out));
      weight.textContent = `${w < 0 ? "−" : "+"} ${said(Math.abs(w))}`;
      scale.textContent = said(most);
      attr(given.canvas, "aria-label", `guess with the class ${name} at t = ${t}`);
      attr(plain.canvas, "aria-label", `guess without a class at t = ${t}`);
      attr(changed, "aria-label", `what the class changes: the difference of the two guesses, full colour at ${most}`);
      attr(guided.canvas, "aria-label", `guided guess at t = ${t}, w = ${said(w)}`);
      const percent = (/** @type {Float32Array} */ values) => `${Math.round(100 * beyond(values, kind))} %`;
      note.textContent = `In this step’s guided guess ${percent(own)} of the pixels lie outside black to white, in c ${percent(conditional.x0)}. The sampler clamps them.`;
      return own;
    },
  };
}
