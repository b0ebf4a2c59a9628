// Widgets of one page that share a `link` name move together: notebook or static page, kernel or none.
// What travels is the place on the timeline (0…1), so that runs of different length stay in step.
import { atEnd, listen } from "./view.js";

/** @typedef {{ members: Set<{ group: () => string, move: (u: number) => void }>, busy: boolean }} Links */

/**
 * Keep traits equal among the members of a group that have them: two samplers draw from the same noise.
 * @param {import("./afm").Model} model @param {string[]} names @param {(name: string, value: any) => void} set @param {AbortSignal} signal
 */
export function alike(model, names, set, signal) {
  const page = /** @type {{ members: Set<{ model: import("./afm").Model, set: typeof set }>, busy: boolean }} */ (
    /** @type {any} */ (globalThis)[Symbol.for("ddpm-widgets.alike")] ??= { members: new Set(), busy: false });
  const me = { model, set };
  page.members.add(me);
  atEnd(signal, () => page.members.delete(me));
  const tell = () => {
    const group = model.get("link");
    if (page.busy || !group) return;
    page.busy = true;
    try {
      for (const other of page.members) if (other !== me && other.model !== model && other.model.get("link") === group) for (const name of names) other.set(name, model.get(name));
    } finally {
      page.busy = false;
    }
  };
  listen(model, names.map((name) => `change:${name}`).join(" "), tell, signal);
}

/** One registry per page, shared by all bundles. @returns {Links} */
const links = () => (/** @type {any} */ (globalThis)[Symbol.for("ddpm-widgets.links")] ??= { members: new Set(), busy: false });

/**
 * Keep `model`'s trait in step with the other members of its group.
 * @param {import("./afm").Model} model @param {() => number} length how many positions the timeline has
 * @param {(t: number) => void} set moves this widget (and tells its kernel)
 * @param {AbortSignal} signal @param {string} name the trait
 */
export function linked(model, length, set, signal, name = "t") {
  const page = links();
  const me = {
    group: () => model.get("link"),
    /** @param {number} u */
    move: (u) => set(Math.round(u * (length() - 1))),
  };
  page.members.add(me);
  atEnd(signal, () => page.members.delete(me));
  const tell = () => {
    if (page.busy || !me.group() || length() < 2) return; // busy: this change came from the group
    page.busy = true;
    try {
      const u = model.get(name) / (length() - 1);
      for (const other of page.members) if (other !== me && other.group() === me.group()) other.move(u);
    } finally {
      page.busy = false;
    }
  };
  listen(model, `change:${name}`, tell, signal);
}
