r"""
---
title: Image folders
summary: ImageNet, or any images in a folder for each class.
---

# Images in folders

ImageNet is too large for memory, and its images have many sizes. They stay in their
files, `train/CLASS/NAME` and `val/CLASS/NAME` below one folder, and worker processes
read them during the training.

A worker does only what must be done for each image alone: it decodes the file, crops
the image, and resizes it. All other [augmentation](../augment.py) is for whole batches
and follows on the device.
"""

import copy
import math
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import is_image_file
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from convmixer.data import IMAGENET, DataError, DataSet, seed_of
from convmixer.devices.machine import cores
from convmixer.recipe import Options


def image_folders(options: Options) -> DataSet:
    """
    ## Read the folders

    * `options` name the folder that holds `train` and `val`, the side of an image, and
      the smallest crop

    Raises a `DataError` if folders are missing, empty, or differ in their classes.
    """
    parts = {name: listed(options.data_dir / name) for name in ("train", "val")}
    train, test = parts["train"], parts["val"]
    if train.classes != test.classes:
        odd = sorted(set(train.classes) ^ set(test.classes))[0]
        raise DataError(
            f"{options.data_dir} holds the class {odd!r} in only one of train and val; "
            "both must have the same folders"
        )
    cut = v2.RandomResizedCrop(options.image_size, scale=(options.scale, 1.0))
    # Held-out images are cropped to their middle.
    resize = v2.Resize(math.ceil(options.image_size / 0.96))
    middle = v2.Compose([resize, v2.CenterCrop(options.image_size)])
    # Measuring them would mean reading every file twice.
    mean, std = IMAGENET
    return DataSet(
        classes=train.classes,
        mean=mean,
        std=std,
        train=Files(train, cut, options),
        test=Files(test, middle, options),
        split="folders train and val",
    )


def listed(folder: Path) -> ImageFolder:
    """
    Returns the files below a folder, by class.
    """
    folder = folder.expanduser()
    try:
        found = Classes(folder, is_valid_file=partial(shown, folder), allow_empty=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{folder.absolute()} does not hold a folder of images for each class "
            f"({error}). Name the folder above train and val with --data-dir"
        ) from error
    filled = set(found.targets)
    empty = [
        name for name, number in found.class_to_idx.items() if number not in filled
    ]
    if empty:
        raise DataError(
            f"{folder.absolute() / empty[0]} holds no images. Put some in, or remove the folder"
        )
    return found


class Classes(ImageFolder):
    """
    ## The folders of the classes

    A hidden folder, such as Jupyter's `.ipynb_checkpoints`, is no class.
    """

    def find_classes(self, directory: str) -> tuple[list[str], dict[str, int]]:
        """
        Returns the names of the classes, and their numbers.
        """
        every, _ = super().find_classes(directory)
        names = [name for name in every if not name.startswith(".")]
        if not names:
            raise FileNotFoundError(f"no class folder in {directory}")
        return names, {name: number for number, name in enumerate(names)}


def shown(root: Path, path: str) -> bool:
    """
    Whether a file is an image that is not hidden, nor in a hidden folder. Jupyter and
    macOS hide copies there that are no images of the set.
    """
    # Without `Path`, which would take seconds for a million files
    inside = path.removeprefix(str(root))
    return is_image_file(path) and f"{os.sep}." not in inside


class Files(Dataset[tuple[torch.Tensor, int]]):
    """
    ## Images in files

    [A source](../data.py#Source) of batches that reads image files.
    """

    def __init__(self, listing: ImageFolder, transform: v2.Transform, options: Options):
        """
        * `listing` knows the files and their classes
        * `transform` turns any image into a square of $S$ x $S$ pixels
        * `options` set the number of workers
        """
        self.listing = listing
        self.transform = transform
        self.workers = min(options.workers, cores())
        self.labels = torch.tensor(listing.targets)
        # The order of the images, which the workers are told anew for every epoch
        self.order: list[list[tuple[int, int]]] = []
        self.loader: DataLoader | None = None

    def __getitem__(self, place: tuple[int, int]) -> tuple[torch.Tensor, int]:
        """
        * `place` is the index of an image and the seed of the epoch

        The crop depends on these two alone, not on which worker reads the image, or
        when.
        """
        index, seed = place
        path, label = self.listing.samples[index]
        try:
            image = self.listing.loader(path)
        # A damaged file may raise anything, even that it is enormous.
        except Exception as error:
            raise DataError(f"{path} is no image that can be read") from error
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(seed, index))
            return tv.pil_to_tensor(self.transform(image)), label

    def batches(
        self, order: Iterable[torch.Tensor], seed: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """
        See [`Source`](../data.py#Source).
        """
        groups = [[(index, seed) for index in indices.tolist()] for indices in order]
        # Starting workers takes seconds, so they stay from epoch to epoch. They read a
        # copy, for the source would never be freed if its own loader held on to it.
        if self.loader is None or not self.workers:
            self.order, self.loader = [], None
            self.loader = DataLoader(
                copy.copy(self),
                batch_sampler=self.order,
                num_workers=self.workers,
                persistent_workers=self.workers > 0,
                # Pinned memory is copied to a GPU in the background.
                pin_memory=torch.cuda.is_available(),
            )
        self.order[:] = groups
        try:
            yield from self.loader
        except DataError as error:
            self.loader = None
            # A worker wraps an error in its own traceback, which we strip. A traceback
            # here would keep the workers alive.
            message = str(error).rpartition("DataError: ")[2].strip()
            error.__traceback__ = None
            raise DataError(message) from None
