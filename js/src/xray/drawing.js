// The U itself: a column of feature maps for each block, bridges for the skips, and below it how much each block changes with t.
import { attr, div, h, put as putChildren, span, svg, UNSPOKEN } from "../shared/dom.js";
import { clamp } from "../shared/format.js";
import { put, signed } from "../shared/signed.js";
import { on, rove } from "../shared/view.js";
import { columnHeight, HEAD, layoutOf, SHOWN } from "./layout.js";
import { scaleOf } from "./paint.js";
import { KINDS } from "./read.js";

/** @typedef {import("./look.js").Looked} Looked */
/** @typedef {import("./look.js").Change} Change */
/** @typedef {import("./layout.js").Place} Place */
/** @typedef {import("./layout.js").Bridge} Bridge */

const [STRIP, BAR] = [44, 9]; // how high the strips are, how wide a bar is at most
const TITLES = [
  "Time bias: how much it changes with t, relative to what it is added to. Pale: the part that the next group norm removes",
  "Answer: how much it changes when the same picture comes with another t",
];

/** How wide a band is, for a strength. @param {number} strength */
export const bandWidth = (strength) => clamp(7 * Math.sqrt(strength), 1.5, 12);

/** The way of a skip. @param {Bridge} bridge */
function way({ from, to, high }) {
  const [x1, x2, y1, y2, top] = [from.x + from.side / 2, to.x + to.side / 2, from.y - HEAD, to.y - HEAD, from.y - high];
  const r = Math.min(14, (x2 - x1) / 3, y1 - top + 6);
  return `M${x1} ${y1 - 1}Q${x1} ${top} ${x1 + r} ${top}H${x2 - r}Q${x2} ${top} ${x2} ${y2 - 1}`;
}

/** @param {(block: string) => void} choose @param {AbortSignal} signal */
export function drawing(choose, signal) {
  const back = svg("svg", { class: "flow", ...UNSPOKEN });
  const [columns, names] = [div("columns"), div("names")];
  const u = div("u", back, names, columns);
  const strips = TITLES.map((title) => ({ title: div("title ddw-small ddw-muted", title), most: span("", ""), chart: svg("svg", { class: "strip", role: "img", "aria-label": title }) }));
  for (const { title, most } of strips) title.append(most);
  const corner = div("corner left");
  const legend = div("corner right ddw-small",
    div("", h("i", { class: "below" }), "below zero ", h("i", { class: "above" }), "above zero"),
    div("", h("i", { class: "band" }), "a skip: its strength relative to what comes from below (×), and how much ε̂ changes without it (%)"),
    div("", "Click a block to see all its channels.")); // prettier-ignore
  u.append(corner, legend);
  const el = div("scroll", div("sheet", u, ...strips.map(({ title, chart }) => div("", title, chart))));
  const stop = rove(columns, signal);
  /** @type {import("./layout.js").Layout} */
  let layout = { places: [], bridges: [], width: 0, height: 0 };
  /** @type {{ place: Place, button: HTMLButtonElement, canvases: HTMLCanvasElement[] }[]} */
  let cells = [];
  /** @type {{ bridge: Bridge, path: SVGPathElement, name: HTMLElement }[]} */
  let bands = [];
  on(columns, "click", (e) => {
    const own = /** @type {HTMLElement} */ (e.target).closest("button");
    if (own) choose(own.getAttribute("aria-pressed") === "true" ? "" : String(own.dataset.block));
  }, signal); // prettier-ignore

  /** @param {Place} place @param {number} i */
  function column(place, i) {
    const { name, kind, c, h: high, w, side, x, y } = place;
    const crowded = 7.6 * `${high}×${w}`.length > side + 8 && layout.places[i - 1]?.row === place.row; // then the first of its row says it
    const canvases = Array.from({ length: SHOWN }, () => h("canvas", { style: `width:${side}px;height:${side}px`, ...UNSPOKEN }));
    const button = h("button", { type: "button", class: "block", "data-block": name, style: `left:${x}px;top:${y - HEAD}px;width:${side}px`, title: `${name}, ${KINDS[kind]}: ${c} channels of ${high}×${w}` },
      span("kind", kind), ...canvases, span("c", String(c)), span("size", crowded ? "" : `${high}×${w}`)); // prettier-ignore
    return { place, button, canvases };
  }

  /** Put the boxes into the empty corners: as low, and so as wide, as they fit without making the drawing higher. @param {number} least how wide */
  function corners(least) {
    const { places, width, height } = layout;
    const rows = Array.from({ length: Math.max(...places.map(({ row }) => row)) }, (_, i) => i + 1);
    const own = (/** @type {number} */ row) => places.filter((place) => place.row === row);
    const left = (/** @type {number} */ row) => Math.min(...own(row).map(({ x }) => x)) - 14;
    const right = (/** @type {number} */ row) => width - Math.max(...own(row).map(({ x, side }) => x + side)) - 14;
    for (const [box, room] of /** @type {[HTMLElement, (row: number) => number][]} */ ([[corner, left], [legend, right]])) {
      /** @param {number} row */
      const put = (row) => {
        const above = places.filter((place) => place.row < row && (box === corner ? place.x < room(row) : place.x + place.side > width - room(row)));
        const top = Math.max(...above.map(({ y, side }) => y + columnHeight(side) + 34));
        box.style.cssText = `width:${Math.min(room(row), 300)}px;top:${top}px`;
        return top + box.offsetHeight;
      }; // prettier-ignore
      const wide = rows.filter((row) => room(row) >= least);
      const row = [...wide].reverse().find((i) => put(i) <= height) ?? wide[0] ?? rows[rows.length - 1];
      u.style.height = `${Math.max(parseFloat(u.style.height), put(row))}px`;
    }
  }

  return {
    el, corner,
    /** @param {import("./read.js").Named[]} blocks @param {number} room CSS pixels */
    layout(blocks, room) {
      layout = layoutOf(blocks, room);
      const { places, bridges, width, height } = layout;
      Object.assign(u.style, { width: `${width}px`, height: `${height}px` });
      const line = places.map((p, i) => {
        const [x, y] = [p.x + p.side / 2, p.y + columnHeight(p.side) / 2];
        return i ? `L${x} ${y}` : `M${x} ${y}`;
      }).join(""); // prettier-ignore
      bands = bridges.map((bridge) => ({ bridge, path: svg("path", { class: "bridge", d: way(bridge) }), name: span("skipped", "") }));
      for (const { bridge: { from, to, high }, name } of bands) name.style.cssText = `left:${(from.x + from.side / 2 + to.x + to.side / 2) / 2}px;top:${from.y - high}px`;
      putChildren(back, [svg("path", { class: "way", d: line }), ...bands.map(({ path }) => path)]);
      Object.assign(back.style, { width: `${width}px`, height: `${height}px` });
      putChildren(names, bands.map(({ name }) => name));
      cells = places.map(column);
      putChildren(columns, cells.map(({ button }) => button));
      stop();
      corners(130);
      for (const { chart } of strips) {
        attr(chart, "viewBox", `0 0 ${width} ${STRIP}`);
        Object.assign(chart.style, { width: `${width}px`, height: `${STRIP}px` });
      }
    },
    /** @param {Looked} looked @param {Record<string, number[]>} shown channels of each block */
    show({ blocks, skips }, shown) {
      for (const { place, canvases } of cells) {
        const block = blocks.find(({ name }) => name === place.name);
        if (block) canvases.forEach((canvas, i) => {
          const channel = shown[place.name][i];
          canvas.hidden = channel === undefined;
          if (channel !== undefined) put(canvas, block.w, block.h, (out) => signed(block.values, channel * block.w * block.h, block.w, block.h, scaleOf(block), out));
        }); // prettier-ignore
      }
      for (const { bridge, path } of bands) {
        const skip = skips.find(({ to }) => to === bridge.to.name);
        if (skip) path.style.strokeWidth = `${bandWidth(skip.strength)}px`;
      }
    },
    /** What is written on the bridges. @param {Looked} looked @param {Record<string, number>} losses how much ε̂ changes without a skip, by the block that takes it */
    say({ skips }, losses) {
      for (const { bridge, name } of bands) {
        const skip = skips.find(({ to }) => to === bridge.to.name);
        const loss = losses[bridge.to.name];
        name.textContent = skip ? `×${skip.strength.toFixed(2)}${loss === undefined ? "" : ` · ${Math.round(100 * loss)} %`}` : "";
        name.title = skip ? `${skip.skip} to ${skip.to}: rms ${skip.strength.toFixed(2)} of what comes from ${skip.below}${loss === undefined ? "" : `; without it, ε̂ changes by ${Math.round(100 * loss)} %`}` : "";
      }
    },
    /** Which blocks change with t. @param {Record<string, Change>} changes */
    bars(changes) {
      const all = layout.places.map((place) => ({ place, change: changes[place.name] })).filter(({ change }) => change);
      if (!all.length) return;
      /** @type {((change: Change) => [number, number] | undefined)[]} what stays of a bar, and what is removed */
      const parts = [({ bias, removed = 0 }) => (bias === undefined ? undefined : [bias * (1 - removed), bias * removed]), ({ output }) => [output, 0]];
      strips.forEach(({ most: said, chart }, i) => {
        const bars = all.flatMap(({ place, change }) => {
          const own = parts[i](change);
          return own ? [{ place, own }] : [];
        }); // prettier-ignore
        const most = Math.max(0.01, ...bars.map(({ own: [stays, gone] }) => stays + gone));
        said.textContent = ` (longest bar: ${Math.round(100 * most)} %)`;
        putChildren(chart, bars.flatMap(({ place, own: [stays, gone] }) => {
          const wide = Math.min(BAR, place.side / 2);
          const x = place.x + (place.side - wide) / 2;
          const [high, pale] = [(STRIP * stays) / most, (STRIP * gone) / most];
          return [svg("rect", { class: "gone", x, width: wide, y: STRIP - high - pale, height: pale }), svg("rect", { class: "stays", x, width: wide, y: STRIP - high, height: high })];
        })); // prettier-ignore
        attr(chart, "aria-label", bars.map(({ place, own: [stays, gone] }) => `${place.name}: ${Math.round(100 * (stays + gone))} %${gone ? `, ${Math.round((100 * gone) / (stays + gone))} % of that removed` : ""}`).join("; "));
      });
    },
    /** Which block is open. @param {string} block */
    mark(block) {
      for (const { place, button } of cells) attr(button, "aria-pressed", place.name === block);
      stop(cells.find(({ place }) => place.name === block)?.button);
    },
  }; // prettier-ignore
}
