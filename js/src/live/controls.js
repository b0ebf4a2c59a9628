// How it is drawn: steps, sampler, spacing, η, clamp, class, and how far between two noises.
import { div } from "../shared/dom.js";
import { fields } from "../shared/fields.js";
import { MOST, told } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Sync} Sync */

/** @type {Record<import("./read.js").Sampler, string>} */
export const SAMPLERS = { "dpm++": "DPM-Solver++ (2M)", ddim: "DDIM", ddpm: "DDPM, σ² = β", "ddpm small": "DDPM, σ² = β̃" };
/** @type {Record<import("./read.js").Spacing, string>} */
const SPACINGS = { linear_levels: "by the linear schedule", trailing: "trailing", leading: "leading", linspace: "linspace", logsnr: "even in log SNR", karras: "EDM's (Karras)" };

/** @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
export function controls(model, sync, signal) {
  const { slider, choice, check, paint } = fields(model, sync, signal);
  /** No class first. @returns {[number, string][]} */
  const classes = () => model.get("classes").map((name, i) => /** @type {[number, string]} */ ([i, name])).sort(([a], [b]) => Number(b === model.get("none")) - Number(a === model.get("none")));
  const [steps, eta, mix, guidance, label] = [
    slider("steps", "steps", [1, MOST, 1], String),
    slider("eta", "η", [0, 1, 0.05], (x) => x.toFixed(2)),
    slider("mix", "from one to the other", [0, 1, 0.01], (x) => x.toFixed(2)),
    slider("guidance", "guidance w", [0, 8, 0.25], (x) => x.toFixed(2)),
    choice("label", "class", classes),
  ];
  return {
    mix,
    el: div("controls ddw-tools", steps,
      choice("sampler", "sampler", Object.entries(SAMPLERS)), choice("spacing", "timesteps", Object.entries(SPACINGS)), eta,
      check("clamp", "clamp", "Keep the guess between black and white"),
      label, guidance), // prettier-ignore
    paint() {
      eta.hidden = model.get("sampler") !== "ddim";
      mix.hidden = model.get("to_seed") < 0;
      label.hidden = !model.get("classes").length;
      guidance.hidden = !told(model);
      /** @type {Element} */ (mix.firstElementChild).textContent = `seed ${model.get("seed")} to ${model.get("to_seed")}`;
      paint();
    },
  };
}
