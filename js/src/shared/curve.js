// What is drawn of a training run, as numbers and SVG paths. Pure functions.

/** Columns of a row of the history: the last step a row covers, mean, least and greatest loss, learning rate. */
export const STEP = 0, MEAN = 1, LEAST = 2, GREATEST = 3, RATE = 4, COLUMNS = 5; // prettier-ignore

/** One column of the history. @param {Float32Array} rows @param {number} column @param {number} columns in a row */
export function column(rows, column, columns = COLUMNS) {
  const out = new Float64Array(Math.floor(rows.length / columns));
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
    const covered = i ? Math.max(1, steps[i] - steps[i - 1]) : 1;
    const back = Math.max(1, Math.min(span, 1 + (steps[i] - steps[0]) / 5));
    const old = (1 - 1 / back) ** covered;
    if (Number.isFinite(values[i])) {
      sum = old * sum + (1 - old) * values[i];
      weight = old * weight + (1 - old);
      out[i] = sum / weight;
    } else out[i] = NaN;
  }
  return out;
}

/** @typedef {{ lo: number, hi: number, log: boolean }} Scale */

/** The range that holds the values, with a little air; a logarithmic one knows only positive values. @param {ArrayLike<number>[]} lists @param {boolean} log @returns {Scale} */
export function range(lists, log) {
  let lo = Infinity;
  let hi = -Infinity;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const v = list[i];
      if (Number.isFinite(v) && (!log || v > 0)) (lo = Math.min(lo, v)), (hi = Math.max(hi, v));
    }
  }
  if (lo > hi) return log ? { lo: 0.1, hi: 1, log } : { lo: 0, hi: 1, log };
  if (log) return { lo: lo / 1.1, hi: hi * 1.1, log };
  return { lo: Math.min(0, lo), hi: hi > 0 ? hi * 1.05 : 1, log };
}

/** Where a value lies, 0…1. @param {Scale} scale @param {number} v */
export const place = ({ lo, hi, log }, v) => (log ? Math.log(v / lo) / Math.log(hi / lo) : (v - lo) / (hi - lo));

/** Round marks for a scale, about `count` of them. @param {Scale} scale @param {number} count @returns {number[]} */
export function marks({ lo, hi, log }, count) {
  if (log && hi / lo > 4) {
    const decades = Math.log10(hi / lo);
    const leads = decades > count ? [1] : decades * 2 > count ? [1, 3] : [1, 2, 5];
    const every = Math.max(1, Math.ceil(decades / count));
    const out = [];
    for (let e = Math.floor(Math.log10(lo)); e <= Math.log10(hi); e++) {
      if (e % every) continue;
      for (const m of leads) out.push(Number(`${m}e${e}`));
    }
    return out.filter((v) => v >= lo && v <= hi);
  }
  const rough = (hi - lo) / Math.max(1, count);
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((m) => m * ten >= rough * 0.999) ?? 10) * ten;
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi * (1 + 1e-9); k++) out.push(Number((k * step).toPrecision(12)));
  return out.length < 2 && count < 9 ? marks({ lo, hi, log }, count + 1) : out;
}

/** A round mark as short as it can be said: 0.05, 200, 5·10⁻⁴. @param {number} v */
export function short(v) {
  if (v === 0 || (Math.abs(v) >= 0.001 && Math.abs(v) < 1e5)) return Number(v.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 6 });
  const [m, e] = v.toExponential().split("e");
  const sup = [...String(Number(e))].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
  return `${Number(Number(m).toPrecision(3))}·10${sup}`;
}

/** A loss over a narrow bar: two digits, a zero as the second too. @param {number} v */
export const tiny = (v) => (v >= 10 ? String(Math.round(v)) : v.toPrecision(v < 0.01 ? 1 : 2)).replace(/^0\./, ".").replace(/e-/, "e−");

/**
 * An SVG path; a value that can not be drawn leaves a gap.
 * @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys
 * @param {(x: number) => number} px @param {(y: number) => number} py
 */
export function path(xs, ys, px, py) {
  let d = "";
  let pen = "M";
  for (let i = 0; i < ys.length; i++) {
    const y = py(ys[i]);
    if (!Number.isFinite(y)) pen = "M";
    else {
      d += `${pen}${px(xs[i]).toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    }
  }
  return d;
}

/**
 * The closed outline between two curves, without the places where either is missing.
 * @param {ArrayLike<number>} xs @param {ArrayLike<number>} low @param {ArrayLike<number>} high
 * @param {(x: number) => number} px @param {(y: number) => number} py
 */
export function ribbon(xs, low, high, px, py) {
  const there = [];
  for (let i = 0; i < xs.length; i++) if (Number.isFinite(py(low[i])) && Number.isFinite(py(high[i]))) there.push(i);
  if (there.length < 2) return "";
  const point = (/** @type {ArrayLike<number>} */ ys) => (/** @type {number} */ i) => `${px(xs[i]).toFixed(1)} ${py(ys[i]).toFixed(1)}`;
  return `M${there.map(point(high)).join("L")}L${there.reverse().map(point(low)).join("L")}Z`;
}

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
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  const min = Math.round(s / 60);
  return min < 1440 ? `${Math.floor(min / 60)} h ${min % 60} min` : `${Math.floor(min / 1440)} d ${Math.round((min % 1440) / 60)} h`;
}

/** Columns of a grid of n images that is as square as can be. @param {number} n */
export const gridColumns = (n) => Math.ceil(Math.sqrt(n));

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
      let to = ((Math.floor(k / across) * (h + 1) + y) * width + (k % across) * (w + 1)) * 4;
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
