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

/** @param {string} name its class @param {...(Node | string)} children */
export const div = (name, ...children) => h("div", { class: name }, ...children);

/** @param {string} name its class @param {...(Node | string)} children */
export const span = (name, ...children) => h("span", { class: name }, ...children);

/** What belongs together, and has a name. @param {string} name its class @param {string} label @param {...(Node | string)} children */
export const group = (name, label, ...children) => h("div", { class: name, role: "group", "aria-label": label }, ...children);

/** @param {Attrs} attrs @param {...(Node | string)} children */
export const button = (attrs, ...children) => h("button", { type: "button", class: "ddw-btn", ...attrs }, ...children);

/** Put these children in place of those there are. @param {Element} node @param {Iterable<Node | string>} children */
export const put = (node, children) => node.replaceChildren(...children);

/** @param {Element} node @param {string} name @param {string | number | boolean} value */
export const attr = (node, name, value) => node.setAttribute(name, String(value));

/** Show whether a button is on. @param {Element} node @param {boolean} on */
export const press = (node, on) => attr(node, "aria-pressed", on);

/** For what is there to be seen alone. */
export const UNSPOKEN = { "aria-hidden": "true" };

/** A picture that says so until it is drawn: who draws it gives it its own name. */
export const UNDRAWN = { role: "img", "aria-label": "nothing is drawn here yet" };

/** A drawing 1000 wide, which is stretched over the place it is given. @param {number} high @param {Attrs} attrs @param {...Node} children */
export const stretched = (high, attrs, ...children) => svg("svg", { viewBox: `0 0 1000 ${high}`, preserveAspectRatio: "none", ...attrs }, ...children);

/** A symbol in mathematical italics with an index: x with t below. @param {string} name @param {string} [index] */
export const symbol = (name, index) => h("var", { class: "ddw-sym" }, name, ...(index ? [h("sub", {}, index)] : []));

/** A square root. @param {...(Node | string)} inner */
export const root = (...inner) => span("ddw-sqrt", "√", span("ddw-root", ...inner));
