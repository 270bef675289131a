"""The comparison trains what is not trained yet, and writes down what came of it."""

import json
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from convmixer import comparison as compare
from convmixer import experiment
from convmixer.recipe import Options
from convmixer.runs.options import check, parse
from convmixer.variants import build, multiply_adds

TINY = "--width 8 --depth 1 --batch-size 256"
SMALL = ["--seeds", "2", "--epochs", "1", "--record", "records/comparison.json"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    rows = {"ConvMixer": TINY, "no residual": f"{TINY} --residual none"}
    monkeypatch.setattr(compare, "ROWS", rows)
    return tmp_path


def test_the_rows_are_alike_but_for_what_they_compare():
    parameters = {}
    for name, words in compare.ROWS.items():
        options = parse(words.split())
        check(options)
        changed = replace(
            options,
            **{
                field: getattr(Options(), field)
                for field in ("model", "width", "norm", "residual", "layers", "learning_rate")
            },
        )
        assert changed == Options()
        parameters[name] = sum(p.numel() for p in build(options, 10).parameters())
    least, most = min(parameters.values()), max(parameters.values())
    assert (least, most) == (27686, 28883)
    assert most / least < 1.05


def test_the_rows_of_cifar10_are_alike_too():
    options = compare.Options(dataset="cifar10", precision="bfloat16", threads=1)
    found = {job.row: parse(job.words) for job in compare.jobs(options, 1, 3)}
    assert list(found) == list(compare.CIFAR10_ROWS)
    base, models = found["ConvMixer"], list(found)[:7]
    free = ("name", "model", "width", "norm", "residual", "layers", "learning_rate")
    for name, row in found.items():
        check(row)
        sizes = () if name in models else ("kernel_size", "patch_size", "epochs")
        assert replace(row, **{field: getattr(base, field) for field in (*free, *sizes)}) == base
    assert (base.dataset, base.epochs, base.precision, base.threads) == (
        "cifar10",
        3,
        "bfloat16",
        1,
    )
    models = [build(found[name], 10) for name in models]
    parameters = [sum(p.numel() for p in model.parameters()) for model in models]
    assert (min(parameters), max(parameters)) == (122002, 131290)


def test_multiply_adds_are_those_of_arithmetic():
    # 16 x 16 tokens of 128 numbers, of 2 x 2 patches with 3 colors; 6 layers with windows of 5 x 5.
    options = parse(compare.CIFAR10.split())
    by_hand = 256 * (3 * 2 * 2 * 128 + 6 * (128 * 5 * 5 + 128 * 128)) + 128 * 10
    assert multiply_adds(options) == by_hand
    # Attention is counted too: with twice as wide patches there are a quarter of the tokens.
    vit = replace(options, model="vit", width=32)
    assert multiply_adds(replace(vit, patch_size=4)) < multiply_adds(vit) / 3


def test_on_cifar10_every_row_comes_before_the_next_seed(place, monkeypatch):
    monkeypatch.setattr(compare, "CIFAR10_ROWS", dict(list(compare.CIFAR10_ROWS.items())[:2]))
    trained = []

    def experiment_main(command):
        """Trains nothing: its record says what the experiment's would."""
        options = parse(command)
        trained.append((options.norm, options.seed))
        folder = options.runs / options.name
        folder.mkdir(parents=True)
        same = dict.fromkeys(("precision", "commit", "versions", "hardware"), "the same")
        said = {"options": {"epochs": options.epochs}, "data": {"split": "as published"}}
        said |= {"parameters": 1, "accuracy": 0.5 + options.seed / 10, "seconds": 2.0}
        said |= {"command": " ".join(command), "status": "finished"} | same
        said |= {"started": "now", "compiled": False, "resumed": []}
        (folder / "record.json").write_text(json.dumps(said))
        return 0

    monkeypatch.setattr(experiment, "main", experiment_main)
    assert compare.main(["--dataset", "cifar10", "--seeds", "2"]) == 0
    assert trained == [("batch", 0), ("layer", 0), ("batch", 1), ("layer", 1)]
    found = json.loads(Path("records/cifar10/comparison.json").read_text())
    assert found["command"].endswith("--dataset cifar10 --seeds 2 --epochs 5")
    assert (found["to_do"], found["precision"]) == (0, "the same")
    runs = found["rows"]["layer normalization"]["runs"]
    assert [run["seed"] for run in runs] == [0, 1]
    assert compare.spread(found["rows"]["ConvMixer"], "test") == pytest.approx((0.55, 0.0707107))


def test_a_comparison_is_written_and_not_done_twice(place, capsys, monkeypatch):
    assert compare.main(SMALL) == 0
    printed = capsys.readouterr().out
    found = json.loads(Path("records/comparison.json").read_text())
    assert list(found["rows"]) == ["ConvMixer", "no residual"]
    for name, row in found["rows"].items():
        assert [(run["split"], run["seed"]) for run in row["runs"]] == [
            ("random", 0),
            ("random", 1),
            ("writers", 0),
            ("writers", 1),
        ]
        for split in compare.SPLITS:
            of_split = [run for run in row["runs"] if run["split"] == split]
            values = [run["accuracy"] for run in of_split]
            assert compare.spread(row, split) == (statistics.mean(values), statistics.stdev(values))
            assert (of_split[0]["held_out"] == of_split[1]["held_out"]) == (split == "random")
        for run in row["runs"]:
            assert compare.ROWS[name] in run["command"]
            assert run["multiply_adds"] == multiply_adds(parse(compare.ROWS[name].split()))
            # Written once, for all
            assert "hardware" not in run
    assert found["hardware"]["processes"] == 1
    assert "ConvMixer" in printed and "no residual" in printed
    assert printed.splitlines()[-1] == "record: records/comparison.json"

    # A second time, nothing is trained.
    monkeypatch.setattr(experiment, "main", lambda command: pytest.fail(f"trained {command}"))
    assert compare.main(SMALL) == 0
    assert json.loads(Path("records/comparison.json").read_text())["rows"] == found["rows"]


def test_a_stopped_comparison_goes_on(place, monkeypatch):
    real, calls = experiment.main, []

    def stopped_at_the_third(command):
        calls.append(command)
        return 130 if len(calls) == 3 else real(command)

    monkeypatch.setattr(experiment, "main", stopped_at_the_third)
    assert compare.main(SMALL) == 130
    found = json.loads(Path("records/comparison.json").read_text())
    assert [run["split"] for run in found["rows"]["ConvMixer"]["runs"]] == ["random", "writers"]
    assert (list(found["rows"]), found["to_do"]) == (["ConvMixer"], 6)
    # A run that was stopped after it had begun is resumed.
    folder = Path("runs/comparison/ConvMixer-random-0")
    record = json.loads((folder / "record.json").read_text())
    stopped = json.dumps(record | {"status": "interrupted"})
    (folder / "record.json").write_text(stopped)
    calls.clear()
    monkeypatch.setattr(experiment, "main", lambda command: calls.append(command) or 1)
    assert compare.main(SMALL) == 1
    assert calls == [["--resume", str(folder)]]


@pytest.mark.parametrize("arguments", [["--seeds", "0"], ["--epochs", "0"]])
def test_nothing_to_compare_is_an_error(place, capsys, arguments):
    assert compare.main(arguments) == 2
    assert "must be at least 1" in capsys.readouterr().err


def test_a_record_that_cannot_be_written_is_an_error(place, capsys):
    Path("taken").write_text("")
    assert compare.main([*SMALL[:4], "--record", "taken/comparison.json"]) == 2
    assert "error: a file cannot be read or written" in capsys.readouterr().err


def test_a_damaged_record_of_a_run_is_one_error(place, capsys):
    folder = Path("runs/comparison/ConvMixer-random-0")
    folder.mkdir(parents=True)
    (folder / "record.json").write_text('{"status": "finis')
    assert compare.main(SMALL) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"error: {folder / 'record.json'} is no record of a run")
    assert errors.count("\n") == 1
