// Elements without a framework. Text is always text: a child string never becomes markup.

/** @typedef {Record<string, string | number | boolean | undefined>} Attrs */

/** @param {Element} node @param {Attrs} attrs @param {(Node | string)[]} children */
function fill(node, attrs, children) {
  for (const [name, value] of Object.entries(attrs)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Attrs} attrs @param {...(Node | string)} children @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  fill(node, attrs, children);
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag @param {Attrs} attrs @param {...(Node | string)} children @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attrs = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(node, attrs, children);
  return node;
}

/** A 24×24 icon from one path. @param {string} d */
export const icon = (d) => svg("svg", { viewBox: "0 0 24 24", class: "ddw-icon", "aria-hidden": "true" }, svg("path", { d }));

/** A symbol in mathematical italics with an index: x with t below. @param {string} name @param {string} [index] */
export const symbol = (name, index) => h("var", { class: "ddw-sym" }, name, ...(index ? [h("sub", {}, index)] : []));

/** A square root. @param {...(Node | string)} inner */
export const root = (...inner) => h("span", { class: "ddw-sqrt" }, "√", h("span", { class: "ddw-root" }, ...inner));
