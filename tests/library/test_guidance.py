"""Labels and classifier-free guidance: what is trained, what is asked for, and what comes of it."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_widgets import (
    DDPMCB,
    SAMPLERS,
    Autoguided,
    Diffusion,
    cosine_schedule,
    diagnose,
    drop_labels,
    garments,
    guided,
    linear_schedule,
    load_model,
    noisify,
    page_weights,
    rescaled,
    sample,
    sample_steps,
    save_model,
    to_diffusers,
    train,
    translate,
    unet,
)
from ddpm_widgets.guidance import check_guidance, class_indices
from ddpm_widgets.noising import TARGETS, make_target, rates_at, to_x0_and_eps
from ddpm_widgets.paths import noise_level
from ddpm_widgets.widgets.live_sampler import words

LINEAR = linear_schedule()
NAMES = ("boot", "bag", "coat")
QUIET = {"shape": (1, 8, 8), "progress": False}


class Shade(nn.Module):
    "A perfect network for images of one grey, another for each class; with no class it knows their mean."

    greys = torch.tensor([-0.5, 0.0, 0.4, -0.1])  # the last: none

    def __init__(self, target="eps", classes=NAMES):
        super().__init__()
        self.target, self.asked = target, []
        self.diffusion = Diffusion(LINEAR, target, shape=(1, 8, 8), classes=classes)

    def forward(self, x_t, t, labels=None):
        labels = torch.full((len(x_t),), 3) if labels is None else labels
        self.asked.append(labels.tolist())
        signal, noise = rates_at(t, LINEAR, x_t)
        x0 = self.greys[labels].view(-1, 1, 1, 1) + 0.2 * torch.tanh(x_t)
        return make_target(x0, (x_t - signal * x0) / noise, t, LINEAR, self.target)


def conditional_unet(**settings):
    torch.manual_seed(0)
    net = unet("nb17", block_out_channels=(8, 16), layers_per_block=1, num_class_embeds=4, **settings).eval()
    net.diffusion = Diffusion(LINEAR, shape=(1, 8, 8), classes=NAMES)
    return net


def unconditional_unet():
    net = unet("nb17", block_out_channels=(8, 16), layers_per_block=1).eval()
    net.diffusion = Diffusion(LINEAR, shape=(1, 8, 8))
    return net


# --- training


def test_each_image_hides_its_class_by_itself():
    labels = torch.arange(10).repeat(2000)
    dropped = drop_labels(labels, 10, 0.25, torch.Generator().manual_seed(0))
    hidden = dropped == 10
    assert 0.24 < hidden.float().mean() < 0.26 and torch.equal(dropped[~hidden], labels[~hidden])
    runs = (hidden[1:] != hidden[:-1]).float().mean()
    assert 0.35 < runs < 0.40, "neighbours agree by chance alone"
    assert (drop_labels(labels, 10, 0.0) == labels).all() and (drop_labels(labels, 10, 1.0) == 10).all()


def test_the_network_is_told_the_class_and_the_class_is_hidden_in_training_only():
    seen = {True: [], False: []}

    class Look(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(()))

        def forward(self, x_t, t, labels):
            seen[self.training].append(labels)
            return self.weight * x_t

    dls = garments(n=256, n_valid=64, batch_size=32, seed=0)
    learn = train(dls, Look(), epochs=1, labels=True, drop_label=0.5, progress=False, seed=0)
    K = len(dls.classes)
    assert learn.model.diffusion.classes == tuple(dls.classes) and K > 1
    told, checked = torch.cat(seen[True]), torch.cat(seen[False])
    assert 0.4 < (told == K).float().mean() < 0.6 and told.min() >= 0
    assert (checked < K).all() and torch.equal(checked, torch.cat([y for _, y in dls.valid]))


def test_trained_with_labels_it_is_saved_and_drawn(tmp_path):
    dls = garments(n=64, n_valid=32, batch_size=16, seed=0)
    learn = train(dls, "small", epochs=1, labels=True, progress=False, seed=0)
    d = learn.model.diffusion
    assert d.classes == tuple(dls.classes) and learn.model.unet.config.num_class_embeds == len(d.classes) + 1
    back = load_model(save_model(learn.ema_model, tmp_path / "labels.safetensors"))
    assert back.diffusion.classes == d.classes
    how = {"n": 2, "steps": 3, "seed": 0, "progress": False, "labels": d.classes[1], "guidance": 1.5}
    assert torch.equal(sample(learn.ema_model, **how), sample(back, **how))
    assert torch.equal(sample(back, **how), learn.sample(**how))
    again = train(dls, back, epochs=1, progress=False, seed=0)  # goes on with labels, as it began
    assert again.model.diffusion.classes == d.classes


# --- drawing


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("w", [-0.5, 0.7, 3.0])
def test_the_guided_noise_is_the_formula_for_every_target(target, w):
    "(1+w)·ε̂_class - w·ε̂_none, whatever the network answers with."
    net = Shade(target)
    step = next(sample_steps(net, n=2, labels=["bag", "coat"], guidance=w, clamp=None, seed=0, steps=5))
    t = torch.full((2,), step.t)

    def eps_of(labels):
        return to_x0_and_eps(net(step.x_t, t, labels), step.x_t, t, LINEAR, target)[1]

    expected = guided(eps_of(torch.tensor([1, 2])), eps_of(torch.tensor([3, 3])), w)
    torch.testing.assert_close(step.eps, expected, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_without_weight_it_is_the_conditional_and_with_minus_one_the_plain_network(sampler):
    net = conditional_unet()
    nn.init.normal_(net.unet.class_embedding.weight, std=2.0)
    how = {"n": 3, "sampler": sampler, "steps": 4, "seed": 1, **QUIET}
    drawn = {w: sample(net, labels=[0, 1, 2], guidance=w, **how) for w in (None, 0, -1, 2)}
    torch.testing.assert_close(drawn[0], drawn[None], atol=1e-4, rtol=0)  # a batch of another size rounds otherwise
    torch.testing.assert_close(drawn[-1], sample(net, **how), atol=1e-4, rtol=0)
    assert (drawn[2] - drawn[0]).abs().max() > 1e-3


def test_both_passes_in_one_batch_are_equal_to_the_bit():
    "In the batch that both share, w=0 is the conditional answer and w=-1 the plain one."
    a, b = torch.randn(2, 3, 1, 8, 8)
    assert torch.equal(guided(a, b, 0), a) and torch.equal(guided(a, b, -1), b)
    net = Shade()
    list(sample_steps(net, n=2, labels="bag", guidance=1.0, steps=3))
    assert net.asked == [[1, 1, 3, 3]] * 3


def test_labels_are_cut_into_batches_as_the_noise_is():
    net = Shade()
    how = {"labels": [0, 1, 2, 0, 1], "guidance": 1.0, "steps": 3, "seed": 0, "progress": False}
    whole, parts = sample(net, n=5, **how), sample(net, n=5, batch_size=2, **how)
    torch.testing.assert_close(whole, parts)


def test_guidance_over_an_interval_of_noise_levels():
    net = Shade()
    steps = list(sample_steps(net, n=1, labels=1, guidance=2.0, guidance_levels=(0.5, 5.0), steps=10))
    inside = [0.5 <= float(noise_level(LINEAR.alpha_bar64[s.t])) <= 5.0 for s in steps]
    assert [len(asked) == 2 for asked in net.asked] == inside and any(inside) and not all(inside)


def test_rescaling_keeps_the_spread_of_the_conditional_answer():
    a, b = torch.randn(4, 1, 8, 8), torch.randn(4, 1, 8, 8)
    wide = guided(a, b, 4.0)
    for share in (0.0, 0.7, 1.0):
        spread = rescaled(wide, a, share).std((1, 2, 3))
        torch.testing.assert_close(spread, share * a.std((1, 2, 3)) + (1 - share) * wide.std((1, 2, 3)))
    assert (rescaled(torch.zeros_like(a), torch.zeros_like(a), 1.0) == 0).all(), "an answer without any spread"


def test_a_guided_drawing_is_that_of_a_pipeline_of_diffusers():
    "Their scheduler, the two answers mixed by hand with guidance_scale = 1 + w."
    from diffusers import DDIMScheduler

    net, w = conditional_unet(), 1.5
    nn.init.normal_(net.unet.class_embedding.weight, std=2.0)
    theirs = DDIMScheduler(
        trained_betas=LINEAR.betas64.tolist(), clip_sample=True, timestep_spacing="trailing", set_alpha_to_one=True
    )
    theirs.set_timesteps(10)
    x_T = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    x, labels, none = x_T, torch.tensor([0, 2]), torch.tensor([3, 3])
    with torch.no_grad():
        for t in theirs.timesteps:
            plain, conditional = net.unet(
                torch.cat([x, x]), t, class_labels=torch.cat([none, labels]), return_dict=False
            )[0].chunk(2)
            x = theirs.step(
                plain + (1 + w) * (conditional - plain), t, x, eta=0.0, use_clipped_model_output=True
            ).prev_sample
    ours = sample(net, n=2, labels=labels, guidance=w, sampler="ddim", steps=10, x_T=x_T, progress=False)
    torch.testing.assert_close(ours, x, atol=2e-4, rtol=0)


# --- judges


def test_diagnose_knows_labels_and_guidance():
    dls = garments(n=64, n_valid=32, batch_size=16, seed=0)

    def found(learn, **options):
        report = diagnose(learn, progress=False, **options)
        return {f.what: f.severity for f in report.results if f.check == "labels and guidance"}

    with_both = train(dls, "small", epochs=1, labels=True, progress=False, seed=0)
    assert set(found(with_both).values()) == {"fine"}
    images = torch.rand(64, 1, 8, 8) * 2 - 1
    mild, wild = (
        [
            f.what
            for f in diagnose(Shade(), images, labels="coat", guidance=w, progress=False).results
            if f.check == "labels and guidance"
        ]
        for w in (1.0, 4.0)
    )
    assert "guidance saturates pixels" not in mild and "guidance saturates pixels" in wild
    never = train(dls, "small", epochs=1, labels=True, drop_label=0, progress=False, seed=0)
    assert any("never hidden" in what for what in found(never))
    assert found(train(dls, "small", epochs=1, progress=False, seed=0)) == {"the network knows no classes": "fine"}


@pytest.mark.slow
def test_evaluate_says_how_often_a_class_is_what_was_asked_for():
    "A painter that gives a garment of the class asked for, or of the next one."
    from ddpm_widgets import evaluate

    dls = garments(n=2000, n_valid=400, seed=0)
    xs, ys = (torch.cat(parts) for parts in zip(*((x, y) for x, y in dls.valid), strict=True))

    class Painter(nn.Module):
        def __init__(self, shift):
            super().__init__()
            self.shift = shift
            self.diffusion = Diffusion(LINEAR, "x0", classes=tuple(dls.classes), sampler="ddim", steps=1)

        def forward(self, x_t, t, labels):
            return torch.stack([xs[ys == (k + self.shift) % 10][i % 20] for i, k in enumerate(labels.tolist())])

    right, wrong = (
        evaluate(Painter(shift), 100, dls=dls, seeds=[0], labels="each", progress=False) for shift in (0, 1)
    )
    assert right.agreement > wrong.agreement + 0.3 and right.class_fid < wrong.class_fid / 2
    assert "read as asked for" in repr(right) and "within classes" in repr(right)
    with pytest.raises(ValueError, match="labels must be left out where images are given"):
        evaluate(xs[:20], dls=dls, labels="each", progress=False)
    assert evaluate(Painter(0), 20, dls=dls, seeds=[0], labels=dls.classes[2], progress=False).class_fid is None


# --- what does not go


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: sample(Shade(), n=2, labels="hat"),
            "labels must be among boot, bag, coat, or numbers from 0 to 2, found 'hat'",
        ),
        (lambda: sample(Shade(), n=2, labels=3), "found 3"),
        (lambda: sample(Shade(), n=2, labels=True), "found True"),
        (lambda: sample(Shade(), n=3, labels=[0, 1]), "one for each of the 3 images, found 2"),
        (lambda: sample(Shade(), n=2, guidance=1), "guidance needs labels"),
        (lambda: sample(Shade(), n=2, labels=0, guidance=-2), "guidance must be a finite number at least -1"),
        (
            lambda: sample(Shade(), n=2, labels=0, guidance=1, guidance_levels=(3, 1)),
            "guidance_levels must be two noise levels",
        ),
        (lambda: sample(Shade(), n=2, labels=0, guidance=1, guidance_rescale=2), "guidance_rescale must be"),
        (lambda: sample(Shade(classes=()), n=2, labels=0), "this network knows no classes"),
        (lambda: DDPMCB(LINEAR, drop_label=1.5), "drop_label must be"),
        (lambda: to_diffusers(conditional_unet(), "new", "hat"), "labels must be among boot, bag, coat"),
        (
            lambda: to_diffusers(unconditional_unet(), "new", 0),
            "label must be left out for a network that knows no classes",
        ),
        (lambda: train(garments(n=16, batch_size=8), unet("small"), labels=True), "must have num_class_embeds="),
    ],
)
def test_bad_input_before_any_work(call, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        call()


def test_a_page_knows_the_classes():
    assert words(page_weights(conditional_unet()))[0]["classes"] == [*NAMES, "anything"]


@pytest.mark.parametrize("label", [None, "bag", 2])
@pytest.mark.parametrize("patch", [1, 2])
def test_a_pipeline_draws_the_class_that_it_was_written_for(patch, label, tmp_path):
    from diffusers import DDPMPipeline

    net = conditional_unet(patch=patch)
    nn.init.normal_(net.unet.class_embedding.weight, std=2.0)
    net.diffusion = Diffusion(cosine_schedule(10), shape=(1, 8, 8), classes=NAMES)
    pipeline = DDPMPipeline.from_pretrained(to_diffusers(net, tmp_path / "pipeline", label))
    pipeline.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(5) for _ in range(2)]
    theirs = torch.as_tensor(
        pipeline(batch_size=2, generator=generators[0], num_inference_steps=10, output_type="np").images
    ).permute(0, 3, 1, 2)
    how = {"n": 2, "seed": generators[1], **QUIET}
    torch.testing.assert_close((sample(net, labels=label, **how) / 2 + 0.5).clamp(0, 1), theirs, atol=1e-4, rtol=0)
    generators[1].manual_seed(5)
    other = sample(net, labels="boot", **how)
    assert (other / 2 + 0.5 - theirs).abs().max() > 0.01, "all classes look alike"


def test_a_translated_network_knows_the_classes():
    net = conditional_unet()
    nn.init.normal_(net.unet.class_embedding.weight, std=2.0)
    how = {"n": 2, "labels": ["bag", "coat"], "guidance": 1.0, "sampler": "ddim", "steps": 5, "seed": 0, **QUIET}
    torch.testing.assert_close(sample(translate(net, LINEAR, "v"), **how), sample(net, **how), atol=1e-3, rtol=0)


def test_training_with_labels_says_where_there_are_none():
    class Bare:
        train = valid = [torch.zeros(4, 1, 8, 8)]
        classes = NAMES

    with pytest.raises(ValueError, match="needs a class for each image, found a batch without"):
        train(Bare(), conditional_unet(), labels=True, epochs=1, progress=False)


def test_classes_by_name_or_number():
    assert class_indices(torch.tensor([2, 0]), NAMES).tolist() == [2, 0]
    assert class_indices(["bag", 0], NAMES).tolist() == [1, 0]
    assert class_indices(torch.tensor(1), NAMES).tolist() == [1]


def test_the_unet_without_labels_knows_no_class():
    net, (x_t, t) = conditional_unet(), noisify(torch.zeros(2, 1, 8, 8), LINEAR)[0]
    with torch.no_grad():
        assert torch.equal(net(x_t, t), net(x_t, t, torch.tensor([3, 3])))


@pytest.mark.parametrize(
    "labels", [np.int64(1), np.array(1), torch.tensor(1), 1, "b", np.array([1]), [np.int64(1)], ("b",)]
)
def test_one_class_however_it_is_written(labels):
    assert class_indices(labels, "abc").tolist() == [1]


@pytest.mark.parametrize(
    "labels", [[1.7], [True], True, torch.tensor([0.9]), [float("inf")], 3, -1, "z", [], [None], None, 2.0**80]
)
def test_what_is_no_class_is_refused(labels):
    with pytest.raises(ValueError, match="labels must be among a, b, c, or numbers from 0 to 2"):
        class_indices(labels, "abc")


@pytest.mark.parametrize("levels", [(None, 1), ("a", "b"), (2, 1), (1,), 5, (float("nan"), 1)])
def test_noise_levels_that_are_none(levels):
    with pytest.raises(ValueError, match="guidance_levels must be two noise levels, the lower one first"):
        check_guidance(1, levels, 0)


class Paler(Shade):
    "A worse network for the same greys: all of them are nearer to 0."

    greys = 0.5 * Shade.greys


@pytest.mark.parametrize("target", TARGETS)
def test_autoguidance_goes_on_from_the_weak_answer_for_every_target(target):
    strong, weak = Shade(target), Paler(target)
    x_t, t = torch.randn(3, 1, 8, 8), torch.tensor([5, 400, 900])
    by_hand = 2.5 * strong(x_t, t) - 1.5 * weak(x_t, t)
    torch.testing.assert_close(Autoguided(strong, weak, 1.5)(x_t, t), by_hand)
    drawn = sample(
        Autoguided(strong, weak, 1.0), n=2, labels="coat", seed=0, clamp=None, sampler="ddim", steps=5, **QUIET
    )
    assert strong.asked[-1] == weak.asked[-1] == [2, 2]
    plain = sample(strong, n=2, labels="coat", seed=0, clamp=None, sampler="ddim", steps=5, **QUIET)
    assert ((drawn - plain) > 0.2).all(), (
        "as far from the strong grey of 0.4 as that is from the weak one, and a little"
    )


@pytest.mark.parametrize("sampler", ["ddpm", "dpm++", "heun"])
def test_without_weight_autoguidance_is_the_strong_network_to_the_bit(sampler):
    strong, ask = conditional_unet(), {"n": 3, "seed": 1, "labels": [0, 1, 2], "sampler": sampler, "steps": 4, **QUIET}
    strong.diffusion = Diffusion(LINEAR, "eps", shape=(1, 8, 8), classes=NAMES)
    weak = conditional_unet()
    weak.diffusion = strong.diffusion
    weak.unet.conv_out.weight.data.mul_(0.5)
    assert torch.equal(sample(Autoguided(strong, weak, 0), **ask), sample(strong, **ask))
    assert not torch.equal(sample(Autoguided(strong, weak, 1), **ask), sample(strong, **ask))


def test_both_guidances_together():
    strong, weak, x_t = Shade(), Paler(), torch.randn(2, 1, 8, 8)
    both = next(
        sample_steps(
            Autoguided(strong, weak, 0.5), n=2, x_T=x_t, labels="bag", guidance=2, steps=5, shape=(1, 8, 8), clamp=None
        )
    )
    t = torch.full((2,), both.t)
    ask = lambda label: 1.5 * strong(x_t, t, label) - 0.5 * weak(x_t, t, label)  # noqa: E731
    by_hand = 3 * ask(torch.tensor([1, 1])) - 2 * ask(torch.tensor([3, 3]))
    torch.testing.assert_close(both.eps, by_hand, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "weak, weight, said",
    [
        (nn.Identity(), 0.5, "strong and weak must be trained networks that carry `diffusion`"),
        (Shade("v"), 0.5, "weak must be trained for the process of strong"),
        (Shade(classes=("boot",)), 0.5, "weak must know the classes of strong, boot, bag, coat, found boot"),
        (Shade(classes=()), 0.5, "found none: train it with labels=True"),
        (Paler(), -0.5, "weight must be"),
        (Paler(), float("nan"), "weight must be"),
    ],
)
def test_networks_that_cannot_guide(weak, weight, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        Autoguided(Shade(), weak, weight)


def test_another_process_cannot_guide_and_one_with_more_classes_can():
    weak = Paler()
    weak.diffusion = weak.diffusion._replace(schedule=cosine_schedule())
    with pytest.raises(ValueError, match="weak must be trained for the process of strong"):
        Autoguided(Shade(), weak)
    assert sample(Autoguided(Shade(classes=()), Paler()), n=1, seed=0, steps=3, **QUIET).isfinite().all()
