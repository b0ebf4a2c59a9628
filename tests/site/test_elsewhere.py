"Where a notebook of the site can be run or had: the links on its page, its first cell, and what Binder is told."

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import _rename
import pytest
import yaml

from ddpm_widgets import _docs

ROOT = Path(__file__).parents[2]
NBS = ROOT / "nbs"
OFFERED = sorted(p for p in NBS.rglob("[a-z0-9]*.ipynb") if _docs.is_offered(p) and ".ipynb_checkpoints" not in p.parts)
INSTALLS = """\
#| hide
# Where the package is missing, in Colab for instance, this installs it. Elsewhere it does nothing.
import subprocess
import sys
from importlib.util import find_spec

package = "git+{git_url}"
if not find_spec("ddpm_widgets"):
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", package], check=True)"""
each_notebook = pytest.mark.parametrize("path", OFFERED, ids=lambda p: p.stem)


def links(path: Path) -> dict[str, str]:
    "Place → address, as the line below a page's title has them."
    up = "../" * len(path.parent.relative_to(NBS).parts)
    return dict(re.findall(r"(?<!\S)\[([^\]]+)\]\(([^)\s]+)\)", _docs.offer(path, up)))


@pytest.fixture(scope="module")
def there() -> dict[str, str]:
    "The repository, as settings.ini has it: owner/name, and its branch."
    url = _rename.settings()["git_url"]
    return {"git_url": url, "repo": url.removeprefix("https://github.com/"), "branch": "main"}


def test_lessons_guides_and_the_gallery_are_offered():
    assert {p.parent.name for p in OFFERED} == {"lessons", "guides", "nbs"}
    assert [p.stem for p in OFFERED if p.parent == NBS] == ["colour", "gallery"] and len(OFFERED) >= 15


@each_notebook
def test_the_first_code_cell_installs_the_package_from_the_repository(path, there):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert first == INSTALLS.replace("{git_url}", there["git_url"])


@each_notebook
def test_each_link_leads_to_this_notebook(path, there):
    "By what each place documents: Colab, Kaggle and molab read the file on GitHub, Binder opens it in a copy of the repository."
    name, repo = path.relative_to(ROOT).as_posix(), there["repo"]
    found = links(path)
    assert list(found) == ["Colab", "Kaggle", "Binder", "molab", "Download"] or path.stem in _docs.NOT_IN_MOLAB
    assert ("molab" in found) == (path.stem not in _docs.NOT_IN_MOLAB)
    at = f"/{repo}/blob/{there['branch']}/{name}"
    hosts = {place: urlsplit(address) for place, address in found.items()}
    assert (hosts["Colab"].netloc, hosts["Colab"].path) == ("colab.research.google.com", f"/github{at}")
    assert (hosts["Kaggle"].netloc, hosts["Kaggle"].path) == ("kaggle.com", "/kernels/welcome")
    assert parse_qs(hosts["Kaggle"].query) == {"src": [f"https://github.com{at}"]}
    assert (hosts["Binder"].netloc, hosts["Binder"].path) == ("mybinder.org", f"/v2/gh/{repo}/{there['branch']}")
    assert parse_qs(hosts["Binder"].query) == {"labpath": [name]} and "labpath=nbs%2F" in found["Binder"]
    if "molab" in found:
        assert (hosts["molab"].netloc, hosts["molab"].path) == ("molab.marimo.io", f"/github{at}")
    assert all(address.startswith("https://") for place, address in found.items() if place != "Download")
    assert unquote(found["Download"]).endswith(f"static/notebooks/{path.name}")


def test_no_two_downloads_have_one_name():
    assert len({p.name for p in OFFERED}) == len(OFFERED)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_marimo_opens_what_the_links_say_it_opens(tmp_path):
    "A notebook that marimo turns into one of its own, with nothing that it would refuse to run; and those left out are refused."
    refused = set()
    for path in OFFERED:
        made = tmp_path / f"{path.stem}.py"
        marimo = [sys.executable, "-m", "marimo"]
        subprocess.run([*marimo, "convert", path, "-o", made], check=True, capture_output=True)
        checked = subprocess.run([*marimo, "check", made], capture_output=True, text=True)
        if checked.returncode:
            refused.add(path.stem)
    assert refused == set(_docs.NOT_IN_MOLAB)


def test_binder_installs_the_same_package(there):
    "On a Python that the package takes, with PyTorch as new as it asks for."
    said = yaml.safe_load((ROOT / ".binder/environment.yml").read_text(encoding="utf-8"))
    *conda, pip = said["dependencies"]
    assert pip == {"pip": [f"git+{there['git_url']}"]} and conda[-1] == "pip"
    ini = (ROOT / "settings.ini").read_text(encoding="utf-8")
    least, torch = re.search(r"min_python = 3\.(\d+)", ini)[1], re.search(r"torch(>=\S+)", ini)[1]
    assert int(re.fullmatch(r"python=3\.(\d+)", conda[0])[1]) >= int(least)
    assert conda[1] == f"pytorch-cpu{torch}"
