"""A training that is stopped at any moment goes on to the same weights, or says why it cannot."""

import errno
import hashlib
import json
import os
import pickle
import random
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import torch
from filelock import FileLock, Timeout
from nursery import Program, killed_in_call, killed_in_write, saved_every

from convmixer.experiment import main
from convmixer.runs import checkpoint, files, loop, record, setting
from convmixer.runs import run as running
from convmixer.runs.files import checkpoints
from convmixer.runs.stop import ANSWER, StopRequest
from convmixer.training import EMA

# Everything that a checkpoint must remember has a part in this run.
TINY = [
    *("--width", "8", "--depth", "1", "--epochs", "3", "--batch-size", "256"),
    *("--average", "0.9", "--mixup", "0.2", "--jitter", "0.2", "--warmup", "0.2"),
]
KILLS = int(os.environ.get("CONVMIXER_KILLS", 20))
# About as many functions are called in this run.
CALLS = 500_000


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that was never stopped."""
    folder = tmp_path_factory.mktemp("finished")
    assert main([*TINY, "--runs", str(folder), "--name", "whole"]) == 0
    return folder / "whole"


def newest(folder: str | Path) -> dict:
    return torch.load(checkpoints(Path(folder, "checkpoints"))[0], weights_only=True)


def record_of(folder: str | Path) -> dict:
    return json.loads(Path(folder, "record.json").read_text())


def digest(folder: str | Path) -> str:
    """A hash of all weights that a run ended with, and of their average."""
    found, content = hashlib.sha256(), newest(folder)
    for part in ("model", "average"):
        for name, tensor in sorted(content[part].items()):
            found.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def test_killed_again_and_again_it_ends_with_the_same_weights(place, finished):
    expected, chance = digest(finished), random.Random(0)
    kills, number, resumed = 0, 0, []
    while kills < KILLS:
        number += 1
        name = f"killed-{number}"
        command = [*TINY, "--name", name]
        while True:
            # Half of them die while they write, the others anywhere.
            if chance.random() < 0.5:
                before = partial(killed_in_write, chance.randrange(1, 9))
            else:
                before = partial(killed_in_call, chance.randrange(CALLS))
            # Half of them write a checkpoint after every step, as if steps took ten minutes.
            seconds = chance.choice([0, 600])
            code, *_ = Program(command, partial(saved_every, seconds, before)).wait()
            if code == 0:
                break
            if code == 2:
                # It was killed when all was written, with nothing left to do.
                assert record_of(f"runs/{name}")["status"] == "finished"
                break
            assert code == -signal.SIGKILL
            kills += 1
            # Killed before its first record, it is started anew.
            if Path(f"runs/{name}/record.json").exists():
                command = ["--resume", f"runs/{name}"]
        assert digest(f"runs/{name}") == expected
        assert not list(Path("runs", name).rglob("*.pt.*"))
        resumed += record_of(f"runs/{name}")["resumed"]
    assert kills > 0
    if KILLS >= 20:
        assert any(at["step"] for at in resumed)


def test_killed_before_its_first_record_it_leaves_nothing_in_the_way(place, finished, monkeypatch):
    def killed(path, target):
        if path.name.startswith(".record.json."):
            raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(Path, "replace", killed)
        patched.setattr(Path, "unlink", lambda path, **options: None)
        main([*TINY, "--name", "again"])
    unfinished = sorted(path.name for path in Path("runs/again").iterdir())
    assert unfinished == [".lock", f".record.json.{os.getpid()}"]
    assert main([*TINY, "--name", "again"]) == 0
    assert digest("runs/again") == digest(finished)
    assert not list(Path("runs/again").glob(".record*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_asked_to_stop_it_stops_after_the_step_and_goes_on(
    place, finished, monkeypatch, number, code
):
    steps, real = [], checkpoint.State.__setattr__

    def at_step_9(state, name, value):
        real(state, name, value)
        if name == "step" and value:
            steps.append(value)
            if len(steps) == 9:
                os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.State, "__setattr__", at_step_9)
        assert main([*TINY, "--name", "stopped"]) == code
    assert signal.getsignal(number) == before
    record = json.loads(Path("runs/stopped/record.json").read_text())
    assert record["status"] == "interrupted"
    content = newest("runs/stopped")
    assert (content["epoch"], content["step"]) == (1, 9 - 6)

    assert main(["--resume", "runs/stopped"]) == 0
    assert digest("runs/stopped") == digest(finished)
    again, whole = (
        json.loads((folder / "record.json").read_text())
        for folder in (Path("runs/stopped"), finished)
    )
    assert again["status"] == "finished"
    assert [(at["epoch"], at["step"]) for at in again["resumed"]] == [(1, 3)]
    assert again["command"] == record["command"]
    for one, other in zip(again["epochs"], whole["epochs"], strict=True):
        assert (one["loss"], one["accuracy"]) == (
            pytest.approx(other["loss"], rel=1e-6),
            other["accuracy"],
        )
    assert again["mistakes"] == whole["mistakes"]


def test_a_checkpoint_is_written_every_ten_minutes_of_a_long_epoch(place, finished, monkeypatch):
    """Each step of 6 takes five and a half minutes by this clock."""
    minutes, written, real = count(step=5.5), [], loop.write_checkpoint

    def write_checkpoint(folder, state, *rest):
        written.append((state.epoch, state.step))
        return real(folder, state, *rest)

    monkeypatch.setattr(loop, "write_checkpoint", write_checkpoint)
    steps = []

    def clock():
        steps.append(next(minutes) * 60)
        return steps[-1]

    monkeypatch.setattr(running, "Setting", partial(setting.Setting, clock=clock))
    assert main([*TINY, "--name", "long"]) == 0
    # One look at the clock a step, one at each begin of an epoch and at each checkpoint
    assert len(steps) == 3 * (6 + 1 + 2)
    per_epoch = [2, 4]
    assert written == [
        at for epoch in range(3) for at in [*((epoch, step) for step in per_epoch), (epoch + 1, 0)]
    ]
    assert digest("runs/long") == digest(finished)


def test_stopped_after_its_last_epoch_a_run_can_be_finished(place, finished, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(running, "mistakes", interrupted)
        assert main([*TINY, "--name", "late"]) == 130
    assert record_of("runs/late")["status"] == "interrupted"
    assert main(["--resume", "runs/late"]) == 0
    again, whole = record_of("runs/late"), record_of(finished)
    assert again["status"] == "finished"
    assert again["mistakes"] == whole["mistakes"]
    assert whole["mistakes"] is not None
    assert again["accuracy"] == whole["accuracy"]
    assert len(again["epochs"]) == 3
    assert "is finished; there is nothing to resume" in error_of(capsys, "--resume", "runs/late")


def test_a_second_signal_does_not_wait(capfd):
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        # Answered before anything else happens
        assert capfd.readouterr().err == ANSWER.decode()
        assert stop.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_the_last_three_and_the_best_are_kept(place):
    assert main([*TINY, "--epochs", "5", "--name", "kept"]) == 0
    folder = Path("runs/kept/checkpoints")
    assert {path.name for path in folder.iterdir()} == {
        *(f"step-{6 * epoch:08}.pt" for epoch in (3, 4, 5)),
        "best.pt",
    }
    epochs = json.loads(Path("runs/kept/record.json").read_text())["epochs"]
    best = torch.load(folder / "best.pt", weights_only=True)
    highest = max(epoch["accuracy"] for epoch in epochs)
    assert best["epochs"][-1]["accuracy"] == highest
    assert all(epoch["accuracy"] < highest for epoch in best["epochs"][:-1])


@pytest.fixture
def unfinished(place, finished):
    """A run with checkpoints after its first and its second epoch of three."""
    shutil.copytree(finished, "runs/run")
    (place / "runs/run/checkpoints/step-00000018.pt").unlink()
    return place / "runs/run"


def error_of(capsys, *arguments: str) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert len(message.splitlines()) == 1
    return message


def test_a_checkpoint_that_cannot_be_used_offers_the_one_before(unfinished, capsys):
    path = unfinished / "checkpoints" / "step-00000012.pt"
    content, foreign = path.read_bytes(), torch.load(path, weights_only=True)
    foreign["model"]["head.linear.weight"] = torch.zeros(10, 16)
    damaged = [content[:-500], b"", b"no checkpoint"]
    for other in ({"weights": torch.zeros(3)}, foreign):
        torch.save(other, path)
        damaged.append(path.read_bytes())
    for spoiled in damaged:
        path.write_bytes(spoiled)
        message = error_of(capsys, "--resume", "runs/run")
        assert "step-00000012.pt cannot be resumed from" in message
        assert "Move it to another folder, and --resume goes on from step-00000006.pt" in message
        assert "elete" not in message
    path.rename("elsewhere.pt")
    assert main(["--resume", "runs/run"]) == 0
    assert newest("runs/run")["epoch"] == 3


def test_the_only_checkpoint_damaged_says_to_start_anew(unfinished, capsys):
    (unfinished / "checkpoints" / "step-00000006.pt").unlink()
    (unfinished / "checkpoints" / "step-00000012.pt").write_bytes(b"")
    assert "start the run anew" in error_of(capsys, "--resume", "runs/run")


def test_a_checkpoint_cannot_run_a_program(unfinished, capsys):
    class Program:
        def __reduce__(self):
            return os.system, ("touch ran",)

    torch.save(Program(), unfinished / "checkpoints" / "step-00000012.pt")
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


def test_a_finished_run_has_nothing_to_resume(place, finished, capsys):
    shutil.copytree(finished, "runs/run")
    before = Path("runs/run/record.json").read_bytes()
    assert "is finished; there is nothing to resume" in error_of(capsys, "--resume", "runs/run")
    assert Path("runs/run/record.json").read_bytes() == before


def test_each_part_of_a_run_has_circumstances_of_its_own(unfinished, capsys, monkeypatch):
    """The machine that it began on is another than the one on which it goes on."""
    began = record_of(unfinished)
    elsewhere = {"precision": "bfloat16", "commit": "0" * 40, "hardware": {"threads": 64}}
    text = json.dumps(began | elsewhere | {"resumed": [{"epoch": 1, "step": 0, "command": "c"}]})
    (unfinished / "record.json").write_text(text)
    capsys.readouterr()
    assert main(["--resume", "runs/run"]) == 0
    assert "float32 on cpu, 1,347 images" in capsys.readouterr().out
    found = record_of(unfinished)
    assert {name: found[name] for name in elsewhere} == elsewhere
    # A part that an older version went on with says no more than it did.
    first, second = found["resumed"]
    assert first == {"epoch": 1, "step": 0, "command": "c"}
    assert (second["epoch"], second["step"]) == (2, 0)
    for name in ("precision", "compiled", "versions", "hardware"):
        assert second[name] == began[name]
    assert second["hardware"]["threads"] == torch.get_num_threads()
    assert second["commit"] == record.commit()


def test_a_run_is_trained_by_one_process_at_a_time(unfinished, capsys, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0)
    halves = [unfinished / ".record.json.77", unfinished / "checkpoints/.step-00000018.pt.77"]
    for half in halves:
        half.write_bytes(b"half")
    before = (unfinished / "record.json").read_bytes()
    with FileLock(unfinished / ".lock"):
        message = error_of(capsys, "--resume", "runs/run")
    assert "another process is training the run in runs/run" in message
    assert (unfinished / "record.json").read_bytes() == before
    # What the other one is writing is not touched, until it is known to have ended.
    assert all(half.exists() for half in halves)
    assert main(["--resume", "runs/run"]) == 0
    assert not any(half.exists() for half in halves)


@pytest.mark.parametrize("resumed", [False, True])
def test_a_run_is_locked_until_its_end(unfinished, monkeypatch, resumed):
    locks, real = [], running.train_run

    def locked(*arguments):
        folder = Path("runs/run" if resumed else "runs/new")
        with pytest.raises(Timeout):
            FileLock(folder / ".lock").acquire(timeout=0)
        locks.append(folder)
        return real(*arguments)

    monkeypatch.setattr(running, "train_run", locked)
    assert main(["--resume", "runs/run"] if resumed else [*TINY, "--name", "new"]) == 0
    (folder,) = locks
    with FileLock(folder / ".lock").acquire(timeout=0):
        pass


def test_a_run_may_move_to_another_place(unfinished):
    unfinished.rename("moved")
    assert main(["--resume", "moved", "--device", "cpu", "--workers", "0"]) == 0
    assert newest("moved")["epoch"] == 3
    assert not Path("runs/run").exists()


def test_numbers_that_run_away_name_the_step_and_the_last_good_checkpoint(
    place, capsys, monkeypatch
):
    from convmixer import training

    real = training.learning_rate
    monkeypatch.setattr(training, "learning_rate", lambda p, o: 1e30 if p > 0.5 else real(p, o))
    message = error_of(capsys, *TINY, "--name", "run")
    assert "in epoch 2, step " in message
    assert "of 6" in message
    assert "The last good checkpoint is runs/run/checkpoints/step-00000006.pt" in message
    assert {path.name for path in Path("runs/run/checkpoints").iterdir()} == {
        "best.pt",
        "step-00000006.pt",
    }
    assert json.loads(Path("runs/run/record.json").read_text())["status"] == "failed"


def state_after(steps: int, width: int = 2) -> checkpoint.State:
    """A state in which every part remembers something."""
    torch.manual_seed(steps)
    model = torch.nn.Linear(3, width)
    state = checkpoint.State(
        model=model,
        optimizer=torch.optim.AdamW(model.parameters()),
        # With scales of its own, as in half precision
        scaler=torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2),
        ema=EMA(model, 0.9),
    )
    for _ in range(steps):
        state.optimizer.zero_grad()
        state.scaler.scale(model(torch.randn(4, 3)).square().sum()).backward()
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.ema.update(model)
        state.step += 1
    return state


def content(state: checkpoint.State) -> dict:
    return {
        "model": state.model.state_dict(),
        "average": state.ema.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "scaler": state.scaler.state_dict(),
        **{name: getattr(state, name) for name in checkpoint.PLAIN},
    }


def test_a_new_state_has_done_nothing():
    state = state_after(0)
    assert (state.epoch, state.step, state.loss, state.seconds, state.epochs) == (0, 0, 0, 0, [])
    assert state.epochs is not state_after(0).epochs
    assert state.evaluated is state.ema.model
    state.ema = None
    assert state.evaluated is state.model


def test_every_part_of_a_state_comes_back(tmp_path):
    state = state_after(3)
    state.epoch, state.loss, state.seconds, state.epochs = 2, 0.25, 7.5, [{"accuracy": 0.5}]
    about = {"classes": ["a", "b"]}
    written = checkpoint.write_checkpoint(tmp_path / "run", state, about, 23, best=False)
    assert [*(tmp_path / "run").iterdir()] == [written] == [tmp_path / "run" / "step-00000023.pt"]
    assert torch.load(written, weights_only=True)["classes"] == ["a", "b"]
    other = state_after(1)
    assert checkpoint.read_checkpoint(tmp_path / "run", other) == written
    torch.testing.assert_close(content(other), content(state), rtol=0, atol=0)
    assert other.scaler.get_scale() == 16


def test_a_state_without_an_average_comes_back(tmp_path):
    state, other = state_after(3), state_after(1)
    state.ema = other.ema = None
    checkpoint.write_checkpoint(tmp_path, state, {}, 3, best=True)
    assert (tmp_path / "best.pt").read_bytes() == (tmp_path / "step-00000003.pt").read_bytes()
    checkpoint.read_checkpoint(tmp_path, other)
    assert torch.equal(other.model.weight, state.model.weight)


def test_only_the_newest_three_are_kept_in_the_order_of_their_steps(tmp_path):
    for steps in (9, 10, 99, 100, 20):
        checkpoint.write_checkpoint(tmp_path, state_after(0), {}, steps, best=False)
    assert [path.name for path in checkpoints(tmp_path)] == [
        "step-00000100.pt",
        "step-00000099.pt",
        "step-00000020.pt",
    ]


def test_without_a_checkpoint_a_state_stays(tmp_path):
    (tmp_path / "best.pt").write_bytes(b"not looked at")
    state = state_after(2)
    assert checkpoint.read_checkpoint(tmp_path, state) is None
    assert state.step == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_one_number_that_is_none_among_all_weights_is_seen(value):
    state = state_after(0)
    assert state.finite()
    with torch.no_grad():
        state.model.bias[1] = value
    assert not state.finite()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda found: [found], "list indices"),
        (lambda found: found | {"optimizer": {}}, "param_groups"),
        (lambda found: found | {"model": state_after(1, width=3).model.state_dict()}, "Linear"),
        (lambda found: found | {"optimizer": shorter(found["optimizer"])}, "parameter group"),
        (lambda found: {**found, "average": None}, ""),
    ],
    ids=["a list", "no groups", "another width", "fewer weights", "no average"],
)
def test_what_does_not_fit_a_state_is_one_line(tmp_path, spoil, reason):
    for steps in (1, 2, 3):
        checkpoint.write_checkpoint(tmp_path, state_after(steps), {}, steps, best=False)
    newest = tmp_path / "step-00000003.pt"
    torch.save(spoil(torch.load(newest, weights_only=True)), newest)
    with pytest.raises(checkpoint.CheckpointError) as caught:
        checkpoint.read_checkpoint(tmp_path, state_after(0))
    message = str(caught.value)
    assert message.startswith(f"{newest} cannot be resumed from (")
    advice = "Move it to another folder, and --resume goes on from step-00000002.pt"
    assert message.endswith(f"). {advice}")
    assert reason in message
    assert "\n" not in message


def shorter(optimizer: dict) -> dict:
    (group,) = optimizer["param_groups"]
    return optimizer | {"param_groups": [group | {"params": group["params"][:1]}]}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EOFError(), "it ends too early"),
        (RuntimeError("first line\nsecond line"), "first line"),
        (pickle.UnpicklingError("how to run it\nnevertheless"), "it is damaged or no checkpoint"),
    ],
    ids=["EOFError", "RuntimeError", "UnpicklingError"],
)
def test_a_checkpoint_that_cannot_be_read_says_why(tmp_path, monkeypatch, error, reason):
    path = checkpoint.write_checkpoint(tmp_path, state_after(1), {}, 1, best=False)

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(checkpoint.CheckpointError) as caught:
        checkpoint.read_checkpoint(tmp_path, state_after(0))
    advice = "There is no older one; start the run anew without --resume"
    assert str(caught.value) == f"{path} cannot be resumed from ({reason}). {advice}"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate "
            "memory: you tried to allocate 4 bytes. Error code 12"
        ),
    ],
)
def test_memory_that_runs_out_does_not_damage_a_checkpoint(unfinished, capsys, monkeypatch, error):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(torch, "load", fail)
    message = error_of(capsys, "--resume", "runs/run")
    assert "not enough memory to resume from runs/run/checkpoints/step-00000012.pt" in message
    assert "cannot be resumed" not in message


def test_pytorchs_words_for_too_little_memory_are_known():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50, dtype=torch.uint8)
    assert checkpoint.out_of_memory(caught.value)


@pytest.mark.parametrize("error", [PermissionError, OSError])
def test_a_checkpoint_that_cannot_be_opened_is_not_called_broken(
    unfinished, capsys, monkeypatch, error
):
    """Root may open anything, so the system's answer to others is given here."""
    real = Path.read_bytes

    def refuse(path):
        if path.suffix == ".pt":
            raise error(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    message = error_of(capsys, "--resume", "runs/run")
    assert "Permission denied" in message
    assert "step-00000012.pt" in message
    assert "cannot be resumed" not in message


@pytest.mark.parametrize(("began", "goes_on"), [(False, True), (True, False)])
def test_a_run_goes_on_in_another_precision(tmp_path, began, goes_on):
    """Only float16 scales its gradients, and only its scaler has something to remember."""
    state, other = state_after(1), state_after(0)
    state.scaler = torch.amp.GradScaler("cpu", enabled=began)
    other.scaler = torch.amp.GradScaler("cpu", enabled=goes_on)
    checkpoint.write_checkpoint(tmp_path, state, {}, 1, best=False)
    checkpoint.read_checkpoint(tmp_path, other)
    assert other.step == 1
    assert other.scaler.is_enabled() == goes_on


def test_outside_the_main_thread_signals_do_what_they_did():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    def inside():
        with StopRequest() as stop:
            return stop.signal, [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(inside).result() == (None, before)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
