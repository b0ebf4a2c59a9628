// A film of one sampling run, as numbers. Pure functions; what Python's SamplingPlayer says of its frames, said here.
import { unzlibSync } from "./inflate.js";
import { clamp } from "../shared/format.js";
import { floor, max, sqrt } from "../shared/math.js";

/**
 * One run: its frames as bytes, one after the other, each with its streams.
 * @typedef {object} Film
 * @property {Uint8Array} bytes (frames, streams, size)
 * @property {number} streams @property {number} size bytes of one picture: n·h·w·c
 * @property {number[]} ts t of each frame, never rising
 */

/** One picture of a frame. @param {Film} film @param {number} frame @param {number} stream */
export const picture = ({ bytes, streams, size }, frame, stream) => bytes.subarray((frame * streams + stream) * size, (frame * streams + stream + 1) * size);

/**
 * The grey levels that Python's `pack` has packed: for each run (frames, streams, size). Throws what is wrong with damaged bytes.
 * @param {Uint8Array} packed @param {number[][]} ts @param {number} streams @param {number} size
 * @param {number} tolerance grey levels; 0: the levels are told as they are
 * @param {number[][]} alphaBar for each run ᾱ of each frame; not asked if the tolerance is 0
 */
export function unpack(packed, ts, streams, size, tolerance, alphaBar) {
  const told = new Uint8Array(ts.reduce((sum, t) => sum + t.length, 0) * streams * size);
  if (unzlibSync(packed, { out: told }).length < told.length) throw new Error("the film is shorter than its frames");
  const levels = new Uint8Array(told.length);
  let start = 0;
  ts.forEach(({ length }, run) => {
    // told are the differences to the frame before, all frames of a picture after each other
    const plane = (/** @type {number} */ s, /** @type {number} */ f) => told.subarray(start + (s * length + f) * size, start + (s * length + f + 1) * size);
    for (let f = 0; f < length; f++) {
      const now = Array.from({ length: streams }, (_, s) => plane(s, f));
      if (f) now.forEach((p, s) => plane(s, f - 1).forEach((v, i) => (p[i] += v)));
      const at = start + f * streams * size;
      if (tolerance) decode(now, alphaBar[run][f], tolerance, levels.subarray(at, at + streams * size));
      else now.forEach((p, s) => levels.set(p, at + s * size));
    }
    start += length * streams * size;
  });
  return levels;
}

/**
 * x_t, x̂0 and ε̂ of one frame: x̂0 and ε̂ are told on a grid, of x_t what √ᾱ·x̂0 + √(1-ᾱ)·ε̂ misses.
 * @param {Uint8Array[]} told what it misses, x̂0, ε̂; bytes with a sign, but x̂0
 * @param {number} alphaBar @param {number} tolerance @param {Uint8Array} out the grey levels, one picture after the other
 */
function decode([missed, guess, noise], alphaBar, tolerance, out) {
  const [a, b, size] = [sqrt(alphaBar), sqrt(1 - alphaBar), guess.length];
  const [fine, step] = [2 * max(1, Math.ceil(tolerance * b)) + 1, 2 * tolerance + 1];
  const sign = (/** @type {number} */ byte) => (byte << 24) >> 24;
  const level = (/** @type {number} */ v) => (v < 0 ? 0 : v > 255 ? 255 : v);
  for (let i = 0; i < size; i++) {
    const [x0, eps] = [3 * guess[i], 128 + step * sign(noise[i])];
    out[i] = level(level(floor(a * (x0 - 127.5) + b * (eps - 127.5) + 128)) + fine * sign(missed[i]));
    out[size + i] = level(x0);
    out[2 * size + i] = level(eps);
  }
}

/** Cut the bytes of all runs apart. @param {Uint8Array} bytes @param {number[][]} ts @param {number} streams @param {number} size @returns {Film[]} */
export function films(bytes, ts, streams, size) {
  let start = 0;
  return ts.map((t) => ({ bytes: bytes.subarray(start, (start += t.length * streams * size)), streams, size, ts: t }));
}

/** The place of the value nearest to x; of two as near, the first. @param {number[]} values @param {number} x */
export function nearest(values, x) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - x) < Math.abs(values[best] - x)) best = i;
  return best;
}

/** The frame of each run that is as far along as frame `at` of the run `lead`. @param {number[][]} ts @param {number} lead @param {number} at */
export function inStep(ts, lead, at) {
  const u = ts[lead][at] / max(1, ts[lead][0]);
  return ts.map((own, k) => (k === lead ? at : nearest(own.map((t) => t / max(1, own[0])), u)));
}

/** The run with the most frames. @param {number[][]} ts */
export const longest = (ts) => ts.reduce((best, t, k) => (t.length > ts[best].length ? k : best), 0);

/** Root mean square of the difference, in units of [-1, 1]. @param {Uint8Array} a @param {Uint8Array} b */
export function distance(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sqrt(sum / max(1, a.length)) / 127.5;
}

/**
 * What a run changed. `left`: from x_t to the finished picture, the last x̂0; `nearer`: what the way to the next frame takes
 * away of it; `guess`: how much x̂0 moves until the next frame.
 * @param {Film} film @param {number} guess which stream is x̂0; x_t (0) if there is none
 */
export function changes(film, guess) {
  const n = film.ts.length;
  const end = picture(film, n - 1, guess);
  const left = film.ts.map((_, i) => distance(picture(film, i, 0), end));
  const nearer = left.map((d, i) => d - (left[i + 1] ?? 0));
  const moved = film.ts.map((_, i) => (i + 1 < n ? distance(picture(film, i, guess), picture(film, i + 1, guess)) : 0));
  return { left, nearer, guess: moved };
}

/** Running sum, as a share of the whole; all 0 if there is nothing to share. @param {number[]} parts */
export function shares(parts) {
  const whole = parts.reduce((a, b) => a + b, 0);
  let sum = 0;
  return parts.map((p) => {
    const done = whole > 0 ? sum / whole : 0;
    sum += p;
    return done;
  });
}

/**
 * Where half of the way is made, between two frames if need be: at which t, and in how many of the last steps.
 * @param {number[]} parts of the way, frame by frame @param {number[]} ts @param {number[]} at which step each frame is, from 1 @param {number} taken steps
 */
export function halfway(parts, ts, at, taken) {
  const done = [...shares(parts), 1];
  const k = max(1, done.findIndex((s) => s >= 0.5));
  const part = done[k] > done[k - 1] ? clamp((0.5 - done[k - 1]) / (done[k] - done[k - 1]), 0, 1) : 0;
  const [from, to] = [at[k - 1] - 1, (at[k] ?? taken + 1) - 1]; // steps taken
  return { t: max(0, Math.round(ts[k - 1] + part * ((ts[k] ?? 0) - ts[k - 1]))), steps: taken - (from + part * (to - from)) };
}

/** The same change for each single step, where frames lie several steps apart. @param {number[]} parts frame by frame @param {number[]} at which step each frame is, from 1 @param {number} taken steps @param {boolean} open whether the last frame is the end, after which nothing changes: it keeps the value before */
export function perStep(parts, at, taken, open) {
  const each = parts.map((p, i) => p / max(1, (at[i + 1] ?? taken + 1) - at[i]));
  if (open && each.length > 1) each[each.length - 1] = each[each.length - 2];
  return each;
}
