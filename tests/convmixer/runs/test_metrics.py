"""What a run writes and shows while it trains, also where it was stopped and goes on."""

import io
import json
import math
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convmixer.experiment import main
from convmixer.recipe import Options
from convmixer.runs import checkpoint
from convmixer.runs.metrics import Metrics, drop_after
from convmixer.runs.options import check
from convmixer.runs.progress import Progress, fitted

# 22 steps an epoch
TINY = ["--width", "8", "--depth", "1", "--epochs", "2", "--batch-size", "64", "--log-every", "5"]
# What no two runs share
CLOCKS = ("images_per_second", "seconds")


def lines(folder: str | Path) -> list[dict]:
    return [json.loads(line) for line in Path(folder, "metrics.jsonl").read_text().splitlines()]


def without_clocks(entries: list[dict]) -> list[dict]:
    return [{k: v for k, v in entry.items() if k not in CLOCKS} for entry in entries]


def stopped_after(steps: int, monkeypatch, number: int = signal.SIGINT) -> None:
    """Has the run asked to stop after so many steps."""
    done, real = [], checkpoint.State.__setattr__

    def at_step(state, name, value):
        real(state, name, value)
        if name == "step" and value:
            done.append(value)
            if len(done) == steps:
                os.kill(os.getpid(), number)

    monkeypatch.setattr(checkpoint.State, "__setattr__", at_step)


def test_every_nth_step_and_every_epoch_have_a_line(place):
    assert main([*TINY, "--name", "a"]) == 0
    found = lines("runs/a")
    places = [(entry["kind"], entry["epoch"], entry["step"], entry["steps"]) for entry in found]
    assert places == [
        *(("step", 1, step, step) for step in (5, 10, 15, 20)),
        ("epoch", 1, 22, 22),
        *(("step", 2, step, 22 + step) for step in (5, 10, 15, 20)),
        ("epoch", 2, 22, 44),
    ]
    record = json.loads(Path("runs/a/record.json").read_text())
    epochs = [entry for entry in found if entry["kind"] == "epoch"]
    for entry, recorded in zip(epochs, record["epochs"], strict=True):
        assert entry | recorded == entry
        assert 0 <= entry["train_accuracy"] <= 1
        assert 0 < entry["held_out_loss"] < math.inf
        assert entry["images_per_second"] > 0
    assert epochs[-1]["accuracy"] == record["accuracy"]
    # At the end of a triangle the rate is 0.
    assert epochs[-1]["learning_rate"] == 0 < epochs[0]["learning_rate"]
    for entry in found[:4]:
        assert entry["train_accuracy"] * 64 == pytest.approx(round(entry["train_accuracy"] * 64))


def test_a_stopped_run_goes_on_without_a_gap_or_a_repetition(place, monkeypatch):
    assert main([*TINY, "--name", "whole"]) == 0
    with monkeypatch.context() as patched:
        stopped_after(30, patched)
        assert main([*TINY, "--name", "stopped"]) == 130
    before = Path("runs/stopped/metrics.jsonl").read_text()
    # A killed run would have gone on for a while after its last checkpoint.
    later = {"kind": "step", "epoch": 2, "step": 10, "steps": 32, "loss": 9.0}
    Path("runs/stopped/metrics.jsonl").write_text(f'{before}{json.dumps(later)}\n{{"kind": "st')
    assert main(["--resume", "runs/stopped"]) == 0
    assert Path("runs/stopped/metrics.jsonl").read_text().startswith(before)
    assert without_clocks(lines("runs/stopped")) == without_clocks(lines("runs/whole"))


ENTRIES = st.lists(st.integers(0, 9), max_size=9).map(sorted)


@given(
    steps=ENTRIES, done=st.integers(0, 9), torn=st.sampled_from(["", "{", '{"steps": 0}', "3\n"])
)
def test_what_is_dropped_is_what_came_later(shared_path, steps, done, torn):
    path = shared_path / "metrics.jsonl"
    whole = [json.dumps({"steps": number}) + "\n" for number in steps]
    path.write_text("".join(whole) + torn)
    drop_after(path, done)
    kept = [line for line, number in zip(whole, steps, strict=True) if number <= done]
    assert path.read_text() == "".join(kept)
    drop_after(path, done)
    assert path.read_text() == "".join(kept)


def test_a_checkpoint_of_an_older_version_goes_on(place, monkeypatch):
    """It does not say how many training images were right, and so the epoch does not either."""
    with monkeypatch.context() as patched:
        stopped_after(30, patched)
        assert main([*TINY, "--name", "old"]) == 130
    path = Path("runs/old/checkpoints/step-00000030.pt")
    content = torch.load(path, weights_only=True)
    del content["right"]
    torch.save(content, path)
    assert main(["--resume", "runs/old"]) == 0
    assert lines("runs/old")[-1]["train_accuracy"] is None


def test_tensorboard_gets_the_same_figures(place):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert main([*TINY, "--epochs", "1", "--name", "tb", "--tensorboard"]) == 0
    read = events.EventAccumulator("runs/tb/tensorboard").Reload()
    for entry in lines("runs/tb"):
        for name in ("loss", "train_accuracy", "learning_rate"):
            found = {one.step: one.value for one in read.Scalars(f"{entry['kind']}/{name}")}
            assert found[entry["steps"]] == pytest.approx(entry[name], abs=1e-6)
    (held_out,) = read.Scalars("epoch/accuracy")
    assert held_out.value == pytest.approx(lines("runs/tb")[-1]["accuracy"])


def test_without_its_package_tensorboard_is_one_error(place, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main([*TINY, "--tensorboard"]) == 2
    assert capsys.readouterr().err == (
        "error: --tensorboard needs a package: pip install tensorboard\n"
    )
    assert list(place.iterdir()) == []


def test_a_dry_run_takes_two_steps_and_leaves_nothing(place, monkeypatch, capsys):
    steps, real = [], checkpoint.State.__setattr__

    def count(state, name, value):
        real(state, name, value)
        if name == "step" and value:
            steps.append(value)

    monkeypatch.setattr(checkpoint.State, "__setattr__", count)
    Path(".labml.yaml").write_text("web_api: http://127.0.0.1:9/?\n")
    assert main([*TINY, "--dry-run"]) == 0
    assert steps == [1, 2]
    printed = capsys.readouterr()
    assert "epoch 1/1  loss " in printed.out
    assert printed.out.splitlines()[-1].startswith("all works: two steps and an evaluation")
    assert printed.err == ""
    assert [path.name for path in place.iterdir()] == [".labml.yaml"]


FIGURES = {
    "epoch": 3,
    "step": 7,
    "steps": 27,
    "loss": 0.51236,
    "learning_rate": 0.005,
    "images_per_second": 1234.4,
    "train_accuracy": 0.5,
    "accuracy": 0.9225,
}


def test_the_line_says_where_the_run_is(monkeypatch, capsys):
    clock = iter([0.0, 10.0, 10.01, 20.0, 20.0])
    monkeypatch.setattr("convmixer.runs.progress.time.monotonic", lambda: next(clock))
    monkeypatch.setenv("COLUMNS", "120")
    progress = Progress(25, 10, torch.device("cuda", 0), shown=True)
    progress.live = True
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 12.34e9)
    progress.step(FIGURES | {"steps": 26}, None)
    assert capsys.readouterr().err == (
        "\r\x1b[Kepoch 3/25 step 7/10 loss 0.512 lr 0.005 1,234 img/s 12.3 GB"
    )
    # Ten seconds for the last step, and 223 to go; another call at once shows nothing.
    monkeypatch.setattr("convmixer.runs.progress.CALM", 5.0)
    clock = iter([10.0, 10.0, 10.5])
    progress.step(FIGURES, 0.9225)
    shown = capsys.readouterr().err
    assert shown.endswith(" 37:10 left 92.2% held out 12.3 GB")
    progress.step(FIGURES, 0.9225)
    assert capsys.readouterr().err == ""


def test_where_there_is_no_terminal_a_line_an_epoch_is_all(capsys):
    progress = Progress(25, 10, torch.device("cpu"), shown=True)
    progress.step(FIGURES, None)
    assert capsys.readouterr() == ("", "")
    progress.epoch(FIGURES)
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out == "epoch 3/25  loss 0.5124  train 50.00%  held out 92.25%  1,234 images/s\n"
    progress = Progress(25, 10, torch.device("cpu"), shown=False)
    progress.epoch(FIGURES)
    assert capsys.readouterr() == ("", "")


@given(st.lists(st.text("ab", min_size=1), min_size=1), st.integers(0, 30))
def test_what_does_not_fit_is_left_out_from_the_end(parts, columns):
    line = fitted(parts, " ", columns)
    assert " ".join(parts).startswith(line)
    count = line.count(" ") + 1
    assert line == " ".join(parts[:count])
    assert len(line) <= columns or count == 1
    assert count == len(parts) or len(" ".join(parts[: count + 1])) > columns


def test_a_full_disk_names_the_metrics(tmp_path, monkeypatch):
    metrics = Metrics(tmp_path, 0, tensorboard=False)

    def full(*arguments, **options):
        class Full(io.StringIO):
            def write(self, text):
                raise OSError(28, "No space left on device")

        return Full()

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space") as caught:
        metrics.write({"kind": "step", "steps": 1})
    assert caught.value.filename == str(tmp_path / "metrics.jsonl")


def test_a_line_needs_a_step():
    with pytest.raises(Exception, match="--log-every must be at least 1, not 0"):
        check(replace(Options(), log_every=0))
