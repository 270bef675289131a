"""
---
title: The files of a run
summary: How a file is written so that it is never half there, and what checkpoints are called.
---

# The files of a run
"""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """
    ## Write a file whole or not at all

    The new content goes to a file beside the old one and takes its place in a single
    step. A crash or a full disk leaves the old file as it was.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # The bytes must be on the disk before the name points to them: after a power
        # cut, a renamed file may otherwise be empty.
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def checkpoints(folder: Path) -> list[Path]:
    """
    The checkpoints of a run, the newest first.
    """
    return sorted(folder.glob("step-*.pt"), reverse=True)
