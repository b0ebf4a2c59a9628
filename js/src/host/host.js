// Mounts widgets on a page with no kernel. The page holds, for each widget, <div data-ddw="MODULE"> with its poster and
// a JSON script {state, buffers: [{path, data}]} in it, and once per module a JSON script #ddw-MODULE {esm, css}.
// On the site a heavy state stands in a script of its own, which <div data-ddw="MODULE" data-ddw-from="URL"> names, and a module in one that
// data-ddw-module names: they are loaded when the place nears the screen. After mounting, the div's `ddw` property is {model, unmount}.

import { decoded } from "../shared/bytes.js";

/** @typedef {import("../shared/afm").Model} Model */
/** @typedef {{ model: Model, unmount: () => void }} Mounted */

/** A model without a kernel: `save_changes` has nobody to tell. @param {Record<string, any>} state @returns {Model} */
export function staticModel(state) {
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  const heard = new Map();
  return {
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      for (const fn of [...(heard.get(`change:${name}`) ?? []), ...(heard.get("change") ?? [])]) fn(this, value);
    },
    save_changes() {},
    send() {},
    on(event, fn) {
      if (!heard.has(event)) heard.set(event, new Set());
      heard.get(event)?.add(fn);
    },
    off(event, fn) {
      if (!event) heard.clear();
      else if (fn) heard.get(event)?.delete(fn);
      else heard.delete(event);
    },
  };
}

/** Put the base64 buffers back into the state, as DataViews. @param {{ state: any, buffers?: { path: (string | number)[], data: string }[] }} saved */
export function unpack({ state, buffers = [] }) {
  for (const { path, data } of buffers) {
    const bytes = decoded(data);
    const holder = path.slice(0, -1).reduce((o, key) => (o[key] ??= {}), state);
    holder[path[path.length - 1]] = new DataView(bytes.buffer);
  }
  return state;
}

/** @type {Map<string, Promise<any>>} */
const modules = new Map();

/** @param {string} name @param {string} [from] */
function load(name, from) {
  const found = modules.get(name) ?? ready(name, from);
  modules.set(name, found);
  return found;
}

/** @param {string} name @param {string} [from] */
async function ready(name, from) {
  const { esm, css } = from ? await brought(from, name) : JSON.parse(document.getElementById(`ddw-${name}`)?.textContent ?? "{}");
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const module = await import(url);
  URL.revokeObjectURL(url);
  return module.default;
}

/** What a script of its own brings (a page opened from disk may load scripts, but nothing else). @param {string} url @param {string} [key] */
const brought = (url, key = url) =>
  new Promise((done, fail) => {
    const script = document.createElement("script");
    script.onload = () => done(/** @type {any} */ (window).ddwSaved[key]);
    script.onerror = () => fail(new Error(`${url} could not be loaded`));
    script.src = url;
    document.head.append(script);
  });

/** @param {HTMLElement} place @returns {Promise<Mounted>} */
export async function mount(place) {
  const made = await load(place.dataset.ddw ?? "", place.dataset.ddwModule);
  const widget = typeof made === "function" ? await made() : made; // a function makes one for each widget
  const from = place.dataset.ddwFrom;
  const saved = from ? structuredClone(await brought(from)) : JSON.parse(place.querySelector("script")?.textContent ?? "{}");
  const model = staticModel(unpack(saved));
  const life = new AbortController();
  const el = document.createElement("div");
  await widget.initialize?.({ model, signal: life.signal });
  const poster = [...place.children].filter((c) => c.tagName !== "SCRIPT");
  const cleanup = await widget.render({ model, el, signal: life.signal });
  poster.forEach((c) => c.remove());
  place.append(el);
  const unmount = () => {
    life.abort();
    cleanup?.();
    el.remove();
  };
  return Object.assign(place, { ddw: { model, unmount } }).ddw;
}

if (typeof document !== "undefined") {
  /** @param {Element} place */
  const show = (place) => void mount(/** @type {HTMLElement} */ (place)).catch((e) => console.error(e));
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) near.unobserve(target), show(target);
  }, { rootMargin: "1200px" }); // prettier-ignore; what is there before it is seen moves nothing that is read
  /** Has the parser left it? What follows stands behind it, or behind what holds it. @param {Element | null} e */
  const whole = (e) => {
    while (e && !e.nextSibling) e = e.parentElement;
    return e !== null;
  };
  /** @type {Set<Element>} */
  const found = new Set();
  const find = () => {
    for (const place of document.querySelectorAll("[data-ddw]")) {
      const waits = document.readyState !== "complete" && place.matches("[data-ddw-from]"); // for all that the page begins with
      if (found.has(place) || waits || (document.readyState === "loading" && !whole(place))) continue;
      found.add(place);
      place.matches("[data-ddw-from], [data-ddw-module]") ? near.observe(place) : show(place);
    }
  };
  find();
  document.addEventListener("DOMContentLoaded", find); // on the site this script does not wait for the end of the page
  addEventListener("load", find);
  document.addEventListener("ddw-mount", (e) => void mount(/** @type {HTMLElement} */ (e.target))); // by hand, after `unmount`
}
