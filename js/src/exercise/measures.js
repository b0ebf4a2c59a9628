// What the checks of answers that draw at random look at, as the `measure` functions of ddpm_widgets/exercises have it: by the name of the check.

import { Complaint, wrongShape } from "./complaint.js";
import { Tensor, written } from "./tensor.js";

/** @typedef {Tensor[]} Results of one call */
/** @typedef {(results: Results, args: any[], again: () => Results) => Record<string, any>} Measure */

const mean = (/** @type {ArrayLike<number>} */ v) => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
const deviation = (/** @type {ArrayLike<number>} */ v) => {
  const m = mean(v);
  return Math.sqrt(Array.from(v).reduce((sum, x) => sum + (x - m) ** 2, 0) / (v.length - 1));
};
/** 0, give or take 1/√n, for two that were drawn apart. @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function correlation(a, b) {
  const [p, q] = [mean(a), mean(b)];
  const dot = (/** @type {ArrayLike<number>} */ u, /** @type {number} */ m, /** @type {ArrayLike<number>} */ w, /** @type {number} */ n) => Array.from(u).reduce((sum, x, i) => sum + (x - m) * (w[i] - n), 0);
  const r = dot(a, p, b, q) / Math.sqrt(dot(a, p, a, p) * dot(b, q, b, q));
  return Number.isNaN(r) ? 0 : r;
}
const equal = (/** @type {Tensor} */ a, /** @type {Tensor} */ b) => written(a.shape) === written(b.shape) && a.data.every((v, i) => Math.abs(v - b.data[i]) <= 1e-4);
/** Do two calls give the same numbers? @param {() => Tensor} draw */
const repeats = (draw) => Number(equal(draw(), draw()));
/** @param {Tensor} x @param {number[]} shape @param {string} name */
function shaped(x, shape, name) {
  if (written(x.shape) !== written(shape)) throw new Complaint(wrongShape(name, x.shape, shape));
  return x;
}

/** @type {Record<string, Measure>} */
export const MEASURES = {
  check_noisify([x_t, eps], [x0], again) {
    shaped(x_t, x0.shape, "x_t");
    shaped(eps, x0.shape, "eps");
    const n = x0.shape[0];
    if (n < 16) return {};
    const size = x0.size / n;
    const row = x0.shape[3];
    const [ofImage, ofNoise] = [new Float64Array(n), new Float64Array(n)];
    let rest = 0;
    for (let i = 0; i < n; i++) {
      const [a, b, y] = [x0, eps, x_t].map((t) => t.data.subarray(i * size, (i + 1) * size));
      const dot = (/** @type {ArrayLike<number>} */ u, /** @type {ArrayLike<number>} */ w) => Array.from(u).reduce((sum, v, k) => sum + v * w[k], 0);
      const [aa, ab, bb, ay, by] = [dot(a, a), dot(a, b), dot(b, b), dot(a, y), dot(b, y)];
      const det = aa * bb - ab * ab;
      // where there is no noise, or it is the image: the least of all weights that fit
      [ofImage[i], ofNoise[i]] = det > 1e-9 * aa * Math.max(bb, 1e-30) ? [(bb * ay - ab * by) / det, (aa * by - ab * ay) / det] : [(aa * ay) / (aa + bb) / aa, ab ? (ab * ay) / (aa + bb) / aa : 0];
      y.forEach((/** @type {number} */ v, /** @type {number} */ k) => (rest = Math.max(rest, Math.abs(v - ofImage[i] * a[k] - ofNoise[i] * b[k]))));
    }
    const rows = (/** @type {boolean} */ upper) => Array.from(eps.data).filter((_, k) => (upper ? k % size < size - row : k % size >= row));
    return {
      "the mean of eps": mean(eps.data),
      "the standard deviation of eps": deviation(eps.data),
      "the likeness of two images' noise": correlation(eps.data.subarray(size), eps.data.subarray(0, -size)),
      "the likeness of two rows' noise": correlation(rows(false), rows(true)),
      "the part of x_t that is neither image nor eps": rest,
      "the weight of the image": new Tensor(ofImage, [n], "float64"),
      "the weight of the noise": new Tensor(ofNoise, [n], "float64"),
      "whether two calls draw the same noise": repeats(() => again()[1]),
    };
  },

  check_dropout([y], [x], again) {
    shaped(y, x.shape, "the result");
    if (x.shape[0] < 8) return {};
    const kept = Float64Array.from(y.data, (v) => Number(v !== 0));
    const all = kept.every((k) => k);
    const none = !kept.some((k) => k);
    if (all || none) {
      const found = new Set(Array.from({ length: 40 }, () => again()[0].data.every((v) => v !== 0)));
      if (found.size === 2) throw new Complaint("now all of the batch is dropped, now none of it.", "one number for all");
      if (none) throw new Complaint("everything it returns is zero.");
    } else {
      const names = ["images", "channels", "rows", "columns"];
      const steps = x.shape.map((/** @type {number} */ _, /** @type {number} */ i) => x.shape.slice(i + 1).reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1));
      const shared = names.flatMap((_, i) => (x.shape[i] > 1 && kept.every((k, at) => k === kept[at - (Math.floor(at / steps[i]) % x.shape[i]) * steps[i]]) ? [i] : []));
      const said = shared.map((i) => names[i]).join(" and ");
      if (said) throw new Complaint(`all ${said} lose the same pixels: the mask needs the shape of the whole batch.`, `shared ${said}`);
    }
    const factors = [...y.data.keys()].filter((i) => kept[i]).map((i) => Math.fround(y.data[i] / x.data[i]));
    const size = x.size / x.shape[0];
    return {
      "the share of zeros": 1 - mean(kept),
      "the smallest factor": Math.min(...factors),
      "the largest factor": Math.max(...factors),
      "the likeness of two images' masks": correlation(kept.subarray(0, size), kept.subarray(size, 2 * size)),
      "whether two calls drop the same numbers": repeats(() => again()[0]),
    };
  },

  check_sample_heights([h], [count], again) {
    const n = Number(count);
    const draw = () => shaped(again()[0], [n], "the list of heights");
    shaped(h, [n], "the list of heights");
    if (n < 100) return {};
    if (n === 100) {
      const crowds = Array.from({ length: 60 }, draw);
      const counts = crowds.map((c) => c.data.filter((v) => v < 150).length);
      return { "whether the number of children varies": Number(crowds[0].data.every((v, i) => v === crowds[1].data[i]) || deviation(counts) ** 2 > 6) };
    }
    const small = Array.from(h.data, (v) => v < 150);
    const side = (/** @type {boolean} */ low) => {
      const some = h.data.filter((_, i) => small[i] === low);
      return some.length > 0.02 * n ? some : new Float64Array(2);
    };
    const [low, high] = [side(true), side(false)];
    const half = small.slice(0, Math.floor(n / 2)).map(Number);
    return {
      "the share below 150 cm": mean(small.map(Number)),
      "the standard deviation of those below 150 cm": deviation(low),
      "the standard deviation of the others": deviation(high),
      "the mean of those below 150 cm": mean(low),
      "the mean of the others": mean(high),
      "the share below 150 cm in the first half": mean(half),
      "whether two calls draw the same heights": repeats(draw),
    };
  },

  check_spacing([list], _, again) {
    const kept = Array.from(list.data);
    if (kept.some((t) => !Number.isInteger(t))) throw new Complaint("the timesteps must be whole numbers.");
    const sorted = (/** @type {ArrayLike<number>} */ all) => Array.from(all).sort((a, b) => a - b);
    const ordered = sorted(kept);
    if (!repeats(() => new Tensor(sorted(again()[0].data), [again()[0].size], "float64"))) throw new Complaint("the timesteps are drawn at random: equal strides are wanted.");
    const same = (/** @type {number[]} */ other) => kept.every((t, i) => t === other[i]);
    return {
      "the number of timesteps": kept.length,
      "the last timestep": kept.length ? Math.max(...kept) : -1,
      "the list of timesteps": new Tensor(ordered, [ordered.length], "float64"),
      "whether they are in order": Number(same(ordered) || same(ordered.slice().reverse())),
    };
  },
};
