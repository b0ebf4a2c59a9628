// TrainingMonitor: a training run while it runs, and afterwards.
import "./training_monitor.css";
import { chart } from "./monitor/chart.js";
import { column, duration, GREATEST, gridPixels, LEAST, MEAN, nearest, range, RATE, smooth, STEP, tiny } from "./shared/curve.js";
import { f32, u8 } from "./shared/bytes.js";
import { h } from "./shared/dom.js";
import { clamp, sig3 } from "./shared/format.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { atEnd, frame, keepKeys, life, listen } from "./shared/view.js";

/** @type {Record<string, string>} */
const SAYS = {
  ready: "Ready", running: "Training", stopping: "Stopping after this step", finished: "Finished", stopped: "Stopped",
  interrupted: "Interrupted", error: "Ended by an error", validating: "Validating", sampling: "Making samples",
}; // prettier-ignore
const NO_ANSWER =
  "No answer from the kernel yet. The button acts as soon as it listens; to stop at once, interrupt the kernel (■ in the toolbar). The model is kept.";
const PATIENCE = 4000; // ms
const SPANS = [1, 3, 10, 30, 100, 300, 1000]; // steps the smoothing looks back

/** @param {number} x */
const whole = (x) => Math.round(x).toLocaleString("en");

/** @param {import("./shared/afm").RenderProps} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const { set } = syncer(model, signal);

  // What was last taken from the model.
  const none = new Float64Array();
  let run = { step: none, mean: none, least: none, greatest: none, rate: none, smooth: none, validStep: none, valid: none };
  /** @type {{ bytes: Uint8Array, steps: number[], shape: number[] }} */
  let frames = { bytes: new Uint8Array(), steps: [], shape: [] };
  /** @type {number | undefined} */
  let at; // index of the row under the cursor

  // Head: how it stands, how far, how fast.
  const says = h("strong", { class: "ddw-says" });
  const note = h("p", { class: "ddw-note" });
  const live = h("div", { class: "ddw-state", role: "status" }, h("span", { class: "ddw-lamp" }), says);
  const sampleNow = h("button", { type: "button", class: "ddw-btn", "data-do": "sample" }, "Sample now");
  const stop = h("button", { type: "button", class: "ddw-btn ddw-stop", "data-do": "stop" }, "Stop");
  const tools = h("div", { class: "ddw-tools" }, sampleNow, stop);
  const bar = h("div", { class: "ddw-bar", role: "progressbar", "aria-label": "Training progress", "aria-valuemin": 0, "aria-valuemax": 100 });
  /** @param {string} name */
  const figure = (name) => {
    const value = h("dd");
    return { el: h("div", {}, h("dt", {}, name), value), value };
  };
  const facts = { epoch: figure("epoch"), step: figure("step"), loss: figure("loss"), speed: figure("images/s"), time: figure("left"), where: figure("device") };
  const figures = h("dl", { class: "ddw-facts" }, ...Object.values(facts).map((f) => f.el));

  // Left: the loss, and the learning rate on the same steps.
  const log = h("button", { type: "button", class: "ddw-btn ddw-small-btn" }, "log");
  const span = h("input", { type: "range", class: "ddw-slider", min: 0, max: SPANS.length - 1, step: 1, "aria-label": "Smoothing", "data-keys": "" });
  const spanSays = h("span", { class: "ddw-num" });
  const lossChart = chart({ height: 232, marks: 5 });
  const rateChart = chart({ height: 64, axis: false, marks: 2 });
  const reading = h("p", { class: "ddw-reading ddw-num", "aria-hidden": "true" });
  const key = h("p", { class: "ddw-key" },
    h("span", { class: "k-smooth" }, "smoothed"), h("span", { class: "k-raw" }, "each step"), h("span", { class: "k-valid" }, "validation")); // prettier-ignore
  const plots = h("div", { class: "ddw-plots", tabindex: 0, role: "slider", "aria-label": "Loss curve, step to read", "data-keys": "" },
    lossChart.el, h("p", { class: "ddw-sub" }, "learning rate"), rateChart.el); // prettier-ignore
  const left = h("section", { class: "ddw-left" },
    h("div", { class: "ddw-title" }, h("h3", {}, "Loss"), key, h("label", { class: "ddw-span" }, spanSays, span), log),
    plots, reading); // prettier-ignore

  // Right: samples as a time-lapse, and where the model errs.
  const canvas = h("canvas", { class: "ddw-samples", role: "img" });
  const samplesSay = h("h3");
  const lapse = timeline({
    n: 1, label: "Training time-lapse", signal, seconds: 5, onInput: (i) => set("frame", i === frames.steps.length - 1 ? -1 : frames.steps[i]),
    text: (i) => (frames.steps.length ? `step ${whole(frames.steps[i])}` : "no samples yet"),
  }); // prettier-ignore
  const ends = h("div", { class: "ddw-ends", "aria-hidden": "true" }, h("span"), h("span"));
  const samples = h("section", { class: "ddw-lapse" }, samplesSay, canvas, lapse.el, ends);
  const bars = h("div", { class: "ddw-bars", role: "img" });
  const tEnd = h("span");
  const errs = h("section", { class: "ddw-errs" },
    h("h3", {}, "Loss by timestep t"), bars, h("div", { class: "ddw-ends", "aria-hidden": "true" }, h("span", {}, "t = 0, little noise"), tEnd)); // prettier-ignore
  const right = h("div", { class: "ddw-right" }, samples, errs);

  const root = h("div", { class: "ddw ddw-monitor" },
    h("div", { class: "ddw-head" }, live, tools), bar, figures, note, h("div", { class: "ddw-body" }, left, right)); // prettier-ignore
  el.append(root);
  keepKeys(root, signal);
  atEnd(signal, () => root.remove());

  function readRun() {
    const rows = f32(model.get("history"));
    const valid = f32(model.get("valid"));
    const step = column(rows, STEP);
    const mean = column(rows, MEAN);
    run = {
      step, mean, least: column(rows, LEAST), greatest: column(rows, GREATEST), rate: column(rows, RATE),
      smooth: smooth(step, mean, model.get("smoothing")), validStep: column(valid, 0, 2), valid: column(valid, 1, 2),
    }; // prettier-ignore
  }

  /** Do the samples stand beside the curve, so that there is room below it? */
  const tall = () => Boolean(frames.steps.length) && right.offsetLeft > left.offsetLeft;

  const paintRun = frame(() => {
    const isLog = model.get("log_scale");
    const n = run.step.length;
    const x = { lo: 0, hi: Math.max(n ? run.step[n - 1] : 1, 10) };
    const y = range([run.smooth, run.valid, run.mean], isLog);
    lossChart.draw([
      { class: "l-range", x: run.step, y: run.greatest, low: run.least },
      { class: "l-raw", x: run.step, y: run.mean },
      { class: "l-smooth", x: run.step, y: run.smooth },
      { class: "l-valid", x: run.validStep, y: run.valid, dots: true },
    ], x, y, tall() ? 384 : 232); // prettier-ignore
    rateChart.draw([{ class: "l-rate", x: run.step, y: run.rate }], x, range([run.rate], false));
    log.setAttribute("aria-pressed", String(isLog));
    const steps = model.get("smoothing");
    span.value = String(nearest(SPANS, steps));
    span.style.setProperty("--x", String(span.valueAsNumber / (SPANS.length - 1)));
    spanSays.textContent = steps > 1 ? `over ${whole(steps)} steps` : "not smoothed";
    span.setAttribute("aria-valuetext", spanSays.textContent);
    read();
    root.dataset.painted = n ? String(run.step[n - 1]) : "";
    root.dataset.points = String(n);
  }, signal);

  /** The numbers below the cursor, or the newest ones. */
  function read() {
    const n = run.step.length;
    const i = at === undefined ? n - 1 : clamp(at, 0, n - 1);
    const step = n ? run.step[i] : undefined;
    for (const c of [lossChart, rateChart]) c.point(at === undefined ? undefined : step);
    reading.textContent = n
      ? `step ${whole(run.step[i])}: loss ${sig3(run.mean[i])}, smoothed ${sig3(run.smooth[i])}, learning rate ${sig3(run.rate[i])}`
      : "The curve begins with the first step.";
    plots.setAttribute("aria-valuetext", reading.textContent);
    plots.setAttribute("aria-valuemin", String(n ? run.step[0] : 0));
    plots.setAttribute("aria-valuemax", String(n ? run.step[n - 1] : 0));
    plots.setAttribute("aria-valuenow", String(step ?? 0));
  }

  const paintFrames = frame(() => {
    const { bytes, steps, shape } = frames;
    const n = steps.length;
    samples.hidden = !n && !model.get("can_sample");
    lapse.el.hidden = ends.hidden = n < 2;
    if (!n) {
      samplesSay.textContent = "No samples yet";
      canvas.hidden = true;
      return layout();
    }
    const wanted = model.get("frame");
    const i = wanted < 0 ? n - 1 : nearest(steps, wanted);
    const { width, height, data } = gridPixels(bytes, i, shape);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.hidden = false;
    canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
    canvas.setAttribute("aria-label", `${shape[0]} samples at step ${whole(steps[i])}`);
    samplesSay.textContent = `Samples at step ${whole(steps[i])}`;
    ends.children[0].textContent = `step ${whole(steps[0])}`;
    ends.children[1].textContent = `step ${whole(steps[n - 1])}`;
    lapse.show(i);
    root.dataset.frame = String(steps[i]);
    root.dataset.frames = String(n);
    layout();
  }, signal);

  function readFrames() {
    const bytes = u8(model.get("frames"));
    const shape = model.get("frame_shape");
    const steps = model.get("frame_steps");
    const size = shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1);
    if (bytes.length !== steps.length * size && steps.length) return; // the three traits are on their way
    frames = { bytes, steps, shape };
    lapse.setLength(Math.max(1, steps.length));
  }

  function paintBands() {
    /** @type {(number | null)[]} */
    const bands = model.get("bands");
    const top = Math.max(0, ...bands.map((b) => b ?? 0));
    const width = model.get("timesteps") / bands.length;
    errs.hidden = !top;
    bars.replaceChildren(...bands.map((b, i) =>
      h("div", { title: `t from ${sig3(i * width)} to ${sig3((i + 1) * width)}: loss ${b === null ? "unknown" : sig3(b)}` },
        h("span", {}, b === null ? "" : tiny(b)),
        h("i", { style: `height: ${top ? (72 * (b ?? 0)) / top : 0}px` })))); // prettier-ignore
    bars.setAttribute("aria-label", `Loss by timestep, from little noise to much: ${bands.map((b) => (b === null ? "unknown" : sig3(b))).join(", ")}`);
    tEnd.textContent = `t = ${whole(model.get("timesteps"))}, all noise`;
    layout();
  }

  /** No empty column. */
  function layout() {
    const alone = samples.hidden && errs.hidden;
    right.hidden = alone;
    paintRun();
  }

  // The buttons: at once on screen, then the kernel's word.
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  let asked = { stop: false, sample: false };
  atEnd(signal, () => clearTimeout(waiting));
  /** @param {"stop" | "sample"} what */
  function ask(what) {
    asked[what] = true;
    model.send({ do: what });
    clearTimeout(waiting);
    waiting = setTimeout(() => ((root.dataset.unheard = ""), paintState()), PATIENCE);
    paintState();
  }
  stop.addEventListener("click", () => ask("stop"), { signal });
  sampleNow.addEventListener("click", () => ask("sample"), { signal });

  function paintState() {
    const p = model.get("progress");
    const state = model.get("state");
    const running = state === "running";
    if (!running) asked = { stop: false, sample: false };
    if (p.phase === "sampling" || !running) asked.sample = false;
    if (!asked.stop && !asked.sample) clearTimeout(waiting), delete root.dataset.unheard;
    root.dataset.state = state;
    root.dataset.phase = p.phase ?? "";
    const word = SAYS[running && p.phase !== "training" ? p.phase : state] ?? state;
    if (says.textContent !== word) says.textContent = word;
    note.textContent = "unheard" in root.dataset ? NO_ANSWER : model.get("note");
    note.hidden = !note.textContent;
    tools.hidden = !running && state !== "stopping" && state !== "ready";
    stop.disabled = !running || asked.stop;
    stop.textContent = asked.stop || state === "stopping" ? "Stopping…" : "Stop";
    sampleNow.disabled = !running || asked.sample || asked.stop || p.phase === "sampling";
    sampleNow.hidden = !model.get("can_sample");
    const done = p.total_steps ? clamp(p.fit_step / p.total_steps, 0, 1) : 0;
    bar.style.setProperty("--done", String(done));
    bar.setAttribute("aria-valuenow", String(Math.round(100 * done)));
    const over = !running && state !== "stopping";
    facts.epoch.value.textContent = p.n_epochs ? `${p.epoch} of ${p.n_epochs}` : "–";
    facts.step.value.textContent = p.total_steps ? `${whole(p.fit_step)} of ${whole(p.total_steps)}` : "–";
    facts.loss.value.textContent = p.loss == null ? "–" : sig3(p.loss);
    facts.speed.value.textContent = p.images_per_s ? whole(p.images_per_s) : "–";
    facts.time.el.firstElementChild?.replaceChildren(over ? "took" : "left");
    facts.time.value.textContent = duration(over ? p.elapsed : p.left);
    facts.where.value.textContent = p.device ? `${p.device}, ${p.precision}` : "–";
  }

  // The curve can be read by pointer and by keys.
  /** @param {number | undefined} i */
  const moveTo = (i) => ((at = i), read());
  plots.addEventListener("pointermove", (e) => moveTo(nearest(run.step, lossChart.stepAt(e.clientX))), { signal });
  plots.addEventListener("pointerleave", () => moveTo(undefined), { signal });
  plots.addEventListener("blur", () => moveTo(undefined), { signal });
  plots.addEventListener("keydown", (e) => {
    const n = run.step.length;
    const leap = Math.max(1, Math.round(n / 20));
    /** @type {Record<string, number>} */
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: leap, PageDown: -leap, Home: -n, End: n };
    if (!(e.key in by) || !n || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    moveTo(clamp((at ?? n - 1) + by[e.key] * (e.shiftKey ? 10 : 1), 0, n - 1));
  }, { signal }); // prettier-ignore
  log.setAttribute("aria-label", "Log axis");
  log.addEventListener("click", () => set("log_scale", !model.get("log_scale")), { signal });
  span.addEventListener("input", () => set("smoothing", SPANS[span.valueAsNumber]), { signal });
  // No key pressed here is a command to the notebook.
  root.addEventListener("keydown", (e) => (lapse.key(e), e.stopPropagation()), { signal });

  listen(model, "change:history change:valid change:smoothing", () => (readRun(), paintRun()), signal);
  listen(model, "change:log_scale", paintRun, signal);
  listen(model, "change:frames change:frame_steps change:frame_shape", () => (readFrames(), paintFrames()), signal);
  listen(model, "change:frame change:can_sample", paintFrames, signal);
  listen(model, "change:bands change:timesteps", paintBands, signal);
  listen(model, "change:state change:note change:progress change:can_sample", paintState, signal);
  const resized = new ResizeObserver(paintRun);
  resized.observe(plots);
  atEnd(signal, () => resized.disconnect());
  readRun();
  readFrames();
  paintState();
  paintBands();
  paintRun();
  paintFrames();
  return end;
}

export default { render };
