// One image enlarged, with the pixel that is read in it.
import { attr, div, h, put } from "../shared/dom.js";
import { clamp } from "../shared/format.js";
import { rowsOf } from "../shared/forward.js";
import { CLOSE, LEFT, RIGHT, round } from "../shared/icons.js";
import { min } from "../shared/math.js";
import { on } from "../shared/view.js";
import { card } from "./card.js";
import { panesOf, rowOf, say } from "./pane.js";

/** @typedef {import("./pane.js").TermPane} TermPane */
/** @typedef {import("./read.js").Probe} Probe */
/** @typedef {import("./read.js").Seen} Seen */

/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The rows of one schedule. @param {Seen} seen @param {number} band @param {number} i which image @param {boolean} terms */
function enlargedPanes({ bands, names }, band, i, terms) {
  const own = panesOf(band, terms);
  for (const pane of own) {
    pane.first = i;
    pane.mark.classList.add("pixel");
  }
  const { el, canvas } = own[own.length - 1];
  if (bands.length > 1 && !terms) el.prepend(h("figcaption", {}, names[band]));
  attr(canvas, "role", "application");
  attr(canvas, "tabindex", 0);
  canvas.dataset.keys = "";
  return own;
}

/** @param {() => Seen} seen @param {(i: number) => void} enlarge shows image i; -1: none @param {() => void} request paints again @param {AbortSignal} signal */
export function stage(seen, enlarge, request, signal) {
  const [previous, next, close] = [round("Previous image", LEFT), round("Next image", RIGHT), round("Close", CLOSE)];
  const title = h("h3", { "aria-live": "polite" });
  const rows = div("rows");
  const docked = card();
  const el = h("div", { class: "stage", role: "group", "aria-label": "Enlarged image", hidden: true },
    h("header", {}, previous, title, next, close),
    div("stage-body", rows, docked.el)); // prettier-ignore
  /** @type {TermPane[]} */
  let panes = [];
  /** @type {Probe} */
  let pinned = { image: 0, x: 0, y: 0, band: 0 };

  on(previous, "click", () => enlarge((pinned.image + seen().n - 1) % seen().n), signal);
  on(next, "click", () => enlarge((pinned.image + 1) % seen().n), signal);
  for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
    on(rows, type, (e) => {
      const at = panes.find((p) => p.canvas === e.target)?.at(e);
      if (at) (pinned = at), request();
    }, signal); // prettier-ignore
  }

  return {
    el, close,
    get image() { return pinned.image; },
    /** The pixel to read in the image that is opened next. @param {Probe} at */
    pin: (at) => void (pinned = at),
    /** Open on image i, or close. @param {number} i @param {boolean} terms */
    open(i, terms) {
      const { n, w, h, labels, bands } = seen();
      const was = !el.hidden;
      el.hidden = i < 0 || i >= n;
      panes = [];
      if (el.hidden) return rows.replaceChildren();
      if (!was || pinned.image !== i) pinned = { image: i, x: was ? pinned.x : w >> 1, y: was ? pinned.y : h >> 1, band: 0 };
      pinned = { image: i, x: min(pinned.x, w - 1), y: min(pinned.y, h - 1), band: min(pinned.band, bands.length - 1) };
      title.textContent = `Image ${i + 1} of ${n}` + (labels[i] ? ` · ${labels[i]}` : "");
      const own = bands.map((_, k) => enlargedPanes(seen(), k, i, terms));
      panes = own.flat();
      put(rows, own.map(rowOf));
    },
    /** @param {number} scale */
    place(scale) {
      for (const pane of panes) pane.place(rowsOf({ ...seen(), n: 1 }, 1, 0), scale, scale < 1);
    },
    /** @param {Float32Array} eps @param {import("./read.js").Noise} noise @param {boolean} fresh @param {number} t */
    paint(eps, noise, fresh, t) {
      for (const pane of panes) {
        pane.paint(seen(), eps, t);
        say(pane, `image ${pinned.image + 1} at t ${t}, pixel (${pinned.x}, ${pinned.y})`);
        pane.frame(pinned.x, pinned.y, 1, 1);
      }
      if (panes.length) docked.show(seen(), noise, fresh, pinned, t);
    },
    /** Arrow keys on the image move the pixel that is read. Returns whether the key was one. @param {KeyboardEvent} e */
    key(e) {
      const pane = panes.find((p) => p.canvas === e.target);
      if (!pane || !Object.hasOwn(MOVES, e.key)) return false;
      e.preventDefault();
      e.stopPropagation();
      const [dx, dy] = MOVES[e.key];
      pinned = { ...pinned, x: clamp(pinned.x + dx, 0, seen().w - 1), y: clamp(pinned.y + dy, 0, seen().h - 1), band: pane.band };
      request();
      return true;
    },
  }; // prettier-ignore
}
