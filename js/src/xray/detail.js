// A block, opened: all its channels, and of a residual block what t adds to each of them.
import { attr, div, h, put as putChildren, span, svg, UNDRAWN } from "../shared/dom.js";
import { sig3 } from "../shared/format.js";
import { CLOSE, LEFT, RIGHT, round } from "../shared/icons.js";
import { put, signed } from "../shared/signed.js";
import { on } from "../shared/view.js";
import { scaleOf } from "./paint.js";
import { blockKind, KINDS } from "./read.js";

/** @typedef {import("./look.js").Looked} Looked */

const [BIAS, SIDE] = [72, 44]; // how high the bars of the time bias are, how wide a channel is at most

/** @param {(step: number) => void} go to the next block (1), the one before (-1), or close (0) @param {AbortSignal} signal */
export function detail(go, signal) {
  const [previous, next, close] = [round("Previous block", LEFT), round("Next block", RIGHT), round("Close", CLOSE)];
  [previous, next, close].forEach((b, i) => on(b, "click", () => go([-1, 1, 0][i]), signal));
  const title = h("h3", { "aria-live": "polite" });
  const facts = span("ddw-small ddw-muted", "");
  const canvas = h("canvas", UNDRAWN);
  const chart = svg("svg", { ...UNDRAWN, class: "bias", preserveAspectRatio: "none" });
  const note = div("ddw-small ddw-muted", "");
  const bias = div("biases", chart, note);
  const el = h("div", { class: "detail", role: "group", "aria-label": "All channels of a block", hidden: true }, h("header", {}, previous, title, next, close), facts, canvas, bias);

  /** What t adds, channel by channel, and the mean of each group. @param {Float32Array} values @param {number} groups @param {number} [removed] */
  function biases(values, groups, removed) {
    const [n, each] = [values.length, values.length / groups];
    const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6);
    const y = (/** @type {number} */ value) => BIAS / 2 - (value / most) * (BIAS / 2 - 2);
    const mean = (/** @type {number} */ g) => values.subarray(g * each, (g + 1) * each).reduce((a, b) => a + b) / each;
    attr(chart, "viewBox", `0 0 ${n} ${BIAS}`);
    putChildren(chart, [
      ...Array.from({ length: groups }, (_, g) => svg("rect", { class: "group", x: g * each, width: each, y: 0, height: g % 2 ? 0 : BIAS })),
      ...Array.from(values, (value, i) => svg("rect", { class: "bar", x: i + 0.15, width: 0.7, y: Math.min(y(0), y(value)), height: Math.abs(y(value) - y(0)) })),
      ...Array.from({ length: groups }, (_, g) => svg("line", { class: "mean", x1: g * each, x2: (g + 1) * each, y1: y(mean(g)), y2: y(mean(g)) })),
    ]);
    attr(chart, "aria-label", `the time bias of ${n} channels in ${groups} groups`);
    const share = removed === undefined ? "" : ` (${(100 * removed).toFixed(removed < 0.1 ? 1 : 0)} % of the squared change with t)`;
    note.textContent = `Time bias: what t adds to each channel; the longest bar is ${sig3(most)}. The group norm that follows has ${groups} groups of ${each} ${each > 1 ? "channels" : "channel"} and removes the mean of each (lines)${share}.`;
  }

  return {
    el,
    /** @param {string} name @param {Looked | undefined} looked @param {number} groups @param {import("./look.js").Change | undefined} change @param {number} room CSS pixels */
    show(name, looked, groups, change, room) {
      const block = looked?.blocks.find((own) => own.name === name);
      el.hidden = !block;
      if (!block || !looked) return;
      const { c, h: high, w } = block;
      const whole = Math.max(1, Math.floor(Math.min(SIDE, Math.max(24, w)) / w));
      const side = whole * w;
      const across = Math.max(1, Math.min(c, Math.floor((room - 26) / (side + whole))));
      const down = Math.ceil(c / across);
      const wide = across * (w + 1) - 1;
      put(canvas, wide, down * (high + 1) - 1, (out) => {
        for (let j = 0; j < c; j++) signed(block.values, j * high * w, w, high, scaleOf(block), out, (j % across) * (w + 1), Math.floor(j / across) * (high + 1), wide);
      });
      canvas.style.width = `${wide * whole}px`;
      title.textContent = name;
      facts.textContent = `${KINDS[blockKind(name)]}: ${c} channels of ${high}×${w}, rms ${sig3(block.rms)}`;
      attr(canvas, "aria-label", `${name}, ${facts.textContent}`);
      const own = looked.biases[name];
      bias.hidden = !own;
      if (own) biases(own, groups, change?.removed);
    },
  };
}
