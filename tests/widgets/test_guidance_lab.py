"Guidance in the page: its steps against PyTorch's, in Node; what GuidanceLab takes and refuses; and one look in a browser."

import re

import numpy as np
import pytest
import torch
from browsing import POLICIES, forbidding
from test_live_sampler import b64, f32, in_node, random_network, written

from ddpm_widgets import GuidanceLab, LiveSampler, page_weights, sample
from ddpm_widgets.noising import Diffusion, to_x0_and_eps
from ddpm_widgets.sampling import sample_steps
from ddpm_widgets.schedule import cosine_schedule, linear_schedule, respace
from ddpm_widgets.unets import predict
from ddpm_widgets.widgets.base import normal
from ddpm_widgets.widgets.guidance_lab import WEIGHTS

CLASSES = ("boot", "bag", "coat")


def labelled(target="v", size=16, classes=CLASSES):
    "A small network of random weights that knows three classes, and none."
    model = random_network("small", size, block_out_channels=(8, 16), norm_num_groups=8, num_class_embeds=len(classes) + 1)  # fmt: skip
    schedule = (
        cosine_schedule(100) if target == "v" else linear_schedule(100)
    )  # that of eps leaves some signal at its end
    model.diffusion = Diffusion(schedule, target, shape=(1, size, size), classes=classes)
    return model


@pytest.fixture(scope="module", params=["v", "eps"])
def net(request, tmp_path_factory):
    model = labelled(request.param)
    return model, written(tmp_path_factory.mktemp("net"), model)


WAYS = {
    "dpm++": (dict(sampler="dpm++"), dict(sampler="dpm++")),
    "ddim": (dict(sampler="ddim"), dict(sampler="ddim")),
    "ddim with fresh noise": (dict(sampler="ddim", eta=0.7), dict(sampler="ddim", eta=0.7)),
    "ddpm": (dict(sampler="ddpm"), dict(sampler="ddpm", variance="large")),
}


def draws(net, x, page, library, steps, monkeypatch, **asked):
    "The steps of the page and those of Python, from the same noise, Python's by the page's generator."
    model, file = net
    ts = respace(model.diffusion.schedule, steps).timesteps.tolist()[::-1]
    fresh = iter(ts)
    draw = lambda self: torch.tensor(normal((7 + (next(fresh) + 1) * 0x9E3779B9) % 2**32, x.shape))  # noqa: E731
    monkeypatch.setattr("ddpm_widgets.sampling.Noise.__call__", draw)
    way = {"steps": steps, "spacing": "trailing"}
    label, w = asked["label"], asked["guidance"]
    theirs = list(sample_steps(model, n=1, x_T=x, labels=label, guidance=w, **way, **library))
    own = in_node(file, draws=[{**page, **way, **asked, "seeds": [7], "x": "f32:" + b64(x)}])["draws"][0]
    assert [s["t"] for s in own] == [s.t for s in theirs] == ts
    return own, theirs


@pytest.mark.node
@pytest.mark.parametrize("w", [-1, 0, 2, 8])
@pytest.mark.parametrize("page,library", WAYS.values(), ids=WAYS)
def test_guided_pictures_are_pytorchs_at_every_step(net, page, library, w, monkeypatch):
    x = torch.tensor(normal(4, (1, 1, 16, 16)))
    own, theirs = draws(net, x, page, library, 10, monkeypatch, label=1, guidance=w)
    for step, their in zip(own, theirs, strict=True):
        for name, value in (("x", their.x_t), ("x0", their.x0), ("eps", their.eps)):
            # guidance multiplies what float32 has rounded off, on some processors to 1.4e-3 at w = 8
            torch.testing.assert_close(f32(step[name], x.shape), value, atol=1e-3 * max(1, w / 4), rtol=1e-4)


@pytest.mark.node
def test_both_guesses_are_those_of_the_network(net, monkeypatch):
    "With the class and without, before they are clamped; the way is the same whether they are asked for or not."
    model, _ = net
    x = torch.tensor(normal(4, (1, 1, 16, 16)))
    own, _ = draws(net, x, *WAYS["dpm++"], 5, monkeypatch, label=2, guidance=3, both=True)
    without, _ = draws(net, x, *WAYS["dpm++"], 5, monkeypatch, label=2, guidance=3)
    assert own[-1]["x0"] == without[-1]["x0"] and "both" not in without[0]
    for step in own:
        given, t = f32(step["x"], x.shape), step["t"]
        for mine, label in zip(step["both"], (2, 3), strict=True):
            with torch.no_grad():
                answer = predict(model, given, torch.tensor([t]), torch.tensor([label]))
            x0, eps = to_x0_and_eps(answer, given, torch.tensor([t]), model.diffusion.schedule, model.diffusion.target)
            torch.testing.assert_close(f32(mine["x0"], x.shape), x0, atol=1e-3, rtol=1e-3)
            torch.testing.assert_close(f32(mine["eps"], x.shape), eps, atol=1e-3, rtol=1e-3)


@pytest.mark.node
def test_without_a_class_or_without_none_there_is_no_guidance(net, tmp_path):
    "A page asks once: for no class, for a weight of 0, and of a network that was not trained without a class."
    _, file = net
    x = normal(4, (1, 16, 16))
    common = {"steps": 3, "sampler": "ddim", "seeds": [0], "x": "f32:" + b64(x)}
    count = "let passes = 0; const { predict } = network; network.predict = (...a) => (passes++, predict.apply(network, a)); const { log } = console; console.log = (t) => log(JSON.stringify({ ...JSON.parse(t), passes2: passes }));"
    for asked, passes in (
        ({"label": 3, "guidance": 4}, 3),
        ({"label": 0, "guidance": 0}, 3),
        ({"label": 0, "guidance": 4}, 6),
        ({"label": 0, "guidance": 0, "both": True}, 6),
    ):
        assert in_node(file, draws=[{**common, **asked}], plant=count)["passes2"] == passes
    other = random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8, num_class_embeds=3)
    other.diffusion = other.diffusion._replace(shape=(1, 16, 16))
    asked = {**common, "label": 0, "guidance": 4}
    assert in_node(written(tmp_path, other), draws=[asked], plant=count)["passes2"] == 3


@pytest.mark.node
def test_a_picture_that_sample_draws(net):
    model, file = net
    x = torch.tensor(normal(9, (1, 1, 16, 16)))
    way = {"steps": 8, "sampler": "dpm++", "spacing": "linear_levels"}
    own = in_node(file, draws=[{**way, "label": 0, "guidance": 2.5, "seeds": [0], "x": "f32:" + b64(x)}])["draws"][0]
    theirs = sample(model, n=1, x_T=x, labels="boot", guidance=2.5, progress=False, **way)
    torch.testing.assert_close(f32(own[-1]["x0"], x.shape), theirs, atol=1e-3, rtol=0)
    assert np.abs(theirs.numpy()).max() <= 1


def test_what_it_takes_and_refuses():
    lab = GuidanceLab(labelled(), label="coat", steps=6)
    assert (lab.classes[lab.label], lab.guidance, lab.steps, lab.step) == ("coat", 2, 6, 2)
    assert np.array_equal(lab.x_T, normal(0, (1, 16, 16)))
    lab.set_state({"label": 3, "guidance": -9, "steps": 3, "step": 8, "classes": [], "none": 0})
    assert (lab.label, lab.guidance, lab.steps, lab.step, lab.none) == (2, -1, 3, 2, 3)
    lab.image = torch.zeros(1, 16, 16)
    assert lab.image.shape == (1, 16, 16)
    wrong = {
        "anything": (dict(label="anything"), "label must be one of boot, bag, coat, found 'anything'."),
        "a number": (dict(label=3), "label must be a whole number from 0 to 2, found 3."),
        "w": (dict(guidance=9), "guidance must be"),
        "steps": (dict(steps=0), "steps must be a whole number"),
        "step": (dict(steps=4, step=4), "step must be a whole number from 0 to 3"),
    }
    for options, said in wrong.values():
        with pytest.raises(ValueError, match=re.escape(said)):
            GuidanceLab(labelled(), **options)
    always = random_network("small", 16, block_out_channels=(8, 16), norm_num_groups=8, num_class_embeds=3)
    for model in (random_network("small"), always, page_weights(always)):
        with pytest.raises(ValueError, match=r"train it with train\(…, labels=True\)\.$"):
            GuidanceLab(model)
        with pytest.raises(ValueError, match="labels=True"):
            lab.model = model


def test_another_network_brings_its_classes_and_its_steps():
    lab = GuidanceLab(labelled(), label=2, steps=9, step=8)
    lab.model = labelled()
    assert (lab.label, lab.steps, lab.step) == (2, 9, 8)
    other = labelled(classes=("hat", "sock"))
    other.diffusion = other.diffusion._replace(schedule=cosine_schedule(5))
    lab.model = other
    assert (lab.label, lab.classes, lab.none, lab.steps, lab.step) == (0, ["hat", "sock", "anything"], 2, 5, 4)
    lab.steps = 50
    assert lab.steps == 5


def test_the_poster_is_what_python_draws():
    model = labelled()
    model.diffusion = model.diffusion._replace(sampler="dpm++")
    lab = GuidanceLab(model, label=1, guidance=3, steps=4, step=1)
    filled, empty = lab.poster(), GuidanceLab(page_weights(model), label=1).poster()
    assert filled.shape == empty.shape and filled.std() > empty.std()
    stills = np.frombuffer(lab.stills, np.uint8).reshape(7, 1, 16, 16)
    for shown, w in zip(stills, (3, *WEIGHTS), strict=True):
        drawn = sample(model, n=1, x_T=torch.tensor(lab.x_T)[None], steps=4, labels="bag", guidance=w, progress=False)
        assert np.abs(shown - (drawn[0].numpy() + 1) * 127.5).max() <= 1
    both = lab._drawn()[1]
    steps = list(sample_steps(model, n=1, x_T=torch.tensor(lab.x_T)[None], steps=4, labels="bag", guidance=3))
    guided = np.clip(4 * both[0] - 3 * both[1], -1, 1)
    np.testing.assert_allclose(guided, steps[1].x0[0].numpy(), atol=1e-5)
    assert "bag" in lab.description() and "w = 3" in lab.description()


def painted(page, **data):
    "Wait until what is painted has these data."
    for name, value in data.items():
        page.wait_for_function("([n, v]) => { const d = document.querySelector('.ddw-guidance-lab').dataset; return d.painted && d[n] === v; }", arg=[name, str(value)], timeout=60_000)  # fmt: skip


def get(page, name):
    found = page.evaluate("n => { const v = document.querySelector('[data-ddw]').ddw.model.get(n); return v instanceof DataView ? Array.from(new Uint8Array(v.buffer)) : v }", name)  # fmt: skip
    return np.frombuffer(bytes(found), np.float32) if isinstance(found, list) else found


def levels(page, name):
    "The grey levels of a picture, by what it is called."
    grey = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
    return np.array(page.get_by_role("img", name=re.compile(name)).first.evaluate(grey))


def guesses(model, label, w, step, steps, x_T):
    "What PyTorch guesses at a step with the class, without and guided, before it is clamped; and the picture."
    x = torch.tensor(np.reshape(x_T, (1, 1, 16, 16)))
    walked = list(sample_steps(model, n=1, x_T=x, steps=steps, labels=label, guidance=w))
    x_t, t = walked[step].x_t.clone(), torch.tensor([walked[step].t])
    with torch.no_grad():
        c, none = (
            to_x0_and_eps(predict(model, x_t, t, torch.tensor([k])), x_t, t, model.diffusion.schedule, "v")[0][
                0
            ].numpy()
            for k in (label, len(CLASSES))
        )
    return c, none, (1 + w) * c - w * none, walked[-1].x0[0].numpy()


def as_levels(x):
    return (np.clip(x, -1, 1).ravel() + 1) * 127.5


@pytest.mark.browser
def test_a_page_from_disk_follows_hand_and_keys(page, tmp_path):
    "w, the step, the class and the noise: each is drawn at once, and the guesses shown are PyTorch's."
    model = labelled()
    model.diffusion = model.diffusion._replace(sampler="dpm++")
    GuidanceLab(page_weights(model, "fp32"), label="bag", seed=3, steps=6).to_html(tmp_path / "lab.html")
    page.set_viewport_size({"width": 1000, "height": 900})
    page.goto((tmp_path / "lab.html").as_uri())
    painted(page, w=2, step=2, others=6)
    assert page.get_attribute(".ddw-guidance-lab", "data-how") == "wasm"

    def check():
        label, w, step, steps = (get(page, n) for n in ("label", "guidance", "step", "steps"))
        c, none, guided, picture = guesses(model, label, w, step, steps, normal(get(page, "seed"), 256))
        for name, x in (("guess with the class", c), ("guess without", none), ("guided guess at t", guided)):
            assert np.abs(levels(page, name) - as_levels(x)).max() <= 1, name
        np.testing.assert_allclose(get(page, "image"), picture.ravel(), atol=1e-3)
        assert np.abs(levels(page, "drawn at w") - as_levels(picture)).max() <= 1
        beyond = (np.abs(guided) > 1 + 2 / 255).mean()
        said = page.locator(".note").inner_text()
        assert abs(float(said.split(" %")[0].split()[-1]) - 100 * beyond) < 1, said

    check()
    # the hand on w
    slider = page.get_by_role("slider", name="guidance w")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    w = get(page, "guidance")
    assert 5.5 < w < 7
    painted(page, w=w)
    check()
    # keys: the step from anywhere in the widget, w at its slider
    page.get_by_role("slider", name="step", exact=True).focus()
    page.keyboard.press("ArrowRight")
    painted(page, step=3)
    check()
    page.keyboard.press("Home")
    painted(page, step=0)
    slider.focus()
    page.keyboard.press("Home")
    painted(page, w=-1, step=0)
    check()
    # a small picture chooses its weight, and is what is drawn there
    small = page.get_by_role("button", name="the picture at w = 4", exact=True)
    small.click()
    painted(page, w=4)
    check()
    assert small.get_attribute("aria-pressed") == "true"
    grey = "b => { const c = b.querySelector('canvas'); return [...c.getContext('2d').getImageData(0, 0, 16, 16).data].filter((_, i) => i % 4 === 0); }"
    assert np.abs(small.evaluate(grey) - as_levels(get(page, "image"))).max() <= 1
    # another class, other noise: the six are drawn anew
    page.get_by_role("combobox", name="class").select_option("coat")
    painted(page, of="2,4,3,6")
    check()
    page.get_by_role("button", name="Other noise").click()
    painted(page, of="2,4,4,6")
    assert (get(page, "label"), get(page, "seed")) == (2, 4)
    check()
    page.get_by_role("spinbutton", name="seed of the noise").fill("77")
    page.keyboard.press("Tab")
    painted(page, of="2,4,77,6")
    check()
    # fewer steps keep the place on the way
    page.get_by_role("slider", name="steps", exact=True).evaluate("(e) => { e.value = 3; e.dispatchEvent(new Event('input', { bubbles: true })); }")  # fmt: skip
    painted(page, of="2,4,77,3")
    assert get(page, "step") < 3
    check()
    # a step chosen in the strip; played to the picture
    box = page.locator(".rows").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + 9)
    painted(page, step=0)
    page.get_by_role("button", name="Play").click()
    painted(page, step=2)
    check()
    assert len(page.workers) == 1
    page.evaluate("document.querySelector('[data-ddw]').ddw.unmount()")
    page.wait_for_timeout(200)
    assert not page.workers, "closing the widget ends its Worker"


@pytest.mark.browser
def test_what_python_drew_is_seen_until_the_network_has_come(page, tmp_path):
    lab = GuidanceLab(labelled(), label=1, steps=2, seed=3)
    lab.to_html(tmp_path / "lab.html")
    without = re.sub(r'id="ddw-weights-\w+"', "", (tmp_path / "lab.html").read_text(encoding="utf-8"))
    (tmp_path / "lab.html").write_text(without, encoding="utf-8")
    page.goto((tmp_path / "lab.html").as_uri())
    page.wait_for_selector("progress:visible")
    stills = np.frombuffer(lab.stills, np.uint8).reshape(7, 256)
    assert np.abs(levels(page, "as Python drew it") - stills[0]).max() <= 1
    assert page.locator(".ddw-guidance-lab").get_attribute("data-painted") is None


@pytest.mark.browser
def test_two_with_one_link_and_narrow_pages(page, tmp_path):
    "They share noise, class and w; nothing is wider than the page, and no two words lie on each other."
    file = page_weights(labelled())
    GuidanceLab(file, steps=4, link="pair").to_html(
        tmp_path / "lab.html", GuidanceLab(file, seed=7, steps=3, link="pair")
    )
    for width in (1400, 800, 400):
        page.set_viewport_size({"width": width, "height": 2600})
        page.goto((tmp_path / "lab.html").as_uri())
        page.wait_for_function("document.querySelectorAll('[data-others=\"6\"]').length === 2", timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = page.evaluate("""() => [...document.querySelectorAll('.ddw')].flatMap((root) => {
            const boxes = [...root.querySelectorAll('figcaption, .op > span, .key, .note, .end, .ddw-ticks span, .value, .screen, .other, .choices > *')].map((e) => [e, e.getBoundingClientRect()]).filter(([, b]) => b.width);
            const hit = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
            return boxes.flatMap(([e, a], i) => boxes.slice(i + 1).filter(([f, b]) => !e.contains(f) && !f.contains(e) && hit(a, b)).map(([f]) => `${e.className || e.tagName} ${f.className || f.tagName} ${f.textContent}`));
        })""")
        assert not found, (width, found[:5])
    page.get_by_role("button", name="the picture at w = 8").first.click()
    page.wait_for_function("document.querySelectorAll('[data-w=\"8\"]').length === 2")
    get = (
        "[...document.querySelectorAll('[data-ddw]')].map((e) => ['guidance', 'steps'].map((n) => e.ddw.model.get(n)))"
    )
    assert page.evaluate(get) == [[8, 4], [8, 3]]


@pytest.mark.browser
@pytest.mark.parametrize("policy,how,worker", POLICIES.values(), ids=POLICIES)
def test_pages_that_forbid_it_draw_more_slowly_and_say_so(page, tmp_path, policy, how, worker):
    GuidanceLab(page_weights(labelled()), steps=2).to_html(tmp_path / "lab.html")
    text = (tmp_path / "lab.html").read_text(encoding="utf-8")
    (tmp_path / "lab.html").write_text(forbidding(policy, text), encoding="utf-8")
    page.goto((tmp_path / "lab.html").as_uri())
    painted(page, others=6)
    root = page.locator(".ddw-guidance-lab")
    assert (root.get_attribute("data-how"), root.get_attribute("data-worker")) == (how, worker)
    assert "Slower than it could be" in page.locator("[role=status]").inner_text()


def test_without_a_model_it_draws_with_the_shipped_one_that_knows_classes():
    w = GuidanceLab(label="Bag")
    assert w.network == "fashion-mnist-classes" and w.classes[w.label] == "Bag" and w.none == len(w.classes) - 1 == 10
    assert LiveSampler().network == "fashion-mnist" and LiveSampler().none == -1
