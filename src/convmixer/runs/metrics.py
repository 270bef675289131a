r"""
---
title: Metrics
summary: The figures of every few steps and of every epoch, in a file and in TensorBoard.
---

# The metrics of a run

[The record](record.py) says how a run ended. How it got there is in `metrics.jsonl`,
one JSON object a line, which any plotting program reads while the run goes on:

```
pandas.read_json("runs/NAME/metrics.jsonl", lines=True)
```

There is a line for every 50th step (`--log-every`), with the figures of that step, and
one for every epoch, with the figures of all its images and of the held-out ones. With
`--tensorboard`, the same figures go to TensorBoard's own files:

```
tensorboard --logdir runs
```

A run that resumes goes on from its last checkpoint, and so do its metrics: what was
written after the checkpoint is dropped, since it will be written again.
"""

import json
import os
from pathlib import Path
from typing import Any

from convmixer.runs.files import write_atomically

# What the figures of a line belong to
PLACE = ("kind", "epoch", "step", "steps")


class Metrics:
    """
    ## The files of the metrics
    """

    def __init__(self, folder: Path, steps: int, tensorboard: bool):
        """
        * `folder` is the run's
        * `steps` is the number of steps done; lines of later ones are dropped
        * `tensorboard` is whether to write its files too
        """
        self.path = folder / "metrics.jsonl"
        drop_after(self.path, steps)
        self.writer = None
        if tensorboard:
            # It takes seconds to import.
            from torch.utils.tensorboard import SummaryWriter

            place = str(folder / "tensorboard")
            self.writer = SummaryWriter(place, purge_step=steps + 1)

    def write(self, entry: dict[str, Any]) -> None:
        """
        Appends a line. It is out of our hands at once, so that a killed run leaves no
        more than the last line unfinished.
        """
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error
        # The part before the slash is a group of curves in TensorBoard.
        if self.writer is not None:
            for name, value in entry.items():
                if name not in PLACE and value is not None:
                    tag = f"{entry['kind']}/{name}"
                    self.writer.add_scalar(tag, value, entry["steps"])

    def keep(self) -> None:
        """
        Brings all lines to the disk, before a checkpoint that counts on them.
        """
        if self.writer is not None:
            self.writer.flush()
        # A file that is closed may still be only in the system's memory when the power
        # fails. The error of `fsync` names no file, so ours does.
        if self.path.exists():
            with self.path.open("ab") as file:
                try:
                    os.fsync(file.fileno())
                except OSError as error:
                    raise OSError(
                        error.errno, error.strerror, str(self.path)
                    ) from error

    def close(self) -> None:
        """
        Is called at the end of a run, however it ends.
        """
        if self.writer is not None:
            self.writer.close()


def drop_after(path: Path, steps: int) -> None:
    """
    ## Drop what will be written again

    Keeps the lines of `path` up to a number of steps. A killed run may have left its
    last line unfinished.
    """
    if not path.exists():
        return
    content = path.read_text(encoding="utf-8")
    # Lines are in the order of their steps, so the first one that is later, or broken,
    # ends what is kept.
    kept = ""
    for line in content.splitlines(keepends=True):
        try:
            done = json.loads(line)["steps"] <= steps and line.endswith("\n")
        except (ValueError, LookupError, TypeError):
            done = False
        if not done:
            break
        kept += line
    # Nobody who reads the file at that moment finds half of it.
    if kept != content:
        write_atomically(path, kept.encode())
