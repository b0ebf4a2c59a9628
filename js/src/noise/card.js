// The values of one pixel, and its path over all t.
import { max } from "../shared/math.js";
import { curvePath } from "../shared/timeline.js";
import { attr, div, h, put, span, stretched, svg, symbol, UNSPOKEN } from "../shared/dom.js";
import { signed3 } from "../shared/format.js";
import { COLORS, DASHES } from "../shared/palette.js";
import { valuesAt } from "./read.js";

const CHANNELS = ["#dc2626", "#16a34a", "#2563eb"];

/** @param {boolean} [floating] beside the pointer */
export function card(floating) {
  const title = div("ddw-small ddw-muted");
  const values = [symbol("x", "0"), symbol("ε"), symbol("x", "t")].map((name) => ({ name, dd: h("dd", { class: "ddw-num" }) }));
  const lines = svg("g");
  const now = svg("line", { class: "now", y1: 0, y2: 100 });
  const visible = svg("rect", { class: "visible", x: 0, width: 1000 });
  const range = h("span");
  const el = h("div", { class: floating ? "card floating" : "card", hidden: true },
    title,
    h("dl", {}, ...values.map(({ name, dd }) => h("div", {}, h("dt", {}, name), dd))),
    stretched(100, UNSPOKEN, visible, lines, now),
    h("div", { class: "axis", ...UNSPOKEN }, range, h("span", {}, "t →"))); // prettier-ignore

  return {
    el,
    /** @param {import("./read.js").Seen} seen @param {import("./read.js").Noise} noise @param {boolean} fresh @param {import("./read.js").Probe} at @param {number} t */
    show(seen, noise, fresh, at, t) {
      const { c, bands, labels, names, T } = seen;
      const channels = Array.from({ length: c }, (_, i) => valuesAt(seen, noise, at, i));
      title.textContent = `pixel (${at.x}, ${at.y}) of image ${at.image + 1}` + (labels[at.image] ? ` · ${labels[at.image]}` : "") + (bands.length > 1 ? ` · ${names[at.band]}` : "");
      [channels.map((v) => v.start), channels.map((v) => v.eps(t)), channels.map((v) => v.mixed(at.band, t))].forEach((own, i) => (values[i].dd.textContent = own.map(signed3).join("\n")));
      const most = fresh ? 4 : max(1.5, ...channels.map((v) => 1.1 * Math.hypot(v.start, v.eps(t))));
      const curves = c > 1 ? channels.map((v, i) => ({ v, band: at.band, color: CHANNELS[i], dash: undefined })) : bands.map((_, k) => ({ v: channels[0], band: k, color: COLORS[k % 4], dash: DASHES[k % 4] }));
      put(lines, curves.map(({ v, band, color, dash }) => svg("path", { d: curvePath((s) => 0.5 + v.mixed(band, s) / most / 2, T, 200), style: `stroke: ${color}`, "stroke-dasharray": dash })));
      attr(visible, "y", 50 - 50 / most);
      attr(visible, "height", 100 / most);
      for (const end of ["x1", "x2"]) attr(now, end, (1000 * t) / (T - 1));
      range.textContent = "xₜ over t · grey: from −1 to 1";
      el.hidden = false;
    },
  };
}
