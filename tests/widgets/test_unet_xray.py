"UNetXRay: what is seen in the page's network against PyTorch's, in Node; what it takes and refuses; and one look in a browser."

import json
import subprocess

import pytest
import torch
from test_live_sampler import JS, b64, f32, random_network, written

from ddpm_widgets import pretrained
from ddpm_widgets.widgets.base import normal

# Reads {file, kind, plant, requests: [request of js/src/xray/serve.js]} and answers with what the Worker would.
NODE = """
let text = ''; for await (const c of process.stdin) text += c;
const { Network } = await import("./src/net/network.js"), { plain } = await import("./src/net/kernel.wasm.js"), { readFileSync } = await import("node:fs");
const { watch } = await import("./src/xray/taps.js"), { look, changes, slopes } = await import("./src/xray/look.js");
const f32 = (b) => new Float32Array(new Uint8Array(Buffer.from(b, "base64")).buffer);
const { file, kind, plant, requests } = JSON.parse(text);
const wasm = kind === "js" ? null : new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(plain, "base64")), {}).exports;
const network = new Network(new Uint8Array(readFileSync(file)).buffer, wasm);
const seen = watch(network.ops);
if (plant) eval(plant);
const out = requests.map(({ given: { x, ...rest }, pixel, others, cells, side }) => {
  const given = { x: f32(x), ...rest };
  return pixel ? look(network, seen, given, pixel) : others ? changes(network, seen, given, others) : slopes(network, given, cells, side);
});
console.log(JSON.stringify(out, (_, v) => (ArrayBuffer.isView(v) ? { f32: Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString("base64") } : v)));
"""


def in_node(file, *requests, kind="wasm", plant=""):
    "What the page's Worker answers, in Node; arrays are flat tensors."
    asked = json.dumps({"file": str(file), "kind": kind, "plant": plant, "requests": requests})
    done = subprocess.run(["node", "--input-type=module", "-e", NODE], input=asked, cwd=JS, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=lambda o: f32(o["f32"], (-1,)) if "f32" in o else o)


def torchs(model, x, t, label=None):
    "The answer of every block in PyTorch, by its name, and the weights of every attention, (heads, tokens, tokens)."
    answers, weights, unet = {}, {}, model.unet

    def attend(name):
        def keep(module, args):
            tokens = module.group_norm(args[0].flatten(2)).mT
            q, k = (module.head_to_batch_dim(part(tokens)) for part in (module.to_q, module.to_k))
            weights[name] = (q @ k.mT * module.scale).softmax(-1)

        return keep

    handles = []
    for name, module in unet.named_modules():
        if name in ("conv_in", "conv_out") or name.split(".")[-2:-1] in (["resnets"], ["attentions"], ["downsamplers"], ["upsamplers"]):  # fmt: skip
            handles.append(module.register_forward_hook(lambda _, args, out, name=name: answers.update({name: out})))
            if ".attentions." in name:
                handles.append(module.register_forward_pre_hook(attend(name)))
    folded = torch.nn.functional.pixel_unshuffle(x, model.patch)
    with torch.no_grad():
        unet(folded, t, *([] if label is None else [torch.tensor([label])]))
    for handle in handles:
        handle.remove()
    return answers, weights


def apart(model, file, t=500, pixel=(17, 9), plant="", **options):
    "The greatest difference of a block's answer, and of the attention of a pixel, from PyTorch's."
    c, h, w = model.diffusion.shape
    x = torch.tensor(normal(3, (1, c, h, w)))
    answers, weights = torchs(model, x, t, options.get("label"))
    seen = in_node(file, {"given": {"x": b64(x), "t": t, **options}, "pixel": pixel}, plant=plant)[0]
    assert [block["name"] for block in seen["blocks"]] == list(answers)  # each of them, in the order of computation
    worst = [0.0, 0.0]
    for block in seen["blocks"]:
        theirs = answers[block["name"]][0]
        assert theirs.shape == (block["c"], block["h"], block["w"])
        worst[0] = max(worst[0], float((block["values"].view(theirs.shape) - theirs).abs().max()))
        assert block["rms"] == pytest.approx(float(theirs.square().mean().sqrt()), rel=1e-3) or plant
    assert [row["name"] for row in seen["rows"]] == list(weights)
    for row in seen["rows"]:
        query = pixel[1] * row["h"] // h * row["w"] + pixel[0] * row["w"] // w
        assert float(row["weights"].sum()) == pytest.approx(1, abs=1e-5)
        worst[1] = max(worst[1], float((row["weights"] - weights[row["name"]].mean(0)[query]).abs().max()))
    return worst


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    model = pretrained()
    return model, written(tmp_path_factory.mktemp("net"), model)


@pytest.mark.node
def test_every_block_and_every_row_of_attention_is_pytorchs(shipped, tmp_path):
    assert max(apart(*shipped)) < 1e-3
    for preset in ("small", "nb15"):
        model = random_network(preset)
        assert max(apart(model, written(tmp_path, model))) < 1e-3, preset
    model = random_network("small", num_class_embeds=3)
    assert max(apart(model, written(tmp_path, model), label=2)) < 1e-3
