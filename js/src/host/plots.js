// Draws the plotly figures of a page when they near the screen, in the page's own colours. The page holds, for each figure,
// <div data-ddw-plot="URL of plotly.js"> with a JSON script {data, layout} in it. plotly.js is loaded once, by the first.

/** @typedef {Record<string, any>} Dict */

/**
 * A figure's layout on a page: as large as its place, no ground of its own, ink and hairlines as the page has them.
 * @param {Dict} layout @param {string} ink the page's text colour @param {string} font @param {boolean} [narrow] a phone: the legend lies below the plot, and the plot gets the width @returns {Dict}
 */
export function inPage(layout, ink, font, narrow = false) {
  /** @type {Dict} */
  const own = { ...layout, autosize: true, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
  delete own.width;
  delete own.height;
  own.font = { ...layout.font, color: ink, family: font };
  for (const name of Object.keys(layout)) {
    if (!/^[xy]axis\d*$/.test(name)) continue;
    own[name] = { automargin: true, ...layout[name], gridcolor: mix(ink, 0.14), zerolinecolor: mix(ink, 0.3), linecolor: mix(ink, 0.3) };
  }
  if (!narrow) return own;
  if (layout.legend?.yref !== "container") own.legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", yref: "container", y: 0, yanchor: "bottom" };
  own.margin = { ...layout.margin, l: Math.min(44, layout.margin?.l ?? 80), r: 8 };
  return own;
}

/** A colour that plotly understands, `share` as opaque. @param {string} rgb as getComputedStyle gives it @param {number} share */
export const mix = (rgb, share) => `rgba(${(rgb.match(/[\d.]+/g) ?? ["128", "128", "128"]).slice(0, 3).join(", ")}, ${share})`;

/** @type {Promise<any> | undefined} */
let plotly;

/** @param {string} url */
const load = (url) =>
  (plotly ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.onload = () => done(/** @type {any} */ (window).Plotly);
    script.onerror = () => fail(new Error(`${url} could not be loaded`));
    script.src = url;
    document.head.append(script);
  }));

/** @param {HTMLElement} place */
async function draw(place) {
  const { data, layout } = JSON.parse(place.querySelector("script")?.textContent ?? "{}");
  const Plotly = await load(place.dataset.ddwPlot ?? "");
  const narrow = matchMedia("(max-width: 575px)");
  const paint = () => {
    const { color, fontFamily } = getComputedStyle(place);
    return Plotly.react(place, data, inPage(layout, color, fontFamily, narrow.matches), { responsive: true, displayModeBar: false });
  };
  await paint();
  place.dataset.painted = "";
  for (const root of [document.documentElement, document.body]) new MutationObserver(paint).observe(root, { attributeFilter: ["class"] });
  for (const query of [matchMedia("(prefers-color-scheme: dark)"), narrow]) query.addEventListener("change", paint);
}

if (typeof document !== "undefined") {
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      draw(/** @type {HTMLElement} */ (target)).catch((e) => console.error(e));
    }
  }, { rootMargin: "600px" }); // prettier-ignore
  for (const place of document.querySelectorAll("[data-ddw-plot]")) near.observe(place);
}
