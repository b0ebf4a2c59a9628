"UNetXRay: what is seen in the page's network against PyTorch's, in Node; what it takes and refuses; and one look in a browser."

import json
import re
import subprocess

import numpy as np
import pytest
import torch
import traitlets as T
from browsing import POLICIES, forbidding
from test_live_sampler import JS, b64, f32, random_network, written

from ddpm_widgets import UNetXRay, page_weights, pretrained
from ddpm_widgets.noising import Diffusion
from ddpm_widgets.schedule import cosine_schedule
from ddpm_widgets.widgets.base import normal

# Reads {file, kind, plant, requests: [request of js/src/xray/serve.js]} and answers with what the Worker would.
NODE = """
let text = ''; for await (const c of process.stdin) text += c;
const { Network } = await import("./src/net/network.js"), { plain } = await import("./src/net/kernel.wasm.js"), { readFileSync } = await import("node:fs");
const { watch } = await import("./src/xray/taps.js"), { look, changes, losses, slopes } = await import("./src/xray/look.js");
const f32 = (b) => new Float32Array(new Uint8Array(Buffer.from(b, "base64")).buffer);
const { file, kind, plant, requests } = JSON.parse(text);
const wasm = kind === "js" ? null : new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(plain, "base64")), {}).exports;
const network = new Network(new Uint8Array(readFileSync(file)).buffer, wasm);
const seen = watch(network.ops);
if (plant) eval(plant);
const out = requests.map(({ given: { x, ...rest }, pixel, others, skips, cells, side }) => {
  const given = { x: f32(x), ...rest };
  return pixel ? look(network, seen, given, pixel) : others ? changes(network, seen, given, others) : skips ? losses(network, seen, given, skips) : slopes(network, given, cells, side);
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


FAULTS = {
    "a swapped skip": "const { concat } = network.ops; network.ops.concat = (x, y) => concat.call(network.ops, y.c === x.c ? y : x, y.c === x.c ? x : y);",
    "a wrong norm group": "network.ops.groups = 4;",
    "blocks read before their shortcut": "const { conv } = network.ops; network.ops.conv = (x, name, o) => conv.call(network.ops, x, name, name.endsWith('conv2') ? {} : o);",
}


@pytest.mark.node
@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_seen(shipped, plant):
    assert apart(*shipped, plant=plant)[0] > 1e-2


@pytest.mark.node
def test_attention_of_another_pixel_is_another(shipped):
    "The query is the one that holds the pixel: columns and rows are not swapped."
    plant = "const { row } = network.ops; network.ops.row = (x, v) => row.call(network.ops, x, x.h === 4 && v === 1 ? 2 : v);"
    assert apart(*shipped)[1] < 1e-3 < apart(*shipped, plant=plant)[1]


def relative(change, of):
    return float((change.square().mean() / of.square().mean()).sqrt())


@pytest.mark.node
@pytest.mark.parametrize("preset", ["fast", "nb15"])
def test_what_changes_with_t_is_what_changes_in_pytorch(shipped, tmp_path, preset):
    "Each block's answer and time bias, and what the group norm takes of it; the groups of one channel in nb15 leave nothing."
    model, file = shipped if preset == "fast" else (net := random_network(preset), written(tmp_path, net))
    x, t, other = torch.tensor(normal(3, (1, 1, 32, 32))), 300, 800
    seen = in_node(file, {"given": {"x": b64(x), "t": t}, "others": [other]})[0]
    before, after = (torchs(model, x, s)[0] for s in (t, other))
    for name, change in seen.items():
        assert change["output"] == pytest.approx(relative(after[name] - before[name], before[name]), rel=1e-2, abs=1e-6)
    unet = model.unet
    emb = [torch.nn.functional.silu(unet.time_embedding(unet.time_proj(torch.tensor([s])))) for s in (t, other)]
    for name in [name for name, change in seen.items() if "bias" in change]:
        block = unet.get_submodule(name)
        with torch.no_grad():
            bias = [block.time_emb_proj(e)[0] for e in emb]
        moved = (bias[1] - bias[0]).view(block.norm2.num_groups, -1)
        gone = float(moved.mean(1).square().sum() * moved.shape[1] / moved.square().sum())
        assert seen[name]["removed"] == pytest.approx(gone, abs=1e-3)
    assert seen["conv_in"]["output"] == 0
    if preset == "fast":
        assert all(change.get("removed", 0) < 0.01 for change in seen.values()), "the reference says so"
    else:
        assert seen["down_blocks.0.resnets.0"]["removed"] == pytest.approx(1)
        assert seen["mid_block.resnets.0"]["removed"] < 0.5


@pytest.mark.node
def test_skips_and_slopes_are_pytorchs(shipped):
    "How strong a skip is, what the answer loses without it, and what it depends on, which is the gradient."
    model, file = shipped
    t, x = 500, torch.tensor(normal(3, (1, 1, 32, 32)), requires_grad=True)
    given = {"given": {"x": b64(x.detach()), "t": t}}
    looked = in_node(file, {**given, "pixel": (0, 0)})[0]
    names = [skip["skip"] for skip in looked["skips"]]
    cells = [(12, 14), (16, 14), (30, 0)]
    losses, slopes = in_node(file, {**given, "skips": names}, {**given, "cells": cells, "side": 2})
    answers, _ = torchs(model, x.detach(), t)
    rms = lambda name: float(answers[name].square().mean().sqrt())  # noqa: E731
    a = float(model.diffusion.schedule.alpha_bar64[t])
    eps = lambda x: (1 - a) ** 0.5 * x + a**0.5 * model(x, t)  # noqa: E731 (it predicts v)
    with torch.no_grad():
        whole = eps(x)
    for skip in looked["skips"]:
        assert skip["strength"] == pytest.approx(rms(skip["skip"]) / rms(skip["below"]), rel=1e-3)
        kept = answers[skip["below"]].shape[1]
        cut = lambda _, args, kept=kept: (torch.cat([args[0][:, :kept], 0 * args[0][:, kept:]], 1), *args[1:])  # noqa: E731
        handle = model.unet.get_submodule(skip["to"]).register_forward_pre_hook(cut)
        with torch.no_grad():
            assert losses[skip["skip"]] == pytest.approx(relative(eps(x) - whole, whole), rel=1e-2)
        handle.remove()
    torch.testing.assert_close(looked["eps"].view(1, 1, 32, 32), whole, atol=1e-3, rtol=0)
    gradient = torch.autograd.grad(eps(x)[0, 0, 15, 16], x)[0][0, 0]
    for (left, top), slope in zip(cells, slopes, strict=True):
        expected = float(gradient[top : top + 2, left : left + 2].sum())
        assert float(slope.view(32, 32)[15, 16]) == pytest.approx(expected, abs=0.02 + 0.1 * abs(expected))


def test_the_names_and_shapes_of_the_blocks_are_those_of_the_network():
    for model in (random_network("nb15"), random_network("fast", 28, block_out_channels=(16, 24), layers_per_block=2)):
        c, h, w = model.diffusion.shape
        answers, _ = torchs(model, torch.zeros(1, c, h, w), 3)
        assert UNetXRay(model).blocks == [(name, *out.shape[1:]) for name, out in answers.items()]


def test_traits_follow_and_nonsense_is_refused():
    xray = UNetXRay(images=np.zeros((2, 32, 32), np.uint8), t=900)
    xray.set_state({"t": 12, "index": 7, "pixel": [40, 2], "block": "conv_in", "seed": 4, "label": 3})
    assert (xray.t, xray.index, xray.pixel, xray.block, xray.seed, xray.label) == (12, 1, (31, 2), "conv_in", 4, 0)
    a = float(pretrained().diffusion.schedule.alpha_bar64[12])
    x_t = a**0.5 * (xray.images[1, ..., 0] / 127.5 - 1) + (1 - a) ** 0.5 * normal(4, (32, 32))
    np.testing.assert_allclose(xray.x_t[0], x_t, atol=1e-5)
    xray.set_state({"block": "nobody", "pixel": [1], "t": "soon", "blocks": [], "x0": b""})
    assert (xray.t, xray.pixel, xray.block, len(xray.blocks)) == (12, (31, 2), "conv_in", 21)
    with pytest.raises(T.TraitError, match="block must be one of conv_in"):
        xray.block = "nobody"
    for options, said in (
        (dict(images=np.zeros((2, 28, 28))), "32×32 pixels and 1 channel"),
        (dict(images=np.zeros((2, 32, 32, 3), np.uint8)), "found 32×32 and 3"),
        (dict(t=1000), "1000 timesteps"),
        (dict(index=6), "6 images"),
        (dict(block="mid"), "mid_block.resnets.0"),
        (dict(model=torch.nn.Linear(1, 1)), "carries `diffusion`"),
    ):
        with pytest.raises(ValueError, match=re.escape(said)):
            UNetXRay(**options)


def test_another_network_brings_its_blocks_and_its_timesteps():
    xray = UNetXRay(t=900, block="down_blocks.2.resnets.0")
    other = random_network("small", layers_per_block=2, block_out_channels=(16, 24))
    other.diffusion = Diffusion(cosine_schedule(50))
    xray.model = other
    assert (xray.t, xray.block, xray.blocks[0]) == (49, "", ("conv_in", 16, 16, 16))
    assert xray.attachments() == {f"ddw-weights-{xray.weights}": page_weights(other)}
    colour = random_network("small", in_channels=3, out_channels=3)
    assert UNetXRay(colour).x_t.shape == (3, 32, 32)
    with pytest.raises(ValueError, match="make another UNetXRay"):
        xray.model = colour


def test_the_poster_shows_the_answers_where_a_network_is_at_hand():
    filled, empty = UNetXRay(pretrained()).poster(), UNetXRay(page_weights(pretrained())).poster()
    assert filled.shape == empty.shape and filled.dtype == np.uint8
    orange = lambda picture: ((picture[..., 0] > 200) & (picture[..., 2] < 80)).sum()  # noqa: E731
    assert orange(filled) > 1000 > 10 > orange(empty)


def get(page, name):
    return page.evaluate("n => document.querySelector('[data-ddw]').ddw.model.get(n)", name)


def painted(page, more_than=0):
    page.wait_for_function("n => Number(document.querySelector('.ddw-unet-xray').dataset.painted ?? 0) > n", arg=more_than, timeout=60_000)  # fmt: skip
    return int(page.get_attribute(".ddw-unet-xray", "data-painted"))


def tiny():
    return random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=4)


@pytest.mark.browser
def test_a_page_from_disk_follows_hand_and_keys(page, tmp_path):
    "Its columns are filled, t, image, pixel and block are chosen with keys and pointer, and what it says of attention is PyTorch's."
    model = pretrained()
    UNetXRay(page_weights(model, "fp32"), t=400).to_html(tmp_path / "xray.html")
    page.set_viewport_size({"width": 1000, "height": 900})
    page.goto((tmp_path / "xray.html").as_uri())
    n = painted(page)
    assert page.get_attribute(".ddw-unet-xray", "data-how") == "wasm"
    ink = "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v)"
    columns = page.locator(".block canvas:not([hidden])")
    assert columns.count() == 3 * 21 and all(canvas.evaluate(ink) for canvas in columns.all())
    page.get_by_role("slider", name="timestep t").focus()
    page.keyboard.press("PageUp")
    n = painted(page, n)
    page.locator(".thumb").nth(3).click()
    n = painted(page, n)
    page.get_by_role("application", name=re.compile("noisy image")).focus()
    page.keyboard.press("ArrowLeft")
    n = painted(page, n)
    assert (get(page, "t"), get(page, "index"), get(page, "pixel")) == (500, 3, [15, 16])
    box = page.locator(".panel canvas").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.1)
    n = painted(page, n)
    assert get(page, "pixel") == [25, 3]
    x = torch.tensor(UNetXRay(t=500, index=3).x_t)[None]
    rows = [w.mean(0)[3 // 8 * 4 + 25 // 8].max() for w in torchs(model, x, 500)[1].values()]
    assert page.locator(".panel .note").nth(3).inner_text().startswith(f"largest weight {min(rows):.2f} to {max(rows):.2f};")  # fmt: skip
    # one stop of the Tab key among the blocks; Enter opens one, and Escape closes it
    page.locator(".block").first.focus()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.locator(".detail:visible h3", has_text="down_blocks.0.resnets.0").wait_for()
    assert page.locator(".block[tabindex='0']").count() == 1 and page.locator(".detail .bar").count() == 48
    page.get_by_role("button", name="Next block").click()
    page.locator(".detail .biases").wait_for(state="hidden")
    assert get(page, "block") == "down_blocks.0.downsamplers.0"
    page.keyboard.press("Escape")
    page.locator(".detail").wait_for(state="hidden")
    page.wait_for_selector("[data-slopes]", state="attached", timeout=60_000)
    assert re.fullmatch("×[.0-9]+ · [0-9]+ %", page.locator(".skipped").first.inner_text())
    assert page.locator(".strip .stays").count() == 11 + 21
    assert len(page.workers) == 1 and not page.errors and not page.outside
    page.evaluate("document.querySelector('[data-ddw]').ddw.unmount()")
    page.wait_for_timeout(200)
    assert not page.workers, "closing the widget ends its Worker"


@pytest.mark.browser
@pytest.mark.parametrize("policy,how,worker", POLICIES.values(), ids=POLICIES)
def test_pages_that_forbid_it_are_slower_and_say_so(page, tmp_path, policy, how, worker):
    UNetXRay(tiny()).to_html(tmp_path / "xray.html")
    text = (tmp_path / "xray.html").read_text(encoding="utf-8")
    (tmp_path / "xray.html").write_text(forbidding(policy, text), encoding="utf-8")
    page.goto((tmp_path / "xray.html").as_uri())
    painted(page)
    root = page.locator(".ddw-unet-xray")
    assert (root.get_attribute("data-how"), root.get_attribute("data-worker")) == (how, worker)
    assert "Slower than it could be" in page.locator("[role=status]").inner_text()
    page.wait_for_selector("[data-slopes]", state="attached", timeout=60_000)


@pytest.mark.browser
def test_nothing_hides_something_else(page, tmp_path):
    "At each width: columns, their words, the corners and the strips below stand clear of each other, and the page is no wider than it was."
    other = UNetXRay(random_network("nb15"), block="mid_block.resnets.0")
    UNetXRay().to_html(tmp_path / "xray.html", other, UNetXRay(tiny()))
    for width in (1400, 800, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto((tmp_path / "xray.html").as_uri())
        page.wait_for_timeout(300)
        found = page.evaluate("""() => [...document.querySelectorAll('.ddw')].flatMap((root) => {
            const boxes = [...root.querySelectorAll('.block > *:not(.size), .block .c, .skipped, .corner, .title, .strip')].map((e) => [e, e.getBoundingClientRect()]).filter(([, b]) => b.width);
            const hit = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
            return boxes.flatMap(([e, a], i) => boxes.slice(i + 1).filter(([f, b]) => !e.contains(f) && hit(a, b)).map(([f]) => `${e.className || e.tagName} ${e.parentElement.dataset.block} ${f.className || f.tagName} ${f.parentElement.dataset.block}`));
        })""")
        assert not found, (width, found[:5])
        apart = page.evaluate("""() => [...document.querySelectorAll('.ddw')].flatMap((root) => {
            const [skips, words] = ['.bridge', '.skipped'].map((name) => [...root.querySelectorAll(name)].map((e) => { e.textContent ||= '×'; return e.getBoundingClientRect(); }));
            return skips.map((box, i) => Math.abs(box.top - words[i].top - words[i].height / 2));
        })""")
        assert max(apart) < 8, "a skip's words stand on its band"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
