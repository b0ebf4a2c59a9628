// SamplingPlayer: a sampler's way from noise to image as a film. State is traits alone; the frames are packed grey levels.
import "./sampling_player.css";
import { band, layout } from "./player/band.js";
import { curves, legend, omitted, summary } from "./player/curves.js";
import { inStep, nearest, shares } from "./player/film.js";
import { live, read, stepText } from "./player/read.js";
import { button, div, group, h, press, put, span } from "./shared/dom.js";
import { clamp } from "./shared/format.js";
import { linked } from "./shared/link.js";
import { max } from "./shared/math.js";
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
  const loop = button({ title: "Play again at the end" }, "Loop");
  const speed = h("select", { class: "ddw-btn", "aria-label": "Speed" }, ...SPEEDS.map((s) => h("option", { value: s }, `${s} ×`.replace("0.25", "¼").replace("0.5", "½"))));
  const note = span("ddw-small ddw-muted");
  on(each, "click", () => sync.set("total", false), signal);
  on(sofar, "click", () => sync.set("total", true), signal);
  on(loop, "click", () => sync.set("loop", !model.get("loop")), signal);
  on(speed, "change", () => sync.set("speed", Number(speed.value)), signal);
  return {
    el: div("ddw-tools", group("ddw-tools", "The curve shows", each, sofar), loop, speed, note),
    note,
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
    at: (p) => seen().ts[seen().lead]?.[p] ?? p,
    text(p) {
      const { ts, lead, changed } = seen();
      return ts.length ? `t ${ts[lead][p]}, ${stepText(model, lead, p)}, ${Math.round(100 * shares(changed[lead].nearer)[p])} % of the way done` : "";
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
  const root = group("ddw ddw-sampling-player", "Reverse process: the steps of a sampler", status, bandsEl, film);
  /** @type {ReturnType<typeof band>[]} */
  let bands = [];

  /** Build the elements for what the traits say. */
  function fill() {
    const { n, ts, lead, isLive } = state.seen;
    bands = (isLive && n ? [0] : ts).map((_, k) => band(model, state.seen, k));
    put(bandsEl, bands.map((b) => b.el));
    film.hidden = !ts.length;
    line.setLength(max(1, ts[lead]?.length ?? 1));
    draw();
    place();
  }

  /** The curves above the timeline and what they say. */
  function draw() {
    const { seen } = state;
    if (!seen.ts.length) return;
    line.setCurves(curves(seen, model.get("total")));
    put(said, summary(seen));
    put(key, legend(model, seen));
    tools.note.textContent = omitted(model, seen);
  }

  /** Fit everything to the width there is. */
  function place() {
    if (state.seen.n) {
      const { grid, scale } = layout(state.seen, max(160, bandsEl.clientWidth || 640), model.get("columns"));
      for (const pane of bands.flatMap((b) => b.panes)) pane.place(grid, scale, (scale * devicePixelRatio) % 1 > 0);
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
    inStep(ts, lead, p).forEach((i, k) => bands[k].paint(i));
    tools.paint();
    line.setLoop(model.get("loop"));
    line.setSpeed(model.get("speed"));
    root.dataset.painted = String(ts[lead][p]);
  }
  return { root, line, bandsEl, fill, draw, place, paint };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const state = { seen: read(model) };
  const { root, line, bandsEl, fill, draw, place, paint } = build(model, sync, signal, state);
  const request = frame(paint, signal);
  const rebuild = frame(() => ((state.seen = read(model)), fill()), signal);
  listen(model, "change:t change:loop change:speed change:progress", request, signal);
  listen(model, "change:live", () => (Boolean(live(model)) === state.seen.isLive ? request() : rebuild()), signal);
  listen(model, "change:total", () => (draw(), request()), signal);
  listen(model, "change:frames change:tolerance change:alpha_bar change:shape change:streams change:runs change:ts change:at change:taken change:coefficients change:sigmas change:columns", rebuild, signal);
  const length = () => model.get("timesteps");
  linked(model, length, (t) => sync.set("t", clamp(t, 0, length() - 1)), signal);
  on(root, "keydown", (e) => void (state.seen.ts.length && line.key(e)), signal);
  mount(el, root, signal);
  fill();
  onWidth(bandsEl, frame(place, signal), signal);
  return end;
}

export default { render };
