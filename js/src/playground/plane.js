// The picture: the data with their noise, the field, the walkers, all at one timestep.
import { attr, div, h } from "../shared/dom.js";
import { floor, max, min, sqrt } from "../shared/math.js";
import { CELLS, PLACES } from "./lab.js";
import { VIEW } from "./read.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./lab.js").Walked} Walked */
/** @typedef {import("./read.js").Model} Model */

const TRAIL = 0.12; // of the way: how long a walker's trail is

/** The step before which a path stands at timestep t, and how far it is to the next; the slider's 0 is the end of the way. @param {number[]} ts falling @param {number} t @param {number} T @returns {number} 0 … steps */
export function stepAt(ts, t, T) {
  const at = t - (1 - t / (T - 1)); // T-1 … 0 becomes T-1 … -1: after the last step there is no noise left
  let j = 0;
  while (j < ts.length && (ts[j + 1] ?? -1) >= at) j++;
  if (j >= ts.length) return ts.length;
  const [from, to] = [ts[j], ts[j + 1] ?? -1];
  return j + max(0, min(1, (from - at) / (from - to)));
}

/** Where walker i is after `step` steps, between two of them on a straight line. @param {Walked} walked @param {number} i @param {number} step @returns {[number, number]} */
export function placeOf({ path, n }, i, step) {
  const j = floor(step);
  const part = step - j;
  const value = (/** @type {number} */ c) => {
    const a = path[(j * n + i) * 2 + c];
    return part ? a + part * (path[((j + 1) * n + i) * 2 + c] - a) : a;
  };
  return [value(0), value(1)];
}

/** What an arrow shows at x, given x̂0. @param {import("./read.js").Arrows} kind @param {number} x @param {number} x0 @param {number} signal √ᾱ @param {number} noise √(1-ᾱ) */
export function arrow(kind, x, x0, signal, noise) {
  if (kind === "x0") return x0 - x;
  const eps = (x - signal * x0) / noise;
  return kind === "eps" ? eps : -eps / noise;
}

export function planeView() {
  const canvas = h("canvas", { class: "plane", tabindex: 0, role: "application", "data-keys": "" });
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const heat = h("canvas", { width: CELLS, height: CELLS });
  const heatCtx = /** @type {CanvasRenderingContext2D} */ (heat.getContext("2d", { willReadFrequently: true }));
  let size = 0; // CSS pixels
  const px = (/** @type {number} */ x) => ((x + VIEW) / (2 * VIEW)) * size;
  const py = (/** @type {number} */ y) => ((VIEW - y) / (2 * VIEW)) * size;

  /** Arrows as one path, each no longer than its cell. @param {Float32Array} x0 @param {import("./read.js").Arrows} kind @param {number} signal @param {number} noise */
  function arrows(x0, kind, signal, noise) {
    const path = new Path2D();
    const every = kind === "x0" || size / CELLS < 16 ? 2 : 1; // every second one, in both directions: lines that cross, or a phone
    const cell = (every * size) / CELLS;
    for (let k = 0; k < PLACES.length; k += 2) {
      if ((k / 2) % every || floor(k / 2 / CELLS) % every) continue;
      const [dx, dy] = [arrow(kind, PLACES[k], x0[k], signal, noise), arrow(kind, PLACES[k + 1], x0[k + 1], signal, noise)];
      const far = Math.hypot(dx, dy);
      if (far < 1e-3) continue;
      if (kind === "x0") { // all the way
        path.moveTo(px(PLACES[k]), py(PLACES[k + 1]));
        path.lineTo(px(x0[k]), py(x0[k + 1]));
        path.addPath(discs(1, () => [x0[k], x0[k + 1]], 1));
        continue;
      }
      const unit = kind === "score" ? noise * far : far; // in units that are near 1
      const length = (cell * 1.05 * unit) / (0.6 + unit);
      const [ux, uy] = [(dx / far) * length, (-dy / far) * length];
      const [ax, ay] = [px(PLACES[k]) - ux / 2, py(PLACES[k + 1]) - uy / 2];
      const [bx, by] = [ax + ux, ay + uy];
      const head = min(3.2, length / 2.4) / length;
      path.moveTo(ax, ay);
      path.lineTo(bx, by);
      path.moveTo(bx - (ux + 0.6 * uy) * head, by - (uy - 0.6 * ux) * head);
      path.lineTo(bx, by);
      path.lineTo(bx - (ux - 0.6 * uy) * head, by - (uy + 0.6 * ux) * head);
    }
    return path;
  }

  /** Round dots. @param {number} n @param {(i: number) => [number, number]} at @param {number} r */
  function discs(n, at, r) {
    const path = new Path2D();
    for (let i = 0; i < n; i++) {
      const [x, y] = at(i).map((v, c) => (c ? py(v) : px(v)));
      path.moveTo(x + r, y);
      path.arc(x, y, r, 0, 7);
    }
    return path;
  }

  /** A part of the ways of walkers. @param {Walked} walked @param {number} from @param {number} to in steps */
  function ways(walked, from, to) {
    const path = new Path2D();
    for (let i = 0; i < walked.n; i++) {
      const begin = placeOf(walked, i, from);
      path.moveTo(px(begin[0]), py(begin[1]));
      for (let j = floor(from) + 1; j < to; j++) path.lineTo(px(walked.path[(j * walked.n + i) * 2]), py(walked.path[(j * walked.n + i) * 2 + 1]));
      const end = placeOf(walked, i, to);
      path.lineTo(px(end[0]), py(end[1]));
    }
    return path;
  }

  return {
    el: div("screen", canvas), canvas,
    /** A place in the plane, from where a pointer is. @param {{ clientX: number, clientY: number }} e @returns {[number, number]} */
    at(e) {
      const box = canvas.getBoundingClientRect();
      return [((e.clientX - box.left) / box.width) * 2 * VIEW - VIEW, VIEW - ((e.clientY - box.top) / box.height) * 2 * VIEW];
    },
    /** CSS pixels of a length in the plane. @param {number} r */
    pixels: (r) => (r / (2 * VIEW)) * size,
    /** @param {Lab} lab @param {Model} model @param {Float32Array} noise of the data, (n, 2) @param {number} t @param {{ x: number, y: number, r: number } | undefined} ring of the tool */
    paint(lab, model, noise, t, ring) {
      const ratio = devicePixelRatio || 1;
      size = canvas.clientWidth;
      const wanted = Math.round(size * ratio);
      if (canvas.width !== wanted) canvas.width = canvas.height = wanted;
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      ctx.clearRect(0, 0, size, size);
      const style = getComputedStyle(canvas);
      const color = (/** @type {string} */ name) => style.getPropertyValue(`--ddw-${name}`).trim();
      const [fg, data, guess, rule] = [color("fg"), color("accent"), color("guess"), color("rule")];
      const stroke = (/** @type {Path2D} */ path, /** @type {string} */ color, /** @type {number} */ alpha, /** @type {number} */ width) => {
        Object.assign(ctx, { strokeStyle: color, globalAlpha: alpha, lineWidth: width });
        ctx.stroke(path);
      };
      const fill = (/** @type {Path2D} */ path, /** @type {string} */ color, /** @type {number} */ alpha) => {
        Object.assign(ctx, { fillStyle: color, globalAlpha: alpha });
        ctx.fill(path);
      };
      ctx.lineJoin = ctx.lineCap = "round";

      const alphaBar = lab.alphaBar[t] ?? 1;
      const [signal, rest] = [sqrt(alphaBar), sqrt(1 - alphaBar)];
      const [kind, field] = [model.get("arrows"), model.get("field")];
      const { learned, exact } = lab.field;
      if (field === "both" && learned && exact) difference(learned.x0, exact.x0, signal, rest, color("noise"));
      const square = new Path2D();
      square.rect(px(-1), py(1), px(1) - px(-1), py(-1) - py(1));
      stroke(square, canvas.dataset.tool === "walk" ? rule : data, 1, 1); // data lie inside
      for (const [of, ink, width] of /** @type {const} */ ([[field !== "learned" && exact, color("muted"), field === "both" ? 4 : 1], [field !== "exact" && learned, guess, 1]]))
        if (of) stroke(arrows(of.x0, kind, signal, rest), ink, width > 1 ? 0.35 : 0.75, width);

      const sampling = model.get("direction") === "sample";
      const { points, walked, single } = lab;
      const n = points.length / 2;
      const r = n > 800 ? 1.3 : n > 60 ? 1.8 : 3;
      fill(discs(n, (i) => [signal * points[2 * i] + rest * noise[2 * i], signal * points[2 * i + 1] + rest * noise[2 * i + 1]], r), data, sampling ? 0.35 : 0.85);

      const T = model.get("T");
      const now = (/** @type {Walked} */ w) => stepAt(w.ts, t, T);
      if (walked && sampling) {
        const step = now(walked);
        const flow = model.get("sampler") === "flow";
        stroke(ways(walked, flow ? 0 : max(0, step - max(1.5, TRAIL * walked.ts.length)), step), guess, flow ? 0.16 : 0.3, 1);
        fill(discs(walked.n, (i) => placeOf(walked, i, step), 2.1), guess, 0.9);
      }
      if (single) {
        const step = now(single);
        const [start, end] = [placeOf(single, 0, 0), placeOf(single, 0, single.ts.length)];
        stroke(ways(single, 0, single.ts.length), fg, 0.28, 1.5);
        stroke(ways(single, 0, step), fg, 0.95, 2);
        fill(discs(single.ts.length, (j) => placeOf(single, 0, j), 2), fg, single.ts.length > 40 ? 0 : 0.6);
        fill(discs(1, () => end, 3), fg, 0.5);
        stroke(discs(1, () => start, 6), fg, 1, 2);
        fill(discs(1, () => placeOf(single, 0, step), 5), fg, 1);
      }
      if (ring) stroke(discs(1, () => [ring.x, ring.y], this.pixels(ring.r)), fg, 0.8, 1.5);
      ctx.globalAlpha = 1;
    },
    /** @param {string} words for a screen reader */
    say: (words) => attr(canvas, "aria-label", words),
  }; // prettier-ignore

  /** How far the network's ε̂ is from the exact one, as a colour. @param {Float32Array} learned x̂0 @param {Float32Array} exact @param {number} signal @param {number} noise @param {string} color */
  function difference(learned, exact, signal, noise, color) {
    heatCtx.fillStyle = color;
    heatCtx.fillRect(0, 0, CELLS, CELLS);
    const image = heatCtx.getImageData(0, 0, CELLS, CELLS);
    for (let k = 0; k < CELLS ** 2; k++) {
      const off = (signal / noise) * Math.hypot(learned[2 * k] - exact[2 * k], learned[2 * k + 1] - exact[2 * k + 1]);
      image.data[4 * k + 3] = 150 * min(1, off / 2);
    }
    heatCtx.putImageData(image, 0, 0);
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(heat, 0, 0, size, size);
  }
}
