"""Kernels that begin with PyTorch and diffusers loaded: one process has loaded them, and each kernel is a fork of it.

To load them takes three processor seconds, and the tests and the site run some eighty notebooks.
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from jupyter_client.provisioning import local_provisioner


@cache
def loaded() -> subprocess.Popen:
    "The process that has loaded PyTorch. It and its forks end with this one."
    return subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class Fork:
    "A kernel, with what jupyter_client's LocalProvisioner asks of a `Popen`."

    stdin = stdout = stderr = returncode = None

    def __init__(
        self,
        command: Sequence[str],  # python -m ipykernel_launcher …
        env: dict[str, str],  # its whole environment
        cwd: str,  # the folder it starts in
        **_: object,  # what belongs to pipes
    ):
        server = loaded()
        print(json.dumps([command[command.index("-m") + 1 :], env, cwd]), file=server.stdin, flush=True)
        self.pid = int(server.stdout.readline())

    def poll(self) -> int | None:
        "None while it runs, then 0: its exit status is known to nobody."
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            self.returncode = 0
        return self.returncode

    def wait(self) -> int | None:
        return self.poll()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@contextmanager
def forked() -> Iterator[None]:
    "Kernels that start within the block are forks. On Linux; elsewhere they start as usual."
    usual = local_provisioner.launch_kernel
    if sys.platform == "linux":
        local_provisioner.launch_kernel = Fork
    try:
        yield
    finally:
        local_provisioner.launch_kernel = usual


def become(command: Sequence[str], env: dict[str, str], cwd: str) -> None:
    "Turn this fork into what `python -m` would start with this command, environment and folder."
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    folders = [folder for folder in env.get("PYTHONPATH", "").split(os.pathsep) if folder]
    sys.path[:] = [*folders, *(folder for folder in sys.path if folder not in folders)]
    for folder in folders:
        if (custom := Path(folder) / "sitecustomize.py").is_file():  # Python runs the first at its start
            runpy.run_path(str(custom))
            break
    sys.argv = [*command, f"--IPKernelApp.parent_handle={os.getppid()}", "--IPKernelApp.log_level=ERROR"]
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


def serve() -> None:
    "Fork for each line that is read: command, environment and folder as JSON. Print the new process's number."
    import diffusers.models.unets.unet_2d  # noqa: F401
    import ipykernel.kernelapp  # noqa: F401

    del sys.path[0]  # this file's folder
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks for their exit status
    gc.freeze()  # forks need not look for garbage in what was there before them
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                become(*json.loads(line))
            finally:
                os._exit(0)
        os.setpgid(pid, pid)  # an interrupt is sent to a kernel's whole group
        print(pid, flush=True)


if __name__ == "__main__":
    serve()
