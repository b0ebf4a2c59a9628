// DensityScrubber: a density of one number flows to a Gaussian and back, with the paths of single walkers.
// State is traits alone; density, score and paths are worked out here, in z = (value - mean) / std.
import "./density_scrubber.css";
import { marks, short } from "./monitor/curve.js";
import { f32 } from "./shared/bytes.js";
import { h, icon, root as radical, svg, symbol } from "./shared/dom.js";
import { clamp, fixed3 } from "./shared/format.js";
import { linked } from "./shared/link.js";
import { density, diffuse, draw, walk } from "./shared/mixture.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { atEnd, frame, keepKeys, life, listen } from "./shared/view.js";

/** @typedef {import("./shared/mixture.js").Mixture} Mixture */
/** @typedef {import("./shared/mixture.js").Motion} Motion */

const DICE = "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z";
const POINTS = 240; // of a density's outline, of a path
const FULL = 0.55; // the density in z that is drawn at full strength and full width; a Gaussian's peak is 0.4
/** @type {Record<Motion, { label: string, title: string, says: string }>} */
const MOTIONS = {
  noising: { label: "Add noise", title: "The forward process, step by step (DDPM eq. 2)", says: "from data to noise: each step shrinks a little and adds fresh noise" },
  ddpm: { label: "Sample: DDPM", title: "Back from noise with fresh noise in each step (DDPM eq. 6 and 7)", says: "from noise to data: each step follows the score and adds fresh noise" },
  ddim: { label: "Sample: DDIM", title: "Back from noise without fresh noise: the probability flow (DDIM eq. 12, η = 0)", says: "from noise to data: each step follows the score alone, so paths never cross" },
};
const minus = (/** @type {string} */ s) => s.replace("-", "−");

/** @param {import("./shared/afm").RenderProps} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);

  // What the traits say. Filled by `read`.
  let T = 2, lo = -4, hi = 4; // prettier-ignore
  let alphaBar = /** @type {Float32Array} */ (new Float32Array());
  let parts = /** @type {Mixture} */ ({ weights: [1], means: [0], stds: [1] });
  let paths = /** @type {Float32Array} */ (new Float32Array());
  let n = 0; // walkers
  let walked = ""; // what `paths` holds

  const now = () => clamp(model.get("t"), 0, T - 1);
  const motion = () => /** @type {Motion} */ (model.get("paths"));
  const count = () => Math.min(n, model.get("count"));
  /** Where a value of z lies from top to bottom, 0…1. @param {number} z */
  const down = (z) => (hi - z) / (hi - lo);
  const measured = (/** @type {number} */ z) => model.get("mean") + model.get("std") * z;
  /** A measured value, as exact as the spread deserves. @param {number} z */
  const says = (z) => minus(measured(z).toFixed(clamp(1 - Math.floor(Math.log10(model.get("std"))), 0, 8)));

  const line = timeline({
    n: 2,
    label: "timestep t",
    signal,
    onInput: (t) => sync.set("t", t),
    text: (t) => `t ${t}: signal ${fixed3(Math.sqrt(alphaBar[t]))}, noise ${fixed3(Math.sqrt(1 - alphaBar[t]))}`,
  });

  const [signalText, noiseText] = [new Text(), new Text()];
  const weight = (/** @type {Text} */ text, /** @type {string} */ cls, /** @type {Node} */ below) => h("span", { class: `weight ddw-num ${cls}` }, text, h("small", {}, below));
  const units = h("span", { class: "ddw-muted ddw-num" });
  const head = h("div", { class: "ddw-head" },
    h("span", { class: "equation" }, symbol("x", "t"), "=",
      weight(signalText, "ddw-signal", radical(symbol("ᾱ", "t"))), symbol("x", "0"), "+",
      weight(noiseText, "ddw-noise", radical("1 − ", symbol("ᾱ", "t"))), symbol("ε")), units); // prettier-ignore

  const heat = h("div", { class: "heat" });
  const lines = svg("g");
  const near = svg("path", { class: "near" });
  const rules = svg("g", { class: "rules" });
  const cursor = h("div", { class: "ddw-cursor" });
  const flag = h("div", { class: "ddw-flag" });
  const dots = h("div");
  const plot = h("div", { class: "plot", "aria-hidden": "true" }, heat,
    svg("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none" }, rules, lines, near), cursor, dots, flag); // prettier-ignore
  const scale = h("div", { class: "scale", "aria-hidden": "true" });
  const what = h("div", { class: "what ddw-small" });

  const bars = svg("path", { class: "bars" });
  const rug = svg("path", { class: "rug" });
  const rugs = svg("svg", { viewBox: "0 0 10 1000", preserveAspectRatio: "none", class: "rugs" }, rug);
  const inside = svg("g", { class: "parts" });
  const area = svg("path", { class: "area" });
  const normalLine = svg("path", { class: "normal" });
  const sideRules = svg("g", { class: "rules" });
  const side = h("div", { class: "side", role: "img" },
    svg("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none" }, sideRules, bars, area, inside, normalLine), rugs); // prettier-ignore
  const sideTitle = h("div", { class: "what ddw-small" }, "density ", h("span", { class: "ddw-sym" }, "p", h("sub", {}, "t")));
  const zScale = h("div", { class: "scale z", "aria-hidden": "true" });
  const groups = h("span", { class: "k-groups" }, "its groups");
  const key = h("div", { class: "key ddw-small", "aria-hidden": "true" }, h("span", { class: "k-now" }, "density at t"), h("span", { class: "k-bars" }, "walkers"), h("span", { class: "k-normal" }, "pure noise"), groups);
  const board = h("div", { class: "board" }, what, sideTitle, scale, plot, side, zScale, h("div", { class: "under" }, line.el), key);

  const buttons = Object.entries(MOTIONS).map(([name, { label, title }]) => {
    const button = h("button", { type: "button", class: "ddw-btn", title }, label);
    button.addEventListener("click", () => sync.set("paths", name), { signal });
    return { name, button };
  });
  const histogram = h("button", { type: "button", class: "ddw-btn" }, "Histogram");
  const again = h("button", { type: "button", class: "ddw-btn", title: "Draw other walkers and other noise" }, icon(DICE), "Draw again");
  const note = h("p", { class: "ddw-small ddw-muted note" });
  const root = h("div", { class: "ddw ddw-density-scrubber", role: "group", "aria-label": "Diffusion of a density" },
    head, board,
    h("div", { class: "ddw-tools" }, h("div", { class: "switch", role: "group", "aria-label": "How the walkers move" }, ...buttons.map((b) => b.button)), histogram, again, note)); // prettier-ignore

  /** Take the traits, and build what stays while t moves. */
  function read() {
    alphaBar = f32(model.get("alpha_bar"));
    T = alphaBar.length;
    const values = f32(model.get("parts"));
    const k = values.length / 3;
    parts = { weights: values.subarray(0, k), means: values.subarray(k, 2 * k), stds: values.subarray(2 * k) };
    lo = Math.max(-8, Math.min(-3.3, ...Array.from(parts.means, (m, i) => m - 3.2 * parts.stds[i])));
    hi = Math.min(8, Math.max(3.3, ...Array.from(parts.means, (m, i) => m + 3.2 * parts.stds[i])));
    const { name, unit, mean, std } = Object.fromEntries(["name", "unit", "mean", "std"].map((x) => [x, model.get(x)]));
    const unit_ = unit ? ` ${unit}` : "";
    what.textContent = name + (unit ? `, ${unit}` : "");
    const digits = clamp(2 - Math.floor(Math.log10(std)), 0, 8);
    units.replaceChildren(symbol("x"), ` = ${Number(mean.toFixed(digits)) ? `(${name} ${mean < 0 ? "+" : "−"} ${Math.abs(mean).toFixed(digits)}${unit_})` : name} / ${std.toFixed(digits)}${unit_}`);
    const round = marks({ lo: measured(lo), hi: measured(hi), log: false }, 6);
    const at = round.map((v) => down((v - mean) / std));
    scale.replaceChildren(...round.map((v, i) => h("span", { style: `top:${100 * at[i]}%` }, minus(short(v)))));
    for (const g of [rules, sideRules]) g.replaceChildren(...at.map((u) => svg("line", { x2: 1000, y1: 1000 * u, y2: 1000 * u })));
    const whole = [-6, -4, -2, 0, 2, 4, 6].filter((z) => z > lo && z < hi);
    zScale.replaceChildren(...whole.map((z) => h("span", { style: `top:${100 * down(z)}%` }, minus(String(z)))), h("span", { class: "ddw-sym" }, "x"));
    line.setLength(T);
    walked = "";
    paintHeat();
    lead();
  }

  /** The density over all t, as a mask of the accent colour: so that it follows the theme. */
  function paintHeat() {
    const canvas = h("canvas", { width: 200, height: 140 });
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const image = ctx.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < canvas.width; i++) {
      const m = diffuse(parts, alphaBar[Math.round((i / (canvas.width - 1)) * (T - 1))]);
      for (let j = 0; j < canvas.height; j++) {
        const p = density(m, hi - ((j + 0.5) / canvas.height) * (hi - lo));
        image.data[4 * (j * canvas.width + i) + 3] = 255 * Math.min(1, p / FULL);
      }
    }
    ctx.putImageData(image, 0, 0);
    heat.style.setProperty("--heat", `url(${canvas.toDataURL()})`);
  }

  /** The walkers' paths. */
  function lead() {
    const wanted = `${motion()} ${model.get("seed")}`;
    if (walked !== wanted) {
      const given = f32(model.get("starts"));
      const starts = given.length ? given : draw(parts, model.get("walkers"), model.get("seed"));
      n = starts.length;
      paths = walk(motion(), parts, alphaBar, starts, model.get("seed"));
      walked = wanted;
    }
    lines.replaceChildren(...Array.from({ length: count() }, (_, i) => svg("path", { d: outline(i) })));
    dots.replaceChildren(...Array.from({ length: count() }, () => h("i")));
    near.removeAttribute("d");
    root.dataset.motion = motion();
    paint();
  }

  /** Walker i's path in a 1000×1000 box. @param {number} i */
  function outline(i) {
    const points = Math.min(POINTS, T);
    let d = "";
    for (let j = 0; j < points; j++) {
      const t = Math.round((j / Math.max(1, points - 1)) * (T - 1));
      d += `${j ? "L" : "M"}${((1000 * t) / Math.max(1, T - 1)).toFixed(1)} ${(1000 * down(paths[i * T + t])).toFixed(1)}`;
    }
    return d;
  }

  /** A density's outline, lying on its side: values to the right, z upwards. @param {Mixture} m @param {number} unit @param {number} share @param {boolean} closed */
  function profile(m, unit, share = 1, closed = false) {
    let d = closed ? "M0 0" : "";
    for (let j = 0; j <= POINTS; j++) {
      const z = hi - (j / POINTS) * (hi - lo);
      d += `${d ? "L" : "M"}${(unit * share * density(m, z)).toFixed(1)} ${((1000 * j) / POINTS).toFixed(1)}`;
    }
    return closed ? `${d}L0 1000Z` : d;
  }

  /** All that depends on t. */
  function paint() {
    const t = now();
    if (line.t !== t) line.show(t);
    const a = alphaBar[t];
    const m = diffuse(parts, a);
    signalText.data = fixed3(Math.sqrt(a));
    noiseText.data = fixed3(Math.sqrt(1 - a));
    root.style.setProperty("--x", String(T > 1 ? t / (T - 1) : 0));
    flag.textContent = `t = ${t}`;

    // The density at t. Where it peaks beyond the usual (many narrow kernels), the whole axis gives way.
    let peak = FULL;
    for (let j = 0; j <= POINTS; j++) peak = Math.max(peak, 1.04 * density(m, hi - (j / POINTS) * (hi - lo)));
    const unit = 1000 / peak;
    area.setAttribute("d", profile(m, unit, 1, true));
    normalLine.setAttribute("d", profile({ weights: [1], means: [0], stds: [1] }, unit));
    const few = !model.get("starts").byteLength && m.weights.length > 1 && m.weights.length <= 6;
    groups.hidden = !few;
    inside.replaceChildren(...(few ? Array.from(m.weights, (w, k) => svg("path", { d: profile({ weights: [1], means: [m.means[k]], stds: [m.stds[k]] }, unit, w) })) : []));

    // The walkers at t.
    const most = clamp(Math.round(1.6 * Math.sqrt(n)), 8, 32); // few walkers, few bars
    const counts = new Float64Array(most);
    let ticks = "";
    for (let i = 0; i < n; i++) {
      const u = down(paths[i * T + t]);
      if (u >= 0 && u < 1) counts[Math.floor(u * most)]++;
      ticks += `M0 ${(1000 * u).toFixed(1)}H10`;
    }
    const shown = model.get("histogram");
    const value = (/** @type {number} */ c) => ((c / n) * most) / (hi - lo); // a density, as the line
    bars.setAttribute("d", shown ? Array.from(counts, (c, j) => (c ? `M0 ${(1000 * j) / most}H${(unit * value(c)).toFixed(1)}V${(1000 * (j + 1)) / most}H0Z` : "")).join("") : "");
    rug.setAttribute("d", shown ? ticks : "");
    for (let i = 0; i < dots.children.length; i++) /** @type {HTMLElement} */ (dots.children[i]).style.top = `${100 * down(paths[i * T + t])}%`;

    side.setAttribute("aria-label", `density of ${model.get("name")} at t ${t}`);
    histogram.setAttribute("aria-pressed", String(shown));
    for (const { name, button } of buttons) button.setAttribute("aria-pressed", String(name === motion()));
    note.textContent = `${count()} of ${n} walkers ${MOTIONS[motion()].says}.`;
    Object.assign(root.dataset, { painted: String(t), seed: String(model.get("seed")), histogram: String(shown) });
  }

  const request = frame(paint, signal);
  const restart = frame(lead, signal);
  const rebuild = frame(read, signal);
  listen(model, "change:t change:histogram", request, signal);
  listen(model, "change:seed change:paths change:count", restart, signal);
  listen(model, "change:parts change:starts change:alpha_bar change:mean change:std change:name change:unit change:walkers", rebuild, signal);
  linked(model, () => T, (t) => sync.set("t", clamp(t, 0, T - 1)), signal);

  const on = (/** @type {Element} */ node, /** @type {() => void} */ fn) => node.addEventListener("click", fn, { signal });
  on(histogram, () => sync.set("histogram", !model.get("histogram")));
  on(again, () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32));
  root.addEventListener("keydown", (e) => {
    if (!line.key(e) && (e.key === " " || e.key === "Enter") && /** @type {Element} */ (e.target).matches("button")) e.stopPropagation();
  }, { signal }); // prettier-ignore

  // The picture of the paths is a slider too. Without a pressed button it tells a walker's story.
  const place = (/** @type {PointerEvent} */ e) => {
    const box = plot.getBoundingClientRect();
    return { t: Math.round(clamp((e.clientX - box.left) / box.width, 0, 1) * (T - 1)), z: hi - ((e.clientY - box.top) / box.height) * (hi - lo) };
  };
  plot.addEventListener("pointerdown", (e) => {
    if (e.button) return;
    e.preventDefault();
    line.pause();
    plot.setPointerCapture(e.pointerId);
    line.slider.focus({ preventScroll: true });
    sync.set("t", place(e).t);
  }, { signal }); // prettier-ignore
  plot.addEventListener("pointermove", (e) => {
    const { t, z } = place(e);
    if (plot.hasPointerCapture(e.pointerId)) sync.set("t", t);
    if (e.pointerType === "touch" || !count()) return;
    let best = 0;
    for (let i = 1; i < count(); i++) if (Math.abs(paths[i * T + t] - z) < Math.abs(paths[best * T + t] - z)) best = i;
    if (Math.abs(paths[best * T + t] - z) > (hi - lo) / 12) return leave();
    near.setAttribute("d", outline(best));
    const unit = model.get("unit") ? ` ${model.get("unit")}` : "";
    const [from, to] = motion() === "noising" ? [0, T - 1] : [T - 1, 0];
    note.textContent = `This walker begins at ${says(paths[best * T + from])}${unit} and ends at ${says(paths[best * T + to])}${unit}.`;
  }, { signal }); // prettier-ignore
  const leave = () => {
    if (near.hasAttribute("d")) near.removeAttribute("d"), request();
  };
  plot.addEventListener("pointerleave", leave, { signal });

  el.append(root);
  keepKeys(root, signal);
  atEnd(signal, () => root.remove());
  read();
  return end;
}

export default { render };
