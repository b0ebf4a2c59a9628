// An exercise on a page: the reader's lines, a button that checks them, and what there is to say.

import { h } from "../shared/dom.js";
import { grade } from "./grade.js";
import { opened } from "./open.js";

const STYLE = `
.ddw-exercise { --ddw-x-line: color-mix(in srgb, currentColor 24%, transparent); --ddw-x-right: #15803d; --ddw-x-wrong: #b45309; }
.quarto-dark .ddw-exercise { --ddw-x-right: #4ade80; --ddw-x-wrong: #fdba74; }
.cell:has(.ddw-exercise form) > :is(.sourceCode, .code-copy-outer-scaffold) { display: none; }
.ddw-exercise form { margin: 0; border: 1px solid var(--ddw-x-line); border-radius: .5rem; overflow: hidden; }
.ddw-exercise form:focus-within { border-color: currentColor; }
.ddw-exercise textarea { display: block; width: 100%; box-sizing: border-box; margin: 0; padding: .8rem .9rem; border: 0; outline: 0; resize: vertical; background: none; color: inherit; font: .835rem/1.6 var(--bs-font-monospace, monospace); font-variant-ligatures: none; tab-size: 4; white-space: pre; overflow-x: auto; }
.ddw-exercise .bar { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; padding: .5rem .9rem; border-top: 1px solid var(--ddw-x-line); font-size: .84rem; }
.ddw-exercise .keys { margin-left: auto; opacity: .75; }
.ddw-exercise [role="status"] { padding: .7rem .9rem; border-top: 1px solid var(--ddw-x-line); font-size: .92rem; line-height: 1.55; overflow-wrap: anywhere; }
.ddw-exercise [role="status"]:empty { padding: 0; border: 0; }
.ddw-exercise [role="status"][data-right="true"] b { color: var(--ddw-x-right); }
.ddw-exercise [role="status"][data-right="false"] b { color: var(--ddw-x-wrong); }
@media (max-width: 575px) { .ddw-exercise textarea { white-space: pre-wrap; } }
@media (hover: none) { .ddw-exercise .keys { display: none; } .ddw-exercise textarea { font-size: 16px; } .ddw-exercise button { min-height: 44px; } }`;

/** What the reader wrote the last time. */
const kept = {
  /** @param {string} name */
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  /** @param {string} name @param {string | null} text */
  set(name, text) {
    try {
      if (text === null) localStorage.removeItem(name);
      else localStorage.setItem(name, text);
    } catch {
      // a page may be forbidden to keep anything
    }
  },
};

/** @param {HTMLElement} place @param {string} check @param {string} start the lines that the lesson gives @param {any} saved as exercises.py writes it */
export function open(place, check, start, saved) {
  const exercise = opened(saved);
  const name = `ddw-${check}`;
  const area = h("textarea", { spellcheck: "false", autocapitalize: "off", autocomplete: "off", autocorrect: "off", "aria-label": `Your answer: the function ${exercise.name}`, "aria-describedby": `${name}-keys` });
  const status = h("div", { role: "status" });
  const again = h("button", { type: "button" }, "Start over");
  const keys = h("span", { class: "keys", id: `${name}-keys` }, "Ctrl+Enter checks. Escape, then Tab, leaves the box.");
  const form = h("form", {}, area, h("div", { class: "bar" }, h("button", { type: "submit" }, "Check"), again, keys), status);
  area.value = kept.get(name) ?? start;

  let leaving = false; // Tab goes on to the next element
  const grow = () => {
    area.rows = Math.max(3, area.value.split("\n").length + 1);
    area.rows += Math.max(0, Math.ceil((area.scrollHeight - area.clientHeight) / parseFloat(getComputedStyle(area).lineHeight))); // of lines that are wrapped
  };
  const written = () => {
    grow();
    status.replaceChildren();
    kept.set(name, area.value === start ? null : area.value);
  };
  const check_ = () => {
    const { right, text } = grade(area.value, exercise);
    status.dataset.right = String(right);
    status.replaceChildren(h("b", {}, right ? "✓ Right: " : "Not yet: "), text);
  };
  const put = (/** @type {string} */ text) => {
    const { selectionStart: at, selectionEnd: to, value } = area;
    if (!document.execCommand?.("insertText", false, text)) {
      area.value = value.slice(0, at) + text + value.slice(to); // where a browser cannot undo it
      area.selectionStart = area.selectionEnd = at + text.length;
    }
    written();
  };
  area.addEventListener("input", written);
  area.addEventListener("blur", () => (leaving = false));
  area.addEventListener("keydown", (e) => {
    const line = area.value.slice(0, area.selectionStart).split("\n").at(-1) ?? "";
    if (e.key === "Escape") leaving = true;
    else if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) e.preventDefault(), check_();
    else if (e.key === "Enter") e.preventDefault(), put(`\n${line.match(/^ */)?.[0]}${/:\s*$/.test(line) ? "    " : ""}`);
    else if (e.key === "Tab" && !leaving && !e.shiftKey) e.preventDefault(), put(" ".repeat(4 - (line.length % 4)));
    else if (e.key === "Backspace" && /^ +$/.test(line) && line.length % 4 === 0 && area.selectionStart === area.selectionEnd) {
      e.preventDefault();
      area.setSelectionRange(area.selectionStart - 4, area.selectionStart);
      put("");
    } else if (e.key !== "Shift") leaving = false;
  });
  form.addEventListener("submit", (e) => (e.preventDefault(), check_()));
  again.addEventListener("click", () => ((area.value = start), written(), area.focus()));
  if (!document.getElementById("ddw-exercise-style")) document.head.append(h("style", { id: "ddw-exercise-style" }, STYLE));
  place.replaceChildren(form);
  grow();
  addEventListener("resize", grow);
  area.focus({ preventScroll: true });
}
