// What passes through the network, remembered: the answer of every block, what the skips join, what attention compares.
// The operations (net/ops.js) are asked by name for each layer, so they can be listened to without a word in the U-Net itself.
// All images of a pass stay in memory until the next one begins.

/** @typedef {import("../net/ops.js").Ops} Ops */
/** @typedef {import("../net/ops.js").Image} Image */
/** A concatenation: the block that takes both, the one whose answer comes from below, and the one whose answer was kept. @typedef {{ to: string, below: string, skip: string }} Join */
/**
 * @typedef {object} Seen of the last pass
 * @property {Map<string, Image>} blocks the answer of each block, by its name in diffusers, in the order of computation
 * @property {Map<string, Image>} biased in each residual block, the first convolution and the time bias
 * @property {Map<string, [Image, Image]>} compared queries and keys of each attention
 * @property {Join[]} joins
 * @property {string} cut the block whose answer a skip does not bring: it brings zeros; empty: all bring theirs
 */

/** The block that a convolution ends, if it ends one. @param {string} layer */
const endOf = (layer) => (layer.startsWith("conv_") ? layer : layer.match(/^(.+)\.(?:conv2|to_out\.0|conv)$/)?.[1]);

/** Listen to these operations. @param {Ops} ops @returns {Seen} */
export function watch(ops) {
  /** @type {Seen} */
  const seen = { blocks: new Map(), biased: new Map(), compared: new Map(), joins: [], cut: "" };
  const { begin, conv, attention, concat } = ops;
  let joined = ["", ""]; // below and skip, until the block that takes them is known
  let layer = "";
  const nameOf = (/** @type {Image} */ image) => [...seen.blocks].find(([, own]) => own.at === image.at)?.[0] ?? "";
  Object.assign(ops, {
    begin() {
      for (const list of [seen.blocks, seen.biased, seen.compared]) list.clear();
      seen.joins = [];
      begin.call(ops);
    },
    /** @type {Ops["conv"]} */
    conv(x, name, o) {
      const y = conv.call(ops, x, (layer = name), o);
      const block = endOf(name);
      if (block) seen.blocks.set(block, y);
      else if (name.endsWith(".conv1")) {
        const to = name.slice(0, -".conv1".length);
        seen.biased.set(to, y);
        if (joined[1]) seen.joins.push({ to, below: joined[0], skip: joined[1] });
        joined = ["", ""];
      }
      return y;
    },
    /** @type {Ops["attention"]} */
    attention(q, k, v) {
      seen.compared.set(layer.slice(0, -".to_v".length), [q, k]);
      return attention.call(ops, q, k, v);
    },
    /** @type {Ops["concat"]} */
    concat(x, y) {
      joined = [nameOf(x), nameOf(y)];
      const z = concat.call(ops, x, y);
      if (seen.cut && seen.cut === joined[1]) {
        for (let v = 0; v < z.h; v++) {
          const row = ops.row(z, v);
          for (let at = 0; at < row.length; at += z.c) row.fill(0, at + x.c, at + z.c);
        }
      }
      return z;
    },
  });
  return seen;
}
