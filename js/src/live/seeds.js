// Sixteen noises as what becomes of them. Take one; drag from one to another to go between.
import { attr, div, h, svg } from "../shared/dom.js";
import { isOurs, on, rove } from "../shared/view.js";
import { pictures } from "../shared/pictures.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */

export const COUNT = 16;

/** @param {(seed: number) => void} take @param {(from: number | undefined, to: number) => void} go from the one taken, if `from` is undefined @param {Node[]} below what stands below them @param {AbortSignal} signal */
export function seeds(take, go, below, signal) {
  const cells = Array.from({ length: COUNT }, () => {
    const view = pictures({});
    const cell = h("button", { type: "button", class: "seed" }, view.canvas);
    return { view, cell };
  });
  const arrow = svg("line", { class: "arrow" });
  const grid = div("grid", ...cells.map(({ cell }) => cell), svg("svg", { class: "arrows" }, arrow));
  const stop = rove(grid, signal);
  const el = h("figure", { class: "seeds" }, h("figcaption", {}, "sixteen noises, as what they become: click one, or drag from it to another"), grid, div("ddw-tools", ...below));
  let first = 0;
  let from = -1;
  const middle = (/** @type {HTMLElement} */ cell) => [cell.offsetLeft + cell.offsetWidth / 2, cell.offsetTop + cell.offsetHeight / 2];

  /** The cell under the pointer, -1 for none. @param {MouseEvent} e */
  const under = (e) => cells.findIndex(({ cell }) => {
    const { left, right, top, bottom } = cell.getBoundingClientRect();
    return e.clientX >= left && e.clientX < right && e.clientY >= top && e.clientY < bottom;
  }); // prettier-ignore
  /** @param {number} a @param {number} b */
  const draw = (a, b) => {
    if (!cells[a] || !cells[b]) return arrow.classList.remove("on");
    const [x1, y1] = middle(cells[a].cell);
    const [x2, y2] = middle(cells[b].cell);
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) attr(arrow, name, value);
    arrow.classList.toggle("on", a !== b);
  };
  /** The drag is over: what is marked is what is taken. */
  const end = () => {
    from = -1;
    mark(...marked);
  };
  on(grid, "pointerdown", (e) => {
    if (e.button || e.shiftKey) return;
    from = under(e);
    if (from >= 0) attr(cells[from].cell, "aria-pressed", true);
    grid.setPointerCapture(e.pointerId);
  }, signal); // prettier-ignore
  on(grid, "pointermove", (e) => from >= 0 && under(e) >= 0 && draw(from, under(e)), signal);
  on(grid, "pointerup", (e) => {
    const to = under(e);
    if (from >= 0 && to >= 0) from === to ? take(first + from) : go(first + from, first + to);
    end();
  }, signal); // prettier-ignore
  on(grid, "pointercancel", end, signal);
  /** @type {[number, number]} */
  let marked = [0, -1];
  /** @param {number} seed @param {number} to */
  const mark = (seed, to) => {
    marked = [seed, to];
    cells.forEach(({ cell }, i) => attr(cell, "aria-pressed", first + i === seed || first + i === to));
    stop(cells[seed - first]?.cell);
    draw(seed - first, (to < 0 ? seed : to) - first);
  };
  cells.forEach(({ cell }, i) => {
    on(cell, "click", (e) => e.detail === 0 && take(first + i), signal); // pressed by no pointer
    on(cell, "keydown", (e) => {
      if (!isOurs(e)) return;
      if (e.key !== " " && e.key !== "Enter") return;
      e.shiftKey ? go(undefined, first + i) : take(first + i);
      e.preventDefault();
      e.stopPropagation();
    }, signal); // prettier-ignore
  });
  return {
    el,
    /** @param {Kind} kind @param {number} seed the first */
    layout(kind, seed) {
      first = seed;
      cells.forEach(({ view, cell }, i) => {
        view.layout(kind);
        attr(view.canvas, "aria-label", `what becomes of noise ${seed + i}`);
        attr(cell, "title", `Seed ${seed + i}. Shift+Space: mix the chosen noise with this one`);
      });
    },
    /** They are out of date, until each is shown. */
    wait: () => cells.forEach(({ cell }) => cell.classList.add("old")),
    /** @param {number} i @param {Float32Array} image */
    show(i, image) {
      cells[i].view.show(0, image);
      cells[i].cell.classList.remove("old");
    },
    mark, // the noise that is taken, and the one to which it leads away
  };
}
