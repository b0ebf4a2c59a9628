// ScheduleExplorer: noise schedules as curves, and as ten steps of one image, with one cursor through all of it.
// State is traits alone; curves and pictures are computed here, from the sliders, the image and a seed.
import "./schedule_explorer.css";
import { marks, place, range, short } from "./shared/curve.js";
import { f32, u8 } from "./shared/bytes.js";
import { h, root as radical, svg, symbol } from "./shared/dom.js";
import { clamp, fixed3, sig3 } from "./shared/format.js";
import { mix } from "./shared/forward.js";
import { icon } from "./shared/icons.js";
import { linked } from "./shared/link.js";
import { normal } from "./shared/random.js";
import { curvesOf, formula, spentAt, spread } from "./shared/schedules.js";
import { syncer } from "./shared/sync.js";
import { curvePath, timeline } from "./shared/timeline.js";
import { atEnd, frame, keepKeys, life, listen } from "./shared/view.js";

/** @typedef {import("./shared/schedules.js").Curves} Curves */
/** @typedef {{ name: string, formula: string, curves: Curves, T: number, color: string, dash: string | undefined }} Schedule */
/** @typedef {{ schedule: Schedule, el: HTMLElement, tiles: HTMLCanvasElement[], lens: HTMLCanvasElement, note: HTMLElement, spent: HTMLElement, stamps: HTMLElement[] }} Strip */

const COLORS = ["var(--ddw-accent)", "var(--ddw-c2)", "var(--ddw-c3)", "var(--ddw-c4)"];
const DASHES = [undefined, "7 4", "2 3", "9 3 2 3"];
const TILES = 10;
const GUTTER = 52; // CSS pixels left of the timeline's first position
const ICONS = {
  dice: "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z",
  undo: "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z",
  left: "M15 5l-7 7 7 7z",
  right: "M9 5l7 7-7 7z",
};

/** Values a slider stops at: these digits in each power of ten. @param {number} lo @param {number} hi @param {number[]} digits */
const decades = (lo, hi, digits) => {
  const out = [];
  for (let e = Math.floor(Math.log10(lo)); e <= Math.log10(hi); e++) for (const d of digits) out.push(Number(`${d}e${e}`));
  return out.filter((v) => v >= lo && v <= hi);
};
const FINE = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
/** @type {{ name: "T" | "beta_min" | "beta_max" | "s", of: string, symbol: () => Node, stops: number[] }[]} */
const SETTINGS = [
  { name: "T", of: "", symbol: () => symbol("T"), stops: [...[2, 3, 4, 5, 6, 8], ...decades(10, 4000, FINE)] },
  { name: "beta_min", of: "linear", symbol: () => symbol("β", "min"), stops: decades(1e-6, 0.02, FINE) },
  { name: "beta_max", of: "linear", symbol: () => symbol("β", "max"), stops: decades(1e-4, 0.12, FINE) },
  { name: "s", of: "cosine", symbol: () => symbol("s"), stops: [0, ...decades(0.001, 0.5, [1, 2, 3, 4, 6, 8])] },
];

/** The stop nearest to a value, on the scale that the stops have. @param {number[]} stops @param {number} value */
function nearest(stops, value) {
  let best = 0;
  stops.forEach((v, i) => Math.abs(Math.log((v + 1e-9) / (value + 1e-9))) < Math.abs(Math.log((stops[best] + 1e-9) / (value + 1e-9))) && (best = i));
  return best;
}

/** A mark on an axis, a value of a slider. @param {number} v */
const brief = (v) => short(v).replace("-", "−").replace(/^1·/, "");

const CHARTS = /** @type {const} */ ([
  { key: "beta", title: () => [symbol("β", "t"), " noise per step"], log: true },
  { key: "alphaBar", title: () => [symbol("ᾱ", "t"), " signal left"], log: false },
  { key: "roots", title: () => [radical(symbol("ᾱ", "t")), " and ", radical("1 − ", symbol("ᾱ", "t"))], log: false },
  { key: "logSnr", title: () => [h("span", {}, "log SNR"), " signal to noise"], log: false },
]);

/** A chart whose x axis is the way from the first step to the last. */
class Chart {
  /** @param {typeof CHARTS[number]} spec */
  constructor(spec) {
    this.spec = spec;
    this.lines = svg("g");
    this.rules = svg("g");
    this.scale = h("div", { class: "scale" });
    this.dots = h("div");
    this.plot = h("div", { class: "plot" },
      svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none" }, this.rules, this.lines),
      h("div", { class: "ddw-cursor" }), this.dots); // prettier-ignore
    this.last = h("span");
    this.el = h("figure", { class: "chart" },
      h("figcaption", {}, ...spec.title()),
      h("div", { class: "frame", "aria-hidden": "true" }, this.scale, this.plot, h("div", { class: "ends" }, h("span", {}, "0"), h("span", {}, "t"), this.last))); // prettier-ignore
    /** @type {{ schedule: Schedule, y: Float64Array }[]} */
    this.curves = [];
  }

  /** @param {Schedule[]} shown @param {string} selected @param {number} T */
  draw(shown, selected, T) {
    const { key, log } = this.spec;
    this.curves = shown.flatMap((schedule) => (key === "roots" ? [schedule.curves.signal, schedule.curves.noise] : [schedule.curves[key]]).map((y) => ({ schedule, y })));
    const unit = { lo: 0, hi: 1, log: false };
    this.range = key === "alphaBar" || key === "roots" ? unit : range(this.curves.map((c) => c.y), log); // prettier-ignore
    if (key === "beta") this.range.hi = Math.min(1, this.range.hi);
    const at = (/** @type {number} */ v) => place(/** @type {NonNullable<typeof this.range>} */ (this.range), v);
    const lines = marks(this.range, log ? 4 : 3);
    this.rules.replaceChildren(...lines.map((v) => svg("line", { x2: 1000, y1: 100 * (1 - at(v)), y2: 100 * (1 - at(v)) })));
    this.scale.replaceChildren(...lines.map((v) => h("span", { style: `top:${100 * (1 - at(v))}%` }, brief(v))));
    this.lines.replaceChildren(...this.curves.map(({ schedule, y }) => svg("path", {
      d: curvePath((i) => at(y[i]), y.length), class: `ddw-curve${schedule.name === selected ? " selected" : ""}`,
      style: `stroke: ${schedule.color}`, "stroke-dasharray": schedule.dash,
    }))); // prettier-ignore
    this.dots.replaceChildren(...this.curves.map(({ schedule }) => h("div", { class: "ddw-dot", style: `--c: ${schedule.color}` })));
    this.last.textContent = String(T - 1);
  }

  /** @param {(s: Schedule) => number} step which timestep of a schedule the cursor is at */
  point(step) {
    this.curves.forEach(({ schedule, y }, k) => {
      const dot = /** @type {HTMLElement} */ (this.dots.children[k]);
      dot.style.top = `${100 * (1 - place(/** @type {NonNullable<typeof this.range>} */ (this.range), y[step(schedule)]))}%`;
    });
  }
}

let radios = 0; // a name of its own for each view's radio buttons

/** @param {import("./shared/afm").RenderProps} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const group = `ddw-selected-${radios++}`;

  // What the traits say. Filled by `read`.
  let high = 0, wide = 0, c = 1, n = 1; // prettier-ignore
  let x0 = /** @type {Uint8Array} */ (new Uint8Array());
  let eps = /** @type {Float32Array} */ (new Float32Array());
  let drawn = ""; // what `eps` holds
  /** @type {Schedule[]} */
  let all = [];
  /** @type {Strip[]} */
  let strips = [];
  /** @type {{ toggle: HTMLButtonElement, radio: HTMLInputElement, own: HTMLElement, cells: Text[] }[]} */
  let rows = [];

  const T = () => /** @type {number} */ (model.get("T"));
  const now = () => clamp(model.get("t"), 0, T() - 1);
  const way = () => (T() > 1 ? now() / (T() - 1) : 0);
  const step = (/** @type {Schedule} */ s) => Math.round(way() * (s.T - 1));
  const isShown = (/** @type {Schedule} */ s) => !model.get("hidden").includes(s.name);

  const line = timeline({
    n: 2,
    label: "timestep t",
    signal,
    onInput: (t) => sync.set("t", t),
    text: (t) => [`t ${t}`, ...all.filter(isShown).map((s) => {
      const i = Math.round((T() > 1 ? t / (T() - 1) : 0) * (s.T - 1));
      return `${s.name} signal ${fixed3(s.curves.signal[i])}, noise ${fixed3(s.curves.noise[i])}`;
    })].join(": "),
  }); // prettier-ignore

  const body = h("tbody");
  const caption = h("caption");
  const head = h("tr", {}, h("th", { scope: "col", class: "pick" }, h("span", { class: "unseen" }, "chosen")), h("th", { scope: "col" }, "schedule"),
    ...[[symbol("β", "t")], [symbol("ᾱ", "t")], [radical(symbol("ᾱ", "t"))], [radical("1 − ", symbol("ᾱ", "t"))], ["log SNR"]].map((x, i) => h("th", { scope: "col", class: `c${i}` }, ...x))); // prettier-ignore
  const table = h("table", {}, caption, h("thead", {}, head), body);
  const sliders = SETTINGS.map((setting) => {
    const input = h("input", { type: "range", class: "ddw-slider", min: 0, max: setting.stops.length - 1, step: 1, "aria-label": { T: "T, steps", beta_min: "linear: beta min", beta_max: "linear: beta max", s: "cosine: s" }[setting.name] });
    const value = h("output", { class: "ddw-num" });
    const label = h("label", { class: "setting" }, h("span", { class: "what" }, setting.symbol(), h("span", { class: "ddw-small ddw-muted" }, setting.of || "steps")), input, value);
    input.addEventListener("input", () => change(setting.name, setting.stops[input.valueAsNumber]), { signal });
    return { ...setting, input, value, label };
  });
  const again = h("button", { type: "button", class: "ddw-btn", title: "Draw other noise" }, icon(ICONS.dice), "Draw again");
  const reset = h("button", { type: "button", class: "ddw-btn" }, "Reset the sliders");
  const settings = h("div", { class: "settings", role: "group", "aria-label": "Settings" }, ...sliders.map((s) => s.label));
  const charts = CHARTS.map((spec) => new Chart(spec));
  const chartsEl = h("div", { class: "charts" }, ...charts.map((x) => x.el));
  const film = h("div", { class: "films" });
  const round = (/** @type {string} */ label, /** @type {string} */ d) => h("button", { type: "button", class: "ddw-btn ddw-round", "aria-label": label, title: label }, icon(d));
  const [previous, next] = [round("Previous image", ICONS.left), round("Next image", ICONS.right)];
  const which = h("span", { class: "ddw-small ddw-muted ddw-num", "aria-live": "polite" });
  const choice = h("span", { class: "choice" }, previous, next, which);
  const pictures = h("div", { class: "films-and-line" }, film, line.el);
  const root = h("div", { class: "ddw ddw-schedule-explorer", role: "group", "aria-label": "Noise schedules" },
    h("div", { class: "top" }, table, settings), chartsEl, pictures,
    h("div", { class: "ddw-tools" }, again, reset, choice)); // prettier-ignore

  const initial = Object.fromEntries(SETTINGS.map(({ name }) => [name, model.get(name)]));

  let kept = 0; // the part of the way where the cursor was put; few steps round it, more of them find it again

  /** A slider moved. T takes the cursor along, so that it stays at the same part of the way. @param {string} name @param {number} value */
  function change(name, value) {
    if (Math.round(kept * (T() - 1)) !== now()) kept = way();
    if (name === "beta_min") value = Math.min(value, model.get("beta_max"));
    if (name === "beta_max") value = Math.max(value, model.get("beta_min"));
    sync.set(name, value);
    if (name === "T") sync.set("t", Math.round(kept * (value - 1)));
    request(); // also where the value was refused: the slider goes back
  }

  /** Take the traits that stay, and build the elements for them. */
  function read() {
    [n, high, wide, c] = model.get("shape");
    x0 = u8(model.get("x0"));
    drawn = "";
    const names = model.get("names");
    const formulas = model.get("formulas");
    const lengths = model.get("lengths");
    const given = f32(model.get("given"));
    let from = 0;
    all = names.map((/** @type {string} */ name, /** @type {number} */ k) => {
      const alphaBar = Float64Array.from(given.subarray(from, (from += lengths[k])));
      return { name, formula: formulas[k], curves: curvesOf(alphaBar), T: lengths[k], color: COLORS[k % 4], dash: DASHES[(k + (k >> 2)) % 4] };
    });
    for (const s of sliders) s.label.hidden = s.of ? !formulas.includes(s.of) : !formulas.some(Boolean);
    settings.hidden = reset.hidden = sliders.every((s) => s.label.hidden);
    choice.hidden = n < 2;

    rows = all.map((s) => {
      const toggle = h("button", { type: "button", class: "toggle", title: "Show or hide" }, swatch(s), h("span", { class: "text" }, s.name));
      const radio = h("input", { type: "radio", name: group, "aria-label": `Choose ${s.name}`, title: "Choose: explorer.schedule gives this one to Python" });
      toggle.addEventListener("click", () => {
        const hidden = all.filter((o) => (o === s ? isShown(o) : !isShown(o))).map((o) => o.name);
        if (hidden.length < all.length) sync.set("hidden", hidden);
      }, { signal }); // prettier-ignore
      radio.addEventListener("change", () => sync.set("selected", s.name), { signal });
      return { toggle, radio, own: h("span", { class: "ddw-small ddw-muted" }), cells: [0, 1, 2, 3, 4].map(() => new Text()) };
    });
    body.replaceChildren(...rows.map(({ toggle, radio, own, cells }) => h("tr", {}, h("td", { class: "pick" }, radio), h("th", { scope: "row" }, toggle, own), ...cells.map((text, i) => h("td", { class: `ddw-num c${i}` }, text)))));
    compute();
  }

  /** @param {Schedule} s */
  const swatch = (s) => svg("svg", { "aria-hidden": "true", class: "swatch" }, svg("line", { x2: 24, y1: 4, y2: 4, style: `stroke: ${s.color}`, "stroke-dasharray": s.dash }));

  /** All that depends on the settings and on what is shown. */
  function compute() {
    const set = { T: T(), beta_min: model.get("beta_min"), beta_max: model.get("beta_max"), s: model.get("s") };
    for (const s of all) if (s.formula) (s.curves = formula(s.formula, set)), (s.T = set.T);
    const shown = all.filter(isShown);
    for (const chart of charts) chart.draw(shown, model.get("selected"), set.T);
    if (shown.map((s) => s.name).join("\n") !== strips.map((s) => s.schedule.name).join("\n") || strips.some((s) => !all.includes(s.schedule))) {
      strips = shown.map(strip);
      film.replaceChildren(...strips.map((s) => s.el));
    }
    line.setLength(set.T);
    arrange();
  }

  /** The strip of one schedule. @param {Schedule} schedule @returns {Strip} */
  function strip(schedule) {
    const canvas = () => h("canvas", { role: "img" });
    const tiles = Array.from({ length: TILES }, canvas);
    const lens = canvas();
    lens.classList.add("lens");
    const [note, spent] = [h("p"), h("div", { class: "spent" })];
    const stamps = tiles.map(() => h("span"));
    const el = h("div", { class: "strip", role: "group", "aria-label": `schedule ${schedule.name}`, style: `--c: ${schedule.color}` },
      h("div", { class: "strip-text" }, h("h3", {}, swatch(schedule), h("span", {}, schedule.name)), note),
      h("div", { class: "strip-picture" }, h("div", { class: "row" }, ...tiles, lens), h("div", { class: "life", "aria-hidden": "true" }, spent), h("div", { class: "stamps", "aria-hidden": "true" }, ...stamps))); // prettier-ignore
    return { schedule, el, tiles, lens, note, spent, stamps };
  }

  /** Fit the strips to the width there is: their first and last picture stand at the ends of the slider. */
  function arrange() {
    const room = Math.max(240, pictures.clientWidth || 640);
    const ratio = devicePixelRatio || 1;
    const side = room > 860 ? 236 : 0; // text beside the strip
    const most = Math.min((room - side - GUTTER) / (TILES - 0.5), 104);
    const fit = ((most - 3) * ratio) / Math.max(wide, high);
    const scale = (fit >= 2 ? Math.floor(fit) : fit) / ratio; // a pixel of the image covers whole pixels of the screen
    const slot = side ? Math.min(most, Math.max(wide, high) * scale + 6) : most;
    root.classList.toggle("wide", side > 0);
    pictures.style.setProperty("--slot", `${slot}px`);
    const [w, h] = [wide * scale, high * scale];
    for (const s of strips) {
      /** @type {HTMLElement} */ (s.tiles[0].parentElement).style.height = `${h}px`;
      for (const canvas of [...s.tiles, s.lens]) {
        canvas.width = wide;
        canvas.height = high;
        canvas.style.width = `${w}px`;
        canvas.style.height = `${h}px`;
        canvas.classList.toggle("smooth", fit < 2);
      }
      s.tiles.forEach((canvas, i) => (canvas.style.left = `${GUTTER + i * slot - w / 2}px`));
      s.lens.style.left = `calc(${GUTTER - w / 2}px + ${(TILES - 1) * slot}px * var(--x))`;
    }
    develop();
  }

  /** The strips' pictures. */
  function develop() {
    const key = `${model.get("seed")} ${high * wide * c}`;
    if (drawn !== key) eps = normal(model.get("seed"), high * wide * c);
    drawn = key;
    for (const [k, s] of strips.entries()) {
      const { curves, T: length, name } = s.schedule;
      const at = spread(length, TILES);
      s.el.classList.toggle("stamped", length !== strips[k + 1]?.schedule.T); // once for strips of one length
      s.tiles.forEach((canvas, i) => {
        picture(canvas, curves.alphaBar[at[i]]);
        canvas.setAttribute("aria-label", `${name} at t ${at[i]}`);
        s.stamps[i].textContent = String(at[i]);
      });
      const from = spentAt(curves);
      const share = (length - from) / length;
      s.note.replaceChildren(...(share > 0
        ? [h("b", {}, `${Math.round(100 * share)} %`), " of the steps keep less than a tenth of the signal ", h("span", { class: "ddw-muted" }, `(from t = ${from})`)]
        : ["Every step keeps a tenth of the signal or more ", h("span", { class: "ddw-muted" }, `(√ᾱ ends at ${fixed3(curves.signal[length - 1])})`)])); // prettier-ignore
      s.spent.style.left = `${100 * Math.min(1, from / (length - 1))}%`;
    }
    paint();
  }

  /** x_t on a canvas. @param {HTMLCanvasElement} canvas @param {number} alphaBar */
  function picture(canvas, alphaBar) {
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const pixels = ctx.createImageData(wide, high);
    const image = x0.subarray(clamp(model.get("image"), 0, n - 1) * high * wide * c);
    mix(image, eps, Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar), new Uint32Array(pixels.data.buffer), { n: 1, w: wide, h: high, c, columns: 1, gapX: 0, gapY: 0, width: wide, height: high });
    ctx.putImageData(pixels, 0, 0);
  }

  /** All that depends on t. */
  function paint() {
    const t = now();
    if (line.t !== t) line.show(t);
    root.style.setProperty("--x", String(way()));
    for (const chart of charts) chart.point(step);
    for (const s of strips) {
      picture(s.lens, s.schedule.curves.alphaBar[step(s.schedule)]);
      s.lens.setAttribute("aria-label", `${s.schedule.name} at the cursor, t ${step(s.schedule)}`);
    }
    const selected = model.get("selected");
    all.forEach((s, k) => {
      const { toggle, radio, own, cells } = rows[k];
      const { beta, alphaBar, signal, noise, logSnr } = s.curves;
      const i = step(s);
      [sig3(beta[i]), sig3(alphaBar[i]), fixed3(signal[i]), fixed3(noise[i]), logSnr[i].toFixed(2).replace("-", "−")].forEach((text, j) => (cells[j].data = text));
      toggle.setAttribute("aria-pressed", String(isShown(s)));
      toggle.disabled = isShown(s) && strips.length === 1;
      own.textContent = s.T === T() ? "" : `t = ${i}`; // a schedule of its own length has its own steps
      radio.checked = s.name === selected;
      /** @type {HTMLElement} */ (body.children[k]).classList.toggle("selected", s.name === selected);
    });
    caption.textContent = `At t = ${t}`;
    for (const { name, stops, input, value } of sliders) {
      const v = model.get(name);
      input.value = String(nearest(stops, v));
      input.style.setProperty("--x", String(input.valueAsNumber / (stops.length - 1)));
      value.textContent = name === "T" ? String(v) : brief(v);
      input.setAttribute("aria-valuetext", value.textContent);
    }
    which.textContent = `image ${model.get("image") + 1} of ${n}`;
    reset.disabled = SETTINGS.every(({ name }) => model.get(name) === initial[name]);
    Object.assign(root.dataset, { painted: String(t), steps: String(T()), seed: String(model.get("seed")), image: String(model.get("image")) });
  }

  const request = frame(paint, signal);
  const redevelop = frame(develop, signal);
  const rearrange = frame(arrange, signal);
  const recompute = frame(compute, signal);
  const rebuild = frame(read, signal);
  listen(model, "change:t", request, signal);
  listen(model, "change:seed change:image", redevelop, signal);
  listen(model, "change:T change:beta_min change:beta_max change:s change:hidden change:selected", recompute, signal);
  listen(model, "change:x0 change:shape change:names change:formulas change:given change:lengths", rebuild, signal);
  linked(model, T, (t) => sync.set("t", clamp(t, 0, T() - 1)), signal);

  const on = (/** @type {Element} */ node, /** @type {() => void} */ fn) => node.addEventListener("click", fn, { signal });
  on(again, () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32));
  on(previous, () => sync.set("image", (model.get("image") + n - 1) % n));
  on(next, () => sync.set("image", (model.get("image") + 1) % n));
  on(reset, () => ["beta_max", "beta_min", "s", "T"].forEach((name) => (name === "T" ? change(name, initial[name]) : sync.set(name, initial[name]))));
  root.addEventListener("keydown", (e) => {
    if (line.key(e)) return;
    // Keys that a button, slider or radio button uses itself are no commands to the notebook.
    if (/^(Arrow|Page|Home|End| |Enter)/.test(e.key) && /** @type {Element} */ (e.target).matches("button, input")) e.stopPropagation();
  }, { signal }); // prettier-ignore

  // The charts and the strips are sliders too: t follows the pointer.
  for (const [area, part] of /** @type {const} */ ([[chartsEl, ".plot"], [film, ".row"]])) {
    /** @type {Element | undefined} */
    let held;
    const move = (/** @type {PointerEvent} */ e) => {
      if (!held) return;
      const box = held.getBoundingClientRect();
      const slot = part === ".row" ? parseFloat(pictures.style.getPropertyValue("--slot")) : 0;
      const u = slot ? (e.clientX - box.left - GUTTER) / ((TILES - 1) * slot) : (e.clientX - box.left) / box.width;
      sync.set("t", Math.round(clamp(u, 0, 1) * (T() - 1)));
    };
    area.addEventListener("pointerdown", (e) => {
      const target = /** @type {Element} */ (e.target).closest(part);
      if (e.button || !target) return;
      e.preventDefault();
      line.pause();
      held = target;
      area.setPointerCapture(e.pointerId);
      line.slider.focus({ preventScroll: true });
      move(e);
    }, { signal }); // prettier-ignore
    area.addEventListener("pointermove", move, { signal });
    for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) area.addEventListener(type, () => (held = undefined), { signal });
  }

  el.append(root);
  keepKeys(root, signal);
  atEnd(signal, () => root.remove());
  read();
  let seen = pictures.clientWidth;
  const observer = new ResizeObserver(() => {
    if (pictures.clientWidth !== seen) (seen = pictures.clientWidth), rearrange();
  });
  observer.observe(pictures);
  atEnd(signal, () => observer.disconnect());
  return end;
}

export default { render };
