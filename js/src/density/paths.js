// The density over all t, and on it the paths of some walkers.
import { marks, short } from "../shared/curve.js";
import { attr, div, h, put, stretched, svg, UNSPOKEN } from "../shared/dom.js";
import { max, min } from "../shared/math.js";
import { density, diffuse } from "../shared/mixture.js";
import { down, minus } from "./read.js";

/** @typedef {import("./read.js").Seen} Seen */
/** @typedef {import("./read.js").Walkers} Walkers */

export const POINTS = 240; // of a density's outline, of a path
export const FULL = 0.55; // the density in z that is drawn at full strength and full width; a Gaussian's peak is 0.4

/** The density over all t, as a mask of the accent colour: so that it follows the theme. @param {Pick<Seen, "parts" | "alphaBar" | "T" | "lo" | "hi">} seen */
export function heatmap({ parts, alphaBar, T, lo, hi }) {
  const canvas = h("canvas", { width: 200, height: 140 });
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = ctx.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width; i++) {
    const m = diffuse(parts, alphaBar[Math.round((i / (canvas.width - 1)) * (T - 1))]);
    for (let j = 0; j < canvas.height; j++) {
      const p = density(m, hi - ((j + 0.5) / canvas.height) * (hi - lo));
      image.data[4 * (j * canvas.width + i) + 3] = 255 * min(1, p / FULL);
    }
  }
  ctx.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/** Walker i's path in a 1000×1000 box. @param {Seen} seen @param {Walkers} walkers @param {number} i */
function outline(seen, { paths }, i) {
  const { T } = seen;
  const points = min(POINTS, T);
  let d = "";
  for (let j = 0; j < points; j++) {
    const t = Math.round((j / max(1, points - 1)) * (T - 1));
    d += `${j ? "L" : "M"}${((1000 * t) / max(1, T - 1)).toFixed(1)} ${(1000 * down(seen, paths[i * T + t])).toFixed(1)}`;
  }
  return d;
}

export function pathPlot() {
  const heat = div("heat");
  const lines = svg("g");
  const near = svg("path", { class: "near" });
  const rules = svg("g", { class: "rules" });
  const flag = div("ddw-flag");
  const dots = h("div");
  const plot = h("div", { class: "plot", ...UNSPOKEN }, heat,
    stretched(1000, {}, rules, lines, near), div("ddw-cursor"), dots, flag); // prettier-ignore
  const scale = h("div", { class: "scale", ...UNSPOKEN });
  const what = div("what ddw-small");

  return {
    plot, scale, what, rules,
    /** The axis, with round marks in the reader's unit. @param {Seen} seen */
    layout(seen) {
      const { lo, hi, mean, std, name, unit } = seen;
      what.textContent = name + (unit && `, ${unit}`);
      const values = marks({ lo: mean + std * lo, hi: mean + std * hi, log: false }, 6);
      const at = values.map((v) => down(seen, (v - mean) / std));
      put(scale, values.map((v, i) => h("span", { style: `top:${100 * at[i]}%` }, minus(short(v)))));
      put(rules, at.map((u) => svg("line", { x2: 1000, y1: 1000 * u, y2: 1000 * u })));
      heat.style.setProperty("--heat", `url(${heatmap(seen)})`);
    },
    /** @param {Seen} seen @param {Walkers} walkers @param {number} count how many paths */
    lead(seen, walkers, count) {
      put(lines, Array.from({ length: count }, (_, i) => svg("path", { d: outline(seen, walkers, i) })));
      put(dots, Array.from(lines.children, () => h("i")));
      near.removeAttribute("d");
    },
    /** @param {Seen} seen @param {Walkers} walkers @param {number} t */
    paint(seen, { paths }, t) {
      flag.textContent = `t = ${t}`;
      Array.from(dots.children, (dot, i) => /** @type {HTMLElement} */ (dot).style.top = `${100 * down(seen, paths[i * seen.T + t])}%`);
    },
    /** Mark the path that passes near z at t. @param {Seen} seen @param {Walkers} walkers @param {number} t @param {number} z @returns {number | undefined} which; undefined if none is near */
    mark(seen, walkers, t, z) {
      const off = (/** @type {number} */ i) => Math.abs(walkers.paths[i * seen.T + t] - z);
      let best = 0;
      for (let i = 1; i < dots.children.length; i++) if (off(i) < off(best)) best = i;
      if (off(best) > (seen.hi - seen.lo) / 12) return;
      attr(near, "d", outline(seen, walkers, best));
      return best;
    },
    /** Mark none. Returns whether one was marked. */
    unmark() {
      const was = near.hasAttribute("d");
      near.removeAttribute("d");
      return was;
    },
  }; // prettier-ignore
}
