"GuidanceLab in real JupyterLab: the network comes over the comm, and class, w, noise and step go both ways."

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = ".ddw-guidance-lab"
pytestmark = [pytest.mark.slow, pytest.mark.browser]
SETUP = """
import json
import torch
from ddpm_widgets import Diffusion, GuidanceLab, cosine_schedule, sample, unet

def network(*classes):
    torch.manual_seed(0)
    net = unet("small", block_out_channels=(8, 16), norm_num_groups=8, num_class_embeds=len(classes) + 1)
    net.diffusion = Diffusion(cosine_schedule(100), "v", shape=(1, 16, 16), classes=classes, sampler="dpm++")
    return net

net = network("boot", "bag", "coat")
lab = GuidanceLab(net, label="bag", steps=6)"""
STATE = "print(json.dumps([lab.label, lab.guidance, lab.seed, lab.step]))"
SAME = """
x = torch.tensor(lab.x_T)[None]
drawn = sample(lab.model, n=1, x_T=x, steps=lab.steps, labels=lab.label, guidance=lab.guidance, progress=False)
print(json.dumps(float((drawn[0] - torch.tensor(lab.image)).abs().mean())))"""


def painted(page, root, **data):
    for name, value in data.items():
        page.wait_for_function("([e, n, v]) => e.dataset.painted && e.dataset[n] === v", arg=[root.element_handle(), name, str(value)], timeout=60_000)  # fmt: skip


def test_guidance_lab_in_jupyterlab(page, lab, tmp_path):
    cells = [new_code_cell(c) for c in (SETUP, "lab")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "guidance.ipynb")
    nb = lab.open(page, tmp_path / "guidance.ipynb")
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    root = page.locator(ROOT)
    root.wait_for()
    painted(page, root, w=2, step=2, others=6)
    assert root.get_attribute("data-how") == "wasm"
    # the hand in the page
    root.get_by_role("slider", name="guidance w").focus()
    page.keyboard.press("ArrowRight")
    root.get_by_role("slider", name="step", exact=True).focus()
    page.keyboard.press("End")
    root.get_by_role("combobox", name="class").select_option("coat")
    root.get_by_role("button", name="Other noise").click()
    painted(page, root, w=2.25, step=5)
    page.wait_for_timeout(1000)  # messages go at most every 100 ms
    assert nb.ask(STATE) == [2, 2.25, 1, 5]
    assert nb.ask(SAME) < 0.05  # int8 in the page
    # Python
    nb.ask("lab.label, lab.guidance, lab.step = 0, -1, 1; print(1)")
    painted(page, root, w=-1, step=1)
    assert root.get_by_role("combobox", name="class").input_value() == "0"
    # another network, of other classes
    nb.ask("lab.model = network('hat', 'sock'); print(1)")
    page.wait_for_timeout(1000)
    assert root.get_by_role("combobox", name="class").locator("option").all_inner_texts() == ["hat", "sock"]
    assert nb.ask(SAME) < 0.05
