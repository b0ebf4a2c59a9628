// Images of one size on one canvas, in rows, with a frame around one of them or around one pixel.
import { attr, div, h } from "./dom.js";
import { mix } from "./forward.js";
import { floor } from "./math.js";

/** @typedef {import("./forward.js").Layout} Layout */
/** @typedef {{ image: number, x: number, y: number, band: number }} Probe a pixel the reader points at, in one of the bands: a schedule or a run */

export class Pane {
  first = 0; // the image to begin with

  /** @param {import("./dom.js").Attrs} [attrs] of the canvas @param {(Node | string)[]} [caption] @param {number} [band] whose images they are */
  constructor(attrs, caption, band = 0) {
    this.canvas = h("canvas", { role: "img", "aria-label": "images", ...attrs });
    this.mark = h("div", { class: "mark", hidden: true });
    this.screen = div("screen", this.canvas, this.mark);
    this.el = h("figure", { class: "pane" }, ...(caption ? [h("figcaption", {}, ...caption)] : []), this.screen);
    this.band = band;
  }

  /** @param {Layout} layout @param {number} scale CSS pixels per image pixel @param {boolean} smooth whether the browser may blur what does not fit whole pixels */
  place(layout, scale, smooth) {
    const { canvas } = this;
    this.layout = layout;
    canvas.width = layout.width;
    canvas.height = layout.height;
    canvas.style.width = `${layout.width * scale}px`;
    canvas.style.height = `${layout.height * scale}px`;
    canvas.classList.toggle("smooth", smooth);
    Object.assign(canvas.dataset, { columns: layout.columns, gapX: layout.gapX, gapY: layout.gapY });
    this.image = this.ctx.createImageData(layout.width, layout.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  get ctx() {
    return /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
  }

  /** signal·x0 + noise·ε. @param {Uint8Array} x0 @param {Float32Array} eps @param {number} signal @param {number} noise */
  mix(x0, eps, signal, noise) {
    if (!this.layout || !this.image || !this.pixels) return;
    mix(x0, eps, signal, noise, this.pixels, this.layout, this.first);
    this.ctx.putImageData(this.image, 0, 0);
  }

  /** Say what it shows. @param {string} what */
  say(what) {
    attr(this.canvas, "aria-label", what);
  }

  /** Put a frame around w×h image pixels at (x, y). @param {number} x @param {number} y @param {number} w @param {number} h */
  frame(x, y, w, h) {
    if (!this.layout) return;
    const { width, height } = this.layout;
    this.mark.hidden = false;
    this.mark.style.cssText = `left:${(100 * x) / width}%;top:${(100 * y) / height}%;width:${(100 * w) / width}%;height:${(100 * h) / height}%`;
  }

  /** Put a frame around an image, or around none. @param {number} [i] */
  markImage(i) {
    if (!this.layout) return;
    const { w, h, columns, gapX, gapY } = this.layout;
    if (i === undefined) this.mark.hidden = true;
    else this.frame((i % columns) * (w + gapX), floor(i / columns) * (h + gapY), w, h);
  }

  /** The image pixel under the pointer. @param {MouseEvent} e @returns {Probe | undefined} */
  at(e) {
    if (!this.layout) return;
    const { n, w, h, columns, gapX, gapY, width, height } = this.layout;
    const box = this.canvas.getBoundingClientRect();
    const px = floor(((e.clientX - box.left) / box.width) * width);
    const py = floor(((e.clientY - box.top) / box.height) * height);
    const [column, row] = [floor(px / (w + gapX)), floor(py / (h + gapY))];
    const [x, y, k] = [px - column * (w + gapX), py - row * (h + gapY), row * columns + column];
    if (px < 0 || py < 0 || x >= w || y >= h || column >= columns || k >= n) return;
    return { image: this.first + k, x, y, band: this.band };
  }
}

/** Panes side by side, with operators between them if they add up. @param {Pane[]} panes @param {string[]} [ops] */
export const rowOf = (panes, ops) => div("panes", ...panes.flatMap((p, i) => [...(i && ops ? [h("span", { class: "op", "aria-hidden": "true" }, ops[i - 1])] : []), p.el]));
