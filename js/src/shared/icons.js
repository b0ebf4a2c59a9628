// Icons of one path in a 24×24 box, and buttons that show one.
import { button, svg, UNSPOKEN } from "./dom.js";

export const PLAY = "M7 4.5v15l12.5-7.5z";
export const PAUSE = "M6.5 4.5h4v15h-4zM13.5 4.5h4v15h-4z";
export const DICE = "M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z";
export const LEFT = "M15 5l-7 7 7 7z";
export const RIGHT = "M9 5l7 7-7 7z";
export const CLOSE = "M6 4.6 4.6 6l6 6-6 6L6 19.4l6-6 6 6 1.4-1.4-6-6 6-6L18 4.6l-6 6z";
export const ZOOM = "M10 3a7 7 0 1 0 4.2 12.6l5.1 5.1 1.4-1.4-5.1-5.1A7 7 0 0 0 10 3zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM9 7v2H7v2h2v2h2v-2h2V9h-2V7z";

/** @param {string} d */
export const icon = (d) => svg("svg", { viewBox: "0 0 24 24", class: "ddw-icon", ...UNSPOKEN }, svg("path", { d }));

/** A round button that shows an icon alone. @param {string} label @param {string} d */
export const round = (label, d) => button({ class: "ddw-btn ddw-round", "aria-label": label, title: label }, icon(d));
