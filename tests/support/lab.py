"""A real JupyterLab to test in: a server on this machine with settings of its own, and a hand on the notebook it shows.

Notebook 7 is built of the same parts, so the same hand works there. Everything waits on a state that the page is in,
never on time.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

OFFLINE = Path(__file__).parent / "offline"

# No news pop-up and no look for updates; every output stays in the page (windowing removes what is scrolled away);
# widget state is saved with the notebook, as it is by default.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
}


class Notebook:
    "The notebook a page shows, in JupyterLab's single-document mode or in Notebook 7."

    def __init__(self, page, lab: "Lab", path: Path):
        self.page, self.lab, self.path = page, lab, path
        self.where = path.name if path.is_absolute() else path.as_posix()  # below the server's folder
        page.notebook = self  # conftest.py tells of it when a test fails
        page.goto(f"{lab.url}/{lab.route}/{self.where}?token={lab.token}&reset", wait_until="domcontentloaded")
        page.wait_for_function(
            """() => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                return panel?.context?.isReady && panel.sessionContext?.session?.kernel?.status === "idle";
            }""",
            timeout=120_000,
        )
        self.wake_kernel()

    def wake_kernel(self, attempts: int = 3, seconds: float = 20):
        """Make sure that the kernel answers, before any code of ours is in it.

        ipykernel 7.0 to 7.2 now and then calls itself idle and hears nothing (ipykernel issue 1445, vscode-jupyter
        issue 17228); a restart helps.
        """
        for _ in range(attempts):
            answers = self.page.evaluate(
                """async (ms) => {
                    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                    const asked = kernel.requestExecute({code: "", store_history: false}).done;
                    return Promise.race([asked.then(() => true, () => false), new Promise(r => setTimeout(r, ms, false))]);
                }""",
                1000 * seconds,
            )
            if answers:
                return
            self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        raise RuntimeError(f"the kernel of {self.path.name} did not answer, {attempts} times")

    def close(self):
        "Stop the kernel."
        self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def _panel(self, expression: str, arg: object = None):
        return self.page.evaluate(
            f"(arg) => {{ const panel = jupyterapp.shell.currentWidget; return {expression}; }}", arg
        )

    def _run(self, command: str):
        # the promise is kept in the page: it settles when the last of the cells has ended
        self.page.evaluate(
            """(command) => {
                window.running = true;
                jupyterapp.commands.execute(command).finally(() => { window.running = false; });
            }""",
            command,
        )

    def run_all(self):
        "Start all cells."
        self._run("notebook:run-all-cells")

    def run_cell(self, i: int):
        "Start cell `i`, counted from 0 over cells of every kind."
        self._panel("panel.content.activeCellIndex = arg", i)
        self._run("notebook:run-cell")

    @property
    def busy(self) -> bool:
        return self.page.evaluate("window.running") or self.kernel_status != "idle"

    @property
    def kernel_status(self) -> str:
        return self._panel("panel.sessionContext.session.kernel.status")

    def wait_idle(self, timeout: float = 600, meanwhile: Callable[[], object] | None = None):
        "Wait until what was started has ended, calling `meanwhile` about ten times a second."
        give_up = time.monotonic() + timeout
        while self.busy:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{self.path.name} still runs after {timeout} s")
            if meanwhile:
                meanwhile()
            self.page.wait_for_timeout(100)  # lets the page's events in

    @property
    def cells(self) -> list[dict]:
        "The cells as they stand in the page, outputs included."
        return self._panel("panel.content.model.toJSON().cells")

    @property
    def outputs(self) -> list[dict]:
        return [out for cell in self.cells for out in cell.get("outputs", [])]

    @property
    def failures(self) -> list[str]:
        "What the cells that failed have to say. (Page errors and requests to others: the fixture `page` looks at those.)"
        return [f"{out['ename']}: {out['evalue']}" for out in self.outputs if out["output_type"] == "error"]

    def ask(self, code: str):
        "Run code in the notebook's kernel, unseen by the notebook; what it prints is read as JSON."
        said = self.page.evaluate(
            """async (code) => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({code, store_history: false});
                let said = "";
                future.onIOPub = ({content}) => {
                    if (content.name === "stdout") said += content.text;
                    if (content.ename) said += `${content.ename}: ${content.evalue}`;
                };
                await future.done;
                return said;
            }""",
            code,
        )
        try:
            return json.loads(said)
        except ValueError:
            raise RuntimeError(f"the kernel said {said!r} to {code!r}") from None


def listeners_left(page, nb: Notebook, cell: int, times: int = 25) -> float:
    """How many event listeners each new run of a cell leaves behind, over two batches of `times` runs.

    The lesser of the two counts: now and then JupyterLab adds a hundred of its own at once; a leak is in every run.
    """
    cdp = page.context.new_cdp_session(page)

    def run(times: int) -> int:
        for _ in range(times):
            nb.run_cell(cell)
            nb.wait_idle()
        for _ in range(3):
            cdp.send("HeapProfiler.collectGarbage")
        return cdp.send("Memory.getDOMCounters")["jsEventListeners"]

    counts = [run(5), run(times), run(times)]
    return min(b - a for a, b in zip(counts, counts[1:], strict=False)) / times


def free_port() -> int:
    "A port of this machine that nobody listens on."
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    "A process of ours that answers at `url`; its class says what it runs."

    def start(self, command: list, env: dict, log: Path, ready: str, timeout: float = 90):
        "Start it and wait until the address `ready` answers."
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(command, env={**os.environ, **env}, stdout=out, stderr=subprocess.STDOUT)
        give_up = time.monotonic() + timeout
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                urllib.request.urlopen(ready, timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.close()
        raise RuntimeError(f"{command[2]} did not answer:\n{log.read_text()[-3000:]}")

    def close(self):
        "Stop the server; it takes its kernels along."
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def room_of_its_own(folder: Path) -> dict[str, str]:  # for the environment
    "Settings and folders for a JupyterLab that knows nothing of this machine's own."
    for plugin, values in SETTINGS.items():
        path = folder / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return {name: str(folder / sub) for name, sub in folders.items()}


class Lab(Server):
    "A JupyterLab server that holds one folder, empty at first."

    module, app, route = "jupyterlab", "LabApp", "doc/tree"
    options = (
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    )

    def __init__(self, folder: Path):
        self.folder = folder / "notebooks"
        self.token = secrets.token_hex(16)
        self.folder.mkdir()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        paths = [str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {**room_of_its_own(folder), "PYTHONPATH": os.pathsep.join(paths)}
        command = [
            *(sys.executable, "-m", self.module, "--no-browser", "--allow-root"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
            *(f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.folder}"),
            *(f"--{self.app}.expose_app_in_browser=True", *self.options),
        ]
        self.start(command, env, folder / "server.log", f"{self.url}/api?token={self.token}")

    def open(self, page, path: Path) -> Notebook:
        "Open a copy of a notebook, without its outputs, and wait for its kernel."
        nb = nbformat.read(path, as_version=4)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        copy = self.folder / path.name
        nbformat.write(nb, copy)
        return Notebook(page, self, copy)


class Notebook7(Lab):
    "The same with Notebook 7."

    module, app, route, options = "notebook", "JupyterNotebookApp", "notebooks", ()


def serve(server: type[Server], tmp_path_factory) -> Iterator[Server]:
    "A server for as long as the tests need it."
    folder = tmp_path_factory.mktemp(server.__name__.lower())
    running = server(folder)
    yield running
    running.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def lab(tmp_path_factory, need):
    need("browser")
    yield from serve(Lab, tmp_path_factory)
