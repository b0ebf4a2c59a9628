"""A real marimo to test in: a server on this machine with settings of its own, and a hand on its page.

marimo calls itself the cells that depend on a widget, so the kernel is asked by such cells, and what it says stands on
the page.
"""

import json
import sys
import textwrap
from pathlib import Path

from lab import OFFLINE, Server, free_port

ROOT = Path(__file__).parents[2]

SETTINGS = """
[display]
theme = "{theme}"
[runtime]
auto_instantiate = true
[server]
browser = "default"
"""


def write(path: Path, cells: list[str]):
    "A marimo notebook: a Python program."
    body = "\n".join(f"@app.cell\ndef _():\n{textwrap.indent(cell.strip(), '    ')}\n    return\n" for cell in cells)
    path.write_text(f"import marimo\n\napp = marimo.App()\n\n{body}")


def says(expression: str, name: str) -> str:
    "The text of a cell that shows a value as JSON; it runs whenever a name in the expression changes."
    return f"mo.Html(f\"<pre id='{name}'>{{json.dumps({expression})}}</pre>\")"


class Marimo(Server):
    "A marimo that edits one notebook."

    def __init__(self, folder: Path, cells: list[str], theme: str = "light"):
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / "notebook.py", cells)
        homes = {"XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache", "XDG_STATE_HOME": "state", "HOME": "home"}
        settings = folder / "config" / "marimo" / "marimo.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS.format(theme=theme))
        env = {name: str(folder / sub) for name, sub in homes.items()}
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [
            *(sys.executable, "-m", "marimo", "edit", "--headless", "--no-token", "--skip-update-check"),
            *("--host", "127.0.0.1", "--port", str(port), str(folder / "notebook.py")),
        ]
        self.start(command, {**env, "PYTHONPATH": f"{OFFLINE}:{ROOT}"}, folder / "server.log", f"{self.url}/health")

    def open(self, page):
        "Open the notebook; its cells run."
        self.page = page
        page.goto(self.url, wait_until="domcontentloaded")

    def said(self, name: str, timeout: float = 30_000):
        "What the cell `says(…, name)` shows."
        return json.loads(self.page.locator(f"#{name}").inner_text(timeout=timeout))

    def wait_said(self, name: str, value: object, timeout: float = 15_000):
        "Wait until that is `value`."
        self.page.wait_for_function(
            "([name, value]) => document.getElementById(name)?.innerText.trim() === value",
            arg=[name, json.dumps(value)],
            timeout=timeout,
        )
