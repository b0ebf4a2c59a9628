"Run notebooks from top to bottom: `python nbs/_execute.py` does it to the front page, its sisters and the lessons, in place."

import base64
import hashlib
import json
import os
import re
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import nbformat
from _kernels import forked
from filelock import FileLock
from nbclient import NotebookClient

NBS = Path(__file__).parent
PAGES = [NBS / "index.ipynb", *sorted(p for p in NBS.glob("[a-z]*.ipynb") if p.stem != "index")]
LESSONS = [*PAGES, *sorted((NBS / "lessons").glob("[0-9]*.ipynb"))]
WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
PLOTLY = "application/vnd.plotly.v1+json"
SKIPPED = re.compile(
    r"^\s*#\|\s*(eval:\s*false|slow|gpu)\b|nbdev_export\(\)", re.M
)  # nbdev-test leaves these cells alone, too
LOADS = re.compile(r"\b(?:fashion_mnist|cifar10)\(")  # a call that loads a data set
SUFFIXES = (".py", ".js", ".css", ".safetensors", ".page")  # of the library's files
PAGE_ONLY = (
    "_docs.py",
    "_article.py",
    "_lighten.py",
    "host.js",
    "plots.js",
)  # they work on a notebook's outputs, after it has run
FILM = 600_000  # bytes: on a page a film comes over the network, and is told a little more roughly than in a notebook
ASK = f"""
def _ddw(ids):
    import base64, json
    from ipywidgets import Widget
    from ipywidgets.widgets.widget import _instances
    wanted = {{id: w for id, w in _instances.items() if ids is None or id in ids}}
    ours = {{id: w for id, w in wanted.items() if hasattr(w, "to_png") and w.poster() is not None}}
    posters = {{id: [base64.b64encode(w.to_png()).decode(), w.description()] for id, w in ours.items()}}
    films = {{w: w.max_bytes for w in ours.values() if len(getattr(w, "frames", b"")) > {FILM} and hasattr(w, "max_bytes")}}
    for w in films:
        w.max_bytes = {FILM}
    state = Widget.get_manager_state(drop_defaults=False, widgets=(wanted if ids is None else ours).values())["state"]
    for w, most in films.items():
        w.max_bytes = most
    print(json.dumps({{"posters": posters, "state": state}}))
"""


def execute(
    path: Path,  # the notebook; it runs in its own folder
    env: dict[str, str] | None = None,  # the kernel's whole environment; this process's own by default
    timeout: float = 600,  # seconds a single cell may take
    first: str = "",  # code that the kernel runs before the first cell
) -> tuple[
    nbformat.NotebookNode, float
]:  # the notebook with its outputs and its widgets' states, and the seconds its cells take
    """Run a notebook in a fresh kernel. An error in a cell is raised as nbclient's CellExecutionError.

    The seconds are those on the clock, or the kernel's processor seconds where these are fewer: so long the cells would take at
    most, had one core been theirs alone. A machine that is busy with other things makes no lesson longer.
    """
    nb = nbformat.read(path, as_version=4)
    client = NotebookClient(nb, timeout=timeout, store_widget_state=False, record_timing=False)
    with ExitStack() as stack:
        with forked():
            stack.enter_context(client.setup_kernel(cwd=str(path.parent), **({"env": env} if env else {})))
        if first:
            ask(nb, client, first)
        start = time.perf_counter()
        for i, cell in enumerate(nb.cells):
            if not SKIPPED.search(cell.source):
                client.execute_cell(cell, i)
                keep_widgets(nb, client, [cell], f"-{i}")
        seconds = min(time.perf_counter() - start, processor_seconds(nb, client))
        keep_widgets(nb, client, nb.cells)
        return nb, seconds


def uses_the_data(path: Path) -> bool:
    "Whether a notebook loads a data set, so that its outputs depend on which one is there; code in its prose does not count."
    cells = nbformat.read(path, as_version=4).cells
    return any(LOADS.search(c.source) for c in cells if c.cell_type == "code" and not SKIPPED.search(c.source))


def digest(
    nb: nbformat.NotebookNode,
    env: dict[str, str],  # the kernel's environment
    data: bool,  # whether the outputs depend on the data set
    first: str,  # the code that runs before the first cell
) -> str:
    "A hash of what the outputs depend on: the notebook's code, the library, the benchmarks' results, and where the data is."
    seen = hashlib.sha256()
    for cell in nb.cells:
        seen.update(f"{cell.get('id')} {cell.cell_type} {cell.source if cell.cell_type == 'code' else ''}\n".encode())
    root = NBS.parent
    library = [p for p in (root / "ddpm_widgets").rglob("*.*") if p.suffix in SUFFIXES and p.name not in PAGE_ONLY]
    figures = [path for place in ("*.json", "record/*.json") for path in sorted((root / "benchmarks").glob(place))]
    for file in [Path(__file__), *sorted(library), *figures]:  # pages draw these
        seen.update(f"{file.relative_to(root).as_posix()}\n".encode())
        seen.update(file.read_bytes())
    seen.update(f"{env.get('DDPM_WIDGETS_DATA', '') if data else ''}\n{first}".encode())
    return seen.hexdigest()[:16]


def executed(
    path: Path,  # the notebook
    folder: Path,  # where executed copies are kept
    env: dict[str, str] | None = None,  # as for `execute`
    first: str = "",  # as for `execute`
) -> tuple[nbformat.NotebookNode, float]:
    """`execute`, or the copy it left in the folder when the notebook's code, the library and the data were the same.

    While one process runs a notebook, others that ask for it wait and take its copy. The operating system frees the lock of a
    process that has ended, however it ended. A run that fails leaves no copy.
    """
    nb = nbformat.read(path, as_version=4)
    kept = folder / f"{path.stem}-{digest(nb, env or dict(os.environ), uses_the_data(path), first)}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        if not kept.is_file():
            nb, seconds = execute(path, env, first=first)
            nb.metadata["seconds"] = seconds
            half = kept.with_suffix(".half")  # renamed when it is whole: a run that is interrupted leaves no copy
            nbformat.write(nb, half)
            half.replace(kept)
            return nb, seconds
    done = nbformat.read(kept, as_version=4)
    for cell, now in zip(done.cells, nb.cells, strict=True):
        cell.source = now.source  # its prose may have changed
    return done, done.metadata["seconds"]


def ask(nb: nbformat.NotebookNode, client: NotebookClient, code: str) -> str:
    "What the kernel prints when it runs `code`, in a cell that is gone afterwards."
    nb.cells.append(nbformat.v4.new_code_cell(code))
    client.execute_cell(nb.cells[-1], len(nb.cells) - 1, store_history=False)
    return "".join(out.get("text", "") for out in nb.cells.pop().outputs if out.get("name") == "stdout")


def processor_seconds(nb: nbformat.NotebookNode, client: NotebookClient) -> float:
    return float(ask(nb, client, "import time; print(time.process_time())"))


def keep_widgets(
    nb: nbformat.NotebookNode,
    client: NotebookClient,
    cells: list[nbformat.NotebookNode],  # whose views are looked at
    mark: str = "",  # what the ids of these views end in, so that another cell can show the same widget otherwise
) -> None:
    """Save the widgets that cells show, as they stand now; a view that is saved already stays as it was.

    With a mark, those that have nothing to show yet are left for later: a monitor is displayed before it watches. Without one, all the
    kernel's widgets are saved. The kernel is asked; what it sent on the way (nbclient's `store_widget_state`) would keep buffers that
    a widget has dropped.
    """
    saved = nb.metadata.get("widgets", {STATE: {"state": {}}})[STATE]["state"]
    views = [out for cell in cells for out in cell.get("outputs", []) if WIDGET in out.get("data", {})]
    if not views:
        return
    ids = {out.data[WIDGET]["model_id"] for out in views} - set(saved)
    found = json.loads(ask(nb, client, f"{ASK}\n_ddw({sorted(ids) if mark else None})\ndel _ddw"))
    for out in views:
        model = out.data[WIDGET]["model_id"]
        if model in ids and (poster := found["posters"].get(model)):
            out.data[WIDGET]["model_id"] = model + mark
            saved[model + mark] = found["state"][model]
            out.data["image/png"], alt = poster
            out.metadata["image/png"] = {"alt": alt}
    nb.metadata["widgets"] = {STATE: {"state": saved if mark else {**found["state"], **saved}}}


def keep_what_github_shows(nb: nbformat.NotebookNode) -> None:
    "Drop live views and their state (a widget's poster stays), and progress bars and other words on stderr."
    nb.metadata.pop("widgets", None)
    for cell in nb.cells:
        outputs = []
        for out in cell.get("outputs", []):
            if (out.output_type == "stream" and out.name == "stderr") or out.get("data") == {}:
                continue
            if "image/png" in out.get("data", {}):
                out.data.pop("image/jpeg", None)  # PIL gives both
            if WIDGET in out.get("data", {}):
                del out.data[WIDGET]
                out.metadata.pop("image/png", None)
                if not any(kind.startswith("image/") for kind in out.data):
                    continue
            outputs.append(out)
        if "outputs" in cell:
            cell.outputs = outputs


def picture_plots(nb: nbformat.NotebookNode) -> None:
    "Give each plotly figure a picture of itself, for places that draw none. Needs Chromium or Chrome; without it, nothing happens."
    outs = [out for cell in nb.cells for out in cell.get("outputs", []) if PLOTLY in out.get("data", {})]
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if not outs or not browser:
        return
    import plotly.graph_objects as go
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        page = p.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(device_scale_factor=2)
        for out in outs:
            d = out.data
            fig = go.Figure(
                {**d[PLOTLY], "layout": {**d[PLOTLY]["layout"], "width": 760, "paper_bgcolor": "white"}},
                skip_invalid=True,
            )
            page.set_content(fig.to_html(include_plotlyjs=True, config={"staticPlot": True}))
            d["image/png"] = base64.b64encode(page.locator(".plotly-graph-div").screenshot()).decode()
            out.metadata["image/png"] = {"width": 760}  # it has twice as many pixels, for sharp screens


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else LESSONS:
        nb, seconds = execute(path.resolve())
        keep_what_github_shows(nb)
        picture_plots(nb)
        nbformat.write(nb, path)
        print(f"{path.relative_to(NBS) if path.is_relative_to(NBS) else path}: {seconds:.0f} s", flush=True)
