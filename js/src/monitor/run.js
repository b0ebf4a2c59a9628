// A training run as numbers: its history, its samples, its times. Pure functions.

import { floor, max, min, sqrt } from "../shared/math.js";

/** Columns of a row of the history: the last step a row covers, mean, least and greatest loss, learning rate. */
export const STEP = 0, MEAN = 1, LEAST = 2, GREATEST = 3, RATE = 4, COLUMNS = 5; // prettier-ignore

/** One column of the history. @param {Float32Array} rows @param {number} column @param {number} columns in a row */
export function column(rows, column, columns = COLUMNS) {
  const out = new Float64Array(floor(rows.length / columns));
  for (let i = 0; i < out.length; i++) out[i] = rows[i * columns + column];
  return out;
}

/**
 * Exponential moving average that looks back about `span` steps, but never over more than a fifth of those there are:
 * the loss falls fast at first, and a long memory would float above it. A row that covers several steps counts as many;
 * the start is not drawn towards zero; gaps stay gaps.
 * @param {ArrayLike<number>} steps @param {ArrayLike<number>} values @param {number} span 1 or less: no smoothing
 */
export function smooth(steps, values, span) {
  const out = new Float64Array(values.length);
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i++) {
    const covered = i ? max(1, steps[i] - steps[i - 1]) : 1;
    const back = max(1, min(span, 1 + (steps[i] - steps[0]) / 5));
    const old = (1 - 1 / back) ** covered;
    if (Number.isFinite(values[i])) {
      sum = old * sum + (1 - old) * values[i];
      weight = old * weight + (1 - old);
      out[i] = sum / weight;
    } else out[i] = NaN;
  }
  return out;
}

/** A loss over a narrow bar: two digits, a zero as the second too. @param {number} v */
export const tiny = (v) => (v >= 10 ? String(Math.round(v)) : v.toPrecision(v < 0.01 ? 1 : 2)).replace(/^0\./, ".").replace(/e-/, "e−");

/** Position of the value nearest to v in a rising list; -1 if it is empty. @param {ArrayLike<number>} list @param {number} v */
export function nearest(list, v) {
  let lo = 0;
  let hi = list.length - 1;
  if (hi < 0) return -1;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (list[mid] < v) lo = mid;
    else hi = mid;
  }
  return Math.abs(list[lo] - v) <= Math.abs(list[hi] - v) ? lo : hi;
}

/** A time a person can plan with. @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return "–";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${floor(s / 60)} min ${s % 60} s`;
  const min = Math.round(s / 60);
  return min < 1440 ? `${floor(min / 60)} h ${min % 60} min` : `${floor(min / 1440)} d ${Math.round((min % 1440) / 60)} h`;
}

/** Columns of a grid of n images that is as square as can be. @param {number} n */
export const gridColumns = (n) => Math.ceil(sqrt(n));

/**
 * One grid of samples as RGBA pixels, a transparent pixel between images.
 * @param {Uint8Array} bytes all frames @param {number} index which frame @param {number[]} shape (n, h, w, channels)
 * @returns {{ width: number, height: number, data: Uint8ClampedArray<ArrayBuffer> }}
 */
export function gridPixels(bytes, index, [n, h, w, channels]) {
  const across = gridColumns(n);
  const width = across * (w + 1) - 1;
  const height = Math.ceil(n / across) * (h + 1) - 1;
  const data = new Uint8ClampedArray(width * height * 4);
  let from = index * n * h * w * channels;
  for (let k = 0; k < n; k++) {
    for (let y = 0; y < h; y++) {
      let to = ((floor(k / across) * (h + 1) + y) * width + (k % across) * (w + 1)) * 4;
      for (let x = 0; x < w; x++, to += 4, from += channels) {
        data[to] = bytes[from];
        data[to + 1] = bytes[from + (channels > 1 ? 1 : 0)];
        data[to + 2] = bytes[from + (channels > 1 ? 2 : 0)];
        data[to + 3] = 255;
      }
    }
  }
  return { width, height, data };
}
