// What happens at t, in numbers: the noising of a point (eq. 4), or the sampler's step from here.
import { div, h, span, symbol } from "../shared/dom.js";
import { equation } from "../shared/equation.js";
import { fixed3 } from "../shared/format.js";
import { coefficients, trailing } from "../shared/solvers.js";
import { wayOf } from "./read.js";

/** @typedef {import("./read.js").Model} Model */

/** x̂0, with its hat. */
const guess = () => symbol("x̂", "0");

/** The sampler's step at t or, where it skips t, the one before: its weights, and to where. @param {Model} model @param {Float64Array} alphaBar @param {number} t */
export function stepOf(model, alphaBar, t) {
  const { sampler, steps, eta } = wayOf(model);
  const T = alphaBar.length;
  const ts = steps === T ? Array.from({ length: T }, (_, i) => T - 1 - i) : trailing(T, steps);
  let i = ts.length - 1;
  while (i && ts[i] < t) i--;
  return { from: ts[i], to: ts[i + 1], row: coefficients(sampler, ts.map((t) => alphaBar[t]), eta)[i] }; // prettier-ignore
}

export function formula() {
  const eq4 = equation();
  const step = span("equation", "");
  return {
    el: div("formula", eq4.el, step),
    /** @param {Model} model @param {Float64Array} alphaBar @param {number} t */
    show(model, alphaBar, t) {
      const sampling = model.get("direction") === "sample";
      eq4.el.hidden = sampling;
      step.hidden = !sampling;
      if (!sampling) return eq4.show(alphaBar[t]);
      const { from, to, row } = stepOf(model, alphaBar, t);
      const term = (/** @type {number} */ weight, /** @type {string} */ color, /** @type {Node} */ what, /** @type {string} */ sign) =>
        weight ? [...(sign ? [weight < 0 ? "−" : "+"] : []), span(`ddw-num ${color}`, fixed3(Math.abs(weight))), what] : [];
      const name = (/** @type {number | undefined} */ t) => (t === undefined ? symbol("x") : symbol("x", String(t)));
      step.replaceChildren(name(to), "=", ...term(row.x0, "ddw-guess", guess(), ""), ...term(row.x, "ddw-signal", name(from), "+"),
        ...term(row.before, "ddw-guess", h("span", {}, guess(), " before"), "+"), ...term(row.sigma, "ddw-noise", symbol("z"), "+")); // prettier-ignore
    },
  };
}
