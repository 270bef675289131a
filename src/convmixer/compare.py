r"""
---
title: The comparison
summary: ConvMixer, its variants, MLP-Mixer and ViT, trained alike, several times each.
---

# The comparison

One run of one model says little: another seed could have been luckier. The comparison
trains every model several times, on the random split of the digits and on the one by
writers, and writes all accuracies into one record:

```
python -m convmixer.compare
```

[The table](#ROWS) is what is compared. All models go through the same
[training](training.py), have about as many parameters, and cut the same patches. A
comparison that is stopped goes on when it is started again.

The digits are few and small. What is better here need not be better on ImageNet; the
comparison shows how such a question is asked, and what a difference is worth beside the
scatter of the seeds.
"""

import json
import statistics
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import tyro

from convmixer import experiment
from convmixer.errors import start

# What is compared, and with which options of the experiment. The widths make the
# parameters alike, 27,686 to 28,883. For MLP-Mixer and ViT, the learning rate is the
# best of 0.01, 0.003 and 0.001 after eight epochs, by a seed that is not used here.
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

    # How often each model is trained, with the seeds 0, 1, and so on. On the split by
    # writers, each seed also holds out other writers.
    seeds: int = 5
    # How often every training image is seen. After the experiment's 8 epochs, ViT has
    # hardly begun to learn.
    epochs: int = 24
    # The folder of all runs of the comparison.
    runs: Path = Path("runs/comparison")
    # The file that all figures are written to.
    record: Path = Path("records/comparison.json")


def main(arguments: list[str] | None = None) -> int:
    """
    ## The program

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code, as [the experiment](experiment.py#main) does.
    """
    options = tyro.cli(Options, args=arguments, prog="python -m convmixer.compare")
    if options.seeds < 1 or options.epochs < 1:
        print("error: --seeds and --epochs must be at least 1", file=sys.stderr)
        return 2
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
    try:
        write(options, rows)
    except OSError as error:
        print(f"error: a file cannot be written: {error}", file=sys.stderr)
        return 2
    return 0


def train_once(
    options: Options, folder: Path, words: str, split: str, seed: int
) -> int:
    """
    ## One run

    * `folder` is its folder
    * `words` are the options that make it what it is
    * `split` and `seed` are what it is repeated with

    Returns the experiment's exit code. A run that is finished is not trained again, and
    one that was stopped goes on.
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
    # What a run prints stands in its record too.
    with redirect_stdout(StringIO()):
        return experiment.main(command)


def figures(folder: Path, split: str, seed: int) -> dict[str, Any]:
    """
    ### What is kept of a run
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

    Of the accuracies of a row on a split, over its seeds. The standard deviation is
    that of a sample; one run alone has none, and gets 0.
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

    What all runs have in common stands once: the commit, the versions and the machine.
    """
    from convmixer.record import write_record

    every = [run for row in rows.values() for run in row["runs"]]
    common = {name: every[0][name] for name in ("commit", "versions", "hardware")}
    for run in every:
        for name in common:
            if run[name] == common[name]:
                del run[name]
    record = {
        "command": (
            f"python -m convmixer.compare --seeds {options.seeds} --epochs {options.epochs}"
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
