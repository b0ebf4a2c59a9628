"The model that comes with the package, and the files that models are kept in."

import time

import pytest
import torch
from safetensors.torch import save_file

from ddpm_widgets import classifier, evaluate, fashion_mnist, load_model, pretrained, sample, save_model, weights
from ddpm_widgets.drawing import CLASSES
from ddpm_widgets.weights import MODELS, PRETRAINED, read_safetensors, write_safetensors


def test_the_pretrained_model_is_light_and_loads_fast():
    pretrained()  # imports diffusers
    start = time.perf_counter()
    model = pretrained("fashion-mnist")
    assert time.perf_counter() - start < 5  # about .2 s on a quiet machine; one second is the promise
    files = list(MODELS.iterdir())
    assert sum(f.stat().st_size for f in files) < 27e6
    assert all((MODELS / file).stat().st_size <= 8e6 for file, _ in PRETRAINED.values())
    assert not model.training and model.preset == "fast" and model.diffusion.target == "v"
    assert {"images", "epochs", "lr", "seed", "minutes", "machine", "data"} <= set(model.card)


@pytest.mark.parametrize("name", PRETRAINED)
def test_it_draws_garments_without_being_told_how(name):
    images = sample(pretrained(name), n=16, seed=0, progress=False)
    assert images.shape == (16, 1, 32, 32) and -1 <= images.min() and images.max() <= 1
    dark = (images < -0.9).float().mean((1, 2, 3))
    assert ((dark > 0.2) & (dark < 0.95)).all(), "a garment on a black ground"
    assert images[:, :, :2].max() < -0.8, "the padding is black"
    assert images.std(0).mean() > 0.3, "they differ"


def test_one_network_draws_the_class_that_is_asked_for():
    model, labels = pretrained("fashion-mnist-classes"), torch.arange(100) % 10
    assert model.diffusion.classes == CLASSES and model.card["started_from"]["images"] == 5_880_000
    read = []
    for w in (-1, 0, 2):
        images = sample(model, n=100, labels=labels, guidance=w, seed=0, steps=10, progress=False)
        with torch.inference_mode():
            read.append((classifier()(images).argmax(1) == labels).float().mean())
    assert read[0] < 0.3 and read[1] > 0.7 and read[2] > 0.95, read


@pytest.mark.data
@pytest.mark.slow
def test_its_garments_are_good():
    report = evaluate(pretrained(), n=512, seeds=(0,), dls=fashion_mnist(), precision="auto", progress=False)
    assert report.fid < LIMIT * report.floor_fid, report


LIMIT = 4.0  # at n=512, as measured when the weights were made: see the model card


def test_a_file_that_is_not_the_shipped_one_is_refused(tmp_path, monkeypatch):
    file, sha256 = PRETRAINED["fashion-mnist"]
    damaged = bytearray((MODELS / file).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / file).write_bytes(damaged)
    monkeypatch.setattr(weights, "MODELS", tmp_path)
    with pytest.raises(ValueError, match=f"sha256 {sha256[:12]}…, found [0-9a-f]{{12}}: install ddpm-widgets again"):
        pretrained()
    (tmp_path / file).unlink()
    with pytest.raises(ValueError, match="found no file"):
        pretrained()
    with pytest.raises(ValueError, match="no pretrained model 'cifar': choose one of fashion-mnist"):
        pretrained("cifar")


def test_half_precision_in_the_file_is_half_the_size_and_nearly_the_same(tmp_path):
    model = pretrained()
    whole, half = (
        save_model(model, tmp_path / "a.safetensors"),
        save_model(model, tmp_path / "b.safetensors", half=True),
    )
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    again = load_model(half)
    assert all(p.dtype == torch.float32 for p in again.parameters())
    x, t = torch.randn(2, 1, 32, 32), torch.tensor([10, 900])
    with torch.no_grad():
        assert torch.equal(again(x, t), model(x, t))  # these were halved before
    assert torch.equal(again.diffusion.schedule.betas64, model.diffusion.schedule.betas64)


def test_another_programs_safetensors_are_refused(tmp_path):
    save_file({"a": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="other.safetensors must be a whole file of save_model"):
        read_safetensors(tmp_path / "other.safetensors")
    write_safetensors(tmp_path / "classifier.safetensors", {"a": torch.zeros(3)}, card={})
    with pytest.raises(ValueError, match="must be a whole file of save_model"):
        load_model(tmp_path / "classifier.safetensors")
