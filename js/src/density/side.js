// The density at t, lying on its side beside the paths, and the walkers' histogram.
import { attr, div, h, put, span, stretched, svg, UNDRAWN, UNSPOKEN } from "../shared/dom.js";
import { clamp } from "../shared/format.js";
import { floor, max, sqrt } from "../shared/math.js";
import { density } from "../shared/mixture.js";
import { FULL, POINTS } from "./paths.js";
import { down, minus } from "./read.js";

/** @typedef {import("./read.js").Mixture} Mixture */
/** @typedef {import("./read.js").Seen} Seen */
/** @typedef {import("./read.js").Walkers} Walkers */

const NORMAL = { weights: [1], means: [0], stds: [1] };

/** A density's outline: values to the right, z upwards. @param {Pick<Seen, "lo" | "hi">} seen @param {Mixture} m @param {number} unit @param {boolean} closed */
export function profile({ lo, hi }, m, unit, closed = false) {
  let d = closed ? "M0 0" : "";
  for (let j = 0; j <= POINTS; j++) {
    const z = hi - (j / POINTS) * (hi - lo);
    d += `${d ? "L" : "M"}${(unit * density(m, z)).toFixed(1)} ${((1000 * j) / POINTS).toFixed(1)}`;
  }
  return closed ? `${d}L0 1000Z` : d;
}

export function sidePlot() {
  const bars = svg("path", { class: "bars" });
  const rug = svg("path", { class: "rug" });
  const inside = svg("g", { class: "parts" });
  const area = svg("path", { class: "area" });
  const normalLine = svg("path", { class: "normal" });
  const rules = svg("g", { class: "rules" });
  const plot = h("div", { ...UNDRAWN, class: "side" },
    stretched(1000, {}, rules, bars, area, inside, normalLine),
    svg("svg", { viewBox: "0 0 10 1000", preserveAspectRatio: "none", class: "rugs" }, rug)); // prettier-ignore
  const title = div("what ddw-small", "density ", span("ddw-sym", "p", h("sub", {}, "t")));
  const scale = h("div", { class: "scale z", ...UNSPOKEN });
  const groups = span("k-groups", "its groups");
  const key = h("div", { class: "key ddw-small", ...UNSPOKEN }, span("k-now", "density at t"), span("k-bars", "all walkers"), span("k-normal", "pure noise"), groups);

  /** @param {Seen} seen @param {Walkers} walkers @param {number} t @param {number} unit */
  function histogram(seen, { n, paths }, t, unit) {
    const most = clamp(Math.round(1.6 * sqrt(n)), 8, 32); // few walkers, few bars
    const counts = new Float64Array(most);
    let ticks = "";
    for (let i = 0; i < n; i++) {
      const u = down(seen, paths[i * seen.T + t]);
      if (u >= 0 && u < 1) counts[floor(u * most)]++;
      ticks += `M0 ${(1000 * u).toFixed(1)}H10`;
    }
    const value = (/** @type {number} */ c) => ((c / n) * most) / (seen.hi - seen.lo); // a density, as the line
    attr(bars, "d", Array.from(counts, (c, j) => (c ? `M0 ${(1000 * j) / most}H${(unit * value(c)).toFixed(1)}V${(1000 * (j + 1)) / most}H0Z` : "")).join(""));
    attr(rug, "d", ticks);
  }

  return {
    plot, title, scale, key,
    /** @param {Seen} seen @param {Element} lines the rules of the plot beside it */
    layout(seen, lines) {
      put(rules, lines.cloneNode(true).childNodes);
      const whole = [-6, -4, -2, 0, 2, 4, 6].filter((z) => z > seen.lo && z < seen.hi);
      scale.replaceChildren(...whole.map((z) => h("span", { style: `top:${100 * down(seen, z)}%` }, minus(String(z)))), span("ddw-sym", "x"));
      groups.hidden = !seen.groups;
    },
    /** @param {Seen} seen @param {Mixture} m at t @param {Walkers} walkers @param {number} t @param {boolean} shown whether the walkers are */
    paint(seen, m, walkers, t, shown) {
      // Where the density peaks beyond the usual (many narrow kernels), the whole axis gives way.
      let peak = FULL;
      for (let j = 0; j <= POINTS; j++) peak = max(peak, 1.04 * density(m, seen.hi - (j / POINTS) * (seen.hi - seen.lo)));
      const unit = 1000 / peak;
      attr(area, "d", profile(seen, m, unit, true));
      attr(normalLine, "d", profile(seen, NORMAL, unit));
      put(inside, (seen.groups ? Array.from(m.weights, (w, k) => svg("path", { d: profile(seen, { weights: [1], means: [m.means[k]], stds: [m.stds[k]] }, unit * w) })) : []));
      if (shown) histogram(seen, walkers, t, unit);
      else for (const node of [bars, rug]) attr(node, "d", "");
      attr(plot, "aria-label", `density of ${seen.name} at t ${t}`);
    },
  }; // prettier-ignore
}
