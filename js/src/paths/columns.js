// The image on each path, with its formula in numbers and its clock, which is a slider.
import { div, h, put, span, symbol } from "../shared/dom.js";
import { rootAlphaBar, rootRest } from "../shared/equation.js";
import { clamp, fixed3, sig3 } from "../shared/format.js";
import { fields } from "../shared/fields.js";
import { fitScale, rowsOf } from "../shared/forward.js";
import { max, min } from "../shared/math.js";
import { Pane } from "../shared/pane.js";
import { clockTime, EDGE, logSnrAt, logSnrOf, ratesOf, stepAt } from "./read.js";

/** @typedef {import("./read.js").Seen} Seen */

const bounded = (/** @type {number} */ logSnr) => clamp(logSnr, -EDGE, EDGE);

/** A noisy image as a sum, with its two weights as numbers above their names. @param {Node} sum @param {Node} ofImage @param {Node} ofNoise */
function formulaOf(sum, ofImage, ofNoise) {
  const [signal, noise] = [new Text(), new Text()];
  const weight = (/** @type {Text} */ text, /** @type {string} */ name, /** @type {Node} */ below) => span(`weight ddw-num ${name}`, text, h("small", {}, below));
  return {
    el: span("equation", sum, "=", weight(signal, "ddw-signal", ofImage), symbol("x", "0"), "+", weight(noise, "ddw-noise", ofNoise), symbol("ε")),
    /** @param {string} a @param {string} b */
    say(a, b) {
      signal.data = a;
      noise.data = b;
    },
  };
}

/** What a schedule's clock shows. @param {Seen} seen @param {number} logSnr */
function timestep(seen, logSnr) {
  const { logSnr: all, T } = seen;
  const t = stepAt(seen, logSnr);
  const text = logSnr > all[0] ? "before 0" : logSnr < all[T - 1] ? `after ${T - 1}` : Number.isInteger(t) ? String(t) : t.toFixed(1);
  return `${text} · angle ${fixed3(clockTime("vp", logSnr))}`;
}

/** The three paths: their formulas and their clocks. @param {Seen} seen @param {ReturnType<typeof fields>["slider"]} slider */
const pathsOf = (seen, slider) => /** @type {const} */ ([
  {
    key: "vp", name: "DDPM", formula: formulaOf(symbol("x", "t"), rootAlphaBar(), rootRest()),
    clock: slider("log_snr", "timestep t", [0, seen.T - 1, 1], (l) => timestep(seen, l), { from: (l) => stepAt(seen, l), to: (t) => bounded(logSnrAt(seen, t)) }),
  },
  {
    key: "edm", name: "EDM", formula: formulaOf(symbol("x"), new Text(), symbol("σ")),
    clock: slider("log_snr", "noise level σ", [-EDGE / 2, EDGE / 2, 0.02], (l) => sig3(clockTime("edm", l)), { from: (l) => -l / 2, to: (u) => bounded(-2 * u) }),
  },
  {
    key: "flow", name: "Flow", formula: formulaOf(symbol("x"), span("", "1 − ", symbol("s")), symbol("s")),
    clock: slider("log_snr", "flow time s", [0, 1, 0.001], (l) => fixed3(clockTime("flow", l)), { from: (l) => clockTime("flow", l), to: (s) => bounded(logSnrOf("flow", s)) }),
  },
]); // prettier-ignore

/** @param {import("./read.js").Model} model @param {import("./read.js").Sync} sync @param {() => Seen} seen @param {AbortSignal} signal */
export function columns(model, sync, seen, signal) {
  const el = div("paths");
  /** @type {ReturnType<typeof column>[]} */
  let all = [];
  let paintClocks = () => {};

  /** @param {ReturnType<typeof pathsOf>[number]} path */
  function column({ key, name, formula, clock }) {
    const pane = new Pane({}, [h("b", {}, name)]);
    const divided = h("p", { class: "ddw-small ddw-muted ddw-num scaled" });
    return { key, name, formula, pane, divided, el: div("lane", pane.el, div("body", formula.el, divided, clock)) };
  }
  return {
    el,
    /** Build the columns, whose sliders depend on the schedule. */
    fill() {
      const { slider, paint } = fields(model, sync, signal);
      paintClocks = paint;
      all = pathsOf(seen(), slider).map(column);
      put(el, all.map((c) => c.el));
    },
    /** Fit the images to the width there is. */
    place() {
      const { w, h: high } = seen();
      const width = el.clientWidth || 640;
      const scale = fitScale(width < 560 ? 104 : min(256, width / 3 - 32), max(w, high), devicePixelRatio || 1);
      for (const { pane } of all) pane.place(rowsOf({ ...seen(), n: 1 }, 1, 0), scale, scale < 1);
    },
    /** @param {Uint8Array} x0 @param {Float32Array} eps @param {number} logSnr @param {boolean} same */
    paint(x0, eps, logSnr, same) {
      for (const { key, name, pane, formula, divided } of all) {
        const [alpha, sigma] = ratesOf(key, logSnr, false);
        pane.mix(x0, eps, ...ratesOf(key, logSnr, same));
        pane.say(`${name}: image ${model.get("image") + 1} at log-SNR ${logSnr.toFixed(2)}`);
        const [ofImage, ofNoise] = [alpha === 1 ? "1" : sig3(alpha), sig3(sigma)];
        formula.say(ofImage, ofNoise);
        const [root, scale] = [`√(${ofImage}² + ${ofNoise}²)`, sig3(Math.hypot(alpha, sigma))];
        divided.textContent = same ? `÷ ${root} = ÷ ${scale}` : `scale ${root} = ${scale}`;
      }
      paintClocks();
    },
  };
}
