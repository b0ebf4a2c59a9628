// A server at work in a Worker, or where the page forbids Workers on the main thread, giving way between two requests.

/** Ask for something; the answers come in the order of the questions. @typedef {(request: any, moved?: Transferable[]) => Promise<any>} Ask */
/** @typedef {(request: any) => any} Server one that answers `{}` with nothing, at once */

const SERVER = Symbol.for("ddpm-widgets.server");

/**
 * @param {string} code a script that calls `serve` @param {AbortSignal} signal ends the Worker
 * @returns {Promise<{ ask: Ask, worker: boolean }>}
 */
export async function remote(code, signal) {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    const ask = await inWorker(url, signal);
    return { ask: ask ?? (await onMainThread(url)), worker: !!ask };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {string} url @param {AbortSignal} signal @returns {Promise<Ask | null>} null where the page forbids Workers */
async function inWorker(url, signal) {
  try {
    const worker = new Worker(url);
    signal.addEventListener("abort", () => worker.terminate(), { once: true });
    /** @type {Map<number, { done: (answer: any) => void, fail: (e: Error) => void }>} */
    const waiting = new Map();
    let number = 0;
    worker.onmessage = ({ data }) => {
      const { done, fail } = /** @type {any} */ (waiting.get(data.number));
      waiting.delete(data.number);
      data.error ? fail(new Error(data.error)) : done(data.answer);
    };
    /** @type {Ask} */
    const ask = (request, moved = []) => new Promise((done, fail) => {
      waiting.set(++number, { done, fail });
      worker.postMessage({ number, ...request }, moved);
    }); // prettier-ignore
    await new Promise((done, fail) => {
      worker.onerror = fail; // of a Worker that is forbidden, some browsers tell only here
      ask({}).then(done);
    });
    return ask;
  } catch {
    return null;
  }
}

/** @param {string} url @returns {Promise<Ask>} */
async function onMainThread(url) {
  await import(url);
  const answer = /** @type {any} */ (globalThis)[SERVER]();
  return async (request) => {
    await new Promise((go) => setTimeout(go)); // the page paints and hears in between
    return answer(request);
  };
}

/** The script's side: in a Worker it answers its messages, on a page it hands over what answers. @param {() => Server} server */
export function serve(server) {
  if (typeof document !== "undefined") return void (/** @type {any} */ (globalThis)[SERVER] = server);
  const answer = server();
  self.onmessage = ({ data: { number, ...request } }) => {
    try {
      self.postMessage({ number, answer: answer(request) });
    } catch (e) {
      self.postMessage({ number, error: e instanceof Error ? e.message : String(e) });
    }
  };
}

/** The first of these WebAssembly modules that this browser and this page allow; null: none. @param {Uint8Array[]} kernels @returns {any} what it exports */
export function compile(kernels) {
  for (const code of kernels) {
    try {
      return new WebAssembly.Instance(new WebAssembly.Module(/** @type {BufferSource} */ (code))).exports;
    } catch {} // an instruction that is too new, or a page that forbids WebAssembly
  }
  return null;
}
