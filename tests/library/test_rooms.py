"""The house: which room may know which, what each shows, and how large it may be.

A module imports only from floors below its own, and on its own floor only from rooms named before it.
"""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, API = ROOT / "ddpm_widgets", ROOT / "nbs/api"

FLOORS = {
    "leaves": ["checks", "storage", "images", "figures", "progress"],
    "idea": ["ddpm", "schedule", "noising", "paths", "samplers", "guidance"],
    "engine": [
        *["drawing", "data", "downloads", "datasets", "unets", "unet_scratch", "randomness", "interrupts"],
        *["processes", "events", "learner", "callbacks", "lr_finder", "muon", "checkpoint_files", "checkpoints"],
    ],
    "meeting": ["sampling", "editing", "ddpm_callback", "training", "weights", "pipelines", "page_network"],
    "judges": ["judges", "neighbours", "evaluation", "record", "plane", "diagnosis", "exercises"],
    "faces": ["plots", "loss_plots", "widgets"],
}
ROOMS = [room for rooms in FLOORS.values() for room in rooms]
MAY_KNOW = {  # floors, where these are fewer than all below
    "leaves": set(),
    "idea": {"leaves"},
    "engine": {"leaves"},  # nothing of diffusion
    "faces": {"leaves"},  # plain arrays
}
NO_TORCH = ("checks", "images", "figures", "progress", "drawing", "plots", "loss_plots", "widgets")
LONGEST = {"drawing": 700}  # long, and of one piece
WHEN_ASKED = {  # what a module imports only when it is given or asked for something of it
    "unets": {"unet_scratch"},  # asked to build one that a file describes
    "widgets.schedule_explorer": {"schedule"},  # asked for its `schedule`
    "widgets.diffusion_playground": {"noising", "plane", "schedule"},  # given a name, or asked for its `model`
    "widgets.live_sampler": {
        "page_network",
        "sampling",
        "weights",
    },  # given a network; asked for a poster where one is loaded
    "widgets.guidance_lab": {"noising", "sampling", "unets"},  # asked for a poster where a network is loaded
    "widgets.unet_xray": {"drawing", "weights"},  # given no images; asked for a poster where a network is loaded
}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if not p.name.startswith("_") and "static" not in p.parts)


def name_of(path: Path) -> str:
    "A module's name in the package, with dots: `widgets.base`."
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imports(path: Path) -> tuple[set[str], set[str]]:
    "What a module imports anywhere in it: modules of this package, by their names in it, and others by their first names."
    own, others = set(), set()
    here = name_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            found = [*base, *(node.module or "").split(".")] if node.module else base
            own |= {".".join(found)} if node.module else {".".join([*base, alias.name]) for alias in node.names}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            own |= {n.partition(".")[2] for n in names if n.startswith("ddpm_widgets.")}
            others |= {n.partition(".")[0] for n in names if not n.startswith("ddpm_widgets")}
    return own, others


def floor_of(name: str) -> str:
    room = name.partition(".")[0]
    return next(floor for floor, rooms in FLOORS.items() if room in rooms)


def notebooks() -> dict[str, Path]:
    "Module → the notebook that it is made from."
    found = {}
    for path in sorted(API.rglob("[!_.]*.ipynb")):
        source = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
        if match := re.search(r"^#\| default_exp (\S+)", source, re.M):
            found[match[1]] = path
    return found


def place(name: str) -> tuple[int, int]:
    "Where a module comes in the order of the house: that of its room, and within a package that of its notebook."
    return ROOMS.index(name.partition(".")[0]), int(notebooks()[name].stem[:2]) if "." in name else 0


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_room_knows_only_what_is_below_it(path):
    name, (own, others) = name_of(path), imports(path)
    floor, floors = floor_of(name), list(FLOORS)
    own -= WHEN_ASKED.get(name, set())
    for other in own:
        assert place(other) < place(name), f"{name} imports {other}, which comes after it"
        may = MAY_KNOW.get(floor, set(floors[: floors.index(floor)]))
        assert floor_of(other) == floor or floor_of(other) in may, f"{name} ({floor}) knows {other} ({floor_of(other)})"
    assert "fastcore" not in others and "nbdev" not in others
    if name.partition(".")[0] in NO_TORCH:
        assert "torch" not in others or name in WHEN_ASKED


def test_every_room_has_a_floor_and_every_floor_its_rooms():
    assert {name.partition(".")[0] for name in map(name_of, modules())} == set(ROOMS)


def test_the_guide_for_contributors_names_every_room_on_its_floor():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:leaves|the idea|the engine|where they meet|judges|faces) \| (.*?) \|", text, re.M)
    assert [re.findall(r"`(\w+)`", row) for row in rows] == list(FLOORS.values())


def test_notebooks_are_numbered_in_the_order_of_reading():
    "`ddpm` first, then the floors from below; no number twice."
    books = notebooks()
    assert set(books) == set(map(name_of, modules()))
    for folder in {path.parent for path in books.values()}:
        numbers = [path.stem[:2] for path in sorted(folder.glob("[0-9]*.ipynb"))]
        assert numbers == [f"{i:02}" for i in range(len(numbers))], folder
    top = [path.stem[3:] for path in sorted(API.glob("[0-9]*.ipynb"))]
    assert top == ["ddpm", *(room for room in ROOMS if room != "ddpm" and room in top)]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_room_is_small(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST.get(path.stem, 450), f"{lines} lines: divide it"


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_not_needed_is_not_imported():
    "Figures need no widgets, files of weights no trainer, and one process nothing of several notebooks' processes."
    loaded = "print(*sorted({'anywidget', 'ipywidgets', 'torch', 'diffusers', 'accelerate'} & set(sys.modules)))"
    assert python(f"import sys, ddpm_widgets.plots; {loaded}").split() == []
    live = "ddpm_widgets.LiveSampler(); sys.modules.pop('ipywidgets'); sys.modules.pop('anywidget')"
    assert python(f"import sys, ddpm_widgets; {live}; {loaded}").split() == []
    assert python(f"import sys, ddpm_widgets.weights, ddpm_widgets.sampling; {loaded}").split() == ["torch"]


def test_importing_changes_no_warning_filter():
    "accelerate, diffusers and requests would. (numpy and torch do, too, where they are imported first.)"
    python("""
import numpy, torch, warnings
before = list(warnings.filters)
import ddpm_widgets
for name in ddpm_widgets.__all__:
    getattr(ddpm_widgets, name)
ddpm_widgets.unet("small")
assert warnings.filters == before, [f for f in warnings.filters if f not in before]
""")


def test_a_model_loads_without_accelerate():
    "diffusers imports accelerate by itself where it finds it. Here it does not find it, and neither do we."
    python("import sys; sys.modules['accelerate'] = None; from ddpm_widgets import pretrained; assert pretrained()")


def stub(path: Path) -> dict[str, set[str]]:
    "Module → the names that a package's stub takes from it."
    found: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found.setdefault(node.module, set()).update(alias.name for alias in node.names)
    return found


def all_of(path: Path) -> set[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def shown_names() -> dict[str, set[str]]:
    "Module → the names that the stubs of the package and of its sub-packages show."
    names = stub(PACKAGE / "__init__.pyi")
    for sub in PACKAGE.glob("*/__init__.pyi"):
        for module, own in stub(sub).items():
            names.setdefault(f"{sub.parent.name}.{module}", set()).update(own)
    return names


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_shows_what_the_stubs_show(path):
    "`__all__` is for readers. What rooms lend each other stays out of it (`#| exporti`), and what is nobody's business has an underscore."
    name = name_of(path)
    if name == "ddpm":  # shown as a whole
        return
    assert all_of(path) == shown_names().get(name, set())


OLD = (
    *("Share", "Part", "told_to_stop", "GONE", "leave_word", "fitting", "Reverse", "reverse_steps", "ending_at_x0"),
    *("split_x_t", "spaced", "undisturbed", "compared", "spoken", "told", "Given", "as_saved", "write_whole"),
    *("ddim_steps", "dpm_solver_steps", "sampler_steps", "not_ours", "rebuilt", "checked_size"),
)


def test_the_names_are_the_field_s():
    "Names that told a story are gone; in docstrings and prose they are words like others."
    for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")]:
        defined = {
            getattr(node, "name", None)
            or getattr(node, "attr", None)
            or getattr(node, "id", None)
            or getattr(node, "arg", None)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        }
        assert not defined & set(OLD), path
