// What is wrong with an answer whatever the exercise, in one sentence.

import { written } from "./tensor.js";

/** `key` is what complaints are compared by. */
export class Complaint extends Error {
  /** @param {string} sentence @param {string} [key] */
  constructor(sentence, key = sentence) {
    super(sentence);
    this.key = key;
  }
}

/** @param {string} name @param {number[]} found @param {number[]} asked */
export const wrongShape = (name, found, asked) => `${name} has the shape ${written(found)}, and should have ${written(asked)}.`;
