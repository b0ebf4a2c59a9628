// How the answers of blocks are shown: images tinted, and the scale and the choice of channels.
import { ABOVE, BELOW } from "../shared/signed.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */

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
