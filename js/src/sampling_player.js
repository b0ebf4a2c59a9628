// SamplingPlayer: a sampler's way from noise to image as a film. State is traits alone; the frames are packed grey levels.
import "./sampling_player.css";
import { band, layout, StreamPane } from "./player/band.js";
import { reading } from "./player/card.js";
import { curves, legend, omitted, summary } from "./player/curves.js";
import { inStep, nearest, picture, shares } from "./player/film.js";
import { live, read, stepText, timeText } from "./player/read.js";
import { card } from "./shared/card.js";
import { button, div, group, h, press, put, span } from "./shared/dom.js";
import { clamp } from "./shared/format.js";
import { icon, ZOOM } from "./shared/icons.js";
import { linked } from "./shared/link.js";
import { max } from "./shared/math.js";
import { looking, stage } from "./shared/stage.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { frame, life, listen, mount, on, onWidth } from "./shared/view.js";

/** @typedef {import("./player/read.js").Traits} Traits */
/** @typedef {import("./player/read.js").Model} Model */
/** @typedef {import("./player/read.js").Seen} Seen */
/** @typedef {import("./shared/afm").Sync<Traits>} Sync */

const SPEEDS = [0.25, 0.5, 1, 2, 4];

/** The buttons below the timeline. @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
function controls(model, sync, signal) {
  const each = button({}, "Each step");
  const sofar = button({}, "So far");
  const enlarge = button({}, icon(ZOOM), "Enlarge");
  const loop = button({ title: "Play again at the end" }, "Loop");
  const speed = h("select", { class: "ddw-btn", "aria-label": "Speed" }, ...SPEEDS.map((s) => h("option", { value: s }, `${s} ×`.replace("0.25", "¼").replace("0.5", "½"))));
  const note = span("ddw-small ddw-muted");
  on(each, "click", () => sync.set("total", false), signal);
  on(sofar, "click", () => sync.set("total", true), signal);
  on(loop, "click", () => sync.set("loop", !model.get("loop")), signal);
  on(speed, "change", () => sync.set("speed", Number(speed.value)), signal);
  return {
    el: div("ddw-tools", group("ddw-tools", "The curve shows", each, sofar), enlarge, loop, speed, note),
    note,
    enlarge,
    paint() {
      press(each, !model.get("total"));
      press(sofar, model.get("total"));
      press(loop, model.get("loop"));
      speed.value = String(SPEEDS[nearest(SPEEDS, model.get("speed"))]);
    },
  };
}

/** The timeline, whose positions are frames. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {() => Seen} seen */
const filmLine = (model, sync, signal, seen) =>
  timeline({
    n: 2,
    label: "position in the film, from noise to image",
    signal,
    at: (p) => timeText(seen().ts[seen().lead]?.[p] ?? p),
    text(p) {
      const { ts, lead, changed } = seen();
      return ts.length ? `t ${timeText(ts[lead][p])}, ${stepText(model, lead, p)}, ${Math.round(100 * shares(changed[lead].nearer)[p])} % of the way done` : "";
    },
    onInput: (p) => sync.set("t", seen().ts[seen().lead][p]),
  });

/** The elements, and how they are laid out and painted. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {{ seen: Seen }} state */
function build(model, sync, signal, state) {
  const line = filmLine(model, sync, signal, () => state.seen);
  const [bandsEl, key, tools] = [div("bands"), div("legend ddw-small"), controls(model, sync, signal)];
  const status = h("p", { class: "status", role: "status" });
  const said = h("p", { class: "said" });
  const film = div("film", said, line.el, key, tools.el);
  const [floating, request] = [card(true), frame(paint, signal)];
  const seen = () => state.seen;
  const enlarged = stage({
    size: seen,
    title: (i) => `Image ${i + 1} of ${seen().n}`,
    build: () => seen().runs.map((_, k) => seen().streams.map((s) => new StreamPane(s, k, seen().runs.length > 1 ? seen().names[k] : undefined))),
    enlarge: (i) => sync.set("enlarged", i),
    request,
  }, signal); // prettier-ignore
  const root = group("ddw ddw-sampling-player", "Reverse process: the steps of a sampler", status, bandsEl, enlarged.el, film, floating.el);
  /** @type {ReturnType<typeof band>[]} */
  let bands = [];
  /** @type {import("./shared/pane.js").Probe | undefined} */
  let hover;
  /** @type {number[]} */
  let frames = []; // which frame of each run is shown

  /** Build the elements for what the traits say. */
  function fill() {
    const { n, ts, lead, isLive } = state.seen;
    bands = (isLive && n ? [0] : ts).map((_, k) => band(model, state.seen, k));
    put(bandsEl, bands.map((b) => b.el));
    point();
    film.hidden = !ts.length;
    line.setLength(max(1, ts[lead]?.length ?? 1));
    draw();
    open();
    place();
  }

  function open() {
    enlarged.open(state.seen.ts.length ? model.get("enlarged") : -1);
    press(tools.enlarge, !enlarged.el.hidden);
  }

  /** The curves above the timeline and what they say. */
  function draw() {
    const { seen } = state;
    if (!seen.ts.length) return;
    line.setCurves(curves(model, seen));
    put(said, summary(model, seen));
    said.hidden = !said.hasChildNodes();
    put(key, legend(model, seen));
    tools.note.textContent = omitted(model, seen);
  }

  /** Fit everything to the width there is. */
  function place() {
    if (state.seen.n) {
      const { grid, scale, enlarged: large } = layout(state.seen, max(160, bandsEl.clientWidth || 640), model.get("columns"));
      for (const pane of bands.flatMap((b) => b.panes)) pane.place(grid, scale, (scale * devicePixelRatio) % 1 > 0);
      enlarged.place(large);
    }
    paint();
  }

  /** All that depends on t, or on the step that is being sampled. */
  function paint() {
    const { ts, lead, damaged } = state.seen;
    const now = live(model);
    const [taken = 0, at = 0] = model.get("progress");
    status.textContent = now ? `Sampling: step ${taken}, t = ${at}` : ts.length ? "" : damaged ? `This film is damaged (${damaged}): run its cell again.` : "No steps yet: watch a sampler, or pass its steps.";
    status.hidden = !now && ts.length > 0;
    root.dataset.painted = now ? `live ${taken}` : "nothing";
    if (now) bands[0]?.paintLive(now, at);
    if (now || !ts.length) return;
    const p = nearest(ts[lead], model.get("t"));
    if (line.t !== p) line.show(p);
    frames = inStep(ts, lead, p);
    frames.forEach((i, k) => bands[k].paint(i));
    paintEnlarged();
    point(hover);
    tools.paint();
    line.setLoop(model.get("loop"));
    line.setSpeed(model.get("speed"));
    root.dataset.painted = String(ts[lead][p]);
  }

  /** The enlarged image, and the frame around it in the grids. */
  function paintEnlarged() {
    const { runs, streams, nothing } = seen();
    const opened = enlarged.el.hidden ? undefined : enlarged.image;
    for (const pane of bands.flatMap((b) => b.panes)) pane.markImage(opened);
    if (opened === undefined) return;
    const bytes = (/** @type {StreamPane} */ pane) => picture(runs[pane.band], frames[pane.band], streams.indexOf(pane.canvas.dataset.stream ?? ""));
    const { pinned } = enlarged;
    enlarged.paint((pane) => pane.paint(bytes(pane), nothing, ""), `t ${timeText(runs[pinned.band].ts[frames[pinned.band]])}`, reading(seen(), pinned, frames[pinned.band]));
  }

  /** Read a pixel of the pictures beside the pointer, or none. @param {import("./shared/pane.js").Probe} [at] */
  function point(at) {
    hover = at && frames.length && !live(model) ? at : undefined;
    floating.el.hidden = !hover;
    if (hover) floating.show(reading(seen(), hover, frames[hover.band]));
  }
  const under = (/** @type {MouseEvent} */ e) => (seen().ts.length ? bands.flatMap((b) => b.panes).find((p) => p.canvas === e.target)?.at(e) : undefined);
  return { root, line, bandsEl, tools, floating, stage: enlarged, fill, draw, open, place, paint, request, point, under };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const state = { seen: read(model) };
  const { root, line, bandsEl, tools, floating, stage, fill, draw, open, place, request, point, under } = build(model, sync, signal, state);
  const rebuild = frame(() => ((state.seen = read(model)), fill()), signal);
  listen(model, "change:t change:loop change:speed change:progress", request, signal);
  listen(model, "change:live", () => (Boolean(live(model)) === state.seen.isLive ? request() : rebuild()), signal);
  const relayout = frame(place, signal);
  listen(model, "change:total change:summary", () => (draw(), request()), signal);
  listen(model, "change:enlarged", () => (open(), relayout()), signal);
  listen(model, "change:frames change:tolerance change:alpha_bar change:shape change:streams change:runs change:ts change:at change:taken change:coefficients change:sigmas change:columns", rebuild, signal);
  const length = () => model.get("timesteps");
  linked(model, length, (t) => sync.set("t", clamp(t, 0, length() - 1)), signal);
  looking({
    root, stage, point, under, grid: bandsEl, button: tools.enlarge, floating: floating.el,
    key: (e) => state.seen.ts.length > 0 && line.key(e),
    count: () => state.seen.n, enlarged: () => model.get("enlarged"), enlarge: (i) => sync.set("enlarged", i),
  }, signal); // prettier-ignore
  mount(el, root, signal);
  fill();
  onWidth(bandsEl, relayout, signal);
  return end;
}

export default { render };
