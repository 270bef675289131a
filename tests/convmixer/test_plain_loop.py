"""The complete loop of the page trains, and the experiment ends with its very weights."""

import re
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from convmixer.data import digits
from convmixer.devices.machine import Machine
from convmixer.experiment import main
from convmixer.recipe import Options
from convmixer.runs.files import checkpoints
from convmixer.training import train
from convmixer.variants import build

CPU = Machine(torch.device("cpu"), torch.float32, compiled=False)
# All that chance has a part in
RECIPE = replace(
    Options(), width=8, depth=1, epochs=2, batch_size=64, mixup=0.2, jitter=0.2, clip=1.0
)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def trained(options: Options) -> torch.nn.Module:
    torch.manual_seed(options.seed)
    return train(build(options, 10), digits(), options, CPU)


def test_digits_are_learned_in_two_epochs(capsys):
    model = trained(replace(Options(), width=16, depth=2, epochs=2))
    lines = capsys.readouterr().out.splitlines()
    losses, shares = zip(
        *(
            map(float, re.fullmatch(r"epoch \d: loss ([\d.]+), accuracy ([\d.]+)%", line).groups())
            for line in lines
        ),
        strict=True,
    )
    assert losses[1] < losses[0]
    assert shares[-1] > 70
    assert not model.training


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_the_experiment_ends_with_the_same_weights(average, capsys):
    model = trained(replace(RECIPE, average=average))
    words = "--width 8 --depth 1 --epochs 2 --batch-size 64 --mixup 0.2 --jitter 0.2 --clip 1"
    run = ["--name", "run", "--device", "cpu", "--average", str(average)]
    assert main([*words.split(), *run]) == 0
    path = checkpoints(Path("runs/run/checkpoints"))[0]
    written = torch.load(path, weights_only=True)["average" if average else "model"]
    state = model.state_dict()
    assert state.keys() == written.keys()
    for name, tensor in state.items():
        assert torch.equal(tensor, written[name]), name


def test_the_page_runs_as_it_stands(monkeypatch, capsys):
    """`python -m convmixer.training`, with a smaller recipe than the digits'."""
    monkeypatch.setattr("convmixer.recipe.Options", lambda: replace(RECIPE, epochs=1))
    monkeypatch.delitem(sys.modules, "convmixer.training")
    runpy.run_module("convmixer.training", run_name="__main__")
    assert capsys.readouterr().out.startswith("epoch 1: loss ")
