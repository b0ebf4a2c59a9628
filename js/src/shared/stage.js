// One image enlarged, with the pixel that is read in it.
import { attr, div, h, put } from "./dom.js";
import { beside, card } from "./card.js";
import { clamp } from "./format.js";
import { rowsOf } from "./forward.js";
import { CLOSE, LEFT, RIGHT, round } from "./icons.js";
import { min } from "./math.js";
import { rowOf } from "./pane.js";
import { on } from "./view.js";

/** @typedef {import("./pane.js").Probe} Probe */

/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @template {import("./pane.js").Pane} P
 * @param {object} o
 * @param {() => { n: number, w: number, h: number, c: number }} o.size of the images
 * @param {(i: number) => string} o.title of image i
 * @param {() => P[][]} o.build new panes for one image, a row for each schedule or run
 * @param {string[]} [o.ops] between the panes of a row
 * @param {(i: number) => void} o.enlarge shows image i; -1: none
 * @param {() => void} o.request paints again
 * @param {AbortSignal} signal
 */
export function stage({ size, title, build, ops, enlarge, request }, signal) {
  const [previous, next, close] = [round("Previous image", LEFT), round("Next image", RIGHT), round("Close", CLOSE)];
  const heading = h("h3", { "aria-live": "polite" });
  const rows = div("rows");
  const docked = card();
  const el = h("div", { class: "stage", role: "group", "aria-label": "Enlarged image", hidden: true },
    h("header", {}, previous, heading, next, close),
    div("stage-body", rows, docked.el)); // prettier-ignore
  /** @type {P[]} */
  let panes = [];
  /** @type {Probe} */
  let pinned = { image: 0, x: 0, y: 0, band: 0 };

  on(previous, "click", () => enlarge((pinned.image + size().n - 1) % size().n), signal);
  on(next, "click", () => enlarge((pinned.image + 1) % size().n), signal);
  for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
    on(rows, type, (e) => {
      const at = panes.find((p) => p.canvas === e.target)?.at(e);
      if (at) (pinned = at), request();
    }, signal); // prettier-ignore
  }

  return {
    el, close,
    get image() { return pinned.image; },
    get pinned() { return pinned; },
    get panes() { return panes; },
    /** The pixel to read in the image that is opened next. @param {Probe} at */
    pin: (at) => void (pinned = at),
    /** Open on image i, or close. @param {number} i */
    open(i) {
      const { n, w, h: high } = size();
      const was = !el.hidden;
      el.hidden = i < 0 || i >= n;
      panes = [];
      if (el.hidden) return rows.replaceChildren();
      const own = build();
      if (!was || pinned.image !== i) pinned = { image: i, x: was ? pinned.x : w >> 1, y: was ? pinned.y : high >> 1, band: 0 };
      pinned = { image: i, x: min(pinned.x, w - 1), y: min(pinned.y, high - 1), band: min(pinned.band, own.length - 1) };
      heading.textContent = title(i);
      for (const row of own) {
        for (const pane of row) (pane.first = i), pane.mark.classList.add("pixel");
        const { canvas } = row[row.length - 1];
        attr(canvas, "role", "application");
        attr(canvas, "tabindex", 0);
        canvas.dataset.keys = "";
      }
      panes = own.flat();
      put(rows, own.map((row) => rowOf(row, ops)));
    },
    /** @param {number} scale */
    place(scale) {
      for (const pane of panes) pane.place(rowsOf({ ...size(), n: 1 }, 1, 0), scale, (scale * devicePixelRatio) % 1 > 0);
    },
    /** Paint the panes, and say what is read. @param {(pane: P) => void} draw @param {string} where a screen reader's words for the place @param {import("./card.js").Reading} [reading] */
    paint(draw, where, reading) {
      for (const pane of panes) {
        draw(pane);
        pane.say(`image ${pinned.image + 1} at ${where}, pixel (${pinned.x}, ${pinned.y})`);
        pane.frame(pinned.x, pinned.y, 1, 1);
      }
      if (panes.length && reading) docked.show(reading);
    },
    /** Arrow keys on the image move the pixel that is read. Returns whether the key was one. @param {KeyboardEvent} e */
    key(e) {
      const pane = panes.find((p) => p.canvas === e.target);
      if (!pane || !Object.hasOwn(MOVES, e.key)) return false;
      e.preventDefault();
      e.stopPropagation();
      const [dx, dy] = MOVES[e.key];
      pinned = { ...pinned, x: clamp(pinned.x + dx, 0, size().w - 1), y: clamp(pinned.y + dy, 0, size().h - 1), band: pane.band };
      request();
      return true;
    },
  }; // prettier-ignore
}

/**
 * How the pointer and the keys read pixels in the grid and open the stage. While the stage is open, it is the only place where a pixel is read.
 * @param {object} o
 * @param {HTMLElement} o.root @param {HTMLElement} o.grid @param {HTMLElement} o.button "Enlarge"
 * @param {ReturnType<typeof stage>} o.stage @param {HTMLElement} o.floating the card beside the pointer
 * @param {(e: MouseEvent) => Probe | undefined} o.under the pixel under the pointer
 * @param {(at?: Probe) => void} o.point read this pixel beside the pointer, or none
 * @param {() => number} o.enlarged which image is enlarged @param {(i: number) => void} o.enlarge @param {() => number} o.count images
 * @param {(e: KeyboardEvent) => boolean} o.key the keys of the timeline
 * @param {AbortSignal} signal
 */
export function looking({ root, grid, button, stage, floating, under, point, enlarged, enlarge, count, key }, signal) {
  on(button, "click", () => enlarge(enlarged() >= 0 ? -1 : min(stage.image, count() - 1)), signal);
  on(stage.close, "click", () => (enlarge(-1), button.focus()), signal);
  on(root, "keydown", (e) => {
    if (stage.key(e) || key(e) || e.key !== "Escape" || stage.el.hidden) return;
    e.stopPropagation();
    enlarge(-1);
  }, signal); // prettier-ignore
  on(grid, "pointermove", (e) => {
    const at = e.pointerType === "touch" || !stage.el.hidden ? undefined : under(e);
    point(at);
    if (at) beside(floating, root, e);
  }, signal); // prettier-ignore
  on(grid, "pointerleave", () => point(), signal);
  on(grid, "click", (e) => {
    const at = under(e);
    if (!at) return;
    if (enlarged() === at.image) return enlarge(-1);
    point();
    enlarge(at.image);
    stage.pin(at);
  }, signal); // prettier-ignore
}
