// The one timeline of all widgets: play button, curves that can be dragged, a slider as their x axis, keys and wheel.
import { attr, button as make, div, h, span, stretched, svg, UNSPOKEN } from "./dom.js";
import { clamp, ticks } from "./format.js";
import { icon, PAUSE, PLAY } from "./icons.js";
import { atEnd, calm, on } from "./view.js";

/** @typedef {{ name: string, y: ArrayLike<number>, color?: string, dash?: string, fill?: [string, string] }} Curve y in 0…1, one per position; fill: names of what lies below and above it */

/**
 * An SVG path through n values of y (or as many as `most` of them, evenly picked) in a 1000×100 box, y = 1 at its top.
 * @param {(i: number) => number} y @param {number} n
 */
export function curvePath(y, n, most = 400) {
  const last = Math.max(1, n - 1);
  const points = Math.min(most, n);
  let d = "";
  for (let j = 0; j < points; j++) {
    const i = Math.round((j * last) / Math.max(1, points - 1));
    d += `${j ? "L" : "M"}${+((1000 * i) / last).toFixed(2)} ${+(100 * (1 - y(i))).toFixed(3)}`;
  }
  return d;
}

/** Where a key leads, from t among n positions; undefined if it is none of the timeline's. @param {string} key @param {boolean} shift @param {number} t @param {number} n */
export function keyTarget(key, shift, t, n) {
  const leap = Math.max(1, Math.round(n / 10));
  const step = shift ? Math.min(10, leap) : 1;
  /** @type {Record<string, number>} */
  const to = {
    ArrowRight: t + step, ArrowUp: t + step, ArrowLeft: t - step, ArrowDown: t - step,
    PageUp: t + leap, PageDown: t - leap, Home: 0, End: n - 1,
  }; // prettier-ignore
  return Object.hasOwn(to, key) ? clamp(to[key], 0, n - 1) : undefined;
}

/**
 * @param {object} o
 * @param {number} o.n positions 0 … n-1
 * @param {string} o.label what the slider sets, for screen readers
 * @param {(t: number) => string} [o.text] what a screen reader says at t
 * @param {(t: number) => void} o.onInput the person moved it: by drag, slider, key, wheel or play
 * @param {AbortSignal} o.signal
 * @param {string} [o.name] the letter at the cursor
 * @param {(t: number) => number | string} [o.at] the number that stands for position t, at the cursor and on the axis
 * @param {string} [o.axis] what the curves show, beside their axis
 * @param {number} [o.seconds] how long playing all of it takes
 * @param {boolean} [o.loop] start again at the end
 */
export function timeline({ n, label, text = String, onInput, signal, name = "t", at: number = (t) => t, axis = "", seconds = 6, loop = false }) {
  let t = 0;
  let speed = 1;
  const face = icon(PLAY);
  const button = make({ class: "ddw-play", "aria-label": "Play" }, face);
  const slider = h("input", { type: "range", class: "ddw-slider", min: 0, step: 1, "aria-label": label });
  const plot = stretched(100, { class: "ddw-curves" });
  const cursor = div("ddw-cursor");
  const flag = div("ddw-flag");
  const dots = h("div");
  const names = h("div");
  const chart = h("div", { class: "ddw-chart", ...UNSPOKEN, hidden: true },
    div("ddw-plot", plot, names, cursor, dots, flag)); // prettier-ignore
  const scale = h("div", { class: "ddw-scale", ...UNSPOKEN, hidden: true }, h("span", {}, "1"), span("ddw-axis", axis), h("span", {}, "0"));
  const marks = h("div", { class: "ddw-ticks", ...UNSPOKEN });
  const el = div("ddw-timeline", scale, chart, button, slider, marks);
  /** @type {Curve[]} */
  let curves = [];

  /** Show t without telling anyone. @param {number} to */
  function show(to) {
    t = clamp(Math.round(to), 0, n - 1);
    const x = n > 1 ? t / (n - 1) : 0;
    slider.value = String(t);
    attr(slider, "aria-valuetext", text(t));
    el.style.setProperty("--x", String(x));
    flag.textContent = `${name} = ${number(t)}`;
    curves.forEach((c, k) => /** @type {HTMLElement} */ (dots.children[k]).style.setProperty("top", `${100 * (1 - c.y[t])}%`));
  }

  /** The person moved it. @param {number} to */
  function move(to) {
    const before = t;
    show(to);
    if (t !== before) onInput(t);
  }

  /** @param {number} length */
  function setLength(length) {
    n = length;
    slider.max = String(n - 1);
    marks.replaceChildren(...ticks(n).map((i) => h("span", { style: `--x: ${n > 1 ? i / (n - 1) : 0}` }, String(number(i)))));
    show(t);
  }

  /** The curves above the slider; none hides them. @param {Curve[]} list */
  function setCurves(list) {
    curves = list;
    chart.hidden = scale.hidden = !list.length;
    plot.replaceChildren(...list.flatMap(({ y, color = "var(--ddw-accent)", dash, fill }) => {
      const d = curvePath((i) => y[i], y.length);
      const line = svg("path", { d, class: "ddw-curve", style: `stroke: ${color}`, "stroke-dasharray": dash });
      return fill ? [svg("path", { d: `${d}V100H0Z`, class: "ddw-below" }), svg("path", { d: `${d}V0H0Z`, class: "ddw-above" }), line] : [line];
    })); // prettier-ignore
    names.replaceChildren(...list.flatMap(({ fill }) => (fill ? [span("ddw-name-below", fill[0]), span("ddw-name-above", fill[1])] : [])));
    dots.replaceChildren(...list.map(({ color = "var(--ddw-accent)" }) => h("div", { class: "ddw-dot", style: `--c: ${color}` })));
    show(t);
  }

  // Play: by the clock, so that a slow machine skips frames and keeps the pace.
  let raf = 0;
  function pause() {
    cancelAnimationFrame(raf);
    raf = 0;
    face.firstElementChild?.setAttribute("d", PLAY);
    attr(button, "aria-label", "Play");
  }
  function play() {
    if (raf || n < 2) return;
    if (t >= n - 1) move(0);
    face.firstElementChild?.setAttribute("d", PAUSE);
    attr(button, "aria-label", "Pause");
    let at = t;
    let before = performance.now();
    /** @param {number} now */
    const tick = (now) => {
      raf = requestAnimationFrame(tick);
      if (Math.round(at) !== t) at = t; // moved meanwhile: go on from there
      if (calm() && now - before < 500) return; // two still pictures a second
      at += (Math.max(0, now - before) / 1000 / seconds) * speed * (n - 1);
      before = now;
      if (at >= n - 1 && loop) at = t < n - 1 ? n - 1 : 0;
      move(at);
      if (t >= n - 1 && !loop) pause();
    };
    raf = requestAnimationFrame(tick);
  }
  const toggle = () => (raf ? pause() : play());
  atEnd(signal, pause);
  on(button, "click", toggle, signal);
  on(slider, "input", () => (pause(), move(slider.valueAsNumber)), signal);

  // The curve is a slider too: t follows the pointer, the handle stays on the curve.
  /** @param {PointerEvent} e */
  const drag = (e) => {
    const box = plot.getBoundingClientRect();
    move(clamp((e.clientX - box.left) / box.width, 0, 1) * (n - 1));
  };
  on(chart, "pointerdown", (e) => {
    if (e.button) return;
    pause();
    e.preventDefault();
    chart.setPointerCapture(e.pointerId);
    slider.focus({ preventScroll: true });
    drag(e);
  }, signal); // prettier-ignore
  on(chart, "pointermove", (e) => chart.hasPointerCapture(e.pointerId) && drag(e), signal);

  // The wheel moves t only once the pointer has moved here by itself: whoever scrolls past is not caught.
  let here = false;
  let rest = 0;
  on(el, "pointermove", (e) => (here ||= Boolean(e.movementX || e.movementY)), signal);
  on(el, "pointerleave", () => ((here = false), (rest = 0)), signal);
  on(el, "wheel", (e) => {
    const delta = (e.deltaY || e.deltaX) * (e.deltaMode ? 33 : 1);
    const stuck = delta > 0 ? t === n - 1 : t === 0;
    if (!here || stuck || e.ctrlKey) return;
    e.preventDefault();
    e.stopPropagation();
    pause();
    rest += (delta / 100) * Math.max(1, n / 100);
    const whole = Math.trunc(rest);
    rest -= whole;
    move(t + whole);
  }, signal, { passive: false }); // prettier-ignore

  /** The keys of the timeline; for the widget's root. Returns whether the key was one. @param {KeyboardEvent} e */
  function key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return false;
    const target = /** @type {Element} */ (e.target);
    const other = target !== slider && target.matches("button, input, select, textarea, summary, [data-keys]");
    const to = other ? undefined : keyTarget(e.key, e.shiftKey, t, n);
    if (to === undefined && (e.key !== " " || other)) return false;
    e.preventDefault();
    e.stopPropagation();
    if (to === undefined) toggle();
    else pause(), move(to);
    return true;
  }

  setLength(n);
  return {
    el, slider, show, setLength, setCurves, play, pause, toggle, key,
    /** @param {number} x times the normal pace */
    setSpeed: (x) => void (speed = x),
    /** @param {boolean} x */
    setLoop: (x) => void (loop = x),
    get t() { return t; },
    get playing() { return raf !== 0; },
  }; // prettier-ignore
}
