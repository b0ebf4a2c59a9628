// UNetXRay: the trained network, opened. An image at a t that you drag goes through it here, and every block shows what it answers.
// State is traits; the network works in a Worker.
import "./unet_xray.css";
import { kindOf, weightsOf } from "./net/weights.js";
import { f32 } from "./shared/bytes.js";
import { attr, button, div, group, h, put, span } from "./shared/dom.js";
import { fields } from "./shared/fields.js";
import { clamp } from "./shared/format.js";
import { DICE, icon } from "./shared/icons.js";
import { alike, linked } from "./shared/link.js";
import { pictures } from "./shared/pictures.js";
import { spread } from "./shared/schedules.js";
import { syncer } from "./shared/sync.js";
import { timeline } from "./shared/timeline.js";
import { frame, life, listen, mount, on, onWidth, rove } from "./shared/view.js";
import { detail } from "./xray/detail.js";
import { drawing } from "./xray/drawing.js";
import { embedding } from "./xray/embedding.js";
import { start } from "./xray/engine.js";
import { SHOWN } from "./xray/layout.js";
import { cellsOf } from "./xray/look.js";
import { inOrder } from "./xray/order.js";
import { strongest } from "./xray/paint.js";
import { panels } from "./xray/panels.js";
import { countOf, imageOf, noisy } from "./xray/read.js";

/** @typedef {import("./xray/read.js").Traits} Traits */
/** @typedef {import("./xray/read.js").Model} Model */
/** @typedef {import("./xray/read.js").Sync} Sync */
/** @typedef {import("./xray/look.js").Looked} Looked */
/** @typedef {import("./xray/look.js").Change} Change */

const OTHERS = 8; // timesteps, spread over all, with which t is compared
const CELLS = 256; // at most, of the image, whose brightness is changed one by one; where the page is slow, a quarter of them

/** The images to choose from, and the noise. @param {Model} model @param {Sync} sync @param {AbortSignal} signal */
function choice(model, sync, signal) {
  const thumbs = group("thumbs", "Image");
  const seed = span("ddw-small ddw-muted ddw-num", "");
  const dice = button({ title: "Draw other noise" }, icon(DICE), "Other noise");
  on(dice, "click", () => sync.set("seed", (model.get("seed") + 1) % 2 ** 32), signal);
  const { choice: chosen, paint } = fields(model, sync, signal);
  const classes = model.get("classes");
  const label = classes.length ? [chosen("label", "class", classes.map((name, i) => [i, name]))] : [];
  const stop = rove(thumbs, signal);
  return {
    el: div("choice-row ddw-tools", thumbs, dice, seed, ...label),
    fill() {
      put(thumbs, Array.from({ length: countOf(model) }, (_, i) => {
        const view = pictures({ "aria-label": `image ${i + 1}` });
        view.layout(kindOf(model));
        view.show(0, imageOf(model, i));
        const thumb = h("button", { type: "button", class: "thumb", "aria-label": `image ${i + 1}` }, view.canvas);
        on(thumb, "click", () => sync.set("index", i), signal);
        return thumb;
      })); // prettier-ignore
    },
    paint() {
      [...thumbs.children].forEach((thumb, i) => attr(thumb, "aria-pressed", i === model.get("index")));
      stop(thumbs.querySelector("[aria-pressed=true]"));
      seed.textContent = `seed ${model.get("seed")}`;
      paint();
    },
  };
}

/** @param {import("./shared/afm").RenderProps<Traits>} props */
function render({ model, el, signal: outer }) {
  const { signal, end } = life(outer);
  const sync = syncer(model, signal);
  const names = () => model.get("blocks").map(([name]) => name);
  const length = () => f32(model.get("alpha_bar")).length;
  const now = () => clamp(model.get("t"), 0, length() - 1);

  /** @type {Awaited<ReturnType<typeof start>> | undefined} */
  let engine;
  /** @type {Looked | undefined} */
  let looked;
  /** @type {Record<string, number[]>} the channels shown of each block */
  let shown = {};
  let image = new Float32Array(); // x_t
  let key = ""; // of what is worked out piece by piece: the image, the noise, t
  /** @type {Record<string, Change>} */
  let changes = {};
  /** @type {Record<string, number>} */
  let losses = {};
  /** @type {Map<string, Float32Array>} */
  let slopes = new Map();
  let known = ""; // of what the slopes are
  /** @type {(() => Promise<void>)[]} */
  let pieces = [];

  const select = choice(model, sync, signal);
  const line = timeline({ n: 2, label: "timestep t", axis: "ᾱ", signal, onInput: (t) => sync.set("t", t), text: (t) => `t ${t}` });
  const views = panels(() => model.get("pixel"), (pixel) => pixel.join() !== model.get("pixel").join() && sync.set("pixel", pixel), signal); // prettier-ignore
  const u = drawing((block) => sync.set("block", block), signal);
  const opened = detail((step) => {
    const [all, at] = [names(), names().indexOf(model.get("block"))];
    sync.set("block", step ? all[(at + step + all.length) % all.length] : "");
  }, signal); // prettier-ignore
  const curve = embedding();
  u.corner.append(curve.el);
  const bar = h("progress", { max: 1, "aria-label": "loading the network" });
  const status = h("div", { class: "status ddw-small", role: "status" });
  const root = group("ddw ddw-unet-xray", "A trained U-Net, and what each of its blocks answers", div("top", select.el, line.el), bar, status, views.el, u.el, opened.el);

  /** @param {string} text */
  const say = (text) => {
    status.textContent = text;
    status.toggleAttribute("hidden", !text);
  };
  const given = () => ({ x: image, t: now(), ...(model.get("classes").length ? { label: model.get("label") } : {}) });

  /** What goes in: image, noise, t and pixel. */
  function prepare() {
    image = noisy(model, model.get("index"), now(), model.get("seed"));
    select.paint();
    if (line.t !== now()) line.show(now());
    views.input(image);
  }

  /** Paint what the traits say and what has been worked out. */
  function paint() {
    prepare();
    u.mark(model.get("block"));
    if (looked) {
      views.show(looked);
      u.show(looked, shown);
      u.say(looked, losses);
      curve.show(now(), looked.waves, looked.emb);
    }
    const { side, all } = grid();
    views.depend(slopes, side, all, known !== key);
    open();
  }

  const open = () => opened.show(model.get("block"), looked, engine?.facts.groups ?? 1, changes[model.get("block")], u.el.clientWidth);

  /** The cells whose brightness is changed: as small as the page is quick, and no smaller than the patches that the network sees. */
  function grid() {
    const [, high, wide] = model.get("shape");
    const patch = engine?.facts.patch ?? 1;
    const most = !engine || (engine.facts.how === "wasm" && engine.worker) ? CELLS : CELLS / 4;
    let side = patch;
    while (Math.ceil(high / side) * Math.ceil(wide / side) > most) side += patch;
    return { side, all: Math.ceil(high / side) * Math.ceil(wide / side) };
  }

  /** What is worked out while nothing moves: how blocks change with t, what skips bring, what each pixel depends on. */
  function plan() {
    const own = engine;
    if (!own) return;
    const mine = key;
    /** @param {() => Promise<void>} piece */
    const still = (piece) => async () => {
      if (key === mine && !signal.aborted) await piece();
    };
    const others = spread(length(), Math.min(OTHERS, length()));
    /** @type {Record<string, Change>[]} */
    const parts = [];
    const compare = others.map((_, i) => i).filter((i) => i % 2 === 0).map((i) => still(async () => {
      parts.push(await own.ask({ given: given(), others: others.slice(i, i + 2) }));
      if (key !== mine || 2 * parts.length < others.length) return;
      const mean = (/** @type {string} */ name, /** @type {keyof Change} */ what) => parts.reduce((sum, part) => sum + /** @type {number} */ (part[name][what]), 0) / parts.length;
      changes = Object.fromEntries(Object.entries(parts[0]).map(([name, { bias }]) => [name, bias === undefined ? { output: mean(name, "output") } : { output: mean(name, "output"), bias: mean(name, "bias"), removed: mean(name, "removed") }]));
      u.bars(changes);
      open();
    })); // prettier-ignore
    const cut = still(async () => {
      const skips = looked?.skips ?? [];
      const found = await own.ask({ given: given(), skips: skips.map(({ skip }) => skip) });
      if (key !== mine) return;
      losses = Object.fromEntries(skips.map(({ to, skip }) => [to, found[skip]]));
      if (looked) u.say(looked, losses);
    }); // prettier-ignore
    const { side, all } = grid();
    const [, high, wide] = model.get("shape");
    const cells = cellsOf(high, wide, side, model.get("pixel"));
    const each = own.facts.how === "wasm" ? 8 : 1;
    const depend = Array.from({ length: Math.ceil(all / each) }, (_, i) => still(async () => {
      const some = cells.slice(i * each, (i + 1) * each);
      const found = await own.ask({ given: given(), cells: some, side });
      if (key !== mine) return;
      if (known !== mine) [slopes, known] = [new Map(), mine];
      some.forEach(([x, y], k) => slopes.set(`${x},${y}`, found[k]));
      views.depend(slopes, side, all, false);
      if (slopes.size === all) root.dataset.slopes = mine;
    })); // prettier-ignore
    pieces = [...compare, cut, ...depend];
  }

  const queue = () => inOrder(
    async () => {
      if (!engine || signal.aborted) return;
      const begun = performance.now();
      const mine = [model.get("index"), model.get("seed"), now(), model.get("label"), model.get("weights")].join();
      prepare();
      looked = await engine.ask({ given: given(), pixel: model.get("pixel") });
      if (signal.aborted) return;
      if (mine !== key) {
        key = mine;
        losses = {};
        plan();
      }
      paint();
      Object.assign(root.dataset, { painted: String(Number(root.dataset.painted ?? 0) + 1), t: String(now()), ms: (performance.now() - begun).toFixed(1) });
    },
    async () => {
      await pieces.shift()?.();
      return pieces.length > 0 && !signal.aborted;
    },
  ); // prettier-ignore
  let run = queue();

  let network = new AbortController(); // the life of one network
  let hash = "";
  async function load() {
    network.abort();
    network = new AbortController();
    [engine, looked, key, run] = [undefined, undefined, "", queue()]; // what a former network was asked is never answered
    const own = AbortSignal.any([signal, network.signal]);
    const size = (model.get("weights_bytes") / 1e6).toFixed(1);
    bar.hidden = false;
    const wait = (/** @type {number} */ share) => {
      bar.value = share;
      say(`loading the network: ${(share * Number(size)).toFixed(1)} of ${size} MB`);
    };
    wait(0);
    const patience = setTimeout(() => say("No network has come from Python: run the cell again."), 15_000);
    try {
      const weights = await weightsOf(model, wait, own, hash);
      hash = model.get("weights");
      const started = await start(weights, own);
      if (own.aborted) return;
      // which channels are shown: those that vary most in a pass that every reader's page takes alike
      const middle = Math.floor(length() / 2);
      const first = await started.ask({ given: { ...given(), x: noisy(model, 0, middle, 0), t: middle }, pixel: [0, 0] });
      if (own.aborted) return;
      shown = Object.fromEntries(first.blocks.map((/** @type {import("./xray/look.js").Block} */ block) => [block.name, strongest(block, SHOWN)]));
      engine = started;
    } catch (e) {
      if (!own.aborted) say(e instanceof Error ? e.message : String(e));
      return;
    } finally {
      clearTimeout(patience);
      if (!own.aborted) bar.hidden = true;
    }
    const slow = [...(engine.facts.how === "js" ? ["this page forbids WebAssembly"] : []), ...(engine.worker ? [] : ["this page forbids Workers"])];
    say(slow.length ? `Slower than it could be: ${slow.join(", ")}.` : "");
    Object.assign(root.dataset, { how: engine.facts.how, worker: String(engine.worker) });
    run();
  }

  /** Lay out what the traits say. */
  function fill() {
    select.fill();
    line.setLength(length());
    line.setCurves([{ name: "ᾱ", y: f32(model.get("alpha_bar")), fill: ["signal", "noise"] }]);
    views.layout(kindOf(model), model.get("blocks"));
    place();
  }
  /** Fit the drawing to the width there is. */
  function place() {
    u.layout(model.get("blocks"), Math.max(320, u.el.clientWidth || 860) - 12);
    u.bars(changes);
    paint();
  }

  const again = frame(() => (engine ? run() : paint()), signal);
  listen(model, "change:t", () => line.show(now()), signal);
  listen(model, "change:t change:seed change:index change:label change:pixel", again, signal);
  listen(model, "change:block", frame(paint, signal), signal);
  listen(model, "change:x0 change:shape change:range change:alpha_bar change:blocks", frame(() => ((key = ""), fill(), again()), signal), signal);
  listen(model, "change:weights", load, signal);
  linked(model, length, (t) => sync.set("t", clamp(t, 0, length() - 1)), signal);
  alike(model, ["seed", "index", "pixel", "block"], (name, value) => sync.set(/** @type {any} */ (name), value), signal);
  on(root, "keydown", (e) => {
    if (line.key(e) || e.key !== "Escape" || !model.get("block")) return;
    sync.set("block", "");
    e.stopPropagation();
  }, signal); // prettier-ignore
  mount(el, root, signal);
  fill();
  onWidth(u.el, frame(place, signal), signal);
  // the network is loaded when the widget comes near the screen
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) near.disconnect(), load();
  }, { rootMargin: "200px" }); // prettier-ignore
  near.observe(root);
  signal.addEventListener("abort", () => near.disconnect(), { once: true });
  return end;
}

export default { render };
