// Holds an answer against what the check found in Python: its calls, the right results, and those of each usual mistake.

import { Complaint, wrongShape } from "./complaint.js";
import { MEASURES } from "./measures.js";
import { show } from "./objects.js";
import { run } from "./run.js";
import { Tensor, kind, tensor, written } from "./tensor.js";
import { Fault } from "./tokens.js";
import { ELSEWHERE, OTHERWISE, drawing } from "./torch.js";

/** @typedef {{ shape: number[], values: Float32Array | number[], picks?: number[] }} Result of one name: all values, or those at `picks` */
/** @typedef {{ complaint?: string, names?: string[], results?: Result[] }} Outcome of one call */
/**
 * @typedef {object} Exercise as exercises.py writes it
 * @property {string} check its name, by which MEASURES knows it @property {string} name of the function @property {string[]} takes @property {string[]} gives @property {number} tolerance @property {string} praise
 * @property {Record<string, number>} chance the standard errors of values that depend on the draw
 * @property {ArrayLike<number>[]} [draws] the normal numbers that PyTorch draws first in each call, where a hint depends on them
 * @property {any[][]} calls @property {Outcome[]} right @property {{ hint: string, chance: boolean, outcomes: Outcome[] }[]} mistakes
 */

/** What there is to say of an answer. Never raises an error. @param {string} code @param {Exercise} exercise @returns {{ right: boolean, text: string }} */
export function grade(code, exercise) {
  try {
    return graded(code, exercise);
  } catch (e) {
    return { right: false, text: e instanceof Fault ? said(e, code) : `this page cannot run these lines: ${OTHERWISE}` };
  }
}

/** @param {string} code @param {Exercise} exercise */
function graded(code, exercise) {
  const names = run(code);
  const answer = names.get(exercise.name) ?? [...names.values()].filter((v) => typeof v === "function" && v.names).at(-1);
  if (typeof answer !== "function") return { right: false, text: `there is no function ${exercise.name}: write one that begins with \`def ${exercise.name}(${exercise.takes.join(", ")}):\`.` };
  const many = exercise.takes.length;
  if (answer.needed > many || answer.many < many) return { right: false, text: `it is called as ${exercise.name}(${exercise.takes.join(", ")}), and yours takes (${answer.names.join(", ")}).` };

  const all = () => {
    /** @type {(Tensor[] | Complaint)[]} */
    const found = [];
    exercise.calls.forEach((args, i) => {
      const last = found.at(-1);
      drawing.next = Array.from(exercise.draws?.[i] ?? []);
      found.push(last instanceof Complaint ? last : tried(answer, args, exercise, code));
    });
    drawing.next = [];
    return found;
  };
  const yours = all();
  const agrees = (/** @type {Outcome[]} */ outcomes, errors = 16) => outcomes.every((outcome, i) => same(yours[i], outcome, exercise, errors));
  if (agrees(exercise.right, 8)) return { right: true, text: exercise.praise };
  const row = exercise.mistakes.find(({ outcomes }) => agrees(outcomes)) ?? (changes(yours, all()) ? exercise.mistakes.find(({ chance }) => chance) : undefined);
  return { right: false, text: row ? row.hint : described(yours, exercise, answer) };
}

/** Does an answer give something else each time? @param {(Tensor[] | Complaint)[]} once @param {(Tensor[] | Complaint)[]} again */
const changes = (once, again) => once.some((a, i) => !(a instanceof Complaint) && a.some((x, k) => x.data.some((v, at) => v !== /** @type {any} */ (again[i])[k]?.data[at])));

/** @param {Fault} fault @param {string} code @returns {string} */
function said(fault, code) {
  const line = code.split("\n")[(fault.line ?? 0) - 1]?.trim();
  if (fault.kind === "SyntaxError") return `line ${fault.line} cannot be read: ${fault.message}.`;
  if (fault.kind === ELSEWHERE) return fault.message;
  const what = `${fault.kind}: ${fault.message}`.replace(/[: .]+$/, "");
  return `it stops${line ? ` at \`${line}\`` : ""} with ${what}${what.endsWith("?") ? "" : "."}`;
}

const copied = (/** @type {any} */ a) => (a instanceof Tensor ? new Tensor(a.data.slice(), a.shape, a.dtype) : a);

/** @param {any} answer @param {any[]} args @param {Exercise} exercise @param {string} code */
function tried(answer, args, exercise, code) {
  const copies = args.map(copied);
  try {
    const draw = (/** @type {any[]} */ given = args.map(copied)) => results(answer(given, {}), args, given, exercise, answer);
    const found = draw(copies);
    const measured = MEASURES[exercise.check]?.(found, args, draw);
    return measured ? Object.values(measured).map((v) => (v instanceof Tensor ? v : new Tensor([v], [], "float64"))) : found;
  } catch (e) {
    if (e instanceof Fault) return new Complaint(said(e, code), e.kind);
    if (e instanceof Complaint) return e;
    throw e;
  }
}

/** What an answer returned, by name. @param {any} result @param {any[]} args @param {any[]} copies @param {Exercise} exercise @param {any} answer */
function results(result, args, copies, exercise, answer) {
  args.forEach((a, i) => {
    if (a instanceof Tensor && a.data.some((v, k) => !Object.is(v, copies[i].data[k]))) {
      const name = (answer.names?.length === args.length ? answer.names : exercise.takes)[i];
      throw new Complaint(`it writes into ${name}, which its caller still needs: make a new tensor.`, `it writes into argument ${i}`);
    }
  });
  const { gives } = exercise;
  if (result === null) throw new Complaint("it returns nothing: does it end with `return`?");
  if (gives.length > 1 && !(Array.isArray(result) && result.length === gives.length)) {
    const found = Array.isArray(result) ? `${result.length} things` : "one thing";
    throw new Complaint(`it returns ${found}, and should return ${gives.length}: ${gives.join(", ")}.`);
  }
  return (gives.length > 1 ? result : [result]).map((/** @type {any} */ value, /** @type {number} */ i) => {
    /** @type {Tensor} */
    let x;
    try {
      x = tensor(value);
    } catch (e) {
      throw new Complaint(`${gives[i]} is of type ${kind(value)}, and should be a tensor.`);
    }
    if (x.data.some(Number.isNaN)) throw new Complaint(`${gives[i]} holds NaN: look for the root of a negative number, or for 0/0.`);
    return x;
  });
}

/** @param {Tensor[] | Complaint} yours @param {Outcome} known @param {Exercise} exercise @param {number} [errors] standard errors, where chance plays a part */
function same(yours, known, exercise, errors = 8) {
  if (yours instanceof Complaint || known.complaint !== undefined) return yours instanceof Complaint && yours.key === known.complaint;
  return (known.results ?? []).every((result, i) => yours[i] && close(yours[i], result, exercise.tolerance, errors * (exercise.chance[known.names?.[i] ?? ""] ?? 0)));
}

/** @param {Tensor} x @param {Result} known @param {number} tolerance @param {number} [chance] what it may be off by; 0: no chance plays a part */
function close(x, { shape, values, picks }, tolerance, chance = 0) {
  if (written(x.shape) !== written(shape)) return false;
  for (let i = 0; i < values.length; i++) {
    const [a, b] = [Math.fround(x.data[picks ? picks[i] : i]), values[i]];
    if (!(a === b || Math.abs(a - b) <= (chance || tolerance * Math.max(1, Math.abs(b))))) return false;
  }
  return true;
}

/** How an answer that fits no row differs from the right one, and at which call. @param {(Tensor[] | Complaint)[]} yours @param {Exercise} exercise @param {any} answer */
function described(yours, exercise, answer) {
  const good = yours.map((found, i) => same(found, exercise.right[i], exercise));
  const bad = good.indexOf(false);
  const numbers = (/** @type {any[]} */ args) => {
    const names = answer.names?.length === args.length ? answer.names : exercise.takes;
    return args.flatMap((a, i) => (["number", "bigint", "boolean"].includes(typeof a) ? [`${names[i]}=${show(a)}`] : [])).join(", ");
  };
  const [here, there] = [numbers(exercise.calls[bad]), good.includes(true) ? numbers(exercise.calls[good.indexOf(true)]) : ""];
  return difference(yours[bad], exercise.right[bad], exercise) + (here ? ` That is for ${here}${there ? `; for ${there} it is right.` : "."}` : "");
}

/** @param {Tensor[] | Complaint} yours @param {Outcome} right @param {Exercise} exercise */
function difference(yours, right, { gives, tolerance, chance }) {
  if (yours instanceof Complaint) return yours.message;
  const known = right.results ?? [];
  const names = right.names ?? gives;
  const i = known.findIndex((result, k) => !close(yours[k], result, tolerance, 8 * (chance[names[k]] ?? 0)));
  const [a, { shape, values: b }, name] = [yours[i], known[i], names[i]];
  if (written(a.shape) !== written(shape)) return wrongShape(name, a.shape, shape);
  if (b.length === 1) return `${name} is ${brief(a.data[0], 4)}, and should be ${brief(b[0], 4)}.`;
  const all = [...a.data.keys()];
  const ratio = all.reduce((sum, k) => sum + a.data[k] * b[k], 0) / all.reduce((sum, k) => sum + b[k] * b[k], 0);
  const near = (/** @type {(v: number) => number} */ f) => close(a, { shape, values: Array.from(b, f) }, tolerance);
  if (Math.abs(ratio) > 1e-9 && near((v) => ratio * v)) return `${name} is ${brief(ratio, 4)} times what it should be.`;
  const more = all.reduce((sum, k) => sum + a.data[k] - b[k], 0) / all.length;
  if (near((v) => v + more)) return `${name} is ${brief(Math.abs(more), 4)} too ${more > 0 ? "large" : "small"} everywhere.`;
  return `${name} is off by up to ${brief(Math.max(...all.map((k) => Math.abs(a.data[k] - b[k]))), 2)}.`;
}

/** As Python's format has it with .4g. @param {number} x @param {number} digits */
export function brief(x, digits) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e").map(Number);
  if (exponent >= -4 && exponent < digits) return String(Number(x.toPrecision(digits)));
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
