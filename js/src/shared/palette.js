// The colours and dashes of lines that stand for schedules or runs, up to four of them apart.
import { svg, UNSPOKEN } from "./dom.js";

export const SIGNAL = "var(--ddw-accent)";
export const NOISE = "var(--ddw-noise)";
export const GUESS = "var(--ddw-c2)";
export const COLORS = ["var(--ddw-accent)", "var(--ddw-c2)", "var(--ddw-c3)", "var(--ddw-c4)"];
export const DASHES = [undefined, "7 4", "2 3", "9 3 2 3"];

/** A short piece of a line, for a legend. @param {string} color @param {string} [dash] @param {number} [y] its height @param {string} [name] a class */
export const swatch = (color, dash, y = 2, name) =>
  svg("svg", { ...UNSPOKEN, class: name }, svg("line", { x2: 24, y1: y, y2: y, style: `stroke: ${color}`, "stroke-dasharray": dash }));
