// The lines of the library that do what is on the screen.
import { h } from "../shared/dom.js";

/** @typedef {import("./read.js").Model} Model */

/** @param {Model} model @returns {string} Python */
export function program(model) {
  return `T = ${model.get("T")}`;
}

/** @param {Model} model */
export function code(model) {
  const text = h("code", {});
  return {
    el: h("details", { class: "code" }, h("summary", {}, "Show the code"), h("pre", { tabindex: 0, "aria-label": "Python", "data-keys": "" }, text)),
    paint: () => void (text.textContent = program(model)),
  };
}
