r"""
---
title: The data
summary: >
  Handwritten digits that need no download, and CIFAR-10, prepared alike for training.
---

# Data

A model is only as convincing as what it is tried on. There are three sets of real
images, and every model sees them in the same form, RGB images of one size:

* [Digits](#digits): handwritten digits that scikit-learn carries inside its own
  package. They need no network and no accelerator, so this is what [the
  experiment](experiment.py) trains on unless told otherwise.
* [CIFAR-10](#cifar10): the paper's small task, photographs of animals and vehicles,
  through torchvision.
* [Image folders](folders.py), such as ImageNet, on a page of their own.

A set is a [DataSet](#DataSet): images to train on and images held out, which are looked
at only to measure. The second half of the page is about CIFAR-10's files, which can be
missing, damaged or half unpacked: each case gets [an error](#DataError) that says which
file and what to do.
"""

import hashlib
import pickletools
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torchvision.datasets import CIFAR10
from torchvision.datasets.utils import check_integrity

from convmixer.errors import ExperimentError


class DataError(ExperimentError):
    """
    ## When the data cannot be used

    The message names the file or folder, and what to do about it.
    """


class Source(Protocol):
    """
    ## Where images come from

    What the training asks of images, wherever they are.
    """

    # The classes of all images, whole numbers `[N]`
    labels: torch.Tensor

    def batches(
        self, order: Iterable[torch.Tensor], seed: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """
        For each group of numbers `[B]` in `order`, the images of these numbers, bytes
        `[B, 3, H, W]`, and their classes, `[B]`. If chance has a part in how an image
        is read, `seed` and its number decide.
        """


@dataclass(frozen=True)
class Images:
    """
    ## Images in memory

    All images of a set stay in memory as bytes, a quarter of what floats would take. On
    a GPU, CIFAR-10 takes 184 MB, and nothing has to be brought there again.
    """

    # Bytes `[N, 3, 32, 32]`
    pixels: torch.Tensor
    # Their classes, whole numbers `[N]`
    labels: torch.Tensor

    def to(self, device: torch.device) -> "Images":
        """
        The same images on another device.
        """
        return Images(self.pixels.to(device), self.labels.to(device))

    def batches(
        self, order: Iterable[torch.Tensor], seed: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """
        As a [source](#Source) does.
        """
        for numbers in order:
            here = numbers.to(self.pixels.device)
            yield self.pixels[here], self.labels[here]


@dataclass(frozen=True)
class DataSet:
    """
    ## A data set

    What the experiment needs to know of a data set, whichever it is.
    """

    # The names of the classes, in the order of their numbers
    classes: list[str]
    # Mean and standard deviation of each channel, which the images are normalized with
    mean: list[float]
    std: list[float]
    # The training images, and the held-out ones
    train: Source
    test: Source
    # How the two were parted, in words, for the record of the run
    split: str

    def to(self, device: torch.device) -> "DataSet":
        """
        The same set with its images on another device.
        """
        return replace(self, train=self.train.to(device), test=self.test.to(device))


def seed_of(*numbers: int) -> int:
    """
    ### A seed for every occasion

    Each epoch and each step has chance seeded anew, from the seed of the run and their
    own numbers. So nothing has to be remembered of the chance before, and a run that
    was stopped goes on as if it had not been.
    """
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def shuffled(n_images: int, batch_size: int, seed: int) -> list[torch.Tensor]:
    """
    ### The order of an epoch

    Returns the numbers of all images in batches, in an order that `seed` decides. The
    last batch may be smaller.
    """
    chance = torch.Generator().manual_seed(seed)
    return list(torch.randperm(n_images, generator=chance).split(batch_size))


def channel_statistics(images: torch.Tensor) -> tuple[list[float], list[float]]:
    r"""
    ### Mean and spread of each channel

    For bytes `[N, 3, H, W]`, scaled to $[0, 1]$. We measure both on the training images
    rather than copy constants, so they are right for any data, and the held-out images
    have no part in them.
    """
    # A value of a channel is one of 256, so counting how often each occurs gives both
    # figures exactly, without a copy of the set in floats.
    channels = images.transpose(0, 1).flatten(1)
    counts = torch.stack([torch.bincount(one, minlength=256) for one in channels])
    share = counts.double() / counts.sum(dim=1, keepdim=True)
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = share @ values
    # $\sigma^2 = \mathrm{E}[x^2] - \mathrm{E}[x]^2$
    std = (share @ values**2 - mean**2).sqrt()
    return mean.tolist(), std.tolist()


# Where each form begins among the digits. A form asks for 130 of them: 0 to 9 three
# times, and then a hundred in an order that looks random and is the same on all forms.
# A few could not be read and are left out.
FORMS = [0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667]


def digits(split: str = "random", split_seed: int = 0) -> DataSet:
    """
    ## Digits

    Scikit-learn's digits were written by hand on a printed form, and reduced to 8 x 8
    pixels of 17 shades.

    * `split` is `"random"`, or `"writers"` to hold out everything that some people
      wrote
    * `split_seed` decides which digits or which people

    With the random split, one person's digits fall on both sides of it. That is easier
    than reading a stranger's hand, and the accuracy is to be read that way.
    """
    bunch = load_digits()
    labels = torch.from_numpy(bunch.target)

    # `[N, 8, 8]` of 0 to 16 becomes `[N, 3, 32, 32]` of 0 to 255: enlarged, in shades
    # that bytes can hold, and grey, which is RGB with three equal channels.
    pixels = torch.from_numpy(bunch.images).float()[:, None]
    pixels = F.interpolate(pixels, size=(32, 32), mode="bilinear") * (255 / 16)
    images = pixels.round().to(torch.uint8).expand(-1, 3, -1, -1).contiguous()

    parts = by_writers if split == "writers" else at_random
    train, test, words = parts(bunch.target, split_seed)
    mean, std = channel_statistics(images[train])
    return DataSet(
        classes=[str(name) for name in bunch.target_names],
        mean=mean,
        std=std,
        train=Images(images[train], labels[train]),
        test=Images(images[test], labels[test]),
        split=words,
    )


def at_random(target: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """
    ### The random split

    A quarter is held out. The split is stratified: every digit has the same share among
    the training and the held-out images.

    Returns the numbers of the training and the held-out images, and the split in words.
    """
    train, test = train_test_split(
        np.arange(len(target)), test_size=0.25, stratify=target, random_state=seed
    )
    return train, test, f"stratified random, 25% held out, seed {seed}"


def by_writers(target: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """
    ### The split by writers

    The set does not name the writers, and says that there were 13. But its order shows
    14 copies of one form, filled in one after the other, of which three are held out. We
    take each for a person's. If two of them are by the same hand, that person's digits
    may fall on both sides; all others' cannot.

    Returns the same as the random split.
    """
    forms = np.searchsorted(FORMS, np.arange(len(target)), side="right") - 1
    held_out = np.random.default_rng(seed).permutation(len(FORMS))[:3]
    test = np.isin(forms, held_out)
    names = ", ".join(str(form + 1) for form in sorted(held_out))
    words = f"by writers, forms {names} of 14 held out, seed {seed}"
    return np.flatnonzero(~test), np.flatnonzero(test), words


def cifar10(
    data_dir: Path, download: bool = False, source: type[CIFAR10] = CIFAR10
) -> DataSet:
    """
    ## CIFAR-10

    The set comes parted into training and test images, and published accuracies are
    those on the test images.

    * `data_dir` is the folder that holds `cifar-10-batches-bin`, the
      [binary version](#binary), or `cifar-10-batches-py`, the one for Python
    * `download` fetches and unpacks the set there if it is not there yet
    * `source` is torchvision's class; a subclass can bring its own files and checksums

    Files that are missing or damaged are a `DataError`.
    """
    if (data_dir / BINARY_FOLDER).is_dir():
        return binary(data_dir / BINARY_FOLDER)
    if download:
        fetch(data_dir, source)
    check_files(data_dir, source)

    # The checksums were right, so this fails only in a `source` that states none.
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


# The folder of the binary version, its files with the md5 of each, the last of them the
# test images, and the classes in the order of their numbers
BINARY_FOLDER = "cifar-10-batches-bin"
BINARY_FILES = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
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

    A file that is missing or damaged is a `DataError`.
    """
    parts = []
    for name, md5 in files.items():
        path = folder / name
        if not path.is_file():
            raise DataError(
                f"CIFAR-10 is not complete in {folder.absolute()}: no {name} in it"
            )
        content = path.read_bytes()
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != md5:
            raise DataError(
                f"{path.absolute()} is damaged: its md5 is {found}, not {md5}. "
                "Delete it and put a whole copy in its place"
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
    Rows of bytes, `[N, 3073]`, as images and labels.
    """
    return Images(rows[:, 1:].reshape(-1, 3, 32, 32).contiguous(), rows[:, 0].long())


def as_images(part: CIFAR10) -> Images:
    """
    Torchvision holds bytes `[N, 32, 32, 3]`, the order of image files; convolutions
    take the channels first, `[N, 3, 32, 32]`.
    """
    pixels = torch.from_numpy(part.data).permute(0, 3, 1, 2).contiguous()
    return Images(pixels, torch.tensor(part.targets))


def fetch(data_dir: Path, source: type[CIFAR10]) -> None:
    """
    ## Fetch CIFAR-10

    Torchvision does the work: it downloads the archive, compares its checksum, and
    unpacks it. An archive that is there already is used, so a machine without network
    needs only a copy of that one file.
    """
    archive = data_dir / source.filename
    # A damaged archive is told apart first: torchvision would fetch it again, and
    # without network the failure would be blamed on the network.
    damaged = archive.is_file() and not check_integrity(archive, source.tgz_md5)
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
                f"could not fetch {source.url} into {data_dir} ({reason}). If this "
                f"machine has no network, copy the file to {archive} and try again"
            )
        raise DataError(message) from error


def expected_files(source: type[CIFAR10]) -> list[tuple[str, str]]:
    """
    The files of the set and the md5 of each.
    """
    meta = (source.meta["filename"], source.meta["md5"])
    return [(name, md5) for name, md5 in [*source.train_list, *source.test_list, meta]]


def check_files(data_dir: Path, source: type[CIFAR10]) -> None:
    """
    ## Look at CIFAR-10's files

    Torchvision says only that something is 'not found or corrupted'. We say which file,
    and which of the two. The first problem is raised as a `DataError`.
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

    The error tells what went wrong but not where, so we go through the files once more,
    one by one, without carrying out what they say.
    """
    folder = data_dir / source.base_folder
    culprit = folder
    for name, _ in expected_files(source):
        try:
            list(pickletools.genops((folder / name).read_bytes()))
        except Exception:
            culprit = folder / name
            break
    return DataError(
        f"{culprit.absolute()} cannot be read ({type(error).__name__}: {error}). "
        "Delete it and fetch the data set again with --download"
    )
