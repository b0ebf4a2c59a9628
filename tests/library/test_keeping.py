"Networks of every kind are kept and found again; a file whose hash is right and whose content is not is refused in one sentence."

import json
import resource
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

import ddpm_widgets as d
from ddpm_widgets.storage import read_hashed, write_hashed

SCHEDULE = d.cosine_schedule(50)
TINY = {"block_out_channels": (8, 16), "norm_num_groups": 4, "layers_per_block": 1}


class Net(nn.Module):
    "A network of one's own, with buffers of every kind."

    def __init__(self, width=4):
        super().__init__()
        self.first, self.last = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, 1, 3, padding=1)
        self.norm, self.time = nn.BatchNorm2d(width), nn.Embedding(50, width)
        self.register_buffer("mask", torch.full((3, 3), -torch.inf).triu(1))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)

    def forward(self, x, t):
        return self.last(self.norm(self.first(x) + self.time(t)[:, :, None, None]))


def carrying(model):
    model.diffusion = d.Diffusion(SCHEDULE, "v", shape=(1, 8, 8), sampler="ddim", steps=3)
    return model


def unet2d():
    from diffusers import UNet2DModel

    blocks = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
    return UNet2DModel(sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4, **blocks)  # fmt: skip


def one_sentence(error) -> str:
    text = str(error.value)
    assert "\n" not in text and "Errno" not in text and ": " in text and text.endswith("."), text
    return text


def same(a, b):
    ours, theirs = a.state_dict(), b.state_dict()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)
    assert a.diffusion[1:] == b.diffusion[1:] and torch.equal(
        a.diffusion.schedule.betas64, b.diffusion.schedule.betas64
    )
    assert torch.equal(*(d.sample(m, n=2, seed=1, progress=False) for m in (a, b)))


# ---- every kind of network


@pytest.mark.parametrize("given", [Net, lambda: Net(), Net(), partial(Net, width=4)], ids=["class", "lambda", "network", "partial"])  # fmt: skip
def test_a_network_of_one_s_own_is_kept(given, tmp_path):
    model = carrying(Net()).eval()
    path = d.save_model(model, tmp_path / "mine.safetensors", note="a word")
    again = d.load_model(path, given)
    same(model, again)
    assert again.card == {"note": "a word"} and not again.training
    with pytest.raises(d.WeightsError, match=r"holds a network of your own, Net: pass its class, load_model\(path, Net\)") as e:  # fmt: skip
        d.load_model(path)
    one_sentence(e)


def test_diffusers_own_unet_is_kept_by_its_config(tmp_path):
    model = carrying(unet2d()).eval()
    again = d.load_model(d.save_model(model, tmp_path / "diffusers.safetensors"))
    assert type(again) is type(model)
    same(model, again)


def test_a_unet_whose_layers_were_replaced_is_one_s_own(tmp_path):
    def build():
        model = d.unet("nb17", **TINY)
        model.unet.conv_in = nn.Conv2d(1, 8, 5, padding=2)
        return model

    path = d.save_model(model := carrying(build()).eval(), tmp_path / "changed.safetensors")
    with pytest.raises(d.WeightsError, match="of your own, UNet"):
        d.load_model(path)
    same(model, d.load_model(path, build))


def test_loading_draws_no_random_numbers_and_keeps_gradients(tmp_path):
    path = d.save_model(carrying(d.unet("nb17", **TINY)), tmp_path / "a.safetensors")
    torch.manual_seed(0)
    before = torch.get_rng_state()
    model = d.load_model(path)
    d.save_model(model, path)
    assert torch.equal(before, torch.get_rng_state()) and all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    "given, says",
    [
        (lambda: Net(5), "must hold the weights of this Net, found first.weight of shape"),
        (lambda: nn.Linear(1, 1), "must hold the weights of this Linear"),
        (lambda: None, "must be a network, or make one when called without arguments, found None"),
        (lambda: 1 / 0, "found ZeroDivisionError"),
        (partial(Net, 1, 2, 3), "found TypeError"),
        (3, "found TypeError"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_and_stays_as_it_was(given, says, tmp_path):
    path = d.save_model(carrying(Net()), tmp_path / "mine.safetensors")
    with pytest.raises(d.WeightsError, match=says) as e:
        d.load_model(path, given)
    one_sentence(e)


def test_a_network_that_makes_none_is_no_damage_of_a_checkpoint(run):
    with pytest.raises(d.WeightsError, match="model must be a network, or make one.*ZeroDivisionError"):
        d.load_model(run[0] / "own", lambda: 1 / 0)
    with pytest.raises(d.WeightsError, match="must hold the weights of this Net, found first.weight"):
        d.load_model(run[0] / "own", lambda: Net(5))


def test_save_model_says_what_to_do(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"old")
    bare, nan = Net(), carrying(Net())
    with torch.no_grad():
        nan.last.weight[0, 0, 0, 0] = torch.nan
    big = carrying(Net())
    big.last.weight.data += 1e6
    learn = type("Learner", (), {"ema_model": bare, "model": bare})()
    for model, options, says in (
        (bare, {}, "found Net without it: set `model.diffusion = Diffusion"),
        (nan, {}, "weights must be finite, found NaN or infinity in last.weight"),
        (big, {"half": True}, "keep float32"),
        (learn, {}, "found a Learner: pass its `ema_model`"),
        (None, {}, "found None"),
        (carrying(Net()), {"seed": torch.ones(1)}, "the card must hold numbers"),
    ):
        with pytest.raises(ValueError, match=says) as e:
            d.save_model(model, path, **options)
        one_sentence(e)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    bare.diffusion = d.Diffusion(SCHEDULE)  # the advice
    assert d.load_model(d.save_model(bare, path, half=True), Net)


# ---- out of checkpoints


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    "A run with a network of the package and one with another, of which only checkpoints are left."
    folder = tmp_path_factory.mktemp("runs")
    dls = d.garments(batch_size=8, n=16, n_valid=8, seed=0)
    learns = {}
    for name, model in {"unet": d.unet("nb17", **TINY), "own": Net()}.items():
        cbs = [d.Checkpoint(folder / name / "checkpoints")]
        learns[name] = d.train(dls, model, SCHEDULE, target="v", epochs=1, seed=0, progress=False, cbs=cbs)
    return folder, learns


@pytest.mark.parametrize("which", ["file", "folder", "folder above"])
@pytest.mark.parametrize("kind", ["unet", "own"])
def test_a_checkpoint_is_sampled_from_its_average(which, kind, run, capsys):
    folder, learns = run
    path = {"folder above": folder / kind, "folder": folder / kind / "checkpoints"}.get(which)
    path = path or next((folder / kind / "checkpoints").iterdir())
    model = d.load_model(path, None if kind == "unet" else Net)
    assert "The averaged weights of step 2 are taken from the checkpoint" in capsys.readouterr().out
    same(learns[kind].ema_model, model)
    assert model.card == {"checkpoint": "step-00000002.safetensors", "step": 2, "weights": "average"}


def test_a_checkpoint_without_all_that_is_needed_says_what_to_do(run, tmp_path):
    with pytest.raises(d.WeightsError, match="found neither: name a file"):
        d.load_model(tmp_path)
    with pytest.raises(d.WeightsError, match=r"of your own, Net: pass its class"):
        d.load_model(run[0] / "own")
    file = next((run[0] / "unet/checkpoints").iterdir())
    tensors, words = read_hashed(file)
    del words["network"]
    with pytest.raises(d.WeightsError, match="sound checkpoint of an earlier version.*resume=.*save_model") as e:
        d.load_model(write_hashed(tmp_path / file.name, tensors, words))
    one_sentence(e)


def test_a_run_without_an_average_gives_its_weights(tmp_path, capsys):
    dls = d.garments(batch_size=8, n=16, n_valid=8, seed=0)
    learn = d.train(dls, d.unet("nb17", **TINY), SCHEDULE, epochs=1, progress=False, ema=None, cbs=[d.Checkpoint(tmp_path)])  # fmt: skip
    same(learn.model, d.load_model(tmp_path))
    assert "The weights, of which this run keeps no average, of step 2 are taken" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        lambda words: words.update(network=5),
        lambda words: words.update(network={}),
        lambda words: words.update(network={"preset": "nb15", "overrides": {}}),
        lambda words: words.update(network=["preset"]),
        lambda words: diffusion(words).update({"dict": []}) or diffusion(words)["dict"].append(["target", "cat"]),
        lambda words: of_callback(words).__setitem__(slice(None), [p for p in of_callback(words) if p[0] != "betas"]),
    ],
)
def test_a_checkpoint_whose_network_is_nonsense(change, run, tmp_path):
    tensors, words = read_hashed(next((run[0] / "unet/checkpoints").iterdir()))
    change(words)
    with pytest.raises(d.WeightsError, match="must be a whole file of save_model or Checkpoint") as e:
        d.load_model(write_hashed(tmp_path / "crafted.safetensors", tensors, words))
    one_sentence(e)


def of_callback(words):
    callbacks = next(value for key, value in words["state"]["dict"] if key == "callbacks")
    return next(value["dict"] for key, value in callbacks["dict"] if key == "DDPMCB 0")


def diffusion(words):
    return next(value for key, value in of_callback(words) if key == "diffusion")


# ---- right hash, wrong content


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = d.save_model(carrying(d.unet("nb17", **TINY)), tmp_path_factory.mktemp("sound") / "a.safetensors")
    return read_hashed(path)


FIRST = "unet.conv_in.weight"


def with_words(**changes):
    return lambda tensors, words: words.update(changes)


def process(**changes):
    return lambda tensors, words: words["diffusion"].update(changes)


def override(**changes):
    return lambda tensors, words: words["overrides"].update(changes)


def tensor(change, name=FIRST):
    return lambda tensors, words: tensors.update({name: change(tensors[name].clone())})


CRAFTED = {
    "NaN": tensor(lambda w: w.fill_(torch.nan)),
    "one infinity": tensor(lambda w: w.index_fill_(0, torch.tensor([0]), torch.inf)),
    "whole numbers": tensor(lambda w: w.to(torch.int64)),
    "booleans": tensor(lambda w: w > 0),
    "float64 beyond float32": tensor(lambda w: w.double() + 1e300),
    "float8": tensor(lambda w: w.to(torch.float8_e4m3fn)),
    "another shape": tensor(lambda w: w[:4]),
    "a tensor more": lambda tensors, words: tensors.update(more=torch.zeros(1)),
    "a tensor less": lambda tensors, words: tensors.pop(FIRST),
    "no tensors": lambda tensors, words: tensors.clear(),
    "no betas": lambda tensors, words: tensors.pop("diffusion.betas"),
    "betas in float32": tensor(lambda b: b.float(), "diffusion.betas"),
    "betas of NaN": tensor(lambda b: b.fill_(torch.nan), "diffusion.betas"),
    "betas above 1": tensor(lambda b: b + 1, "diffusion.betas"),
    "a matrix of betas": tensor(lambda b: b[None], "diffusion.betas"),
    "no words": lambda tensors, words: words.clear(),
    "no card": lambda tensors, words: words.pop("card"),
    "a card that is text": with_words(card="x"),
    "another preset": with_words(preset="small"),
    "no such preset": with_words(preset="nb99"),
    "a preset that is a list": with_words(preset=["nb17"]),
    "overrides that are a list": with_words(overrides=[1]),
    "overrides that nobody knows": override(sudo=1),
    "huge channels": override(block_out_channels=[400_000, 800_000]),
    "channels beyond whole numbers": override(block_out_channels=[10**40, 10**40]),
    "many layers": override(layers_per_block=10**6),
    "many levels": override(block_out_channels=[8] * 100_000),
    "a width that is text": override(block_out_channels="88"),
    "no groups": override(norm_num_groups=0),
    "NaN in the settings": override(norm_eps=float("nan")),
    "dropout of 5": override(dropout=5),
    "a patch of 0": override(patch=0),
    "diffusion that is text": with_words(diffusion="eps"),
    "diffusion that is null": with_words(diffusion=None),
    "a target that nobody knows": process(target="cat"),
    "a range upside down": process(data_range=[1, -1]),
    "a range of NaN": process(data_range=[float("nan"), 1]),
    "no range": process(data_range=None),
    "a shape of text": process(shape="abc"),
    "a shape of three channels": process(shape=[3, 8, 8]),
    "a shape that cannot be halved": process(shape=[1, 7, 7]),
    "a shape beyond memory": process(shape=[1, 2**20, 2**20]),
    "a negative shape": process(shape=[1, -8, 8]),
    "a sampler that nobody knows": process(sampler="magic"),
    "steps below 1": process(steps=-5),
    "steps beyond T": process(steps=10**9),
    "steps that are text": process(steps="ten"),
    "a spacing that nobody knows": process(spacing="diagonal"),
    "a schedule without a name": process(schedule=7),
    "a setting of a later version": process(colour="red"),
    "another kind": with_words(kind="features", preset=None),
    "a config beside nothing": lambda tensors, words: (words.pop("preset"), words.update(config={"in_channels": 1})),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_weights_whose_hash_is_right_and_whose_content_is_not(name, sound, tmp_path):
    tensors, words = dict(sound[0]), json.loads(json.dumps(sound[1]))
    CRAFTED[name](tensors, words)
    path = write_hashed(tmp_path / "crafted.safetensors", tensors, words)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(d.WeightsError) as e:
        d.load_model(path)
    assert str(path) in one_sentence(e)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kB"


def test_the_sound_one_is_sound(sound, tmp_path):
    assert d.load_model(write_hashed(tmp_path / "a.safetensors", *sound)).preset == "nb17"


def test_a_file_is_not_read_beyond_what_its_header_promises(tmp_path):
    "Sparse files of 20 GB, which a disk holds in some kB."
    path = d.save_model(carrying(Net()), tmp_path / "a.safetensors")
    with open(path, "ab") as file:
        file.truncate(20 << 30)
    (zeros := tmp_path / "zeros.safetensors").touch()
    with open(zeros, "ab") as file:
        file.truncate(20 << 30)
    (long := tmp_path / "long.safetensors").write_bytes((1 << 40).to_bytes(8, "little"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for file, says in ((path, "its header promises"), (zeros, "does not begin"), (long, "does not begin")):
        with pytest.raises(d.WeightsError, match=says) as e:
            d.load_model(file, Net)
        one_sentence(e)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


# ---- checkpoints


def at(*path, value):
    def change(words):
        place = words
        for key in path[:-1]:
            place = next(v for k, v in place["dict"] if k == key) if "dict" in place else place[key]
        if "dict" in place:
            place["dict"] = [[k, value if k == path[-1] else v] for k, v in place["dict"]]
        elif value is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return change


STATE = {
    "nothing": lambda words: words.clear() or words.update(kind="checkpoint"),
    "no state": at("state", value=...),
    "a state that is a list": at("state", value={"list": [1]}),
    "a state of an unknown kind": at("state", value={"set": [1]}),
    "no step": at("step", value=...),
    "a step that is text": at("step", value="4"),
    "a step below 0": at("step", value=-4),
    "no settings": at("settings", value=...),
    "settings that are a list": at("settings", value=[1]),
    "no count of generators": at("settings", "generators", value=...),
    "exact that is text": at("exact", value="yes"),
    "no tensor of that name": at("state", "model", value={"tensor": "nowhere"}),
    "weights that are numbers": at("state", "model", value={"dict": [["layer", 3]]}),
    "a model that is null": at("state", "model", value=None),
    "an average that is text": at("state", "average", value="none"),
    "an optimizer that is null": at("state", "optimizer", value=None),
    "an optimizer without groups": at("state", "optimizer", "param_groups", value=3),
    "no groups at all": at("state", "optimizer", "param_groups", value={"list": []}),
    "groups that are numbers": at("state", "optimizer", "param_groups", value={"list": [1, 2]}),
    "a place that is text": at("state", "place", value="here"),
    "an epoch that is text": at("state", "place", "epoch", value="first"),
    "a place without random numbers": at("state", "place", "now", value={"dict": []}),
    "random numbers of another kind": at("state", "place", "now", "numpy", value={"list": [1]}),
    "Python's random numbers": at("state", "place", "now", "python", value=None),
    "callbacks that are a list": at("state", "callbacks", value={"list": []}),
    "a callback that is a number": at("state", "callbacks", "Recorder 0", value=5),
    "a callback without its state": at("state", "callbacks", "Recorder 0", value={"dict": []}),
    "a learner that is null": at("state", "learner", value=None),
    "a learner without steps": at("state", "learner", value={"dict": [["steps", None]]}),
    "an array of objects": at("state", "place", "order", value={"array": [1], "dtype": "object"}),
    "an array of huge texts": at("state", "place", "order", value={"array": ["a"], "dtype": "U99999999"}),
    "a key that is a list": at("state", "scaler", value={"dict": [[{"list": []}, 1]]}),
}


@pytest.mark.parametrize("name", STATE)
def test_checkpoints_whose_hash_is_right_and_whose_content_is_not(name, run, tmp_path):
    file = next((run[0] / "own/checkpoints").iterdir())
    tensors, words = read_hashed(file)
    STATE[name](words)
    path = write_hashed(tmp_path / "crafted.safetensors", tensors, words)
    dls = d.garments(batch_size=8, n=16, n_valid=8, seed=0)
    with pytest.raises(d.CheckpointError) as e:
        d.train(dls, Net(), SCHEDULE, target="v", epochs=1, seed=0, progress=False, resume=path)
    assert str(path) in str(e.value) and "Errno" not in str(e.value)
    assert path == Path(path) and "\n" not in str(e.value).partition("\nRaised in ")[0]
