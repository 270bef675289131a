r"""
---
title: The data
summary: >
  Handwritten digits that need no download, the form that every data set takes, and the
  order in which training sees it.
---

# Data

A result is only as convincing as the data behind it. There are three kinds of real
images, and every model gets them in the same form, as RGB images of one size:

* [Digits](#digits): handwritten digits that come with scikit-learn. They need no
  network and no accelerator, so [the experiment](experiment.py) trains on them by
  default.
* [CIFAR-10](images/cifar10.py): the paper's small task, photographs of animals and
  vehicles.
* [Image folders](images/folders.py), such as ImageNet.

[`DataSet`](#DataSet) is what they have in common: images to train on, and a held-out
set that is used only to measure. CIFAR-10 and the folders have pages of their own, since
much of them is about files that are missing or damaged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F

from convmixer.errors import ExperimentError

# Mean and standard deviation of ImageNet's channels, with which timm's, torchvision's
# and the published weights were trained
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


class DataError(ExperimentError):
    """
    ## When the data cannot be used

    The message names the file or folder, and what to do about it.
    """


class Source(Protocol):
    """
    ## A source of images

    What training needs from a set of images, in memory or in files.
    """

    # The classes of all images, whole numbers `[N]`
    labels: torch.Tensor

    def batches(
        self, order: Iterable[torch.Tensor], seed: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """
        For each batch of indices `[B]` in `order`, yields the images, bytes `[B, 3, H,
        W]`, and their classes, `[B]`. Where reading an image involves random numbers,
        `seed` and the image's index decide them.
        """


@dataclass(frozen=True)
class Images:
    """
    ## Images in memory

    All images of a set stay in memory as bytes, a quarter of the size of floats.
    CIFAR-10 takes 184 MB of a GPU's memory and is copied there only once.
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
        See [`Source`](#Source).
        """
        for indices in order:
            here = send(indices, self.pixels.device)
            yield self.pixels[here], self.labels[here]


@dataclass(frozen=True)
class DataSet:
    """
    ## A data set

    What every data set provides.
    """

    # The names of the classes, in the order of their numbers
    classes: list[str]
    # Mean and standard deviation of each channel, which the images are normalized with
    mean: list[float]
    std: list[float]
    # The training images, and the held-out ones
    train: Source
    test: Source
    # How the two were split, in words, for the record of the run
    split: str

    def to(self, device: torch.device) -> "DataSet":
        """
        The same set with its images on another device.
        """
        return replace(self, train=self.train.to(device), test=self.test.to(device))


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """
    ### Copy to the device

    A GPU fetches pinned memory by itself, while the CPU goes on.
    """
    cuda = device.type == "cuda"
    if cuda and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=cuda)


def together(tensors: list[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """
    ### One copy for all

    Returns the tensors on the device, where all arrive as one tensor. Its floats hold
    whole numbers exactly up to $2^{24}$.
    """
    if device.type == "cpu" or not tensors:
        return tensors
    joined = send(torch.cat([one.flatten().float() for one in tensors]), device)
    parts = joined.split([one.numel() for one in tensors])
    return [
        part.view(one.shape).to(one.dtype)
        for part, one in zip(parts, tensors, strict=True)
    ]


def seed_of(*numbers: int) -> int:
    """
    ### A seed for each epoch and step

    Each epoch and each step seeds its random numbers anew, from the seed of the run and
    its own number. So no generator state has to be saved, and a resumed run draws the
    same numbers as one that was never stopped.
    """
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def shuffled(n_images: int, batch_size: int, seed: int) -> list[torch.Tensor]:
    """
    ### The order of an epoch

    Returns the indices of all images in batches, in an order that `seed` decides. The
    last batch may be smaller.
    """
    generator = torch.Generator().manual_seed(seed)
    return list(torch.randperm(n_images, generator=generator).split(batch_size))


def channel_statistics(images: torch.Tensor) -> tuple[list[float], list[float]]:
    r"""
    ### Mean and standard deviation of each channel

    For bytes `[N, 3, H, W]`, scaled to $[0, 1]$. Both are measured on the training
    images rather than copied from elsewhere, so they fit any data set, and the held-out
    images have no influence on them.
    """
    # A channel has only 256 values, so counting each of them gives both figures
    # exactly, without a copy of the set in floats.
    channels = images.transpose(0, 1).flatten(1)
    counts = torch.stack([torch.bincount(one, minlength=256) for one in channels])
    share = counts.double() / counts.sum(dim=1, keepdim=True)
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = share @ values
    # $\sigma^2 = \mathrm{E}[x^2] - \mathrm{E}[x]^2$
    std = (share @ values**2 - mean**2).sqrt()
    return mean.tolist(), std.tolist()


# The index at which each form begins. A form asks for 130 digits: 0 to 9 three times,
# and then a hundred in an order that looks random and is the same on all forms. A few
# were illegible and are left out.
FORMS = [0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667]


def digits(split: str = "random", split_seed: int = 0) -> DataSet:
    """
    ## Digits

    Scikit-learn's digits were written by hand on a printed form and reduced to 8 x 8
    pixels with 17 shades of grey.

    * `split` is `"random"`, or `"writers"` to hold out everything that some people
      wrote
    * `split_seed` decides which digits or which people

    With the random split, the same person's digits are on both sides. That is easier
    than reading a stranger's handwriting, and its accuracy should be read with that in
    mind.
    """
    # Imported here, since it takes seconds that other data sets can do without
    from sklearn.datasets import load_digits

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

    Returns the indices of the training and the held-out images, and the split in words.
    """
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(
        np.arange(len(target)), test_size=0.25, stratify=target, random_state=seed
    )
    return train, test, f"stratified random, 25% held out, seed {seed}"


def by_writers(target: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """
    ### The split by writers

    The set does not name its writers, and says that there were 13. But its order shows
    14 copies of one form, filled in one after the other. We treat each form as one
    person's, and hold out three. If two forms are by the same hand, that person's
    digits may be on both sides; nobody else's can be.

    Returns the same as the random split.
    """
    forms = np.searchsorted(FORMS, np.arange(len(target)), side="right") - 1
    held_out = np.random.default_rng(seed).permutation(len(FORMS))[:3]
    test = np.isin(forms, held_out)
    names = ", ".join(str(form + 1) for form in sorted(held_out))
    words = f"by writers, forms {names} of 14 held out, seed {seed}"
    return np.flatnonzero(~test), np.flatnonzero(test), words
