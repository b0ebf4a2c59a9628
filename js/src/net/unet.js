// The U-Net's forward pass: diffusers' UNet2DModel as this package builds it, written over five operations (see ops.js):
//   conv(x, name, { stride, add, extra })   convolution and bias; `add`s an image, and `extra` to every channel
//   norm(x, name, silu)                     group norm, then silu if asked
//   attention(q, k, v)                      over all pixels, in heads of 8 channels
//   concat(x, y), upsample(x)               channels beside one another; every pixel becomes 2×2
// How many levels, residual blocks and attentions there are is read from the names of the weights.

/** @typedef {import("./ops.js").Ops} Ops */
/** @typedef {import("./ops.js").Image} Image */
/** @typedef {Record<string, import("./safetensors.js").Tensor>} Weights */
/** What each residual block adds to its channels at one timestep, by the block's name. @typedef {Record<string, Float32Array>} TimeBiases */

/** From a noisy image to the network's answer. @param {Ops} ops @param {Image} image @param {TimeBiases} time @returns {Image} */
export function forward(ops, image, time) {
  /** @param {Image} x @param {string} name */
  const residual = (x, name) => {
    const h = ops.conv(ops.norm(x, `${name}.norm1`, true), `${name}.conv1`, { extra: time[name] });
    const short = ops.has(`${name}.conv_shortcut`) ? ops.conv(x, `${name}.conv_shortcut`) : x;
    return ops.conv(ops.norm(h, `${name}.norm2`, true), `${name}.conv2`, { add: short });
  };
  /** @param {Image} x @param {string} name */
  const attend = (x, name) => {
    const h = ops.norm(x, `${name}.group_norm`, false);
    const [q, k, v] = ["q", "k", "v"].map((part) => ops.conv(h, `${name}.to_${part}`));
    return ops.conv(ops.attention(q, k, v), `${name}.to_out.0`, { add: x });
  };
  /** Residual block i of a level or of the middle, and the attention after it if there is one. @param {Image} x @param {string} name @param {number} i */
  const block = (x, name, i) => {
    const h = residual(x, `${name}.resnets.${i}`);
    return ops.has(`${name}.attentions.${i}.to_q`) ? attend(h, `${name}.attentions.${i}`) : h;
  };
  const blocks = (/** @type {string} */ name) => count((i) => ops.has(`${name}.resnets.${i}.conv1`));
  const levels = count((level) => ops.has(`down_blocks.${level}.resnets.0.conv1`));

  let x = ops.conv(image, "conv_in");
  const skips = [x];
  for (let level = 0; level < levels; level++) {
    const name = `down_blocks.${level}`;
    for (let i = 0; i < blocks(name); i++) skips.push((x = block(x, name, i)));
    if (level < levels - 1) skips.push((x = ops.conv(x, `${name}.downsamplers.0.conv`, { stride: 2 })));
  }
  x = residual(block(x, "mid_block", 0), "mid_block.resnets.1");
  for (let level = 0; level < levels; level++) {
    const name = `up_blocks.${level}`;
    for (let i = 0; i < blocks(name); i++) x = block(ops.concat(x, /** @type {Image} */ (skips.pop())), name, i);
    if (level < levels - 1) x = ops.conv(ops.upsample(x), `${name}.upsamplers.0.conv`);
  }
  return ops.conv(ops.norm(x, "conv_norm_out", true), "conv_out");
}

/** How many of 0, 1, 2, … there are. @param {(i: number) => boolean} has */
function count(has) {
  let n = 0;
  while (has(n)) n++;
  return n;
}

const silu = (/** @type {number} */ x) => x / (1 + Math.exp(-x));

/** y = W·x + b @param {Weights} weights @param {string} name @param {Float32Array} x */
function linear(weights, name, x) {
  const { data, shape: [rows, columns] } = weights[`${name}.weight`]; // prettier-ignore
  return Float32Array.from(weights[`${name}.bias`].data, (bias, r) => {
    let sum = bias;
    for (let c = 0; c < columns; c++) sum += data[r * columns + c] * x[c];
    return sum;
  });
}

/**
 * The timestep as waves (Vaswani et al. 2017, §3.5), and what a small network makes of them.
 * @param {Weights} weights @param {number} t @param {number} [label] class, for a network that knows classes
 */
export function timeEmbedding(weights, t, label) {
  const half = weights["time_embedding.linear_1.weight"].shape[1] / 2;
  const f = Math.fround; // rounded to float32 where PyTorch rounds: an angle of 999 radians shows the difference
  const angle = (/** @type {number} */ i) => f(t * f(Math.exp(f(f(-Math.log(10000) * i) / half))));
  const waves = Float32Array.from({ length: 2 * half }, (_, i) => (i < half ? Math.cos(angle(i)) : Math.sin(angle(i - half))));
  const embedded = linear(weights, "time_embedding.linear_2", linear(weights, "time_embedding.linear_1", waves).map(silu));
  const classes = weights["class_embedding.weight"];
  if (classes && label !== undefined) embedded.forEach((_, i) => (embedded[i] += classes.data[label * embedded.length + i]));
  return { waves, emb: embedded.map(silu) };
}

/** What a linear layer for each residual block makes of that. @param {Weights} weights @param {number} t @param {number} [label] @returns {TimeBiases} */
export function timeBiases(weights, t, label) {
  const { emb } = timeEmbedding(weights, t, label);
  const layers = Object.keys(weights).filter((name) => name.endsWith(".time_emb_proj.weight")).map((name) => name.slice(0, -".weight".length));
  return Object.fromEntries(layers.map((name) => [name.slice(0, -".time_emb_proj".length), linear(weights, name, emb)]));
}
