// The part of exercises that is loaded when one is opened: <div data-ddw-exercise="CHECK"> loads it, see host/exercises.js.

import { open } from "../exercise/editor.js";

/** @type {any} */ (globalThis).ddwExercise = open;
