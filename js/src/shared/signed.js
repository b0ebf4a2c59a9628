// Numbers as colours. Above zero is one colour, below zero another, both as strong as the number is far from zero: what is zero
// shows the page's own ground, in light and in dark.

export const [ABOVE, BELOW] = [[99, 102, 241], [234, 88, 12]]; // prettier-ignore

/**
 * Signed values as an image.
 * @param {ArrayLike<number>} values @param {number} from the first of them @param {number} w @param {number} h @param {number} most is shown in full
 * @param {Uint8ClampedArray} out RGBA @param {number} [left] @param {number} [top] @param {number} [wide] pixels of `out`
 */
export function signed(values, from, w, h, most, out, left = 0, top = 0, wide = w) {
  for (let v = 0; v < h; v++)
    for (let u = 0; u < w; u++) {
      const value = values[from + v * w + u] / most;
      const at = 4 * ((top + v) * wide + left + u);
      const ink = value < 0 ? BELOW : ABOVE;
      for (let band = 0; band < 3; band++) out[at + band] = ink[band];
      out[at + 3] = 255 * Math.min(1, Math.abs(value));
    }
}

/** A canvas of w×h pixels, and a way to put colours on it. @param {HTMLCanvasElement} canvas @param {number} w @param {number} h @param {(out: Uint8ClampedArray) => void} fill */
export function put(canvas, w, h, fill) {
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const image = new ImageData(w, h);
  fill(image.data);
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(image, 0, 0);
}
