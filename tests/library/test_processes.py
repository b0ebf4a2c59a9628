"Several processes: what they come to is what one comes to; one prints, draws and saves; if one dies, all end."

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from ddpm_widgets import ProcessError
from ddpm_widgets.checkpoint_files import read_checkpoint
from ddpm_widgets.interrupts import Interrupts
from ddpm_widgets.processes import LOST_PEER_MESSAGES, Processes, ShardedLoader

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/support/two_processes.py"
ENV = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "ACCELERATE_USE_CPU": "1",
    "CUDA_VISIBLE_DEVICES": "",
}
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="gloo on one machine")]


def start(folder, what, rank, port):
    env = {**ENV, "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    env["MASTER_PORT"] = str(port)
    command = [sys.executable, SCRIPT, folder, what]
    return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    "What one process comes to; what two do, started by `accelerate launch`; and what the two print."
    folder = tmp_path_factory.mktemp("processes")
    (one := folder / "one").mkdir()
    (two := folder / "two").mkdir()
    subprocess.run([sys.executable, SCRIPT, one], env=ENV, check=True, capture_output=True, timeout=200)
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--nnodes=1"]
    options = [f"--master_port={free_port()}", SCRIPT, two]
    done = subprocess.run([*launch, *options], env=ENV, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    read = [
        json.loads(p.read_text())
        for p in (one / "rank 0 of 1.json", two / "rank 0 of 2.json", two / "rank 1 of 2.json")
    ]
    return *read, done, two


def close(a, b, tolerance=2e-4):
    torch.testing.assert_close(torch.tensor(a), torch.tensor(b), rtol=tolerance, atol=tolerance)


def test_two_come_to_what_one_comes_to(ends):
    "The same batches, timesteps and noise: losses, metrics, weights, moving average and samples differ by rounding alone."
    one, two = ends[0]["whole"], ends[1]["whole"]
    assert two["sizes"] == one["sizes"] == [16, 16, 16, 1] * 2
    for name in ("losses", "weights", "average"):
        close(two[name], one[name])
    close(two["samples"], one["samples"], 2e-2)  # a sampler magnifies
    for a, b in zip(two["metrics"], one["metrics"], strict=True):
        close(list(a.values()), list(b.values()))


def test_both_know_the_same(ends):
    "Also where each began with weights and random numbers of its own."
    own = {"stopped": None, "late": None}
    assert {**ends[1], **own} == {**ends[2], **own}
    assert ends[1]["interrupted"] == [6, "interrupted"], "in both, also where one of them alone has heard it"


def test_who_is_told_while_they_agree_stops_with_the_others(ends):
    "And does not leave them waiting for it, as an interrupt that came in that moment once did."
    assert ends[1]["late"] == [7, "stopped by another process"] and ends[2]["late"] == [7, "late"]


def test_a_loss_that_is_not_finite_in_one_process_ends_both(ends):
    assert ends[1]["nan"] == ends[2]["nan"] and ends[1]["nan"][0] == 5 and ends[1]["nan"][2]
    assert ends[1]["nan"][1].startswith("the loss is nan at step 6")


def test_stopped_in_one_process_and_resumed_in_both(ends):
    whole, resumed = ends[1]["whole"], ends[1]["resumed"]
    assert ends[1]["stopped"] == [6, "stopped by another process"] and ends[2]["stopped"] == [6, "six"]
    assert resumed == whole, "to the last bit"


def test_the_main_process_alone_prints_and_saves(ends):
    _, _, _, done, folder = ends
    assert done.stdout.count("Resumed at step 6") == 1
    assert done.stdout.count("Ended early after 6 of 8 steps") == 1 and done.stdout.count("All of it is in") == 1
    assert sorted(p.name for p in (folder / "part").iterdir()) == [
        "step-00000006.safetensors",
        "step-00000008.safetensors",
    ]


@pytest.mark.parametrize("forced", [True, False])
def test_they_find_each_other_whatever_is_asked_first(forced, tmp_path):
    "accelerate is asked which process this is before the first fit; and nobody has told it to use the CPU."
    env = {**ENV, "ACCELERATE_USE_CPU": "1"} if forced else {k: v for k, v in ENV.items() if k != "ACCELERATE_USE_CPU"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", f"--master_port={free_port()}"]
    done = subprocess.run([*launch, SCRIPT, tmp_path, "fresh"], env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-4000:]
    found = [json.loads((tmp_path / f"fresh {rank}.json").read_text()) for rank in (0, 1)]
    assert [end[:2] for end in found] == [[2, 0], [2, 1]] and found[0][2] == found[1][2]
    assert done.stdout.count("No checkpoint in") == 1, "the main process alone says so"


def wait_for(file):
    give_up = time.monotonic() + 100
    while not file.exists() and time.monotonic() < give_up:
        time.sleep(0.05)


@pytest.mark.parametrize("rank", [0, 1])
def test_sigkill_in_the_middle_of_an_epoch(rank, tmp_path):
    "The other one says so and ends, at once; what the main process had written is whole."
    port = free_port()
    processes = [start(tmp_path, "wait", r, port) for r in (0, 1)]
    try:
        wait_for(tmp_path / f"rank {rank} is there")
        processes[rank].kill()
        began = time.monotonic()
        _, said = processes[1 - rank].communicate(timeout=60)
        assert time.monotonic() - began < 30, "a hang"
    finally:
        for p in processes:
            p.kill()
            p.wait()
    assert processes[rank].returncode == -signal.SIGKILL and processes[1 - rank].returncode == 1
    assert "ProcessError: another of the 2 processes of this run has ended" in said, said[-2000:]
    assert len(said.strip().splitlines()[-1]) < 400
    for file in (tmp_path / "kept").glob("*.safetensors"):
        read_checkpoint(file)
    assert list((tmp_path / "kept").glob("*.safetensors"))


@pytest.mark.parametrize("what", ["die", "fail"])
def test_when_one_dies_the_other_says_so_and_ends(what, tmp_path):
    port = free_port()
    began = time.monotonic()
    processes = [start(tmp_path, what, rank, port) for rank in (0, 1)]
    try:
        out = [p.communicate(timeout=120) for p in processes]
    finally:
        for p in processes:
            p.kill()
    assert processes[1].returncode == (7 if what == "die" else 1) and time.monotonic() - began < 120
    assert processes[0].returncode == 1
    assert "ProcessError: another of the 2 processes of this run has ended: see what it says" in out[0][1], out[0][1][
        -2000:
    ]
    assert "sys.last_value.learn" in out[0][1]


class Of:
    "What `Processes` needs to know of a Learner."

    accelerator = SimpleNamespace(num_processes=2)

    def __init__(self, error):
        self.error = error


@pytest.mark.parametrize("text", LOST_PEER_MESSAGES)
def test_a_lost_peer_is_named_and_the_original_error_kept(text):
    original = RuntimeError(f"[pair.cc:553] {text} [127.0.0.1]:3214\nand more")
    with pytest.raises(ProcessError, match=re.escape(text)) as caught:
        Processes().failed_fit(Of(original))
    assert caught.value.__cause__ is original and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("NCCL error: unhandled cuda error, NCCL version 2.21.5"),
        RuntimeError("gloo: unsupported dtype"),
        RuntimeError("CUDA error: device-side assert triggered"),
        ValueError("Connection closed by peer"),
    ],
    ids=str,
)
def test_a_fault_of_this_process_stays_what_it_is(error):
    "An error is not taken for a lost peer because a library's name is in it."
    Processes().failed_fit(Of(error))


@pytest.mark.parametrize("sizes", [[16, 16, 1], [5], [3, 2, 1]])
@pytest.mark.parametrize("processes", [2, 3])
def test_shards_are_the_whole_batch(sizes, processes):
    batches = [(torch.arange(n), {"y": torch.arange(n) * 2}) for n in sizes]
    loaders = [
        ShardedLoader(batches, SimpleNamespace(process_index=r, num_processes=processes, device=torch.device("cpu")))
        for r in range(processes)
    ]
    for size, shards in zip(sizes, zip(*loaders, strict=True), strict=True):
        own = [shard for loader, shard in zip(loaders, shards, strict=True) if loader.shard.start < loader.shard.stop]
        assert torch.cat([x for x, _ in own]).tolist() == list(range(size))
        assert torch.cat([y["y"] for _, y in own]).tolist() == [2 * i for i in range(size)]
        assert all(len(x) for x, _ in shards), "every process has something to compute"
        assert {loader.whole for loader in loaders} == {size}


def test_a_program_that_ignores_interrupts_goes_on_ignoring_them():
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        fit = SimpleNamespace(stop_reason=None, stop=lambda reason: pytest.fail("it was told to stop"))
        with Interrupts(fit):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, former)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_hangs_is_waited_for_no_longer_than_asked(rank, tmp_path, monkeypatch):
    "Stopped, not ended: without a limit the others would wait for half an hour."
    monkeypatch.setitem(ENV, "DDPM_WIDGETS_TIMEOUT", "5")
    port = free_port()
    processes = [start(tmp_path, "wait", r, port) for r in (0, 1)]
    try:
        wait_for(tmp_path / f"rank {rank} is there")
        processes[rank].send_signal(signal.SIGSTOP)
        began = time.monotonic()
        _, said = processes[1 - rank].communicate(timeout=60)
        assert time.monotonic() - began < 30
    finally:
        for p in processes:
            p.kill()
            p.wait()
    assert processes[1 - rank].returncode == 1
    assert "ProcessError: another of the 2 processes of this run does not answer" in said, said[-2000:]


@pytest.mark.parametrize("text", ["soon", "0", "-3", "nan", "inf"])
def test_a_limit_that_is_none(text, monkeypatch):
    from ddpm_widgets.processes import this_process

    for name, value in {"DDPM_WIDGETS_TIMEOUT": text, "LOCAL_RANK": "0", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(
        ValueError, match="DDPM_WIDGETS_TIMEOUT must be a number of seconds above 0, at most 10,000,000, found"
    ):
        this_process()
