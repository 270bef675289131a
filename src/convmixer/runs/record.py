r"""
---
title: The record
summary: What a run leaves behind for tables and plots, in one JSON file.
---

# The record of a run

An accuracy means little without the command, the seeds, the versions and the machine
that it came from. Every run keeps them, together with its results, in one JSON file,
which is all that a table or a plot needs later. It is [written
atomically](files.py#write_atomically) after every epoch.
"""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convmixer.data import DataSet
from convmixer.devices.machine import Machine
from convmixer.errors import ExperimentError
from convmixer.recipe import Options
from convmixer.runs.files import write_atomically
from convmixer.runs.options import plain

# What may differ between the parts of a run that was resumed
CIRCUMSTANCES = ("precision", "compiled", "commit", "versions", "hardware")
# What the record of a resumed run keeps of the earlier one
KEPT = ("status", "command", "started", "resumed", *CIRCUMSTANCES)


def write_record(path: Path, record: dict[str, Any]) -> None:
    """
    ## Write the record

    It is indented, so that people can read it and version control can compare it.
    """
    text = json.dumps(record, indent=2, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode())


def read_record(path: Path) -> dict[str, Any]:
    """
    ## Read a record

    Raises an `ExperimentError` if it lacks what a resumed run keeps of it.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        kept = {name: record[name] for name in KEPT}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExperimentError(
            f"{path} is no record of a run ({error!r:.99})"
        ) from error
    if not isinstance(kept["resumed"], list):
        raise ExperimentError(f"{path} is no record of a run: `resumed` is no list")
    return record


def describe(
    command: str,
    options: Options,
    images: DataSet,
    model: nn.Module,
    machine: Machine,
    processes: int,
) -> dict[str, Any]:
    """
    ## Describe a run before its first step

    * `command` is the command line, and `options` its options
    * `images`, `model` and `machine` are the run's
    * `processes` is the number of processes that train together

    Returns the record of a run that has just begun. When it is
    [resumed](run.py#resume), it keeps the circumstances that it began in, and each part
    gets an entry under `resumed` with its own.
    """
    return {
        "status": "running",
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": None,
        "accuracy": None,
        "options": plain(options),
        "data": {
            "train": len(images.train.labels),
            "test": len(images.test.labels),
            "split": images.split,
        },
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "precision": str(machine.dtype).removeprefix("torch."),
        "compiled": machine.compiled,
        "commit": commit(),
        "versions": versions(),
        "hardware": hardware(machine.device) | {"processes": processes},
        "resumed": [],
        "epochs": [],
        "mistakes": None,
    }


def versions() -> dict[str, str | None]:
    """
    ## Versions of the software

    Returns the versions of everything that can influence the results.
    """
    packages = ["torch", "torchvision", "numpy", "scikit-learn", "labml", "labml-nn"]
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def hardware(device: torch.device) -> dict[str, Any]:
    """
    ## The hardware of a run

    Times are comparable only between machines that agree in these.
    """
    cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if cuda else device.type,
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(),
    }


def processor_name() -> str:
    """
    On Linux, the processor's name is in a file; elsewhere `platform` knows it.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def commit() -> str | None:
    """
    ## The commit of the source

    Returns the commit of this source, with `-dirty` appended if files have changed
    since, or `None` if it was installed without its repository or git is missing.
    """
    source = Path(__file__).resolve()
    git = ["git", "-C", str(source.parent)]
    try:
        # An installed copy may be inside someone else's repository, which does not
        # track it.
        tracked = [*git, "ls-files", "--error-unmatch", source.name]
        subprocess.run(tracked, capture_output=True, check=True)
        options = ["--always", "--dirty", "--abbrev=40", "--exclude=*"]
        describe = [*git, "describe", *options]
        found = subprocess.run(describe, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
