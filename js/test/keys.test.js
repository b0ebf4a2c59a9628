import assert from "node:assert/strict";
import test from "node:test";
import { isOurs } from "../src/shared/view.js";

const key = (key, held = {}) => ({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held });

test("keys that move and press are the widget's, the notebook keeps its own", () => {
  for (const k of ["ArrowLeft", "ArrowDown", "Home", "PageUp", " ", "Enter", "Escape"]) assert(isOurs(key(k)), k);
  assert(isOurs(key("ArrowRight", { shiftKey: true })));
  assert(!isOurs(key("Enter", { shiftKey: true })), "Shift+Enter runs the cell");
  assert(!isOurs(key("s", { ctrlKey: true })), "Ctrl+S saves");
  assert(!isOurs(key("ArrowUp", { metaKey: true })));
  assert(!isOurs(key("d")));
});
