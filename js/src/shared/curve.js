// Scales with round marks, and curves as SVG paths. Pure functions.

import { floor, max, min } from "./math.js";

/** @typedef {{ lo: number, hi: number, log: boolean }} Scale */

/** The range that holds the values, with a little air; a logarithmic one knows only positive values. @param {ArrayLike<number>[]} lists @param {boolean} log @returns {Scale} */
export function range(lists, log) {
  let lo = Infinity;
  let hi = -Infinity;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const v = list[i];
      if (Number.isFinite(v) && (!log || v > 0)) (lo = min(lo, v)), (hi = max(hi, v));
    }
  }
  if (lo > hi) return log ? { lo: 0.1, hi: 1, log } : { lo: 0, hi: 1, log };
  if (log) return { lo: lo / 1.1, hi: hi * 1.1, log };
  return { lo: min(0, lo), hi: hi > 0 ? hi * 1.05 : 1, log };
}

/** Where a value lies, 0…1. @param {Scale} scale @param {number} v */
export const place = ({ lo, hi, log }, v) => (log ? Math.log(v / lo) / Math.log(hi / lo) : (v - lo) / (hi - lo));

/** Round marks for a scale, about `count` of them. @param {Scale} scale @param {number} count @returns {number[]} */
export function marks({ lo, hi, log }, count) {
  if (log && hi / lo > 4) {
    const decades = Math.log10(hi / lo);
    const leads = decades > count ? [1] : decades * 2 > count ? [1, 3] : [1, 2, 5];
    const every = max(1, Math.ceil(decades / count));
    const out = [];
    for (let e = floor(Math.log10(lo)); e <= Math.log10(hi); e++) {
      if (e % every) continue;
      for (const m of leads) out.push(Number(`${m}e${e}`));
    }
    return out.filter((v) => v >= lo && v <= hi);
  }
  const rough = (hi - lo) / max(1, count);
  const ten = 10 ** floor(Math.log10(rough));
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
