"The form of a batch: what loaders of other people yield, taken or refused before the first step; and what a network carries goes first."

import warnings
from collections import UserDict
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import ConcatDataset, DataLoader, IterableDataset, Subset, TensorDataset, random_split

import ddpm_widgets as d
from ddpm_widgets.data import as_x0, check_range, count_channels, dataset_of, images_of
from ddpm_widgets.processes import count_batches, count_images, slice_batch
from ddpm_widgets.training import image_channels

X = torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


class Net(nn.Module):
    "A small network that remembers what it was shown."

    def __init__(self, channels=1):
        super().__init__()
        self.first, self.last = nn.Conv2d(channels, 4, 3, padding=1), nn.Conv2d(4, channels, 3, padding=1)
        self.seen = []

    def forward(self, x, t):
        self.seen.append((tuple(x.shape), x.dtype))
        return self.last(torch.relu(self.first(x)))


class Stream(IterableDataset):
    def __init__(self, samples):
        self.samples = samples

    def __iter__(self):
        yield from self.samples


class Batches:
    "Can be read again and again, and does not say how many there are."

    def __iter__(self):
        yield from X.split(4)


def fit(loader, net=None, **options):
    net = net or Net()
    learn = d.train(SimpleNamespace(train=loader, valid=loader), net, epochs=1, progress=False, ema=None, **options)
    return learn, net


TAKEN = {
    "a tensor": lambda: DataLoader(list(X), 4),
    "one tensor in a tuple": lambda: DataLoader(TensorDataset(X), 4),
    "image and label": lambda: DataLoader([(x, 0) for x in X], 4),
    **{
        f"a dict with {k}": lambda k=k: DataLoader([{"label": 0, k: x} for x in X], 4)
        for k in ("image", "images", "pixel_values", "input")
    },
    "another mapping": lambda: [UserDict(pixel_values=x, label=0) for x in X.split(4)],
    "float64": lambda: DataLoader(list(X.double()), 4),
    "float16": lambda: DataLoader([(x.half(), 0) for x in X], 4),
    "bfloat16": lambda: DataLoader(list(X.bfloat16()), 4),
    "a stream": lambda: DataLoader(Stream([(x, 0) for x in X]), 4),
    "a stream of tensors": lambda: DataLoader(Stream(list(X)), 4),
    "batches without a length": Batches,
    "a list of batches": lambda: list(X.split(4)),
    "two workers": lambda: DataLoader([(x, 0) for x in X], 4, num_workers=2),
}


@pytest.mark.parametrize("loader", TAKEN.values(), ids=TAKEN)
def test_batches_of_many_forms_are_taken(loader):
    learn, net = fit(loader())
    assert set(net.seen) == {((4, 1, 8, 8), torch.float32)} and len(net.seen) == 8
    assert learn.steps == learn.total_steps == 4 and learn.batch_size == 4 and learn.recorder.sizes == [4] * 4
    assert net.diffusion.shape == (1, 8, 8) and all(np.isfinite(learn.recorder.losses))


PICTURES = [Image.fromarray(np.uint8(x[0] * 127 + 128)) for x in X]
REFUSED = {
    "PIL images": (lambda: DataLoader(PICTURES, 4), "tensors of one size, found <PIL"),
    "PIL images and labels": (lambda: DataLoader([(x, 0) for x in PICTURES], 4), "convert PIL images"),
    "PIL images in dicts": (lambda: DataLoader([{"image": x} for x in PICTURES], 4), "convert PIL images"),
    "PIL images, not stacked": (lambda: DataLoader(PICTURES, 4, collate_fn=list), "ToTensor"),
    "images, not stacked": (lambda: DataLoader(list(X), 4, collate_fn=list), "a list of .* leave out collate_fn"),
    "images of two sizes": (
        lambda: DataLoader([X[0], X[1, :, :4]], 2),
        r"found \(1, 8, 8\), \(1, 4, 8\) \(.*\): resize",
    ),
    "channels last": (
        lambda: DataLoader(list(X.permute(0, 2, 3, 1)), 4),
        r"found shape \(.*, 8, 8, 1\): pass x.permute",
    ),
    "arrays, channels last": (lambda: DataLoader([x.numpy().transpose(1, 2, 0) for x in X], 4), "pass x.permute"),
    "bytes": (lambda: DataLoader([(np.uint8(x * 127 + 128), 0) for x in X], 4), "found torch.uint8: scale them"),
    "grey levels as floats": (
        lambda: DataLoader(list(X * 127.5 + 127.5), 4),
        "found .* in the first batch: pass x / 127.5 - 1",
    ),
    "a dict without images": (lambda: DataLoader([{"picture": x} for x in X], 4), "found picture"),
    "text": (lambda: [["a"], ["b"]], "A batch must be a tensor"),
    "labels alone": (lambda: DataLoader(TensorDataset(torch.arange(8)), 4), "A batch must be a tensor"),
    "a generator": (lambda: (x for x in X.split(4)), "again in each epoch"),
    "a stream that dries up": (
        lambda: DataLoader(Stream(iter(list(X))), 4),
        "none the second time: let its __iter__ begin anew",
    ),
    "no batch": (lambda: DataLoader(Stream([]), 4), "holds no batch"),
}


@pytest.mark.parametrize(("loader", "says"), REFUSED.values(), ids=REFUSED)
def test_the_rest_is_refused_before_the_first_step(loader, says):
    net = Net()
    with pytest.raises((ValueError, TypeError), match=says) as e:
        fit(loader(), net)
    assert str(e.value).endswith(".") and "\n" not in str(e.value) and net.seen == [], e.value


def test_an_endless_stream_is_refused(monkeypatch):
    class Endless(IterableDataset):
        def __iter__(self):
            while True:
                yield X[0]

    monkeypatch.setattr("ddpm_widgets.processes._MOST_COUNTED", 20)
    with pytest.raises(ValueError, match="found more than 20: let it end, and define __len__"):
        fit(DataLoader(Endless(), 4))


def test_looking_first_changes_nothing():
    "The random numbers of a run, and the order of its data, are those of a run that did not look."
    plain, net, other = DataLoader([(x, 0) for x in X], 4, shuffle=True), Net(), Net()
    state = torch.random.manual_seed(0).get_state()
    seen = []

    class Look(d.Callback):
        def before_pass(self, learn):
            seen.append(torch.get_rng_state())

    fit(plain, net, cbs=[Look()])
    torch.set_rng_state(state)
    learn = d.Learner(other, SimpleNamespace(train=plain, valid=plain), cbs=[d.TrainCB(), Look()])
    learn.cbs[0].predict = lambda learn: setattr(learn, "preds", learn.model(learn.batch[0], None))
    learn.cbs[0].get_loss = lambda learn: setattr(learn, "loss", learn.preds.mean())
    torch.set_rng_state(state)
    learn.fit(1)
    assert torch.equal(seen[0], seen[2])


def test_a_stream_is_counted_once(monkeypatch):
    read = []

    class Counting(Stream):
        def __iter__(self):
            read.append(1)
            return super().__iter__()

    loader = DataLoader(Counting(list(X)), 4)
    state = torch.get_rng_state()
    assert (
        count_batches(loader) == 4 == count_batches(loader) and len(read) == 2
    )  # and once more: can it be read again?
    assert torch.equal(state, torch.get_rng_state())
    assert count_batches(DataLoader(loader.dataset, 8)) == 2
    assert count_batches([1, 2]) == 2 and count_images({"image": X}) == 16 == count_images(((X, 1), 2))


def test_a_halved_network_samples_and_is_not_trained():
    model = d.pretrained().half()
    kept = {k: v.clone() for k, v in model.state_dict().items()}
    a, b = (d.sample(m, n=1, steps=2, seed=0, progress=False) for m in (model, d.pretrained()))
    assert a.dtype == torch.float32 and (a - b).abs().max() < 0.1
    with pytest.raises(ValueError, match="float32 to be trained, found float16: pass model.float"):
        d.train(d.garments(4, n=8, n_valid=4), model, epochs=1, progress=False)
    assert all(torch.equal(v, kept[k]) for k, v in model.state_dict().items())
    for net, dtype in ((d.pretrained().bfloat16(), torch.float32), (d.pretrained().double(), torch.float64)):
        drawn = d.sample(net, n=1, steps=2, seed=0, progress=False)
        assert drawn.dtype == dtype and (drawn - b).abs().max() < 0.5


# ---- our own data sets, in PyTorch's loaders

DLS = d.garments(8, n=40, n_valid=16, seed=0)
OWN = DLS.train.dataset
WRAPPED = {
    "plain": (OWN, list(range(40))),
    "Subset": (Subset(OWN, [3, 1, 2]), [3, 1, 2]),
    "Subset of numpy": (Subset(OWN, np.array([5, 4])), [5, 4]),
    "nested": (Subset(Subset(OWN, range(10, 20)), [2, 0]), [12, 10]),
    "Concat": (ConcatDataset([Subset(OWN, [1]), OWN]), [1, *range(40)]),
    "Subset of Concat": (Subset(ConcatDataset([OWN, OWN]), [41, 0]), [1, 0]),
}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(("ds", "at"), WRAPPED.values(), ids=WRAPPED)
def test_a_loader_of_pytorch_over_our_images(ds, at, workers):
    loader = DataLoader(ds, 4, num_workers=workers)
    x, y = (torch.cat(parts) for parts in zip(*loader, strict=True))
    right, labels = OWN.batch(at)
    assert torch.equal(x, right) and y.tolist() == labels.tolist()
    same = DataLoader(ds, 4, collate_fn=DLS.valid.collate_fn)  # our own way of collating takes them too
    assert torch.equal(torch.cat([x for x, _ in same]), right)
    if not workers:
        found = dataset_of(loader)
        assert torch.equal(found.images, OWN.images[at]) and found.classes == d.CLASSES
        dls = d.DataLoaders(loader, DLS.valid)
        assert dls.classes == d.CLASSES and dls.one_batch()[0].equal(right[:4]) and dls.subset(2).classes == d.CLASSES
        assert dls.show(2).size and [len(x) for x, _ in dls.to("cpu").train] == [len(x) for x, _ in loader]
        assert torch.equal(torch.cat([x for x, _ in dls.to("cpu").train]), right)


def test_random_split_trains_and_is_judged(tmp_path):
    a, b = random_split(OWN, [30, 10], torch.Generator().manual_seed(0))
    dls = d.DataLoaders(DataLoader(a, 8, shuffle=True), DataLoader(b, 8))
    learn = d.train(dls, Net32(), epochs=1, progress=False, seed=0)
    assert learn.steps == 4 and learn.recorder.sizes == [8, 8, 8, 6] and dls.classes == d.CLASSES
    x = dataset_of(dls.valid).batch(range(10))[0]
    found = d.evaluate(x, dls=dls, cache=tmp_path, progress=False)
    assert found.fid == found.floor_fid
    d.diagnose(learn, progress=False)


class Net32(Net):
    def forward(self, x, t):
        return super().forward(x, t) * 0.5


def test_a_loader_that_is_more_than_its_images_is_not_moved():
    "Their own collate function, or their own batches, stay what they are on a device, too."
    brighter = DataLoader(OWN, 8, collate_fn=lambda s: (s.batch[0] + 1, s.batch[1]))
    dls = d.DataLoaders(brighter, DataLoader(OWN, batch_sampler=[[1, 2], [3]])).to("cpu")
    assert next(iter(dls.train))[0].max() > 1 and [len(x) for x, _ in dls.valid] == [2, 1]
    short = d.DataLoaders(DataLoader(OWN, 16, drop_last=True), DLS.valid).to("cpu").train
    assert len(short) == 2 and [len(x) for x, _ in short] == [16, 16]
    others = d.DataLoaders(DataLoader(TensorDataset(X), 4), None)
    assert others.classes == () and others.to("cpu").train is others.train


def test_names_of_classes_are_the_data_s_own():
    images, labels = np.zeros((6, 8, 8), np.uint8), np.array([0, 1, 2, 0, 1, 2])
    own = d.DataLoaders.from_arrays(images, labels, images[:3], np.array([0, 3, 1]), size=8)
    assert own.classes == ("0", "1", "2", "3") and DLS.classes == d.CLASSES
    named = d.DataLoaders.from_arrays(images, labels, images, labels, size=8, classes=("a", "b", "c"))
    assert named.classes == named.subset(3).classes == named.to("cpu").classes == ("a", "b", "c")
    assert d.DataLoaders(DataLoader(named.train.dataset, 2), named.valid).classes == ("a", "b", "c")
    mixed = ConcatDataset([named.train.dataset, own.train.dataset])
    assert dataset_of(DataLoader(mixed, 2)).classes == (), "of two minds"


def test_channels_of_any_loader():
    colour = torch.rand(8, 3, 8, 8)
    for loader, channels in (
        *((DataLoader(list(colour), 2), 3), (DataLoader([(x, 0) for x in colour], 2), 3), (list(colour.split(2)), 3)),
        *(
            (DataLoader([{"image": x} for x in colour], 2), 3),
            (DataLoader(list(X), 2), 1),
            (DataLoader(Stream([]), 2), 1),
        ),
        *((DLS.train, 1), (DataLoader(Subset(OWN, [1]), 1), 1), (DataLoader(PICTURES, 2), 1)),
    ):
        assert count_channels(loader) == channels
    assert image_channels(SimpleNamespace(train=DataLoader(list(colour), 2))) == {"in_channels": 3, "out_channels": 3}


def test_the_rule_for_a_batch():
    assert images_of({"label": 1, "input": 2, "image": 3}) == 3 and images_of((4, 5)) == 4 and images_of(6) == 6
    assert as_x0((X, X)).equal(X) and as_x0(X.double(), torch.zeros(1)).dtype == torch.float32
    check_range(X * 2.6, -1, 1), check_range(torch.zeros(0), -1, 1), check_range(X * 255, 0, 255)
    with pytest.raises(d.DataError, match=r"data_range=\(0, 255\)"):
        check_range(torch.tensor([0.0, 255.0]), -1, 1)


# ---- what diagnose advises


def advice(learn, check):
    return next(f.mend for f in d.diagnose(learn, progress=False).findings if f.check == check)


def test_advice_on_data_works_when_followed():
    in_order = d.DataLoaders(DataLoader(OWN, 8), DLS.valid)
    learn = d.train(in_order, Net(), epochs=1, progress=False)
    assert advice(learn, "shuffling") == "shuffle: DataLoader(…, shuffle=True)"
    learn = d.train(d.DataLoaders(DataLoader(OWN, 8, shuffle=True), DLS.valid), Net(), epochs=1, progress=False)
    assert "shuffling" not in [f.check for f in d.diagnose(learn, progress=False).findings]

    x = (OWN.batch(range(40))[0] + 1) / 2
    loaders = SimpleNamespace(train=DataLoader(list(x), 8, shuffle=True), valid=DataLoader(list(x), 8))
    learn = d.train(loaders, Net(), epochs=1, progress=False)
    said = advice(learn, "data range")
    assert "2 * x - 1" in said and "name their range to train or DDPMCB, data_range=(0, 1)" in said
    learn = d.train(loaders, Net(), epochs=1, progress=False, data_range=(0, 1))
    assert "data range" not in [f.check for f in d.diagnose(learn, progress=False).findings]
    assert learn.model.diffusion.data_range == (0, 1) and 0 <= learn.sample(1, progress=False, steps=2).min()


@pytest.mark.parametrize("bad", [3, (0,), (1, 0), (0, np.inf), "01", (None, 1)])
def test_ranges_that_are_none(bad):
    with pytest.raises(ValueError, match="data_range must be"):
        d.train(DLS, Net(), data_range=bad, progress=False)


# ---- trained further


def carrying(**changes):
    net = Net()
    net.diffusion = d.Diffusion(d.cosine_schedule(60), "v", (0.0, 1.0), (1, 8, 8), "ddim", 7, "leading")._replace(
        **changes
    )
    return net


LOADERS = SimpleNamespace(train=DataLoader(list((X + 1) / 2), 4), valid=None)


def test_a_network_is_trained_further_for_what_it_carries():
    net = carrying()
    was = net.diffusion
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learn = d.train(LOADERS, net, epochs=1, progress=False)
        learn.fit(1)
        d.train(LOADERS, net, d.cosine_schedule(60), target="v", data_range=(0, 1), epochs=1, progress=False)
        d.train(LOADERS, learn.ema_model, epochs=1, progress=False)  # which was frozen
    assert net.diffusion.schedule.T == 60 and torch.equal(net.diffusion.schedule.alpha_bar64, was.schedule.alpha_bar64)
    for name in ("target", "data_range", "sampler", "shape"):
        assert getattr(net.diffusion, name) == getattr(was, name) == getattr(learn.ema_model.diffusion, name)
    net = carrying()
    d.train(LOADERS, net, epochs=1, progress=False)
    assert (net.diffusion.steps, net.diffusion.spacing) == (7, "leading")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"target": "eps"}, "target eps in place of v"),
        ({"schedule": d.linear_schedule(60)}, "the linear schedule, T=60, in place of cosine, T=60"),
        ({"schedule": d.cosine_schedule(5)}, "the cosine schedule, T=5, in place of cosine, T=60"),
        ({"data_range": (-1, 1)}, r"data_range \(-1.0, 1.0\) in place of \(0.0, 1.0\)"),
    ],
)
def test_something_else_can_be_asked_for_and_is_said(asked, says, tmp_path):
    net = carrying()
    with pytest.warns(UserWarning, match=says):
        d.train(LOADERS, net, epochs=1, progress=False, **asked)
    for name, value in asked.items():
        assert (
            getattr(net.diffusion, name) is value
            or getattr(net.diffusion, name) == value
            or net.diffusion.schedule.T == value.T
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="images hold no negative value")  # they lie in [0, 1]
        d.train(LOADERS, net, epochs=1, progress=False)  # from now on


class Plain:
    "Loaders that are nobody's data set."

    def __init__(self, images, valid=None):
        self.train = DataLoader(torch.utils.data.TensorDataset(images), 4)
        self.valid = valid


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (torch.rand(8, 1, 32, 32), "hold no negative value in the first batch"),
        (2.4 * torch.rand(8, 1, 32, 32) - 1.2, r"must lie in \[-1, 1\], found -1.2 to 1.2 in the first batch"),
    ],
    ids=["0 to 1", "a little beyond"],
)
def test_a_range_that_may_be_another_is_said(images, says):
    with pytest.warns(UserWarning, match=says):
        d.train(Plain(images), tiny_unet(), epochs=1, progress=False)


def test_grey_levels_around_0_are_refused():
    with pytest.raises(d.DataError, match=r"found -12\d.* in the first batch"):
        d.train(Plain(255 * torch.rand(8, 1, 32, 32) - 128), tiny_unet(), epochs=1, progress=False)


def test_validation_data_is_looked_at_before_the_first_step():
    wrong = DataLoader([{"foo": torch.zeros(1, 32, 32)}] * 8, 4)
    with pytest.raises(Exception, match="foo|image") as e:
        d.train(Plain(2 * torch.rand(8, 1, 32, 32) - 1, wrong), tiny_unet(), epochs=1, progress=False)
    assert e.value.learn.steps == 0


def test_other_images_behind_a_subset_are_no_run_to_go_on_with(tmp_path):
    def loaders(seed):
        own = d.garments(8, n=24, n_valid=8, seed=seed).train.dataset
        return type("Loaders", (), {"train": DataLoader(Subset(own, range(16)), 8), "valid": None})

    d.train(loaders(0), tiny_unet(), epochs=1, seed=0, progress=False, cbs=[d.Checkpoint(tmp_path)])
    with pytest.raises(d.SettingsError, match="data="):
        d.train(loaders(1), tiny_unet(), epochs=2, seed=0, progress=False, resume=tmp_path)
    d.train(loaders(0), tiny_unet(), epochs=2, seed=0, progress=False, resume=tmp_path)


def test_a_longer_run_over_a_stream_goes_on(tmp_path):
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            yield from 2 * torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(0)) - 1

    loaders = type("Loaders", (), {"train": DataLoader(Stream(), 4), "valid": None})
    d.train(loaders, tiny_unet(), epochs=1, seed=0, progress=False, cbs=[d.Checkpoint(tmp_path)])
    with pytest.warns(UserWarning, match="the first 2 steps had the learning rates of a run of 1 epochs"):
        learn = d.train(loaders, tiny_unet(), epochs=2, seed=0, progress=False, resume=tmp_path)
    assert learn.steps == 4


def tiny_unet():
    return d.unet("small", block_out_channels=(8, 16), layers_per_block=1)


def test_a_file_that_is_trained_further_keeps_what_it_was_for(tmp_path):
    model = d.unet("fast", block_out_channels=(8, 16, 16))
    model.diffusion = d.Diffusion(d.linear_schedule(40), "x0", shape=(1, 32, 32))
    loaded = d.load_model(d.save_model(model, tmp_path / "a.safetensors"))
    learn = d.train(DLS, loaded, epochs=1, progress=False)
    again = d.load_model(d.save_model(learn.ema_model, tmp_path / "b.safetensors")).diffusion
    assert (again.target, again.schedule.T, again.sampler) == ("x0", 40, "ddpm")


def test_a_stream_is_resumed_where_it_ended(tmp_path):
    def run(where, stop_at=None, **options):
        class Stop(d.Callback):
            def after_batch(self, learn):
                if learn.fit_steps == stop_at:
                    learn.stop()

        torch.manual_seed(1)
        net, loaders = Net(), SimpleNamespace(train=DataLoader(Stream(list(X)), 4), valid=None)
        d.train(loaders, net, epochs=2, seed=0, cbs=[d.Checkpoint(tmp_path / where), Stop()], progress=False, **options)
        return net.state_dict()

    whole = run("whole")
    run("cut", stop_at=6)
    resumed = run("cut", resume=tmp_path / "cut")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_unet_names_its_size_for_the_pipelines_of_diffusers():
    assert d.unet("nb17").unet.config.sample_size == 32 and d.unet("small").unet.config.sample_size == 16
    assert d.unet("nb17", sample_size=64).unet.config.sample_size == 64


def test_a_shard_is_cut_out_of_any_mapping_and_of_named_tuples():
    class Pair(NamedTuple):
        image: torch.Tensor
        label: torch.Tensor

    x, y = torch.arange(8.0), torch.arange(8)
    cut = slice_batch(UserDict(image=x, other=[y, "text"]), slice(2, 4))
    assert torch.equal(cut["image"], x[2:4]) and torch.equal(cut["other"][0], y[2:4]) and cut["other"][1] == "text"
    pair = slice_batch(Pair(x, y), slice(6, 8))
    assert isinstance(pair, Pair) and torch.equal(pair.label, y[6:8])


def test_a_loader_without_length_over_a_list_is_counted():
    class Own:
        dataset = [1, 2, 3]

        def __iter__(self):
            return iter([torch.zeros(2, 1, 8, 8)] * 3)

    assert count_batches(Own()) == 3


def test_a_bad_validation_set_is_called_by_its_name():
    good, bad = DataLoader(X, 4), DataLoader([X[0], X[1, :, :4]], 2)
    learn = d.Learner(
        nn.Conv2d(1, 1, 3, padding=1), SimpleNamespace(train=good, valid=bad), cbs=[d.DDPMCB(d.linear_schedule())]
    )
    with pytest.raises(d.DataError, match="dls.valid must give images that can be stacked"):
        learn.fit(1)


def test_what_is_scaled_wrongly_is_told_a_mend_that_works():
    for most, mend in ((5.0, r"pass data_range=\(0, 5\)"), (255.0, r"pass x / 127.5 - 1, or data_range=\(0, 255\)")):
        with pytest.raises(d.DataError, match=mend):
            check_range(torch.tensor([0.0, most]).view(1, 1, 1, 2), -1, 1)
