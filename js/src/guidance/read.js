// What a GuidanceLab's traits say, and the arithmetic of what it shows.

/** @typedef {import("../shared/pictures.js").Kind} Kind */
/** @typedef {Required<import("../net/serve.js").Taken>} Taken a step with both guesses */
/**
 * @typedef {object} OwnTraits
 * @property {number} guidance w @property {number} seed of the noise @property {number} steps of the sampler @property {number} step the one looked at, 0 being the noisiest
 * @property {DataView} image float32, what was drawn @property {DataView} stills uint8, one picture after the other
 */
/** @typedef {OwnTraits & import("../net/weights.js").NetworkTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */

export const [LEAST, MOST, STRIDE] = [-1, 8, 0.25]; // of w
export const OTHERS = [-1, 0, 1, 2, 4, 8]; // weights at which the same noise is drawn, too
export const MOST_STEPS = 50;

/** A number as it is said: with a real minus sign, no zeros at its end. @param {number} x */
export const said = (x) => String(+x.toFixed(2)).replace("-", "−");

/** c - ∅. @param {Taken} step */
export const difference = ({ conditional, plain }) => conditional.x0.map((value, j) => value - plain.x0[j]);

/** Values (c, h, w) as one number for each pixel, the mean of the channels. @param {Float32Array} values @param {Kind} kind */
export function flat(values, { c, h, w }) {
  const area = h * w;
  return Float32Array.from({ length: area }, (_, p) => {
    let sum = 0;
    for (let band = 0; band < c; band++) sum += values[band * area + p];
    return sum / c;
  });
}

/** One scale for the differences of all steps, at least as large as 99 in 100 of the values of each, and round. @param {Float32Array[]} all */
export function scaleOf(all) {
  const most = Math.max(1e-3, ...all.map((values) => values.map(Math.abs).sort()[Math.round(0.99 * (values.length - 1))]));
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 3, 4, 5, 6, 8].find((m) => m * power >= most * 0.999) ?? 10);
}

/** The share of the pixels that are darker than black or lighter than white by more than a grey level. @param {Float32Array} values (c, h, w) @param {Kind} kind */
export function beyond(values, { c, h, w, lo, hi }) {
  const [area, level] = [h * w, (hi - lo) / 255];
  let count = 0;
  for (let p = 0; p < area; p++) {
    let out = false;
    for (let band = 0; band < c; band++) out ||= values[band * area + p] < lo - level || values[band * area + p] > hi + level;
    if (out) count++;
  }
  return count / area;
}

/** What Python drew: the picture at w, then those at the other weights. @param {Model} model @param {Kind} kind @returns {Float32Array[]} */
export function stills(model, { size, lo, hi }) {
  const all = model.get("stills");
  return Array.from({ length: all.byteLength / size }, (_, i) => Float32Array.from({ length: size }, (_, j) => lo + (all.getUint8(i * size + j) / 255) * (hi - lo)));
}
