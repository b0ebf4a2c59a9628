import assert from "node:assert/strict";
import { test } from "node:test";

import { weightsOf } from "../src/net/weights.js";

/** @typedef {import("../src/net/weights.js").Model} Model */

test("a network is asked for when its page is there", async () => {
  const page = Object.assign(new EventTarget(), { readyState: "loading", baseURI: "http://site/lessons/a.html", getElementById: () => null });
  /** @type {string[]} */
  const asked = [];
  Object.assign(globalThis, {
    document: page,
    addEventListener: page.addEventListener.bind(page),
    fetch: async (/** @type {URL} */ url) => asked.push(url.href) && new Response(new Uint8Array([1, 2, 3])),
  });
  /** @type {Record<string, any>} */
  const traits = { weights: "abc", weights_url: "../networks/small.page", weights_bytes: 3 };
  const model = /** @type {Model} */ (/** @type {unknown} */ ({ get: (/** @type {string} */ name) => traits[name] }));
  /** @type {number[]} */
  const shares = [];
  const coming = weightsOf(model, (share) => shares.push(share), new AbortController().signal, "");
  await new Promise((done) => setTimeout(done, 10));
  assert.deepEqual(asked, []);

  page.readyState = "complete";
  page.dispatchEvent(new Event("load"));
  assert.deepEqual([...new Uint8Array(await coming)], [1, 2, 3]);
  assert.deepEqual([asked, shares.at(-1)], [["http://site/networks/small.page"], 1]);
});
