// The values of one pixel, and its path over the timeline, beside the pointer or beside an enlarged image.
import { attr, div, h, put, stretched, svg, UNSPOKEN } from "./dom.js";
import { clamp } from "./format.js";
import { max } from "./math.js";
import { curvePath } from "./timeline.js";

/**
 * What a card says of a pixel.
 * @typedef {object} Reading
 * @property {string} title which pixel
 * @property {{ name: Node, texts: string[], color?: string }[]} values its numbers now, one for each channel; in the colour of its line
 * @property {{ y: (i: number) => number, n: number, color: string, dash?: string }[]} lines its path: n values
 * @property {number} most the path is drawn from -most to most
 * @property {number} at where the cursor stands, 0…1 @property {string} range what is drawn @property {string} axis what runs below
 */
/** @typedef {ReturnType<typeof card>} Card */

export const CHANNELS = ["#dc2626", "#16a34a", "#2563eb"];

/** @param {boolean} [floating] beside the pointer */
export function card(floating) {
  const title = div("ddw-small ddw-muted");
  const numbers = h("dl");
  const lines = svg("g");
  const now = svg("line", { class: "now", y1: 0, y2: 100 });
  const visible = svg("rect", { class: "visible", x: 0, width: 1000 });
  const [range, axis] = [h("span"), h("span")];
  const el = h("div", { class: floating ? "card floating" : "card", hidden: true }, title, numbers,
    stretched(100, UNSPOKEN, visible, lines, now), h("div", { class: "axis", ...UNSPOKEN }, range, axis)); // prettier-ignore

  return {
    el,
    /** @param {Reading} reading */
    show(reading) {
      const { values, most, at } = reading;
      title.textContent = reading.title;
      put(numbers, values.map(({ name, texts, color }) => h("div", {}, h("dt", { style: color && `color: ${color}` }, name), h("dd", { class: "ddw-num" }, texts.join("\n")))));
      put(lines, reading.lines.map(({ y, n, color, dash }) => svg("path", { d: curvePath((i) => 0.5 + y(i) / most / 2, n, 200), style: `stroke: ${color}`, "stroke-dasharray": dash })));
      attr(visible, "y", 50 - 50 / most);
      attr(visible, "height", 100 / most);
      for (const end of ["x1", "x2"]) attr(now, end, 1000 * at);
      range.textContent = reading.range;
      axis.textContent = reading.axis;
      el.hidden = false;
    },
  };
}

/** Put a card beside the pointer, inside the widget. @param {HTMLElement} el @param {Element} root @param {PointerEvent} e */
export function beside({ style, offsetWidth, offsetHeight }, root, e) {
  const box = root.getBoundingClientRect();
  const [x, y] = [e.clientX - box.left, e.clientY - box.top];
  style.left = `${clamp(x + 18 + offsetWidth > box.width ? x - offsetWidth - 18 : x + 18, 4, max(4, box.width - offsetWidth - 4))}px`;
  style.top = `${y + 22 + offsetHeight > box.height ? max(4, y - offsetHeight - 16) : y + 22}px`;
}
