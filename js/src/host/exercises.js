// Offers each exercise of a page: <div data-ddw-exercise="CHECK" data-folder="URL" data-weight="kB"> with the lesson's lines as a JSON script in it.
// What checks them is loaded when the reader asks for it, by scripts, which a page opened from disk may load too.

// Here, because the site drops the rules that no page uses before its scripts run.
const STYLE = `
.ddw-exercise { margin-block: .5rem 1.25rem; }
.ddw-exercise button { padding: .35rem .9rem; border: 1px solid color-mix(in srgb, currentColor 30%, transparent); border-radius: .5rem; background: none; color: inherit; font: inherit; font-size: .84rem; cursor: pointer; }
.ddw-exercise button:is(:hover, [type="submit"]) { border-color: currentColor; }
.ddw-exercise button[type="submit"] { font-weight: 600; }
.ddw-exercise button:disabled { opacity: .6; cursor: default; }
.ddw-exercise > [role="status"] { margin-left: .6rem; font-size: .84rem; }`;

/** @type {Map<string, Promise<void>>} */
const scripts = new Map();

/** @param {string} url @returns {Promise<void>} */
function load(url) {
  const found =
    scripts.get(url) ??
    new Promise((done, fail) => {
      const script = document.createElement("script");
      script.onload = () => done();
      script.onerror = () => fail(new Error(`${url} could not be loaded`));
      script.src = url;
      document.head.append(script);
    });
  scripts.set(url, found);
  found.catch(() => scripts.delete(url)); // so that a second click tries again
  return found;
}

/** Is there an answer that the reader wrote before? editor.js keeps it. @param {string} check */
function isKept(check) {
  try {
    return localStorage.getItem(`ddw-${check}`) !== null;
  } catch {
    return false; // a page may be forbidden to look
  }
}

/** @param {HTMLElement} place */
function offer(place) {
  const { ddwExercise: check = "", folder = "", weight } = place.dataset;
  const start = JSON.parse(place.querySelector("script")?.textContent ?? '""');
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `${isKept(check) ? "Go on with your answer" : "Try it here"} (${weight} kB)`;
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    button.disabled = true;
    said.textContent = " loading …";
    try {
      await Promise.all([load(`${folder}/exercise.js`), load(`${folder}/${check}.js`)]);
      const { ddwExercise, ddwExercises } = /** @type {any} */ (globalThis);
      ddwExercise(place, check, start, ddwExercises[check]);
    } catch {
      button.disabled = false;
      said.textContent = " The exercise could not be loaded: are you online? Click to try again.";
    }
  });
  place.append(button, said);
}

if (typeof document !== "undefined") {
  document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
  for (const place of document.querySelectorAll("[data-ddw-exercise]")) offer(/** @type {HTMLElement} */ (place));
}
