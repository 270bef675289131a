"""Two processes on one CPU train as one does."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as multiprocessing
from torch import nn

from convmixer import distributed
from convmixer.checkpoint import checkpoints
from convmixer.distributed import Team, team
from convmixer.experiment import main
from convmixer.machine import Machine

SOURCE = Path(distributed.__file__).parents[1]
CPU = Machine(torch.device("cpu"), torch.float32, compiled=False)
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
# 65 does not divide 1,347, and the last batch is odd. A large epsilon keeps AdamW from
# making much of gradients that are nothing but rounding.
TINY = [
    *("--width", "8", "--depth", "1", "--epochs", "2", "--batch-size", "65"),
    *("--jitter", "0.2", "--epsilon", "1e-3"),
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)


def by_two(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*TORCHRUN, "-m", "convmixer.experiment", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


def weights(name: str) -> dict[str, torch.Tensor]:
    newest = checkpoints(Path("runs", name, "checkpoints"))[0]
    return torch.load(newest, weights_only=True)["model"]


def record(name: str) -> dict:
    return json.loads(Path("runs", name, "record.json").read_text())


def test_two_processes_get_the_weights_of_one(place):
    arguments = [*TINY, "--norm", "layer"]
    together = by_two(*arguments, "--name", "two")
    assert together.returncode == 0, together.stderr
    assert main([*arguments, "--name", "one"]) == 0
    one, two = weights("one"), weights("two")
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], atol=1e-5, rtol=1e-4)
    for ours, theirs in zip(record("one")["epochs"], record("two")["epochs"], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
        assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=0.005)
    # One record, and one voice
    assert record("two")["hardware"]["processes"] == 2
    assert together.stdout.count("ConvMixer-8/1 on digits") == 1
    assert len(re.findall(r"accuracy:", together.stdout)) == 2
    assert "float32 on cpu by 2 processes" in together.stdout
    assert "Warning" not in together.stderr


def test_with_batch_normalization_a_run_ends_and_one_process_goes_on(place):
    """The stopped run of two processes is finished by one."""
    arguments = [*TINY, "--norm", "batch", "--name", "two"]
    assert by_two(*arguments).returncode == 0
    folder = Path("runs/two/checkpoints")
    checkpoints(folder)[0].unlink()
    before = record("two")["epochs"][0]
    assert main(["--resume", "runs/two"]) == 0
    found = record("two")
    assert found["epochs"][0] == before
    assert found["hardware"]["processes"] == 1
    assert len(found["epochs"]) == 2


def test_an_error_is_said_by_every_process_in_one_line(place):
    together = by_two("--dataset", "cifar10", "--data-dir", "nowhere", "--device", "cpu")
    assert together.returncode != 0
    assert "error: CIFAR-10 is not complete in" in together.stderr
    assert "data.py" not in together.stderr


def share_statistics(rank: int, port: int, folder: str) -> None:
    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    with team(CPU) as processes:
        model = nn.Sequential(nn.BatchNorm2d(3, momentum=1.0))
        images = torch.load(Path(folder) / "images.pt")[processes.share]
        model(images)
        processes.share_statistics(model)
        agreed = [processes.any(rank == 1), processes.any(False)]
        state = {"state": model.state_dict(), "agreed": agreed, "leads": processes.leads}
        torch.save(state, Path(folder) / f"{rank}.pt")


def test_the_statistics_of_two_processes_are_those_of_all_their_images(tmp_path):
    torch.manual_seed(0)
    # Two kinds of images, so that the processes' means differ.
    images = torch.randn(64, 3, 4, 4) + 3 * (torch.arange(64) % 2)[:, None, None, None]
    torch.save(images, tmp_path / "images.pt")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(share_statistics, (port, str(tmp_path)), nprocs=2)
    one, two = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert (one["leads"], two["leads"]) == (True, False)
    assert one["agreed"] == two["agreed"] == [True, False]
    for name, expected in {
        "0.running_mean": images.mean(dim=(0, 2, 3)),
        "0.running_var": images.var(dim=(0, 2, 3)),
    }.items():
        assert torch.equal(one["state"][name], two["state"][name])
        torch.testing.assert_close(one["state"][name], expected, rtol=2e-3, atol=1e-3)


def test_a_team_of_one_changes_nothing():
    alone, model = Team(), nn.BatchNorm2d(3)
    assert alone.join(model, CPU) is model
    assert alone.prepare(model, CPU) is model
    assert alone.any(True) is True
    assert torch.equal(alone.sum(torch.ones(2)), torch.ones(2))
    assert list(range(5))[alone.share] == list(range(5))


def test_on_cuda_the_statistics_are_gathered_over_the_batch():
    """The conversion needs no GPU, and keeps every name and weight."""
    cuda = Machine(torch.device("cuda"), torch.bfloat16, compiled=False)
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    prepared = Team(0, 2).prepare(model, cuda)
    assert isinstance(prepared[1], nn.SyncBatchNorm)
    assert prepared.state_dict().keys() == model.state_dict().keys()
    assert isinstance(Team(0, 2).prepare(nn.BatchNorm2d(4), CPU), nn.BatchNorm2d)
