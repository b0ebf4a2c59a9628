// DDPM's eq. 4 with its two weights as numbers: x_t = √ᾱ_t x0 + √(1-ᾱ_t) ε.
import { h, root as radical, span, symbol } from "./dom.js";
import { fixed3 } from "./format.js";
import { sqrt } from "./math.js";

export const rootAlphaBar = () => radical(symbol("ᾱ", "t"));
export const rootRest = () => radical("1 − ", symbol("ᾱ", "t"));

export function equation() {
  const [signal, noise] = [new Text(), new Text()];
  const weight = (/** @type {Text} */ text, /** @type {string} */ name, /** @type {Node} */ below) => span(`weight ddw-num ${name}`, text, h("small", {}, below));
  return {
    el: span("equation", symbol("x", "t"), "=",
      weight(signal, "ddw-signal", rootAlphaBar()), symbol("x", "0"), "+",
      weight(noise, "ddw-noise", rootRest()), symbol("ε")), // prettier-ignore
    /** @param {number} alphaBar */
    show(alphaBar) {
      signal.data = fixed3(sqrt(alphaBar));
      noise.data = fixed3(sqrt(1 - alphaBar));
    },
  };
}
