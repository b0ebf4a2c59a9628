// The way from noise to image: what the network was given at each step, and what it answered, in three rows. A step can be chosen.
import { attr, button, div, put, span, symbol } from "../shared/dom.js";
import { on, rove } from "../shared/view.js";
import { pictures } from "../shared/pictures.js";

/** @typedef {import("../shared/pictures.js").Kind} Kind */
/** @typedef {import("../net/serve.js").Taken} Taken */

const GAP = 2;

/** @param {(i: number, part: "x" | "x0") => void} choose @param {AbortSignal} signal */
export function steps(choose, signal) {
  const rows = /** @type {const} */ ([
    ["x", symbol("x", "t"), "noisy", "the noisy images x_t", "ddw-signal"],
    ["x0", symbol("x̂", "0"), "guess", "the guesses at the image", "ddw-guess"],
    ["eps", symbol("ε̂"), "its noise", "the guesses at the noise", "ddw-noise"],
  ]).map(([part, name, short, words, color]) => {
    const view = pictures({ "aria-label": words }, GAP);
    const [marks, line] = [div("marks"), div("line", view.canvas)];
    if (part !== "eps") line.append(marks);
    return { part, view, marks, el: div(`row ${color}`, div("name", name, span("ddw-small", short)), line) };
  });
  const times = div("times");
  const el = div("steps", ...rows.map((row) => row.el), div("row", span("ddw-sym", "t"), times));
  const stop = rove(el, signal);
  for (const { part, marks } of rows) {
    on(marks, "click", (e) => {
      const cell = /** @type {HTMLElement} */ (e.target).closest("button");
      if (cell && part !== "eps") choose(Number(cell.dataset.step), part);
    }, signal); // prettier-ignore
  }
  /** @type {number[]} */
  let ts = [];
  return {
    el,
    /** Places for the steps at these timesteps. @param {Kind} kind @param {number[]} at */
    layout(kind, at) {
      if (at.join() === ts.join() && rows[0].view.canvas.height === kind.h) return;
      ts = at;
      el.style.setProperty("--n", String(ts.length));
      for (const { view, marks, part } of rows) {
        view.layout(kind, ts.length);
        put(marks, ts.map((t, i) => button({ class: "cell", "data-step": i, "aria-label": `go on from ${part === "x" ? "x_t" : "the guess"} at step ${i + 1}, t = ${t}`, title: "Go on from this step" })));
      }
      el.scrollLeft = el.scrollWidth; // where the image is
      const every = Math.ceil(ts.length / 10);
      put(times, ts.map((t, i) => span("", i === ts.length - 1 || (i % every === 0 && ts.length - 1 - i >= 0.6 * every) ? String(t) : "")));
    },
    /** @param {Taken} step */
    show({ i, x, x0, eps }) {
      rows[0].view.show(i, x, { lo: -1.5, hi: 1.5 });
      rows[1].view.show(i, x0);
      rows[2].view.show(i, eps, { lo: -1.5, hi: 1.5 });
    },
    /** All steps of a line; those that it does not have are empty, and choosing one does nothing. @param {(Taken | undefined)[]} taken */
    all(taken) {
      ts.forEach((_, i) => {
        const step = taken[i];
        if (step) this.show(step);
        else for (const { view } of rows) view.clear(i, i + 1);
        for (const { marks } of rows) if (marks.children[i]) attr(marks.children[i], "aria-disabled", !step); // disabled, it would lose the focus
      });
    },
    /** Frame the chosen step. @param {number} i -1: none @param {"x" | "x0"} part */
    mark(i, part) {
      for (const row of rows) [...row.marks.children].forEach((cell, k) => attr(cell, "aria-pressed", k === i && row.part === part));
      stop(el.querySelector("[aria-pressed=true]"));
    },
  }; // prettier-ignore
}
