// What a SamplingPlayer's traits say.
import { u8 } from "../shared/bytes.js";
import { changes, films, longest, unpack } from "./film.js";
import { colorsOf } from "../shared/palette.js";
import { max } from "../shared/math.js";

/**
 * @typedef {object} OwnTraits
 * @property {DataView} frames the pictures of all runs, packed @property {number} tolerance @property {number[][]} alpha_bar
 * @property {number[]} shape n, h, w, c; empty: no film yet @property {string[]} streams @property {string[]} runs their names
 * @property {number[][]} ts @property {number[][]} at @property {number[]} taken
 * @property {number[][][]} coefficients of x̂0 and x_t @property {number[][]} sigmas
 * @property {number} timesteps @property {number} columns 0: as many as fit well
 * @property {DataView} live the step being sampled; empty: none @property {number[]} progress steps taken and t
 * @property {number} t @property {number} speed @property {boolean} loop @property {boolean} total @property {boolean} summary @property {number} enlarged -1: none
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("./film.js").Film} Film */
/** @typedef {ReturnType<typeof read>} Seen */

/** The step that is being sampled. @param {Model} model */
export const live = (model) => (model.get("live")?.byteLength ? u8(model.get("live")) : undefined);

/** All that stays while t moves. @param {Model} model */
export function read(model) {
  const [n = 0, h = 1, w = 1, c = 1] = model.get("shape");
  const streams = model.get("streams");
  const size = n * h * w * c;
  const isLive = Boolean(live(model));
  const { runs, damaged } = isLive ? { runs: [], damaged: "" } : developed(model, streams.length, size);
  const ts = runs.map((run) => run.ts);
  const guess = max(0, streams.indexOf("x0"));
  return {
    n, h, w, c, size, streams, isLive, runs, damaged, ts,
    names: model.get("runs"),
    colors: colorsOf(model.get("runs")),
    lead: runs.length ? longest(ts) : 0, // the run whose frames are the timeline's positions
    changed: runs.map((run) => changes(run, guess)),
    nothing: new Float32Array(size), // no noise to mix in
  }; // prettier-ignore
}

/** The films of all runs; none if there are none, or if they are damaged. @param {Model} model @param {number} streams @param {number} size @returns {{ runs: Film[], damaged: string }} */
function developed(model, streams, size) {
  const [frames, ts] = [model.get("frames"), model.get("ts")];
  if (!frames?.byteLength) return { runs: [], damaged: "" };
  try {
    const levels = unpack(u8(frames), ts, streams, size, model.get("tolerance"), model.get("alpha_bar"));
    return { runs: films(levels, ts, streams, size).filter((run) => run.ts.length), damaged: "" };
  } catch (e) {
    return { runs: [], damaged: String(e instanceof Error ? e.message : e) };
  }
}

/** @param {Model} model @param {number} k run @param {number} i frame */
export const stepText = (model, k, i) => (model.get("ts")[k][i] < 0 ? `finished after ${model.get("taken")[k]} steps` : `step ${model.get("at")[k]?.[i] ?? "–"} of ${model.get("taken")[k]}`);

/** t as a reader wants it: the finished picture has none. @param {number} t */
export const timeText = (t) => (t < 0 ? "end" : String(t));
