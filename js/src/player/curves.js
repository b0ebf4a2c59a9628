// What each step changed, as curves above the timeline and in words.
import { h, span, symbol } from "../shared/dom.js";
import { clamp, sig3 } from "../shared/format.js";
import { max } from "../shared/math.js";
import { GUESS, SIGNAL, swatch } from "../shared/palette.js";
import { hat } from "./band.js";
import { halfway, inStep, perStep, shares } from "./film.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Seen} Seen */

const DASH = "5 4"; // of the guess's curve

/** The change of each single step. @param {Model} model @param {Seen} seen */
const stepwise = (model, { changed, streams }) =>
  changed.map(({ nearer, guess }, k) => {
    const [at, taken] = [model.get("at")[k], model.get("taken")[k]];
    return { nearer: perStep(nearer, at, taken, !streams.includes("x0")), guess: perStep(guess, at, taken, false) };
  });

/** The largest change of a step, of all runs. @param {ReturnType<typeof stepwise>} changed @param {Seen} seen */
const most = (changed, { streams }) => max(1e-9, ...changed.flatMap(({ nearer, guess }) => [...nearer, ...(streams.includes("x0") ? guess : [])]));

/** For each run how much nearer x_t came, and how much the guess moved. @param {Model} model @param {Seen} seen */
export function curves(model, seen) {
  const { ts, lead, changed, streams, names, colors } = seen;
  const total = model.get("total");
  const steps = stepwise(model, seen);
  const largest = most(steps, seen);
  const several = changed.length > 1;
  const lanes = changed.flatMap(({ nearer, guess }, k) => [
    { parts: total ? nearer : steps[k].nearer, color: several ? colors[k] : SIGNAL, dash: undefined, k },
    ...(streams.includes("x0") ? [{ parts: total ? guess : steps[k].guess, color: several ? colors[k] : GUESS, dash: DASH, k }] : []),
  ]);
  // positions are the lead's frames; the other runs are read where they are as far along
  const places = ts[lead].map((_, p) => inStep(ts, lead, p));
  return lanes.map(({ parts, color, dash, k }) => {
    const y = (total ? shares(parts) : parts.map((p) => p / largest)).map((y) => clamp(y, 0, 1));
    return { name: names[k], y: places.map((at) => y[at[k]]), color, dash };
  });
}

/** Where half of the way lies, run by run. @param {Model} model @param {Seen} seen */
export const summary = (model, { changed, runs, names, colors }) =>
  !model.get("summary") ? [] : changed.map(({ nearer }, k) => {
    const { t, steps } = halfway(nearer, runs[k].ts, model.get("at")[k], model.get("taken")[k]);
    const share = Math.round((100 * steps) / model.get("taken")[k]);
    return h("span", {}, ...(runs.length > 1 ? [h("b", { style: `color: ${colors[k]}` }, names[k]), ": half"] : ["Half"]), " of the way to the picture is made in the ", h("b", {}, `last ${share} %`), " of the steps, below ", span("whole", symbol("t"), ` = ${t}. `));
  }); // prettier-ignore

/** @param {Model} model @param {Seen} seen */
export function legend(model, seen) {
  const { runs, streams } = seen;
  const total = model.get("total");
  const key = (/** @type {string} */ color, /** @type {string | undefined} */ dash, /** @type {(Node | string)[]} */ ...text) => span("key", swatch(runs.length > 1 ? "var(--ddw-fg)" : color, dash), h("span", {}, ...text));
  return [
    key(SIGNAL, undefined, symbol("x", "t"), total ? ": how much of the way to the picture is done" : ": how much nearer a step brings it to the picture"),
    ...(streams.includes("x0") ? [key(GUESS, DASH, hat("x", "0"), total ? ": how much of all its changes is done" : ": how much a step changes the guess")] : []),
    span("ddw-muted", total ? "1 at the top: all of it" : `1 at the top: ${sig3(most(stepwise(model, seen), seen))} in a step, where black and white are 2 apart`),
  ];
}

/** What was left out. @param {Model} model @param {Seen} seen */
export function omitted(model, { runs }) {
  const thinned = runs.map(({ ts }, k) => [ts.filter((t) => t >= 0).length, model.get("taken")[k]]).filter(([kept, taken]) => kept < taken);
  const rough = model.get("tolerance") ? [`noise to ±${model.get("tolerance")} of 255 grey levels`] : [];
  return [...thinned.map(([kept, taken]) => `${kept} of ${taken} steps kept`), ...rough].join(", ");
}
