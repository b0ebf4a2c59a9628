"LiveSampler: the network in the page against PyTorch, in Node; what it takes and refuses; and one look in a browser with a hand on it."

import base64
import json
import re
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from browsing import POLICIES, forbidding

from ddpm_widgets import LiveSampler, TrainingMonitor, garments, page_weights, pretrained, sample, train, unet
from ddpm_widgets.noising import Diffusion
from ddpm_widgets.sampling import sample_steps
from ddpm_widgets.schedule import cosine_schedule, linear_schedule, respace
from ddpm_widgets.widgets.base import normal
from ddpm_widgets.widgets.live_sampler import SHIPPED

JS = Path(__file__).parents[2] / "js"

# Reads requests [{file, x: base64, passes: [[t, label]], draws: [Draw]}] and answers with what the network in the page makes of them.
NODE = """
let text = ''; for await (const c of process.stdin) text += c;
const { Network } = await import("./src/net/network.js"), { walk } = await import("./src/net/sampler.js");
const { plain } = await import("./src/net/kernel.wasm.js"), { readFileSync } = await import("node:fs");
const f32 = (b) => new Float32Array(new Uint8Array(Buffer.from(b, "base64")).buffer);
const b64 = (a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString("base64");
const arrays = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, typeof v === "string" && v.startsWith("f32:") ? f32(v.slice(4)) : v]));
const { file, kind, plant, x, passes, draws } = JSON.parse(text);
const wasm = kind === "js" ? null : new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(plain, "base64")), {}).exports;
let network;
try { network = new Network(new Uint8Array(readFileSync(file)).buffer, wasm); } catch (e) { console.log(JSON.stringify({ error: e.message })); process.exit(0); }
if (plant) eval(plant);
const out = { passes: [], draws: [] };
for (const [t, label] of passes ?? []) out.passes.push(b64(network.predict(f32(x), t, label ?? undefined)));
for (const draw of draws ?? []) { const steps = []; for (const s of walk(network, arrays(draw))) steps.push({ t: s.t, x: b64(s.x), x0: b64(s.x0), eps: b64(s.eps), ...(s.plain && { both: [s.conditional, s.plain].map((g) => ({ x0: b64(g.x0), eps: b64(g.eps) })) }) }); out.draws.push(steps); }
console.log(JSON.stringify(out));
"""


def b64(x):
    return base64.b64encode(np.ascontiguousarray(x, np.float32).tobytes()).decode()


def f32(text, shape):
    return torch.tensor(np.frombuffer(base64.b64decode(text), np.float32).reshape(shape).copy())


def in_node(file, kind="wasm", **asked):
    "What the network in the page answers, in Node."
    asked = json.dumps({"file": str(file), "kind": kind, **asked})
    done = subprocess.run(["node", "--input-type=module", "-e", NODE], input=asked, cwd=JS, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def written(folder, model, precision="fp32", **options):
    path = folder / "weights.page"
    path.write_bytes(page_weights(model, precision, **options))
    return path


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    model = pretrained()
    return model, written(tmp_path_factory.mktemp("net"), model)


def passes(model, file, x, ts, kind="wasm", **asked):
    "The greatest difference between PyTorch's answers and the page's."
    asked = in_node(file, kind, x=b64(x), passes=[[t, None] for t in ts], **asked)["passes"]
    with torch.no_grad():
        return max(float((model(x, t) - f32(own, x.shape)).abs().max()) for t, own in zip(ts, asked, strict=True))


@pytest.mark.node
def test_a_pass_is_pytorchs_at_sixteen_timesteps(shipped):
    x = torch.tensor(normal(1, (2, 1, 32, 32)))
    assert passes(*shipped, x, np.linspace(0, 999, 16).round().astype(int).tolist()) < 1e-4


@pytest.mark.node
def test_plain_javascript_does_the_same(shipped):
    assert passes(*shipped, torch.tensor(normal(2, (1, 1, 32, 32))), [999, 300], "js") < 1e-4


FAULTS = {
    "a swapped skip": "const { concat } = network.ops; network.ops.concat = (x, y) => concat.call(network.ops, y.c === x.c ? y : x, y.c === x.c ? x : y);",
    "a wrong norm group": "network.ops.groups = 4;",
    "a wrong embedding": "const { time } = network; network.time = (t) => time.call(network, t + 1);",
    "a shortcut left out": "const { conv } = network.ops; network.ops.conv = (x, name, o) => conv.call(network.ops, x, name, name.endsWith('conv2') ? {} : o);",
}


@pytest.mark.node
@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_seen(shipped, plant):
    assert passes(*shipped, torch.tensor(normal(2, (1, 1, 32, 32))), [300], plant=plant) > 1e-3


def random_network(preset, size=32, **overrides):
    torch.manual_seed(0)
    model = unet(preset, **overrides).eval()
    c = overrides.get("in_channels", 1)
    model.diffusion = Diffusion(linear_schedule(), "eps", shape=(c, size, size))
    return model


NETWORKS = {
    "small": ("small", 32, {}),
    "nb15": ("nb15", 32, {}),
    "nb17": ("nb17", 32, {}),
    "in colour": ("small", 32, {"in_channels": 3, "out_channels": 3}),
    "narrow, of other groups": ("small", 32, {"block_out_channels": (16, 24, 40), "norm_num_groups": 4}),
    "no patches": ("fast", 16, {"patch": 1, "block_out_channels": (16, 32)}),
    "patches of 4, four levels": ("fast", 64, {"patch": 4, "block_out_channels": (16, 24, 32, 40)}),
    "28 pixels: rows that are no multiple of four": ("fast", 28, {"patch": 2, "block_out_channels": (16, 24)}),
    "24 pixels": ("small", 24, {}),
    "two blocks a level": ("small", 32, {"layers_per_block": 2}),
}


@pytest.mark.node
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_network_of_the_presets_answers_as_in_pytorch(network, tmp_path):
    preset, size, overrides = network
    model = random_network(preset, size, **overrides)
    x = torch.tensor(normal(3, (2, overrides.get("in_channels", 1), size, size)))
    assert passes(model, written(tmp_path, model), x, [7, 800]) < 1e-4


@pytest.mark.node
def test_a_network_that_takes_a_class(tmp_path):
    model = random_network("small", num_class_embeds=3)
    x = torch.tensor(normal(3, (1, 1, 32, 32)))
    told = in_node(written(tmp_path, model, classes=("boot", "bag", "none")), x=b64(x), passes=[[500, 0], [500, 2]])["passes"]  # fmt: skip
    for own, label in zip(told, (0, 2), strict=True):
        with torch.no_grad():
            expected = model.unet(torch.nn.functional.pixel_unshuffle(x, 2), 500, torch.tensor([label])).sample
        torch.testing.assert_close(f32(own, x.shape), torch.nn.functional.pixel_shuffle(expected, 2), atol=1e-4, rtol=0)


DRAWS = [
    (dict(sampler="dpm++", spacing="linear_levels"), 10),
    (dict(sampler="dpm++", spacing="logsnr"), 20),
    (dict(sampler="ddim", spacing="trailing"), 10),
    (dict(sampler="ddim", spacing="leading"), 20),
    (dict(sampler="ddim", spacing="linspace"), 10),
    (dict(sampler="dpm++", spacing="trailing", clamp=None), 10),
]


@pytest.mark.node
def test_pictures_are_pytorchs(shipped):
    "Whole pictures from the same noise, and every step of the way."
    model, file = shipped
    x = torch.tensor(normal(4, (1, 1, 32, 32)))
    asked = [{**o, "clamp": o.get("clamp", 1) is not None, "steps": n, "seeds": [0], "x": "f32:" + b64(x)} for o, n in DRAWS]  # fmt: skip
    for (options, n), own in zip(DRAWS, in_node(file, draws=asked)["draws"], strict=True):
        expected = list(sample_steps(model, n=1, x_T=x, steps=n, **options))
        assert [s["t"] for s in own] == [s.t for s in expected]
        for step, theirs in zip(own, expected, strict=True):
            for name, value in (("x", theirs.x_t), ("x0", theirs.x0), ("eps", theirs.eps)):
                torch.testing.assert_close(f32(step[name], x.shape), value, atol=1e-3, rtol=0)


@pytest.mark.node
@pytest.mark.parametrize(
    "page,library",
    [
        (dict(sampler="ddpm"), dict(sampler="ddpm", variance="large")),
        (dict(sampler="ddpm small"), dict(sampler="ddpm", variance="small")),
        (dict(sampler="ddim", eta=0.7), dict(sampler="ddim", eta=0.7)),
    ],
    ids=["ddpm", "ddpm small", "ddim with fresh noise"],
)
def test_with_fresh_noise_a_seed_is_the_same_picture(shipped, page, library, monkeypatch):
    "Where Python draws its noise by the page's generator, the stream of the seed and t."
    model, file = shipped
    x = torch.tensor(normal(5, (1, 1, 32, 32)))
    steps = 20
    ts = iter(respace(model.diffusion.schedule, steps).timesteps.tolist()[::-1])
    draw = lambda self: torch.tensor(normal((7 + (next(ts) + 1) * 0x9E3779B9) % 2**32, (1, 1, 32, 32)))  # noqa: E731
    monkeypatch.setattr("ddpm_widgets.sampling.Noise.__call__", draw)
    expected = sample(model, n=1, x_T=x, steps=steps, progress=False, **library)
    asked = {**page, "steps": steps, "spacing": "trailing", "seeds": [7], "x": "f32:" + b64(x)}
    own = in_node(file, draws=[asked])["draws"][0]
    torch.testing.assert_close(f32(own[-1]["x0"], x.shape), expected, atol=1e-3, rtol=0)


@pytest.mark.node
def test_a_step_is_gone_on_from_and_a_hole_is_filled(shipped):
    _, file = shipped
    x = normal(6, (1, 32, 32))
    common = {"steps": 10, "sampler": "dpm++", "spacing": "linear_levels", "seeds": [0]}
    whole = in_node(file, draws=[{**common, "x": "f32:" + b64(x)}])["draws"][0]
    again = {**common, "first": 4, "x": "f32:" + whole[4]["x"], "before": "f32:" + whole[3]["x0"]}
    other = {**again, "x0": "f32:" + b64(-np.ones((1, 32, 32)))}
    known, mask = np.full((1, 32, 32), -0.5), np.zeros((32, 32))
    mask[:16] = 1
    filled = {**common, "x": "f32:" + b64(x), "known": "f32:" + b64(known), "mask": "f32:" + b64(mask)}
    rest, black, hole = in_node(file, draws=[again, other, filled])["draws"]
    assert [s["t"] for s in rest] == [s["t"] for s in whole[4:]] and rest[-1]["x0"] == whole[-1]["x0"]
    assert f32(black[-1]["x0"], (1, 32, 32)).mean() < f32(whole[-1]["x0"], (1, 32, 32)).mean()
    final = f32(hole[-1]["x0"], (1, 32, 32))
    assert (final[:, 16:] + 0.5).abs().max() < 1e-6 and (final[:, :16] + 0.5).abs().max() > 0.1


@pytest.mark.node
def test_files_that_are_none_are_refused_in_a_sentence(tmp_path, shipped):
    path = tmp_path / "bad"
    whole = shipped[1].read_bytes()
    for content, said in ((b"abc", "safetensors"), (whole[:100_000], "must hold")):
        path.write_bytes(content)
        assert said in in_node(path)["error"]
    from safetensors.torch import save

    path.write_bytes(save({"a": torch.zeros(1)}))
    assert "page_weights" in in_node(path)["error"]


@pytest.mark.parametrize("name", ["fashion-mnist", "fashion-mnist-classes", "cifar-10"])
def test_the_shipped_files_are_the_shipped_models(name):
    assert page_weights(pretrained(name)) == SHIPPED[name].read_bytes(), f"python benchmarks/weights/page.py {name}"


REFUSED = {
    "another layer": (dict(resnet_time_scale_shift="scale_shift"), "resnet_time_scale_shift='default'"),
    "another head": (dict(attention_head_dim=16), "attention_head_dim=8"),
    "another block": (
        dict(down_block_types=("DownBlock2D", "DownBlock2D", "ResnetDownsampleBlock2D")),
        "ResnetDownsampleBlock2D",
    ),
    "more channels out than in": (dict(out_channels=2), "as many channels as it takes"),
    "a width of 12": (dict(block_out_channels=(12, 24, 32), norm_num_groups=4), "multiples of 8"),
}


@pytest.mark.parametrize("overrides,said", REFUSED.values(), ids=REFUSED)
def test_networks_that_the_page_can_not_compute_are_refused(overrides, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        page_weights(random_network("small", **overrides))


def test_what_is_set_is_an_array_and_what_is_wrong_is_said():
    live = LiveSampler(seed=3)
    assert live.x_T.shape == (1, 32, 32) and np.array_equal(live.x_T, normal(3, (1, 32, 32)))
    seen = []
    live.observe(lambda change: seen.append(change.new), "x_T")
    live.x_T = torch.zeros(1, 1, 32, 32)
    assert seen[-1].shape == (1, 32, 32) and not seen[-1].any()
    live.set_state({"x_T": memoryview(np.ones(1024, np.float32).tobytes()), "seed": 9})
    assert live.x_T.all() and live.seed == 9
    live.seed = 4
    assert np.array_equal(live.x_T, normal(4, (1, 32, 32)))
    live.set_state({"x_T": memoryview(b"12"), "network": "evil", "weights_url": "https://elsewhere", "mask": memoryview(np.full(1024, np.nan, np.float32).tobytes())})  # fmt: skip
    assert np.array_equal(live.x_T, normal(4, (1, 32, 32))) and live.network == "fashion-mnist" and not live.mask.size
    live.mask = np.full((32, 32), 5)
    assert live.mask.max() == 1
    wrong = [
        (dict(x_T=np.zeros(7)), "x_T"),
        (dict(x_T=np.zeros((32, 32, 1))), "(1, 32, 32)"),
        (dict(steps=51), "steps"),
    ]
    wrong += [
        (dict(model=b"no"), "page_weights"),
        (dict(model=live._file[:-9]), "page_weights"),
        (dict(classes=["a"]), "classes"),
    ]
    for options, said in wrong:
        with pytest.raises(ValueError, match=re.escape(said)):
            LiveSampler(**options)


def test_another_network_brings_its_range_its_classes_and_its_steps():
    model = random_network("small", num_class_embeds=3)
    model.diffusion = Diffusion(cosine_schedule(5), data_range=(0.0, 1.0))
    live = LiveSampler(steps=9)
    live.model = model
    assert (live.range, live.classes, live.steps) == ([0, 1], ["0", "1", "2"], 5)
    live.steps = 50
    assert (
        live.steps == 5
        and LiveSampler(model).steps == 5
        and LiveSampler(model, classes="abc").classes == ["a", "b", "c"]
    )
    with pytest.raises(ValueError, match="3 names"):
        LiveSampler(model, classes=["boot"])
    with pytest.raises(ValueError, match="load its weights"):
        page_weights(model.to("meta"))


def with_none(classes=("boot", "bag", "coat"), size=16):
    "A small network of random weights that knows these classes, and none."
    model = random_network("small", size, block_out_channels=(8, 16), norm_num_groups=8, num_class_embeds=len(classes) + 1)  # fmt: skip
    model.diffusion = Diffusion(cosine_schedule(100), "v", shape=(1, size, size), classes=classes)
    return model


def test_a_network_that_also_knows_none_draws_anything_until_a_class_is_chosen():
    live = LiveSampler(with_none())
    assert (live.classes, live.none, live.label, live.guidance) == (["boot", "bag", "coat", "anything"], 3, 3, 1)
    assert LiveSampler(with_none(), label="bag", guidance=99).label == 1
    assert LiveSampler(with_none(), label=2).label == 2
    for label, said in (("hat", "boot, bag, coat, anything"), (4, "from 0 to 3"), (1.5, "whole number")):
        with pytest.raises(ValueError, match=f"label must be.*{said}.*found"):
            LiveSampler(with_none(), label=label)
    live.guidance = -3
    live.set_state({"label": 99, "guidance": 99, "none": 0})
    assert (live.label, live.guidance, live.none) == (3, 8, 3)
    plain = random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8)
    live = LiveSampler(plain)
    assert (live.classes, live.none, live.label) == ([], -1, 0)
    with pytest.raises(ValueError, match="knows no classes, found 'bag'"):
        LiveSampler(plain, label="bag")
    live.model = with_none()  # its label was 0, and stood for nothing
    assert live.label == 3
    live.label = 1
    live.model = with_none()  # a later epoch
    assert live.label == 1
    live.model = with_none(("hat", "sock"))
    assert live.label == 2


def test_the_poster_is_drawn_with_the_class_and_its_guidance():
    model = with_none()
    live = LiveSampler(model, label="coat", guidance=3, steps=2, sampler="dpm++")
    live.poster()
    stills = np.frombuffer(live.stills, np.uint8).reshape(17, 1, 16, 16)
    way = dict(steps=2, sampler=live.sampler, spacing=live.spacing, progress=False)
    x = torch.tensor(live.x_T)[None]
    drawn = sample(model, n=1, x_T=x, labels="coat", guidance=3, **way)[0].numpy()
    assert np.abs(stills[0] - (drawn + 1) * 127.5).max() <= 1
    live.label = live.none
    live.poster()
    drawn = sample(model, n=1, x_T=x, **way)[0].numpy()
    assert np.abs(np.frombuffer(live.stills, np.uint8).reshape(17, 1, 16, 16)[0] - (drawn + 1) * 127.5).max() <= 1


def test_a_network_in_training_is_handed_to_the_page(monkeypatch):
    live = LiveSampler()
    sent = []
    monkeypatch.setattr(live, "send", lambda content, buffers=None: sent.append((content, buffers)))
    before = live.weights
    monitor = TrainingMonitor(live=live, n_samples=1, sample_args={"steps": 1})
    train(garments(32, 64, 32), "small", epochs=1, cbs=[monitor], progress=False)
    assert live.weights != before and not live.network and sent[-1][0] == {"weights": live.weights}
    assert sent[-1][1] == [live._file] and live.attachments() == {f"ddw-weights-{live.weights}": live._file}
    with pytest.raises(ValueError, match=re.escape("shape (1, 32, 32)")):
        live.model = random_network("small", 64)


def painted(page, more_than=0):
    page.wait_for_function("n => Number(document.querySelector('.ddw-live-sampler').dataset.painted ?? 0) > n", arg=more_than, timeout=60_000)  # fmt: skip
    return int(page.get_attribute(".ddw-live-sampler", "data-painted"))


def state(page, name):
    found = page.evaluate("n => { const v = document.querySelector('[data-ddw]').ddw.model.get(n); return v instanceof DataView ? Array.from(new Uint8Array(v.buffer)) : v }", name)  # fmt: skip
    return np.frombuffer(bytes(found), np.float32) if isinstance(found, list) else found


@pytest.mark.browser
def test_a_hand_in_a_page_from_disk(page, tmp_path):
    "Painting, taking another noise, going between two, a step, a hole and a drawing: each draws, and the picture is PyTorch's."
    LiveSampler(page_weights(pretrained(), "fp32"), seed=3).to_html(tmp_path / "live.html")
    page.set_viewport_size({"width": 1000, "height": 900})
    page.goto((tmp_path / "live.html").as_uri())
    n = painted(page)
    assert page.get_attribute(".ddw-live-sampler", "data-how") == "wasm"
    way = dict(steps=10, sampler="dpm++", spacing="linear_levels", progress=False)

    def expected(x_T):
        return sample(pretrained(), n=1, x_T=torch.tensor(x_T.reshape(1, 1, 32, 32)), **way).numpy().ravel()

    np.testing.assert_allclose(state(page, "image"), expected(normal(3, 1024)), atol=1e-3)
    page.wait_for_selector("[data-seeds='16']", timeout=60_000)
    box = page.locator(".pad canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 60, steps=4)
    page.mouse.up()
    n = painted(page, n)
    page.wait_for_timeout(300)
    x_T = state(page, "x_T")
    assert abs(x_T - normal(3, 1024)).max() > 0.5 and x_T.std() <= 1.01
    np.testing.assert_allclose(state(page, "image"), expected(x_T), atol=1e-3)
    cells = page.locator(".seed")
    cells.nth(5).click()
    n = painted(page, n)
    np.testing.assert_allclose(state(page, "x_T"), normal(5, 1024), atol=1e-6)
    a, b = cells.nth(5).bounding_box(), cells.nth(9).bounding_box()
    page.mouse.move(a["x"] + 9, a["y"] + 9)
    page.mouse.down()
    page.mouse.move(b["x"] + 9, b["y"] + 9, steps=3)
    page.mouse.up()
    n = painted(page, n)
    between = LiveSampler(seed=5, to_seed=9, mix=0.5).x_T
    np.testing.assert_allclose(state(page, "x_T"), between.ravel(), atol=1e-5)
    for name in ("Go on from a step", "Fill a hole", "Sketch", "Paint on the noise"):
        page.get_by_role("button", name=name, exact=True).click()
        n = painted(page, n)
        page.locator(".pad canvas").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Space")
        n = painted(page, n)
    assert abs(state(page, "mask")).max() == 1 and state(page, "drawing").max() > 0
    assert len(page.workers) == 1
    page.evaluate("document.querySelector('[data-ddw]').ddw.unmount()")
    page.wait_for_timeout(200)
    assert not page.workers, "closing the widget ends its Worker"


def settled(page):
    "Wait until the widget has drawn what was asked of it: no new picture for longer than one takes on a busy machine."
    page.evaluate("""async () => {
      const { dataset } = document.querySelector(".ddw-live-sampler");
      for (let before; before !== dataset.painted; ) {
        before = dataset.painted;
        await new Promise((done) => setTimeout(done, 700));
      }
    }""")


def drag(page, moves):
    box = page.locator(".pad canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 80, steps=moves)
    page.mouse.up()
    settled(page)


@pytest.mark.browser
def test_a_class_is_chosen_and_guided_to(page, tmp_path):
    "No class first; with one the weight can be set, and the picture is PyTorch's."
    model = with_none()
    way = dict(steps=4, sampler="dpm++", spacing="linear_levels")
    LiveSampler(page_weights(model, "fp32"), seed=3, **way).to_html(tmp_path / "live.html")
    page.goto((tmp_path / "live.html").as_uri())
    n = painted(page)
    x = torch.tensor(normal(3, (1, 1, 16, 16)))

    def check(**asked):
        theirs = sample(model, n=1, x_T=x, progress=False, **way, **asked).numpy().ravel()
        np.testing.assert_allclose(state(page, "image"), theirs, atol=1e-3)

    check()
    choice, weight = page.get_by_role("combobox", name="class"), page.get_by_role("slider", name="guidance w")
    assert choice.locator("option").all_inner_texts() == ["anything", "boot", "bag", "coat"] and not weight.is_visible()
    choice.select_option("bag")
    n = painted(page, n)
    check(labels="bag", guidance=1)
    weight.focus()
    page.keyboard.press("End")
    painted(page, n)
    page.wait_for_timeout(300)
    check(labels="bag", guidance=8)


@pytest.mark.browser
def test_what_is_shown_is_what_is_gone_on_from(page, tmp_path):
    "A page that begins on a step: other noise and other settings renew the way, a tile opens what it shows, keys and brush are steady."
    LiveSampler(seed=3, mode="step", at=4, part="x0").to_html(tmp_path / "live.html")
    page.set_viewport_size({"width": 1000, "height": 900})
    page.goto((tmp_path / "live.html").as_uri())
    page.wait_for_selector("[data-seeds='16']", timeout=60_000)
    plain = state(page, "image")
    drag(page, 5)
    painted_on = state(page, "image")
    assert np.abs(painted_on - plain).mean() > 0.005
    page.locator(".cell[data-step='7']").nth(1).click()  # the way that was painted on
    settled(page)
    assert state(page, "at") == 7 and np.abs(state(page, "image") - painted_on).max() < 1e-5
    page.locator(".seed").nth(5).evaluate("e => e.click()")  # as a screen reader presses it
    settled(page)
    assert state(page, "seed") == 5
    page.get_by_role("combobox", name="sampler").select_option("ddim")
    settled(page)
    way = dict(steps=10, sampler="ddim", spacing="linear_levels", progress=False)
    theirs = sample(pretrained(), n=1, x_T=torch.tensor(normal(5, (1, 1, 32, 32))), **way).numpy().ravel()
    assert np.abs(state(page, "image") - theirs).mean() < 0.08, "the way is that of the new noise and sampler"
    t = page.locator(".pad figcaption").inner_text()
    page.get_by_role("slider", name="steps").focus()
    page.keyboard.press("End")
    settled(page)
    near = [int(re.search(r"t = (\d+)", text)[1]) for text in (t, page.locator(".pad figcaption").inner_text())]
    assert state(page, "steps") == 50 and abs(near[0] - near[1]) < 30, "other steps, the same place on the way"
    page.get_by_role("button", name="Sketch").click()
    drawings = []
    for moves in (3, 60):
        page.get_by_role("button", name="Clear").click()
        drag(page, moves)
        drawings.append(state(page, "drawing"))
    assert np.abs(drawings[0] - drawings[1]).mean() < 0.02, "a line is as bright from a quick hand as from a slow one"
    page.get_by_role("button", name="Clear").click()
    page.locator(".pad canvas").focus()
    before = page.locator(".ring").bounding_box()
    for key in ("ArrowUp", "Space", "ArrowUp"):
        page.keyboard.press(key)
        page.wait_for_timeout(300)
    after = page.locator(".ring").bounding_box()
    size = page.locator(".pad canvas").bounding_box()["width"] / 32
    assert before["y"] - after["y"] == pytest.approx(2 * size, abs=1), "a dab leaves the brush where it is"


@pytest.mark.browser
def test_two_with_one_link_draw_from_the_same_noise(page, tmp_path):
    file = page_weights(random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8))
    other = LiveSampler(file, seed=9, steps=4, link="pair")
    LiveSampler(file, seed=3, steps=2, link="pair").to_html(tmp_path / "live.html", other)
    page.goto((tmp_path / "live.html").as_uri())
    page.wait_for_function("document.querySelectorAll('[data-seeds]').length === 2", timeout=60_000)
    page.locator(".seed").nth(5).click()
    page.wait_for_timeout(500)
    get = "[...document.querySelectorAll('[data-ddw]')].map((e) => ['seed', 'steps'].map((n) => e.ddw.model.get(n)))"
    assert page.evaluate(get) == [[5, 2], [5, 4]]
    same = "[...document.querySelectorAll('[data-ddw]')].map((e) => [...new Float32Array(e.ddw.model.get('x_T').buffer)].join())"
    assert len(set(page.evaluate(same))) == 1


@pytest.mark.browser
def test_what_python_drew_is_seen_until_the_network_has_come(page, tmp_path):
    live = LiveSampler(random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8), steps=2, seed=3)
    live.to_html(tmp_path / "live.html")
    without = re.sub(r'id="ddw-weights-\w+"', "", (tmp_path / "live.html").read_text(encoding="utf-8"))
    (tmp_path / "live.html").write_text(without, encoding="utf-8")
    page.goto((tmp_path / "live.html").as_uri())
    page.wait_for_selector("progress:visible")
    grey = "(c) => [...c.getContext('2d').getImageData(0, 0, 16, 16).data].filter((_, i) => i % 4 == 0)"
    shown = [page.locator(".result canvas").first.evaluate(grey), page.locator(".seed canvas").nth(3).evaluate(grey)]
    stills = np.frombuffer(live.stills, np.uint8).reshape(17, 256)
    assert stills.std() > 1
    assert (np.abs(np.array(shown) - stills[[0, 4]]) <= 1).all()
    assert "data-painted" not in page.locator(".ddw-live-sampler").evaluate("e => e.outerHTML.slice(0, 200)")


@pytest.mark.browser
def test_the_tab_key_stops_once_among_sixteen_noises_and_once_on_the_way(page, tmp_path):
    file = page_weights(random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8))
    LiveSampler(file, seed=3, steps=4, compact=False).to_html(tmp_path / "live.html")
    page.goto((tmp_path / "live.html").as_uri())
    drawn = painted(page)
    stops = "(box) => [...document.querySelectorAll(`${box} button`)].map((b, i) => b.tabIndex ? -1 : i).filter((i) => i >= 0)"
    assert page.evaluate(stops, ".grid") == [3]
    assert page.evaluate(stops, ".steps") == [0]
    page.locator(".seed").nth(3).focus()
    for key in ("ArrowLeft", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    across = page.evaluate(
        "[...document.querySelectorAll('.seed')].filter((b) => b.offsetTop === document.querySelector('.seed').offsetTop).length"
    )
    assert page.evaluate(stops, ".grid") == [2 + across]
    page.wait_for_function("n => document.querySelector('[data-ddw]').ddw.model.get('seed') === n", arg=2 + across)
    page.locator(".steps .cell").nth(0).focus()  # while the way is being drawn
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")  # the guess at the second step
    drawn = painted(page, drawn)
    page.evaluate("document.querySelector('[data-ddw]').ddw.model.set('seed', 0)")  # drawn anew under the focus
    drawn = painted(page, drawn)
    page.keyboard.press("Enter")
    painted(page, drawn)  # and the step framed
    assert (state(page, "at"), state(page, "part")) == (1, "x0")
    assert page.evaluate(stops, ".steps") == [5]


@pytest.mark.browser
def test_what_a_stranger_met(page, tmp_path):
    file = page_weights(random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8))
    LiveSampler(file, seed=3, steps=4, compact=True).to_html(tmp_path / "live.html")
    page.goto((tmp_path / "live.html").as_uri())
    drawn = painted(page)
    page.get_by_role("button", name="Go on from a step").click()
    cell = page.locator(".steps .cell").first
    cell.wait_for()  # the steps are seen, though they were folded
    page.get_by_role("button", name="darker").click()
    page.get_by_role("button", name="Paint on the noise").click()
    # from one step to three: the rows are full
    ink = "() => [...document.querySelectorAll('.steps canvas')].map((c) => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; })"
    for steps in (1, 3):
        page.get_by_label("steps", exact=True).evaluate("(e, n) => { e.value = n; e.dispatchEvent(new Event('input', { bubbles: true })); }", steps)  # fmt: skip
        page.wait_for_function(
            "n => document.querySelector('.ddw-live-sampler').dataset.steps === String(n)", arg=steps
        )
        page.wait_for_timeout(600)
        assert page.evaluate(ink) == [256 * steps] * 3
    # another kind of brush begins with its first
    page.get_by_role("button", name="Fill a hole").click()
    page.wait_for_timeout(300)
    pressed = page.locator(".pad .ddw-tools [aria-pressed=true]")
    assert pressed.inner_text() == "cut"
    # a sketch counts its own passes, and begins at its own step
    page.get_by_role("button", name="Sketch").click()
    drawn = painted(page, drawn)
    page.wait_for_function("document.querySelector('.ddw-live-sampler').dataset.mode === 'sketch'")
    assert re.match("[12] pass", page.locator(".result .ddw-muted").inner_text()) and state(page, "at") == 1
    # what is kept says what it is, and can be removed
    page.get_by_role("button", name="Keep it to compare").click()
    kept = page.get_by_role("button", name=re.compile("kept: sketch, t = .*DPM.*, 3 steps"))
    kept.click()
    assert not page.locator(".kept").count()
    # a network that comes later has its bar, too
    page.evaluate("document.querySelector('[data-ddw]').ddw.model.set('weights', 'another')")
    page.wait_for_selector("progress:visible")


@pytest.mark.browser
def test_a_compact_sampler_shows_once_how_the_picture_came_and_again_when_asked(new_page, tmp_path):
    file = page_weights(random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8))
    LiveSampler(file, seed=3, steps=4, compact=True).to_html(tmp_path / "live.html")
    shown = (
        "() => [...document.querySelector('.result canvas').getContext('2d').getImageData(0, 0, 16, 16).data].join()"
    )
    seen = """() => { window.seen = new Set(); const look = () => { window.seen.add(document.querySelector(".result .ddw-muted").textContent); requestAnimationFrame(look); }; look(); }"""
    for motion in ("no-preference", "reduce"):
        page = new_page(reduced_motion=motion)
        page.goto((tmp_path / "live.html").as_uri())
        painted(page)
        over = "() => /pass/.test(document.querySelector('.result .ddw-muted').textContent)"
        page.wait_for_function(over)
        last = page.evaluate(shown)
        page.evaluate(seen)
        page.get_by_role("button", name="Watch it again").click()
        page.wait_for_timeout(100)
        page.wait_for_function(over)
        times = {said for said in page.evaluate("[...window.seen]") if said.startswith("t = ")}
        assert len(times) == (4 if motion == "no-preference" else 0), times
        assert page.evaluate(shown) == last, "it ends with the picture"
        assert page.locator(".result .ddw-muted").get_attribute("aria-live") == "polite"
        assert not page.errors


@pytest.mark.browser
def test_a_finger_drags_from_the_noise_taken_to_one_below(new_page, tmp_path):
    file = page_weights(random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8))
    LiveSampler(file, seed=3, steps=2).to_html(tmp_path / "live.html")
    page = new_page(has_touch=True, viewport={"width": 400, "height": 1600})
    page.goto((tmp_path / "live.html").as_uri())
    painted(page)
    finger = page.context.new_cdp_session(page)
    touch = lambda kind, *at: finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})  # noqa: E731  # fmt: skip
    middle = lambda i: (box := page.locator(".seed").nth(i).bounding_box()) and (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # noqa: E731  # fmt: skip
    (x, y), (right, below) = middle(3), middle(12)
    assert below > y
    touch("touchStart", (x, y))
    for i in range(1, 9):
        touch("touchMove", (x + (right - x) * i / 8, y + (below - y) * i / 8))
    touch("touchEnd")
    page.wait_for_function("document.querySelector('[data-ddw]').ddw.model.get('to_seed') === 12")
    assert (state(page, "seed"), state(page, "mix")) == (3, 0.5)


@pytest.mark.browser
@pytest.mark.parametrize("policy,how,worker", POLICIES.values(), ids=POLICIES)
def test_pages_that_forbid_it_draw_more_slowly_and_say_so(page, tmp_path, policy, how, worker):
    small = random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8)
    LiveSampler(page_weights(small), steps=2).to_html(tmp_path / "live.html")
    text = (tmp_path / "live.html").read_text(encoding="utf-8")
    (tmp_path / "live.html").write_text(forbidding(policy, text), encoding="utf-8")
    page.goto((tmp_path / "live.html").as_uri())
    painted(page)
    root = page.locator(".ddw-live-sampler")
    assert (root.get_attribute("data-how"), root.get_attribute("data-worker")) == (how, worker)
    assert "Slower than it could be" in page.locator("[role=status]").inner_text()


@pytest.mark.parametrize(
    "other", [{"sampler": "ddpm small"}, {"sampler": "ddim", "eta": 1.0}, {"sampler": "ddim", "clamp": False}]
)
def test_a_poster_is_drawn_as_the_page_draws(other):
    "With the small variance, with η, without the clamp: as `sample` draws with these."
    live = LiveSampler(steps=8, **other)
    x_T = normal(3, (2, *live.shape)).astype(np.float32)
    wanted = {
        "ddpm small": {"sampler": "ddpm", "variance": "small"},
        "ddim": {"sampler": "ddim", "eta": live.eta},
    }[live.sampler] | ({} if live.clamp else {"clamp": None})
    draw = partial(
        sample, pretrained(), n=2, x_T=torch.tensor(x_T), steps=8, spacing=live.spacing, seed=live.seed, progress=False
    )
    assert np.allclose(live._drawn(x_T), draw(**wanted).numpy(), atol=1e-5)
    assert not np.allclose(live._drawn(x_T), draw(sampler=wanted["sampler"]).numpy(), atol=1e-3)
