"""
---
title: The record
summary: What a run leaves behind, and how it is written so that it is never half there.
---

# The record of a run

An accuracy means little without the command, the seeds, the versions and the machine
that it came from. Every run keeps them beside its figures in one JSON file, which is
all that a table or a plot needs later.

The record is written anew after every epoch, and so is a [checkpoint](checkpoint.py).
[`write_atomically`](files.py#write_atomically) makes sure that whoever reads them, at any
moment, finds a whole file.
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
from convmixer.recipe import Options
from convmixer.runs.files import write_atomically
from convmixer.runs.options import plain


def write_record(path: Path, record: dict[str, Any]) -> None:
    """
    ## Write the record

    Indented, so that people can read it and version control can compare it.
    """
    text = json.dumps(record, indent=2, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode())


def read_record(path: Path) -> dict[str, Any]:
    """
    ## Read a record
    """
    return json.loads(path.read_text(encoding="utf-8"))


def describe(
    command: str,
    options: Options,
    images: DataSet,
    model: nn.Module,
    machine: Machine,
    processes: int,
) -> dict[str, Any]:
    """
    ## What is known before the first step

    * `command` is the command line, and `options` what it comes to
    * `images`, `model` and `machine` are what it makes of them
    * `processes` is how many train together

    Returns the record of a run that has begun.
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
    ## The software

    The version of everything that has a part in the figures.
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
    ## The machine

    Seconds are comparable only between machines that agree in these.
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
    Linux keeps the processor's name in a file; elsewhere `platform` knows it.
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
    ## The commit

    The commit of this source, with `-dirty` behind it when files were changed since;
    `None` when it was installed without its repository, or git is not there.
    """
    source = Path(__file__).resolve()
    git = ["git", "-C", str(source.parent)]
    try:
        # An installed copy may lie in someone else's repository, which does not track
        # it.
        tracked = [*git, "ls-files", "--error-unmatch", source.name]
        subprocess.run(tracked, capture_output=True, check=True)
        options = ["--always", "--dirty", "--abbrev=40", "--exclude=*"]
        describe = [*git, "describe", *options]
        found = subprocess.run(describe, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
