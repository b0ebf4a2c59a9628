"UNetXRay in real JupyterLab: the network comes over the comm, and image, t, pixel and block go both ways."

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = ".ddw-unet-xray"
pytestmark = [pytest.mark.slow, pytest.mark.browser]
SETUP = """
import json
from ddpm_widgets import UNetXRay
xray = UNetXRay(t=300)"""
STATE = "print(json.dumps([xray.index, xray.t, list(xray.pixel), xray.block]))"


def painted(page, root, more_than=0):
    page.wait_for_function("([e, n]) => Number(e.dataset.painted ?? 0) > n", arg=[root.element_handle(), more_than], timeout=60_000)  # fmt: skip
    return int(root.get_attribute("data-painted"))


def test_unet_xray_in_jupyterlab(page, lab, tmp_path):
    cells = [new_code_cell(c) for c in (SETUP, "xray")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "xray.ipynb")
    nb = lab.open(page, tmp_path / "xray.ipynb")
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    root = page.locator(ROOT)
    root.wait_for()
    n = painted(page, root)
    assert root.get_attribute("data-how") == "wasm"
    # the hand in the page
    root.get_by_role("slider", name="timestep t").focus()
    page.keyboard.press("PageUp")
    n = painted(page, root, n)
    root.locator(".thumb").nth(2).click()
    n = painted(page, root, n)
    root.locator(".panel canvas").first.focus()
    page.keyboard.press("ArrowDown")
    n = painted(page, root, n)
    root.locator(".block").first.click()
    page.wait_for_timeout(500)  # messages go at most every 100 ms
    assert nb.ask(STATE) == [2, 400, [16, 17], "conv_in"]
    # Python
    n = int(root.get_attribute("data-painted"))
    nb.ask("xray.t, xray.index, xray.pixel, xray.block = 700, 5, (3, 4), 'mid_block.attentions.0'; print(1)")
    painted(page, root, n)
    root.locator(".detail:visible h3", has_text="mid_block.attentions.0").wait_for()
    assert root.get_attribute("data-t") == "700" and "pixel 3, 4" in root.locator(".panel .note").first.inner_text()
    assert root.locator(".thumb").nth(5).get_attribute("aria-pressed") == "true"
    # another network, while the former one is at work on the slopes: other blocks
    nb.ask("""
import time
from ddpm_widgets import Diffusion, linear_schedule, unet
net = unet("small", block_out_channels=(16, 24))
net.diffusion = Diffusion(linear_schedule(), "eps", shape=(1, 32, 32))
print(1)""")
    n = int(root.get_attribute("data-painted"))
    nb.ask("xray.t = 650; time.sleep(0.3); print(1)")
    n = painted(page, root, n)
    nb.ask("xray.model = net; print(1)")
    painted(page, root, n)
    root.locator(".block").nth(len(nb.ask("print(json.dumps(xray.blocks))")) - 1).wait_for()
    assert root.locator(".block .c").first.inner_text() == "16"
