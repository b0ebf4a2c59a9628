// How it is drawn: steps, sampler, spacing, η, clamp, class, and how far between two noises.
import { div, h, span } from "../shared/dom.js";
import { isOurs, on } from "../shared/view.js";
import { MOST } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Sync} Sync */

/** @type {Record<import("./read.js").Sampler, string>} */
export const SAMPLERS = { "dpm++": "DPM-Solver++ (2M)", ddim: "DDIM", ddpm: "DDPM, σ² = β", "ddpm small": "DDPM, σ² = β̃" };
/** @type {Record<import("./read.js").Spacing, string>} */
const SPACINGS = { linear_levels: "by the linear schedule", trailing: "trailing", leading: "leading", linspace: "linspace", logsnr: "even in log SNR" };

/** @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
export function controls(model, sync, signal) {
  /** @type {(() => void)[]} */
  const paints = [];
  /** @param {"steps" | "eta" | "mix"} name @param {string} label @param {[number, number, number]} range least, most, step @param {(x: number) => string} text */
  const slider = (name, label, [min, max, step], text) => {
    const input = h("input", { type: "range", class: "ddw-slider", min, max, step, "aria-label": label });
    const value = span("ddw-num", "");
    on(input, "input", () => sync.set(name, input.valueAsNumber), signal);
    on(input, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
    paints.push(() => {
      const x = model.get(name);
      input.value = String(x);
      input.style.setProperty("--x", String((x - min) / (max - min)));
      input.setAttribute("aria-valuetext", (value.textContent = text(x)));
    });
    const shown = span("", label);
    return Object.assign(h("label", { class: "slide ddw-small" }, shown, input, value), { shown });
  };
  /** @param {"sampler" | "spacing" | "label"} name @param {string} label @param {[string | number, string][]} options */
  const choice = (name, label, options) => {
    const select = h("select", { class: "ddw-btn", "aria-label": label }, ...options.map(([value, text]) => h("option", { value }, text)));
    on(select, "change", () => sync.set(name, /** @type {any} */ (name === "label" ? Number(select.value) : select.value)), signal);
    on(select, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
    paints.push(() => (select.value = String(model.get(name))));
    return h("label", { class: "choice ddw-small" }, h("span", {}, label), select);
  };
  const clamp = h("input", { type: "checkbox" });
  on(clamp, "change", () => sync.set("clamp", clamp.checked), signal);
  const classes = model.get("classes");
  const [steps, eta, mix] = [
    slider("steps", "steps", [1, MOST, 1], String),
    slider("eta", "η", [0, 1, 0.05], (x) => x.toFixed(2)),
    slider("mix", "from one to the other", [0, 1, 0.01], (x) => x.toFixed(2)),
  ];
  return {
    mix,
    el: div("controls ddw-tools", steps,
      choice("sampler", "sampler", Object.entries(SAMPLERS)), choice("spacing", "timesteps", Object.entries(SPACINGS)), eta,
      h("label", { class: "check ddw-small", title: "Keep the guess between black and white" }, clamp, "clamp"),
      ...(classes.length ? [choice("label", "class", classes.map((name, i) => [i, name]))] : [])), // prettier-ignore
    paint() {
      clamp.checked = model.get("clamp");
      eta.hidden = model.get("sampler") !== "ddim";
      mix.hidden = model.get("to_seed") < 0;
      mix.shown.textContent = `seed ${model.get("seed")} to ${model.get("to_seed")}`;
      for (const paint of paints) paint();
    },
  };
}
