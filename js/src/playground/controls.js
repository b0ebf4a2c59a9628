// The settings: which data, how it is trained, how walkers go, what is seen, and what can be broken.
import { attr, button, div, group, h, press, span } from "../shared/dom.js";
import { fields } from "../shared/fields.js";
import { short } from "../shared/curve.js";
import { DICE, icon, PAUSE, PLAY } from "../shared/icons.js";
import { on } from "../shared/view.js";
import { bytesOf } from "./read.js";
import { shape, SHAPES } from "./shapes.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Sync} Sync */
/** @typedef {import("./lab.js").Lab} Lab */

const FEW = 500; // points of a shape

/** Runs that go wrong, and the settings that make them so. @type {[string, Record<string, any>][]} */
const FAULTS = [
  ["learning rate too high", { lr: 0.3 }],
  ["schedule that leaves signal", { schedule: "linear", beta_max: 0.0003, sampler: "ddim" }],
  ["too few sampling steps", { sampler: "ddim", steps: 2 }],
  ["network that is not given t", { time_input: false }],
];
/** @type {Record<string, any>} */
const SOUND = { lr: 0.005, schedule: "cosine", beta_max: 0.02, sampler: "ddim", steps: 20, time_input: true };

const log = { from: Math.log10, to: (/** @type {number} */ u) => Number((10 ** u).toPrecision(2)) };

/** A small picture of a shape. @param {string} name */
function thumb(name) {
  const canvas = h("canvas", { width: 64, height: 64 });
  return {
    canvas,
    paint() {
      const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      ctx.clearRect(0, 0, 64, 64);
      ctx.fillStyle = getComputedStyle(canvas).color;
      const points = shape(name, 220, 0);
      for (let i = 0; i < points.length; i += 2) ctx.fillRect(32 + 29 * points[i] - 1, 32 - 29 * points[i + 1] - 1, 2.4, 2.4);
    },
  };
}

/** @param {Model} model @param {Sync} sync @param {Lab} lab @param {AbortSignal} signal */
export function controls(model, sync, lab, signal) {
  const { slider, choice, check, paint } = fields(model, sync, signal);
  const set = (/** @type {Record<string, any>} */ traits) => Object.entries(traits).forEach(([name, value]) => sync.set(/** @type {any} */ (name), value));

  const made = { [model.get("shape")]: model.get("points") }; // a name stands for the same points as before
  const shapes = Object.entries(SHAPES).map(([key, { name }]) => {
    const picture = thumb(key);
    const node = button({ class: "ddw-btn shape", "aria-label": name, title: name }, picture.canvas);
    on(node, "click", () => {
      set({ shape: key, points: (made[key] ??= bytesOf(shape(key, FEW, model.get("seed")))) });
      lab.reset();
    }, signal); // prettier-ignore
    return { key, node, picture };
  });

  const face = icon(PLAY);
  const word = span("", "Train");
  const train = button({ class: "ddw-btn train" }, face, word);
  const [once, reset] = [button({ title: "One step of training" }, "Step"), button({ title: "Start over: your network from Python, or an untrained one" }, "Reset")];
  const said = span("ddw-small ddw-muted ddw-num said", "");
  on(train, "click", () => sync.set("running", !model.get("running")), signal);
  on(once, "click", () => lab.some(), signal);
  on(reset, "click", () => lab.reset(true), signal);

  /** A few that exclude each other. @param {"field" | "direction"} name @param {string} label @param {[string, string, string][]} options value, text, title */
  const radio = (name, label, options) => {
    const nodes = options.map(([value, text, title]) => {
      const node = button({ title }, text);
      on(node, "click", () => {
        sync.set(name, /** @type {any} */ (value));
        if (value === "sample") sync.set("t", model.get("T") - 1);
      }, signal); // prettier-ignore
      return { value, node };
    });
    return { el: group("switch", label, ...nodes.map((b) => b.node)), nodes, paint: () => nodes.forEach(({ value, node }) => press(node, model.get(name) === value)) };
  };
  const field = radio("field", "Whose arrows", [
    ["learned", "learned", "The network's arrows and walkers"],
    ["exact", "exact", "Those of the best possible denoiser"],
    ["both", "difference", "Both, and how far they are apart"],
  ]);
  const direction = radio("direction", "Direction of time", [
    ["noise", "add noise", "Play from the data to the noise"],
    ["sample", "sample", "Play from the noise to the data, with walkers"],
  ]);
  const again = button({ title: "Start the walkers from different noise" }, icon(DICE), "draw again");
  on(again, "click", () => sync.set("noise_seed", (model.get("noise_seed") + 1) % 2 ** 32), signal);

  const note = h("p", { class: "ddw-small ddw-muted note" });
  /** @template {HTMLElement} E @param {string} title @param {E} node */
  const tip = (title, node) => ((node.title = title), node);
  const beta = slider("beta_max", "β of the last step", [-4, -0.5, 0.05], short, log);
  const eta = tip("Fresh noise in each step of DDIM: 0 none, 1 as much as DDPM", slider("eta", "η", [0, 1, 0.05], (x) => x.toFixed(2)));
  const steps = tip("Steps of the sampler from noise to data", slider("steps", "steps", [1, 100, 1], String));
  const training = div("group",
    slider("lr", "learning rate", [-5, 0, 0.05], short, log),
    choice("batch", "batch", [8, 32, 64, 128, 256, 512].map((n) => [n, String(n)])),
    choice("width", "width", [16, 32, 64, 128, 256].map((n) => [n, String(n)])),
    tip("What the network predicts; v = √ᾱ ε − √(1−ᾱ) x0", choice("target", "predicts", [["eps", "ε, the noise"], ["x0", "x0, the point"], ["v", "v"]])),
    choice("schedule", "schedule", ["linear", "cosine", "sigmoid"].map((name) => [name, name])), beta,
    slider("T", "T", [1, 3, 0.05], String, { from: Math.log10, to: (u) => Math.round(10 ** u) }),
    tip("Decay of the moving average of the weights: the network that is shown", choice("ema", "average", [[0, "none"], [0.99, ".99"], [0.999, ".999"]])),
    choice("speed", "speed", [[2, "2 steps a second"], [20, "20 a second"], [200, "200 a second"], [0, "as fast as it can"]]),
    check("time_input", "give the network t", "Without t, the network has to guess how much noise there is")); // prettier-ignore
  const sampling = div("group",
    choice("arrows", "arrows show", [["score", "the score"], ["eps", "ε̂, the noise"], ["x0", "the way to x̂0"]]),
    slider("walkers", "walkers", [50, 1000, 50], String), eta, again); // prettier-ignore
  const faults = FAULTS.map(([name, traits]) => {
    const node = button({}, name);
    const broken = () => Object.entries(traits).every(([trait, value]) => model.get(/** @type {any} */ (trait)) === value);
    on(node, "click", () => {
      const [now, lr] = [broken(), model.get("lr")];
      for (const fault of faults) if (fault.broken()) set(fault.sound);
      if (!now) set(traits);
      if (lr !== model.get("lr")) lab.reset(); // what else the network depends on makes a new one by itself
    }, signal); // prettier-ignore
    return { node, broken, sound: Object.fromEntries(Object.keys(traits).map((trait) => [trait, SOUND[trait]])) };
  });
  const early = button({ title: "Start over, and stop there" }, "only 100 training steps");
  on(early, "click", () => (lab.reset(), lab.some(100)), signal);
  const details = (/** @type {string} */ title, /** @type {Node[]} */ ...inner) => h("details", {}, h("summary", {}, title), ...inner);

  return {
    shapes: group("shapes", "Data", ...shapes.map((s) => s.node)),
    training: div("ddw-tools", train, once, reset, said),
    seen: div("seen", span("ddw-small ddw-muted", "arrows"), field.el, note),
    walking: div("ddw-tools walking", direction.el, tip("Fresh noise in each step: DDPM much, small σ less, DDIM by η, the others none. Probability flow is DDIM in T steps", choice("sampler", "sampler", [["ddpm", "DDPM"], ["ddpm small", "DDPM, small σ"], ["ddim", "DDIM"], ["dpm++", "DPM-Solver++"], ["flow", "probability flow"]])), steps),
    more: div("more",
      details("Training", training),
      details("Sampling and arrows", sampling),
      details("Break it", h("p", { class: "ddw-small ddw-muted" }, "Each button breaks one setting. Train, and see what that looks like. Press again to repair it."), div("ddw-tools", ...faults.map((f) => f.node), early))),
    /** The colours of small pictures. */
    layout: () => shapes.forEach((s) => s.picture.paint()),
    paint() {
      paint();
      field.paint();
      direction.paint();
      for (const { key, node } of shapes) press(node, model.get("shape") === key);
      for (const { node, broken } of faults) press(node, broken());
      beta.hidden = model.get("schedule") !== "linear";
      eta.hidden = model.get("sampler") !== "ddim";
      steps.hidden = model.get("sampler") === "flow";
      const what = { score: "score: the way to more likely points, longer where it is stronger", eps: "ε̂: the estimated noise, longer where it is more", x0: "x̂0: each line ends at the estimated clean point" }[model.get("arrows")];
      note.textContent = {
        learned: `The network's ${what}.`,
        exact: `The exact ${what}. The exact x̂0 is the mean of the data, weighted by how likely each is.`,
        both: "Wide pale arrows are exact, thin green ones learned. Orange is the error of the network's ε̂, at its strongest 2 or more.",
      }[model.get("field")];
      const running = model.get("running");
      face.firstElementChild?.setAttribute("d", running ? PAUSE : PLAY);
      word.textContent = running ? "Pause" : "Train";
      attr(train, "aria-pressed", running);
    },
    /** How far training is. */
    count: () => void (said.textContent = `${lab.step.toLocaleString("en")} steps${lab.rate ? `, ${Math.round(lab.rate)} a second` : ""}`),
  }; // prettier-ignore
}
