"axe-core on a saved page of each widget, light and dark, with everything shown that can be opened."

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from test_live_sampler import with_none
from test_player_static import steps
from test_static_pages import COSINE, LINEAR, pictures
from torch import nn

from ddpm_widgets import _lighten, garments, train
from ddpm_widgets.widgets import (
    DensityScrubber,
    DiffusionPlayground,
    FIDLab,
    GuidanceLab,
    LiveSampler,
    NoiseScrubber,
    PathExplorer,
    SamplingPlayer,
    ScheduleExplorer,
    SolverLab,
    TrainingMonitor,
    UNetXRay,
)

AXE = Path(__file__).parents[2] / "js/node_modules/axe-core/axe.min.js"
RULES = {  # all of axe's, and two that differ from its defaults
    "page-has-heading-one": {"enabled": False},  # a widget is a part of somebody's page, whose first heading is its own
    "target-size": {"enabled": True},  # 24 by 24 pixels to press, WCAG 2.2
}


class Point(nn.Module):
    "The smallest thing that can be called as model(x_t, t)."

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x, t):
        return self.conv(x)


@cache
def monitor():
    "A monitor that has watched a short run: losses, two validations, two grids of samples, bands."
    monitor = TrainingMonitor(sample_every=10, n_samples=6, sample_args={"steps": 4}, smoothing=5)
    train(garments(n=640, n_valid=64, batch_size=64), Point(), epochs=2, cbs=[monitor], seed=0)
    assert monitor.frame_steps == [10, 20]
    return monitor


def fid_lab():
    heap = np.random.default_rng(0).uniform(-1, 1, (40, 8, 8))
    faults = {"noise": {"none": heap, "some": heap + 0.1}, "blur": {"none": heap, "some": heap / 2}}
    return FIDLab(
        np.random.default_rng(1).normal(size=(80, 4)),
        faults,
        lambda x: x[:, :2, :2].reshape(-1, 4),
        counts=[8, 20],
        strength=1,
    )


WIDGETS = {
    "NoiseScrubber": lambda: NoiseScrubber(
        pictures(), {"linear": LINEAR, "cosine": COSINE}, t=300, terms=True, labels=["coat"] * 12
    ),
    "TrainingMonitor": monitor,
    "ScheduleExplorer": lambda: ScheduleExplorer(
        pictures(3),
        t=400,
        schedules={"linear": "linear", "cosine": "cosine", "sigmoid": "sigmoid", "mine": LINEAR[:50]},
    ),
    "SamplingPlayer": lambda: SamplingPlayer(
        {"DDPM": list(steps(20)), "DDIM": list(steps(10, seed=1))}, {"DDPM": LINEAR, "DDIM": LINEAR}
    ),
    "DensityScrubber": lambda: DensityScrubber(t=300, paths="ddim"),
    "SolverLab": SolverLab,
    "FIDLab": fid_lab,
    "LiveSampler": lambda: LiveSampler(steps=4),
    "PathExplorer": lambda: PathExplorer(pictures(2)),
    "DiffusionPlayground": lambda: DiffusionPlayground(n=60, t=20, start=[1, 1]),
    "UNetXRay": lambda: UNetXRay(block="mid_block.resnets.0"),
    "GuidanceLab": lambda: GuidanceLab(with_none(), steps=4),
}

FRAME = Path(__file__).parents[1] / "support/frame.html"  # what Quarto puts around a page of the site, shortened
OPEN = [
    "Enlarge",
    "sigmoid",
    "brush",
    "Same scale",
]  # buttons: the enlarged image, a schedule hidden, a tool that draws, a scale


def violations(page):
    "What axe finds: the rule, what to mend and where."
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("(rules) => axe.run(document, { rules })", RULES)
    assert {"color-contrast", "button-name", "target-size"} <= {rule["id"] for rule in found["passes"]}, (
        "axe saw little"
    )
    return [
        f"{v['id']}: {node['failureSummary']}\n{node['html'][:200]}" for v in found["violations"] for node in v["nodes"]
    ]


@pytest.fixture
def shown(new_page, tmp_path, need):
    "A widget on a page of its own, with axe at hand."
    need("node", AXE.is_file(), "js/node_modules/axe-core is missing: run `make js`")

    def make(name, *others, **options):
        page = new_page(reduced_motion="reduce", **options)
        page.goto(WIDGETS[name]().to_html(tmp_path / "page.html", *others).as_uri())
        page.wait_for_function("document.querySelector('.ddw')?.dataset.painted")
        return page

    return make


def opened(page):
    "Open what can be opened or switched; what was there first is checked before."
    yield
    for name in OPEN:
        for button in page.get_by_role("button", name=name, exact=True).all():
            button.click()
            page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")  # drawn
            yield


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", WIDGETS)
def test_axe_finds_nothing(shown, name, scheme):
    page = shown(name, color_scheme=scheme)
    back = page.locator(".ddw").evaluate("e => getComputedStyle(e).backgroundColor.match(/\\d+/g).map(Number)")
    assert (np.mean(back[:3]) < 128) == (scheme == "dark")
    for _ in opened(page):
        assert not (found := violations(page)), "\n\n".join(found)
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_timeout(200)
    assert not (found := violations(page)), "at 400 px:\n" + "\n\n".join(found)
    assert not page.errors and not page.outside


@pytest.mark.node
@pytest.mark.parametrize("name", [name for name in WIDGETS if name != "TrainingMonitor"])
def test_axe_finds_nothing_where_two_of_a_kind_share_a_page(shown, name):
    page = shown(name, WIDGETS[name]())
    page.locator(".ddw").last.scroll_into_view_if_needed()  # a network is loaded when it comes near the screen
    page.wait_for_function("document.querySelectorAll('.ddw[data-painted]').length == 2")
    for _ in opened(page):
        assert not (found := violations(page)), "\n\n".join(found)


@pytest.mark.node
def test_axe_would_find_it(shown):
    page = shown("DensityScrubber")
    page.evaluate(
        """() => {
            document.querySelector(".ddw-play").removeAttribute("aria-label");
            document.querySelector(".ddw").style.setProperty("--ddw-muted", "#aab");
        }"""
    )
    assert {v.split(":")[0] for v in violations(page)} >= {"button-name", "color-contrast"}


@pytest.mark.node
@pytest.mark.parametrize("name", WIDGETS)
def test_tab_reaches_everything_and_the_focus_is_seen(shown, name):
    page = shown(name)
    for _ in opened(page):
        pass
    page.evaluate("() => { document.activeElement.blur(); getSelection().collapse(document.body, 0); }")
    wanted = page.evaluate(
        """() => [...document.querySelectorAll(".ddw :is(button, input, select, [tabindex])")].map((el, i) => {
            el.dataset.stop = i;
            const group = el.closest("[data-roving]"); // arrows lead to the others of a group
            const alone = group ? el.tabIndex === 0 : el.type !== "radio" || el.checked;
            if (group && group.querySelectorAll("[tabindex='0']").length !== 1) return "not one stop: " + group.className;
            return el.checkVisibility() && !el.disabled && alone ? el.outerHTML.slice(0, 120) : null;
        })"""
    )
    seen = {}
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const el = document.activeElement;
                const { outlineStyle, outlineWidth } = getComputedStyle(el);
                return el.dataset.stop && [+el.dataset.stop, outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
            }"""
        )
        if stop:
            seen[stop[0]] = stop[1]
    assert len(seen) >= 3
    assert not (missed := [what for i, what in enumerate(wanted) if what and i not in seen]), missed
    assert all(seen.values()), [wanted[i] for i, outlined in seen.items() if not outlined]


@pytest.fixture
def around(new_page, tmp_path, need):
    "What stands around a page of the site, as Quarto writes it or with our hand in it."
    need("node", AXE.is_file(), "js/node_modules/axe-core is missing: run `make js`")

    def make(mended=True, **options):
        file = tmp_path / "lessons/dropout.html"
        file.parent.mkdir(exist_ok=True)
        text = FRAME.read_text(encoding="utf-8")
        file.write_text(_lighten.current(text, file, tmp_path) if mended else text, encoding="utf-8")
        page = new_page(**options)
        page.goto(file.as_uri())
        return page

    return make


@pytest.mark.node
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_around_a_page(around, scheme):
    assert not (found := violations(around(color_scheme=scheme))), "\n\n".join(found)


@pytest.mark.node
def test_axe_would_find_it_around_a_page(around):
    assert {v.split(":")[0] for v in violations(around(mended=False))} >= {"landmark-unique", "aria-allowed-role"}


@pytest.mark.node
def test_keys_lead_past_the_header_and_fold_the_sidebar(around):
    page = around()
    page.keyboard.press("Tab")
    skip = page.locator("header > .skip")
    assert skip.evaluate("e => e === document.activeElement") and skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#quarto-document-content")
    fold = page.locator("#quarto-sidebar").get_by_role("button")
    assert fold.count() == 1 and fold.inner_text().strip() == "Lessons", "the arrow beside it says nothing new"
    assert page.locator("a.sidebar-item-toggle[aria-hidden=true][aria-expanded=true]").count() == 1, "it points down"
    fold.focus()
    assert fold.evaluate("e => e === document.activeElement && e.ariaExpanded") == "true"
    names = page.get_by_role("navigation").evaluate_all("els => els.map((e) => e.ariaLabel)")
    assert None not in names and len(set(names)) == len(names)
