// A small line chart in SVG: its colours are the page's, its text is text, and it is sharp on every screen.
import { h, put, svg } from "../shared/dom.js";
import { marks, path, place, ribbon, short } from "../shared/curve.js";
import { max, min } from "../shared/math.js";

/** @typedef {import("../shared/curve.js").Scale} Scale */
/** @typedef {{ class: string, x: ArrayLike<number>, y: ArrayLike<number>, low?: ArrayLike<number>, dots?: boolean }} Line */

const LEFT = 52;
const RIGHT = 12;
const TOP = 8;

/** @param {{ height: number, axis?: boolean, marks?: number }} o axis: whether the steps stand below */
export function chart({ height: start, axis = true, marks: count = 4 }) {
  const bottom = axis ? 24 : 6;
  const grid = svg("g", { class: "ddw-grid" });
  const lines = svg("svg", { class: "ddw-lines", x: LEFT, y: TOP });
  const cursor = svg("line", { class: "ddw-at", hidden: true });
  const el = svg("svg", { class: "ddw-linechart", "aria-hidden": "true" }, grid, lines, cursor);
  const box = h("div", { class: "ddw-linebox" }, el);
  let scale = { lo: 0, hi: 1 };
  let inner = 1;
  const px = (/** @type {number} */ x) => ((x - scale.lo) / (scale.hi - scale.lo)) * inner;

  /** @param {Line[]} list @param {{ lo: number, hi: number }} x @param {Scale} y @param {number} height */
  function draw(list, x, y, height = start) {
    const width = max(160, box.clientWidth);
    const tall = height - TOP - bottom;
    scale = x;
    inner = width - LEFT - RIGHT;
    const py = (/** @type {number} */ v) => (1 - place(y, v)) * tall;
    el.setAttribute("viewBox", `0 0 ${width} ${height}`);
    el.setAttribute("width", String(width));
    el.setAttribute("height", String(height));
    lines.setAttribute("width", String(inner));
    lines.setAttribute("height", String(tall));
    cursor.setAttribute("y1", String(TOP));
    cursor.setAttribute("y2", String(TOP + tall));
    const rows = marks(y, count).map((v) => [v, TOP + py(v)]);
    const steps = axis ? marks({ ...x, log: false }, max(2, Math.round(inner / 110))).filter(Number.isInteger) : [];
    grid.replaceChildren(
      ...rows.flatMap(([v, at]) => [
        svg("line", { x1: LEFT, x2: LEFT + inner, y1: at, y2: at }),
        svg("text", { x: LEFT - 8, y: at, dy: ".32em", "text-anchor": "end" }, short(v)),
      ]),
      ...steps.map((s) => svg("text", { x: LEFT + px(s), y: height - 6, "text-anchor": "middle" }, s.toLocaleString("en"))),
    );
    put(lines, list.flatMap(({ class: name, x, y, low, dots }) => {
      if (low) return [svg("path", { class: name, d: ribbon(x, low, y, px, (v) => max(0, min(tall, py(v)))) })];
      const d = path(x, y, px, py);
      const line = svg("path", { class: name, d });
      if (!dots) return [line];
      const points = Array.from(y, (v, i) => svg("circle", { class: name, cx: px(x[i]), cy: py(v), r: 3.5 }));
      return [line, ...points.filter((_, i) => Number.isFinite(py(y[i])))];
    })); // prettier-ignore
  }

  return {
    el: box,
    draw,
    /** Show the cursor at a step; undefined hides it. @param {number} [step] */
    point(step) {
      cursor.toggleAttribute("hidden", step === undefined);
      if (step !== undefined) for (const end of ["x1", "x2"]) cursor.setAttribute(end, String(LEFT + px(step)));
    },
    /** The step below a place on the screen. @param {number} clientX */
    stepAt: (clientX) => scale.lo + ((clientX - el.getBoundingClientRect().left - LEFT) / inner) * (scale.hi - scale.lo),
  };
}
