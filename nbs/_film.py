"""The film at the top of README.md: two real widgets, moved by a real mouse in a headless browser.

python nbs/_film.py      writes nbs/static/film-light.webp and film-dark.webp, and a still of each for those who want no
                         motion (needs Chromium or Chrome; two minutes)

First a NoiseScrubber, dragged along its curve until nothing is left of eight garments; then a SamplingPlayer, dragged
through a sampler's way from noise to four of these very garments, which the network that comes with the package has made. A
headless browser draws no mouse pointer: the page draws one where the mouse is. Nothing else on it is made up.
"""

import base64
import io
import math
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
INTER = HERE / "static/vendor/inter/inter-latin-wght-normal.woff2"
WIDTH, HEIGHT = 880, 516  # CSS pixels; the picture has twice as many
SEED, STEPS = 1, 50  # of the garments
GREYS = 16  # levels of grey in the garments and the noise: more of them weigh more, and nobody sees them
FRAME = 80  # milliseconds
THEMES = {"light": ("#ffffff", "#1f2328", "#59636e"), "dark": ("#0d1117", "#f0f6fc", "#9198a1")}  # GitHub's own
SAID = (
    "Drag <b>t</b>, and watch garments drown in noise.",
    "The way back: a trained network makes these garments <b>out of noise</b>.",
)
PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>film</title>
<style>
@font-face {{ font-family: Inter; font-weight: 100 900; src: url(data:font/woff2;base64,{font}) }}
body {{ margin: 0; background: {back}; color: {soft}; font: 19px/28px Inter; letter-spacing: -.01em }}
body > p, body > [data-ddw] {{ position: absolute; left: 4px; right: 4px; top: 0; margin: 0; visibility: hidden }}
body > [data-ddw] {{ top: 38px }}
body > .on {{ visibility: visible }}
body > p b {{ font-weight: 600; color: {fore} }}
body .ddw-slider:focus-visible {{ outline: none !important }}
body .ddw {{ height: {card}px; align-content: space-between }}
#hand {{ position: absolute; width: 22px; height: 26px; z-index: 9; pointer-events: none; filter: drop-shadow(0 1px 2px rgb(0 0 0 / .45)) }}
</style>
{said}
{widgets}
<svg id="hand" viewBox="0 0 22 26"><path d="M3 2v18l4.6-4.3 3 7 3.2-1.4-3-6.8h6.4z" fill="#111" stroke="#fff" stroke-width="1.6" stroke-linejoin="round"/></svg>
<script>
const hand = document.getElementById("hand");
addEventListener("pointermove", (e) => {{ hand.style.transform = `translate(${{e.clientX - 3}}px, ${{e.clientY - 2}}px)` }}, true);
function show(scene) {{
  for (const all of [document.querySelectorAll("body > p"), document.querySelectorAll("body > [data-ddw]")])
    all.forEach((el, i) => el.classList.toggle("on", i === scene));
}}
</script>"""


def widgets() -> list:
    "The two widgets: garments that the trained network makes, and how it came to them."
    from ddpm_widgets import NoiseScrubber, SamplingPlayer, linear_schedule, pretrained, sample_steps

    steps = list(sample_steps(pretrained(), n=8, sampler="ddim", steps=STEPS, seed=SEED))
    garments = steps[-1].x0.clip(-1, 1)
    return [
        NoiseScrubber(garments, linear_schedule(), t=0, columns=8),
        SamplingPlayer(steps, n=4, show=("x_t", "x0"), columns=4, max_frames=50, total=True),
    ]


def page_of(shown: list, theme: str) -> str:
    "The page: what is said about each scene, and the two widgets on top of each other."
    from ddpm_widgets.widgets.page import embed

    back, fore, soft = THEMES[theme]
    return PAGE.format(
        font=base64.b64encode(INTER.read_bytes()).decode(),
        back=back,
        fore=fore,
        soft=soft,
        card=HEIGHT - 42,
        said="".join(f"<p>{text}</p>" for text in SAID),
        widgets=embed(*shown),
    )


def ease(n: int) -> list[float]:
    "n numbers from 0 to 1, slow at both ends; 0 is left out."
    return [(1 - math.cos(math.pi * i / n)) / 2 for i in range(1, n + 1)]


class Camera:
    "Takes a picture of the page whenever it is told, with the time for which the film shows it."

    def __init__(self, page):
        self.page, self.frames, self.times = page, [], []

    def shoot(self, milliseconds: int = FRAME) -> None:
        png = self.page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})
        self.frames.append(Image.open(io.BytesIO(png)).convert("RGB"))
        self.times.append(milliseconds)


def drag(camera: Camera, scene: int, name: str, curve, ways: list[tuple[float, float, int]], start: int) -> None:
    """Show a scene and drag along its chart. `ways`: (from, to, frames), 0 is the chart's left end, 1 its right.

    `curve` says how high the mouse goes at each place, from 0 (bottom) to 1 (top).
    """
    page = camera.page
    root = page.locator(f".ddw-{name}")
    root.wait_for(state="attached")
    page.evaluate("show", scene)
    box = root.locator(".ddw-plot").bounding_box()

    def to(x: float) -> None:
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * (1 - float(curve(x))))
        page.wait_for_function(  # on screen is what the slider says
            "el => { const at = el.querySelector('.ddw-flag').textContent.split('= ')[1]; return el.dataset.painted === at }",
            arg=root.element_handle(),
        )
        page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")

    to(ways[0][0])
    camera.shoot(start)
    page.mouse.down()
    for a, b, frames in ways:
        for u in ease(frames):
            to(a + (b - a) * u)
            camera.shoot()
        camera.times[-1] = 900  # rest at the end of each way
    page.mouse.up()


def shoot(page) -> Camera:
    "The whole film."
    from ddpm_widgets import linear_schedule

    alpha_bar = linear_schedule().alpha_bar.numpy()
    camera = Camera(page)
    there_and_back = [(0.0, 0.35, 12), (0.35, 0.08, 8), (0.08, 0.8, 14)]
    drag(camera, 0, "noise-scrubber", lambda x: alpha_bar[round(999 * x)], there_and_back, 1200)
    drag(camera, 1, "sampling-player", lambda x: 0.5, [(0.0, 1.0, 32)], 1200)
    camera.times[-1] = 2500
    return camera


def fewer_greys(im: Image.Image) -> Image.Image:
    "The same picture with few greys; its colours stay as they are."
    rgb = np.asarray(im)
    grey = (rgb == rgb[..., :1]).all(-1, keepdims=True)
    step = 255 / (GREYS - 1)
    return Image.fromarray(np.where(grey, np.rint(np.rint(rgb / step) * step), rgb).astype(np.uint8))


def save(frames: list[Image.Image], times: list[int], path: Path) -> None:
    "Write an animated WebP that repeats."
    few = [fewer_greys(im) for im in frames]
    few[0].save(
        path, save_all=True, append_images=few[1:], duration=times, loop=0, lossless=True, quality=100, method=4, kmax=0
    )


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if not browser:
        raise SystemExit("The film needs Chromium or Chrome: install one.")
    shown = widgets()
    with sync_playwright() as p, tempfile.TemporaryDirectory() as folder:
        chrome = p.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for theme in THEMES:
            where = Path(folder, f"{theme}.html")
            where.write_text(page_of(shown, theme), encoding="utf-8")
            page = chrome.new_page(
                viewport={"width": WIDTH, "height": HEIGHT},
                device_scale_factor=2,
                color_scheme=theme,
                reduced_motion="reduce",
            )
            page.goto(where.as_uri())
            page.evaluate("document.fonts.ready")
            camera = shoot(page)
            save(camera.frames, camera.times, HERE / f"static/film-{theme}.webp")
            fewer_greys(camera.frames[12]).save(HERE / f"static/film-{theme}.png", optimize=True)
            page.close()
        chrome.close()
