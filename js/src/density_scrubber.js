// DensityScrubber: a density of one number flows to a Gaussian and back, with the paths of single walkers.
// State is traits alone; density, score and paths are worked out here, in z = (value - mean) / std.
import "./density_scrubber.css";
import { pathPlot } from "./density/paths.js";
import { measured, read, walkers } from "./density/read.js";
import { sidePlot } from "./density/side.js";
import { button, div, group, h, press, span, symbol } from "./shared/dom.js";
import { equation } from "./shared/equation.js";
import { clamp, fixed3 } from "./shared/format.js";
import { DICE, icon } from "./shared/icons.js";
import { linked } from "./shared/link.js";
import { floor, min, sqrt } from "./shared/math.js";
import { diffuse } from "./shared/mixture.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { frame, life, listen, mount, on } from "./shared/view.js";

/** @typedef {import("./density/read.js").Traits} Traits */
/** @typedef {import("./density/read.js").Motion} Motion */
/** @typedef {import("./density/read.js").Seen} Seen */
/** @typedef {import("./density/read.js").Walkers} Walkers */

/** @type {Record<Motion, { label: string, title: string, says: string }>} */
const MOTIONS = {
  noising: { label: "Add noise", title: "The forward process, step by step (DDPM eq. 2)", says: "from data to noise. A step shrinks it a little and adds fresh noise" },
  ddpm: { label: "Sample: DDPM", title: "Back from noise with fresh noise in each step (DDPM eq. 6 and 7)", says: "from noise to data. A step follows the slope of log p (the score) and adds fresh noise" },
  ddim: { label: "Sample: DDIM", title: "Back from noise without fresh noise: the probability flow (DDIM eq. 12, η = 0)", says: "from noise to data. A step follows the slope of log p (the score) alone, so paths never cross" },
};

/** What x stands for: the value, less its mean, over its spread. @param {Seen} seen */
function standardised({ name, unit, mean, std }) {
  const digits = clamp(2 - floor(Math.log10(std)), 0, 8);
  const own = unit && ` ${unit}`;
  const centred = Number(mean.toFixed(digits)) ? `(${name} ${mean < 0 ? "+" : "−"} ${Math.abs(mean).toFixed(digits)}${own})` : name;
  return ` = ${centred} / ${std.toFixed(digits)}${own}`;
}

/** The buttons below, and what the walkers do in words. @param {import("./density/read.js").Model} model @param {import("./shared/afm").Sync<Traits>} sync @param {AbortSignal} signal */
function controls(model, sync, signal) {
  const motions = Object.entries(MOTIONS).map(([name, { label, title }]) => {
    const node = button({ title }, label);
    on(node, "click", () => sync.set("paths", /** @type {Motion} */ (name)), signal);
    return { name, node };
  });
  const histogram = button({}, "Histogram");
  const again = button({ title: "Draw other walkers and other noise" }, icon(DICE), "Draw again");
  const note = h("p", { class: "ddw-small ddw-muted note" });
  on(histogram, "click", () => sync.set("histogram", !model.get("histogram")), signal);
  on(again, "click", () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32), signal);
  return {
    el: div("ddw-tools", group("switch", "How the walkers move", ...motions.map((m) => m.node)), histogram, again, note),
    note,
    /** @param {number} count @param {number} n */
    paint(count, n) {
      const motion = model.get("paths");
      press(histogram, model.get("histogram"));
      for (const { name, node } of motions) press(node, name === motion);
      note.textContent = `A line is the path of one walker, a single value, ${MOTIONS[motion].says}. ${count} of ${n} walkers are drawn.`;
    },
  };
}

/** The picture of the paths is a slider too. Without a pressed button it tells a walker's story. @param {HTMLElement} plot @param {{ hold: () => void, move: (t: number) => void, tell: (t: number, z: number) => void, leave: () => void }} to @param {() => Seen} seen @param {AbortSignal} signal */
function pointed(plot, { hold, move, tell, leave }, seen, signal) {
  const place = (/** @type {PointerEvent} */ e) => {
    const { T, lo, hi } = seen();
    const box = plot.getBoundingClientRect();
    return { t: Math.round(clamp((e.clientX - box.left) / box.width, 0, 1) * (T - 1)), z: hi - ((e.clientY - box.top) / box.height) * (hi - lo) };
  };
  on(plot, "pointerdown", (e) => {
    if (e.button) return;
    e.preventDefault();
    plot.setPointerCapture(e.pointerId);
    hold();
    move(place(e).t);
  }, signal); // prettier-ignore
  on(plot, "pointermove", (e) => {
    const { t, z } = place(e);
    if (plot.hasPointerCapture(e.pointerId)) move(t);
    if (e.pointerType !== "touch") tell(t, z);
  }, signal); // prettier-ignore
  on(plot, "pointerleave", leave, signal);
}

/** @typedef {{ seen: Seen, led: Walkers }} State */

/** The elements, and how they are laid out and painted. @param {import("./density/read.js").Model} model @param {import("./shared/afm").Sync<Traits>} sync @param {AbortSignal} signal @param {State} state */
function build(model, sync, signal, state) {
  const line = timeline({
    n: 2,
    label: "timestep t",
    signal,
    onInput: (t) => sync.set("t", t),
    text: (t) => `t ${t}: signal ${fixed3(sqrt(state.seen.alphaBar[t]))}, noise ${fixed3(sqrt(1 - state.seen.alphaBar[t]))}`,
  });
  const [eq4, paths, side, tools] = [equation(), pathPlot(), sidePlot(), controls(model, sync, signal)];
  const units = span("ddw-muted ddw-num");
  const root = h("div", { class: "ddw ddw-density-scrubber", role: "group", "aria-label": "Diffusion of a density" },
    div("ddw-head", eq4.el, units),
    div("board", paths.what, side.title, paths.scale, paths.plot, side.plot, side.scale, div("under", line.el), side.key),
    tools.el); // prettier-ignore
  const count = () => min(state.led.n, model.get("count"));

  /** The axes, and what stays while t moves. */
  function layout() {
    const { seen } = state;
    units.replaceChildren(symbol("x"), standardised(seen));
    paths.layout(seen);
    side.layout(seen, paths.rules);
    line.setLength(seen.T);
    lead();
  }

  function lead() {
    paths.lead(state.seen, state.led, count());
    root.dataset.motion = state.led.motion;
    line.setBack(state.led.motion !== "noising"); // sampling begins at t = T-1
    paint();
  }

  /** All that depends on t. */
  function paint() {
    const { seen, led } = state;
    const t = clamp(model.get("t"), 0, seen.T - 1);
    if (line.t !== t) line.show(t);
    eq4.show(seen.alphaBar[t]);
    root.style.setProperty("--x", String(seen.T > 1 ? t / (seen.T - 1) : 0));
    paths.paint(seen, led, t);
    side.paint(seen, diffuse(seen.parts, seen.alphaBar[t]), led, t, model.get("histogram"));
    tools.paint(count(), led.n);
    Object.assign(root.dataset, { painted: String(t), seed: String(model.get("seed")), histogram: String(model.get("histogram")) });
  }

  /** How the walker near z at t begins and ends. Returns whether there is one. @param {number} t @param {number} z */
  function tell(t, z) {
    const { seen, led } = state;
    const i = count() ? paths.mark(seen, led, t, z) : undefined;
    if (i === undefined) return false;
    const [from, to] = led.motion === "noising" ? [0, seen.T - 1] : [seen.T - 1, 0];
    const at = (/** @type {number} */ t) => measured(seen, led.paths[i * seen.T + t]);
    tools.note.textContent = `This walker begins at ${at(from)} and ends at ${at(to)}.`;
    return true;
  }
  return { root, line, paths, layout, lead, paint, tell };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const seen = read(model);
  const state = { seen, led: walkers(model, seen) };
  const { root, line, paths, layout, lead, paint, tell } = build(model, sync, signal, state);

  const request = frame(paint, signal);
  const leave = () => void (paths.unmark() && request());
  const walk = () => (state.led = walkers(model, state.seen));
  listen(model, "change:t change:histogram", request, signal);
  listen(model, "change:seed change:paths", frame(() => (walk(), lead()), signal), signal);
  listen(model, "change:count", frame(lead, signal), signal);
  const rebuild = frame(() => ((state.seen = read(model)), walk(), layout()), signal);
  listen(model, "change:parts change:starts change:alpha_bar change:mean change:std change:name change:unit change:walkers", rebuild, signal);
  const go = (/** @type {number} */ t) => sync.set("t", clamp(t, 0, state.seen.T - 1));
  linked(model, () => state.seen.T, go, signal);
  pointed(paths.plot, { hold: line.hold, move: go, tell: (t, z) => void (tell(t, z) || leave()), leave }, () => state.seen, signal);
  on(root, "keydown", (e) => {
    if (!line.key(e) && (e.key === " " || e.key === "Enter") && /** @type {Element} */ (e.target).matches("button")) e.stopPropagation();
  }, signal); // prettier-ignore
  mount(el, root, signal);
  layout();
  return end;
}

export default { render };
