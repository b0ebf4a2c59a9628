// A server at work in a Worker, or where the page forbids Workers on the main thread, giving way between two requests.

/** Ask for something; the answers come in the order of the questions. @typedef {(request: any, moved?: Transferable[]) => Promise<any>} Ask */
/** @typedef {(request: any) => any} Server one that answers `{}` with nothing, at once */

/**
 * @param {string} code of the Worker: it serves the same @param {() => Server} server @param {AbortSignal} signal ends the Worker
 * @returns {Promise<{ ask: Ask, worker: boolean }>}
 */
export async function remote(code, server, signal) {
  const ask = await inWorker(code, signal);
  return { ask: ask ?? onMainThread(server()), worker: !!ask };
}

/** @param {string} code @param {AbortSignal} signal @returns {Promise<Ask | null>} null where the page forbids Workers */
async function inWorker(code, signal) {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
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
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {Server} answer @returns {Ask} */
function onMainThread(answer) {
  return async (request) => {
    await new Promise((go) => setTimeout(go)); // the page paints and hears in between
    return answer(request);
  };
}

/** The Worker's side. @param {Server} answer */
export function serve(answer) {
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
