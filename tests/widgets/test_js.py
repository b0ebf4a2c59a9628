"The front end: types, pure functions, and bundles that are fresh, small and need nobody else."

import re
import subprocess
from pathlib import Path

import pytest

from ddpm_widgets import widgets
from ddpm_widgets.widgets.base import Widget
from ddpm_widgets.widgets.live_sampler import NetworkWidget

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "ddpm_widgets/static"
WIDGETS = sorted(p.stem for p in (ROOT / "js/src").glob("*.js"))
BUNDLES = sorted(STATIC.glob("*.*"))
LIMIT = 60_000  # bytes: every saved widget repeats its bundle
INSIDE = r"(?:[^{}]|\$\{[^}]*\})*"  # of an object in JavaScript, also one with `${…}` in its words
NAMESPACES = re.compile(r"http://www\.w3\.org/(?:\d{4}/(?:svg|xlink|xhtml|XML/namespace)|1998/Math/MathML)")


def node(*command):
    done = subprocess.run(command, cwd=ROOT / "js", capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.node
def test_types():
    node("node", "node_modules/typescript/bin/tsc", "-p", ".")


def test_each_picture_has_a_name_before_it_is_drawn():
    "A network is loaded when its reader asks: until then a picture without words would be nothing at all to some."
    nameless = [
        f"{path.name}: {attrs}"
        for path in sorted((ROOT / "js/src").rglob("*.js"))
        for attrs in re.findall(rf'\{{{INSIDE}role: "img"{INSIDE}\}}', path.read_text(encoding="utf-8"))
        if "aria-label" not in attrs
    ]
    assert not nameless


@pytest.mark.parametrize("name", WIDGETS)
def test_the_types_name_the_traits(name):
    "`get` is typed by what stands in the widget's JSDoc: its synced traits but for those of the base, and no other."
    folder = {
        "noise_scrubber": "noise",
        "density_scrubber": "density",
        "schedule_explorer": "explorer",
        "solver_lab": "solver",
        "path_explorer": "paths",
        "fid_lab": "fid",
        "live_sampler": "live",
        "diffusion_playground": "playground",
        "unet_xray": "xray",
        "guidance_lab": "guidance",
    }.get(name, name.rpartition("_")[2])
    text = (ROOT / "js/src" / folder / "read.js").read_text(encoding="utf-8")
    typed = re.findall(r"@property \{.*?\} (\w+)", re.search(r"@typedef \{object\} OwnTraits(.*?)\*/", text, re.S)[1])
    widget = getattr(
        widgets,
        "".join(word.title() for word in name.split("_"))
        .replace("Fid", "FID")
        .replace("Unet", "UNet")
        .replace("Xray", "XRay"),
    )
    base = NetworkWidget if issubclass(widget, NetworkWidget) else Widget  # each has its traits typed once
    own = widget.class_traits(sync=True).keys() - base.class_traits(sync=True).keys()
    assert sorted(typed) == sorted(n for n in own if not n.startswith("_"))


@pytest.mark.node
def test_pure_functions():
    tests = sorted(map(str, (ROOT / "js/test").glob("*.test.js")))
    assert tests
    said = node("node", "--test", "--test-reporter=tap", *tests)
    assert int(re.search(r"# pass (\d+)", said)[1]) >= len(tests) and "# fail 0" in said


@pytest.mark.node
def test_bundles_are_fresh(tmp_path):
    node("node", "build.mjs", tmp_path)
    fresh = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    committed = {p.name: p.read_bytes() for p in BUNDLES}
    assert fresh.keys() == committed.keys()
    stale = [name for name in fresh if fresh[name] != committed[name]]
    assert not stale, f"{', '.join(stale)}: run `make js` and commit"


def test_every_widget_has_its_bundle():
    host = {
        "host.js",
        "plots.js",
        "exercises.js",
        "exercise.js",
    }  # for widgets, figures and exercises in pages without a kernel
    assert WIDGETS and {f"{name}.js" for name in WIDGETS} | host == {p.name for p in BUNDLES if p.suffix == ".js"}
    assert {f"{name}.css" for name in WIDGETS} == {p.name for p in BUNDLES if p.suffix == ".css"}


@pytest.mark.parametrize("path", BUNDLES, ids=lambda p: p.name)
def test_bundle_stands_alone(path):
    text = path.read_text(encoding="utf-8")
    assert 500 < len(text.encode()) <= (70_000 if path.name == "exercise.js" else LIMIT)  # that one is loaded once
    assert "</script" not in text.lower() and "<!--" not in text, "it would end the page it is inlined in"
    rest = NAMESPACES.sub("", text)
    elsewhere = (
        r"\b(?:https?|wss?):|['\"(]\s*//[\w-]+\.\w|@import|(?<!['\"])\bimport\s*[{'\"*]|(?<!['\"])\bfrom\s*['\"]"
    )
    assert not (found := re.findall(elsewhere, rest)), f"loads from elsewhere: {found}"
    assert not (found := re.findall(r"\beval\(|\bFunction\(", rest)), f"code made of text: {found}"
