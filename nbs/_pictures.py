"""The pictures of the front page: one for each lesson, out of its committed outputs, and the card that other sites show of this one.

python nbs/_pictures.py      writes nbs/static/lessons/NN.png and nbs/static/card.png (the card needs Chromium or Chrome)
"""

import base64
import io
import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
SIZE = 640, 360
CHOSEN = {  # lesson: (the cell whose picture it is, which part of it: the middle of the crop, from 0 to 1)
    "01": ("868e1850", 0.5, 0.4),
    "02": ("f0b3987d", 0.3, 0.5),
    "02b": ("9a1e030d", 0.0, 1.0),
    "03": ("9aae40aa", 0.5, 0.9),
    "04": ("4ae827d9", 1.0, 0.5),
    "04b": ("4b0e002f", 1.0, 0.0),
    "05": ("9d1fa13e", 1.0, 0.5),
    "06": ("ca059ab4", 0.6, 0.3),
    "07": ("7d10aa02", 0.5, 0.0),
    "08": ("c4a0f698", 0.5, 0.4),
    "09": ("8186c756", 0.5, 0.5),
    "09b": ("9b000013", 0.5, 0.5),
    "09c": ("9c000028", 0.5, 0.9),
    "10": ("ec99ebc3", 0.5, 0.5),
}
INTER = HERE / "static/vendor/inter/inter-latin-wght-normal.woff2"
CARD = """<style>@font-face {{ font-family: Inter; font-weight: 100 900; src: url(data:font/woff2;base64,{font}) }}</style><body style="margin:0;width:1200px;height:630px;box-sizing:border-box;padding:72px;background:#0c0e13;color:#e3e7ee;
font-family:Inter,system-ui,sans-serif;display:flex;flex-direction:column;justify-content:space-between">
<img src="data:image/png;base64,{strip}" style="width:1056px;image-rendering:pixelated;border-radius:12px">
<div><div style="font-size:72px;font-weight:680;letter-spacing:-.025em;line-height:1.1">Learn diffusion models by hand</div>
<div style="font-size:32px;color:#9aa4b5;margin-top:20px">ddpm-widgets: fourteen lessons, twelve widgets, one small exact library</div></div></body>"""


def picture_of(lesson: Path, cell: str) -> Image.Image:
    "The picture that a cell of a lesson shows."
    nb = json.loads(lesson.read_text(encoding="utf-8"))
    found = next(c for c in nb["cells"] if c.get("id") == cell)
    data = next(out["data"]["image/png"] for out in found["outputs"] if "image/png" in out.get("data", {}))
    return Image.open(io.BytesIO(base64.b64decode("".join(data)))).convert("RGB")


def crop(im: Image.Image, x: float, y: float) -> Image.Image:
    "The largest part of a picture that has the cards' shape."
    w, h = im.size
    width, height = min(w, h * SIZE[0] // SIZE[1]), min(h, w * SIZE[1] // SIZE[0])
    left, top = round((w - width) * x), round((h - height) * y)
    return im.crop((left, top, left + width, top + height)).resize(SIZE, Image.Resampling.LANCZOS)


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
    folder = HERE / "static/lessons"
    folder.mkdir(exist_ok=True)
    for number, (cell, x, y) in CHOSEN.items():
        lesson = next((HERE / "lessons").glob(f"{number}_*.ipynb"))
        (folder / f"{number}.png").write_bytes(as_bytes(crop(picture_of(lesson, cell), x, y)))
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
