// What can be painted on: the noise, a step on the way, the hole in a picture, a drawing. With mouse, finger, pen or keys.
import { attr, button, div, h, press } from "../shared/dom.js";
import { clamp } from "../shared/format.js";
import { isOurs, on } from "../shared/view.js";
import { pictures } from "../shared/pictures.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */
/** @typedef {(x: number, y: number, sign: number) => void} Stroke a dab of the brush, in image pixels; sign -1 takes away */

/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {Stroke} stroke @param {() => number} radius of the brush, in image pixels @param {AbortSignal} signal */
export function pad(stroke, radius, signal) {
  const view = pictures({ tabindex: 0, role: "application", "data-keys": "" });
  const { canvas } = view;
  const caption = h("figcaption", {});
  const ring = div("ring");
  const signs = [button({ "aria-pressed": "true" }), button({ "aria-pressed": "false" })];
  const again = button({});
  const tools = div("ddw-tools", ...signs, again);
  let kind = /** @type {Kind} */ ({ c: 1, h: 1, w: 1, lo: -1, hi: 1, size: 1 });
  let sign = 1;
  let at = [0, 0]; // of the brush
  const choose = (/** @type {number} */ i) => {
    sign = i ? -1 : 1;
    signs.forEach((other, j) => press(other, j === i));
  };
  signs.forEach((b, i) => on(b, "click", () => choose(i), signal));

  /** Show the brush. @param {number} x @param {number} y */
  const move = (x, y) => {
    at = [clamp(x, 0, kind.w), clamp(y, 0, kind.h)];
    const r = radius();
    ring.hidden = false;
    ring.style.cssText = `left:${(100 * (x - r)) / kind.w}%;top:${(100 * (y - r)) / kind.h}%;width:${(200 * r) / kind.w}%;height:${(200 * r) / kind.h}%`;
  };
  /** @param {PointerEvent} e @returns {[number, number]} */
  const place = (e) => {
    const box = canvas.getBoundingClientRect();
    return [((e.clientX - box.left) / box.width) * kind.w, ((e.clientY - box.top) / box.height) * kind.h];
  };
  on(canvas, "pointerdown", (e) => {
    if (e.button) return;
    e.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(e.pointerId);
    move(...place(e));
    stroke(at[0], at[1], e.shiftKey ? -sign : sign);
  }, signal); // prettier-ignore
  on(canvas, "pointermove", (e) => {
    const [x, y] = place(e);
    if (!canvas.hasPointerCapture(e.pointerId)) return move(x, y);
    const [fromX, fromY] = at;
    const far = Math.hypot(x - fromX, y - fromY) / (radius() / 2); // dabs stand half a radius apart, however fast the hand is
    if (far < 1) return;
    for (let k = 1; k <= far; k++) stroke(fromX + ((x - fromX) * k) / far, fromY + ((y - fromY) * k) / far, e.shiftKey ? -sign : sign);
    move(x, y);
  }, signal); // prettier-ignore
  on(canvas, "pointerleave", () => (ring.hidden = true), signal);
  on(canvas, "focus", () => move(at[0], at[1]), signal);
  on(canvas, "blur", () => (ring.hidden = true), signal);
  on(canvas, "keydown", (e) => {
    if (!isOurs(e)) return;
    const step = MOVES[e.key];
    if (step) move(clamp(at[0] + step[0], 0, kind.w), clamp(at[1] + step[1], 0, kind.h));
    else if (e.key === " " || e.key === "Enter") stroke(at[0], at[1], e.shiftKey ? -sign : sign);
    else return;
    e.preventDefault();
    e.stopPropagation();
  }, signal); // prettier-ignore
  ring.hidden = true;
  return {
    el: h("figure", { class: "pad" }, caption, div("screen", canvas, ring), tools),
    again, tools, view,
    /** @param {Kind} k */
    layout(k) {
      if (k.w !== kind.w || k.h !== kind.h) at = [k.w / 2, k.h / 2];
      kind = k;
      view.layout(k);
    },
    /** @param {string} text above it @param {string} words for a screen reader @param {[string, string]} names of the two brushes @param {string} undo */
    say(text, words, names, undo) {
      caption.textContent = text;
      again.textContent = undo;
      if (names[0] !== signs[0].textContent) choose(0); // other brushes: begin with the first
      signs.forEach((b, i) => {
        b.textContent = names[i];
        attr(b, "title", i ? "or hold Shift" : "");
      });
      attr(canvas, "aria-label", `${words}. Paint with the pointer, or with arrow keys and space.`);
    },
  }; // prettier-ignore
}
