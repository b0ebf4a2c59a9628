// The hand on the plane: it places a walker and drags its start, or draws data. Mouse, finger, pen or keys.
import { button, group, press } from "../shared/dom.js";
import { clamp } from "../shared/format.js";
import { normal, streamAt } from "../shared/random.js";
import { isOurs, on } from "../shared/view.js";
import { bytesOf, floats, MOST, VIEW } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Sync} Sync */
/** @typedef {"walk" | "brush" | "erase" | "blob"} Tool */

/** @type {Record<Tool, { name: string, title: string, r: number, few: number }>} */
const TOOLS = {
  walk: { name: "walker", title: "Place one sample. It starts at the ring at T-1; the dot is where it is at t, the thin line the rest of its way", r: 0, few: 0 },
  brush: { name: "brush", title: "Draw data inside the square", r: 0.06, few: 1 },
  blob: { name: "blob", title: "Add 40 points around a place", r: 0.16, few: 40 },
  erase: { name: "eraser", title: "Erase data", r: 0.12, few: 0 },
};

/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** The data after a dab of a tool at (x, y). @param {Float32Array} points (n, 2) @param {Tool} tool @param {number} x @param {number} y @param {number} seed */
export function dabbed(points, tool, x, y, seed) {
  const { r, few } = TOOLS[tool];
  if (tool === "erase") {
    const kept = [];
    for (let i = 0; i < points.length; i += 2) if (Math.hypot(points[i] - x, points[i + 1] - y) > r) kept.push(points[i], points[i + 1]);
    return Float32Array.from(kept);
  }
  const n = Math.min(few, MOST - points.length / 2);
  const out = new Float32Array(points.length + 2 * n);
  out.set(points);
  normal(seed, 2 * n).forEach((z, i) => (out[points.length + i] = clamp((i % 2 ? y : x) + 0.5 * r * z, -1, 1)));
  return out;
}

/** @param {Model} model @param {Sync} sync @param {ReturnType<typeof import("./plane.js").planeView>} plane @param {() => void} repaint @param {AbortSignal} signal */
export function hand(model, sync, plane, repaint, signal) {
  const { canvas } = plane;
  let tool = /** @type {Tool} */ ("walk");
  let at = [0, 0];
  let here = false; // whether the tool is to be seen
  let dabs = 0;
  /** @type {number[]} where the walker was before the finger came down */
  let before = [];
  const buttons = Object.entries(TOOLS).map(([key, { name, title }]) => {
    const node = button({ title, "aria-pressed": key === tool }, name);
    on(node, "click", () => choose(/** @type {Tool} */ (key)), signal);
    return { key, node };
  });
  const clear = button({ title: "Erase all data" }, "clear");

  /** @param {Tool} next */
  function choose(next) {
    tool = next;
    canvas.dataset.tool = tool;
    for (const { key, node } of buttons) press(node, key === tool);
    clear.hidden = tool === "walk";
    if (tool === "walk") return repaint();
    sync.set("direction", "noise"); // data are drawn where there is no noise yet
    sync.set("t", 0);
    repaint();
  }

  /** @param {Float32Array} points */
  function draw(points) {
    sync.set("shape", "");
    sync.set("points", bytesOf(points));
  }

  /** @param {number} x @param {number} y @param {boolean} [other] the brush takes away, the eraser gives */
  function act(x, y, other) {
    if (tool === "walk") return sync.set("start", [x, y].map((v) => Math.round(1e4 * clamp(v, -VIEW, VIEW)) / 1e4));
    const own = other ? (tool === "erase" ? "brush" : "erase") : tool;
    if (own === "erase" || Math.max(Math.abs(x), Math.abs(y)) <= 1) draw(dabbed(floats(model, "points"), own, x, y, streamAt(model.get("seed"), 1e7 + dabs++)));
  }

  /** @param {number} x @param {number} y */
  function move(x, y) {
    at = [x, y];
    here = true;
    repaint();
  }

  on(canvas, "pointerdown", (e) => {
    if (e.button) return;
    e.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(e.pointerId);
    before = model.get("start");
    const [x, y] = plane.at(e);
    move(x, y);
    act(x, y, e.shiftKey);
  }, signal); // prettier-ignore
  on(canvas, "pointermove", (e) => {
    const [x, y] = plane.at(e);
    const [fromX, fromY] = at;
    if (!canvas.hasPointerCapture(e.pointerId)) return move(x, y);
    if (tool === "walk") return move(x, y), act(x, y);
    const far = Math.hypot(x - fromX, y - fromY) / (TOOLS[tool].r / 4); // dabs stand a quarter of a radius apart, however fast the hand is
    if (far < 1 || tool === "blob") return;
    for (let k = 1; k <= far; k++) act(fromX + ((x - fromX) * k) / far, fromY + ((y - fromY) * k) / far, e.shiftKey);
    move(x, y);
  }, signal); // prettier-ignore
  on(canvas, "pointercancel", () => tool === "walk" && sync.set("start", before), signal); // it was scrolling
  for (const leave of /** @type {const} */ (["pointerleave", "blur"])) on(canvas, leave, () => ((here = false), repaint()), signal);
  on(canvas, "focus", () => move(at[0], at[1]), signal);
  on(clear, "click", () => draw(new Float32Array()), signal);
  on(canvas, "keydown", (e) => {
    if (!isOurs(e)) return;
    const way = MOVES[e.key];
    const start = model.get("start");
    if (tool === "walk" && start.length) at = start;
    if (way) {
      move(clamp(at[0] + 0.1 * way[0], -VIEW, VIEW), clamp(at[1] + 0.1 * way[1], -VIEW, VIEW));
      if (tool === "walk" && start.length) act(at[0], at[1]);
    } else if (e.key === " " || e.key === "Enter") act(at[0], at[1], e.shiftKey);
    else if (e.key === "Escape") sync.set("start", []);
    else return;
    e.preventDefault();
    e.stopPropagation();
  }, signal); // prettier-ignore
  choose("walk");
  return {
    el: group("ddw-tools hand", "What the pointer does", ...buttons.map((b) => b.node), clear),
    /** Where the tool is; undefined: not to be seen. */
    ring: () => (here ? { x: at[0], y: at[1], r: TOOLS[tool].r || 0.05 } : undefined),
    tool: () => TOOLS[tool].name,
  };
}
