// What a card says of one pixel: its values, and its path over all t.
import { max } from "../shared/math.js";
import { symbol } from "../shared/dom.js";
import { signed3 } from "../shared/format.js";
import { CHANNELS } from "../shared/card.js";
import { DASHES } from "../shared/palette.js";
import { valuesAt } from "./read.js";

/** @param {import("./read.js").Seen} seen @param {import("./read.js").Noise} noise @param {boolean} fresh @param {import("./read.js").Probe} at @param {number} t @param {boolean} named whether the image's label is told @returns {import("../shared/card.js").Reading} */
export function reading(seen, noise, fresh, at, t, named) {
  const { c, bands, colors, labels, names, T } = seen;
  const channels = Array.from({ length: c }, (_, i) => valuesAt(seen, noise, at, i));
  const curves = c > 1 ? channels.map((v, i) => ({ v, band: at.band, color: CHANNELS[i], dash: undefined })) : bands.map((_, k) => ({ v: channels[0], band: k, color: colors[k], dash: DASHES[k % 4] }));
  const texts = [channels.map((v) => v.start), channels.map((v) => v.eps(t)), channels.map((v) => v.mixed(at.band, t))];
  return {
    title: `pixel (${at.x}, ${at.y}) of image ${at.image + 1}` + (named && labels[at.image] ? ` · ${labels[at.image]}` : "") + (bands.length > 1 ? ` · ${names[at.band]}` : ""),
    values: [symbol("x", "0"), symbol("ε"), symbol("x", "t")].map((name, i) => ({ name, texts: texts[i].map(signed3) })),
    lines: curves.map(({ v, band, color, dash }) => ({ y: (/** @type {number} */ s) => v.mixed(band, s), n: T, color, dash })),
    most: fresh ? 4 : max(1.5, ...channels.map((v) => 1.1 * Math.hypot(v.start, v.eps(t)))),
    at: t / (T - 1),
    range: "xₜ over t · grey: from −1 to 1",
    axis: "t →",
  };
}
