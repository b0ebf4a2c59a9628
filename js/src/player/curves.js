// What each step changed, as curves above the timeline and in words.
import { h, span, symbol } from "../shared/dom.js";
import { clamp, sig3 } from "../shared/format.js";
import { max } from "../shared/math.js";
import { COLORS, swatch } from "../shared/palette.js";
import { hat } from "./band.js";
import { half, inStep, shares } from "./film.js";

/** @typedef {import("./read.js").Model} Model */
/** @typedef {import("./read.js").Seen} Seen */

const GUESS = "5 4"; // dashes of the guess's curve

/** The largest change of all steps and runs. @param {Seen} seen */
const most = ({ changed, streams }) => max(1e-9, ...changed.flatMap(({ nearer, guess }) => [...nearer, ...(streams.includes("x0") ? guess : [])]));

/** For each run how much nearer x_t came, and how much the guess moved. @param {Seen} seen @param {boolean} total whether the curves add up */
export function curves(seen, total) {
  const { ts, lead, changed, streams, names } = seen;
  const largest = most(seen);
  const several = changed.length > 1;
  const lanes = changed.flatMap(({ nearer, guess }, k) => [
    { parts: nearer, color: COLORS[k], dash: undefined, k },
    ...(streams.includes("x0") ? [{ parts: guess, color: several ? COLORS[k] : "var(--ddw-c2)", dash: GUESS, k }] : []),
  ]);
  // positions are the lead's frames; the other runs are read where they are as far along
  const steps = ts[lead].map((_, p) => inStep(ts, lead, p));
  return lanes.map(({ parts, color, dash, k }) => {
    const y = (total ? shares(parts) : parts.map((p) => p / largest)).map((y) => clamp(y, 0, 1));
    return { name: names[k], y: steps.map((at) => y[at[k]]), color, dash };
  });
}

/** Where half of the way lies, run by run. @param {Seen} seen */
export const summary = ({ changed, runs, names }) =>
  changed.map(({ nearer }, k) => {
    const [from, all] = [half(nearer), runs[k].ts.length];
    const share = Math.round((100 * (all - from)) / all);
    return h("span", {}, ...(runs.length > 1 ? [h("b", { style: `color: ${COLORS[k]}` }, names[k]), ": half"] : ["Half"]), " of the way to the picture is made in the ", h("b", {}, `last ${share} %`), " of the steps, below ", span("whole", symbol("t"), ` = ${runs[k].ts[max(0, from - 1)]}. `));
  });

/** @param {Model} model @param {Seen} seen */
export function legend(model, seen) {
  const { runs, streams } = seen;
  const total = model.get("total");
  const key = (/** @type {string} */ color, /** @type {string | undefined} */ dash, /** @type {(Node | string)[]} */ ...text) => span("key", swatch(runs.length > 1 ? "var(--ddw-fg)" : color, dash), h("span", {}, ...text));
  const unit = model.get("taken").some((taken, i) => taken > runs[i].ts.length) ? "frame" : "step";
  return [
    key(COLORS[0], undefined, symbol("x", "t"), total ? " of its way to the picture" : " comes nearer to the picture"),
    ...(streams.includes("x0") ? [key("var(--ddw-c2)", GUESS, hat("x", "0"), total ? " of all its changes" : " changes")] : []),
    span("ddw-muted", total ? "1 is all of it" : `1 is ${sig3(most(seen))} in a ${unit}, of the range −1 to 1`),
  ];
}

/** What was left out. @param {Model} model @param {Seen} seen */
export function omitted(model, { runs }) {
  const thinned = runs.map((run, k) => [run.ts.length, model.get("taken")[k]]).filter(([kept, taken]) => kept < taken);
  const rough = model.get("tolerance") ? [`noise to ±${model.get("tolerance")} of 255 grey levels`] : [];
  return [...thinned.map(([kept, taken]) => `${kept} of ${taken} steps kept`), ...rough].join(", ");
}
