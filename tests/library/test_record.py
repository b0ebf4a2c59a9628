"""The record: what a training costs, that it ends where its budget does, and that no figure changes by accident."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from ddpm_widgets import Learner, TrainCB, evaluate, garments, sample, unet
from ddpm_widgets._cli import main
from ddpm_widgets.record import (
    BUDGET,
    Budget,
    measure_recipe,
    multiply_adds,
    read_recipe,
    read_record,
    record_table,
    signature,
)

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "benchmarks/record"
LAYER_PRICE = 18 * 64  # 18 weights at each of 8×8 pixels


def layer():
    torch.manual_seed(0)
    return nn.Conv2d(1, 2, 3, padding=1)


def loader(batches=4, size=8):
    return SimpleNamespace(train=[(torch.ones(16, 1, size, size), None)] * batches, valid=None)


def fit(model, budget, epochs=3, **how):
    learn = Learner(model, loader(**how), lambda out, _: out.square().mean(), cbs=[budget, TrainCB()])
    learn.fit(epochs)
    return learn


def test_the_price_of_layers_counted_by_hand():
    assert multiply_adds(layer(), torch.zeros(5, 1, 8, 8)) == LAYER_PRICE
    assert multiply_adds(nn.Linear(3, 7), torch.zeros(2, 3)) == 21
    net = unet("small", block_out_channels=(8, 16), norm_num_groups=8)
    once = multiply_adds(net, torch.zeros(1, 1, 16, 16), torch.zeros(1).long())
    assert multiply_adds(net, torch.zeros(3, 1, 16, 16), torch.zeros(3).long()) == once > 1e5


def test_a_step_costs_three_passes():
    "As PyTorch counts it, forward and backward together; but for the first layer, whose input needs no gradient."
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    net = unet("small", block_out_channels=(8, 16), norm_num_groups=8)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        net(torch.zeros(2, 1, 16, 16), torch.zeros(2).long()).mean().backward()
    passes = counter.get_total_flops() / 2 / 2 / multiply_adds(net, torch.zeros(1, 1, 16, 16), torch.zeros(1).long())
    assert 2.9 < passes <= 3


def test_the_fit_ends_where_the_budget_does():
    budget = Budget(3 * LAYER_PRICE * 40)
    learn = fit(layer(), budget)
    assert learn.steps == 3 and budget.spent == 3 * LAYER_PRICE * 48 and budget.left == 0
    assert fit(layer(), Budget(), epochs=1).steps == 4


def test_smaller_images_cost_less_and_looking_costs_nothing():
    budget, net = Budget(), layer()
    budget.watch(net)
    net(torch.zeros(2, 1, 8, 8)).sum().backward()
    net(torch.zeros(2, 1, 4, 4)).sum().backward()
    assert budget.spent == 3 * 2 * LAYER_PRICE * 1.25
    with torch.no_grad():
        net(torch.zeros(2, 1, 8, 8))
        net.eval()(torch.zeros(2, 1, 8, 8))
    assert budget.spent == 3 * 2 * LAYER_PRICE * 1.25


def test_no_mode_makes_learning_free():
    budget, net = Budget(), layer().eval()
    budget.watch(net)
    net(torch.zeros(2, 1, 8, 8)).sum().backward()
    assert budget.spent == 3 * 2 * LAYER_PRICE


def test_a_second_fit_is_counted_once():
    budget, model = Budget(), layer()
    learn = fit(model, budget, epochs=1)
    learn.fit(1)
    assert budget.spent == 3 * LAYER_PRICE * 16 * 8


def test_attention_costs_what_its_products_cost_on_every_device():
    class Attention(nn.Module):
        def forward(self, x):  # (n, pixels, channels)
            return nn.functional.scaled_dot_product_attention(x, x, x)

    assert multiply_adds(Attention(), torch.zeros(3, 64, 8)) == 2 * 64 * 64 * 8


def test_counting_changes_nothing():
    seen, alone = layer(), layer()
    fit(seen, Budget()), fit(alone, SimpleNamespace())
    assert torch.equal(seen.weight, alone.weight)


def test_the_budget_in_images():
    net = unet("fast")
    assert 100_000 < Budget().images(net) < 110_000
    half = Budget(BUDGET / 2)
    assert abs(half.images(net) - Budget().images(net) / 2) < 2


RECIPE = """
from ddpm_widgets import garments, train, unet

def recipe(budget, seed):
    net = unet("fast", block_out_channels=(8, 16), norm_num_groups=8)  # drawn from in 20 steps
    learn = train(garments(16, n=64, n_valid=16, seed=seed), net, epochs=1, cbs=[CBS], seed=seed, progress=False)
    return RETURNS
"""


def write(folder, cbs="budget", returns="learn.ema_model", text=RECIPE):
    path = folder / "mine.py"
    path.write_text(text.replace("CBS", cbs).replace("RETURNS", returns), encoding="utf-8")
    return path


def test_a_recipe_is_trained_judged_and_kept(tmp_path):
    said = []
    dls = garments(64, n=256, n_valid=64)
    record = measure_recipe(write(tmp_path), runs=2, n=16, limit=1e12, dls=dls, say=said.append)
    assert [run["seed"] for run in record["runs"]] == [0, 1] and len({run["drawn"] for run in record["runs"]}) == 2
    assert record["fids"] == [run["fid"] for run in record["runs"]] and record["text"] == write(tmp_path).read_text()
    assert all(0 < run["multiply_adds"] <= 1e12 and run["floor_fid"] > 0 for run in record["runs"])
    assert len(said) == 2 and "run 2 of 2" in said[1] and "by the second judge" in said[1]
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(record))
    assert read_record(file) == record
    file.write_text(json.dumps({**record, "fids": [0.01, 0.01]}))
    with pytest.raises(ValueError, match="found changed contents"):
        read_record(file)


def test_an_interrupted_measurement_goes_on_with_the_next_run(tmp_path, monkeypatch, capsys):
    dls = garments(64, n=256, n_valid=64)
    monkeypatch.setattr("ddpm_widgets.record.evaluate", lambda *a, **how: evaluate(*a, **{**how, "dls": dls}))
    recipe, file = write(tmp_path), tmp_path / "kept.json"
    command = ["record", str(recipe), "-o", str(file), "-n", "16", "--budget", "1e12", "--runs"]
    assert main([*command, "1"]) == 0
    first = read_record(file)
    assert main([*command, "2"]) == 0 and "run 1 of" not in capsys.readouterr().out.split(str(file))[1]
    both = read_record(file)
    assert both["runs"][0] == first["runs"][0] and [run["seed"] for run in both["runs"]] == [0, 1]
    assert main([*command, "2"]) == 0 and read_record(file) == both, "nothing was left to do"
    assert f"2 of 2 runs stand in {file} already" in capsys.readouterr().out
    recipe.write_text(recipe.read_text() + "# another idea\n")
    assert main([*command, "3"]) == 1 and "before must be of this recipe" in capsys.readouterr().err
    assert read_record(file) == both
    assert main([*command, "1", "--force"]) == 0 and "another idea" in read_record(file)["text"]
    assert len(read_record(file)["runs"]) == 1


def test_what_stood_before_the_interrupt_is_kept(tmp_path):
    kept, dls = [], garments(64, n=256, n_valid=64)

    def keep(record):
        kept.append(record)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_recipe(write(tmp_path), runs=2, n=16, limit=1e12, dls=dls, keep=keep)
    assert len(kept) == 1 and len(kept[0]["runs"]) == 1 and kept[0]["sha256"] == signature(kept[0])


@pytest.mark.parametrize(
    "made, limit, said",
    [
        ({"cbs": ""}, 1e12, "spend no more than its budget of 1e+12 multiply-adds, and say so, found 0"),
        ({"returns": "learn"}, 1e12, "a recipe must return a network that carries `diffusion`"),
        ({"text": "def other(): pass"}, 1e12, "mine.py must have a function recipe(budget, seed), found none"),
        ({}, 0, "limit must be a finite number above 0"),
    ],
)
def test_what_is_no_recipe_is_refused(made, limit, said, tmp_path):
    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        measure_recipe(write(tmp_path, **made), runs=1, n=16, limit=limit, dls=garments(64, n=64, n_valid=16))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="recipe must be a Python file, found none"):
        measure_recipe(tmp_path / "none.py")
    (tmp_path / "torn.json").write_text("{")
    with pytest.raises(ValueError, match="must be a record, found no JSON"):
        read_record(tmp_path / "torn.json")


def entry(folder, name, fids, **other):
    "A file as `ddpm-widgets record` writes it."
    runs = [
        {"seed": i, "n": 2048, "parameters": 3_480_000, "fid": f, "second_fids": [f / 2]} for i, f in enumerate(fids)
    ]
    record = {
        "recipe": name,
        "text": f'"""The idea\nof {name}."""\n',
        "budget": BUDGET,
        "runs": runs,
        "fids": fids,
        "machine": "x",
        **other,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**record, "sha256": signature(record)}))
    return path


def test_the_table_of_records(tmp_path):
    files = [entry(tmp_path, "seed", [2.0, 2.0, 2.0]), entry(tmp_path, "half", [1.0, 1.1, 0.9])]
    lines = record_table(files).splitlines()
    assert lines[2] == "| `half` | The idea of half. | 1.00 ± 0.10 | 0.50 ± 0.05 | 0.50 ± 0.03 | 3.5 M |"
    assert lines[3].startswith("| `seed` | The idea of seed. | 2.00 ± 0.00 |") and "|  |" in lines[3]
    assert "|  |" in record_table(files[1:]), "without the seed's recipe there is no ratio"


@pytest.mark.parametrize("other", [{"budget": 1e12}, {"runs": [{"n": 2048}] * 2}, {"runs": [{"n": 512}] * 3}])
def test_what_was_not_measured_by_the_rules_is_no_record(tmp_path, other):
    with pytest.raises(ValueError, match="mine must be measured in three runs of 2,048 images"):
        record_table([entry(tmp_path, "mine", [1.0, 1.0, 1.0], **other)])


def test_the_records_that_stand_were_measured_by_the_rules_and_keep_their_recipes():
    files = sorted(RECIPES.glob("*.json"))
    assert len(record_table(files).splitlines()) == 2 + len(files)
    for file in files:
        assert read_record(file)["text"] == file.with_suffix(".py").read_text(encoding="utf-8"), file.name


@pytest.mark.parametrize("page", ["record.ipynb", "api/37_record.ipynb"])
def test_pages_quote_the_seed_recipe_as_it_is(page):
    cells = json.loads((ROOT / "nbs" / page).read_text(encoding="utf-8"))["cells"]
    prose = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    _, code = (RECIPES / "seed.py").read_text(encoding="utf-8").split('"""\n\n', 1)
    assert f"```python\n{code}```" in prose


@pytest.mark.data
@pytest.mark.parametrize("recipe", [file.stem for file in sorted(RECIPES.glob("*.py"))])
def test_every_recipe_trains_within_a_small_budget_and_draws(recipe):
    function, _ = read_recipe(RECIPES / f"{recipe}.py")
    model = function(budget := Budget(3e10), 0)
    assert 0 < budget.spent <= 6.5e10, "a batch of 128, at most"
    images = sample(model, n=1, seed=0, progress=False)
    assert images.shape == (1, 1, 32, 32) and images.isfinite().all()
