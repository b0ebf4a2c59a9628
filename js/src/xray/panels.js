// What goes in and what comes out, with the pixel that is pointed at; what attention looks at from there, and what the answer there depends on.
import { attr, div, h, put as putChildren, span, symbol, UNDRAWN } from "../shared/dom.js";
import { clamp } from "../shared/format.js";
import { pictures } from "../shared/pictures.js";
import { put, signed } from "../shared/signed.js";
import { isOurs, on } from "../shared/view.js";
import { tinted } from "./paint.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */
/** @typedef {import("./look.js").Looked} Looked */
/** @typedef {import("./look.js").Row} Row */
/** @typedef {[number, number]} Pixel */

/** @type {Record<string, Pixel>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {() => Pixel} pixel @param {(pixel: Pixel) => void} point @param {AbortSignal} signal */
export function panels(pixel, point, signal) {
  let kind = /** @type {Kind} */ ({ c: 1, h: 1, w: 1, lo: -1, hi: 1, size: 1 });
  /** A picture with a mark on it. @param {(Node | string)[]} caption @param {HTMLCanvasElement} canvas */
  const panel = (caption, canvas) => {
    const [mark, note] = [div("mark"), span("note", "")];
    return { canvas, mark, note, el: h("figure", { class: "panel" }, h("figcaption", {}, span("", ...caption)), div("screen", canvas, mark), note) };
  };
  const views = [pictures({ tabindex: 0, role: "application", "data-keys": "" }), pictures({ "aria-label": "the guess at the noise" }), pictures({ "aria-label": "the guess at the image" })];
  const [x, eps, x0] = [
    [symbol("x", "t"), " goes in"],
    [symbol("ε̂"), ", the noise it sees"],
    [symbol("x̂", "0"), ", the image that is left"],
  ].map((caption, i) => panel(caption, views[i].canvas)); // prettier-ignore
  const field = panel(["what ", symbol("ε̂"), " at the pixel depends on"], h("canvas", UNDRAWN));
  const rows = div("rows");
  const rowsNote = span("note", "");
  const el = div("panels", x.el, eps.el, x0.el, h("figure", { class: "panel" }, h("figcaption", {}, span("", "what attention looks at from the pixel")), rows, rowsNote), field.el);
  /** @type {ReturnType<typeof panel>[]} */
  let attended = [];
  const pointed = () => [x, eps, x0, field, ...attended];

  for (const { canvas } of [x, eps, x0, field]) {
    const at = (/** @type {PointerEvent} */ e) => {
      const box = canvas.getBoundingClientRect();
      point([clamp(Math.floor(((e.clientX - box.left) / box.width) * kind.w), 0, kind.w - 1), clamp(Math.floor(((e.clientY - box.top) / box.height) * kind.h), 0, kind.h - 1)]);
    };
    on(canvas, "pointerdown", at, signal);
    on(canvas, "pointermove", (e) => e.pointerType !== "touch" && at(e), signal);
  }
  on(x.canvas, "keydown", (e) => {
    const step = MOVES[e.key];
    if (!step || !isOurs(e)) return;
    const [u, v] = pixel();
    point([clamp(u + step[0], 0, kind.w - 1), clamp(v + step[1], 0, kind.h - 1)]);
    e.preventDefault();
    e.stopPropagation();
  }, signal); // prettier-ignore

  return {
    el,
    /** @param {Kind} k @param {import("./read.js").Named[]} blocks */
    layout(k, blocks) {
      kind = k;
      for (const view of views) view.layout(k);
      attended = blocks.filter(([name]) => name.includes(".attentions.")).map(([name, , high, wide]) => {
        const own = panel([], h("canvas", { role: "img", title: `${name}, ${high}×${wide}`, "aria-label": name }));
        own.canvas.dataset.block = name;
        return own;
      }); // prettier-ignore
      rows.style.setProperty("--n", String(Math.ceil(Math.sqrt(attended.length))));
      putChildren(rows, attended.map(({ canvas, mark }) => div("screen", canvas, mark)));
    },
    /** The noisy image, and the pixel. @param {Float32Array} image */
    input(image) {
      const [u, v] = pixel();
      views[0].show(0, image, { lo: 1.5 * kind.lo - 0.5 * kind.hi, hi: 1.5 * kind.hi - 0.5 * kind.lo });
      attr(x.canvas, "aria-label", `the noisy image, pixel ${u}, ${v}. Arrow keys choose another`);
      for (const { mark } of pointed()) mark.style.cssText = `left:${(100 * u) / kind.w}%;top:${(100 * v) / kind.h}%;width:${100 / kind.w}%;height:${100 / kind.h}%`;
      x.note.textContent = `pixel ${u}, ${v}: point at another`;
    },
    /** @param {Looked} looked */
    show({ eps: noise, x0: guess, rows: own }) {
      views[1].show(0, noise, { lo: -2, hi: 2 });
      views[2].show(0, guess);
      const most = own.map(({ weights }) => weights.reduce((a, b) => Math.max(a, b)));
      own.forEach((row, i) => this.attend(row, most[i], guess));
      const words = (/** @type {number[]} */ list) => {
        const texts = [...new Set(list.sort((a, b) => a - b).map((m) => m.toFixed(m < 0.01 ? 3 : 2)))];
        return texts.length > 1 ? `${texts[0]} to ${texts[texts.length - 1]}` : texts[0];
      };
      rowsNote.textContent = own.length ? `largest weight ${words([...most])}; even would be ${words(own.map(({ h: a, w: b }) => 1 / a / b))}` : "this network has none";
    },
    /** @param {Row} row @param {number} most its largest weight @param {Float32Array} image below it */
    attend({ name, h: high, w: wide, weights }, most, image) {
      const canvas = attended.find(({ canvas: own }) => own.dataset.block === name)?.canvas;
      if (!canvas) return;
      put(canvas, kind.w, kind.h, (out) => tinted(kind, image, (a, b) => (0.9 * weights[Math.floor((b * high) / kind.h) * wide + Math.floor((a * wide) / kind.w)]) / most, out));
      attr(canvas, "aria-label", `${name}: largest weight ${most.toFixed(2)}`);
    },
    /** What ε̂ at the pixel depends on, as far as it is known. @param {Map<string, Float32Array>} slopes by the cell @param {number} side of a cell @param {number} cells all of them @param {boolean} old they belong to another t, image or noise */
    depend(slopes, side, cells, old) {
      const [u, v] = pixel();
      const area = kind.h * kind.w;
      const own = new Map([...slopes].map(([cell, change]) => {
        let sum = 0;
        for (let band = 0; band < kind.c; band++) sum += change[band * area + v * kind.w + u] / kind.c;
        return [cell, sum];
      })); // prettier-ignore
      const most = Math.max(1e-6, ...[...own.values()].map(Math.abs));
      const wide = Math.ceil(kind.w / side);
      const values = new Float32Array(wide * Math.ceil(kind.h / side));
      for (const [cell, value] of own) {
        const [left, top] = cell.split(",").map(Number);
        values[(top / side) * wide + left / side] = Math.sign(value) * Math.sqrt(Math.abs(value) / most);
      }
      put(field.canvas, wide, values.length / wide, (out) => signed(values, 0, wide, values.length / wide, 1, out));
      field.el.classList.toggle("old", old);
      const far = [...own].filter(([, value]) => Math.abs(value) > 0.01 * most).length;
      field.note.textContent = slopes.size < cells ? `${slopes.size} of ${cells} passes` : `largest slope ${most.toFixed(2)}; ${Math.round((100 * far) / cells)} % of the image has over 1 % of it`;
      attr(field.canvas, "aria-label", `how ε̂ at pixel ${u}, ${v} changes with the brightness of each ${side}×${side} pixels of x_t: ${field.note.textContent}`);
    },
  }; // prettier-ignore
}
