// What a card says of one pixel of a film: its values now, and its path over the frames.
import { CHANNELS } from "../shared/card.js";
import { span, symbol } from "../shared/dom.js";
import { signed3 } from "../shared/format.js";
import { value } from "../shared/forward.js";
import { GUESS, NOISE, SIGNAL } from "../shared/palette.js";
import { hat } from "./band.js";
import { picture } from "./film.js";
import { timeText } from "./read.js";

/** @type {Record<string, { color: string, dash?: string, name: () => Node }>} */
const LOOKS = { x_t: { color: SIGNAL, name: () => symbol("x", "t") }, x0: { color: GUESS, dash: "5 4", name: () => hat("x", "0") }, eps: { color: NOISE, dash: "2 3", name: () => hat("ε", "") } };

/** A value from a grey level, with two decimals: what is black or white may lie beyond. @param {number} g */
const text = (g) => (g === 0 ? "≤ −1" : g === 255 ? "≥ +1" : signed3(value(g)).slice(0, -1));

/** @param {import("./read.js").Seen} seen @param {import("../shared/pane.js").Probe} at @param {number} i frame of its run @returns {import("../shared/card.js").Reading} */
export function reading({ runs, names, streams, w, h, c }, { band, image, x, y }, i) {
  const run = runs[band];
  const place = ((image * h + y) * w + x) * c;
  const level = (/** @type {number} */ frame, /** @type {number} */ s, /** @type {number} */ channel) => picture(run, frame, s)[place + channel];
  const channels = Array.from({ length: c }, (_, k) => k);
  return {
    title: `pixel (${x}, ${y}) of image ${image + 1}` + (runs.length > 1 ? ` · ${names[band]}` : "") + `, t = ${timeText(run.ts[i])}`,
    values: streams.map((stream, s) => ({ name: c > 1 ? LOOKS[stream].name() : span("", "● ", LOOKS[stream].name()), color: LOOKS[stream].color, texts: channels.map((k) => text(level(i, s, k))) })),
    lines: streams.flatMap((stream, s) => channels.map((k) => ({ y: (/** @type {number} */ f) => value(level(f, s, k)), n: run.ts.length, color: c > 1 ? CHANNELS[k] : LOOKS[stream].color, dash: LOOKS[stream].dash }))),
    most: 1.05,
    at: i / Math.max(1, run.ts.length - 1),
    range: "over the steps · from −1 to 1",
    axis: "step →",
  }; // prettier-ignore
}
