// A network is loaded when its widget comes near the screen, and another one whenever Python has another.
import { listen } from "../shared/view.js";
import { start } from "./start.js";
import { weightsOf } from "./weights.js";

/** @typedef {import("./weights.js").Model} Model */
/**
 * What shows how far it has come.
 * @typedef {object} Waiting
 * @property {(share: number, text: string) => void} await it is on its way @property {(text: string) => void} say what stands in the way, or nothing
 * @property {() => void} begin the network that was there is none any more @property {(engine: import("./engine.js").Engine) => void} ready
 */

/** @param {Model} model @param {HTMLElement} root of the widget @param {Waiting} waiting @param {AbortSignal} signal */
export function loading(model, root, { await: wait, say, begin, ready }, signal) {
  let network = new AbortController(); // the life of one network; others follow it while a training runs
  let hash = "";
  async function load() {
    network.abort();
    network = new AbortController();
    begin();
    const own = AbortSignal.any([signal, network.signal]);
    const size = (model.get("weights_bytes") / 1e6).toFixed(1);
    wait(0, `loading ${size} MB`);
    const patience = setTimeout(() => say("No network has come from Python: run the cell again."), 15_000);
    try {
      const weights = await weightsOf(model, (share) => wait(share, `loading ${(share * Number(size)).toFixed(1)} of ${size} MB`), own, hash);
      hash = model.get("weights");
      const engine = await start(weights, own);
      if (own.aborted) return;
      const slow = [...(engine.facts.how === "js" ? ["this page forbids WebAssembly"] : []), ...(engine.worker ? [] : ["this page forbids Workers"])];
      say(slow.length ? `Slower than it could be: ${slow.join(", ")}.` : "");
      Object.assign(root.dataset, { how: engine.facts.how, worker: String(engine.worker) });
      ready(engine);
    } catch (e) {
      if (!own.aborted) say(e instanceof Error ? e.message : String(e));
    } finally {
      clearTimeout(patience);
    }
  }
  listen(model, "change:weights", load, signal);
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) near.disconnect(), load();
  }, { rootMargin: "200px" }); // prettier-ignore
  near.observe(root);
  signal.addEventListener("abort", () => near.disconnect(), { once: true });
}
