// ScheduleExplorer: noise schedules as curves, and as ten steps of one image, with one cursor through all of it.
// State is traits alone; curves and pictures are computed here, from the sliders, the image and a seed.
import "./schedule_explorer.css";
import { chart, CHARTS } from "./explorer/chart.js";
import { cursor, isShown, read } from "./explorer/read.js";
import { settings } from "./explorer/settings.js";
import { GUTTER, layout, strips, TILES } from "./explorer/strips.js";
import { table } from "./explorer/table.js";
import { button, div, h, span } from "./shared/dom.js";
import { clamp, fixed3 } from "./shared/format.js";
import { DICE, icon, LEFT, RIGHT, round } from "./shared/icons.js";
import { linked } from "./shared/link.js";
import { max, min } from "./shared/math.js";
import { formula } from "./shared/schedules.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { frame, life, listen, mount, on, onWidth } from "./shared/view.js";

/** @typedef {import("./explorer/read.js").Traits} Traits */
/** @typedef {import("./explorer/read.js").Model} Model */
/** @typedef {import("./explorer/read.js").Sync} Sync */
/** @typedef {import("./explorer/read.js").Seen} Seen */

/** A slider's change. T takes the cursor along, so that it stays at the same part of the way. @param {Model} model @param {Sync} sync @param {() => void} request */
function changer(model, sync, request) {
  const { T, now, way } = cursor(model);
  let kept = 0; // the part of the way where the cursor was put; few steps round it, more of them find it again
  return (/** @type {import("./explorer/settings.js").Setting} */ name, /** @type {number} */ value) => {
    if (Math.round(kept * (T() - 1)) !== now()) kept = way();
    if (name === "beta_min") value = min(value, model.get("beta_max"));
    if (name === "beta_max") value = max(value, model.get("beta_min"));
    sync.set(name, value);
    if (name === "T") sync.set("t", Math.round(kept * (value - 1)));
    request(); // also where the value was refused: the slider goes back
  };
}

/** The buttons below. @param {Model} model @param {Sync} sync @param {() => Seen} seen @param {AbortSignal} signal */
function controls(model, sync, seen, signal) {
  const again = button({ title: "Draw other noise" }, icon(DICE), "Draw again");
  const reset = button({}, "Reset the sliders");
  const [previous, next] = [round("Previous image", LEFT), round("Next image", RIGHT)];
  const which = h("span", { class: "ddw-small ddw-muted ddw-num", "aria-live": "polite" });
  const choice = span("choice", previous, next, which);
  const turn = (/** @type {number} */ by) => sync.set("image", (model.get("image") + by + seen().n) % seen().n);
  on(again, "click", () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32), signal);
  on(previous, "click", () => turn(-1), signal);
  on(next, "click", () => turn(1), signal);
  return {
    el: div("ddw-tools", again, reset, choice),
    reset,
    paint() {
      choice.hidden = seen().n < 2;
      which.textContent = `image ${model.get("image") + 1} of ${seen().n}`;
    },
  };
}

/** Places that are sliders too: t follows the pointer. @param {HTMLElement} area @param {string} part what can be held in it @param {(u: number) => void} move to a part of the way @param {() => void} hold @param {() => number} slot pixels from one tile to the next; 0: the part has no gutter @param {AbortSignal} signal */
function pulled(area, part, move, hold, slot, signal) {
  /** @type {Element | undefined} */
  let held;
  const follow = (/** @type {PointerEvent} */ e) => {
    if (!held) return;
    const box = held.getBoundingClientRect();
    move(slot() ? (e.clientX - box.left - GUTTER) / ((TILES - 1) * slot()) : (e.clientX - box.left) / box.width);
  };
  on(area, "pointerdown", (e) => {
    const target = /** @type {Element} */ (e.target).closest(part);
    if (e.button || !target) return;
    e.preventDefault();
    held = target;
    area.setPointerCapture(e.pointerId);
    hold();
    follow(e);
  }, signal); // prettier-ignore
  on(area, "pointermove", follow, signal);
  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) on(area, type, () => (held = undefined), signal);
}

/** What a screen reader says of a schedule. @param {import("./explorer/read.js").Schedule} schedule @param {number} t */
const spoken = ({ name, curves }, t) => `${name} signal ${fixed3(curves.signal[t])}, noise ${fixed3(curves.noise[t])}`;

/** The elements, and how they are laid out and painted. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {{ seen: Seen }} state */
function build(model, sync, signal, state) {
  const { T, now, way, step } = cursor(model);
  const seen = () => state.seen;
  const shown = () => seen().all.filter((s) => isShown(model, s));
  const line = timeline({
    n: 2,
    label: "timestep t",
    signal,
    onInput: (t) => sync.set("t", t),
    text: (t) => [`t ${t}`, ...shown().map((s) => spoken(s, step(s, t)))].join(": "),
  });
  const request = frame(paint, signal);
  const change = changer(model, sync, request);
  const [numbers, sliders, charts, films, tools] = [table(model, sync, signal), settings(model, change, signal), CHARTS.map(chart), strips(model, seen), controls(model, sync, seen, signal)];
  const chartsEl = div("charts", ...charts.map((x) => x.el));
  const pictures = div("films-and-line", films.el, line.el);
  const root = h("div", { class: "ddw ddw-schedule-explorer", role: "group", "aria-label": "Noise schedules" },
    div("top", numbers.el, sliders.el), chartsEl, pictures, tools.el); // prettier-ignore

  /** Build the elements for what the traits say. */
  function fill() {
    sliders.fill(model.get("formulas"));
    tools.reset.hidden = sliders.el.hidden;
    numbers.fill(seen().all);
    compute();
  }

  /** All that depends on the settings and on what is shown. */
  function compute() {
    const set = { T: T(), beta_min: model.get("beta_min"), beta_max: model.get("beta_max"), s: model.get("s") };
    for (const s of seen().all) if (s.formula) (s.curves = formula(s.formula, set)), (s.T = set.T);
    for (const chart of charts) chart.draw(shown(), model.get("selected"), set.T);
    films.fill(shown());
    line.setLength(set.T);
    place();
  }

  /** Fit the strips to the width there is. */
  function place() {
    const placed = layout(seen(), max(240, pictures.clientWidth || 640));
    root.classList.toggle("wide", placed.side > 0);
    pictures.style.setProperty("--slot", `${placed.slot}px`);
    films.place(placed);
    develop();
  }

  function develop() {
    films.develop();
    paint();
  }

  /** All that depends on t. */
  function paint() {
    const t = now();
    if (line.t !== t) line.show(t);
    root.style.setProperty("--x", String(way()));
    for (const chart of charts) chart.point(step);
    films.paint(step);
    numbers.paint(t, step);
    sliders.paint();
    tools.paint();
    tools.reset.disabled = sliders.isInitial();
    Object.assign(root.dataset, { painted: String(t), steps: String(T()), seed: String(model.get("seed")), image: String(model.get("image")) });
  }
  const slot = () => parseFloat(pictures.style.getPropertyValue("--slot"));
  return { root, line, chartsEl, films, pictures, tools, sliders, change, fill, compute, place, develop, request, slot };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const state = { seen: read(model) };
  const { root, line, chartsEl, films, pictures, tools, sliders, change, fill, compute, place, develop, request, slot } = build(model, sync, signal, state);
  listen(model, "change:t", request, signal);
  listen(model, "change:seed change:image", frame(develop, signal), signal);
  listen(model, "change:T change:beta_min change:beta_max change:s change:hidden change:selected", frame(compute, signal), signal);
  listen(model, "change:x0 change:shape change:names change:formulas change:given change:lengths", frame(() => ((state.seen = read(model)), fill()), signal), signal);
  const go = (/** @type {number} */ t) => sync.set("t", clamp(t, 0, model.get("T") - 1));
  linked(model, () => model.get("T"), go, signal);

  on(tools.reset, "click", () => sliders.reset((name, value) => (name === "T" ? change(name, value) : sync.set(name, value))), signal);
  on(root, "keydown", (e) => {
    if (line.key(e)) return;
    // Keys that a button, slider or radio button uses itself are no commands to the notebook.
    if (/^(Arrow|Page|Home|End| |Enter)/.test(e.key) && /** @type {Element} */ (e.target).matches("button, input")) e.stopPropagation();
  }, signal); // prettier-ignore
  const move = (/** @type {number} */ u) => go(Math.round(clamp(u, 0, 1) * (model.get("T") - 1)));
  pulled(chartsEl, ".plot", move, line.hold, () => 0, signal);
  pulled(films.el, ".row", move, line.hold, slot, signal);
  mount(el, root, signal);
  fill();
  onWidth(pictures, frame(place, signal), signal);
  return end;
}

export default { render };
