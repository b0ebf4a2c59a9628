// Each sampler with its numbers; here it is shown or hidden.
import { measured } from "../density/read.js";
import { button, h, press, put, span, svg, UNSPOKEN } from "../shared/dom.js";
import { sig3 } from "../shared/format.js";
import { on } from "../shared/view.js";
import { SAMPLERS, WALKERS } from "./read.js";

/** @param {import("./read.js").Model} model @param {import("./read.js").Sync} sync @param {AbortSignal} signal */
export function table(model, sync, signal) {
  const head = h("tr", {}, ...[["sampler", ""], ["this path ends at", ""], ["off the exact path by", "At the end. DDPM has fresh noise, so it follows no path: see the walkers."], [`${WALKERS} walkers off by`, `The mean distance of ${WALKERS} ends from the data, both sorted. By chance alone it is about ${sig3(0.6 / WALKERS ** 0.5)} of the spread.`], ["their spread", "The standard deviation of the ends, over that of the data"]].map(([text, title]) => h("th", { scope: "col", title: title || undefined }, text))); // prettier-ignore
  const rows = SAMPLERS.map(({ key, name, color, dash }) => {
    const line = svg("svg", { ...UNSPOKEN, class: "swatch" }, svg("line", { x2: 24, y1: 4, y2: 4, style: `stroke: ${color}`, "stroke-dasharray": dash }));
    const toggle = button({ title: "Show or hide" }, line, name);
    on(toggle, "click", () => {
      const shown = model.get("samplers");
      sync.set("samplers", SAMPLERS.map((s) => s.key).filter((k) => (k === key ? !shown.includes(k) : shown.includes(k))));
    }, signal); // prettier-ignore
    const cells = Array.from({ length: 4 }, () => new Text());
    return { key, toggle, cells, el: h("tr", {}, h("th", { scope: "row" }, toggle), ...cells.map((text) => h("td", { class: "ddw-num" }, text))) };
  });
  const truth = span("ddw-num");
  return {
    el: h("table", {}, h("caption", {}, span("exact-key"), "the exact path ends at ", truth), h("thead", {}, head), h("tbody", {}, ...rows.map((r) => r.el))),
    /** @param {import("./read.js").Seen} seen @param {import("./read.js").Results} results */
    paint(seen, results) {
      const unit = seen.unit && ` ${seen.unit}`;
      put(truth, [measured(seen, results.truth)]);
      rows.forEach(({ key, toggle, cells }, k) => {
        const { path, off, far, spread } = results.own[k];
        [measured(seen, path[path.length - 1]), key.startsWith("ddpm") ? "–" : sig3(off * seen.std) + unit, sig3(far * seen.std) + unit, `${Math.round(100 * spread)} %`].forEach((text, j) => (cells[j].data = text));
        press(toggle, model.get("samplers").includes(key));
      });
    },
  };
}
