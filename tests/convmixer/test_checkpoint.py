"""A training that is stopped at any moment goes on to the same weights, or says why it cannot."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from convmixer.experiment import main
from convmixer.runs import checkpoint

SOURCE = Path(checkpoint.__file__).parents[2]
# Everything that a checkpoint must remember has a part in this run.
TINY = [
    *("--width", "8", "--depth", "1", "--epochs", "3", "--batch-size", "64"),
    *("--average", "0.9", "--mixup", "0.2", "--jitter", "0.2", "--warmup", "0.2"),
]
KILLS = int(os.environ.get("CONVMIXER_KILLS", 20))
# Starts the experiment again and again without importing PyTorch each time: each line of
# its input is a command, run by a child whose number and end it prints.
NURSERY = """
import json, os, signal, sys
import torch
from convmixer.runs import record, run
from convmixer.experiment import main
torch.set_num_threads(1)
print("ready", flush=True)
for line in sys.stdin:
    arguments, killed_write = json.loads(line)
    child = os.fork()
    if child == 0:
        writes = [0]
        real = os.fsync
        def fsync(handle):
            writes[0] += 1
            if writes[0] == killed_write:
                os.kill(os.getpid(), signal.SIGKILL)
            real(handle)
        os.fsync = fsync
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main(arguments))
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    # Such small models are faster with one, and much faster where other programs run.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path / "work"
    torch.set_num_threads(threads)


@pytest.fixture
def nursery(place):
    process = subprocess.Popen(
        [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"

    def attempt(arguments, killed_write=0, after=None) -> int:
        """The exit code of a run: killed at its n-th write, or after so many seconds."""
        process.stdin.write(json.dumps([arguments, killed_write]) + "\n")
        process.stdin.flush()
        child = int(process.stdout.readline())
        if after is not None:
            time.sleep(after)
            # It may have come to its end before.
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return int(process.stdout.readline())

    yield attempt
    process.stdin.close()
    process.wait(timeout=60)


def newest(folder: str) -> dict:
    return torch.load(checkpoint.checkpoints(Path(folder, "checkpoints"))[0], weights_only=True)


def digest(folder: str) -> str:
    """A hash of all weights that a run ended with, and of their average."""
    found, content = hashlib.sha256(), newest(folder)
    for part in ("model", "average"):
        for name, tensor in sorted(content[part].items()):
            found.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def test_killed_again_and_again_it_ends_with_the_same_weights(nursery):
    began = time.monotonic()
    assert nursery([*TINY, "--name", "whole"]) == 0
    duration = time.monotonic() - began
    expected, chance = digest("runs/whole"), random.Random(0)

    kills = number = 0
    while kills < KILLS:
        number += 1
        name = f"killed-{number}"
        command = [*TINY, "--name", name]
        while True:
            # Half of them die while they write, the others anywhere.
            in_write = chance.random() < 0.5
            code = nursery(
                command,
                killed_write=chance.randrange(1, 9) if in_write else 0,
                after=None if in_write else chance.uniform(0, duration),
            )
            if code == 0:
                break
            if code == 2:
                # It was killed after its last step, with nothing left to do.
                assert newest(f"runs/{name}")["epoch"] == 3
                break
            assert code == -signal.SIGKILL
            kills += 1
            if Path(f"runs/{name}/record.json").exists():
                command = ["--resume", f"runs/{name}"]
            elif Path(f"runs/{name}").exists():
                # Killed between the making of its folder and the first record.
                name = f"{name}-again"
                command = [*TINY, "--name", name]
        assert digest(f"runs/{name}") == expected
        assert not list(Path("runs", name).rglob("*.pt.*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_asked_to_stop_it_stops_after_the_step_and_goes_on(place, monkeypatch, number, code):
    assert main([*TINY, "--name", "whole"]) == 0
    steps, real = [], checkpoint.State.__setattr__

    def at_step_30(state, name, value):
        real(state, name, value)
        if name == "step" and value:
            steps.append(value)
            if len(steps) == 30:
                os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.State, "__setattr__", at_step_30)
        assert main([*TINY, "--name", "stopped"]) == code
    assert signal.getsignal(number) == before
    record = json.loads(Path("runs/stopped/record.json").read_text())
    assert record["status"] == "interrupted"
    content = newest("runs/stopped")
    assert (content["epoch"], content["step"]) == (1, 30 - 22)

    assert main(["--resume", "runs/stopped"]) == 0
    assert digest("runs/stopped") == digest("runs/whole")
    again, whole = (
        json.loads(Path("runs", name, "record.json").read_text()) for name in ("stopped", "whole")
    )
    assert again["status"] == "finished"
    assert [(at["epoch"], at["step"]) for at in again["resumed"]] == [(1, 8)]
    assert again["command"] == record["command"]
    for one, other in zip(again["epochs"], whole["epochs"], strict=True):
        assert (one["loss"], one["accuracy"]) == (
            pytest.approx(other["loss"], rel=1e-6),
            other["accuracy"],
        )
    assert again["mistakes"] == whole["mistakes"]


def test_a_second_signal_does_not_wait():
    with checkpoint.StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_the_last_three_and_the_best_are_kept(place):
    assert main([*TINY, "--epochs", "5", "--name", "kept"]) == 0
    folder = Path("runs/kept/checkpoints")
    assert {path.name for path in folder.iterdir()} == {
        *(f"step-{22 * epoch:08}.pt" for epoch in (3, 4, 5)),
        "best.pt",
    }
    epochs = json.loads(Path("runs/kept/record.json").read_text())["epochs"]
    best = torch.load(folder / "best.pt", weights_only=True)
    highest = max(epoch["accuracy"] for epoch in epochs)
    assert best["epochs"][-1]["accuracy"] == highest
    assert all(epoch["accuracy"] < highest for epoch in best["epochs"][:-1])


@pytest.fixture
def unfinished(place):
    """A run with checkpoints after its first and its second epoch of three."""
    assert main([*TINY, "--name", "run"]) == 0
    (place / "runs/run/checkpoints/step-00000066.pt").unlink()
    return place / "runs/run"


def error_of(capsys, *arguments: str) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert len(message.splitlines()) == 1
    return message


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "other", "foreign"])
def test_a_checkpoint_that_cannot_be_used_offers_the_one_before(
    unfinished, capsys, tmp_path, damage
):
    path = unfinished / "checkpoints" / "step-00000044.pt"
    content = path.read_bytes()
    if damage == "other":
        torch.save({"weights": torch.zeros(3)}, path)
    elif damage == "foreign":
        whole = torch.load(path, weights_only=True)
        whole["model"]["head.linear.weight"] = torch.zeros(10, 16)
        torch.save(whole, path)
    else:
        damaged = {"truncated": content[:-500], "empty": b"", "text": b"no checkpoint"}
        path.write_bytes(damaged[damage])
    message = error_of(capsys, "--resume", "runs/run")
    assert "step-00000044.pt cannot be resumed from" in message
    assert "Delete it, and --resume goes on from step-00000022.pt" in message
    path.unlink()
    assert main(["--resume", "runs/run"]) == 0
    assert newest("runs/run")["epoch"] == 3


def test_the_only_checkpoint_damaged_says_to_start_anew(unfinished, capsys):
    (unfinished / "checkpoints" / "step-00000022.pt").unlink()
    (unfinished / "checkpoints" / "step-00000044.pt").write_bytes(b"")
    assert "start the run anew" in error_of(capsys, "--resume", "runs/run")


def test_a_checkpoint_cannot_run_a_program(unfinished, capsys):
    class Program:
        def __reduce__(self):
            return os.system, ("touch ran",)

    torch.save(Program(), unfinished / "checkpoints" / "step-00000044.pt")
    assert "cannot be resumed from" in error_of(capsys, "--resume", "runs/run")
    assert not Path("ran").exists()


def test_what_cannot_be_resumed_is_one_error(unfinished, capsys):
    Path("empty").mkdir()
    assert "empty/record.json cannot be read" in error_of(capsys, "--resume", "empty")
    message = error_of(capsys, "--resume", "runs/run", "--epochs", "9")
    assert "--epochs 9 with --resume, but the run began with 3" in message
    (unfinished / "record.json").write_text('{"options": {"width": 3}}')
    assert "is no record of a run" in error_of(capsys, "--resume", "runs/run")
    (unfinished / "record.json").write_text("{")
    assert "is no record of a run" in error_of(capsys, "--resume", "runs/run")


def test_a_finished_run_has_nothing_to_resume(place, capsys):
    assert main([*TINY, "--name", "run"]) == 0
    before = Path("runs/run/record.json").read_bytes()
    assert "is finished; there is nothing to resume" in error_of(capsys, "--resume", "runs/run")
    assert Path("runs/run/record.json").read_bytes() == before


def test_a_run_may_move_to_another_place(unfinished):
    unfinished.rename("moved")
    assert main(["--resume", "moved", "--device", "cpu", "--workers", "0"]) == 0
    assert newest("moved")["epoch"] == 3
    assert not Path("runs/run").exists()


def test_numbers_that_run_away_name_the_step_and_the_last_good_checkpoint(
    place, capsys, monkeypatch
):
    from convmixer.runs import loop as training

    real = training.learning_rate
    monkeypatch.setattr(training, "learning_rate", lambda p, o: 1e30 if p > 0.5 else real(p, o))
    message = error_of(capsys, *TINY, "--name", "run")
    assert "in epoch 2, step " in message
    assert "of 22" in message
    assert "The last good checkpoint is runs/run/checkpoints/step-00000022.pt" in message
    assert {path.name for path in Path("runs/run/checkpoints").iterdir()} == {
        "best.pt",
        "step-00000022.pt",
    }
    assert json.loads(Path("runs/run/record.json").read_text())["status"] == "failed"
