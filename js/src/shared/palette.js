// The colours and dashes of lines: of signal, noise and guess, of schedules, and of runs. theme.css says which colours they are.
import { svg, UNSPOKEN } from "./dom.js";

export const SIGNAL = "var(--ddw-accent)";
export const NOISE = "var(--ddw-noise)";
export const GUESS = "var(--ddw-guess)";
const SCHEDULES = ["linear", "cosine", "sigmoid"];
const OTHERS = [SIGNAL, GUESS, "var(--ddw-cosine)", "var(--ddw-sigmoid)"];
export const DASHES = [undefined, "7 4", "2 3", "9 3 2 3"];

/** A colour for each name: a schedule's is the same everywhere, other names take those that are left, in order. @param {string[]} names */
export function colorsOf(names) {
  const known = names.map((name) => (SCHEDULES.includes(name) ? `var(--ddw-${name})` : ""));
  const left = OTHERS.filter((color) => !known.includes(color));
  let next = 0;
  return known.map((color) => color || left[next++ % left.length]);
}

/** A short piece of a line, for a legend. @param {string} color @param {string} [dash] @param {number} [y] its height @param {string} [name] a class */
export const swatch = (color, dash, y = 2, name) =>
  svg("svg", { ...UNSPOKEN, class: name }, svg("line", { x2: 24, y1: y, y2: y, style: `stroke: ${color}`, "stroke-dasharray": dash }));
