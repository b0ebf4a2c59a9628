// How it is drawn: steps, sampler, spacing, η, clamp, class, and how far between two noises.
import { div } from "../shared/dom.js";
import { fields } from "../shared/fields.js";
import { MOST } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Sync} Sync */

/** @type {Record<import("./read.js").Sampler, string>} */
export const SAMPLERS = { "dpm++": "DPM-Solver++ (2M)", ddim: "DDIM", ddpm: "DDPM, σ² = β", "ddpm small": "DDPM, σ² = β̃" };
/** @type {Record<import("./read.js").Spacing, string>} */
const SPACINGS = { linear_levels: "by the linear schedule", trailing: "trailing", leading: "leading", linspace: "linspace", logsnr: "even in log SNR", karras: "EDM's (Karras)" };

/** @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
export function controls(model, sync, signal) {
  const { slider, choice, check, paint } = fields(model, sync, signal);
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
      check("clamp", "clamp", "Keep the guess between black and white"),
      ...(classes.length ? [choice("label", "class", classes.map((name, i) => [i, name]))] : [])), // prettier-ignore
    paint() {
      eta.hidden = model.get("sampler") !== "ddim";
      mix.hidden = model.get("to_seed") < 0;
      /** @type {Element} */ (mix.firstElementChild).textContent = `seed ${model.get("seed")} to ${model.get("to_seed")}`;
      paint();
    },
  };
}
