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

/** Does the reader want things to stand still? */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
