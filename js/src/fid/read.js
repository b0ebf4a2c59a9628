// What a FIDLab's traits say.
import { u8 } from "../shared/bytes.js";
import { clamp } from "../shared/format.js";
import { max } from "../shared/math.js";

/**
 * @typedef {object} OwnTraits
 * @property {string[]} faults their names @property {string[][]} strengths for each fault, the names of its strengths, the first unharmed
 * @property {number[]} counts of images @property {number[][][][]} fid (faults, strengths, counts, 2): mean and standard deviation
 * @property {number[][][][]} kid the same, in thousandths
 * @property {number[][]} heaps for each fault and strength, which heap it is
 * @property {DataView} points uint8 (heaps, most, 2) where its images lie, 0…255 @property {DataView} real uint8 (n, 2), the same of the reference
 * @property {DataView} images grey levels (heaps, n, h, w, c) @property {number[]} shape n, h, w, c
 * @property {number} fault @property {number} strength @property {number} count
 */
/** @typedef {OwnTraits & import("../shared/afm").CommonTraits} Traits */
/** @typedef {import("../shared/afm").Model<Traits>} Model */
/** @typedef {import("../shared/afm").Sync<Traits>} Sync */
/** @typedef {ReturnType<typeof read>} Seen */

/** @param {Model} model */
export function read(model) {
  const [n = 0, h = 0, w = 0, c = 1] = model.get("shape");
  const heaps = model.get("heaps");
  const points = u8(model.get("points"));
  const counts = model.get("counts");
  return {
    faults: model.get("faults"), strengths: model.get("strengths"), counts, heaps,
    measures: [{ name: "FID", values: model.get("fid") }, { name: "KID, thousandths", values: model.get("kid") }],
    points, real: u8(model.get("real")), images: u8(model.get("images")), n, h, w, c,
    each: points.length / (1 + max(0, ...heaps.flat())), // bytes for the points of a heap
  }; // prettier-ignore
}

/** What is chosen. @param {Model} model @param {Seen} seen */
export function chosen(model, { faults, strengths, counts }) {
  const fault = clamp(model.get("fault"), 0, faults.length - 1);
  return { fault, strength: clamp(model.get("strength"), 0, strengths[fault].length - 1), count: clamp(model.get("count"), 0, counts.length - 1) };
}

/** By how many standard deviations a figure lies above that of the unharmed heap. @param {number[]} figure mean and standard deviation @param {number[]} unharmed */
export const above = ([mean], [base, spread]) => (mean - base) / max(1e-9, spread);
