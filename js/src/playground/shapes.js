// Data by name: ddpm_widgets.plane.plane_points, with the page's random numbers in place of numpy's.
import { clamp } from "../shared/format.js";
import { floor, sqrt } from "../shared/math.js";
import { normal, streamAt, uniformAt } from "../shared/random.js";

const { PI, cos, sin } = Math;

/** A shape: where it has a point for numbers u, v and w between 0 and 1, and how far points lie around it. @typedef {{ name: string, spread: number, place: (u: number, v: number, w: number) => [number, number] }} Shape */

/** The strokes of an X and a T, from where to where. */
const STROKES = [[-0.8, -0.6, -0.1, 0.6], [-0.8, 0.6, -0.1, -0.6], [0.1, 0.6, 0.8, 0.6], [0.45, 0.6, 0.45, -0.6]]; // prettier-ignore
const lengths = STROKES.map(([a, b, c, d]) => Math.hypot(c - a, d - b));

/** @type {Record<string, Shape>} */
export const SHAPES = {
  moons: {
    name: "two moons",
    spread: 0.04,
    place(u, v) {
      const side = v < 0.5 ? -0.6 : 0.6;
      return [side * (cos(PI * u) - 0.5), side * (sin(PI * u) - 0.25)];
    },
  },
  spiral: {
    name: "a spiral",
    spread: 0.02,
    place(u) {
      const r = sqrt(u);
      return [0.9 * r * cos(3 * PI * r), 0.9 * r * sin(3 * PI * r)];
    },
  },
  rings: {
    name: "two rings",
    spread: 0.03,
    place(u, v) {
      const r = v < 0.5 ? 0.35 : 0.8;
      return [r * cos(2 * PI * u), r * sin(2 * PI * u)];
    },
  },
  checkerboard: {
    name: "a checkerboard",
    spread: 0,
    place: (u, v, w) => [0.95 * (2 * u - 1), 0.95 * ((2 * floor(2 * v) + (floor(4 * u) % 2) + w) / 2 - 1)],
  },
  letters: {
    name: "letters",
    spread: 0.02,
    place(u, v) {
      let way = v * lengths.reduce((sum, length) => sum + length);
      const [a, b, c, d] = STROKES[lengths.findIndex((length) => (way -= length) < 0)];
      return [a + u * (c - a), b + u * (d - b)];
    },
  },
  gaussians: {
    name: "eight Gaussians",
    spread: 0.06,
    place: (u) => [0.75 * cos((floor(8 * u) * PI) / 4), 0.75 * sin((floor(8 * u) * PI) / 4)],
  },
};

/** @param {string} name @param {number} n @param {number} seed @returns {Float32Array} (n, 2), inside [-1, 1]² */
export function shape(name, n, seed) {
  const { spread, place } = SHAPES[name];
  const eps = normal(seed, 2 * n);
  const out = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [u, v, w] = [1, 2, 3].map((k) => uniformAt(streamAt(seed, k), i));
    place(u, v, w).forEach((value, c) => (out[2 * i + c] = clamp(value + spread * eps[2 * i + c], -1, 1)));
  }
  return out;
}
