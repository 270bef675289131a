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

Photographs are a harder question, and [a second table](#CIFAR10_ROWS) asks it, with
larger models. It needs a GPU, or patience:

```
python -m convmixer.comparison --dataset cifar10
```
"""

import functools
import statistics
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from convmixer import experiment
from convmixer.command_line import read
from convmixer.errors import ExperimentError, launch, run_command
from convmixer.runs.options import parse

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

# What all models on CIFAR-10 share. In five epochs they hardly overfit, so flips are the
# only augmentation. Runs are short, and compiling would take longer than it saves.
CIFAR10 = (
    "--dataset cifar10 --width 128 --depth 6 --batch-size 512 --learning-rate 0.01 "
    "--augment-operations 0 --compile off"
)
# What is compared on CIFAR-10. From the first row to ViT's, the models have from 122,002
# to 131,290 parameters. The learning rate suits MLP-Mixer and ViT: after four epochs with
# a seed that is not used here, both were best with 0.01, MLP-Mixer among 0.03, 0.01,
# 0.003 and 0.001, and ViT among the last three. ConvMixer was better with 0.03 (81.79 %)
# than with 0.01 (79.82 %), but gets the same rate.
CIFAR10_ROWS = {
    "ConvMixer": "",
    "layer normalization": "--norm layer",
    "residual around both": "--residual both",
    "no residual": "--residual none",
    "copied first weights": "--layers copied",
    "MLP-Mixer": "--model mlp_mixer --width 36",
    "ViT": "--model vit --width 40",
    "kernel size 3": "--kernel-size 3",
    "kernel size 7": "--kernel-size 7",
    "kernel size 9": "--kernel-size 9",
    "patch size 4": "--patch-size 4",
    "patch size 1": "--patch-size 1",
}


@dataclass(frozen=True)
class Options:
    """
    Compare ConvMixer with its variants, MLP-Mixer and ViT.
    """

    # What to read: the digits, or CIFAR-10's photographs.
    dataset: Literal["digits", "cifar10"] = "digits"
    # Runs of each model, with the seeds 0, 1, and so on; by default 5, on CIFAR-10 one.
    # On the split by writers, each seed also holds out different writers.
    seeds: int | None = None
    # Passes over the training images; by default 24, on CIFAR-10 five. After the
    # experiment's 8 epochs on the digits, ViT has hardly begun to learn.
    epochs: int | None = None
    # The folder that holds CIFAR-10.
    data_dir: Path = Path("data")
    # Number type of the forward pass, as in the experiment.
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    # Threads of a CPU, as in the experiment.
    threads: int = 0
    # The folder of all runs of the comparison; by default runs/comparison, on CIFAR-10
    # runs/comparison-cifar10.
    runs: Path | None = None
    # The file that all results are written to; by default records/comparison.json, on
    # CIFAR-10 records/cifar10/comparison.json.
    record: Path | None = None


@dataclass(frozen=True)
class Job:
    """
    ## A run to make
    """

    # The name of its row, the held-out images, and the seed
    row: str
    split: str
    seed: int
    # The folder of the run
    folder: Path
    # Its command line, as words after `python -m convmixer.experiment`
    words: list[str]


def main(arguments: list[str] | None = None) -> int:
    """
    ## Compare from the command line

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code, as [the experiment](experiment.py#main) does.
    """
    prog = "python -m convmixer.comparison"
    return run_command(
        lambda: compare(read(Options, arguments, prog)),
        stopped="Stopped; start it again to go on.",
    )


def compare(options: Options) -> int:
    """
    ## Train every model

    The record is written after every run, with all that is finished. Returns the exit
    code of the first run that fails, or 0.
    """
    small = options.dataset == "digits"
    seeds = options.seeds if options.seeds is not None else (5 if small else 1)
    epochs = options.epochs if options.epochs is not None else (24 if small else 5)
    if seeds < 1 or epochs < 1:
        raise ExperimentError("--seeds and --epochs must be at least 1")
    place = Path("records") if small else Path("records/cifar10")
    path = options.record or place / "comparison.json"
    to_do = jobs(options, seeds, epochs)
    for number, job in enumerate(to_do, 1):
        trained = status(job) != "finished"
        if trained:
            code = train_once(job)
            if code:
                return code
        if trained or number == len(to_do):
            write(path, options, to_do, (seeds, epochs))
            accuracy = figures(job)["accuracy"]
            print(
                f"{number} of {len(to_do)}: {job.row}, {job.split}, seed {job.seed}: "
                f"{accuracy:.2%}",
                flush=True,
            )
    print(f"record: {path}")
    return 0


def jobs(options: Options, seeds: int, epochs: int) -> list[Job]:
    """
    ## List the runs

    Every row with the first seed, then every row with the next: the longer the
    comparison runs, the more seeds it has.
    """
    digits = options.dataset == "digits"
    default = Path("runs/comparison" if digits else "runs/comparison-cifar10")
    runs = options.runs or default
    found = []
    for seed in range(seeds):
        for row, words in rows(options).items():
            for split in SPLITS if digits else ("test",):
                folder = runs / f"{row.replace(' ', '-')}-{split}-{seed}"
                shared = ["--seed", str(seed), "--epochs", str(epochs)]
                if digits:
                    split_seed = seed if split == "writers" else 0
                    shared += ["--split", split, "--split-seed", str(split_seed)]
                else:
                    shared += [*CIFAR10.split(), "--data-dir", str(options.data_dir)]
                if options.precision != "auto":
                    shared += ["--precision", options.precision]
                if options.threads:
                    shared += ["--threads", str(options.threads)]
                # Of an option that is given twice, the row's own counts.
                place = ["--runs", str(runs), "--name", folder.name]
                command = [*shared, *place, *words.split()]
                found.append(Job(row, split, seed, folder, command))
    return found


def rows(options: Options) -> dict[str, str]:
    """
    The table of the data set.
    """
    return ROWS if options.dataset == "digits" else CIFAR10_ROWS


def status(job: Job) -> str | None:
    """
    How a run ended, or `None` if it has not begun.
    """
    from convmixer.runs.record import read_record

    path = job.folder / "record.json"
    return read_record(path)["status"] if path.exists() else None


def train_once(job: Job) -> int:
    """
    ## Train one model once

    A run that was stopped is resumed. Returns the experiment's exit code.
    """
    command = job.words
    if status(job) is not None:
        command = ["--resume", str(job.folder)]
    # The record has everything that a run prints.
    with redirect_stdout(StringIO()):
        return experiment.main(command)


def figures(job: Job) -> dict[str, Any]:
    """
    ### The results of a run
    """
    from convmixer.runs.record import read_record

    record = read_record(job.folder / "record.json")
    return {
        "split": job.split,
        "seed": job.seed,
        "command": record["command"],
        "held_out": record["data"]["split"],
        "epochs": record["options"]["epochs"],
        "parameters": record["parameters"],
        "multiply_adds": cost(*job.words),
        "accuracy": record["accuracy"],
        "seconds": record["seconds"],
        "precision": record["precision"],
        "commit": record["commit"],
        "versions": record["versions"],
        "hardware": record["hardware"],
    }


@functools.cache
def cost(*words: str) -> int:
    """
    Returns the multiplications of an image in a run with these options. They are counted
    once, however often the record is written.
    """
    from convmixer.variants import multiply_adds

    return multiply_adds(parse(list(words)))


def spread(row: dict[str, Any], split: str) -> tuple[float, float]:
    """
    ### Mean and standard deviation

    Returns those of a row's accuracies on a split, over its seeds. The standard
    deviation is that of a sample; for a single run it is 0.
    """
    values = [run["accuracy"] for run in row["runs"] if run["split"] == split]
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return statistics.mean(values), deviation


def write(
    path: Path, options: Options, to_do: list[Job], sizes: tuple[int, int]
) -> None:
    """
    ## Write the record

    * `path` is the file
    * `options` are the command's, and `sizes` its numbers of seeds and epochs
    * `to_do` are all runs; those that are not finished are counted

    What all runs share, the precision, the commit, the versions and the machine, is
    written once.
    """
    from convmixer.runs.record import write_record

    done = [job for job in to_do if status(job) == "finished"]
    table = {
        name: {
            "options": words,
            "runs": sorted(
                (figures(job) for job in done if job.row == name),
                key=lambda run: run["split"],
            ),
        }
        for name, words in rows(options).items()
    }
    every = [run for row in table.values() for run in row["runs"]]
    names = ("precision", "commit", "versions", "hardware")
    common = {name: every[0][name] for name in names}
    for run in every:
        for name in common:
            if run[name] == common[name]:
                del run[name]
    words = "" if options.dataset == "digits" else " --dataset cifar10"
    record = {
        "command": (
            f"python -m convmixer.comparison{words} --seeds {sizes[0]} --epochs {sizes[1]}"
        ),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "to_do": len(to_do) - len(done),
        **common,
        "rows": {name: row for name, row in table.items() if row["runs"]},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_record(path, record)


if __name__ == "__main__":
    launch(main)
