// Settings that a person can change: a slider, a choice, a box to tick. Each shows a trait and sets it.
import { attr, h, put, span } from "./dom.js";
import { isOurs, on } from "./view.js";

/** @param {import("./afm").Model} model @param {import("./afm").Sync} sync @param {AbortSignal} signal */
export function fields(model, sync, signal) {
  /** @type {(() => void)[]} */
  const paints = [];
  /** Keys belong to the control that has the focus. @param {HTMLElement} el */
  const keep = (el) => on(el, "keydown", (e) => isOurs(e) && e.stopPropagation(), signal);
  return {
    /** @param {string} name of the trait @param {string} label @param {[number, number, number]} range least, most, step of the slider @param {(x: number) => string} text @param {{ from: (x: number) => number, to: (u: number) => number }} [scale] from the trait to the slider and back */
    slider(name, label, [min, max, step], text, scale = { from: (x) => x, to: (u) => u }) {
      const input = h("input", { type: "range", class: "ddw-slider", min, max, step, "aria-label": label });
      const value = span("ddw-num", "");
      on(input, "input", () => sync.set(name, scale.to(input.valueAsNumber)), signal);
      keep(input);
      paints.push(() => {
        const x = model.get(name);
        input.value = String(scale.from(x));
        input.style.setProperty("--x", String((scale.from(x) - min) / (max - min)));
        attr(input, "aria-valuetext", (value.textContent = text(x)));
      });
      return h("label", { class: "slide ddw-small" }, span("", label), input, value);
    },
    /** @param {string} name of the trait @param {string} label @param {[string | number, string][] | (() => [string | number, string][])} options a function, where they may become others */
    choice(name, label, options) {
      const select = h("select", { class: "ddw-btn", "aria-label": label });
      const now = () => (typeof options === "function" ? options() : options);
      let there = "";
      on(select, "change", () => sync.set(name, now()[select.selectedIndex][0]), signal);
      keep(select);
      paints.push(() => {
        const all = now();
        if (there !== (there = String(all))) put(select, all.map(([value, text]) => h("option", { value }, text)));
        select.value = String(model.get(name));
      });
      return h("label", { class: "choice ddw-small" }, h("span", {}, label), select);
    },
    /** @param {string} name of the trait @param {string} label @param {string} title */
    check(name, label, title) {
      const box = h("input", { type: "checkbox" });
      on(box, "change", () => sync.set(name, box.checked), signal);
      paints.push(() => (box.checked = model.get(name)));
      return h("label", { class: "check ddw-small", title }, box, label);
    },
    /** Show what the traits say. */
    paint: () => paints.forEach((paint) => paint()),
  };
}
