// The Worker: answers one request after the other. Bundled as a text into the widgets that need it.
import { server } from "./serve.js";

const answer = server();
self.onmessage = ({ data: { number, ...request } }) => {
  try {
    self.postMessage({ number, answer: answer(request) });
  } catch (e) {
    self.postMessage({ number, error: e instanceof Error ? e.message : String(e) });
  }
};
