// The one timeline of all widgets: play button, curves that can be dragged, a slider as their x axis, keys.
import { attr, button, div, h, put, span, stretched, svg, UNSPOKEN } from "./dom.js";
import { clamp, ticks } from "./format.js";
import { icon, PAUSE, PLAY } from "./icons.js";
import { max, min } from "./math.js";
import { atEnd, calm, on } from "./view.js";

/** @typedef {{ name: string, y: ArrayLike<number>, color?: string, dash?: string, fill?: [string, string] }} Curve y in 0…1, one per position; fill: names of what lies below and above it */

/**
 * An SVG path through n values of y (or as many as `most` of them, evenly picked) in a 1000×100 box, y = 1 at its top.
 * @param {(i: number) => number} y @param {number} n
 */
export function curvePath(y, n, most = 400) {
  const last = max(1, n - 1);
  const points = min(most, n);
  let d = "";
  for (let j = 0; j < points; j++) {
    const i = Math.round((j * last) / max(1, points - 1));
    d += `${j ? "L" : "M"}${+((1000 * i) / last).toFixed(2)} ${+(100 * (1 - y(i))).toFixed(3)}`;
  }
  return d;
}

/** Where a key leads, from t among n positions; undefined if it is none of the timeline's. @param {string} key @param {boolean} shift @param {number} t @param {number} n */
export function keyTarget(key, shift, t, n) {
  const leap = max(1, Math.round(n / 10));
  const step = shift ? min(10, leap) : 1;
  /** @type {Record<string, number>} */
  const to = {
    ArrowRight: t + step, ArrowUp: t + step, ArrowLeft: t - step, ArrowDown: t - step,
    PageUp: t + leap, PageDown: t - leap, Home: 0, End: n - 1,
  }; // prettier-ignore
  return Object.hasOwn(to, key) ? clamp(to[key], 0, n - 1) : undefined;
}

/** @typedef {{ t: number, n: number, speed: number, loop: boolean, back: boolean }} Place where the timeline is, of how many positions, and how it plays: `back` from the last position to the first */

/** The curves, with a dot on each at t. @param {string} axis what they show */
function curvesPlot(axis) {
  const plot = stretched(100, { class: "ddw-curves" });
  const [dots, names, flag] = [h("div"), h("div"), div("ddw-flag")];
  const chart = h("div", { class: "ddw-chart", ...UNSPOKEN, hidden: true },
    div("ddw-plot", plot, names, div("ddw-cursor"), dots, flag)); // prettier-ignore
  const [top, bottom] = [h("span", {}, "1"), h("span", {}, "0")];
  const scale = h("div", { class: "ddw-scale", ...UNSPOKEN, hidden: true }, top, span("ddw-axis", axis), bottom);
  /** @type {Curve[]} */
  let curves = [];
  return {
    plot, chart, scale,
    /** @param {string} high @param {string} low */
    name(high, low) {
      top.textContent = high;
      bottom.textContent = low;
    },
    /** None hides them. @param {Curve[]} list */
    set(list) {
      curves = list;
      chart.hidden = scale.hidden = !list.length;
      put(plot, list.flatMap(({ y, color = "var(--ddw-accent)", dash, fill }) => {
        const d = curvePath((i) => y[i], y.length);
        const line = svg("path", { d, class: "ddw-curve", style: `stroke: ${color}`, "stroke-dasharray": dash });
        return fill ? [svg("path", { d: `${d}V100H0Z`, class: "ddw-below" }), svg("path", { d: `${d}V0H0Z`, class: "ddw-above" }), line] : [line];
      }));
      put(names, list.flatMap(({ fill }) => (fill ? [span("ddw-name-below", fill[0]), span("ddw-name-above", fill[1])] : [])));
      put(dots, list.map(({ color = "var(--ddw-accent)" }) => h("div", { class: "ddw-dot", style: `--c: ${color}` })));
    },
    /** @param {number} t @param {string} text at the cursor */
    point(t, text) {
      flag.textContent = text;
      curves.forEach((c, k) => /** @type {HTMLElement} */ (dots.children[k]).style.setProperty("top", `${100 * (1 - c.y[t])}%`));
    },
  }; // prettier-ignore
}

/** The play button. It goes by the clock, so that a slow machine skips frames and keeps the pace. @param {Place} at @param {(t: number) => void} move @param {number} seconds all of it takes @param {AbortSignal} signal */
function player(at, move, seconds, signal) {
  const face = icon(PLAY);
  const el = button({ class: "ddw-play", "aria-label": "Play" }, face);
  let raf = 0;
  function pause() {
    cancelAnimationFrame(raf);
    raf = 0;
    look(PLAY, "Play");
  }
  /** @param {string} d @param {string} label */
  function look(d, label) {
    face.firstElementChild?.setAttribute("d", d);
    attr(el, "aria-label", label);
  }
  function play() {
    if (raf || at.n < 2) return;
    const end = () => (at.back ? 0 : at.n - 1);
    if (at.t === end()) move(at.n - 1 - end());
    look(PAUSE, "Pause");
    let to = at.t;
    let before = performance.now();
    /** @param {number} now */
    const tick = (now) => {
      const last = at.n - 1;
      raf = requestAnimationFrame(tick);
      if (Math.round(to) !== at.t) to = at.t; // moved meanwhile: go on from there
      if (calm() && now - before < 500) return; // two still pictures a second
      const way = (max(0, now - before) / 1000 / seconds) * at.speed * last;
      to += at.back ? -way : way;
      before = now;
      if (at.loop && (at.back ? to <= 0 : to >= last)) to = at.t === end() ? last - end() : end();
      move(to);
      if (at.t === end() && !at.loop) pause();
    };
    raf = requestAnimationFrame(tick);
  }
  const toggle = () => (raf ? pause() : play());
  atEnd(signal, pause);
  on(el, "click", toggle, signal);
  return { el, play, pause, toggle, playing: () => raf !== 0 };
}

/** The curve is a slider too: t follows the pointer, the handle stays on the curve. @param {HTMLElement} chart @param {Element} plot @param {() => void} hold @param {(u: number) => void} move to a part of the way @param {AbortSignal} signal */
export function dragged(chart, plot, hold, move, signal) {
  /** @param {PointerEvent} e */
  const drag = (e) => {
    const box = plot.getBoundingClientRect();
    move(clamp((e.clientX - box.left) / box.width, 0, 1));
  };
  on(chart, "pointerdown", (e) => {
    if (e.button) return;
    e.preventDefault();
    chart.setPointerCapture(e.pointerId);
    hold();
    drag(e);
  }, signal); // prettier-ignore
  on(chart, "pointermove", (e) => chart.hasPointerCapture(e.pointerId) && drag(e), signal);
}

/**
 * @param {object} o
 * @param {number} o.n positions 0 … n-1
 * @param {string} o.label what the slider sets, for screen readers
 * @param {(t: number) => string} [o.text] what a screen reader says at t
 * @param {(t: number) => void} o.onInput the person moved it: by drag, slider, key or play
 * @param {AbortSignal} o.signal
 * @param {string} [o.name] the letter at the cursor
 * @param {(t: number) => number | string} [o.at] the number that stands for position t, at the cursor and on the axis
 * @param {string} [o.axis] what the curves show, beside their axis
 * @param {number} [o.seconds] how long playing all of it takes
 * @param {boolean} [o.loop] start again at the end
 */
export function timeline({ n, label, text = String, onInput, signal, name = "t", at: number = (t) => t, axis = "", seconds = 6, loop = false }) {
  /** @type {Place} */
  const at = { t: 0, n, speed: 1, loop, back: false };
  const { plot, chart, scale, set, point, name: nameEnds } = curvesPlot(axis);
  const { el: face, play, pause, toggle, playing } = player(at, move, seconds, signal);
  const slider = h("input", { type: "range", class: "ddw-slider", min: 0, step: 1, "aria-label": label });
  const marks = h("div", { class: "ddw-ticks", ...UNSPOKEN });
  const el = div("ddw-timeline", scale, chart, face, slider, marks);
  const part = (/** @type {number} */ t) => (at.n > 1 ? t / (at.n - 1) : 0);

  /** Show t without telling anyone. @param {number} to */
  function show(to) {
    const t = (at.t = clamp(Math.round(to), 0, at.n - 1));
    slider.value = String(t);
    attr(slider, "aria-valuetext", text(t));
    el.style.setProperty("--x", String(part(t)));
    point(t, `${name} = ${number(t)}`);
  }

  /** The person moved it. @param {number} to */
  function move(to) {
    const before = at.t;
    show(to);
    if (at.t !== before) onInput(at.t);
  }

  /** @param {number} length */
  function setLength(length) {
    at.n = length;
    slider.max = String(length - 1);
    put(marks, ticks(length).map((i) => h("span", { style: `--x: ${part(i)}` }, String(number(i)))));
    show(at.t);
  }

  /** The keys of the timeline; for the widget's root. Returns whether the key was one. @param {KeyboardEvent} e */
  function key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return false;
    const target = /** @type {Element} */ (e.target);
    const other = target !== slider && target.matches("button, input, select, textarea, summary, [data-keys]");
    const to = other ? undefined : keyTarget(e.key, e.shiftKey, at.t, at.n);
    if (to === undefined && (e.key !== " " || other)) return false;
    e.preventDefault();
    e.stopPropagation();
    if (to === undefined) toggle();
    else pause(), move(to);
    return true;
  }

  const hold = () => (pause(), slider.focus({ preventScroll: true }));
  on(slider, "input", () => (pause(), move(slider.valueAsNumber)), signal);
  dragged(chart, plot, hold, (u) => move(u * (at.n - 1)), signal);
  setLength(n);
  return {
    el, slider, show, setLength, play, pause, hold, toggle, key,
    /** The curves above the slider. @param {Curve[]} list */
    setCurves: (list) => (set(list), show(at.t)),
    /** What the ends of the curves' axis stand for. @param {string} high @param {string} low */
    setEnds: nameEnds,
    /** @param {number} x times the normal pace */
    setSpeed: (x) => void (at.speed = x),
    /** @param {boolean} x */
    setLoop: (x) => void (at.loop = x),
    /** @param {boolean} x whether Play goes from the last position to the first */
    setBack: (x) => void (at.back = x),
    get t() { return at.t; },
    get playing() { return playing(); },
  }; // prettier-ignore
}
