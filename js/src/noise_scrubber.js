// NoiseScrubber: images dissolve into noise as t is moved along the ᾱ curve.
// State is traits alone; every pixel is computed here, from the images, ᾱ and a seed.
import "./noise_scrubber.css";
import { f32, u8 } from "./shared/bytes.js";
import { h, icon, root as radical, svg, symbol } from "./shared/dom.js";
import { clamp, fixed3, sig3, signed3 } from "./shared/format.js";
import { columnsFor, fitScale, foldColumns, mix, snr, value } from "./shared/forward.js";
import { linked } from "./shared/link.js";
import { normal, normalAt, streamAt } from "./shared/random.js";
import { syncer } from "./shared/sync.js";
import { curvePath, timeline } from "./shared/timeline.js";
import { atEnd, frame, keepKeys, life, listen } from "./shared/view.js";

/** @typedef {import("./shared/forward.js").Layout} Layout */
/** @typedef {"signal" | "noise" | "x"} Term */
/** @typedef {{ image: number, x: number, y: number, band: number }} Probe a pixel the reader points at */

const COLORS = ["var(--ddw-accent)", "var(--ddw-c2)", "var(--ddw-c3)", "var(--ddw-c4)"];
const DASHES = [undefined, "7 4", "2 3", "9 3 2 3"];
const CHANNELS = ["#dc2626", "#16a34a", "#2563eb"];
const LABEL_ROOM = 22; // CSS pixels under each image: a label is nearer to its own than to the one below
const ICONS = {
  dice: "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z",
  left: "M15 5l-7 7 7 7z",
  right: "M9 5l7 7-7 7z",
  close: "M6 4.6 4.6 6l6 6-6 6L6 19.4l6-6 6 6 1.4-1.4-6-6 6-6L18 4.6l-6 6z",
  zoom: "M10 3a7 7 0 1 0 4.2 12.6l5.1 5.1 1.4-1.4-5.1-5.1A7 7 0 0 0 10 3zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM9 7v2H7v2h2v2h2v-2h2V9h-2V7z",
};

/** Some images on one canvas: a term of eq. 4 under one schedule. */
class Pane {
  /** @param {number} band @param {Term} term @param {(Node | string)[]} [caption] */
  constructor(band, term, caption) {
    this.band = band;
    this.term = term;
    this.canvas = h("canvas", { role: "img", "aria-label": "images" });
    this.ctx = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.mark = h("div", { class: "mark", hidden: true });
    this.screen = h("div", { class: "screen" }, this.canvas, this.mark);
    this.el = h("figure", { class: "pane" }, this.screen);
    if (caption) this.el.prepend(h("figcaption", {}, ...caption));
    this.first = 0;
  }

  /** @param {Layout} layout @param {number} scale CSS pixels per image pixel */
  place(layout, scale) {
    this.layout = layout;
    this.canvas.width = layout.width;
    this.canvas.height = layout.height;
    this.canvas.style.width = `${layout.width * scale}px`;
    this.canvas.style.height = `${layout.height * scale}px`;
    this.canvas.classList.toggle("smooth", scale < 1);
    Object.assign(this.canvas.dataset, { columns: layout.columns, gapX: layout.gapX, gapY: layout.gapY });
    this.image = this.ctx.createImageData(layout.width, layout.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** @param {Uint8Array} x0 @param {Float32Array} eps @param {number} alphaBar */
  paint(x0, eps, alphaBar) {
    if (!this.layout || !this.image || !this.pixels) return;
    const signal = this.term === "noise" ? 0 : Math.sqrt(alphaBar);
    const noise = this.term === "signal" ? 0 : Math.sqrt(1 - alphaBar);
    mix(x0, eps, signal, noise, this.pixels, this.layout, this.first);
    this.ctx.putImageData(this.image, 0, 0);
  }

  /** Put a frame around w×h image pixels at (x, y). @param {number} x @param {number} y @param {number} w @param {number} h */
  frame(x, y, w, h) {
    const { width, height } = /** @type {Layout} */ (this.layout);
    this.mark.hidden = false;
    this.mark.style.cssText = `left:${(100 * x) / width}%;top:${(100 * y) / height}%;width:${(100 * w) / width}%;height:${(100 * h) / height}%`;
  }

  /** The image pixel under the pointer. @param {MouseEvent} e @returns {Probe | undefined} */
  at(e) {
    if (!this.layout) return;
    const { n, w, h, columns, gapX, gapY, width, height } = this.layout;
    const box = this.canvas.getBoundingClientRect();
    const px = Math.floor(((e.clientX - box.left) / box.width) * width);
    const py = Math.floor(((e.clientY - box.top) / box.height) * height);
    const [column, row] = [Math.floor(px / (w + gapX)), Math.floor(py / (h + gapY))];
    const [x, y, k] = [px - column * (w + gapX), py - row * (h + gapY), row * columns + column];
    if (px < 0 || py < 0 || x >= w || y >= h || column >= columns || k >= n) return;
    return { image: this.first + k, x, y, band: this.band };
  }
}

/** The values of one pixel and its path over all t. */
class Card {
  constructor(floating = false) {
    this.title = h("div", { class: "ddw-small ddw-muted" });
    this.values = ["signal", "noise", "x"].map(() => h("dd", { class: "ddw-num" }));
    const names = [symbol("x", "0"), symbol("ε"), symbol("x", "t")];
    this.lines = svg("g");
    this.now = svg("line", { class: "now", y1: 0, y2: 100 });
    this.band = svg("rect", { class: "visible", x: 0, width: 1000 });
    this.range = [h("span"), h("span", {}, "t →")];
    this.el = h("div", { class: floating ? "card floating" : "card", hidden: true },
      this.title,
      h("dl", {}, ...names.map((name, i) => h("div", {}, h("dt", {}, name), this.values[i]))),
      svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" }, this.band, this.lines, this.now),
      h("div", { class: "axis", "aria-hidden": "true" }, ...this.range)); // prettier-ignore
  }
}

/** @param {import("./shared/afm").RenderProps} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);

  // What the traits say. Filled by `read`.
  let n = 0, high = 0, wide = 0, c = 1, T = 2; // prettier-ignore
  let x0 = /** @type {Uint8Array} */ (new Uint8Array());
  let eps = /** @type {Float32Array} */ (new Float32Array());
  let drawn = -1; // the stream `eps` holds
  /** @type {Float32Array[]} */
  let bands = [];
  /** @type {string[]} */
  let labels = [];

  const now = () => clamp(model.get("t"), 0, T - 1);
  const stream = (t = now()) => (model.get("fresh") ? streamAt(model.get("seed"), t) : model.get("seed") >>> 0);

  const line = timeline({
    n: 2,
    label: "timestep t",
    axis: "ᾱ",
    signal,
    onInput: (t) => sync.set("t", t),
    text: (t) => [`t ${t}`, ...bands.map((a, k) => `${bands.length > 1 ? `${model.get("schedules")[k]} ` : ""}signal ${fixed3(Math.sqrt(a[t]))}, noise ${fixed3(Math.sqrt(1 - a[t]))}`)].join(": "),
  }); // prettier-ignore
  const bandsEl = h("div", { class: "bands" });
  const terms = h("button", { type: "button", class: "ddw-btn" }, "Show the terms");
  const fresh = h("button", { type: "button", class: "ddw-btn", title: "Off: one noise image, mixed in more and more. On: every t draws its own, as in training." }, "New noise at each t");
  const draw = h("button", { type: "button", class: "ddw-btn", title: "Draw other noise" }, icon(ICONS.dice), "Draw again");
  const enlarge = h("button", { type: "button", class: "ddw-btn" }, icon(ICONS.zoom), "Enlarge");
  const seedEl = h("span", { class: "ddw-small ddw-muted ddw-num" });
  const tools = h("div", { class: "ddw-tools" }, terms, enlarge, fresh, draw, seedEl);

  const round = (/** @type {string} */ label, /** @type {string} */ d) => h("button", { type: "button", class: "ddw-btn ddw-round", "aria-label": label, title: label }, icon(d));
  const [previous, next, close] = [round("Previous image", ICONS.left), round("Next image", ICONS.right), round("Close", ICONS.close)];
  const stageTitle = h("h3", { "aria-live": "polite" });
  const stageRows = h("div", { class: "rows" });
  const docked = new Card();
  const stage = h("div", { class: "stage", role: "group", "aria-label": "Enlarged image", hidden: true },
    h("header", {}, previous, stageTitle, next, close),
    h("div", { class: "stage-body" }, stageRows, docked.el)); // prettier-ignore
  const floating = new Card(true);
  const root = h("div", { class: "ddw ddw-noise-scrubber", role: "group", "aria-label": "Forward process: images and noise" },
    bandsEl, stage, line.el, tools, floating.el); // prettier-ignore

  /** @type {Pane[]} */
  let panes = [];
  /** @type {Pane[]} */
  let staged = [];
  /** @type {{ signal: Text, noise: Text, snr: Text, share: HTMLElement }[]} */
  let readouts = [];
  /** @type {Probe | undefined} */
  let hover; // in the grid
  /** @type {Probe} */
  let pinned = { image: 0, x: 0, y: 0, band: 0 }; // in the enlarged image

  /** Take the traits that make up the picture, and build the elements for them. */
  function read() {
    [n, high, wide, c] = model.get("shape");
    x0 = u8(model.get("x0"));
    labels = model.get("labels");
    const names = model.get("schedules");
    const all = f32(model.get("alpha_bar"));
    T = all.length / names.length;
    bands = names.map((/** @type {string} */ _, /** @type {number} */ k) => all.subarray(k * T, (k + 1) * T));
    drawn = -1;
    hover = undefined;
    floating.el.hidden = true;

    readouts = [];
    panes = [];
    bandsEl.replaceChildren(...bands.map((_, k) => band(k, names[k])));
    line.setLength(T);
    line.setCurves(bands.map((y, k) => ({ name: names[k], y, color: COLORS[k % 4], dash: DASHES[k % 4], fill: bands.length === 1 ? ["signal", "noise"] : undefined })));
    openStage();
    place();
  }

  /** One schedule: its weights and its images. @param {number} k @param {string} name */
  function band(k, name) {
    const readout = { signal: new Text(), noise: new Text(), snr: new Text(), share: h("div") };
    readouts.push(readout);
    const swatch = svg("svg", { "aria-hidden": "true" }, svg("line", { x2: 24, y1: 2, y2: 2, style: `stroke: ${COLORS[k % 4]}`, "stroke-dasharray": DASHES[k % 4] }));
    const weight = (/** @type {Text} */ text, /** @type {string} */ cls, /** @type {Node} */ below) => h("span", { class: `weight ddw-num ${cls}` }, text, h("small", {}, below));
    const head = h("div", { class: "ddw-head" },
      ...(bands.length > 1 ? [h("span", { class: "name" }, swatch, name)] : []),
      h("span", { class: "equation" }, symbol("x", "t"), "=",
        weight(readout.signal, "ddw-signal", radical(symbol("ᾱ", "t"))), symbol("x", "0"), "+",
        weight(readout.noise, "ddw-noise", radical("1 − ", symbol("ᾱ", "t"))), symbol("ε")),
      h("span", { class: "share", "aria-hidden": "true", title: "How much of the variance is signal" }, readout.share),
      h("span", { class: "ddw-num" }, h("span", { class: "ddw-muted" }, "SNR "), readout.snr)); // prettier-ignore
    const own = makePanes(k);
    panes.push(...own);
    return h("div", { class: "band", role: "group", "aria-label": `schedule ${name}` }, head, row(own));
  }

  /** The panes of one schedule: x_t, with its terms if they are wanted. @param {number} k */
  function makePanes(k) {
    if (!model.get("terms")) return [new Pane(k, "x")];
    return [new Pane(k, "signal", ["signal ", radical(symbol("ᾱ", "t")), symbol("x", "0")]), new Pane(k, "noise", ["noise ", radical("1 − ", symbol("ᾱ", "t")), symbol("ε")]), new Pane(k, "x", ["sum ", symbol("x", "t")])];
  }

  /** @param {Pane[]} own */
  const row = (own) => h("div", { class: "panes" }, ...own.flatMap((p, i) => [...(i ? [h("span", { class: "op", "aria-hidden": "true" }, i < 2 ? "+" : "=")] : []), p.el]));

  /** The enlarged image, or none. */
  function openStage() {
    const i = model.get("enlarged");
    const open = i >= 0 && i < n;
    const was = !stage.hidden;
    stage.hidden = !open;
    enlarge.setAttribute("aria-pressed", String(open));
    staged = [];
    if (!open) return stageRows.replaceChildren();
    if (!was || pinned.image !== i) pinned = { image: i, x: was ? pinned.x : wide >> 1, y: was ? pinned.y : high >> 1, band: 0 };
    pinned = { image: i, x: Math.min(pinned.x, wide - 1), y: Math.min(pinned.y, high - 1), band: Math.min(pinned.band, bands.length - 1) };
    stageTitle.textContent = `Image ${i + 1} of ${n}` + (labels[i] ? ` · ${labels[i]}` : "");
    stageRows.replaceChildren(...bands.map((_, k) => {
      const own = makePanes(k);
      staged.push(...own);
      for (const pane of own) {
        pane.first = i;
        pane.mark.classList.add("pixel");
      }
      const last = own[own.length - 1];
      if (bands.length > 1 && own.length === 1) last.el.prepend(h("figcaption", {}, model.get("schedules")[k]));
      last.canvas.setAttribute("role", "application");
      last.canvas.setAttribute("tabindex", "0");
      last.canvas.dataset.keys = "";
      return row(own);
    })); // prettier-ignore
  }

  /** Fit everything to the width there is; a pixel of an image covers whole pixels of the screen. */
  function place() {
    const room = Math.max(160, bandsEl.clientWidth || 640);
    const each = model.get("terms") ? 3 : 1;
    const paneRoom = (room - (each - 1) * 28) / each;
    const wanted = model.get("columns");
    const ratio = devicePixelRatio || 1;
    const most = n === 1 ? 256 : n <= 4 || wanted ? 160 : 96;
    const columns = wanted ? foldColumns(wanted, n, room, paneRoom, each > 1 ? 2 : 4) : columnsFor(n, paneRoom, wide, ratio, most);
    const tile = Math.min(most, paneRoom / columns - 4);
    const scale = fitScale(tile, wide, ratio);
    const labelled = labels.length > 0 && tile >= 44;
    const gapX = Math.max(1, Math.round((tile < 32 ? 2 : 4) / scale));
    const gapY = labelled ? Math.ceil(LABEL_ROOM / scale) : gapX;
    const rows = Math.ceil(n / columns);
    const layout = { n, w: wide, h: high, c, columns, gapX, gapY, width: columns * (wide + gapX) - gapX, height: rows * (high + gapY) - (labelled ? 0 : gapY) };
    for (const pane of panes) {
      pane.place(layout, scale);
      pane.screen.querySelectorAll(".label").forEach((l) => l.remove());
      if (labelled && pane.term === "x") pane.screen.append(...labels.map((text, i) => {
        const left = ((i % columns) * (wide + gapX)) / layout.width;
        const top = (Math.floor(i / columns) * (high + gapY) + high) / layout.height;
        return h("span", { class: "label", style: `left:${100 * left}%;top:${100 * top}%;width:${(100 * wide) / layout.width}%` }, text);
      })); // prettier-ignore
    }
    const big = fitScale(Math.min(bands.length * each > 1 ? 224 : 288, paneRoom - 26 / each), Math.max(wide, high), ratio);
    for (const pane of staged) pane.place({ n: 1, w: wide, h: high, c, columns: 1, gapX: 0, gapY: 0, width: wide, height: high }, big);
    paint();
  }

  /** All that depends on t. */
  function paint() {
    const t = now();
    if (line.t !== t) line.show(t);
    if (drawn !== stream(t)) eps = normal((drawn = stream(t)), n * high * wide * c, eps.length === n * high * wide * c ? eps : undefined);
    bands.forEach((a, k) => {
      readouts[k].signal.data = fixed3(Math.sqrt(a[t]));
      readouts[k].noise.data = fixed3(Math.sqrt(1 - a[t]));
      readouts[k].snr.data = sig3(snr(a[t]));
      readouts[k].share.style.width = `${100 * a[t]}%`;
    });
    for (const pane of [...panes, ...staged]) pane.paint(x0, eps, bands[pane.band][t]);
    for (const pane of panes) pane.canvas.setAttribute("aria-label", `${n} image${n > 1 ? "s" : ""} at t ${t}`);
    const i = model.get("enlarged");
    for (const pane of staged) pane.canvas.setAttribute("aria-label", `image ${i + 1} at t ${t}, pixel (${pinned.x}, ${pinned.y})`);
    for (const pane of panes) {
      const g = /** @type {Layout} */ (pane.layout);
      if (i < 0 || i >= n) pane.mark.hidden = true;
      else pane.frame((i % g.columns) * (wide + g.gapX), Math.floor(i / g.columns) * (high + g.gapY), wide, high);
    }
    for (const pane of staged) pane.frame(pinned.x, pinned.y, 1, 1);
    if (staged.length) show(docked, pinned);
    if (hover) show(floating, hover);
    terms.setAttribute("aria-pressed", String(model.get("terms")));
    fresh.setAttribute("aria-pressed", String(model.get("fresh")));
    seedEl.textContent = `seed ${model.get("seed")}`;
    Object.assign(root.dataset, { painted: String(t), seed: String(model.get("seed")) });
  }

  /** One pixel's numbers and path. @param {Card} card @param {Probe} at */
  function show(card, at) {
    const t = now();
    const index = ((at.image * high + at.y) * wide + at.x) * c;
    const channels = [...Array(c).keys()];
    const x = (/** @type {number} */ ch) => value(x0[index + ch]);
    const e = (/** @type {number} */ s, /** @type {number} */ ch) => (model.get("fresh") ? normalAt(stream(s), index + ch) : eps[index + ch]);
    const mixed = (/** @type {number} */ band, /** @type {number} */ s, /** @type {number} */ ch) => Math.sqrt(bands[band][s]) * x(ch) + Math.sqrt(1 - bands[band][s]) * e(s, ch);
    const join = (/** @type {(ch: number) => number} */ f) => channels.map((ch) => signed3(f(ch))).join("\n");
    card.title.textContent = `pixel (${at.x}, ${at.y}) of image ${at.image + 1}` + (labels[at.image] ? ` · ${labels[at.image]}` : "") + (bands.length > 1 ? ` · ${model.get("schedules")[at.band]}` : "");
    [x, (/** @type {number} */ ch) => e(t, ch), (/** @type {number} */ ch) => mixed(at.band, t, ch)].forEach((f, i) => (card.values[i].textContent = join(f)));
    const range = model.get("fresh") ? 4 : Math.max(1.5, ...channels.map((ch) => 1.1 * Math.hypot(x(ch), e(t, ch))));
    const curves = c > 1 ? channels.map((ch) => ({ band: at.band, ch, color: CHANNELS[ch], dash: undefined })) : bands.map((_, k) => ({ band: k, ch: 0, color: COLORS[k % 4], dash: DASHES[k % 4] }));
    card.lines.replaceChildren(...curves.map(({ band, ch, color, dash }) => svg("path", { d: curvePath((s) => 0.5 + mixed(band, s, ch) / range / 2, T, 200), style: `stroke: ${color}`, "stroke-dasharray": dash })));
    card.band.setAttribute("y", String(50 - 50 / range));
    card.band.setAttribute("height", String(100 / range));
    const at_ = String((1000 * t) / (T - 1));
    card.now.setAttribute("x1", at_);
    card.now.setAttribute("x2", at_);
    card.range[0].textContent = "xₜ over t · grey: from −1 to 1";
    card.el.hidden = false;
  }

  const request = frame(paint, signal);
  const relayout = frame(place, signal);
  const rebuild = frame(read, signal);
  const go = (/** @type {number} */ t) => sync.set("t", clamp(t, 0, T - 1));
  listen(model, "change:t", () => (line.show(model.get("t")), request()), signal);
  listen(model, "change:seed change:fresh", request, signal);
  listen(model, "change:x0 change:shape change:alpha_bar change:schedules change:labels change:columns change:terms", rebuild, signal);
  listen(model, "change:enlarged", () => (openStage(), relayout()), signal);
  linked(model, () => T, go, signal);

  // Buttons and keys.
  const enlarged = (/** @type {number} */ i) => sync.set("enlarged", i);
  const on = (/** @type {Element} */ node, /** @type {() => void} */ fn) => node.addEventListener("click", fn, { signal });
  on(terms, () => sync.set("terms", !model.get("terms")));
  on(fresh, () => sync.set("fresh", !model.get("fresh")));
  on(draw, () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32));
  on(enlarge, () => enlarged(model.get("enlarged") >= 0 ? -1 : Math.min(pinned.image, n - 1)));
  on(previous, () => enlarged((model.get("enlarged") + n - 1) % n));
  on(next, () => enlarged((model.get("enlarged") + 1) % n));
  on(close, () => (enlarged(-1), enlarge.focus()));
  root.addEventListener("keydown", (e) => {
    if (pixelKey(e) || line.key(e) || e.key !== "Escape" || stage.hidden) return;
    e.stopPropagation();
    enlarged(-1);
  }, { signal }); // prettier-ignore

  /** Arrow keys on the enlarged image move the pixel that is read. @param {KeyboardEvent} e */
  function pixelKey(e) {
    const pane = staged.find((p) => p.canvas === e.target);
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!pane || !Object.hasOwn(moves, e.key)) return false;
    e.preventDefault();
    e.stopPropagation();
    const [dx, dy] = moves[e.key];
    pinned = { ...pinned, x: clamp(pinned.x + dx, 0, wide - 1), y: clamp(pinned.y + dy, 0, high - 1), band: pane.band };
    request();
    return true;
  }

  // The pointer in the grid: read a pixel; click to enlarge. In the enlarged image: choose the pixel.
  const paneOf = (/** @type {Event} */ e, /** @type {Pane[]} */ list) => list.find((p) => p.canvas === e.target);
  bandsEl.addEventListener("pointermove", (e) => {
    const at = paneOf(e, panes)?.at(e);
    if (e.pointerType !== "touch" && at) {
      hover = at;
      show(floating, at);
      const box = root.getBoundingClientRect();
      const [x, y] = [e.clientX - box.left, e.clientY - box.top];
      const { offsetWidth, offsetHeight } = floating.el;
      floating.el.style.left = `${clamp(x + 18 + offsetWidth > box.width ? x - offsetWidth - 18 : x + 18, 4, Math.max(4, box.width - offsetWidth - 4))}px`;
      floating.el.style.top = `${y + 22 + offsetHeight > box.height ? Math.max(4, y - offsetHeight - 16) : y + 22}px`;
    } else leave();
  }, { signal }); // prettier-ignore
  const leave = () => ((hover = undefined), (floating.el.hidden = true));
  bandsEl.addEventListener("pointerleave", leave, { signal });
  bandsEl.addEventListener("click", (e) => {
    const at = paneOf(e, panes)?.at(e);
    if (!at) return;
    if (model.get("enlarged") === at.image) return enlarged(-1);
    enlarged(at.image);
    pinned = at;
  }, { signal }); // prettier-ignore
  for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
    stageRows.addEventListener(type, (e) => {
      const at = paneOf(e, staged)?.at(e);
      if (at) (pinned = at), request();
    }, { signal }); // prettier-ignore
  }

  el.append(root);
  keepKeys(root, signal);
  atEnd(signal, () => root.remove());
  read();
  let seen = bandsEl.clientWidth;
  const observer = new ResizeObserver(() => {
    if (bandsEl.clientWidth !== seen) (seen = bandsEl.clientWidth), relayout();
  });
  observer.observe(bandsEl);
  atEnd(signal, () => observer.disconnect());
  return end;
}

export default { render };
