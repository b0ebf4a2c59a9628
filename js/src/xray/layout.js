// Where the blocks of a U stand: one column each, from left to right as they are computed; the lower, the fewer pixels.
import { clamp } from "../shared/format.js";
import { blockKind } from "./read.js";

/** @typedef {import("./read.js").Named} Named */
/** @typedef {{ name: string, kind: import("./read.js").BlockKind, c: number, h: number, w: number, row: number, side: number, x: number, y: number }} Place `x`, `y`: the corner of its first picture, `side`: how wide pictures are */
/** A skip from block `from` to block `to`, as a bridge `high` above the pictures; the innermost of its row is `order` 0. @typedef {{ from: Place, to: Place, order: number, high: number }} Bridge */
/** @typedef {{ places: Place[], bridges: Bridge[], width: number, height: number }} Layout */

export const SHOWN = 3; // channels of each block
export const [HEAD, FOOT] = [16, 30]; // the words above and below the pictures
const [SIDES, GAP, BRIDGE] = [[48, 36, 28], 2, 20];

/** How high a column is. @param {number} side */
export const columnHeight = (side) => SHOWN * (side + GAP) - GAP;

/** The pairs that skips join, outermost last: what the way down keeps is taken from the top of a stack. @param {Place[]} places */
function pairs(places) {
  const kept = [places[0]];
  places.forEach((place, i) => {
    if (!place.name.startsWith("down")) return;
    if (place.kind === "attn") kept.pop(); // the attention after a residual block is kept in its place
    kept.push(places[i]);
  });
  return places.filter(({ name, kind }) => name.startsWith("up") && kind === "res").map((to) => ({ from: /** @type {Place} */ (kept.pop()), to }));
}

/** @param {Named[]} blocks @param {number} room CSS pixels @returns {Layout} */
export function layoutOf(blocks, room) {
  const heights = [...new Set(blocks.map(([, , h]) => h))].sort((a, b) => b - a);
  const rows = blocks.map(([name, , h]) => (name.startsWith("mid") ? heights.length : heights.indexOf(h)));
  const base = (/** @type {number} */ row) => SIDES[Math.min(row, SIDES.length - 1)];
  const least = 8;
  const scale = clamp((room - least * (blocks.length - 1)) / rows.reduce((sum, row) => sum + base(row), 0), 0.8, 1.4);
  const sides = blocks.map(([, , , w], i) => {
    const side = scale * base(rows[i]);
    const whole = Math.floor(side / w) * w;
    return whole < 0.8 * side ? side : whole; // whole screen pixels, where the picture does not become much smaller by it
  });
  const sum = sides.reduce((a, b) => a + b, 0);
  const gap = clamp((room - sum) / (blocks.length - 1), least, 20);
  let x = 0;
  const places = blocks.map(([name, c, h, w], i) => {
    const place = { name, kind: blockKind(name), c, h, w, row: rows[i], side: sides[i], x, y: 0 };
    x += sides[i] + gap;
    return place;
  });
  const bridges = pairs(places).map(({ from, to }) => ({ from, to, order: 0, high: 0 }));
  bridges.forEach((bridge, i) => {
    bridge.order = bridges.slice(0, i).filter((other) => other.from.row === bridge.from.row).length;
    bridge.high = HEAD + 6 + BRIDGE * bridge.order;
  });
  let y = 0;
  for (let row = 0; row <= heights.length; row++) {
    const own = places.filter((place) => place.row === row);
    const above = bridges.filter(({ from }) => from.row === row).length;
    y += HEAD + (above ? 10 + BRIDGE * (above - 1) + 8 : 6);
    for (const place of own) place.y = y;
    const high = columnHeight(Math.max(...own.map(({ side }) => side)));
    y += row === heights.length ? high + FOOT : 0.62 * (high + FOOT); // the next row stands inside this one
  }
  return { places, bridges, width: x - gap, height: Math.max(y, ...places.map((place) => place.y + columnHeight(place.side) + FOOT)) };
}
