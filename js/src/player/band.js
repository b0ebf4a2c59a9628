// One run: where it is, how the next picture is mixed, and its pictures.
import { div, h, span, symbol, UNSPOKEN } from "../shared/dom.js";
import { fixed3 } from "../shared/format.js";
import { fitScale, foldColumns, roomiest, rowsOf } from "../shared/forward.js";
import { max, min } from "../shared/math.js";
import { swatch } from "../shared/palette.js";
import { Pane, rowOf } from "../shared/pane.js";
import { picture } from "./film.js";
import { stepText, timeText } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Seen} Seen */

export const hat = (/** @type {string} */ name, /** @type {string} */ index) => symbol(`${name}\u0302`, index);
/** @type {Record<string, { says: string, long: string, short: string, symbol: () => Node }>} */
const STREAMS = {
  x_t: { says: "the noisy images", long: " the noisy image", short: " noisy", symbol: () => symbol("x", "t") },
  x0: { says: "the guess at the images", long: " the guess at the image", short: " guess", symbol: () => hat("x", "0") },
  eps: { says: "the guess at the noise", long: " the guess at the noise", short: " noise", symbol: () => hat("ε", "") },
};

/** One of the pictures of a frame: all images on one canvas. */
export class StreamPane extends Pane {
  /** @param {string} stream @param {number} run @param {string} [name] of the run */
  constructor(stream, run, name) {
    const { symbol, long, short, says } = STREAMS[stream];
    super({ "data-stream": stream }, [...(name ? [`${name}: `] : []), symbol(), span("long", long), span("short", short)], run);
    this.says = says;
  }

  /** @param {Uint8Array} bytes @param {Float32Array} nothing zeros @param {string} where what a screen reader says of it */
  paint(bytes, nothing, where) {
    if (bytes.length >= nothing.length) this.mix(bytes, nothing, 1, 0);
    this.say(`${this.says} at t ${where}`);
  }
}

/** How the next picture is mixed of the guess, of this one and of noise. @param {Model} model @param {number} k */
function mixture(model, k) {
  const [x0, x_t, sigma, share] = [new Text(), new Text(), new Text(), h("div")];
  const sigmas = model.get("sigmas")[k] ?? [];
  const noise = span("ddw-muted fresh", "+ ", span("ddw-num ddw-noise", sigma), "fresh noise");
  noise.hidden = sigmas.length > 0 && sigmas.every((v) => !v); // DDIM
  const all = [
      h("span", { class: "equation", title: "What the next picture is made of: the guess, where you are, and noise; for DDPM these are the coefficients of its paper's equation 7" },
        span("ddw-muted", "next ="), span("ddw-num weight ddw-guess", x0), hat("x", "0"), "+", span("ddw-num weight ddw-signal", x_t), symbol("x", "t"), noise),
      h("span", { class: "share", ...UNSPOKEN, title: "How the two coefficients compare" }, share),
  ]; // prettier-ignore
  return {
    parts: all,
    /** @param {number} i frame */
    show(i) {
      const [a, b] = model.get("coefficients")[k]?.[i] ?? [];
      const s = model.get("sigmas")[k]?.[i];
      for (const part of all) part.style.visibility = a === undefined ? "hidden" : ""; // the finished picture has no next
      if (a === undefined) return;
      x0.data = fixed3(a);
      x_t.data = fixed3(b);
      sigma.data = s === undefined ? "" : `${fixed3(s)} `;
      noise.style.visibility = (s ?? b) > 1e-9 ? "" : "hidden"; // the last step adds none
      share.style.width = `${(100 * a) / (a + b)}%`;
    },
  };
}

/** @param {Model} model @param {Seen} seen @param {number} k which run; the step that is being sampled has no film */
export function band(model, seen, k) {
  const { streams, runs, names, colors, size, nothing, isLive } = seen;
  const step = new Text();
  const panes = streams.map((s) => new StreamPane(s, k));
  const several = runs.length > 1;
  const mixed = !isLive && model.get("coefficients")[k]?.length ? mixture(model, k) : undefined;
  const head = isLive ? [] : [div("ddw-head", ...(several ? [span("name", swatch(colors[k]), names[k])] : []), span("ddw-num step", step), ...(mixed?.parts ?? []))];
  return {
    el: h("div", { class: "band", role: "group", "aria-label": isLive ? "now" : `run ${names[k]}` }, ...head, rowOf(panes)),
    panes,
    /** @param {number} i frame */
    paint(i) {
      const t = runs[k].ts[i];
      panes.forEach((pane, s) => pane.paint(picture(runs[k], i, s), nothing, `${timeText(t)}${several ? ` of ${names[k]}` : ""}`));
      step.data = t < 0 ? stepText(model, k, i) : `t = ${t}, ${stepText(model, k, i)}`;
      mixed?.show(i);
    },
    /** @param {Uint8Array} now the step that is being sampled @param {number} t */
    paintLive: (now, t) => panes.forEach((pane, s) => pane.paint(now.subarray(s * size, (s + 1) * size), nothing, String(t))),
  };
}

/**
 * Where the images of a pane lie; a pixel of an image covers whole pixels of the screen where there is room. Of all numbers of
 * columns the one that makes the images largest, in a grid that is not too high.
 * @param {Seen} seen @param {number} room CSS pixels @param {number} wanted columns, or 0
 */
export function layout(seen, room, wanted) {
  const { n, w, h, streams, runs } = seen;
  const paneRoom = (room - (streams.length - 1) * 16) / streams.length;
  const ratio = devicePixelRatio || 1;
  const most = n === 1 ? 256 : 160;
  const gap = paneRoom < 200 ? 2 : 4;
  const scaleOf = (/** @type {number} */ columns) => {
    const tile = min(most, (paneRoom - (columns - 1) * gap) / columns);
    const whole = fitScale(tile, w, ratio);
    return whole < 1 && whole * w < 0.85 * tile ? tile / w : whole; // small ones: rather large than sharp
  };
  const columns = wanted ? foldColumns(wanted, n, room, paneRoom) : roomiest(n, (c) => scaleOf(c) * w, (c) => Math.ceil(n / c) * (scaleOf(c) * h + gap), max(200, 400 / max(1, runs.length))); // prettier-ignore
  const scale = scaleOf(columns);
  const grid = rowsOf(seen, columns, max(1, Math.round(gap / scale)));
  return { grid, scale: min(scale, paneRoom / grid.width), enlarged: fitScale(min(288, paneRoom < 160 ? (room - 40) / 2 : paneRoom - 24), max(w, h), ratio) };
}
