// From noise to images with a network: ddpm_widgets.sampling, step by step.
import { normal, streamAt } from "../shared/random.js";
import { coefficients, respace } from "../shared/solvers.js";

/** @typedef {import("./network.js").Network} Network */
/**
 * What to draw. All but `x` have the model's own values where they are left out.
 * @typedef {object} Draw
 * @property {Float32Array} x noisy images at the first step, (n, c, h, w)
 * @property {number} [steps] @property {import("../shared/solvers.js").Sampler} [sampler] @property {import("../shared/solvers.js").Spacing} [spacing]
 * @property {number} [eta] of DDIM @property {boolean} [clamp] keep x̂0 in the range of the images
 * @property {number[]} [seeds] of the fresh noise, one for each image
 * @property {number} [label] a class @property {number} [guidance] w of ε̂ = (1+w)·ε̂ of the class - w·ε̂ of none; 0 for a network that knows no `none`
 * @property {boolean} [both] each step also has both guesses, with the class and without
 * @property {number} [first] the step to begin with, 0 being the noisiest
 * @property {Float32Array} [x0] x̂0 at that step, in place of the network's
 * @property {Float32Array} [before] the x̂0 of the step before it, for DPM-Solver++
 * @property {Float32Array} [known] images that stay where `mask` is 0 @property {Float32Array} [mask] 1 where they are drawn anew, (h, w)
 */
/** What an answer stands for. @typedef {{ x0: Float32Array, eps: Float32Array }} Guess */
/** A step: what the network was given and what it answered; asked for `both`, with the class and without, x̂0 as it is before clamping. @typedef {{ i: number, t: number, x: Float32Array, x0: Float32Array, eps: Float32Array, conditional?: Guess, plain?: Guess }} Step */

/** The timesteps visited, the noisiest first. @param {Pick<Network, "alphaBar" | "facts">} network @param {{ steps?: number, spacing?: import("../shared/solvers.js").Spacing }} o */
export function timesteps({ alphaBar, facts }, { steps = facts.steps, spacing = facts.spacing }) {
  const count = Math.min(steps, alphaBar.length);
  return count === alphaBar.length ? Array.from({ length: count }, (_, i) => count - 1 - i) : respace(alphaBar, count, spacing);
}

/** The guesses at noise and image that an answer stands for. @param {Network} network @param {Float32Array} x noisy images @param {number} t @param {Float32Array} answer @returns {Guess} */
export function guesses({ facts: { target }, alphaBar }, x, t, answer) {
  const [signal, noise] = [Math.sqrt(alphaBar[t]), Math.sqrt(1 - alphaBar[t])];
  const x0 = target === "x0" ? answer : x.map((v, j) => (target === "v" ? signal * v - noise * answer[j] : (v - noise * answer[j]) / signal)); // eq. 15
  const eps = target === "eps" ? answer : x.map((v, j) => (target === "v" ? noise * v + signal * answer[j] : (v - signal * answer[j]) / noise));
  return { x0, eps };
}

/** An answer pushed away from the one that knows no class: Ho & Salimans 2022, eq. 6. @param {Float32Array} conditional @param {Float32Array} plain @param {number} w */
export const guided = (conditional, plain, w) => conditional.map((value, j) => (1 + w) * value - w * plain[j]);

/** Walk back from noise, one step at a time; the last step's x̂0 is the image. @param {Network} network @param {Draw} draw @returns {Generator<Step, void>} */
export function* walk(network, draw) {
  const { facts, alphaBar } = network;
  const { sampler = facts.sampler, eta = 0, clamp = true, seeds = [0], label, guidance = 0, both, first = 0, before, known, mask } = draw;
  const told = label !== undefined && facts.none != null && label !== facts.none; // a class to be guided to
  const w = told ? guidance : 0;
  const ts = timesteps(network, draw);
  const skipped = before ? 0 : first; // without the x̂0 before it, a step counts as the first
  const rows = coefficients(sampler, ts.slice(skipped).map((t) => alphaBar[t]), eta); // prettier-ignore
  const [lo, hi] = (clamp && facts.clamp) || [-Infinity, Infinity];
  const size = draw.x.length / seeds.length;
  let x = draw.x;
  let former = before ?? new Float32Array(x.length);
  for (let i = first; i < ts.length; i++) {
    const t = ts[i];
    const conditional = network.predict(x, t, label);
    const plain = told && (both || w) ? network.predict(x, t, facts.none ?? undefined) : conditional;
    const { eps, x0: guess } = guesses(network, x, t, w ? guided(conditional, plain, w) : conditional);
    let x0 = guess.map((value) => Math.min(hi, Math.max(lo, value)));
    if (i === first && draw.x0) x0 = draw.x0.slice();
    const row = rows[i - skipped];
    const last = i === ts.length - 1;
    const [kept, fresh] = last ? [1, 0] : [Math.sqrt(alphaBar[ts[i + 1]]), Math.sqrt(1 - alphaBar[ts[i + 1]])];
    if (last && known && mask) put(x0, known, mask, (j) => known[j]);
    yield { i, t, x, x0, eps, ...(both ? { conditional: guesses(network, x, t, conditional), plain: guesses(network, x, t, plain) } : {}) };
    const next = x0.map((value, j) => row.x0 * value + row.x * x[j] + row.before * former[j]);
    const z = row.sigma ? seeds.map((seed) => normal(streamAt(seed, t), size)) : [];
    if (row.sigma) for (let j = 0; j < next.length; j++) next[j] += row.sigma * z[(j / size) | 0][j % size];
    if (known && mask) put(next, known, mask, (j) => kept * known[j] + fresh * draw.x[j]); // RePaint, eq. 8a
    [former, x] = [x0, next];
  }
}

/** Where the mask is 0, values come from elsewhere. @param {Float32Array} images @param {Float32Array} known @param {Float32Array} mask @param {(j: number) => number} from */
function put(images, known, mask, from) {
  for (let j = 0; j < images.length; j++) images[j] += (1 - mask[j % mask.length]) * (from(j) - images[j]);
}
