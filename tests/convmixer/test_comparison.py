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
from convmixer.variants import build

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
