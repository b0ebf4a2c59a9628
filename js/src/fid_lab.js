// FIDLab: harm a heap of pictures, and see its cloud of features, its FID and its KID move. All figures were worked out before.
import "./fid_lab.css";
import { chart } from "./fid/chart.js";
import { above, chosen, read } from "./fid/read.js";
import { attr, button, div, group, h, press, put, span, UNDRAWN } from "./shared/dom.js";
import { fitScale, rowsOf } from "./shared/forward.js";
import { max, min } from "./shared/math.js";
import { Pane } from "./shared/pane.js";
import { syncer } from "./shared/sync.js";
import { frame, isOurs, life, listen, mount, on, onWidth } from "./shared/view.js";

/** @typedef {import("./fid/read.js").Traits} Traits */
/** @typedef {import("./fid/read.js").Model} Model */
/** @typedef {import("./fid/read.js").Sync} Sync */
/** @typedef {import("./fid/read.js").Seen} Seen */

/** A slider over some names. @param {string} title @param {string} label for a screen reader @param {(i: number) => void} set @param {AbortSignal} signal */
function picker(title, label, set, signal) {
  const slider = h("input", { type: "range", class: "ddw-slider", min: 0, step: 1, "aria-label": label });
  const now = span("now");
  on(slider, "input", () => set(slider.valueAsNumber), signal);
  on(slider, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
  return {
    el: h("label", { class: "picker" }, span("ddw-muted", title), slider, now),
    /** @param {string[]} names @param {number} i */
    paint(names, i) {
      slider.max = String(names.length - 1);
      slider.value = String(i);
      slider.style.setProperty("--x", String(i / max(1, names.length - 1)));
      attr(slider, "aria-valuetext", names[i]);
      now.textContent = names[i];
    },
  };
}

/** One decimal, no minus zero. @param {number} x */
const plain = (x) => (Math.abs(x) < 0.05 ? "0.0" : x.toFixed(1).replace("-", "−"));

/** The clouds. */
function clouds() {
  const canvas = h("canvas", { ...UNDRAWN, width: 560, height: 560 });
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  return {
    el: canvas,
    /** @param {Seen} seen @param {number} heap @param {number} count */
    paint({ points, real, each }, heap, count) {
      const style = getComputedStyle(canvas);
      ctx.clearRect(0, 0, 560, 560);
      const draw = (/** @type {Uint8Array} */ xy, /** @type {number} */ n, /** @type {string} */ color, /** @type {number} */ alpha, /** @type {number} */ r) => {
        ctx.fillStyle = color;
        ctx.globalAlpha = alpha;
        for (let i = 0; i < n; i++) {
          ctx.beginPath();
          ctx.arc(10 + (xy[2 * i] / 255) * 540, 10 + (xy[2 * i + 1] / 255) * 540, r, 0, 7);
          ctx.fill();
        }
      };
      draw(real, real.length / 2, style.getPropertyValue("--ddw-muted"), 0.35, 4);
      draw(points.subarray(heap * each), count, style.getPropertyValue("--ddw-accent"), 0.85, 4.5);
    },
  };
}

/** The elements, and how they are painted. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {{ seen: Seen }} state */
function build(model, sync, signal, state) {
  const faults = group("ddw-tools switch", "What is wrong with the pictures");
  const strength = picker("how much", "how much of it", (i) => sync.set("strength", i), signal);
  const count = picker("pictures", "how many pictures", (i) => sync.set("count", i), signal);
  const [cloud, charts, pictures] = [clouds(), [chart(0), chart(1)], new Pane()];
  const said = h("p", { class: "said" });
  const key = div("key ddw-small ddw-muted", span("k-real", "real pictures"), span("k-heap", "this heap"));
  const note = h("p", { class: "ddw-small ddw-muted" }, "The faults are measured one at a time and do not combine; the faint lines are the other faults. Each point is a picture as the judge sees it, in the two directions in which real pictures vary most. Bars: one standard deviation between heaps of that many pictures.");
  const strip = div("strip", pictures.el);
  const root = group("ddw ddw-fid-lab", "Clouds of pictures, and how far apart they are", faults, div("pickers", strength.el, count.el), strip,
    div("board", div("cloud", cloud.el, key), div("charts", ...charts.map((c) => c.el), said)), note); // prettier-ignore
  let nothing = new Float32Array();

  function fill() {
    const { seen } = state;
    put(faults, seen.faults.map((name, i) => {
      const node = button({}, name);
      on(node, "click", () => sync.set("fault", i), signal);
      return node;
    })); // prettier-ignore
    nothing = new Float32Array(seen.images.length);
    place();
  }

  /** Fit the pictures to the width there is. */
  function place() {
    const { n, w } = state.seen;
    strip.hidden = !n;
    if (n) {
      const room = max(160, strip.clientWidth || 640);
      const columns = room < 440 ? min(n, 4) : n;
      pictures.place(rowsOf(state.seen, columns, 1), fitScale(min(96, room / columns - 4), w, devicePixelRatio || 1), false);
    }
    paint();
  }

  function paint() {
    const { seen } = state;
    const at = chosen(model, seen);
    const heap = seen.heaps[at.fault][at.strength];
    Array.from(faults.children, (node, i) => press(node, i === at.fault));
    strength.paint(seen.strengths[at.fault], at.strength);
    count.paint(seen.counts.map(String), at.count);
    cloud.paint(seen, heap, seen.counts[at.count]);
    const name = `${seen.faults[at.fault]}: ${seen.strengths[at.fault][at.strength]}`;
    attr(cloud.el, "aria-label", `features of ${seen.counts[at.count]} pictures, ${name}, and of real ones`);
    for (const c of charts) c.paint(seen, at);
    const far = seen.measures.map(({ values }) => above(values[at.fault][at.strength][at.count], values[at.fault][0][at.count]));
    said.textContent = at.strength ? `Standard deviations above unharmed pictures: FID ${plain(far[0])}, KID ${plain(far[1])}.` : "These pictures are unharmed: this is how real ones score.";
    const { n, h, w, c } = seen;
    pictures.mix(seen.images.subarray(heap * n * h * w * c), nothing, 1, 0);
    pictures.say(`pictures of the heap, ${name}`);
    Object.assign(root.dataset, { painted: [at.fault, at.strength, at.count].join() });
  }
  return { root, strip, fill, place, paint };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const state = { seen: read(model) };
  const { root, strip, fill, place, paint } = build(model, sync, signal, state);
  listen(model, "change:fault change:strength change:count", frame(paint, signal), signal);
  on(root, "keydown", (e) => {
    if ((e.key === " " || e.key === "Enter") && /** @type {Element} */ (e.target).matches("button")) e.stopPropagation();
  }, signal); // prettier-ignore
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", frame(paint, signal), { signal });
  mount(el, root, signal);
  fill();
  onWidth(strip, frame(place, signal), signal);
  return end;
}

export default { render };
