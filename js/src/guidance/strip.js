// The steps from noise to picture, in two rows of small pictures: what the network was given, and the guided guess. A slider below them chooses one.
import { div, symbol } from "../shared/dom.js";
import { pictures } from "../shared/pictures.js";
import { dragged, timeline } from "../shared/timeline.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */
/** @typedef {import("../net/serve.js").Taken} Taken */

const GAP = 2;

/** @param {(i: number) => void} choose @param {AbortSignal} signal */
export function strip(choose, signal) {
  /** @type {number[]} */
  let ts = [0];
  const line = timeline({ n: 2, label: "step", signal, onInput: choose, seconds: 4, at: (i) => ts[i] ?? "", text: (i) => `step ${i + 1} of ${ts.length}, t = ${ts[i]}` }); // prettier-ignore
  const [x, x0] = [pictures({ "aria-label": "the noisy images x_t" }, GAP), pictures({ "aria-label": "the guided guesses at the image" }, GAP)];
  const mark = div("mark");
  const rows = div("rows", x.canvas, x0.canvas, mark);
  line.el.prepend(div("names", symbol("x", "t"), symbol("x̂", "0")), rows);
  dragged(rows, rows, line.hold, (u) => {
    const i = Math.min(ts.length - 1, Math.floor(u * ts.length));
    line.show(i);
    choose(i);
  }, signal); // prettier-ignore
  return {
    el: line.el, key: line.key, pause: line.pause,
    /** @param {Kind} kind @param {number[]} at the timesteps visited */
    layout(kind, at) {
      x.layout(kind, at.length);
      x0.layout(kind, at.length);
      if (at.join() === ts.join()) return;
      ts = at;
      const all = at.length * (kind.w + GAP) - GAP; // the slider ends below the middles of the first picture and the last
      for (const [name, value] of Object.entries({ n: at.length, edge: kind.w / 2 / all, pitch: (kind.w + GAP) / all })) line.el.style.setProperty(`--${name}`, String(value));
      line.setLength(at.length);
    },
    /** @param {Taken} step */
    take(step) {
      x.show(step.i, step.x, { lo: -1.5, hi: 1.5 });
      x0.show(step.i, step.x0);
    },
    /** The step looked at. @param {number} i */
    show(i) {
      if (line.t !== i) line.show(i);
      mark.style.setProperty("--i", String(i));
    },
  }; // prettier-ignore
}
