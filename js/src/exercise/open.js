// An exercise as exercises.py writes it, made ready for grade.js.

import { decoded } from "../shared/bytes.js";
import { Tensor, called } from "./tensor.js";

/** @param {string} data base64 @param {Float32ArrayConstructor | Float64ArrayConstructor} [Kind] */
const floats = (data, Kind = Float32Array) => new Kind(decoded(data).buffer);

/** A Python value of its JSON. @param {any} value @returns {any} */
function argument(value) {
  if (value === null || typeof value !== "object") return value;
  if ("int" in value) return BigInt(value.int);
  if ("fields" in value) return called("Schedule", Object.fromEntries(Object.entries(value.fields).map(([name, of]) => [name, argument(of)])));
  return new Tensor(floats(value.data, value.dtype === "float64" ? Float64Array : Float32Array), value.shape, value.dtype);
}

/** @param {any} saved @returns {import("./grade.js").Exercise} */
export function opened(saved) {
  const outcome = (/** @type {any} */ found) => ({ ...found, results: found.results?.map((/** @type {any} */ r) => ({ ...r, values: /** @type {Float32Array} */ (floats(r.data)) })) });
  return {
    ...saved,
    draws: saved.draws?.map((/** @type {string} */ d) => floats(d)),
    calls: saved.calls.map((/** @type {any[]} */ args) => args.map(argument)),
    right: saved.right.map(outcome),
    mistakes: saved.mistakes.map((/** @type {any} */ row) => ({ ...row, outcomes: row.outcomes.map(outcome) })),
  };
}
