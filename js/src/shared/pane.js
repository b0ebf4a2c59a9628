// Images of one size on one canvas, in rows.
import { h } from "./dom.js";
import { mix } from "./forward.js";

/** @typedef {import("./forward.js").Layout} Layout */

export class Pane {
  /** @param {import("./dom.js").Attrs} [attrs] of the canvas */
  constructor(attrs) {
    this.canvas = h("canvas", { role: "img", ...attrs });
    this.ctx = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
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

  /** signal·x0 + noise·ε. @param {Uint8Array} x0 @param {Float32Array} eps @param {number} signal @param {number} noise @param {number} [first] image to begin with */
  mix(x0, eps, signal, noise, first) {
    if (!this.layout || !this.image || !this.pixels) return;
    mix(x0, eps, signal, noise, this.pixels, this.layout, first);
    this.ctx.putImageData(this.image, 0, 0);
  }
}
