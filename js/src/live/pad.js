// What can be painted on: the noise, a step on the way, the hole in a picture, a drawing. With mouse, finger, pen or keys.
import { attr, button, div, h, press } from "../shared/dom.js";
import { clamp } from "../shared/format.js";
import { isOurs, on } from "../shared/view.js";
import { pictures } from "./pictures.js";

/** @typedef {import("./read.js").Kind} Kind */
/** @typedef {(x: number, y: number, sign: number) => void} Stroke a dab of the brush, in image pixels; sign -1 darkens */

/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {Stroke} stroke @param {AbortSignal} signal */
export function pad(stroke, signal) {
  const view = pictures({ tabindex: 0, role: "application", "data-keys": "" });
  const { canvas } = view;
  const caption = h("figcaption", {});
  const cross = div("cross");
  const signs = [button({ "aria-pressed": "true" }), button({ "aria-pressed": "false" })];
  const again = button({}, "Undo painting");
  let kind = /** @type {Kind} */ ({ c: 1, h: 1, w: 1, lo: -1, hi: 1, size: 1 });
  let sign = 1;
  let at = [0, 0]; // of the keys
  signs.forEach((b, i) => on(b, "click", () => {
    sign = i ? -1 : 1;
    signs.forEach((other, j) => press(other, j === i));
  }, signal)); // prettier-ignore

  /** @param {PointerEvent} e */
  const paint = (e) => {
    const box = canvas.getBoundingClientRect();
    stroke(((e.clientX - box.left) / box.width) * kind.w, ((e.clientY - box.top) / box.height) * kind.h, e.shiftKey ? -sign : sign);
  };
  on(canvas, "pointerdown", (e) => {
    if (e.button) return;
    e.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(e.pointerId);
    cross.hidden = true;
    paint(e);
  }, signal); // prettier-ignore
  on(canvas, "pointermove", (e) => canvas.hasPointerCapture(e.pointerId) && paint(e), signal);
  on(canvas, "keydown", (e) => {
    if (!isOurs(e)) return;
    const move = MOVES[e.key];
    if (move) at = [clamp(at[0] + move[0], 0, kind.w - 1), clamp(at[1] + move[1], 0, kind.h - 1)];
    else if (e.key === " " || e.key === "Enter") stroke(at[0] + 0.5, at[1] + 0.5, e.shiftKey ? -sign : sign);
    else return;
    e.preventDefault();
    e.stopPropagation();
    cross.hidden = false;
    cross.style.cssText = `left:${(100 * at[0]) / kind.w}%;top:${(100 * at[1]) / kind.h}%;width:${100 / kind.w}%;height:${100 / kind.h}%`;
  }, signal); // prettier-ignore
  cross.hidden = true;
  return {
    el: h("figure", { class: "pad" }, caption, div("screen", canvas, cross), div("ddw-tools", ...signs, again)),
    again, view,
    /** @param {Kind} k */
    layout(k) {
      kind = k;
      at = [k.w >> 1, k.h >> 1];
      view.layout(k);
    },
    /** @param {string} text above it @param {string} words for a screen reader @param {[string, string]} names of the two brushes @param {string} undo */
    say(text, words, names, undo) {
      caption.textContent = text;
      again.textContent = undo;
      signs.forEach((b, i) => (b.textContent = names[i]));
      attr(canvas, "aria-label", `${words}. Paint with the pointer, or with arrow keys and space.`);
    },
  }; // prettier-ignore
}
