r"""
---
title: The data
summary: >
  Handwritten digits that need no download, and CIFAR-10, prepared alike for training.
---

# Data

A model is only as convincing as what it is tried on. We have two sets of real images,
and ConvMixer sees both in the same form, RGB images of 32 x 32 pixels in ten classes:

* [Digits](#digits): handwritten digits that scikit-learn carries inside its own
  package. They need no network and no accelerator, so this is what [the
  experiment](experiment.py) trains on unless told otherwise.
* [CIFAR-10](#cifar10): the paper's small task, photographs of animals and vehicles,
  through torchvision.

A set is a [DataSet](#DataSet): images to train on and images held out, which are looked
at only to measure. The second half of the page is about CIFAR-10's files, which can be
missing, damaged or half unpacked: each case gets [an error](#DataError) that says which
file and what to do.
"""

import pickletools
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import Dataset
from torchvision.datasets import CIFAR10
from torchvision.datasets.utils import check_integrity
from torchvision.transforms import v2

from convmixer.errors import ExperimentError


class DataError(ExperimentError):
    """
    ## When the data cannot be used

    The message names the file or folder, and what to do about it.
    """


class Images(Dataset[tuple[torch.Tensor, int]]):
    """
    ## Images and labels

    All images of a set stay in memory as bytes, a quarter of what floats would take,
    and become floats one by one, as they are asked for.
    """

    def __init__(
        self, images: torch.Tensor, labels: torch.Tensor, transform: nn.Module
    ):
        """
        * `images` are the images, bytes `[N, 3, 32, 32]`
        * `labels` are their classes, whole numbers `[N]`
        * `transform` makes one image ready for the model: augmentation, if any, then
          floats
        """
        self.images = images
        self.labels = labels
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """
        Returns an image `[3, 32, 32]` of floats, and its class.
        """
        return self.transform(self.images[index]), int(self.labels[index])


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
    # The training images, augmented anew each time they are asked for
    train: Images
    # The held-out images, always the same
    test: Images
    # How the two were parted, in words, for the record of the run
    split: str


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


def data_set(
    train: tuple[torch.Tensor, torch.Tensor],
    test: tuple[torch.Tensor, torch.Tensor],
    augment: Sequence[nn.Module],
    classes: Sequence[str],
    split: str,
) -> DataSet:
    """
    ### Prepare images for the model

    Digits and CIFAR-10 both go through this. The images become floats, with mean 0 and
    standard deviation 1 in each channel of the training images, which `augment` changes
    before that.
    """
    mean, std = channel_statistics(train[0])
    normalize = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)]
    return DataSet(
        classes=list(classes),
        mean=mean,
        std=std,
        train=Images(*train, transform=v2.Compose([*augment, *normalize])),
        test=Images(*test, transform=v2.Compose(normalize)),
        split=split,
    )


def digits(split_seed: int = 0, test_share: float = 0.25) -> DataSet:
    """
    ## Digits

    Scikit-learn's digits were written by hand and reduced to 8 x 8 pixels of 17 shades.

    * `split_seed` decides which digits are held out
    * `test_share` is how many of them, as a share of all

    The set does not say who wrote what, so one person's digits may fall on both sides
    of the split. That is easier than reading a stranger's hand, and the accuracy is to
    be read that way.
    """
    bunch = load_digits()
    labels = torch.from_numpy(bunch.target)

    # `[N, 8, 8]` of 0 to 16 becomes `[N, 3, 32, 32]` of 0 to 255: enlarged, in shades
    # that bytes can hold, and grey, which is RGB with three equal channels.
    pixels = torch.from_numpy(bunch.images).float()[:, None]
    pixels = F.interpolate(pixels, size=(32, 32), mode="bilinear") * (255 / 16)
    images = pixels.round().to(torch.uint8).expand(-1, 3, -1, -1)

    # Stratified: every digit has the same share among the training and the held-out
    # images.
    train, test = train_test_split(
        np.arange(len(labels)),
        test_size=test_share,
        stratify=bunch.target,
        random_state=split_seed,
    )

    # Shifting by up to 2 pixels, half a pixel of the original, leaves a digit what it
    # is. A mirror image would not: a mirrored 2 is no digit at all.
    return data_set(
        train=(images[train], labels[train]),
        test=(images[test], labels[test]),
        augment=[v2.RandomCrop(32, padding=2)],
        classes=[str(name) for name in bunch.target_names],
        split=f"stratified random, {test_share:.0%} held out, seed {split_seed}",
    )


def cifar10(
    data_dir: Path, download: bool = False, source: type[CIFAR10] = CIFAR10
) -> DataSet:
    """
    ## CIFAR-10

    The set comes parted into training and test images, and published accuracies are
    those on the test images.

    * `data_dir` is the folder that holds `cifar-10-batches-py`
    * `download` fetches and unpacks the set there if it is not there yet
    * `source` is torchvision's class; a subclass can bring its own files and checksums

    Files that are missing or damaged are a `DataError`.
    """
    if download:
        fetch(data_dir, source)
    check_files(data_dir, source)

    # The checksums were right, so this fails only in a `source` that states none.
    # Unpickling a broken file may raise anything.
    try:
        train, test = source(data_dir, train=True), source(data_dir, train=False)
    except Exception as error:
        raise unreadable(data_dir, source, error) from error

    # The authors' augmentation for 25 epochs: a photograph may be mirrored, and two
    # random operations of RandAugment at magnitude 12 follow.
    return data_set(
        train=as_tensors(train),
        test=as_tensors(test),
        augment=[v2.RandomHorizontalFlip(), v2.RandAugment(num_ops=2, magnitude=12)],
        classes=train.classes,
        split="as published",
    )


def as_tensors(part: CIFAR10) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Torchvision holds bytes `[N, 32, 32, 3]`, the order of image files; convolutions
    take the channels first, `[N, 3, 32, 32]`.
    """
    images = torch.from_numpy(part.data).permute(0, 3, 1, 2).contiguous()
    return images, torch.tensor(part.targets)


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
