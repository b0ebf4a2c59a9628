"""`ddpm-widgets lab` in an empty folder, as a reader types it: the lessons are copied, JupyterLab opens on lesson 1, and it runs.

The command is that of the wheel, installed into an environment of its own."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from lab import Notebook, Server, free_port, room_of_its_own

# what the hand of lab.py needs; the command itself is given no option for it
CONFIG = {"LabApp": {"expose_app_in_browser": True, "extension_manager": "readonly"}}


class Command(Server):
    "The command, running in a folder."

    route = "doc/tree"

    def __init__(self, folder, installed):
        home = folder / "home"
        env = {**installed.env, **room_of_its_own(home), "PYTHONPATH": ""}
        (home / "config").mkdir()
        (home / "config" / "jupyter_lab_config.json").write_text(json.dumps(CONFIG))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder / "my lessons"
        command = [installed.command, "lab", str(self.folder), "--no-browser", "--port", str(port)]
        self.start(command, env, folder / "log", f"{self.url}/api")
        self.token = re.search(r"token=(\w+)", self.log.read_text())[1]


@pytest.mark.slow
def test_the_first_lesson_opens_and_runs(page, tmp_path, installed):
    lab = Command(tmp_path, installed)
    try:
        said = lab.log.read_text()
        assert f"The lessons are in {lab.folder}" in said and "Open the address below" in said
        # the address that is printed leads to lesson 1
        page.goto(re.search(r"http://127\.0\.0\.1:\d+/lab\S*", said)[0])
        page.wait_for_selector('.jp-NotebookPanel h1:has-text("Dropout"):visible', timeout=120_000)
        # no question about news, which would cover a part of it
        config = json.loads(page.locator("#jupyter-config-data").text_content())
        assert any("apputils-extension:announcements" in name for name in config["disabledExtensions"]), config
        lesson = lab.folder / "lessons/01_dropout.ipynb"
        code = next(i for i, cell in enumerate(nbformat.read(lesson, 4).cells) if cell.cell_type == "code")
        page.goto("about:blank")
        nb = Notebook(page, lab, lesson.relative_to(lab.folder))
        nb.run_cell(code)
        nb.wait_idle(120)
        assert nb.cells[code]["execution_count"] == 1 and not nb.failures
        assert "WARNING" not in lab.log.read_text(), lab.log.read_text()
        # what runs is the wheel
        module = nb.ask("import json, ddpm_widgets; print(json.dumps(ddpm_widgets.__file__))")
        assert Path(module).is_relative_to(installed.home), module
    finally:
        lab.close()
