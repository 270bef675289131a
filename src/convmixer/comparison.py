r"""
---
title: The comparison
summary: ConvMixer, its variants, MLP-Mixer and ViT, trained the same way, several times.
---

# The comparison

A single run says little about a model, since another seed may give a better one. The
comparison trains every model several times, on the random split of the digits and on
the split by writers, and writes all accuracies into one record:

```
python -m convmixer.comparison
```

[The table](#ROWS) lists what is compared. All models are [trained the same
way](training.py), have about as many parameters, and see the same patches. If the
comparison is stopped, starting it again continues it.

The digits are few and small. What is better here need not be better on ImageNet; the
comparison shows how to ask such a question, and how large a difference must be to stand
out from the scatter of the seeds.
"""

import json
import statistics
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import tyro

from convmixer import experiment
from convmixer.errors import ExperimentError, run_command, start

# What is compared, with its options of the experiment. The widths keep the number of
# parameters similar, from 27,686 to 28,883. For MLP-Mixer and ViT, the learning rate is
# the best of 0.01, 0.003 and 0.001 after eight epochs, with a seed that is not used
# here.
ROWS = {
    "ConvMixer": "",
    "layer normalization": "--norm layer",
    "residual around both": "--residual both",
    "no residual": "--residual none",
    "copied first weights": "--layers copied",
    "MLP-Mixer": "--model mlp_mixer --width 25 --learning-rate 0.003",
    "ViT": "--model vit --width 22 --learning-rate 0.003",
}
SPLITS = ("random", "writers")


@dataclass(frozen=True)
class Options:
    """
    Compare ConvMixer with its variants, MLP-Mixer and ViT on the digits.
    """

    # Runs of each model, with the seeds 0, 1, and so on. On the split by writers, each
    # seed also holds out different writers.
    seeds: int = 5
    # Passes over the training images. After the experiment's 8 epochs, ViT has hardly
    # begun to learn.
    epochs: int = 24
    # The folder of all runs of the comparison.
    runs: Path = Path("runs/comparison")
    # The file that all results are written to.
    record: Path = Path("records/comparison.json")


def main(arguments: list[str] | None = None) -> int:
    """
    ## Compare from the command line

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code, as [the experiment](experiment.py#main) does.
    """
    prog = "python -m convmixer.comparison"
    options = tyro.cli(Options, args=arguments, prog=prog)
    return run_command(
        lambda: compare(options), stopped="Stopped; start it again to go on."
    )


def compare(options: Options) -> int:
    """
    ## Train every model

    Returns the exit code of the first run that fails, or 0 when the record is written.
    """
    if options.seeds < 1 or options.epochs < 1:
        raise ExperimentError("--seeds and --epochs must be at least 1")
    rows: dict[str, Any] = {}
    for name, words in ROWS.items():
        for split in SPLITS:
            for seed in range(options.seeds):
                folder = options.runs / f"{name.replace(' ', '-')}-{split}-{seed}"
                code = train_once(options, folder, words, split, seed)
                if code:
                    return code
                row = rows.setdefault(name, {"options": words, "runs": []})
                row["runs"].append(figures(folder, split, seed))
        print(line(name, rows[name]), flush=True)
    write(options, rows)
    return 0


def train_once(
    options: Options, folder: Path, words: str, split: str, seed: int
) -> int:
    """
    ## Train one model once

    * `folder` is its folder
    * `words` are the options of its row
    * `split` and `seed` are those of this repetition

    Returns the experiment's exit code. A finished run is not trained again, and a
    stopped one is resumed.
    """
    status = None
    if (folder / "record.json").exists():
        status = json.loads((folder / "record.json").read_text())["status"]
    if status == "finished":
        return 0
    command = [
        *words.split(),
        *("--split", split, "--seed", str(seed), "--epochs", str(options.epochs)),
        *("--split-seed", str(seed if split == "writers" else 0)),
        *("--runs", str(folder.parent), "--name", folder.name),
    ]
    if status:
        command = ["--resume", str(folder)]
    # The record has everything that a run prints.
    with redirect_stdout(StringIO()):
        return experiment.main(command)


def figures(folder: Path, split: str, seed: int) -> dict[str, Any]:
    """
    ### The results of a run
    """
    record = json.loads((folder / "record.json").read_text())
    return {
        "split": split,
        "seed": seed,
        "command": record["command"],
        "held_out": record["data"]["split"],
        "parameters": record["parameters"],
        "accuracy": record["accuracy"],
        "seconds": record["seconds"],
        "commit": record["commit"],
        "versions": record["versions"],
        "hardware": record["hardware"],
    }


def spread(row: dict[str, Any], split: str) -> tuple[float, float]:
    """
    ### Mean and standard deviation

    Returns those of a row's accuracies on a split, over its seeds. The standard
    deviation is that of a sample; for a single run it is 0.
    """
    values = [run["accuracy"] for run in row["runs"] if run["split"] == split]
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return statistics.mean(values), deviation


def line(name: str, row: dict[str, Any]) -> str:
    """
    ### A line of the table, for the terminal
    """
    cells = [f"{name:22}", f"{row['runs'][0]['parameters']:>7,} parameters"]
    for split in SPLITS:
        mean, deviation = spread(row, split)
        cells.append(f"{split} {mean:6.2%} ± {deviation:5.2%}")
    return "  ".join(cells)


def write(options: Options, rows: dict[str, Any]) -> None:
    """
    ## Write the record

    What all runs share, the commit, the versions and the machine, is written once.
    """
    from convmixer.runs.record import write_record

    every = [run for row in rows.values() for run in row["runs"]]
    common = {name: every[0][name] for name in ("commit", "versions", "hardware")}
    for run in every:
        for name in common:
            if run[name] == common[name]:
                del run[name]
    record = {
        "command": (
            f"python -m convmixer.comparison --seeds {options.seeds} --epochs {options.epochs}"
        ),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        **common,
        "rows": rows,
    }
    options.record.parent.mkdir(parents=True, exist_ok=True)
    write_record(options.record, record)
    print(f"record: {options.record}")


if __name__ == "__main__":
    start(main)
