// NoiseScrubber: images dissolve into noise as t is moved along the ᾱ curve.
// State is traits alone; every pixel is computed here, from the images, ᾱ and a seed.
import "./noise_scrubber.css";
import { reading } from "./noise/card.js";
import { grid } from "./noise/grid.js";
import { layout, panesOf, SUM } from "./noise/pane.js";
import { noise, read } from "./noise/read.js";
import { card } from "./shared/card.js";
import { button, div, group, h, press, span } from "./shared/dom.js";
import { clamp, fixed3 } from "./shared/format.js";
import { DICE, icon, ZOOM } from "./shared/icons.js";
import { linked } from "./shared/link.js";
import { max, sqrt } from "./shared/math.js";
import { DASHES } from "./shared/palette.js";
import { looking, stage } from "./shared/stage.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { frame, life, listen, mount, on, onWidth } from "./shared/view.js";

/** @typedef {import("./noise/read.js").Traits} Traits */
/** @typedef {import("./noise/read.js").Model} Model */
/** @typedef {import("./noise/read.js").Seen} Seen */
/** @typedef {import("./shared/afm").Sync<Traits>} Sync */

/** The buttons below the timeline. @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
function controls(model, sync, signal) {
  const terms = button({}, "Show the terms");
  const labels = button({}, "Show the labels");
  const fresh = button({ title: "Off: one noise image, mixed in more and more. On: every t draws its own, as in training." }, "New noise at each t");
  const draw = button({ title: "Draw other noise" }, icon(DICE), "Draw again");
  const enlarge = button({}, icon(ZOOM), "Enlarge");
  const seed = span("ddw-small ddw-muted ddw-num");
  on(terms, "click", () => sync.set("terms", !model.get("terms")), signal);
  on(labels, "click", () => sync.set("blind", !model.get("blind")), signal);
  on(fresh, "click", () => sync.set("fresh", !model.get("fresh")), signal);
  on(draw, "click", () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32), signal);
  return {
    el: div("ddw-tools", labels, terms, enlarge, fresh, draw, seed),
    enlarge,
    paint() {
      labels.hidden = !model.get("labels").length;
      press(labels, !model.get("blind"));
      press(terms, model.get("terms"));
      press(fresh, model.get("fresh"));
      seed.textContent = `seed ${model.get("seed")}`;
    },
  };
}

/** What a screen reader says at t. @param {Seen} seen @param {number} t */
const spoken = ({ bands, names }, t) => [`t ${t}`, ...bands.map((a, k) => `${bands.length > 1 ? `${names[k]} ` : ""}signal ${fixed3(sqrt(a[t]))}, noise ${fixed3(sqrt(1 - a[t]))}`)].join(": ");

/** The elements, and how they are laid out and painted. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {{ seen: Seen }} state */
function build(model, sync, signal, state) {
  const seen = () => state.seen;
  const named = () => !model.get("blind");
  const request = frame(paint, signal);
  const line = timeline({ n: 2, label: "timestep t", axis: "ᾱ", signal, onInput: (t) => sync.set("t", t), text: (t) => spoken(seen(), t) });
  const [images, floating, tools, eps] = [grid(seen), card(true), controls(model, sync, signal), noise(model)];
  const enlarged = stage({
    size: seen,
    title: (i) => `Image ${i + 1} of ${seen().n}` + (named() && seen().labels[i] ? ` · ${seen().labels[i]}` : ""),
    build: () => seen().bands.map((_, k) => panesOf(k, model.get("terms"), seen().bands.length > 1 ? seen().names[k] : undefined)),
    ops: SUM,
    enlarge: (i) => sync.set("enlarged", i),
    request,
  }, signal); // prettier-ignore
  const root = group("ddw ddw-noise-scrubber", "Forward process: images and noise", images.el, enlarged.el, line.el, tools.el, floating.el);
  /** @type {import("./noise/read.js").Probe | undefined} */
  let hover; // in the grid
  const now = () => clamp(model.get("t"), 0, seen().T - 1);
  const reads = (/** @type {import("./shared/pane.js").Probe} */ at) => reading(seen(), eps, model.get("fresh"), at, now(), named());

  /** Build the elements for what the traits say. */
  function fill() {
    const { names, bands, colors, T } = seen();
    point();
    images.fill(model.get("terms"));
    line.setLength(T);
    line.setBack(!named()); // a guesser comes from the noise
    line.setCurves(bands.map((y, k) => ({ name: names[k], y, color: colors[k], dash: DASHES[k % 4], fill: bands.length === 1 ? ["signal", "noise"] : undefined })));
    open();
    place();
  }

  function open() {
    enlarged.open(model.get("enlarged"));
    press(tools.enlarge, !enlarged.el.hidden);
  }

  /** Fit everything to the width there is. */
  function place() {
    const placed = layout(seen(), max(160, images.el.clientWidth || 640), model.get("columns"), model.get("terms"));
    images.place(placed, named());
    enlarged.place(placed.enlarged);
    paint();
  }

  /** All that depends on t. */
  function paint() {
    const { n, w, h, c } = seen();
    const t = now();
    if (line.t !== t) line.show(t);
    const drawn = eps.draw(t, n * h * w * c);
    images.paint(drawn, t, enlarged.el.hidden ? undefined : enlarged.image);
    enlarged.paint((pane) => pane.paint(seen(), drawn, t), `t ${t}`, enlarged.el.hidden ? undefined : reads(enlarged.pinned));
    point(hover);
    tools.paint();
    Object.assign(root.dataset, { painted: String(t), seed: String(model.get("seed")) });
  }

  /** Read a pixel of the grid beside the pointer, or none. @param {import("./noise/read.js").Probe} [at] */
  function point(at) {
    hover = at;
    floating.el.hidden = !at;
    if (at) floating.show(reads(at));
  }
  return { root, line, images, tools, floating, stage: enlarged, fill, open, place, request, point };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const state = { seen: read(model) };
  const { root, line, images, tools, floating, stage, fill, open, place, request, point } = build(model, sync, signal, state);
  const relayout = frame(place, signal);
  listen(model, "change:t", () => (line.show(model.get("t")), request()), signal);
  listen(model, "change:seed change:fresh", request, signal);
  listen(model, "change:x0 change:shape change:alpha_bar change:schedules change:labels change:columns change:terms change:blind", frame(() => ((state.seen = read(model)), fill()), signal), signal);
  listen(model, "change:enlarged", () => (open(), relayout()), signal);
  linked(model, () => state.seen.T, (t) => sync.set("t", clamp(t, 0, state.seen.T - 1)), signal); // prettier-ignore

  looking({
    root, stage, point, grid: images.el, under: images.under, button: tools.enlarge, floating: floating.el, key: line.key,
    count: () => state.seen.n, enlarged: () => model.get("enlarged"), enlarge: (i) => sync.set("enlarged", i),
  }, signal); // prettier-ignore
  mount(el, root, signal);
  fill();
  onWidth(images.el, relayout, signal);
  return end;
}

export default { render };
