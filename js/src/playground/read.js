// What a DiffusionPlayground's traits say.
import { f32 } from "../shared/bytes.js";
import { formula } from "../shared/schedules.js";

/** @typedef {"score" | "eps" | "x0"} Arrows what the arrows are: the score, ε̂ or the way to x̂0 */
/**
 * @typedef {object} OwnTraits
 * @property {DataView} points float32 (n, 2): the data @property {string} shape their name; empty: drawn, or from Python
 * @property {number} t @property {"noise" | "sample"} direction in which time is played
 * @property {"learned" | "exact" | "both"} field whose arrows @property {Arrows} arrows
 * @property {boolean} running whether it trains @property {number} speed steps a second at most, 0: as many as it can
 * @property {number} step how many were taken @property {DataView} losses float32 (k, 2): step, loss @property {DataView} weights float32, what is shown: the average
 * @property {number} lr @property {number} batch @property {number} ema @property {number} width @property {import("./training.js").Target} target @property {boolean} time_input whether the network is given t
 * @property {"linear" | "cosine" | "sigmoid"} schedule @property {number} T @property {number} beta_max of the linear schedule @property {number} s of the cosine
 * @property {import("../shared/solvers.js").Sampler | "flow"} sampler @property {number} steps @property {number} eta
 * @property {number} walkers how many @property {DataView} samples float32 (walkers, 2): where they end
 * @property {number[]} start of the walker that was put down, x and y; none: empty
 * @property {number} seed of the network and its training @property {number} noise_seed which noise the walkers start from
 * @property {number[]} fit distance of the walkers from the data, floor and its spread; unknown: empty
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */

export const MOST = 2000; // points
export const VIEW = 2; // the plane is seen from -VIEW to VIEW

/** @param {Float32Array} values @returns {DataView} */
export const bytesOf = (values) => new DataView(values.slice().buffer);

/** @param {Model} model @param {"points" | "weights" | "losses" | "samples"} name */
export const floats = (model, name) => f32(model.get(name));

/** ᾱ_t of the schedule. @param {Model} model */
export const alphaBarOf = (model) =>
  formula(model.get("schedule"), { T: model.get("T"), beta_min: Math.min(1e-4, model.get("beta_max")), beta_max: model.get("beta_max"), s: model.get("s") }).alphaBar;

/** How walkers go; the probability flow is DDIM without fresh noise, in steps as small as there are. @param {Model} model */
export function wayOf(model) {
  const [sampler, T] = [model.get("sampler"), model.get("T")];
  if (sampler === "flow") return { sampler: /** @type {const} */ ("ddim"), steps: T, eta: 0 };
  return { sampler, steps: Math.min(model.get("steps"), T), eta: sampler === "ddim" ? model.get("eta") : 0 };
}
