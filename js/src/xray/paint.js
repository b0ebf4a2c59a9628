// Numbers as colours. Above zero is one colour, below zero another, both as strong as the number is far from zero: what is zero
// shows the page's own ground, in light and in dark.

/** @typedef {{ c: number, h: number, w: number, lo: number, hi: number, size: number }} Kind */

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

/** An image, dimmed, with colour where something is. @param {Kind} kind @param {Float32Array} image @param {(x: number, y: number) => number} amount -1 … 1 @param {Uint8ClampedArray} out RGBA */
export function tinted({ c, h, w, lo, hi }, image, amount, out) {
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const value = amount(x, y);
      const ink = value < 0 ? BELOW : ABOVE;
      const share = Math.min(1, Math.abs(value));
      for (let band = 0; band < 3; band++) {
        const light = Math.max(0, Math.min(1, (image[(c >= 3 ? band : 0) * h * w + y * w + x] - lo) / (hi - lo)));
        out[4 * (y * w + x) + band] = (1 - share) * (60 + 110 * light) + share * ink[band];
      }
      out[4 * (y * w + x) + 3] = 255;
    }
}

/** The scale on which a block's maps are shown: three times their rms. @param {{ rms: number }} block */
export const scaleOf = ({ rms }) => 3 * rms || 1;

/** The channels that vary most over the image, the strongest first. @param {import("./look.js").Block} block @param {number} count */
export function strongest({ c, h, w, values }, count) {
  const area = h * w;
  const spread = Array.from({ length: c }, (_, j) => {
    const own = values.subarray(j * area, (j + 1) * area);
    const mean = own.reduce((a, b) => a + b) / area;
    return own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  });
  return spread.map((_, j) => j).sort((a, b) => spread[b] - spread[a] || a - b).slice(0, count); // prettier-ignore
}

/** A canvas of w×h pixels, and a way to put colours on it. @param {HTMLCanvasElement} canvas @param {number} w @param {number} h @param {(out: Uint8ClampedArray) => void} fill */
export function put(canvas, w, h, fill) {
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const image = new ImageData(w, h);
  fill(image.data);
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(image, 0, 0);
}
