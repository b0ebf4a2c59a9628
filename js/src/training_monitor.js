// TrainingMonitor: a training run while it runs, and afterwards.
import "./training_monitor.css";
import { head } from "./monitor/head.js";
import { lossSection } from "./monitor/loss.js";
import { readFrames, readRun } from "./monitor/read.js";
import { bandsSection, samplesSection } from "./monitor/right.js";
import { div } from "./shared/dom.js";
import { syncer } from "./shared/sync.js";
import { atEnd, frame, life, listen, mount, on } from "./shared/view.js";

/** @typedef {import("./monitor/read.js").Traits} Traits */
/** @typedef {{ run: import("./monitor/read.js").Run, frames: import("./monitor/read.js").Frames }} State */

/** @param {import("./monitor/read.js").Model} model @returns {State} */
const read = (model) => ({ run: readRun(model), frames: readFrames(model) ?? { bytes: new Uint8Array(), steps: [], shape: [] } });

/** The elements, and how they are laid out and painted. @param {import("./monitor/read.js").Model} model @param {import("./monitor/read.js").Set} set @param {AbortSignal} signal @param {State} state */
function build(model, set, signal, state) {
  const { root, paint } = head(model, signal);
  const loss = lossSection(model, set, () => state.run, signal);
  const samples = samplesSection(model, set, () => state.frames, signal);
  const bands = bandsSection(model);
  const right = div("ddw-right", samples.el, bands.el);
  root.append(div("ddw-body", loss.el, right));

  const paintRun = frame(() => {
    const { step } = state.run;
    const beside = state.frames.steps.length && right.offsetLeft > loss.el.offsetLeft; // then there is room below the curve
    loss.paint(beside ? 384 : 232);
    root.dataset.painted = String(step[step.length - 1] ?? "");
    root.dataset.points = String(step.length);
  }, signal);

  /** No empty column. */
  function layout() {
    right.hidden = samples.el.hidden && bands.el.hidden;
    paintRun();
  }

  const paintFrames = frame(() => {
    const step = samples.paint();
    if (step !== undefined) Object.assign(root.dataset, { frame: String(step), frames: String(state.frames.steps.length) });
    layout();
  }, signal);

  function paintBands() {
    bands.paint();
    layout();
  }
  return { root, loss, samples, paint, paintRun, paintFrames, paintBands };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const { set } = syncer(model, signal);
  const state = read(model);
  const { root, loss, samples, paint, paintRun, paintFrames, paintBands } = build(model, set, signal, state);
  listen(model, "change:history change:valid change:smoothing", () => ((state.run = readRun(model)), paintRun()), signal);
  listen(model, "change:log_scale", paintRun, signal);
  listen(model, "change:frames change:frame_steps change:frame_shape", () => {
    const frames = readFrames(model);
    if (frames) (state.frames = frames), samples.layout();
    paintFrames();
  }, signal); // prettier-ignore
  listen(model, "change:frame change:can_sample", paintFrames, signal);
  listen(model, "change:bands change:timesteps", paintBands, signal);
  listen(model, "change:state change:note change:progress change:can_sample", paint, signal);
  // No key pressed here is a command to the notebook.
  on(root, "keydown", (e) => (samples.lapse.key(e), e.stopPropagation()), signal);
  mount(el, root, signal);
  const resized = new ResizeObserver(paintRun);
  resized.observe(loss.plots);
  atEnd(signal, () => resized.disconnect());
  samples.layout();
  paint();
  paintBands();
  paintRun();
  paintFrames();
  return end;
}

export default { render };
