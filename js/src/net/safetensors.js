// A .safetensors file: 8 bytes with the length of a JSON header, the header, then the numbers, in little-endian order.
// Weights come in float32, float64, float16, or as int8 with a scale for each row: `NAME` holds whole numbers, `NAME.scale` floats.

/** @typedef {{ shape: number[], data: Float32Array | Float64Array }} Tensor */

/** @param {ArrayBuffer} file @returns {{ tensors: Record<string, Tensor>, words: Record<string, string> }} ValueError where it is no such file */
export function readSafetensors(file) {
  const length = file.byteLength < 8 ? Infinity : Number(new DataView(file).getBigUint64(0, true));
  if (length > file.byteLength - 8) throw new Error(`The weights must be a safetensors file, found ${file.byteLength} bytes that do not begin as one: load them again.`);
  const { __metadata__: words = {}, ...entries } = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  /** @type {Record<string, Tensor>} */
  const tensors = {};
  const ends = Object.values(entries).map((entry) => entry.data_offsets[1]);
  if (8 + length + Math.max(0, ...ends) !== file.byteLength) throw new Error(`The weights must hold ${8 + length + Math.max(0, ...ends)} bytes, found ${file.byteLength}: load them again.`);
  for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(entries)) {
    const raw = file.slice(8 + length + begin, 8 + length + end); // a copy: views must be aligned
    const read = READERS[dtype];
    if (!read) throw new Error(`${name} must hold numbers of ${Object.keys(READERS).join(", ")}, found ${dtype}: save the weights anew.`);
    tensors[name] = { shape, data: read(raw) };
  }
  for (const [name, scale] of Object.entries(tensors)) {
    if (!name.endsWith(".scale")) continue;
    const { shape, data } = tensors[name.slice(0, -6)];
    const row = data.length / shape[0];
    for (let i = 0; i < data.length; i++) data[i] *= scale.data[(i / row) | 0];
    delete tensors[name];
  }
  return { tensors, words };
}

/** @type {Record<string, (raw: ArrayBuffer) => Float32Array | Float64Array>} */
const READERS = {
  F64: (raw) => new Float64Array(raw),
  F32: (raw) => new Float32Array(raw),
  F16: (raw) => Float32Array.from(new Uint16Array(raw), halfToFloat),
  I8: (raw) => Float32Array.from(new Int8Array(raw)),
};

/** One sign bit, five of exponent, ten of fraction. @param {number} bits @returns {number} */
function halfToFloat(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}
