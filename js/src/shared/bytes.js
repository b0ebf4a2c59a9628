// Typed views on the bytes a trait carries. anywidget hands over a DataView; nothing is copied unless it must be aligned.

import { floor } from "./math.js";

/** @param {DataView} view @returns {Uint8Array} */
export const u8 = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** @param {DataView} view little-endian float32 values @returns {Float32Array} */
export function f32(view) {
  const aligned = view.byteOffset % 4 === 0;
  const buffer = aligned ? view.buffer : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return new Float32Array(buffer, aligned ? view.byteOffset : 0, floor(view.byteLength / 4));
}

/** @param {string} base64 */
export const decoded = (base64) => Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
