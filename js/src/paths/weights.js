// How much weight a training puts on each log-SNR λ: the density with which it draws λ, times the weight of its squared error, written as
// an error of v (Kingma & Gao 2023, arXiv 2303.00848). The same as loss_weights in ddpm_widgets.widgets.path_explorer.
import { DASHES, GUESS, SIGNAL } from "../shared/palette.js";
import { sqrt } from "../shared/math.js";
import { EDGE, noiseLevel } from "./read.js";

/** @typedef {(logSnr: number, level: number) => number} Weight level: the noise level σ/α at this log-SNR */

/** @param {number} mean @param {number} std @returns {Weight} */
const gaussian = (mean, std) => (l) => Math.exp(-0.5 * ((l - mean) / std) ** 2) / (std * sqrt(2 * Math.PI));

/** Density of log-SNR under the linear schedule in continuous time, β from 0.1 to 20 (Song et al. 2020, eq. 33). @type {Weight} */
const linear = (_, level) => {
  const spent = Math.log1p(level ** 2); // -ln ᾱ, at most 10.05
  return spent > 10.05 ? 0 : level ** 2 / (1 + level ** 2) / sqrt(0.01 + 39.8 * spent);
};
/** @type {Weight} */
const flowError = (_, level) => (1 + level) ** 2 / (1 + level ** 2);

/** @type {Record<string, { name: string, color: string, dash: string | undefined, density: Weight, factor: Weight }>} */
export const TRAININGS = {
  linear: { name: "DDPM, linear, ε", color: "var(--ddw-linear)", dash: DASHES[0], density: linear, factor: (_, l) => 1 / (1 + l * l) },
  cosine: { name: "DDPM, cosine, v", color: "var(--ddw-cosine)", dash: DASHES[0], density: (_, l) => l / (1 + l * l) / Math.PI, factor: () => 1 },
  edm: { name: "EDM", color: SIGNAL, dash: DASHES[0], density: gaussian(2.4, 2.4), factor: (_, l) => (1 + (l / 0.5) ** 2) / (1 + l * l) },
  flow: { name: "Flow, uniform s", color: GUESS, dash: DASHES[1], density: (_, l) => l / (1 + l) ** 2 / 2, factor: flowError },
  "logit-normal": { name: "Flow, logit-normal s", color: "var(--ddw-sigmoid)", dash: DASHES[2], density: gaussian(0, 2), factor: flowError },
};

const POINTS = 961; // 40 a unit
/** The log-SNRs at which curves are worked out. */
export const GRID = Float64Array.from({ length: POINTS }, (_, i) => -EDGE + (2 * EDGE * i) / (POINTS - 1));

/** @param {string} key @param {number} l */
const weight = (key, l) => TRAININGS[key].density(l, noiseLevel(l)) * TRAININGS[key].factor(l, noiseLevel(l));

/** The area under a weight from -12 to 12, by trapezoids. */
const AREAS = Object.fromEntries(Object.keys(TRAININGS).map((key) => {
  let sum = (-weight(key, -EDGE) - weight(key, EDGE)) / 2;
  for (const l of GRID) sum += weight(key, l);
  return [key, (sum * 2 * EDGE) / (POINTS - 1)];
})); // prettier-ignore

/** The weight of a training at a log-SNR, so that its area from -12 to 12 is 1. @param {string} key @param {number} l */
export const weightAt = (key, l) => weight(key, l) / AREAS[key];
