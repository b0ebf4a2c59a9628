// Numbers as a reader wants them.

import { floor, max, min } from "./math.js";

/** @param {number} x @param {number} lo @param {number} hi */
export const clamp = (x, lo, hi) => max(lo, min(hi, x));

/** Three decimals, with a real minus sign. @param {number} x */
export const fixed3 = (x) => (Number.isFinite(x) ? x.toFixed(3).replace(/^-(?=0\.0+$)/, "").replace("-", "−") : "–");

/** Three decimals and always a sign, so that columns of numbers stand still. @param {number} x */
export const signed3 = (x) => (fixed3(x).startsWith("−") ? fixed3(x) : `+${fixed3(x)}`);

/** Three significant digits; powers of ten below 0.001 and from 10,000. @param {number} x */
export function sig3(x) {
  if (x === Infinity) return "∞";
  if (!Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  const a = Math.abs(x);
  if (a >= 0.001 && a < 9995) return (a < 999.5 ? x.toPrecision(3) : String(Math.round(x / 10) * 10)).replace("-", "−");
  const [m, e] = x.toExponential(2).split("e");
  const sup = [...String(Number(e))].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
  return `${m.replace("-", "−")}·10${sup}`;
}

/** Round marks for the positions 0…n-1, about four intervals, the last one always there. @param {number} n */
export function ticks(n) {
  const last = n - 1;
  if (last < 1) return [0];
  const magnitude = 10 ** floor(Math.log10(last / 4));
  const step = max(1, [1, 2, 2.5, 5, 10].map((m) => m * magnitude).find((s) => s >= (last / 4) * 0.99) ?? last);
  const out = [];
  for (let t = 0; t < last - step * 0.6; t += step) if (Number.isInteger(t)) out.push(t);
  return [...out, last];
}
