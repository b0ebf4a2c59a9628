// The sliders: T, and what the formulas take.
import { attr, group, h, span, symbol } from "../shared/dom.js";
import { floor } from "../shared/math.js";
import { on } from "../shared/view.js";
import { brief } from "./chart.js";

/** @typedef {"T" | "beta_min" | "beta_max" | "s"} Setting */

/** Values a slider stops at: these digits in each power of ten. @param {number} lo @param {number} hi @param {number[]} digits */
const decades = (lo, hi, digits) => {
  const out = [];
  for (let e = floor(Math.log10(lo)); e <= Math.log10(hi); e++) for (const d of digits) out.push(Number(`${d}e${e}`));
  return out.filter((v) => v >= lo && v <= hi);
};
const FINE = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
/** @type {{ name: Setting, of: string, symbol: () => Node, label: string, stops: number[] }[]} */
const SETTINGS = [
  { name: "T", of: "", symbol: () => symbol("T"), label: "T, steps", stops: [...[2, 3, 4, 5, 6, 8], ...decades(10, 4000, FINE)] },
  { name: "beta_min", of: "linear", symbol: () => symbol("β", "min"), label: "linear: beta min", stops: decades(1e-6, 0.02, FINE) },
  { name: "beta_max", of: "linear", symbol: () => symbol("β", "max"), label: "linear: beta max", stops: decades(1e-4, 0.12, FINE) },
  { name: "s", of: "cosine", symbol: () => symbol("s"), label: "cosine: s", stops: [0, ...decades(0.001, 0.5, [1, 2, 3, 4, 6, 8])] },
];

/** The stop nearest to a value, on the scale that the stops have. @param {number[]} stops @param {number} value */
function nearest(stops, value) {
  const off = (/** @type {number} */ v) => Math.abs(Math.log((v + 1e-9) / (value + 1e-9)));
  let best = 0;
  stops.forEach((v, i) => off(v) < off(stops[best]) && (best = i));
  return best;
}

/** @param {import("./read.js").Model} model @param {(name: Setting, value: number) => void} change @param {AbortSignal} signal */
export function settings(model, change, signal) {
  const initial = SETTINGS.map(({ name }) => ({ name, value: model.get(name) }));
  const sliders = SETTINGS.map((setting) => {
    const input = h("input", { type: "range", class: "ddw-slider", min: 0, max: setting.stops.length - 1, step: 1, "aria-label": setting.label });
    const value = h("output", { class: "ddw-num" });
    const label = h("label", { class: "setting" }, span("what", setting.symbol(), span("ddw-small ddw-muted", setting.of || "steps")), input, value);
    on(input, "input", () => change(setting.name, setting.stops[input.valueAsNumber]), signal);
    return { ...setting, input, value, label };
  });
  const el = group("settings", "Settings", ...sliders.map((s) => s.label));

  return {
    el,
    /** Show the sliders of these formulas. @param {string[]} formulas */
    fill(formulas) {
      for (const s of sliders) s.label.hidden = s.of ? !formulas.includes(s.of) : !formulas.some(Boolean);
      el.hidden = sliders.every((s) => s.label.hidden);
    },
    paint() {
      for (const { name, stops, input, value } of sliders) {
        const v = model.get(name);
        input.value = String(nearest(stops, v));
        input.style.setProperty("--x", String(input.valueAsNumber / (stops.length - 1)));
        value.textContent = name === "T" ? String(v) : brief(v);
        attr(input, "aria-valuetext", value.textContent);
      }
    },
    isInitial: () => initial.every(({ name, value }) => model.get(name) === value),
    /** Put all back: what T takes along moves last, and the larger β first. @param {(name: Setting, value: number) => void} set */
    reset: (set) => [2, 1, 3, 0].forEach((i) => set(initial[i].name, initial[i].value)),
  };
}
