// The images under each schedule, and the weights that mix them.
import { div, group, h, put, span, UNSPOKEN } from "../shared/dom.js";
import { equation } from "../shared/equation.js";
import { sig3 } from "../shared/format.js";
import { snr } from "../shared/forward.js";
import { DASHES, swatch } from "../shared/palette.js";
import { rowOf } from "../shared/pane.js";
import { panesOf, SUM } from "./pane.js";

/** @typedef {import("./read.js").Seen} Seen */

/** One schedule: its weights and its images. @param {Seen} seen @param {number} k @param {boolean} terms */
function band({ bands, names, colors }, k, terms) {
  const [eq4, ratio, share] = [equation(), new Text(), h("div")];
  const head = div("ddw-head",
    ...(bands.length > 1 ? [span("name", swatch(colors[k], DASHES[k % 4]), names[k])] : []),
    eq4.el,
    h("span", { class: "share", ...UNSPOKEN, title: "How much of the variance is signal" }, share),
    h("span", { class: "ddw-num", title: "ᾱ / (1 − ᾱ): how strong the signal is compared with the noise" }, span("ddw-muted", "signal-to-noise ratio "), ratio)); // prettier-ignore
  const panes = panesOf(k, terms);
  return {
    el: group("band", `schedule ${names[k]}`, head, rowOf(panes, SUM)),
    panes,
    /** @param {number} t */
    show(t) {
      const alphaBar = bands[k][t];
      eq4.show(alphaBar);
      ratio.data = sig3(snr(alphaBar));
      share.style.width = `${100 * alphaBar}%`;
    },
  };
}

/** @param {() => Seen} seen */
export function grid(seen) {
  const el = div("bands");
  /** @type {ReturnType<typeof band>[]} */
  let bands = [];
  return {
    el,
    /** @param {boolean} terms */
    fill(terms) {
      bands = seen().names.map((_, k) => band(seen(), k, terms));
      put(el, bands.map((b) => b.el));
    },
    /** @param {ReturnType<typeof import("./pane.js").layout>} layout @param {boolean} named whether labels are shown; their room stays */
    place({ grid, scale, labelled }, named) {
      for (const pane of bands.flatMap((b) => b.panes)) {
        pane.place(grid, scale, scale < 1);
        pane.label(named && labelled && pane.term === "x" ? seen().labels : []);
      }
    },
    /** @param {Float32Array} eps @param {number} t @param {number} [i] the image with a frame around it */
    paint(eps, t, i) {
      const { n } = seen();
      for (const { show, panes } of bands) {
        show(t);
        for (const pane of panes) {
          pane.paint(seen(), eps, t);
          pane.say(`${n} image${n > 1 ? "s" : ""} at t ${t}`);
          pane.markImage(i);
        }
      }
    },
    /** The pixel under the pointer. @param {MouseEvent} e */
    under: (e) => bands.flatMap((b) => b.panes).find((p) => p.canvas === e.target)?.at(e),
  };
}
