// The schedules' numbers at the cursor; here they are switched on and off, and one is chosen.
import { button, h, press, put, span, symbol } from "../shared/dom.js";
import { rootAlphaBar, rootRest } from "../shared/equation.js";
import { fixed3, sig3 } from "../shared/format.js";
import { on } from "../shared/view.js";
import { isShown, line } from "./read.js";

/** @typedef {import("./read.js").Schedule} Schedule */

let radios = 0; // a name of its own for each view's radio buttons

/** @param {import("./read.js").Model} model @param {import("./read.js").Sync} sync @param {AbortSignal} signal */
export function table(model, sync, signal) {
  const group = `ddw-selected-${radios++}`;
  const body = h("tbody");
  const caption = h("caption");
  const titles = [symbol("β", "t"), symbol("ᾱ", "t"), rootAlphaBar(), rootRest(), h("span", { title: "The natural logarithm of the signal-to-noise ratio ᾱ / (1 − ᾱ)" }, "log SNR")];
  const head = h("tr", {}, h("th", { scope: "col", class: "pick" }, span("unseen", "chosen")), h("th", { scope: "col" }, "schedule"), ...titles.map((x, i) => h("th", { scope: "col", class: `c${i}` }, x)));
  /** @type {ReturnType<typeof row>[]} */
  let rows = [];

  /** @param {Schedule} s @param {Schedule[]} all */
  function row(s, all) {
    const toggle = button({ class: "toggle", title: "Show or hide" }, line(s), span("text", s.name));
    const radio = h("input", { type: "radio", name: group, "aria-label": `Choose ${s.name}`, title: "Choose: explorer.schedule gives this one to Python" });
    on(toggle, "click", () => {
      const hidden = all.filter((o) => (o === s) === isShown(model, o)).map((o) => o.name);
      if (hidden.length < all.length) sync.set("hidden", hidden);
    }, signal); // prettier-ignore
    on(radio, "change", () => sync.set("selected", s.name), signal);
    const own = span("ddw-small ddw-muted");
    const cells = titles.map(() => new Text());
    const el = h("tr", {}, h("td", { class: "pick" }, radio), h("th", { scope: "row" }, toggle, own), ...cells.map((text, i) => h("td", { class: `ddw-num c${i}` }, text)));
    return { s, el, toggle, radio, own, cells };
  }

  return {
    el: h("table", {}, caption, h("thead", {}, head), body),
    /** @param {Schedule[]} all */
    fill(all) {
      rows = all.map((s) => row(s, all));
      put(body, rows.map((r) => r.el));
    },
    /** @param {number} t @param {(s: Schedule) => number} step */
    paint(t, step) {
      caption.textContent = `At t = ${t}`;
      const alone = rows.filter(({ s }) => isShown(model, s)).length === 1;
      for (const { s, el, toggle, radio, own, cells } of rows) {
        const { beta, alphaBar, signal, noise, logSnr } = s.curves;
        const i = step(s);
        const shown = isShown(model, s);
        const chosen = s.name === model.get("selected");
        [sig3(beta[i]), sig3(alphaBar[i]), fixed3(signal[i]), fixed3(noise[i]), logSnr[i].toFixed(2).replace("-", "−")].forEach((text, j) => (cells[j].data = text));
        press(toggle, shown);
        toggle.disabled = shown && alone;
        own.textContent = s.T === model.get("T") ? "" : `t = ${i}`; // a schedule of its own length has its own steps
        radio.checked = chosen;
        el.classList.toggle("selected", chosen);
      }
    },
  };
}
