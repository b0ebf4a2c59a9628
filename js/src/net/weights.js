// Where the network's weights are: in the page, in a file beside it, or with the kernel. Each is fetched once a page.

import { decoded } from "../shared/bytes.js";

/**
 * What every widget has whose network works in the page.
 * @typedef {object} NetworkTraits
 * @property {string} network the name of the shipped one, or none @property {string} weights the hash of the network's file @property {string} weights_url where a page has it @property {number} weights_bytes
 * @property {[number, number, number]} shape channels, height, width @property {[number, number]} range of the values @property {string[]} classes @property {number} none which of them stands for no class; -1: none does @property {number} label the class chosen
 */
/** @typedef {import("../shared/afm").Model<NetworkTraits>} Model */
/** @typedef {import("../shared/pictures.js").Kind} Kind */
/** How much has come, 0 … 1. @typedef {(share: number) => void} Progress */

/** @type {Map<string, Promise<ArrayBuffer>>} of all widgets of this module's instance, by hash */
const known = new Map();

/** @param {Pick<Model, "get">} model @returns {Kind} */
export function kindOf(model) {
  const [c, h, w] = model.get("shape");
  const [lo, hi] = model.get("range");
  return { c, h, w, lo, hi, size: c * h * w };
}

/** @param {Model} model @param {Progress} progress @param {AbortSignal} signal @param {string} former a hash that is not wanted any more @returns {Promise<ArrayBuffer>} */
export function weightsOf(model, progress, signal, former) {
  const hash = model.get("weights");
  if (former !== hash) known.delete(former);
  const found = known.get(hash) ?? inPage(hash) ?? (model.get("weights_url") ? fromFile(model, progress) : fromKernel(model, hash, signal));
  known.set(hash, found);
  found.catch(() => known.delete(hash));
  return found;
}

/** In a page that `to_html` wrote: base64 in a script element. @param {string} hash @returns {Promise<ArrayBuffer> | undefined} */
function inPage(hash) {
  const base64 = document.getElementById(`ddw-weights-${hash}`)?.textContent;
  return base64 ? Promise.resolve(decoded(base64).buffer) : undefined;
}

/** Beside a page of the site, which is there first. @param {Model} model @param {Progress} progress */
async function fromFile(model, progress) {
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
  const url = new URL(model.get("weights_url"), document.baseURI);
  if (url.protocol === "file:") return fromScript(`${url}.js`);
  const answer = await fetch(url, { cache: "force-cache" });
  if (!answer.ok || !answer.body) throw new Error(`The network could not be loaded from ${url}: ${answer.status} ${answer.statusText}.`);
  const [chunks, all] = [/** @type {Uint8Array[]} */ ([]), model.get("weights_bytes")];
  let had = 0;
  const reader = answer.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    progress(Math.min(1, (had += part.value.length) / all));
  }
  return new Blob(/** @type {BlobPart[]} */ (chunks)).arrayBuffer();
}

/** Opened from disk, a page may load scripts, but no files. @param {string} src @returns {Promise<ArrayBuffer>} */
function fromScript(src) {
  return new Promise((done, fail) => {
    const script = document.createElement("script");
    Object.assign(script, { src, onload: () => done(decoded(/** @type {any} */ (globalThis).ddwWeights).buffer), onerror: () => fail(new Error(`The network could not be loaded from ${src}.`)) });
    document.head.append(script);
  });
}

/** From Python, in one message; pushed unasked when its network changes. @param {Model} model @param {string} hash @param {AbortSignal} signal @returns {Promise<ArrayBuffer>} */
function fromKernel(model, hash, signal) {
  return new Promise((done, fail) => {
    /** @param {any} said @param {(DataView | ArrayBuffer)[]} buffers */
    const hear = (said, buffers) => {
      if (said?.weights !== hash) return;
      model.off("msg:custom", hear);
      const [b] = buffers;
      done(/** @type {ArrayBuffer} */ (b instanceof ArrayBuffer ? b : b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength)));
    };
    model.on("msg:custom", hear);
    signal.addEventListener("abort", () => (model.off("msg:custom", hear), fail(new Error("closed"))), { once: true });
    model.send({ ask: "weights" });
  });
}
