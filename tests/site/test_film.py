"The script that makes the README's film still finds its way about the widgets."

import numpy as np
from _film import FRAME, HEIGHT, THEMES, WIDTH, Camera, drag, page_of, save
from PIL import Image
from test_player_static import steps
from test_static_pages import LINEAR, pictures

from ddpm_widgets import NoiseScrubber, SamplingPlayer


def test_a_short_film(new_page, tmp_path):
    shown = [
        NoiseScrubber(pictures(8), LINEAR, t=0, columns=8),
        SamplingPlayer(steps(), n=4, show=("x_t", "x0"), columns=4, total=True),
    ]
    for theme, (back, _, _) in THEMES.items():
        page = new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme, reduced_motion="reduce")
        (tmp_path / "film.html").write_text(page_of(shown, theme), encoding="utf-8")
        page.goto((tmp_path / "film.html").as_uri())
        camera = Camera(page)
        drag(camera, 0, "noise-scrubber", lambda x: LINEAR[round(999 * x)], [(0, 0.5, 2)], 200)
        assert page.locator(".ddw-noise-scrubber .ddw-flag").inner_text() == "t = 500"
        drag(camera, 1, "sampling-player", lambda x: 0.5, [(0, 1, 2)], 200)
        assert page.locator(".ddw-sampling-player").get_attribute("data-painted") == "0"
        assert not page.errors and not page.outside
        assert len(camera.frames) == 6 and camera.times == [200, FRAME, 900] * 2
        assert f"#{bytes(camera.frames[0].getpixel((0, HEIGHT - 1))).hex()}" == back
        pixels = [np.asarray(frame).astype(int) for frame in camera.frames]
        assert all(abs(b - a).mean() > 0.5 for a, b in zip(pixels, pixels[1:], strict=False)), "each frame is another"
        for card in page.locator(".ddw").all():
            box = card.bounding_box()
            assert box["y"] + box["height"] <= HEIGHT and card.evaluate("el => el.scrollHeight <= el.clientHeight + 1")
    save(camera.frames, camera.times, tmp_path / "film.webp")
    with Image.open(tmp_path / "film.webp") as film:
        assert film.n_frames == 6 and film.info["loop"] == 0 and film.size == (WIDTH, HEIGHT)
