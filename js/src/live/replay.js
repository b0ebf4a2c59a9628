// The way from noise to a picture once more, one step after the other.
import { calm } from "../shared/view.js";

/** @typedef {import("../net/serve.js").Taken} Taken */

export const LASTS = 2400; // ms

/** The step that is on screen after `ms`; the number of steps itself when all are over. The first steps look alike, so they pass faster. @param {number} ms @param {number} count */
export const stepAt = (ms, count) => (ms >= LASTS ? count : Math.floor(count * (1 - (1 - Math.max(0, ms) / LASTS) ** 1.5)));

/**
 * Show every step of a way, then call `end`. Where less motion is asked for, call `end` at once. Returns what stops it.
 * @param {Taken[]} way @param {(step: Taken) => void} show @param {() => void} end @param {AbortSignal} signal
 */
export function replay(way, show, end, signal) {
  let over = calm() || way.length < 2;
  const start = performance.now();
  let last = -1;
  const tick = () => {
    if (over || signal.aborted) return;
    const i = stepAt(performance.now() - start, way.length);
    if (i >= way.length) return (over = true), end();
    if (i !== last) show(way[(last = i)]);
    requestAnimationFrame(tick);
  };
  if (over) end();
  else tick();
  return () => void (over = true);
}
