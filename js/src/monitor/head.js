// How the run stands, how far it is, how fast it goes, and the two buttons.
import { attr, button, div, h, span } from "../shared/dom.js";
import { clamp, sig3 } from "../shared/format.js";
import { atEnd, on } from "../shared/view.js";
import { whole } from "./read.js";
import { duration } from "./run.js";

/** @type {Record<string, string>} */
const SAYS = {
  ready: "Ready", running: "Training", stopping: "Stopping after this step", finished: "Finished", stopped: "Stopped",
  interrupted: "Interrupted", error: "Ended by an error", validating: "Validating", sampling: "Making samples",
}; // prettier-ignore
const NO_ANSWER =
  "No answer from the kernel yet. The button acts as soon as it listens; to stop at once, interrupt the kernel (■ in the toolbar). The model is kept.";
const PATIENCE = 4000; // ms

/** A number and its name. @param {string} name */
function figure(name) {
  const [dt, dd] = [h("dt", {}, name), h("dd")];
  return { el: h("div", {}, dt, dd), dt, dd };
}

function facts() {
  const [epoch, step, loss, speed, time, where] = ["epoch", "step", "loss", "images/s", "left", "device"].map(figure);
  return {
    el: h("dl", { class: "ddw-facts" }, ...[epoch, step, loss, speed, time, where].map((f) => f.el)),
    /** @param {Partial<import("./read.js").Progress>} p @param {boolean} over */
    paint(p, over) {
      epoch.dd.textContent = p.n_epochs ? `${p.epoch} of ${p.n_epochs}` : "–";
      step.dd.textContent = p.total_steps ? `${whole(p.fit_step ?? 0)} of ${whole(p.total_steps)}` : "–";
      loss.dd.textContent = p.loss == null ? "–" : sig3(p.loss);
      speed.dd.textContent = p.images_per_s ? whole(p.images_per_s) : "–";
      time.dt.textContent = over ? "took" : "left";
      time.dd.textContent = duration(over ? p.elapsed : p.left);
      where.dd.textContent = p.device ? `${p.device}, ${p.precision}` : "–";
    },
  };
}

/** Stop and Sample now: at once on screen, then the kernel's word. @param {import("./read.js").Model} model @param {() => void} repaint @param {AbortSignal} signal */
function buttons(model, repaint, signal) {
  const sampleNow = button({ "data-do": "sample" }, "Sample now");
  const stop = button({ class: "ddw-btn ddw-stop", "data-do": "stop" }, "Stop");
  const el = div("ddw-tools", sampleNow, stop);
  let asked = { stop: false, sample: false };
  let unheard = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const ask = (/** @type {"stop" | "sample"} */ what) => {
    asked[what] = true;
    model.send({ do: what });
    clearTimeout(waiting);
    waiting = setTimeout(() => ((unheard = true), repaint()), PATIENCE);
    repaint();
  };
  atEnd(signal, () => clearTimeout(waiting));
  on(stop, "click", () => ask("stop"), signal);
  on(sampleNow, "click", () => ask("sample"), signal);
  return {
    el,
    /** Returns whether the kernel has not answered for long. @param {import("./read.js").State} state @param {boolean} sampling */
    paint(state, sampling) {
      const running = state === "running";
      if (!running) asked = { stop: false, sample: false };
      if (sampling) asked.sample = false;
      if (!asked.stop && !asked.sample) clearTimeout(waiting), (unheard = false);
      el.hidden = !running && state !== "stopping" && state !== "ready";
      stop.disabled = !running || asked.stop;
      stop.textContent = asked.stop || state === "stopping" ? "Stopping…" : "Stop";
      sampleNow.disabled = !running || asked.sample || asked.stop || sampling;
      sampleNow.hidden = !model.get("can_sample");
      return unheard;
    },
  };
}

/** @param {import("./read.js").Model} model @param {AbortSignal} signal */
export function head(model, signal) {
  const says = h("strong", { class: "ddw-says" });
  const note = h("p", { class: "ddw-note" });
  const tools = buttons(model, paint, signal);
  const bar = h("div", { class: "ddw-bar", role: "progressbar", "aria-label": "Training progress", "aria-valuemin": 0, "aria-valuemax": 100 });
  const numbers = facts();
  const live = h("div", { class: "ddw-state", role: "status" }, span("ddw-lamp"), says);
  const root = h("div", { class: "ddw ddw-monitor" }, div("ddw-head", live, tools.el), bar, numbers.el, note);

  function paint() {
    const [p, state] = [model.get("progress"), model.get("state")];
    const running = state === "running";
    const unheard = tools.paint(state, p.phase === "sampling");
    root.dataset.state = state;
    root.dataset.phase = p.phase ?? "";
    root.toggleAttribute("data-unheard", unheard);
    const word = SAYS[running && p.phase !== "training" ? (p.phase ?? "") : state] ?? state;
    if (says.textContent !== word) says.textContent = word;
    note.textContent = unheard ? NO_ANSWER : model.get("note");
    note.hidden = !note.textContent;
    const done = p.total_steps ? clamp((p.fit_step ?? 0) / p.total_steps, 0, 1) : 0;
    bar.style.setProperty("--done", String(done));
    attr(bar, "aria-valuenow", Math.round(100 * done));
    numbers.paint(p, !running && state !== "stopping");
  }
  return { root, paint };
}
