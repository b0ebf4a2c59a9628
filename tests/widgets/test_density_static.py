"The DensityScrubber on a page saved by `to_html`."

import pytest

from ddpm_widgets.widgets.density_scrubber import DensityScrubber


@pytest.mark.parametrize(("paths", "before", "after"), [("noising", 100, 110), ("ddpm", 900, 890), ("ddim", 0, 990)])
def test_play_goes_the_way_of_the_walkers(page, tmp_path, paths, before, after):
    page.goto(DensityScrubber(paths=paths, t=before).to_html(tmp_path / "page.html").as_uri())
    root = page.locator(".ddw-density-scrubber")
    root.get_by_role("button", name="Play").click()
    past = f"t > {after} && t < 300" if paths == "noising" else f"t < {after} && t > 300"
    page.wait_for_function(f"el => {{ const t = +el.dataset.painted; return {past}; }}", arg=root.element_handle())
