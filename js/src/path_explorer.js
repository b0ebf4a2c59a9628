// PathExplorer: one image at one noise level as DDPM, EDM and a flow write it, with linked clocks; how much weight trainings put on each
// noise level. State is traits alone; pixels and curves are computed here.
import "./path_explorer.css";
import { chart } from "./paths/chart.js";
import { columns } from "./paths/columns.js";
import { EDGE, largestDifference, logSnrAt, PATHS, ratesOf, read, stepAt } from "./paths/read.js";
import { button, div, group, h, press, span, symbol } from "./shared/dom.js";
import { clamp, fixed3 } from "./shared/format.js";
import { DICE, icon, LEFT, RIGHT, round } from "./shared/icons.js";
import { linked } from "./shared/link.js";
import { syncer } from "./shared/sync.js";
import { frame, life, listen, mount, on, onWidth } from "./shared/view.js";

/** @typedef {import("./paths/read.js").Traits} Traits */
/** @typedef {import("./paths/read.js").Model} Model */
/** @typedef {import("./paths/read.js").Sync} Sync */
/** @typedef {import("./paths/read.js").Seen} Seen */

/** Which image, which noise, and at which scale. @param {Model} model @param {Sync} sync @param {() => Seen} seen @param {AbortSignal} signal */
function controls(model, sync, seen, signal) {
  const scales = [button({}, "As they are"), button({}, "Same scale")];
  const apart = h("b", { class: "ddw-num" });
  const again = button({ title: "Draw other noise" }, icon(DICE), "Draw again");
  const turns = [round("Previous image", LEFT), round("Next image", RIGHT)];
  const which = h("span", { class: "ddw-small ddw-muted ddw-num", "aria-live": "polite" });
  const choice = span("choice", ...turns, which);
  scales.forEach((el, k) => on(el, "click", () => sync.set("same_scale", k === 1), signal));
  turns.forEach((el, k) => on(el, "click", () => sync.set("image", (model.get("image") + (k ? 1 : -1) + seen().n) % seen().n), signal));
  on(again, "click", () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32), signal);
  return {
    el: div("ddw-tools", group("scales", "Scale of the images", ...scales), h("span", { title: "between the three images, in the pixel where they differ most" }, span("ddw-muted", "largest difference "), apart), span("which", again, choice)),
    /** @param {number} difference */
    paint(difference) {
      scales.forEach((el, k) => press(el, model.get("same_scale") === (k === 1)));
      apart.textContent = fixed3(difference);
      choice.hidden = seen().n < 2;
      which.textContent = `image ${model.get("image") + 1} of ${seen().n}`;
    },
  };
}

/** The elements, and how they are laid out and painted. @param {Model} model @param {Sync} sync @param {AbortSignal} signal @param {{ seen: Seen }} state */
function build(model, sync, signal, state) {
  const seen = () => state.seen;
  const [images, weights, tools] = [columns(model, sync, seen, signal), chart(model, sync, signal), controls(model, sync, seen, signal)];
  const hint = h("p", { class: "ddw-small ddw-muted" }, "All three hold the same image ", symbol("x", "0"), " and the same noise ", symbol("ε"), ". Drag a clock: the other two follow to where the signal-to-noise ratio (SNR) is the same.");
  const root = group("ddw ddw-path-explorer", "One image on three paths", tools.el, images.el, hint, weights.el);
  const now = () => clamp(model.get("log_snr"), -EDGE, EDGE);
  let [eps, drawn] = [seen().eps(model.get("seed")), model.get("seed")];

  /** Build the elements for what the traits say. */
  function fill() {
    drawn = -1;
    images.fill();
    weights.stand(seen());
    weights.draw();
    place();
  }

  /** Fit the images to the width there is. */
  function place() {
    images.place();
    paint();
  }

  /** The curves that are shown. */
  function draw() {
    weights.draw();
    paint();
  }

  /** All that depends on the noise level, the image and the seed. */
  function paint() {
    const [seed, i, same] = [model.get("seed"), clamp(model.get("image"), 0, seen().n - 1), model.get("same_scale")];
    if (drawn !== seed) (drawn = seed), (eps = seen().eps(seed));
    const x0 = seen().x0(i);
    images.paint(x0, eps, now(), same);
    weights.point(now());
    tools.paint(largestDifference(x0, eps, /** @type {(keyof typeof PATHS)[]} */ (Object.keys(PATHS)).map((key) => ratesOf(key, now(), same))));
    Object.assign(root.dataset, { painted: String(now()), seed: String(seed), image: String(i), scale: same ? "same" : "own", curves: model.get("curves").join() });
  }
  return { root, images, fill, place, draw, paint };
}

/** The timestep, which linked widgets share: where the schedule's clock stands. @param {Model} model @param {() => Seen} seen */
const timestep = (model, seen) =>
  /** @type {import("./shared/afm").Model} */ ({
    ...model,
    get: (/** @type {string} */ name) => (name === "t" ? stepAt(seen(), model.get("log_snr")) : model.get(/** @type {"link"} */ (name))),
    on: (_, fn) => model.on("change:log_snr", fn),
    off: (_, fn) => model.off("change:log_snr", fn),
  });

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const state = { seen: read(model) };
  const { root, images, fill, place, draw, paint } = build(model, sync, signal, state);
  listen(model, "change:log_snr change:image change:seed change:same_scale", frame(paint, signal), signal);
  listen(model, "change:curves", frame(draw, signal), signal);
  listen(model, "change:x0 change:shape change:alpha_bar", frame(() => ((state.seen = read(model)), fill()), signal), signal);
  const seen = () => state.seen;
  linked(timestep(model, seen), () => seen().T, (t) => sync.set("log_snr", clamp(logSnrAt(seen(), t), -EDGE, EDGE)), signal); // prettier-ignore
  on(root, "keydown", (e) => {
    if ((e.key === " " || e.key === "Enter") && /** @type {Element} */ (e.target).matches("button")) e.stopPropagation();
  }, signal); // prettier-ignore
  mount(el, root, signal);
  fill();
  onWidth(images.el, frame(place, signal), signal);
  return end;
}

export default { render };
