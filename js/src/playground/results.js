// What came of it: the loss, and the density of what the walkers become beside the data's.
import { path, range } from "../shared/curve.js";
import { attr, div, h, span, stretched, svg, UNDRAWN, UNSPOKEN } from "../shared/dom.js";
import { fixed3 } from "../shared/format.js";
import { max, min } from "../shared/math.js";
import { swatch } from "../shared/palette.js";

const SIDE = 56; // pixels of a density
const EDGE = 1.25; // it is drawn from -EDGE to EDGE
const BLUR = 0.07;

/** The density of points, SIDE × SIDE, each a small Gaussian; its mean value is that of the points inside. @param {Float32Array} points (n, 2) */
export function densityOf(points) {
  const out = new Float32Array(SIDE * SIDE);
  const pixel = (2 * EDGE) / SIDE;
  const reach = Math.ceil((3 * BLUR) / pixel);
  for (let i = 0; i < points.length; i += 2) {
    const [u, v] = [(points[i] + EDGE) / pixel - 0.5, (EDGE - points[i + 1]) / pixel - 0.5];
    const [column, row] = [Math.round(u), Math.round(v)];
    for (let b = max(0, row - reach); b <= min(SIDE - 1, row + reach); b++)
      for (let a = max(0, column - reach); a <= min(SIDE - 1, column + reach); a++) out[b * SIDE + a] += Math.exp((-0.5 * pixel ** 2 * ((a - u) ** 2 + (b - v) ** 2)) / BLUR ** 2) / (points.length / 2);
  }
  return out;
}

/** A density under its name. @param {string} name @param {string} color */
function square(name, color) {
  const canvas = h("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": `density of ${name}` });
  const caption = h("figcaption", { class: "ddw-small ddw-muted" });
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  return {
    el: h("figure", {}, canvas, caption),
    /** @param {Float32Array} density @param {number} full what is drawn at full strength @param {number} n points */
    show(density, full, n) {
      caption.textContent = `${name}, n = ${n}`;
      ctx.fillStyle = getComputedStyle(canvas).getPropertyValue(`--ddw-${color}`).trim();
      ctx.fillRect(0, 0, SIDE, SIDE);
      const image = ctx.getImageData(0, 0, SIDE, SIDE);
      density.forEach((p, i) => (image.data[4 * i + 3] = 255 * min(1, p / full) ** 0.8));
      ctx.putImageData(image, 0, 0);
    },
  };
}

export function densities() {
  const [data, drawn] = [square("data", "accent"), square("samples", "guess")];
  const said = h("p", { class: "ddw-small fit" });
  /** @type {unknown} */
  let of;
  let [own, full] = [new Float32Array(), 1];
  return {
    el: div("result", div("squares", data.el, drawn.el), said),
    /** @param {import("./lab.js").Lab} lab */
    paint({ points, ends, fit }) {
      if (of !== points) {
        of = points;
        own = densityOf(points);
        full = 0.8 * own.reduce((a, b) => max(a, b), 1e-9);
      }
      data.show(own, full, points.length / 2);
      drawn.show(densityOf(ends), full, ends.length / 2);
      const strong = (/** @type {string} */ text) => h("strong", { class: "ddw-num" }, text);
      if (!fit) return said.replaceChildren("distance –");
      said.replaceChildren("distance ", strong(fixed3(fit.fit)), " = ", strong(`${(fit.fit / fit.floor).toFixed(1)} ×`), ` the floor of ${fixed3(fit.floor)} ± ${fixed3(fit.spread)}`);
      attr(said, "title", "Kernel two-sample distance between the samples and the data. The floor is the distance between two random parts of the data, so a perfect sampler gets about 1 ×.");
    },
  };
}

export function lossCurve() {
  const [raw, line, best] = [svg("path", { class: "raw" }), svg("path", { class: "line" }), svg("line", { class: "best", x2: 1000 })];
  const [now, floor] = [span("ddw-num now", ""), span("ddw-num", "")];
  const key = span("key", swatch("var(--ddw-muted)", "4 3"), "exact denoiser ", floor);
  const plot = h("div", { ...UNDRAWN, class: "loss" }, stretched(100, UNSPOKEN, raw, best, line));
  return {
    el: div("losses", div("ddw-small ddw-muted caption", span("", "loss ", now), key), plot),
    /** @param {import("./lab.js").Lab} lab */
    paint({ losses, best: least }) {
      const xs = losses.map(([step]) => step);
      const ys = losses.map(([, loss]) => loss);
      const from = xs[0] - 1; // not 0 where the data are new
      const steps = max(1, xs[xs.length - 1] - from);
      let mean = ys[0];
      const smooth = ys.map((y, i) => (mean += (y - mean) / min(i + 1, 20)));
      const { lo, hi } = range([smooth.length ? smooth.slice(smooth.length / 50) : [1], [least * 0.95, least * 1.25]], true);
      const x = (/** @type {number} */ v) => (1000 * (v - from)) / steps;
      const y = (/** @type {number} */ v) => 100 - 100 * max(-0.02, min(1.02, Math.log(v / lo) / Math.log(hi / lo)));
      attr(raw, "d", path(xs, ys, x, y));
      attr(line, "d", path(xs, smooth, x, y));
      for (const end of ["y1", "y2"]) attr(best, end, least ? y(least) : -9);
      floor.textContent = fixed3(least);
      key.hidden = !least;
      now.textContent = ys.length ? fixed3(mean) : "–";
      attr(plot, "aria-label", `loss over the steps, now ${now.textContent}; the exact denoiser has ${fixed3(least)}`);
    },
  };
}
