// The forward process of DDPM (Ho, Jain & Abbeel 2020), eq. 4: x_t = √ᾱ_t x0 + √(1-ᾱ_t) ε.

import { floor, max, min, sqrt } from "./math.js";

/** A pixel's grey level for a value in [-1, 1]; what lies outside is clipped. @param {number} x @returns {number} 0…255 */
export const grey = (x) => Math.round((max(-1, min(1, x)) + 1) * 127.5);

/** A value in [-1, 1] for a grey level. @param {number} g 0…255 */
export const value = (g) => g / 127.5 - 1;

/** The signal-to-noise ratio ᾱ / (1-ᾱ). @param {number} alphaBar */
export const snr = (alphaBar) => alphaBar / (1 - alphaBar);

/**
 * Where images lie in one picture: image i in column i % columns, row ⌊i / columns⌋.
 * @typedef {object} Layout
 * @property {number} n images @property {number} w @property {number} h @property {number} c channels, 1 or 3
 * @property {number} columns @property {number} gapX @property {number} gapY pixels between two images
 * @property {number} width @property {number} height of the whole picture, in image pixels
 */

/** Lay images out in rows. @param {Pick<Layout, "n" | "w" | "h" | "c">} images @param {number} columns @param {number} gapX @param {number} gapY @param {number} below pixels below the last row @returns {Layout} */
export const rowsOf = ({ n, w, h, c }, columns, gapX, gapY = gapX, below = 0) => ({ n, w, h, c, columns, gapX, gapY, width: columns * (w + gapX) - gapX, height: Math.ceil(n / columns) * (h + gapY) - gapY + below });

/**
 * Mix signal and noise, signal·x0 + noise·ε, and write the images as RGBA pixels: eq. 4 with signal = √ᾱ, noise = √(1-ᾱ),
 * its two terms with the other weight 0.
 * @param {Uint8Array} x0 grey levels (n, h, w, c) @param {Float32Array} eps standard normal, of the same shape
 * @param {number} signal @param {number} noise @param {Uint32Array} out one pixel each, width × height
 * @param {Layout} layout @param {number} first image to begin with
 */
export function mix(x0, eps, signal, noise, out, layout, first = 0) {
  const { n, w, h, c, columns, gapX, gapY, width } = layout;
  const a = signal; // in grey levels: g = a·x0 + b·ε + m
  const b = noise * 127.5;
  const m = 127.5 * (1 - signal) + 0.5; // + ½, because the loop cuts decimals off
  let i = first * w * h * c;
  for (let k = 0; k < n; k++) {
    let row = floor(k / columns) * (h + gapY) * width + (k % columns) * (w + gapX);
    for (let y = 0; y < h; y++, row += width) {
      if (c === 1) {
        for (let j = row; j < row + w; j++, i++) {
          const g = a * x0[i] + b * eps[i] + m;
          out[j] = 0xff000000 | ((g <= 0 ? 0 : g >= 255 ? 255 : g | 0) * 0x010101);
        }
      } else {
        for (let j = row; j < row + w; j++) {
          let pixel = 0xff; // alpha first, then blue, green, red
          for (let k = 2; k >= 0; k--) {
            const g = a * x0[i + k] + b * eps[i + k] + m;
            pixel = (pixel << 8) | (g <= 0 ? 0 : g >= 255 ? 255 : g | 0);
          }
          out[j] = pixel;
          i += 3;
        }
      }
    }
  }
}

/**
 * CSS pixels per image pixel, so that `side` image pixels fit into `size` and each covers whole pixels of the screen
 * (or, if there is no room for that, is shrunk).
 * @param {number} size CSS pixels @param {number} side image pixels @param {number} ratio screen pixels per CSS pixel
 */
export function fitScale(size, side, ratio) {
  const whole = floor((size * ratio) / side);
  return whole >= 1 ? whole / ratio : size / side;
}

/**
 * How many columns suit n images in `room` CSS pixels: tiles near a size that keeps the grid about 300 high, few empty places.
 * @param {number} n @param {number} room @param {number} side an image's width in its own pixels @param {number} ratio
 * @param {number} most CSS pixels an image may take @returns {number}
 */
export function columnsFor(n, room, side, ratio, most) {
  const target = max(20, min(most, room / 4, sqrt((room * 300) / n)));
  let best = 1;
  let least = Infinity;
  for (let c = 1; c <= n && c * 14 <= room; c++) {
    const tile = side * fitScale(min(most, room / c - 4), side, ratio);
    const empty = (c - (n % c)) % c;
    const unused = max(0, Math.log2(room / c / most));
    const cost = Math.abs(Math.log2(tile / target)) + unused + (empty ? 0.25 + empty / c : 0);
    if (cost <= least) (best = c), (least = cost);
  }
  return best;
}

/**
 * How many columns make n images largest in a grid no higher than `most`; of those as large, the one with fewest empty places, then the
 * one with fewest rows. If all are too high: the lowest.
 * @param {number} n @param {(columns: number) => number} size of an image @param {(columns: number) => number} height of the grid @param {number} most
 */
export function roomiest(n, size, height, most) {
  let [best, least] = [n, Infinity];
  for (let c = 1; c <= n; c++) {
    const empty = (c - (n % c)) % c;
    const cost = max(0, height(c) - most) * 1e6 - size(c) * 1e3 + empty * 10 + Math.ceil(n / c);
    if (cost < least) (best = c), (least = cost);
  }
  return best;
}

/**
 * The columns that were asked for, or on a page as narrow as a phone's the equal parts that each row is broken into: eight
 * become four. Many images stay as they were, or the timeline would be a long way below them.
 * @param {number} wanted @param {number} n images @param {number} room CSS pixels for the widget @param {number} paneRoom and for this grid
 * @param {number} most columns on a narrow page @returns {number}
 */
export function foldColumns(wanted, n, room, paneRoom, most = 4) {
  const columns = min(n, wanted);
  if (room >= 440) return columns;
  const folded = Math.ceil(columns / Math.ceil(columns / most));
  return Math.ceil(n / folded) * (paneRoom / folded) <= 1.5 * room ? folded : columns;
}
