// What a TrainingMonitor's traits say.
import { f32, u8 } from "../shared/bytes.js";
import { column, GREATEST, LEAST, MEAN, RATE, smooth, STEP } from "./run.js";

/** @typedef {"ready" | "running" | "stopping" | "finished" | "stopped" | "interrupted" | "error"} State */
/**
 * The numbers of the moment; none before the first report.
 * @typedef {object} Progress
 * @property {string} phase training, validating, sampling, or empty
 * @property {number} step @property {number} fit_step @property {number} total_steps @property {number} epoch @property {number} n_epochs
 * @property {number | null} loss @property {number | null} images_per_s @property {number} elapsed seconds @property {number | null} left
 * @property {string} device @property {string} precision
 */
/**
 * @typedef {object} OwnTraits
 * @property {State} state @property {string} note @property {Partial<Progress>} progress
 * @property {DataView} history float32 rows: step, mean, least, greatest loss, learning rate @property {DataView} valid float32 rows: step, loss
 * @property {(number | null)[]} bands @property {number} timesteps
 * @property {DataView} frames @property {number[]} frame_steps @property {number[]} frame_shape n, h, w, c @property {boolean} can_sample
 * @property {number} frame the step that is looked at; -1: the newest @property {boolean} log_scale @property {number} smoothing
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>["set"]} Set */
/** @typedef {ReturnType<typeof readRun>} Run */
/** @typedef {{ bytes: Uint8Array, steps: number[], shape: number[] }} Frames */

/** @param {Model} model */
export function readRun(model) {
  const rows = f32(model.get("history"));
  const valid = f32(model.get("valid"));
  const [step, mean] = [column(rows, STEP), column(rows, MEAN)];
  return {
    step, mean, least: column(rows, LEAST), greatest: column(rows, GREATEST), rate: column(rows, RATE),
    smooth: smooth(step, mean, model.get("smoothing")), validStep: column(valid, 0, 2), valid: column(valid, 1, 2),
  }; // prettier-ignore
}

/** The grids of samples; undefined while the three traits are on their way. @param {Model} model @returns {Frames | undefined} */
export function readFrames(model) {
  const [bytes, steps, shape] = [u8(model.get("frames")), model.get("frame_steps"), model.get("frame_shape")];
  const size = shape.reduce((a, b) => a * b, 1);
  return steps.length && bytes.length !== steps.length * size ? undefined : { bytes, steps, shape };
}

/** @param {number} x */
export const whole = (x) => Math.round(x).toLocaleString("en");
