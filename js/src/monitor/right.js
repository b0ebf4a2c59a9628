// Samples as a time-lapse, and where the model errs.
import { attr, div, h, put, UNDRAWN, UNSPOKEN } from "../shared/dom.js";
import { sig3 } from "../shared/format.js";
import { max } from "../shared/math.js";
import { timeline } from "../shared/timeline.js";
import { whole } from "./read.js";
import { gridPixels, nearest, tiny } from "./run.js";

/** @param {import("./read.js").Model} model @param {import("./read.js").Set} set @param {() => import("./read.js").Frames} frames @param {AbortSignal} signal */
export function samplesSection(model, set, frames, signal) {
  const canvas = h("canvas", { ...UNDRAWN, class: "ddw-samples" });
  const title = h("h3");
  const lapse = timeline({
    n: 1, label: "Training time-lapse", signal, seconds: 5,
    onInput: (i) => set("frame", i === frames().steps.length - 1 ? -1 : frames().steps[i]),
    text: (i) => (frames().steps.length ? `step ${whole(frames().steps[i])}` : "no samples yet"),
  }); // prettier-ignore
  const [first, last] = [h("span"), h("span")];
  const ends = h("div", { class: "ddw-ends", ...UNSPOKEN }, first, last);
  const el = h("section", { class: "ddw-lapse" }, title, canvas, lapse.el, ends);

  return {
    el, lapse,
    layout: () => lapse.setLength(max(1, frames().steps.length)),
    /** Returns the step whose samples are seen, if there are any. */
    paint() {
      const { bytes, steps, shape } = frames();
      const n = steps.length;
      el.hidden = !n && !model.get("can_sample");
      lapse.el.hidden = ends.hidden = n < 2;
      canvas.hidden = !n;
      title.textContent = "No samples yet";
      if (!n) return;
      const wanted = model.get("frame");
      const i = wanted < 0 ? n - 1 : nearest(steps, wanted);
      const { width, height, data } = gridPixels(bytes, i, shape);
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
      attr(canvas, "aria-label", `${shape[0]} samples at step ${whole(steps[i])}`);
      title.textContent = `Samples at step ${whole(steps[i])}`;
      first.textContent = `step ${whole(steps[0])}`;
      last.textContent = `step ${whole(steps[n - 1])}`;
      lapse.show(i);
      return steps[i];
    },
  }; // prettier-ignore
}

/** @param {import("./read.js").Model} model */
export function bandsSection(model) {
  const bars = h("div", { ...UNDRAWN, class: "ddw-bars" });
  const end = h("span");
  const el = h("section", { class: "ddw-errs" },
    h("h3", {}, "Loss by timestep t"), bars, h("div", { class: "ddw-ends", ...UNSPOKEN }, h("span", {}, "t = 0, little noise"), end)); // prettier-ignore
  return {
    el,
    paint() {
      const bands = model.get("bands");
      const top = max(0, ...bands.map((b) => b ?? 0));
      const width = model.get("timesteps") / bands.length;
      const says = (/** @type {number | null} */ b) => (b === null ? "unknown" : sig3(b));
      el.hidden = !top;
      put(bars, bands.map((b, i) =>
        h("div", { title: `t from ${sig3(i * width)} to ${sig3((i + 1) * width)}: loss ${says(b)}` },
          h("span", {}, b === null ? "" : tiny(b)),
          h("i", { style: `height: ${top ? (72 * (b ?? 0)) / top : 0}px` })))); // prettier-ignore
      attr(bars, "aria-label", `Loss by timestep, from little noise to much: ${bands.map(says).join(", ")}`);
      end.textContent = `t = ${whole(model.get("timesteps"))}, all noise`;
    },
  };
}
