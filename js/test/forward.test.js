import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsFor, fitScale, foldColumns, grey, mix, roomiest, snr, value } from "../src/shared/forward.js";
import { normal } from "../src/shared/random.js";

/** @param {number} n @param {number} w @param {number} h @param {number} c @param {number} columns */
const layoutOf = (n, w, h, c, columns, gapX = 2, gapY = 3) => ({
  n, w, h, c, columns, gapX, gapY, width: columns * (w + gapX) - gapX, height: Math.ceil(n / columns) * (h + gapY) - gapY,
}); // prettier-ignore

test("grey and value are inverse, and what lies outside is clipped", () => {
  for (let g = 0; g < 256; g++) assert.equal(grey(value(g)), g);
  assert.deepEqual([grey(-7), grey(7), grey(0)], [0, 255, 128]);
});

for (const c of [1, 3]) {
  test(`mix is eq. 4 for every pixel, in its place (${c} channels)`, () => {
    const layout = layoutOf(5, 4, 3, c, 2);
    const size = 5 * 4 * 3 * c;
    const x0 = Uint8Array.from({ length: size }, (_, i) => (i * 37) % 256);
    const eps = normal(7, size);
    const out = new Uint32Array(layout.width * layout.height);
    const alphaBar = 0.3;
    mix(x0, eps, Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar), out, layout);
    const bytes = new Uint8Array(out.buffer);
    const covered = new Set();
    for (let i = 0, k = 0; k < 5; k++)
      for (let y = 0; y < 3; y++)
        for (let x = 0; x < 4; x++, i += c) {
          const at = (Math.floor(k / 2) * 6 + y) * layout.width + (k % 2) * 6 + x;
          covered.add(at);
          for (let ch = 0; ch < 3; ch++) {
            const j = i + (c === 3 ? ch : 0);
            const expected = grey(Math.sqrt(alphaBar) * value(x0[j]) + Math.sqrt(1 - alphaBar) * eps[j]);
            assert.ok(Math.abs(bytes[4 * at + ch] - expected) <= 1);
          }
          assert.equal(bytes[4 * at + 3], 255);
        }
    out.forEach((v, at) => covered.has(at) || assert.equal(v, 0, "gaps stay transparent"));
  });
}

test("mix can begin with any image, and without noise gives the image back", () => {
  const x0 = Uint8Array.from({ length: 3 * 4 }, (_, i) => i * 20);
  const out = new Uint32Array(4);
  mix(x0, new Float32Array(12), 1, 0, out, layoutOf(1, 2, 2, 1, 1), 2);
  assert.deepEqual([...out].map((v) => v & 255), [160, 180, 200, 220]);
});

test("snr", () => {
  assert.equal(snr(0.5), 1);
  assert.equal(snr(1), Infinity);
});

test("an image pixel covers whole screen pixels, unless there is no room", () => {
  assert.equal(fitScale(100, 32, 1), 3);
  assert.equal(fitScale(100, 32, 2), 3);
  assert.equal(fitScale(111, 32, 2), 3);
  assert.equal(fitScale(112, 32, 2), 3.5);
  assert.equal(fitScale(16, 32, 1), 0.5);
});

test("columns fit the room, waste little, and make one row of a few", () => {
  for (const n of [1, 2, 3, 5, 8]) assert.equal(columnsFor(n, 900, 32, 1, 96), n);
  assert.equal(columnsFor(16, 900, 32, 1, 96), 8);
  for (const n of [10, 16, 33, 64, 100, 1000])
    for (const room of [120, 330, 640, 900, 1400])
      for (const ratio of [1, 2]) {
        const c = columnsFor(n, room, 32, ratio, 96);
        assert.ok(c >= 1 && c <= n && c * 14 <= room);
        assert.ok(Math.ceil(n / c) * c - n < c);
        if (n <= 16 && room >= 330) assert.ok(c >= (ratio > 1 ? 3 : 2), `${n} in ${room}: ${c}`);
      }
});

test("on a narrow page a row is broken into equal parts, and only where the timeline stays near", () => {
  for (const room of [440, 640, 900]) assert.equal(foldColumns(8, 8, room, room), 8);
  for (const [wanted, columns] of [[8, 4], [6, 3], [5, 3], [7, 4], [12, 4], [16, 4], [4, 4], [3, 3], [1, 1]]) assert.equal(foldColumns(wanted, wanted, 328, 328), columns, `${wanted}`);
  assert.equal(foldColumns(8, 3, 328, 328), 3, "no more than there are images");
  assert.equal(foldColumns(8, 64, 328, 328), 8, "sixteen rows would be too high");
  assert.equal(foldColumns(8, 8, 328, 90, 2), 2);
});

test("images are as large as they can be in a grid that is not too high", () => {
  const columns = (/** @type {number} */ n, /** @type {number} */ room) => {
    const size = (/** @type {number} */ c) => Math.min(160, 32 * Math.floor((room - 4 * (c - 1)) / c / 32));
    return roomiest(n, size, (c) => Math.ceil(n / c) * (size(c) + 4), 400);
  };
  assert.deepEqual([1, 4, 6, 16].map((n) => columns(n, 289)), [1, 2, 2, 4]); // three pictures side by side on 900 pixels
  assert.deepEqual([4, 6, 8].map((n) => columns(n, 900)), [4, 3, 4]); // one picture
});
