"""The pictures of the front page, and the card that other sites show of this one.

python nbs/_pictures.py      writes nbs/static/front/*.png and nbs/static/card.png (the card needs Chromium or Chrome; all take some minutes)

The pictures stand on the dark ground of the dark theme, so that they suit both themes.
"""

import base64
import io
import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIZE = 640, 360
GROUND, LINE, CURVE = (12, 14, 19), (43, 49, 61), (165, 180, 252)  # of theme-dark.scss
INTER = HERE / "static/vendor/inter/inter-latin-wght-normal.woff2"
CARD = """<style>@font-face {{ font-family: Inter; font-weight: 100 900; src: url(data:font/woff2;base64,{font}) }}</style><body style="margin:0;width:1200px;height:630px;box-sizing:border-box;padding:72px;background:#0c0e13;color:#e3e7ee;
font-family:Inter,system-ui,sans-serif;display:flex;flex-direction:column;justify-content:space-between">
<img src="data:image/png;base64,{strip}" style="width:1056px;image-rendering:pixelated;border-radius:12px">
<div><div style="font-size:72px;font-weight:680;letter-spacing:-.025em;line-height:1.1">Learn diffusion models by hand</div>
<div style="font-size:32px;color:#9aa4b5;margin-top:20px">ddpm-widgets: fourteen lessons, twelve widgets, one small exact library</div></div></body>"""


def grid(images: np.ndarray, rows: int, columns: int, cell: int, gap: int = 4) -> Image.Image:
    "Images, (n, 1, h, w) in [-1, 1], in rows on the dark ground."
    out = Image.new("RGB", (columns * (cell + gap) - gap, rows * (cell + gap) - gap), GROUND)
    grey = np.rint((images.clip(-1, 1) + 1) * 127.5).astype(np.uint8)[:, 0]
    for i, image in enumerate(grey[: rows * columns]):
        place = (i % columns) * (cell + gap), (i // columns) * (cell + gap)
        out.paste(Image.fromarray(image).resize((cell, cell), Image.Resampling.NEAREST).convert("RGB"), place)
    return out


def centred(*parts: tuple[Image.Image, int]) -> Image.Image:
    "Pictures on the ground of a card, each with its left edge; in the middle from top to bottom."
    card = Image.new("RGB", SIZE, GROUND)
    for part, left in parts:
        card.paste(part, (left, (SIZE[1] - part.height) // 2))
    return card


def taken_apart() -> Image.Image:
    "Four garments under more and more noise."
    from ddpm_widgets import cosine_schedule, pretrained, sample
    from ddpm_widgets.widgets.base import normal

    x0 = sample(pretrained(), n=4, seed=7, progress=False).numpy()
    alpha_bar = cosine_schedule().alpha_bar.numpy()[[0, 120, 260, 420, 600, 800, 999]]
    noise = normal(3, x0.shape)
    x_t = [np.sqrt(a) * x + np.sqrt(1 - a) * e for x, e in zip(x0, noise, strict=True) for a in alpha_bar]
    return centred((grid(np.stack(x_t), 4, 7, 80), 28))


def trained() -> Image.Image:
    "The loss of a training of one epoch, and what the network draws then."
    from ddpm_widgets import Callback, fashion_mnist, train

    class Losses(Callback):
        def after_batch(self, learn):
            if learn.training:
                losses.append(learn.loss.item())

    losses: list[float] = []
    dls = fashion_mnist(batch_size=32, seed=0).subset(12_800, n_valid=512)  # as in lesson 4
    learn = train(dls, "small", epochs=1, lr=2.5e-3, ema=0.99, seed=0, cbs=[Losses()], progress=False)
    smooth = np.convolve(losses, np.ones(9) / 9, "valid")
    high, wide = 260, 290
    plot = Image.new("RGB", (wide * 2, high * 2), GROUND)
    draw = ImageDraw.Draw(plot)
    draw.line([(4, 0), (4, 2 * high - 4), (2 * wide, 2 * high - 4)], LINE, 5)
    top = smooth.max()
    at = [(8 + (2 * wide - 12) * i / (len(smooth) - 1), (2 * high - 14) * (1 - v / top)) for i, v in enumerate(smooth)]
    draw.line(at, CURVE, 5, joint="curve")
    samples = learn.sample(9, seed=0).numpy()
    return centred((plot.resize((wide, high), Image.Resampling.LANCZOS), 28), (grid(samples, 3, 3, 84), 350))


def asked_for() -> Image.Image:
    "Five noises, and what becomes of each as one of eight classes."
    import torch

    from ddpm_widgets import pretrained, sample

    labels = torch.tensor([0, 1, 2, 3, 5, 7, 8, 9]).repeat_interleave(4)
    one = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(5)).repeat(8, 1, 1, 1)
    x0 = sample(pretrained("fashion-mnist-classes"), n=32, x_T=one, labels=labels, guidance=2, progress=False).numpy()
    order = [k * 4 + j for j in range(4) for k in range(8)]
    return centred((grid(x0[order], 4, 8, 70), 26))


PICTURES = {"taken_apart": taken_apart, "trained": trained, "asked_for": asked_for}


def as_bytes(im: Image.Image) -> bytes:
    out = io.BytesIO()
    im.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def strip() -> str:
    "A garment on its way into noise, as a PNG."
    from ddpm_widgets import cosine_schedule
    from ddpm_widgets.images import png, tile
    from ddpm_widgets.widgets.base import normal
    from ddpm_widgets.widgets.schedule_explorer import shirt

    x0 = shirt()[None] / 127.5 - 1
    alpha_bar = cosine_schedule().alpha_bar.numpy()[[0, 150, 300, 450, 600, 750, 880, 999]][:, None, None]
    x_t = np.sqrt(alpha_bar) * x0 + np.sqrt(1 - alpha_bar) * normal(3, (1, 32, 32))
    grey = np.rint((x_t.clip(-1, 1) + 1) * 127.5).astype(np.uint8)[..., None]
    return base64.b64encode(png(tile(grey, 8, 2, 4, 12))).decode()


if __name__ == "__main__":
    folder = HERE / "static/front"
    folder.mkdir(exist_ok=True)
    for name, make in PICTURES.items():
        (folder / f"{name}.png").write_bytes(as_bytes(make()))
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if browser:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as p:
            page = p.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
                viewport={"width": 1200, "height": 630}
            )
            font = base64.b64encode(INTER.read_bytes()).decode()
            page.set_content(CARD.format(strip=strip(), font=font))
            page.evaluate("document.fonts.ready")
            (HERE / "static/card.png").write_bytes(as_bytes(Image.open(io.BytesIO(page.screenshot())).convert("RGB")))
