r"""
---
title: Files of a run
summary: >
  Files that are never half written, the names of the checkpoints, and the lock of a
  run's folder.
---

# Files of a run

A run's folder holds `record.json`, the folder `checkpoints/`, `metrics.jsonl`, and
labml's own folder. Whoever reads record and checkpoints, at any moment, finds them
complete.
"""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from convmixer.errors import ExperimentError

# Seconds to wait for a lock. Workers that read images outlive a killed run by a few
# seconds, and hold its lock.
PATIENCE = 10.0


def write_atomically(path: Path, content: bytes) -> None:
    """
    ## Write a file whole or not at all

    The new content goes to a file beside the old one and takes its place in a single
    step. A crash or a full disk leaves the old file as it was, and an error of the disk
    names the file.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # The bytes must be on the disk before the name points to them; otherwise the
        # renamed file may be empty after a power cut.
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    # The error is to name the file that was asked for, not the one beside it.
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    # Ctrl-C leaves nothing behind either.
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def checkpoint_path(folder: Path, steps: int) -> Path:
    """
    ## Name a checkpoint

    The number of steps is padded with zeros, so the last name is the newest.
    """
    return folder / f"step-{steps:08}.pt"


def checkpoints(folder: Path) -> list[Path]:
    """
    ## List the checkpoints

    Returns the checkpoints in a folder, the newest first.
    """
    return sorted(folder.glob("step-*.pt"), reverse=True)


def refuse_links(folder: Path) -> None:
    """
    ## Refuse links

    The folder of a run may come from someone else. A link in place of one of its parts
    would have us write, and delete old checkpoints, in another folder.
    """
    for name in (
        "checkpoints",
        "record.json",
        "metrics.jsonl",
        "tensorboard",
        "labml",
        ".lock",
    ):
        path = folder / name
        if path.is_symlink():
            raise ExperimentError(
                f"{path} is a link, and a run keeps its files in its own folder; put "
                "what it leads to in its place"
            )


def check_sums(file: Path | BinaryIO) -> None:
    """
    ## Check the sums of a file

    Most files that PyTorch writes are zip archives, which hold a checksum of each of
    their parts. PyTorch does not look at them, so a damaged weight would go unnoticed.
    Raises a `BadZipFile` for a part that is damaged, or that is packed: PyTorch packs
    none, and a small file could be made to fill the memory.
    """
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        # How a part is stored is known before it is read.
        for part in archive.infolist():
            if part.compress_type != zipfile.ZIP_STORED:
                raise zipfile.BadZipFile(f"{part.filename} is packed")
        damaged = archive.testzip()
    if damaged:
        raise zipfile.BadZipFile(f"{damaged} is damaged")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """
    ## Lock the folder

    Two processes that train the same run would overwrite each other's files. Inside
    this context the folder is this process's own; in a second one, an `ExperimentError`
    is raised. The system takes the lock back when the process ends, however it ends, so
    the file `.lock` that stays behind locks nothing.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout as error:
        raise ExperimentError(
            f"another process is training the run in {folder}; wait for its end, or "
            "stop it first"
        ) from error
    try:
        yield
    finally:
        lock.release()
