// Canvases that show images of the network: one, or many in a row.
import { h, UNDRAWN } from "./dom.js";

/** @typedef {{ c: number, h: number, w: number, lo: number, hi: number, size: number }} Kind of the images */

const INK = [79, 70, 229]; // of the mask, that of --ddw-accent

/**
 * A canvas of `count` images side by side.
 * @param {import("./dom.js").Attrs} attrs @param {number} [gap] pixels between two
 */
export function pictures(attrs, gap = 0) {
  const canvas = h("canvas", { ...UNDRAWN, ...attrs });
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let kind = /** @type {Kind} */ ({ c: 1, h: 1, w: 1, lo: -1, hi: 1, size: 1 });
  let image = ctx.createImageData(1, 1);
  return {
    canvas,
    /** @param {Kind} k @param {number} [count] */
    layout(k, count = 1) {
      const width = count * (k.w + gap) - gap;
      if (canvas.width === width && canvas.height === k.h && kind.w === k.w) return;
      kind = k;
      canvas.width = width;
      canvas.height = k.h;
      image = ctx.createImageData(k.w, k.h);
    },
    /** Show an image in place i: `lo` is black, `hi` white. @param {number} i @param {Float32Array} values (c, h, w) @param {{ lo?: number, hi?: number, mask?: Float32Array }} [o] mask: tinted where it is 1 */
    show(i, values, { lo = kind.lo, hi = kind.hi, mask } = {}) {
      const { c, h: high, w } = kind;
      const area = high * w;
      const light = (/** @type {number} */ j) => (255 * (values[j] - lo)) / (hi - lo);
      for (let p = 0; p < area; p++) {
        for (let band = 0; band < 3; band++) {
          const value = light(p + (c >= 3 ? band : 0) * area);
          image.data[4 * p + band] = mask ? value + 0.6 * mask[p] * (INK[band] - value) : value;
        }
        image.data[4 * p + 3] = 255;
      }
      ctx.putImageData(image, i * (w + gap), 0);
    },
    /** Empty the places from `i` to before `end`. @param {number} i @param {number} end */
    clear(i, end) {
      ctx.clearRect(i * (kind.w + gap), 0, (end - i) * (kind.w + gap), kind.h);
    },
  };
}
