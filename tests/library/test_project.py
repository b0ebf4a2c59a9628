"The promises the repository makes about its own files."

import ast
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest
import yaml
from PIL import Image

import ddpm_widgets

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
NOTEBOOKS = sorted(p for p in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
LESSONS = [p for p in NOTEBOOKS if p.parent.name in ("lessons", "guides") or p.name == "index.ipynb"]
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: str(p.relative_to(ROOT / "nbs")))
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


@cache
def own_files() -> list[Path]:
    "Every file of the repository: all but what .gitignore names, found without git."
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    patterns = [".git", *(line.removeprefix("**/").strip("/") for line in ignored)]
    files = []
    for top, folders, names in os.walk(ROOT):
        keep = [p for p in (Path(top, name) for name in folders + names) if not any(p.match(o) for o in patterns)]
        folders[:] = sorted(p.name for p in keep if p.name in folders)
        files += sorted(p for p in keep if p.name in names)
    return files


def cells(path, kind) -> list[str]:
    nb = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in nb["cells"] if cell["cell_type"] == kind]


def run(*command, cwd=ROOT):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


# Settings that stand in two files


@pytest.fixture
def ini():
    ini = ConfigParser(delimiters=["="], interpolation=None)
    ini.read(ROOT / "settings.ini", encoding="utf-8")
    return ini["DEFAULT"]


@pytest.fixture
def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_settings_ini_and_pyproject_agree(ini, pyproject):
    project, nbdev = pyproject["project"], pyproject["tool"]["nbdev"]
    assert ini["lib_name"] == project["name"]
    assert ini["version"] == ddpm_widgets.__version__
    assert ini["description"] == project["description"]
    assert f">={ini['min_python']}" == project["requires-python"]
    assert ini["license"] == project["license"]
    assert ini["git_url"] == project["urls"]["Repository"]
    assert ini["doc_host"] + ini["doc_baseurl"] == project["urls"]["Documentation"]
    for key in ("lib_path", "nbs_path", "doc_path", "branch", "tst_flags"):
        assert ini[key] == nbdev[key], key
    assert ini["custom_sidebar"] == str(nbdev["custom_sidebar"])


def test_the_site_is_configured_at_the_top(ini):
    assert (ROOT / "nbs/_quarto.yml").is_symlink(), "nbdev reads nbs/_quarto.yml, and writes a default in its place"
    assert (ROOT / "nbs/_quarto.yml").resolve() == ROOT / "_quarto.yml"
    site = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
    assert site["project"]["output-dir"] == ini["doc_path"]
    assert site["website"]["site-url"] == ini["doc_host"] + ini["doc_baseurl"]
    assert site["website"]["repo-url"] == ini["git_url"]
    assert site["website"]["repo-branch"] == ini["branch"]


def test_the_changelog_opens_with_this_version():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert headings[0] == ddpm_widgets.__version__


# What a visitor sees first

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_leads_somewhere():
    "Every file it links to or shows is there."
    named = re.findall(r"\]\(([^)#]+)", README) + re.findall(r'(?:src|srcset)="([^"]+)"', README)
    here = [name for name in named if not name.startswith("https://")]
    assert len(here) > 15 and not [name for name in here if not (ROOT / name).is_file()]


def test_the_film_is_light_and_says_in_words_what_it_shows():
    "At most a megabyte for each theme, of one size, with a still for those who want no motion."
    films = re.findall(r'"(nbs/static/film-\w+[.]\w+)"', README)
    assert sorted(films) == sorted(
        f"nbs/static/film-{theme}.{kind}" for theme in ("light", "dark") for kind in ("png", "webp")
    )
    assert len(re.search(r'<img [^>]*alt="([^"]*)"', README)[1]) > 100
    sizes = set()
    for name in films:
        with Image.open(ROOT / name) as im:
            sizes.add(im.size)
            assert (getattr(im, "n_frames", 1) > 50) == name.endswith("webp"), name
        assert (ROOT / name).stat().st_size <= 1_000_000, name
    assert len(sizes) == 1, sizes


def test_the_readme_and_the_front_page_compare_with_the_same_words():
    def comparison(text):
        return re.findall(r"^\| .+\|$", text[text.index("| what there is | its strength") :].split("\n\n")[0], re.M)

    front = "\n\n".join(cells(ROOT / "nbs/index.ipynb", "markdown"))
    assert len(comparison(README)) > 5 and comparison(README) == comparison(front)


def test_the_citation_is_that_of_this_version(ini):
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cff["cff-version"] == "1.2.0" and cff["message"] and cff["authors"] == [{"name": ini["author"]}]
    assert str(cff["version"]) == ini["version"] and cff["license"] == ini["license"]
    assert cff["repository-code"] == ini["git_url"] and cff["url"] == ini["doc_host"] + ini["doc_baseurl"]
    paper = cff["references"][0]
    assert cff["title"] in README and paper["title"] in README, "the README's BibTeX calls them otherwise"
    for author in paper["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in README


# What is generated from the notebooks


def differences(a, b) -> list[str]:
    found = filecmp.dircmp(
        a, b, ignore=["__pycache__", ".ipynb_checkpoints", "nbdev.yml", "sidebar.yml", ".last_checked"]
    )
    changed = filecmp.cmpfiles(a, b, found.common_files, shallow=False)[1]
    here = [str(Path(a) / name) for name in found.left_only + found.right_only + changed]
    return here + [name for sub in found.subdirs.values() for name in differences(sub.left, sub.right)]


@pytest.mark.parametrize("command", ["nbdev-export", "nbdev-clean"])
def test_nothing_is_left_to_do(command, tmp_path):
    for name in ("nbs", "ddpm_widgets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"), symlinks=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if command == "nbdev-export":  # from nothing, so that a module whose notebook is gone shows up
        for path in (tmp_path / "ddpm_widgets").rglob("*.py"):
            if "autogenerated" in path.read_text(encoding="utf-8")[:600].lower():
                path.unlink()
    run(BIN / command, cwd=tmp_path)
    for name in ("nbs", "ddpm_widgets"):
        assert not (found := differences(ROOT / name, tmp_path / name)), f"run {command} and commit: {found}"


# Notebooks


@each_notebook
def test_no_widget_state_is_committed(path):
    nb = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in nb["metadata"]
    kinds = {kind for cell in nb["cells"] for out in cell.get("outputs", []) for kind in out.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" not in kinds, "a view without its state: run `make lessons`"


@each_notebook
def test_notebook_has_no_errors_and_no_stderr(path):
    nb = json.loads(path.read_text(encoding="utf-8"))
    outputs = [out for cell in nb["cells"] for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out["output_type"] == "error" or out.get("name") == "stderr"]


@each_lesson
def test_lesson_cells_are_short(path):
    long = [source for source in cells(path, "code") if len(source.splitlines()) > 15]
    assert not long, f"at most 15 lines fit beside the idea they show:\n\n{long[0]}"


@each_notebook
def test_no_link_is_put_into_a_link(path):
    "The site links each name of the library in backticks by itself; in the text of a link it would show brackets and an address."
    assert not [text for text in cells(path, "markdown") if re.search(r"\[`[\w.]+`\]\(", text)]


@each_notebook
def test_notebook_has_a_title(path):
    assert re.match(r"(---\n.*?\n---\n+)?# \S", cells(path, "markdown")[0], re.S)


# Style, types, spelling


def test_ruff_has_nothing_to_say():
    run(BIN / "ruff", "check", "--no-cache", "--output-format", "concise", ".")


def test_everything_is_formatted():
    run(BIN / "ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.slow
def test_types():
    run(BIN / "mypy")


def test_spelling(tmp_path):
    for path in own_files():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":  # what people wrote, not the pictures in the outputs
            copy.with_suffix(".txt").write_text(
                "\n".join(cells(path, "markdown") + cells(path, "code")), encoding="utf-8"
            )
        elif (
            path.suffix in (".md", ".py", ".pyi", ".js", ".css", ".yml", ".ini", ".toml") and "static" not in path.parts
        ):
            shutil.copy(path, copy)
    run(BIN / "codespell", "--toml", ROOT / "pyproject.toml", ".", cwd=tmp_path)


MACHINE = re.compile(r"""(?<![\w.$])(?:/(?:work|root|home|Users|scratch|mnt|tmp)/[\w.-]+|[A-Z]:\\{1,2}Users)""")
REGISTRY = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|npmjs[.]org|anaconda[.]org|download[.]pytorch[.]org"
)


def test_no_path_of_a_machine_and_no_registry():
    found = []
    for path in own_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in MACHINE.findall(text) + REGISTRY.findall(text)]
    assert not found


# The package


def python(code) -> str:
    return run(sys.executable, "-c", code)


def test_import_is_cheap():
    "Neither torch nor diffusers nor anywidget, and under 0.2 s beyond Python's start."
    heavy = python(
        "import sys, ddpm_widgets; print(*sys.modules.keys() & {'torch', 'diffusers', 'anywidget', 'numpy'})"
    )
    assert not heavy.split()
    timed = "from time import perf_counter as now; start = now(); import ddpm_widgets; print(now() - start)"
    seconds = min(float(python(timed)) for _ in range(5))
    assert seconds < 0.2


def public_names(stub) -> list[tuple[str | None, str]]:
    "(module, name) for each `from .module import name` of a stub; (None, module) for a module that is public as a whole."
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = [(node.module, alias.name) for node in imports for alias in node.names]
    listed = [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    # a type checker takes what a stub imports as private unless __all__ names it
    assert listed and set(listed[0]) == {name for _, name in names}, f"{stub}: __all__ is not what it imports"
    return names


@pytest.mark.parametrize(
    "package", ["ddpm_widgets", "ddpm_widgets.diagnosis", "ddpm_widgets.exercises", "ddpm_widgets.widgets"]
)
def test_public_names_are_what_they_say(package):
    for module in walk_packages(ddpm_widgets.__path__, "ddpm_widgets."):
        import_module(module.name)  # a module named like a function would now stand in its place
    home = import_module(package)
    names = public_names(Path(home.__path__[0]) / "__init__.pyi")
    assert len(names) == len({name for _, name in names}) and {name for _, name in names} == set(home.__all__)
    for module, name in names:
        value = getattr(home, name)
        if module is None:
            assert value is import_module(f"{package}.{name}")
            continue
        assert value is getattr(import_module(f"{package}.{module}"), name), name
        assert not isinstance(value, ModuleType), name
        assert name in import_module(f"{package}.{module}").__all__, f"{name} is not exported by {module}"


# The course's table of contents


def anchor(heading: str) -> str:
    "What GitHub makes of a heading to link to: lower case, no punctuation and no mathematics' dollars, hyphens for spaces."
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_the_table_of_the_course_leads_somewhere():
    "Every lesson is there, and every link leads to a section that exists and is called what the link calls it."
    text = (ROOT / "nbs/lessons/README.md").read_text(encoding="utf-8")
    links = re.findall(r"\[([^]]+)\]\(([^)#]+)(?:#([^)]+))?\)", text)
    lessons = {p.name: p for p in (ROOT / "nbs/lessons").glob("[0-9]*.ipynb")}
    assert {name for _, name, section in links if not section} == set(lessons)
    for words, name, section in links:
        headings = re.findall(r"^#+ (.+)$", "\n".join(cells(lessons[name], "markdown")), re.M)
        if section:
            found = [h for h in headings if anchor(h) == section]
            assert found, f"{name} has no section {section}"
            called = words.split(": ", 1)[1] if words[0].isdigit() else words
            assert re.sub(r"[$`]", "", found[0]) == called, f"{name}: the link says {called}, the section {found[0]}"
        else:
            assert headings[0].split(". ", 1)[1] == words
    assert {name for _, name, section in links if section} == set(lessons), "a lesson that the table does not lead to"


def test_every_lesson_leads_to_the_next():
    lessons = sorted((ROOT / "nbs/lessons").glob("[0-9]*.ipynb"))
    numbers = [p.name.partition("_")[0] for p in lessons]
    assert numbers == ["01", "02", "02b", "03", "04", "04b", "05", "06", "07", "08", "09", "09b", "09c", "10"]
    for lesson, after in zip(lessons, lessons[1:], strict=False):
        assert f"({after.name})" in cells(lesson, "markdown")[-1].rpartition("**Next.**")[2], lesson.name


def test_tests_that_share_something_costly_stay_together(request):
    "Where tests run side by side, tests/conftest.py says which stay in one process; pytest-xdist tells by the end of a test's id that it has heard."
    if not request.config.getoption("loadgroup", False):
        pytest.skip("tests run one by one here, or are handed out without groups")
    assert request.node.nodeid.endswith("@test_project"), "pytest-xdist keeps no group together: see constraints.txt"


def test_a_test_that_does_not_ask_for_the_data_finds_none():
    "So it runs here as on a machine without them."
    assert "DDPM_WIDGETS_DATA" not in os.environ
