// The images under one schedule: x_t, and beside it the two terms of eq. 4 if they are wanted.
import { h, symbol } from "../shared/dom.js";
import { rootAlphaBar, rootRest } from "../shared/equation.js";
import { columnsFor, fitScale, foldColumns, rowsOf } from "../shared/forward.js";
import { floor, max, min, sqrt } from "../shared/math.js";
import { Pane } from "../shared/pane.js";

/** @typedef {import("./read.js").Seen} Seen */
/** @typedef {"signal" | "noise" | "x"} Term */

const LABEL_ROOM = 22; // CSS pixels under each image: a label is nearer to its own than to the one below

/** Some images on one canvas: a term of eq. 4 under one schedule. */
export class TermPane extends Pane {
  /** @param {number} band @param {Term} term @param {(Node | string)[]} [caption] */
  constructor(band, term, caption) {
    super({}, caption, band);
    this.term = term;
  }

  /** @param {Seen} seen @param {Float32Array} eps @param {number} t */
  paint({ x0, bands }, eps, t) {
    const alphaBar = bands[this.band][t];
    this.mix(x0, eps, this.term === "noise" ? 0 : sqrt(alphaBar), this.term === "signal" ? 0 : sqrt(1 - alphaBar));
  }

  /** A label below each image, or none. @param {string[]} labels */
  label(labels) {
    const { w, h: high, columns, gapX, gapY, width, height } = /** @type {import("../shared/pane.js").Layout} */ (this.layout);
    this.screen.querySelectorAll(".label").forEach((l) => l.remove());
    this.screen.append(...labels.map((text, i) => {
      const left = ((i % columns) * (w + gapX)) / width;
      const top = (floor(i / columns) * (high + gapY) + high) / height;
      return h("span", { class: "label", style: `left:${100 * left}%;top:${100 * top}%;width:${(100 * w) / width}%` }, text);
    })); // prettier-ignore
  }
}

/** The panes of one schedule. @param {number} band @param {boolean} terms @param {string} [name] above a single pane */
export const panesOf = (band, terms, name) =>
  terms
    ? [new TermPane(band, "signal", ["signal ", rootAlphaBar(), symbol("x", "0")]), new TermPane(band, "noise", ["noise ", rootRest(), symbol("ε")]), new TermPane(band, "x", ["sum ", symbol("x", "t")])]
    : [new TermPane(band, "x", name ? [name] : undefined)];

export const SUM = ["+", "="]; // between the terms

/**
 * Where all images lie, so that they fit the width there is; a pixel of an image covers whole pixels of the screen.
 * @param {Seen} seen @param {number} room CSS pixels @param {number} wanted columns, or 0 @param {boolean} terms
 */
export function layout(seen, room, wanted, terms) {
  const { n, w, h, labels, bands } = seen;
  const each = terms ? 3 : 1;
  const paneRoom = (room - (each - 1) * 28) / each;
  const ratio = devicePixelRatio || 1;
  const most = n === 1 ? 256 : n <= 4 || wanted ? 160 : 96;
  const columns = wanted ? foldColumns(wanted, n, room, paneRoom, terms ? 2 : 4) : columnsFor(n, paneRoom, w, ratio, most);
  const tile = min(most, paneRoom / columns - 4);
  const scale = fitScale(tile, w, ratio);
  const labelled = labels.length > 0 && tile >= 44;
  const gapX = max(1, Math.round((tile < 32 ? 2 : 4) / scale));
  const gapY = labelled ? Math.ceil(LABEL_ROOM / scale) : gapX;
  return {
    grid: rowsOf(seen, columns, gapX, gapY, labelled ? gapY : 0),
    scale,
    labelled,
    enlarged: fitScale(min(bands.length * each > 1 ? 224 : 288, paneRoom - 26 / each), max(w, h), ratio), // the scale of a single image
  };
}
