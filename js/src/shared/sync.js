// Traits to the kernel: set at once (other views and jslinks follow in the same frame), sent at most every `ms`.
import { atEnd } from "./view.js";

/**
 * `set(name, value)` changes the model now and sends soon: the first change at once, later ones together, the last one
 * always (also when the view ends in between).
 * @template {object} Traits
 * @param {import("./afm").Model<Traits>} model @param {AbortSignal} signal @param {number} ms least time between two messages
 * @returns {import("./afm").Sync<Traits>}
 */
export function syncer(model, signal, ms = 100) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let dirty = false;
  const send = () => {
    dirty = false;
    timer = setTimeout(() => ((timer = undefined), dirty && send()), ms);
    model.save_changes();
  };
  atEnd(signal, () => {
    clearTimeout(timer);
    if (dirty) model.save_changes();
  });
  return {
    set(name, value) {
      if (model.get(name) === value) return;
      model.set(name, value);
      dirty = true;
      if (timer === undefined && !signal.aborted) send();
    },
  };
}
