// What every view needs: a life that ends, listeners that end with it, one paint per animation frame.

/** @typedef {import("./afm").Model} Model */

/**
 * The life of one view. anywidget ends it by its own signal, or (before 0.10) by calling what `render` returned:
 * `const { signal, end } = life(props.signal); …; return end;`
 * @param {AbortSignal} [outer]
 */
export function life(outer) {
  const controller = new AbortController();
  const end = () => controller.abort();
  if (outer?.aborted) end();
  outer?.addEventListener("abort", end, { once: true, signal: controller.signal });
  return { signal: controller.signal, end };
}

/** Call `fn` once when the life ends. @param {AbortSignal} signal @param {() => void} fn */
export const atEnd = (signal, fn) => signal.addEventListener("abort", fn, { once: true });

/**
 * Listen to a model for as long as the view lives.
 * @param {Model} model @param {string} events names, spaces between them
 * @param {(...args: any[]) => void} fn @param {AbortSignal} signal
 */
export function listen(model, events, fn, signal) {
  for (const name of events.split(" ")) {
    model.on(name, fn);
    atEnd(signal, () => model.off(name, fn));
  }
}

/**
 * A function that asks for `fn` in the next animation frame; asking again before then changes nothing.
 * @param {() => void} fn @param {AbortSignal} signal
 */
export function frame(fn, signal) {
  let id = 0;
  atEnd(signal, () => cancelAnimationFrame(id));
  return () => {
    if (!id && !signal.aborted) id = requestAnimationFrame(() => ((id = 0), fn()));
  };
}

/**
 * Listen to an element for as long as the view lives.
 * @template {keyof HTMLElementEventMap} Type
 * @param {Element} node @param {Type} type @param {(e: HTMLElementEventMap[Type]) => void} fn @param {AbortSignal} signal @param {AddEventListenerOptions} [options]
 */
export const on = (node, type, fn, signal, options) => node.addEventListener(type, /** @type {EventListener} */ (fn), { signal, ...options });

/** Call `fn` when an element has become wider or narrower. @param {Element} node @param {() => void} fn @param {AbortSignal} signal */
export function onWidth(node, fn, signal) {
  let seen = node.clientWidth;
  const observer = new ResizeObserver(() => {
    if (node.clientWidth !== seen) (seen = node.clientWidth), fn();
  });
  observer.observe(node);
  atEnd(signal, () => observer.disconnect());
}

/** Show a view for as long as it lives. @param {Element} el @param {Element} root @param {AbortSignal} signal */
export function mount(el, root, signal) {
  el.append(root);
  keepKeys(root, signal);
  atEnd(signal, () => root.remove());
}

/** Keys that a control of ours may answer, when nothing but Shift is held. */
const OURS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", " ", "Enter", "Escape"]);

/**
 * Does this key belong to the control that has the focus? Shift+Enter stays the notebook's: it runs the cell.
 * @param {Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">} e
 */
export const isOurs = (e) => OURS.has(e.key) && !(e.ctrlKey || e.metaKey || e.altKey || (e.shiftKey && e.key === "Enter"));

/**
 * One stop of the Tab key for all the buttons in a box: arrow keys go from one to the next, or to that above or below it.
 * @param {HTMLElement} box @param {AbortSignal} signal @returns {(own?: Element | null) => void} makes a button the stop; none: the first
 */
export function rove(box, signal) {
  box.dataset.roving = "";
  const buttons = () => [...box.querySelectorAll("button")];
  /** @param {Element | null} [own] */
  const stop = (own) => buttons().forEach((b, i) => (b.tabIndex = (own ? b === own : !i) ? 0 : -1));
  on(box, "focusin", (e) => stop(/** @type {Element} */ (e.target).closest("button")), signal);
  on(box, "keydown", (e) => {
    const all = buttons();
    const from = all.indexOf(/** @type {HTMLButtonElement} */ (e.target));
    const top = (/** @type {Element} */ b) => Math.round(b.getBoundingClientRect().top);
    const across = all.filter((b) => top(b) === top(all[0])).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[e.key];
    if (from < 0 || !step || !isOurs(e)) return;
    all[(from + step + all.length) % all.length].focus();
    e.preventDefault();
    e.stopPropagation();
  }, signal); // prettier-ignore
  return stop;
}

/**
 * Notebook 7 takes keys for its commands before the page's elements see them, unless the focused element has this
 * attribute. It is set key by key, so that the notebook keeps its own (Ctrl+S, Shift+Enter).
 * @param {Element} root @param {AbortSignal} signal
 */
export function keepKeys(root, signal) {
  window.addEventListener("keydown", (e) => {
    const target = e.composedPath()[0];
    if (target instanceof Element && root.contains(target)) target.toggleAttribute("data-lm-suppress-shortcuts", isOurs(e));
  }, { capture: true, signal }); // prettier-ignore
}

/** Does the reader want things to stand still? */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
