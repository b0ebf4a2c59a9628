// The loss, and the learning rate on the same steps; both can be read by pointer and by keys.
import { range } from "../shared/curve.js";
import { attr, button, div, h, press, span } from "../shared/dom.js";
import { clamp, sig3 } from "../shared/format.js";
import { max } from "../shared/math.js";
import { on } from "../shared/view.js";
import { chart } from "./chart.js";
import { whole } from "./read.js";
import { nearest } from "./run.js";

/** @typedef {import("./read.js").Run} Run */

const SPANS = [1, 3, 10, 30, 100, 300, 1000]; // steps the smoothing looks back

/** How many steps the smoothed curve looks back. @param {import("./read.js").Model} model @param {import("./read.js").Set} set @param {AbortSignal} signal */
function smoothing(model, set, signal) {
  const input = h("input", { type: "range", class: "ddw-slider", min: 0, max: SPANS.length - 1, step: 1, "aria-label": "Smoothing", "data-keys": "" });
  const says = span("ddw-num");
  on(input, "input", () => set("smoothing", SPANS[input.valueAsNumber]), signal);
  return {
    el: h("label", { class: "ddw-span" }, says, input),
    paint() {
      const steps = model.get("smoothing");
      input.value = String(nearest(SPANS, steps));
      input.style.setProperty("--x", String(input.valueAsNumber / (SPANS.length - 1)));
      says.textContent = steps > 1 ? `over ${whole(steps)} steps` : "not smoothed";
      attr(input, "aria-valuetext", says.textContent);
    },
  };
}

/** Where a key leads from row i of n; undefined if it leads nowhere. @param {KeyboardEvent} e @param {number} i @param {number} n */
function keyed(e, i, n) {
  const leap = max(1, Math.round(n / 20));
  /** @type {Record<string, number>} */
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: leap, PageDown: -leap, Home: -n, End: n };
  if (!(e.key in by) || !n || e.ctrlKey || e.metaKey || e.altKey) return;
  e.preventDefault();
  e.stopPropagation();
  return clamp(i + by[e.key] * (e.shiftKey ? 10 : 1), 0, n - 1);
}

/** @param {import("./read.js").Model} model @param {import("./read.js").Set} set @param {() => Run} run @param {AbortSignal} signal */
export function lossSection(model, set, run, signal) {
  const log = button({ class: "ddw-btn ddw-small-btn" }, "log");
  const slider = smoothing(model, set, signal);
  const [loss, rate] = [chart({ height: 232, marks: 5 }), chart({ height: 64, axis: false, marks: 2 })];
  const reading = h("p", { class: "ddw-reading ddw-num", "aria-hidden": "true" });
  const key = h("p", { class: "ddw-key" }, span("k-smooth", "smoothed"), span("k-raw", "each step"), span("k-valid", "validation"));
  const plots = h("div", { class: "ddw-plots", tabindex: 0, role: "slider", "aria-label": "Loss curve, step to read", "data-keys": "" },
    loss.el, h("p", { class: "ddw-sub" }, "learning rate"), rate.el); // prettier-ignore
  const el = h("section", { class: "ddw-left" }, div("ddw-title", h("h3", {}, "Loss"), key, slider.el, log), plots, reading);
  /** @type {number | undefined} */
  let at; // index of the row under the cursor

  /** The numbers below the cursor, or the newest ones. */
  function read() {
    const { step, mean, smooth, rate: rates } = run();
    const n = step.length;
    const i = at === undefined ? n - 1 : clamp(at, 0, n - 1);
    for (const c of [loss, rate]) c.point(at === undefined || !n ? undefined : step[i]);
    reading.textContent = n ? `step ${whole(step[i])}: loss ${sig3(mean[i])}, smoothed ${sig3(smooth[i])}, learning rate ${sig3(rates[i])}` : "The curve begins with the first step.";
    attr(plots, "aria-valuetext", reading.textContent);
    attr(plots, "aria-valuemin", n ? step[0] : 0);
    attr(plots, "aria-valuemax", n ? step[n - 1] : 0);
    attr(plots, "aria-valuenow", n ? step[i] : 0);
  }
  const moveTo = (/** @type {number | undefined} */ i) => ((at = i), read());
  on(plots, "pointermove", (e) => moveTo(nearest(run().step, loss.stepAt(e.clientX))), signal);
  on(plots, "pointerleave", () => moveTo(undefined), signal);
  on(plots, "blur", () => moveTo(undefined), signal);
  on(plots, "keydown", (e) => {
    const n = run().step.length;
    const to = keyed(e, at ?? n - 1, n);
    if (to !== undefined) moveTo(to);
  }, signal); // prettier-ignore
  attr(log, "aria-label", "Log axis");
  on(log, "click", () => set("log_scale", !model.get("log_scale")), signal);

  return {
    el, plots,
    /** @param {number} height CSS pixels for the loss */
    paint(height) {
      const { step, mean, least, greatest, smooth, validStep, valid, rate: rates } = run();
      const isLog = model.get("log_scale");
      const x = { lo: 0, hi: max(step[step.length - 1] ?? 1, 10) };
      loss.draw([
        { class: "l-range", x: step, y: greatest, low: least },
        { class: "l-raw", x: step, y: mean },
        { class: "l-smooth", x: step, y: smooth },
        { class: "l-valid", x: validStep, y: valid, dots: true },
      ], x, range([smooth, valid, mean], isLog), height); // prettier-ignore
      rate.draw([{ class: "l-rate", x: step, y: rates }], x, range([rates], false));
      press(log, isLog);
      slider.paint();
      read();
    },
  }; // prettier-ignore
}
