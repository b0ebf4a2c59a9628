// SamplingPlayer: a sampler's way from noise to image as a film. State is traits alone; the frames are packed grey levels.
import "./sampling_player.css";
import { u8 } from "./shared/bytes.js";
import { h, svg, symbol } from "./shared/dom.js";
import { clamp, fixed3, sig3 } from "./shared/format.js";
import { columnsFor, fitScale, foldColumns, mix } from "./shared/forward.js";
import { linked } from "./shared/link.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { atEnd, frame, keepKeys, life, listen } from "./shared/view.js";
import { block, changes, films, half, inStep, longest, nearest, picture, shares, unpack } from "./player/film.js";

/** @typedef {import("./player/film.js").Film} Film */
/** @typedef {import("./shared/forward.js").Layout} Layout */

const COLORS = ["var(--ddw-accent)", "var(--ddw-c2)", "var(--ddw-c3)", "var(--ddw-c4)"];
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const GUESS = "5 4"; // dashes of the guess's curve
const hat = (/** @type {string} */ name, /** @type {string} */ index) => symbol(`${name}\u0302`, index);
/** @type {Record<string, () => (Node | string)[]>} */
const CAPTIONS = {
  x_t: () => [symbol("x", "t"), h("span", { class: "long" }, " the noisy image"), h("span", { class: "short" }, " noisy")],
  x0: () => [hat("x", "0"), h("span", { class: "long" }, " the guess at the image"), h("span", { class: "short" }, " guess")],
  eps: () => [hat("ε", ""), h("span", { class: "long" }, " the guess at the noise"), h("span", { class: "short" }, " noise")],
};
const SPOKEN = /** @type {Record<string, string>} */ ({ x_t: "the noisy images", x0: "the guess at the images", eps: "the guess at the noise" });

/** One of the pictures of a frame: all images on one canvas. */
class Pane {
  /** @param {string} stream */
  constructor(stream) {
    this.stream = stream;
    this.canvas = h("canvas", { role: "img", "data-stream": stream });
    this.ctx = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.el = h("figure", { class: "pane" }, h("figcaption", {}, ...CAPTIONS[stream]()), this.canvas);
  }

  /** @param {Layout} layout @param {number} scale CSS pixels per image pixel */
  place(layout, scale) {
    this.layout = layout;
    this.canvas.width = layout.width;
    this.canvas.height = layout.height;
    this.canvas.style.width = `${layout.width * scale}px`;
    this.canvas.style.height = `${layout.height * scale}px`;
    this.canvas.classList.toggle("smooth", (scale * devicePixelRatio) % 1 > 0);
    Object.assign(this.canvas.dataset, { columns: layout.columns, gapX: layout.gapX, gapY: layout.gapY });
    this.image = this.ctx.createImageData(layout.width, layout.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** @param {Uint8Array} bytes @param {Float32Array} nothing zeros */
  paint(bytes, nothing) {
    if (!this.layout || !this.image || !this.pixels || bytes.length < nothing.length) return;
    mix(bytes, nothing, 1, 0, this.pixels, this.layout);
    this.ctx.putImageData(this.image, 0, 0);
  }
}

/** @param {import("./shared/afm").RenderProps} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);

  // What the traits say. Filled by `read`.
  let n = 0, high = 1, wide = 1, c = 1; // prettier-ignore
  /** @type {string[]} */
  let streams = [];
  /** @type {Film[]} */
  let runs = [];
  /** @type {ReturnType<typeof changes>[]} */
  let changed = [];
  let damaged = ""; // what is wrong with the film
  let lead = 0; // the run whose frames are the timeline's positions
  let nothing = new Float32Array();
  /** @type {Pane[][]} */
  let panes = [];
  /** @type {{ step: Text, x0?: Text, x_t?: Text, sigma?: Text, noise?: HTMLElement, share?: HTMLElement }[]} */
  let readouts = [];

  const live = () => (model.get("live")?.byteLength ? u8(model.get("live")) : undefined);
  const ts = () => runs.map((run) => run.ts);
  const position = () => (runs.length ? nearest(runs[lead].ts, model.get("t")) : 0);
  const names = () => /** @type {string[]} */ (model.get("runs"));
  const stepText = (/** @type {number} */ k, /** @type {number} */ i) => `step ${model.get("at")[k]?.[i] ?? "–"} of ${model.get("taken")[k]}`;

  const line = timeline({
    n: 2,
    label: "position in the film, from noise to image",
    signal,
    axis: "",
    at: (p) => runs[lead]?.ts[p] ?? p,
    text: (p) => (runs.length ? `t ${runs[lead].ts[p]}, ${stepText(lead, p)}, ${Math.round(100 * shares(changed[lead].nearer)[p])} % of the way done` : ""),
    onInput: (p) => sync.set("t", runs[lead].ts[p]),
  });
  const bands = h("div", { class: "bands" });
  const status = h("p", { class: "status", role: "status" });
  const said = h("p", { class: "said" });
  const legend = h("div", { class: "legend ddw-small" });
  const note = h("span", { class: "ddw-small ddw-muted" });
  const each = h("button", { type: "button", class: "ddw-btn" }, "Each step");
  const sofar = h("button", { type: "button", class: "ddw-btn" }, "So far");
  const loop = h("button", { type: "button", class: "ddw-btn", title: "Play again at the end" }, "Loop");
  const speed = h("select", { class: "ddw-btn", "aria-label": "Speed" }, ...SPEEDS.map((s) => h("option", { value: s }, `${s} ×`.replace("0.25", "¼").replace("0.5", "½"))));
  const which = h("div", { class: "ddw-tools", role: "group", "aria-label": "The curve shows" }, each, sofar);
  const film = h("div", { class: "film" }, said, line.el, legend, h("div", { class: "ddw-tools" }, which, loop, speed, note));
  const root = h("div", { class: "ddw ddw-sampling-player", role: "group", "aria-label": "Reverse process: the steps of a sampler" }, status, bands, film);

  /** Take the traits that make up the film, and build the elements for them. */
  function read() {
    [n, high, wide, c] = model.get("shape").length ? model.get("shape") : [0, 1, 1, 1];
    streams = model.get("streams");
    const size = n * high * wide * c;
    nothing = new Float32Array(size);
    runs = live() ? [] : developed(size);
    lead = runs.length ? longest(ts()) : 0;
    const guess = Math.max(0, streams.indexOf("x0"));
    changed = runs.map((run) => changes(run, guess));
    readouts = [];
    panes = (live() && n ? [0] : runs.map((_, k) => k)).map(() => streams.map((s) => new Pane(s)));
    bands.replaceChildren(...panes.map((own, k) => h("div", { class: "band", role: "group", "aria-label": live() ? "now" : `run ${names()[k]}` }, ...(live() ? [] : [header(k)]), h("div", { class: "panes" }, ...own.map((p) => p.el)))));
    film.hidden = !runs.length;
    line.setLength(Math.max(1, runs[lead]?.ts.length ?? 1));
    draw();
    place();
  }

  /** The films of all runs; none if there are none, or if they are damaged. @param {number} size */
  function developed(size) {
    damaged = "";
    if (!model.get("frames")?.byteLength) return [];
    try {
      const levels = unpack(u8(model.get("frames")), model.get("ts"), streams.length, size, model.get("tolerance"), model.get("alpha_bar"));
      return films(levels, model.get("ts"), streams.length, size).filter((run) => run.ts.length);
    } catch (e) {
      damaged = String(e instanceof Error ? e.message : e);
      return [];
    }
  }

  /** One run: its name, where it is, and how the next picture is mixed. @param {number} k */
  function header(k) {
    const out = { step: new Text() };
    const parts = [];
    if (runs.length > 1) {
      const swatch = svg("svg", { "aria-hidden": "true" }, svg("line", { x2: 24, y1: 2, y2: 2, style: `stroke: ${COLORS[k]}` }));
      parts.push(h("span", { class: "name" }, swatch, names()[k]));
    }
    parts.push(h("span", { class: "ddw-num step" }, out.step));
    if (model.get("coefficients")[k]?.length) {
      const sigma = new Text();
      const mixed = { x0: new Text(), x_t: new Text(), sigma, noise: h("span", { class: "ddw-muted fresh" }, "+ ", h("span", { class: "ddw-num" }, sigma), "fresh noise"), share: h("div") };
      const sigmas = model.get("sigmas")[k] ?? [];
      mixed.noise.hidden = sigmas.length > 0 && sigmas.every((/** @type {number} */ v) => !v); // DDIM
      Object.assign(out, mixed);
      const term = (/** @type {Text} */ text, /** @type {string} */ cls, /** @type {Node} */ of) => [h("span", { class: `ddw-num weight ${cls}` }, text), of];
      parts.push(
        h("span", { class: "equation", title: "What the next picture is made of: the guess, where you are, and noise; for DDPM these are the coefficients of its paper's equation 7" },
          h("span", { class: "ddw-muted" }, "next ="), ...term(mixed.x0, "ddw-signal", hat("x", "0")), "+", ...term(mixed.x_t, "ddw-noise", symbol("x", "t")), mixed.noise),
        h("span", { class: "share", "aria-hidden": "true", title: "How the two coefficients compare" }, mixed.share),
      ); // prettier-ignore
    }
    readouts.push(out);
    return h("div", { class: "ddw-head" }, ...parts);
  }

  /** The curves above the timeline and what they say. */
  function draw() {
    if (!runs.length) return;
    const total = model.get("total");
    const guessed = streams.includes("x0");
    const most = Math.max(1e-9, ...changed.flatMap(({ nearer, guess }) => [...nearer, ...(guessed ? guess : [])]));
    const lanes = changed.flatMap(({ nearer, guess }, k) => [
      { parts: nearer, color: COLORS[k], dash: undefined, k },
      ...(guessed ? [{ parts: guess, color: runs.length > 1 ? COLORS[k] : "var(--ddw-c2)", dash: GUESS, k }] : []),
    ]);
    const curve = (/** @type {number[]} */ parts) => (total ? shares(parts) : parts.map((p) => p / most)).map((y) => clamp(y, 0, 1));
    // positions are the lead's frames; the other runs are read where they are as far along
    const steps = runs[lead].ts.map((_, p) => inStep(ts(), lead, p));
    line.setCurves(lanes.map(({ parts, color, dash, k }) => {
      const y = curve(parts);
      return { name: names()[k], y: steps.map((at) => y[at[k]]), color, dash };
    })); // prettier-ignore
    said.replaceChildren(...changed.map(({ nearer }, k) => {
      const [from, all] = [half(nearer), runs[k].ts.length];
      const share = Math.round((100 * (all - from)) / all);
      return h("span", {}, ...(runs.length > 1 ? [h("b", { style: `color: ${COLORS[k]}` }, names()[k]), ": half"] : ["Half"]), " of the way to the picture is made in the ", h("b", {}, `last ${share} %`), " of the steps, below ", h("span", { class: "whole" }, symbol("t"), ` = ${runs[k].ts[Math.max(0, from - 1)]}. `));
    })); // prettier-ignore
    const key = (/** @type {string} */ color, /** @type {string | undefined} */ dash, /** @type {(Node | string)[]} */ ...text) =>
      h("span", { class: "key" }, svg("svg", { "aria-hidden": "true" }, svg("line", { x2: 24, y1: 2, y2: 2, style: `stroke: ${color}`, "stroke-dasharray": dash })), h("span", {}, ...text)); // prettier-ignore
    const plain = runs.length > 1 ? "var(--ddw-fg)" : COLORS[0];
    const frames = model.get("taken").some((/** @type {number} */ k, /** @type {number} */ i) => k > runs[i].ts.length) ? "frame" : "step";
    legend.replaceChildren(
      key(plain, undefined, symbol("x", "t"), total ? " of its way to the picture" : " comes nearer to the picture"),
      ...(guessed ? [key(runs.length > 1 ? "var(--ddw-fg)" : "var(--ddw-c2)", GUESS, hat("x", "0"), total ? " of all its changes" : " changes")] : []),
      h("span", { class: "ddw-muted" }, total ? "1 is all of it" : `1 is ${sig3(most)} in a ${frames}, of the range −1 to 1`),
    );
    const thinned = runs.map((run, k) => [run.ts.length, model.get("taken")[k]]).filter(([kept, taken]) => kept < taken);
    const rough = model.get("tolerance") ? [`noise to ±${model.get("tolerance")} of 255 grey levels`] : [];
    note.textContent = [...thinned.map(([kept, taken]) => `${kept} of ${taken} steps kept`), ...rough].join(", ");
  }

  /** Fit everything to the width there is; a pixel of an image covers whole pixels of the screen where there is room. */
  function place() {
    if (!n) return paint();
    const room = Math.max(160, bands.clientWidth || 640);
    const paneRoom = (room - (streams.length - 1) * 16) / streams.length;
    const wanted = model.get("columns");
    const ratio = devicePixelRatio || 1;
    const most = n === 1 ? 256 : n <= 4 || wanted ? 160 : n <= 16 ? 128 : 96;
    const columns = wanted ? foldColumns(wanted, n, room, paneRoom) : n <= 36 ? block(n) : columnsFor(n, paneRoom, wide, ratio, most);
    const gap = paneRoom < 200 ? 2 : 4;
    const tile = Math.min(most, (paneRoom - (columns - 1) * gap) / columns);
    const whole = fitScale(tile, wide, ratio);
    const scale = whole < 1 && whole * wide < 0.85 * tile ? tile / wide : whole; // small ones: rather large than sharp
    const gapX = Math.max(1, Math.round(gap / scale));
    const rows = Math.ceil(n / columns);
    const layout = { n, w: wide, h: high, c, columns, gapX, gapY: gapX, width: columns * (wide + gapX) - gapX, height: rows * (high + gapX) - gapX };
    const fit = Math.min(scale, paneRoom / layout.width);
    for (const pane of panes.flat()) pane.place(layout, fit);
    paint();
  }

  /** All that depends on t, or on the step that is being sampled. */
  function paint() {
    const now = live();
    const [taken = 0, at = 0] = model.get("progress");
    status.textContent = now ? `Sampling: step ${taken}, t = ${at}` : runs.length ? "" : damaged ? `This film is damaged (${damaged}): run its cell again.` : "No steps yet: watch a sampler, or pass its steps.";
    status.hidden = !now && runs.length > 0;
    if (now) {
      const size = nothing.length;
      panes[0]?.forEach((pane, s) => {
        pane.paint(now.subarray(s * size, (s + 1) * size), nothing);
        pane.canvas.setAttribute("aria-label", `${SPOKEN[pane.stream]} at t ${at}`);
      });
      root.dataset.painted = `live ${taken}`;
      return;
    }
    if (!runs.length) return void (root.dataset.painted = "nothing");
    const p = position();
    if (line.t !== p) line.show(p);
    inStep(ts(), lead, p).forEach((i, k) => {
      const t = runs[k].ts[i];
      panes[k].forEach((pane, s) => {
        pane.paint(picture(runs[k], i, s), nothing);
        pane.canvas.setAttribute("aria-label", `${SPOKEN[pane.stream]} at t ${t}${runs.length > 1 ? ` of ${names()[k]}` : ""}`);
      });
      const out = readouts[k];
      out.step.data = `t = ${t}, ${stepText(k, i)}`;
      const [x0, x_t] = model.get("coefficients")[k]?.[i] ?? [];
      if (out.x0 && out.x_t && out.noise && out.share) {
        out.x0.data = fixed3(x0);
        out.x_t.data = fixed3(x_t);
        const sigma = model.get("sigmas")[k]?.[i];
        if (out.sigma) out.sigma.data = sigma === undefined ? "" : `${fixed3(sigma)} `;
        out.noise.style.visibility = (sigma ?? x_t) > 1e-9 ? "" : "hidden"; // the last step adds none
        out.share.style.width = `${(100 * x0) / (x0 + x_t)}%`;
      }
    });
    each.setAttribute("aria-pressed", String(!model.get("total")));
    sofar.setAttribute("aria-pressed", String(model.get("total")));
    loop.setAttribute("aria-pressed", String(model.get("loop")));
    speed.value = String(SPEEDS[nearest(SPEEDS, model.get("speed"))]);
    line.setLoop(model.get("loop"));
    line.setSpeed(model.get("speed"));
    root.dataset.painted = String(runs[lead].ts[p]);
  }

  const request = frame(paint, signal);
  const relayout = frame(place, signal);
  let wasLive = Boolean(live());
  const rebuild = frame(() => ((wasLive = Boolean(live())), read()), signal);
  listen(model, "change:t change:loop change:speed change:progress", request, signal);
  listen(model, "change:live", () => (Boolean(live()) === wasLive && n * high * wide * c === nothing.length ? request() : rebuild()), signal);
  listen(model, "change:total", () => (draw(), request()), signal);
  listen(model, "change:frames change:tolerance change:alpha_bar change:shape change:streams change:runs change:ts change:at change:taken change:coefficients change:sigmas change:columns", rebuild, signal);
  linked(model, () => model.get("timesteps"), (t) => sync.set("t", clamp(t, 0, model.get("timesteps") - 1)), signal);

  const on = (/** @type {Element} */ node, /** @type {() => void} */ fn, type = "click") => node.addEventListener(type, fn, { signal });
  on(each, () => sync.set("total", false));
  on(sofar, () => sync.set("total", true));
  on(loop, () => sync.set("loop", !model.get("loop")));
  on(speed, () => sync.set("speed", Number(speed.value)), "change");
  root.addEventListener("keydown", (e) => void (runs.length && line.key(e)), { signal });

  el.append(root);
  keepKeys(root, signal);
  atEnd(signal, () => root.remove());
  read();
  let seen = bands.clientWidth;
  const observer = new ResizeObserver(() => {
    if (bands.clientWidth !== seen) (seen = bands.clientWidth), relayout();
  });
  observer.observe(bands);
  atEnd(signal, () => observer.disconnect());
  return end;
}

export default { render };
