// What the Worker works out of one pass, or of several: pure functions of a network that is watched.
import { guesses } from "../net/sampler.js";
import { timeEmbedding } from "../net/unet.js";

/** @typedef {import("../net/network.js").Network} Network */
/** @typedef {import("../net/ops.js").Image} Image */
/** @typedef {import("./taps.js").Seen} Seen */
/** What the network is given. @typedef {{ x: Float32Array, t: number, label?: number }} Given */
/** Feature maps: (c, h, w). @typedef {{ name: string, c: number, h: number, w: number, rms: number, values: Float32Array }} Block */
/** @typedef {import("./taps.js").Join & { strength: number }} Skip rms of what was kept, over that of what comes from below */
/** Weights of one query pixel over all keys, the mean of all heads: they sum to 1. @typedef {{ name: string, h: number, w: number, weights: Float32Array }} Row */
/** @typedef {{ blocks: Block[], skips: Skip[], rows: Row[], x0: Float32Array, eps: Float32Array, waves: Float32Array, emb: Float32Array, biases: Record<string, Float32Array> }} Looked */
/** How much a block changes with t. `output`: its answer, relative. Of a residual block: `bias`, its time bias, relative to what it is added to; `removed`, the share of its square that the next group norm removes. @typedef {{ output: number, bias?: number, removed?: number }} Change */

const HEAD = 8; // channels

/** @param {ArrayLike<number>} x */
export function rms(x) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i];
  return Math.sqrt(sum / x.length);
}

/** An image's first `c` channels as (c, h, w). @param {Network} network @param {Image} image @param {number} c @returns {Float32Array} */
function valuesOf({ ops }, image, c) {
  const { h, w, c: all } = image;
  const out = new Float32Array(c * h * w);
  for (let v = 0; v < h; v++) {
    const row = ops.row(image, v);
    for (let u = 0; u < w; u++) for (let j = 0; j < c; j++) out[(j * h + v) * w + u] = row[u * all + j];
  }
  return out;
}

/** The guess at the noise. @param {Network} network @param {Given} given */
const epsOf = (network, { x, t, label }) => guesses(network, x, t, network.predict(x, t, label)).eps;

/** A block's answer. Channels come in multiples of eight; the last layer has those that its weights have. @param {Network} network @param {string} name @param {Image} image @returns {Block} */
function blockOf(network, name, image) {
  const c = name === "conv_out" ? network.weights["conv_out.weight"].shape[0] : image.c;
  const values = valuesOf(network, image, c);
  return { name, c, h: image.h, w: image.w, rms: rms(values), values };
}

/** softmax(q·kᵀ/√8) of one query, the mean over the heads. @param {Network} network @param {Image} q @param {Image} k @param {number} u column and @param {number} v row of the query @returns {Float32Array} (h, w) */
function attended(network, q, k, u, v) {
  const { h, w, c } = q;
  const own = network.ops.row(q, v).subarray(u * c, (u + 1) * c);
  const keys = valuesOf(network, k, c);
  const [out, scores, area, heads] = [new Float32Array(h * w), new Float64Array(h * w), h * w, c / HEAD];
  for (let head = 0; head < c; head += HEAD) {
    scores.fill(0);
    for (let d = head; d < head + HEAD; d++) for (let i = 0; i < area; i++) scores[i] += (own[d] * keys[d * area + i]) / Math.sqrt(HEAD);
    const most = scores.reduce((a, b) => Math.max(a, b));
    scores.forEach((s, i) => (scores[i] = Math.exp(s - most)));
    const total = scores.reduce((a, b) => a + b);
    for (let i = 0; i < area; i++) out[i] += scores[i] / total / heads;
  }
  return out;
}

/** One pass, and all that is seen in it. @param {Network} network @param {Seen} seen @param {Given} given @param {[number, number]} pixel column and row in the image @returns {Looked} */
export function look(network, seen, { x, t, label }, [px, py]) {
  const [, high, wide] = network.facts.shape;
  const guess = guesses(network, x, t, network.predict(x, t, label));
  const blocks = [...seen.blocks].map(([name, image]) => blockOf(network, name, image));
  const loud = Object.fromEntries(blocks.map((block) => [block.name, block.rms]));
  return {
    ...guess,
    blocks,
    skips: seen.joins.map((join) => ({ ...join, strength: loud[join.skip] / loud[join.below] })),
    rows: [...seen.compared].map(([name, [q, k]]) => ({ name, h: q.h, w: q.w, weights: attended(network, q, k, Math.floor((px * q.w) / wide), Math.floor((py * q.h) / high)) })),
    ...timeEmbedding(network.weights, t, label),
    biases: network.time(t, label),
  };
}

/** The share of a squared change that a group norm removes: what is the same for all channels of a group. @param {Float32Array} change one number a channel @param {number} groups */
export function removedBy(change, groups) {
  const each = change.length / groups;
  let [all, gone] = [0, 0];
  for (let g = 0; g < change.length; g += each) {
    let sum = 0;
    for (let j = g; j < g + each; j++) (sum += change[j]), (all += change[j] ** 2);
    gone += sum ** 2 / each;
  }
  return all ? gone / all : 0;
}

/** How blocks change when the same image is said to be of other timesteps. @param {Network} network @param {Seen} seen @param {Given} given @param {number[]} others @returns {Record<string, Change>} means over them */
export function changes(network, seen, { x, t, label }, others) {
  network.predict(x, t, label);
  const own = new Map([...seen.blocks].map(([name, image]) => [name, valuesOf(network, image, image.c)]));
  const sums = new Map([...seen.biased].map(([name, image]) => [name, rms(valuesOf(network, image, image.c))]));
  /** @type {Record<string, Change>} */
  const out = {};
  for (const other of others) {
    network.predict(x, other, label);
    for (const [name, image] of seen.blocks) {
      const before = /** @type {Float32Array} */ (own.get(name));
      const change = (out[name] ??= { output: 0 });
      change.output += rms(valuesOf(network, image, image.c).map((value, i) => value - before[i])) / (rms(before) || 1) / others.length;
      const sum = sums.get(name);
      if (sum === undefined) continue;
      const was = network.time(t, label)[name];
      const bias = network.time(other, label)[name].map((value, i) => value - was[i]);
      change.bias = (change.bias ?? 0) + rms(bias) / (sum || 1) / others.length;
      change.removed = (change.removed ?? 0) + removedBy(bias, network.facts.groups) / others.length;
    }
  }
  return out;
}

/** How far the guess at the noise moves, relative, without one of the skips. @param {Network} network @param {Seen} seen @param {Given} given @param {string[]} skips the blocks that they come from @returns {Record<string, number>} by these blocks */
export function losses(network, seen, given, skips) {
  const answer = (cut = "") => {
    seen.cut = cut;
    return epsOf(network, given);
  };
  const whole = answer();
  const out = Object.fromEntries(skips.map((skip) => [skip, rms(answer(skip).map((value, i) => value - whole[i])) / (rms(whole) || 1)]));
  seen.cut = "";
  return out;
}

/** The image's cells of side×side pixels, those around a pixel first. @param {number} h @param {number} w @param {number} side @param {[number, number]} pixel @returns {[number, number][]} column and row of their first pixels */
export function cellsOf(h, w, side, [px, py]) {
  /** @type {[number, number][]} */
  const cells = [];
  for (let y = 0; y < h; y += side) for (let x = 0; x < w; x += side) cells.push([x, y]);
  const far = (/** @type {[number, number]} */ [x, y]) => Math.hypot(x + side / 2 - px - 0.5, y + side / 2 - py - 0.5);
  return cells.sort((a, b) => far(a) - far(b));
}

/**
 * How the guess at the noise, at every pixel, changes with the brightness of each of these cells: finite differences, per unit.
 * @param {Network} network @param {Given} given @param {[number, number][]} cells @param {number} side of a cell @param {number} [step]
 * @returns {Float32Array[]} shaped like the image, one for each cell
 */
export function slopes(network, given, cells, side, step = 0.1) {
  const { shape: [c, h, w] } = network.facts; // prettier-ignore
  const before = epsOf(network, given);
  return cells.map(([left, top]) => {
    const own = given.x.slice();
    for (let band = 0; band < c; band++)
      for (let v = top; v < Math.min(h, top + side); v++) for (let u = left; u < Math.min(w, left + side); u++) own[(band * h + v) * w + u] += step;
    return epsOf(network, { ...given, x: own }).map((value, i) => (value - before[i]) / step);
  });
}
