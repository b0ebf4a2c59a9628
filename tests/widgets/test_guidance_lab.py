"Guidance in the page: its steps against PyTorch's, in Node; what GuidanceLab takes and refuses; and one look in a browser."

import re

import numpy as np
import pytest
import torch
from test_live_sampler import b64, f32, in_node, random_network, written

from ddpm_widgets import GuidanceLab, page_weights, sample
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
            torch.testing.assert_close(f32(step[name], x.shape), value, atol=1e-3, rtol=1e-4)


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
