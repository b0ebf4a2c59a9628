"""Hand-written. How a notebook becomes a page of the site that is alive without a kernel.

`[tool.nbdev] doc_procs` names the processors. nbdev runs them on each notebook while it stages it to `_proc/`, where Quarto
takes it up. `run_notebook` executes the source and gives the page its outputs, `make_static` turns every widget, figure and HTML
output into HTML that loads nothing from elsewhere; those that write the reference are in `_reference.py`. As a program, `python -m ddpm_widgets._docs` is Quarto's `pre-render`.
"""

import base64
import html
import io
import json
import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastcore.nbio import mk_cell
from nbdev.config import get_config
from nbdev.doclinks import NbdevLookup
from nbdev.process import Processor
from PIL import Image

from .widgets.page import host_script, json_script, module_script, mount_point

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
PLOTLY = "application/vnd.plotly.v1+json"
FIGURES = "static/vendor/plotly/plotly-basic.min.js"
NETWORKS = "static/networks"
PAGE_ONLY = ("layout", "tabbable", "tooltip")  # what only a notebook's front end needs
OPTION = re.compile(r"^(#\|\s*[\w-]+:\s+)(\S.*)$", re.M)
PLACES = {  # where a notebook opens with one click
    "Colab": "https://colab.research.google.com/github/{repo}/blob/{branch}/{path}",
    "Kaggle": "https://kaggle.com/kernels/welcome?src=https://github.com/{repo}/blob/{branch}/{path}",
    "Binder": "https://mybinder.org/v2/gh/{repo}/{branch}?labpath={quoted}",
    "molab": "https://molab.marimo.io/github/{repo}/blob/{branch}/{path}",
}
SAMPLE = re.compile(
    r"(\[`sample`\]\([^)]*api/)ddpm(\.html#sample\))"
)  # of two, nbdev links the one that is only there to be read
CHANGES = "{{< include ../CHANGELOG.md >}}"  # the cell in whose place the changes stand: Quarto would look for the file in `_proc`
AT_ONCE = host_script().replace("<script", "<script async", 1)  # a page's first widget waits for no other script
NEEDS_PYTHON = "needs-python"  # the class of what stands in place of an exercise that a page cannot check
OFFERED = ("lessons", "guides", "gallery", "colour")  # pages that readers run themselves: folders, and two pages
NOT_IN_MOLAB = ("04b_the_unet", "07_experiments")  # two of their cells need each other, which marimo refuses


def nbs() -> Path:
    "The folder of the notebooks."
    return Path(get_config().nbs_path).resolve()


@cache
def site() -> str:
    "The site's address: what links to it are made relative to."
    config = get_config()
    return f"{config.doc_host}{config.doc_baseurl.rstrip('/')}/"


class run_notebook(Processor):
    """Execute the page's source notebook in a fresh kernel, and give its cells their outputs.

    DDPM_WIDGETS_EXECUTED names a folder of executed copies (`.executed` beside the notebooks' folder by default): a notebook
    whose code did not change, nor the library, is taken from there.
    """

    def begin(self):
        source = Path(self.nb.path_).resolve()
        sys.path.insert(0, str(nbs()))
        from _execute import executed

        folder = os.environ.get("DDPM_WIDGETS_EXECUTED") or nbs().parent / ".executed"
        done, _ = executed(source, Path(folder))
        outputs = {cell.id: cell.outputs for cell in done.cells if cell.cell_type == "code"}
        for cell in self.nb.cells:
            if cell.cell_type == "code" and cell.get("id") in outputs:
                cell["outputs"] = outputs[cell["id"]]
        self.nb.metadata["widgets"] = done.metadata.get("widgets", {})


class make_static(Processor):
    "Widgets, plotly figures and HTML become raw HTML, to which Quarto adds no require.js, no jQuery and no widget manager."

    def begin(self):
        self.path = Path(self.nb.path_).resolve()
        self.saved = self.nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
        self.up = "../" * len(self.path.parent.relative_to(nbs()).parts)
        self.brought: set[str] = set()
        if linked := [m for m in self.saved.values() if m["model_name"] in ("LinkModel", "DirectionalLinkModel")]:
            raise ValueError(
                f"{self.path.name}: {linked[0]['model_name']}: jslink needs a notebook; give both widgets the same `link`."
            )
        opening = [offer(self.path, self.up)] if is_offered(self.path) else []
        opening += [rest] if (rest := after_the_title(self.path)) else []
        self.nb.cells[1:1] = [mk_cell(text, "markdown") for text in opening]  # the first is the front matter

    def once(self, name: str, text: str) -> list[str]:
        "What a page needs only once, the first time."
        new = name not in self.brought
        self.brought.add(name)
        return [text] if new else []

    def widget(self, model_id: str, out: dict[str, Any]) -> tuple[str, str]:
        "A widget's HTML, and what it shows in words."
        model = self.saved.get(model_id)
        if model is None:
            raise ValueError(
                f"{self.path.name}: a widget view without saved state ({model_id}): run the notebook from top to bottom."
            )
        state = model["state"]
        if "_esm" not in state:
            raise ValueError(
                f"{self.path.name}: {model['model_name']} is no anywidget, and a page without a kernel cannot show it."
            )
        if network := state.get("network"):  # of a LiveSampler: its weights lie beside the pages
            state["weights_url"] = f"{self.up}{NETWORKS}/{network}.page"
        name = state.get("_anywidget_id", "").rsplit(".")[-1] or "widget"
        module, script = module_script(name, state["_esm"], state.get("_css", ""))
        saved = {
            "state": {k: v for k, v in state.items() if not k.startswith("_") and k not in PAGE_ONLY},
            "buffers": [
                {"path": b["path"], "data": b["data"]}
                for b in model.get("buffers", [])
                if b["path"][0] not in ("_esm", "_css")
            ],
        }
        poster = lighter("".join(out["data"].get("image/png", "")))
        alt = out.get("metadata", {}).get("image/png", {}).get("alt", name).removesuffix("; interactive in a notebook")
        parts = [*self.once(module, script), mount_point(module, saved, poster, alt), *self.once("host", AT_ONCE)]
        return "\n".join(parts), alt

    def figure(self, spec: dict[str, Any], alt: str) -> str:
        "A plotly figure's HTML."
        data = json_script({"data": spec["data"], "layout": spec["layout"]})
        height, aspect = spec["layout"].get("height", 450), (spec["layout"].get("meta") or {}).get("aspect")
        names = {trace.get("name") for trace in spec["data"]} - {None}
        size = f"aspect-ratio:{aspect}" if aspect else f"--height:{height}px;--names:{len(names)};height:var(--height)"
        place = f'<div data-ddw-plot="{self.up}{FIGURES}" role="img" aria-label="{html.escape(alt)}" style="{size}">{data}</div>'
        return "\n".join([place, *self.once("plots", host_script("plots"))])

    def cell(self, cell):
        if cell.cell_type == "markdown":
            cell.source = changes() if cell.source.strip() == CHANGES else self.relative(cell.source)
        outputs = [
            out for out in cell.get("outputs") or [] if out.get("name") != "stderr" and out.get("data") != {}
        ]  # progress bars
        if "outputs" in cell:
            cell["outputs"] = outputs
            cell.source = OPTION.sub(quoted, cell.source)
        for out in outputs:
            data = out.get("data") or {}
            if view := data.get(VIEW):
                raw, said = self.widget(view["model_id"], out)
            elif PLOTLY in data:
                own = (data[PLOTLY]["layout"].get("meta") or {}).get("alt", "figure")  # the library's plots bring one
                said = " ".join(cell.get("directives_", {}).get("fig-alt", own).split())
                raw = self.figure(data[PLOTLY], said)
            elif "text/markdown" in data:
                data["text/markdown"] = self.relative("".join(data["text/markdown"]))
                data.pop("text/html", None)
                continue
            elif "text/html" in data:
                raw, said = "".join(data["text/html"]), ""
            else:
                data.pop("image/jpeg", None)  # PIL gives both
                continue
            out["data"] = {"text/markdown": raw_html(raw, said)}
            out["metadata"] = {}

    def relative(self, text: str) -> str:
        "Links to the site's own pages, from this page."
        text = text if self.path.stem == "00_ddpm" else SAMPLE.sub(r"\1sampling\2", text)
        return text.replace(site(), self.up)

    def end(self):
        self.nb.metadata.pop("widgets", None)


def is_offered(path: Path) -> bool:
    "Whether a page is a notebook that readers run themselves: a lesson, a guide or a page of the gallery."
    return path.parent.name in OFFERED or path.stem in OFFERED


def places(path: Path) -> dict[str, str]:
    "Where a notebook opens with one click: the address at each place."
    config = get_config()
    name = path.relative_to(nbs().parent).as_posix()
    repo = config.git_url.removeprefix("https://github.com/")
    said = {"repo": repo, "branch": config.branch, "path": name, "quoted": quote(name, safe="")}
    found = {place: address.format(**said) for place, address in PLACES.items()}
    if path.stem in NOT_IN_MOLAB:
        del found["molab"]
    return found


def download(path: Path, up: str, text: str, classes: str = "") -> str:
    "A link that downloads a notebook."
    return f'[{text}]({up}static/notebooks/{path.name}){{{classes}download="{path.name}"}}'


def offer(path: Path, up: str) -> str:
    "Where else a notebook can be had: one line of links."
    links = [f'[{place}]({address}){{aria-label="Open in {place}"}}' for place, address in places(path).items()]
    links.append(download(path, up, "Download", ".lesson-download "))
    return f"::: {{.lesson-links}}\n[Open in]{{.lesson-open}} {' '.join(links)}\n:::"


def after_the_title(path: Path) -> str:
    "What the first cell says below the title and the quote: nbdev makes front matter of these two, and drops the rest."
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next(("".join(c["source"]) for c in cells if c["cell_type"] == "markdown"), "")
    found = re.match(r"# [^\n]*\n+(?:>[^\n]*\n?)+", first)
    return first[found.end() :].strip() if found else ""


def lighter(
    picture: str,  # a PNG in base64; empty: none
) -> str:
    "A poster in fewer colours, a third of its weight: it is seen until the widget is there, and where there is no JavaScript."
    if not picture:
        return picture
    out = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    image.quantize(48, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def quoted(option: re.Match) -> str:
    "An option of a cell, `#| fig-alt: …`, as YAML: a value with a colon in it has to be quoted."
    plain = option[2].startswith(("'", '"', "[", "{")) or not re.search(r": |\s#|^[@`%&*!|>]", option[2])
    return option[0] if plain else f"{option[1]}{json.dumps(option[2], ensure_ascii=False)}"


def raw_html(
    raw: str,  # HTML
    said: str,  # the same in words, for the page's Markdown twin
) -> str:  # Markdown, as Quarto reads it
    "HTML that Quarto passes on as it is."
    if len(re.findall(r"<script\b", raw, re.I)) != len(re.findall(r"</script", raw, re.I)) or "<!--" in raw:
        raise ValueError(
            "A script tag or a comment inside a script would end it there, and the rest would be shown as text."
        )
    raw = re.sub(r"\n\s*\n", "\n", raw.strip())
    fence = "`" * max(max((len(run) for run in re.findall("`+", raw)), default=0) + 1, 3)
    words = f'\n::: {{.content-visible unless-format="html"}}\n*{said}*\n:::\n' if said else ""
    return f'\n::: {{.content-visible when-format="html"}}\n{fence}{{=html}}\n{raw}\n{fence}\n:::\n{words}'


def changes() -> str:
    "CHANGELOG.md as the page *What is new* shows it: without its title, each name of the library with a link to its entry."
    text = (nbs().parent / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n")[2]
    text = re.sub(r"^## (\d[\w.]*)$", r"## \1 {#v\1}", text, flags=re.M)  # an anchor that stays when a version is added
    return SAMPLE.sub(r"\1sampling\2", NbdevLookup().linkify(text).replace("](../", "](").replace(site(), ""))


def pre_render(folder: Path) -> None:
    "Refuse every folder but nbdev's staged copy; put there what readers download, and the networks that draw in pages."
    if folder.name != "_proc":
        sys.exit(
            "Build the site with `make docs`, or watch it with `make preview`: `quarto render` here would leave out nbdev and the widgets."
        )
    there = folder / "static/notebooks"
    there.mkdir(parents=True, exist_ok=True)
    for notebook in filter(is_offered, (folder.parent / "nbs").rglob("[a-z0-9]*.ipynb")):
        if ".ipynb_checkpoints" not in notebook.parts:
            shutil.copy(notebook, there)
    networks = folder / NETWORKS
    networks.mkdir(parents=True, exist_ok=True)
    for network in (Path(__file__).parent / "models").glob("*.page"):
        shutil.copy(network, networks)
        base64_of = base64.b64encode(network.read_bytes()).decode()  # for pages opened from disk
        (networks / f"{network.name}.js").write_text(f'globalThis.ddwWeights="{base64_of}"', encoding="utf-8")
    from ._exercises import write_exercises  # with PyTorch, which takes seconds

    write_exercises(folder)


if __name__ == "__main__":
    pre_render(Path(os.environ.get("QUARTO_PROJECT_DIR", ".")).resolve())
