// Ten steps of one image under each schedule, and the step at the cursor.
import { attr, div, h, put, span, UNSPOKEN } from "../shared/dom.js";
import { clamp, fixed3 } from "../shared/format.js";
import { rowsOf } from "../shared/forward.js";
import { floor, max, min, sqrt } from "../shared/math.js";
import { Pane } from "../shared/pane.js";
import { normal } from "../shared/random.js";
import { spentAt, spread } from "../shared/schedules.js";
import { line } from "./read.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Schedule} Schedule */
/** @typedef {import("./read.js").Seen} Seen */

export const TILES = 10;
export const GUTTER = 52; // CSS pixels left of the timeline's first position

/**
 * The size of a picture and of its place, so that the first and the last of a strip stand at the ends of the slider.
 * @param {Seen} seen @param {number} room CSS pixels
 */
export function layout({ w, h }, room) {
  const ratio = devicePixelRatio || 1;
  const side = room > 860 ? 236 : 0; // text beside the strip
  const most = min((room - side - GUTTER) / (TILES - 0.5), 104);
  const fit = ((most - 3) * ratio) / max(w, h);
  const scale = (fit >= 2 ? floor(fit) : fit) / ratio; // a pixel of the image covers whole pixels of the screen
  return { side, scale, slot: side ? min(most, max(w, h) * scale + 6) : most, smooth: fit < 2 };
}

/** How much of a schedule's way is spent on hardly any signal. @param {Schedule} schedule @param {number} from the first step of those */
function verdict({ curves, T }, from) {
  const share = (T - from) / T;
  return share > 0
    ? [h("b", {}, `${Math.round(100 * share)} %`), " of the steps keep less than a tenth of the signal ", span("ddw-muted", `(from t = ${from})`)]
    : ["Every step keeps a tenth of the signal or more ", span("ddw-muted", `(√ᾱ ends at ${fixed3(curves.signal[T - 1])})`)];
}

/** The strip of one schedule. @param {Schedule} schedule */
function strip(schedule) {
  const tiles = Array.from({ length: TILES }, () => new Pane());
  const lens = new Pane();
  lens.canvas.classList.add("lens");
  const [note, spent] = [h("p"), div("spent")];
  const stamps = tiles.map(() => h("span"));
  const row = div("row", ...tiles.map((p) => p.canvas), lens.canvas);
  const el = h("div", { class: "strip", role: "group", "aria-label": `schedule ${schedule.name}`, style: `--c: ${schedule.color}` },
    div("strip-text", h("h3", {}, line(schedule), h("span", {}, schedule.name)), note),
    div("strip-picture", row, h("div", { class: "life", ...UNSPOKEN }, spent), h("div", { class: "stamps", ...UNSPOKEN }, ...stamps))); // prettier-ignore
  return { schedule, el, row, tiles, lens, note, spent, stamps };
}

/** @param {Model} model @param {() => Seen} seen */
export function strips(model, seen) {
  const el = div("films");
  /** @type {ReturnType<typeof strip>[]} */
  let list = [];
  let eps = /** @type {Float32Array} */ (new Float32Array());
  let drawn = ""; // what `eps` holds

  /** x_t. @param {Pane} pane @param {number} alphaBar */
  function picture(pane, alphaBar) {
    const { n, h, w, c, x0 } = seen();
    const image = x0.subarray(clamp(model.get("image"), 0, n - 1) * h * w * c);
    pane.mix(image, eps, sqrt(alphaBar), sqrt(1 - alphaBar));
  }

  return {
    el,
    /** @param {Schedule[]} shown */
    fill(shown) {
      if (shown.length === list.length && shown.every((s, k) => s === list[k].schedule)) return;
      list = shown.map(strip);
      put(el, list.map((s) => s.el));
    },
    /** @param {ReturnType<typeof layout>} layout */
    place({ scale, slot, smooth }) {
      const width = seen().w * scale;
      for (const { row, tiles, lens } of list) {
        row.style.height = `${seen().h * scale}px`;
        for (const pane of [...tiles, lens]) pane.place(rowsOf({ ...seen(), n: 1 }, 1, 0), scale, smooth);
        tiles.forEach(({ canvas }, i) => (canvas.style.left = `${GUTTER + i * slot - width / 2}px`));
        lens.canvas.style.left = `calc(${GUTTER - width / 2}px + ${(TILES - 1) * slot}px * var(--x))`;
      }
    },
    /** The ten steps of each. */
    develop() {
      const size = seen().h * seen().w * seen().c;
      const key = `${model.get("seed")} ${size}`;
      if (drawn !== key) eps = normal(model.get("seed"), size);
      drawn = key;
      list.forEach(({ schedule, el, tiles, stamps, note, spent }, k) => {
        const { curves, T, name } = schedule;
        el.classList.toggle("stamped", T !== list[k + 1]?.schedule.T); // once for strips of one length
        spread(T, TILES).forEach((t, i) => {
          picture(tiles[i], curves.alphaBar[t]);
          attr(tiles[i].canvas, "aria-label", `${name} at t ${t}`);
          stamps[i].textContent = String(t);
        });
        const from = spentAt(curves);
        put(note, verdict(schedule, from));
        spent.style.left = `${100 * min(1, from / (T - 1))}%`;
      });
    },
    /** The step at the cursor. @param {(s: Schedule) => number} step */
    paint(step) {
      for (const { schedule, lens } of list) {
        picture(lens, schedule.curves.alphaBar[step(schedule)]);
        attr(lens.canvas, "aria-label", `${schedule.name} at the cursor, t ${step(schedule)}`);
      }
    },
  };
}
