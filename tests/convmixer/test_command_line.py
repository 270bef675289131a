"""Options as they are typed, mistyped, and shown."""

import re
import sys
from types import SimpleNamespace

import pytest

from convmixer import comparison, evaluate, export, predict
from convmixer.command_line import check_words, options_in
from convmixer.errors import ExperimentError
from convmixer.experiment import main
from convmixer.recipe import Options
from convmixer.runs.options import GROUPS, Grouped, parse


def test_short_names_are_the_same_options():
    short = parse(["--lr", "0.5", "--wd=0.25", "--ema", "0.75"])
    long = parse(["--learning-rate", "0.5", "--weight-decay", "0.25", "--average", "0.75"])
    assert short == long
    assert (short.learning_rate, short.weight_decay, short.average) == (0.5, 0.25, 0.75)


MISTYPED = {
    "--epoch 3": "there is no option --epoch; did you mean --epochs?",
    "--learning_rat=3": "there is no option --learning-rat; did you mean --learning-rate?",
    "--lrr 3": "there is no option --lrr; did you mean --lr?",
    "--zzzz": "there is no option --zzzz; --help lists all",
    "--dataset cifra10": "--dataset can be digits, cifar10, imagefolder, not cifra10; "
    "did you mean cifar10?",
    "--preset=cifar100": "did you mean cifar10-100?",
    "--model resnet": "--model can be convmixer, mlp_mixer, vit, not resnet",
}


def test_an_error_is_written_in_one_piece(monkeypatch):
    """Two processes that write their lines in two would write into each other's."""
    pieces = []
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(write=pieces.append, flush=lambda: None))
    assert main(["--zzzz"]) == 2
    assert pieces == ["error: there is no option --zzzz; --help lists all\n"]


@pytest.mark.parametrize("words", MISTYPED)
def test_what_is_mistyped_is_answered_with_the_nearest(words, capsys):
    assert main(words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.endswith(f"{MISTYPED[words]}\n")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "words", "meant"),
    [
        (predict.main, ["--weigths", "x", "y"], "--weights"),
        (export.main, ["a", "b", "--image-sise", "3"], "--image-size"),
        (evaluate.main, ["a", "--datset", "digits"], "--dataset"),
        (evaluate.main, ["a", "--dataset", "digit"], "digits"),
        (comparison.main, ["--seed", "3"], "--seeds"),
    ],
)
def test_every_command_answers_so(capsys, command, words, meant):
    assert command(words) == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--learning_rate", "3"], ["--lr=3"], ["-h"], ["x", "-4"], []])
def test_what_is_well_typed_passes(words):
    assert check_words(options_in(Grouped), words) is None


def test_all_options_have_a_group_and_help_shows_it(capsys):
    known = options_in(Grouped)
    assert {name for name in known if name not in ("--lr", "--wd", "--ema")} == {
        f"--{name.replace('_', '-')}" for name in vars(Options())
    }
    assert options_in(Options) == known
    with pytest.raises(SystemExit):
        main(["--help"])
    titles = re.findall(r"(?m)^\W*(\w+) options\W*$", capsys.readouterr().out)
    assert titles == list(GROUPS)


def test_weights_that_are_not_there_are_one_error(capsys):
    assert main(["--weights", "nowhere.pt"]) == 2
    assert capsys.readouterr().err == "error: --weights nowhere.pt: there is no such file\n"


def test_unknown_choices_of_a_group_raise():
    with pytest.raises(ExperimentError, match="--norm can be batch, layer, not bath"):
        check_words(options_in(Grouped), ["--norm", "bath"])
