r"""
---
title: Augmentation
summary: >
  Images changed at random, a whole batch at once, on the device that trains.
---

# Augmentation

A photograph of a cat still shows a cat when it is mirrored, shifted or a little darker.
Augmentation shows the model such variants, so that it learns the cat and not the
photograph.

Usually each image is changed on its own, in processes beside the training, and a fast
model waits for them. Here the images lie in memory as bytes, on the device that trains,
and [`Augmentation`](#Augmentation) changes a whole batch at once. Each change is a
function that takes the images and, for every image, random parameters. With the same
parameters it returns what torchvision's transform returns; the tests compare them.

The random numbers are drawn on the CPU, for the batch as a whole. So a GPU sees the
same variants, and several processes can each change [their share](#BatchGenerator) of a
batch and together still make the same batch. All numbers of a batch travel to the
device [in one copy](data.py#together), for which nothing waits.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import torch
import torch.nn.functional as F
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from convmixer.data import together
from convmixer.rand_augment import OPERATIONS, grouped, rand_augment
from convmixer.recipe import Options


@dataclass(frozen=True)
class BatchGenerator:
    """
    ## Random parameters for a batch

    The numbers come from PyTorch's default generator, which [each
    step](training.py#epoch_batches) seeds anew. Every draw is for the whole batch; a
    process that holds a share of it keeps the numbers for its own images.
    """

    # Images in the batch, on all devices together
    images: int
    # Which of them are here
    share: slice = field(default_factory=lambda: slice(None))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """
        Returns one float for each image, `[B]`.
        """
        return torch.empty(self.images).uniform_(low, high)[self.share]

    def integers(self, low: int, high: torch.Tensor | int) -> torch.Tensor:
        """
        Returns one integer for each image, `[B]`, from `low` to `high` inclusive.
        `high` may differ from image to image.
        """
        return low + (self.uniform() * (high - low + 1)).floor().long()

    def happens(self, probability: float) -> torch.Tensor:
        """
        Returns true for each image with this probability, `[B]`.
        """
        return self.uniform() < probability

    def permutations(self, n: int) -> torch.Tensor:
        """
        Returns a permutation of the numbers from 0 to $n - 1$ for each image, `[B, n]`.
        """
        return torch.rand(self.images, n).argsort(dim=1)[self.share]


def shift(
    images: torch.Tensor, top: torch.Tensor, left: torch.Tensor, padding: int
) -> torch.Tensor:
    """
    ## Shift an image

    * `images` are bytes `[B, 3, H, W]`, which get a black border of `padding` pixels
    * `top` and `left` say where in that frame to cut out the new image, `[B]` each

    Equivalent to `v2.RandomCrop`.
    """
    height, width = images.shape[-2:]
    framed = F.pad(images, [padding] * 4)
    # The row and the column that each new pixel comes from, by broadcasting:
    # `[B, H, 1]` and `[B, 1, W]`
    here = images.device
    rows = (top[:, None] + torch.arange(height, device=here))[:, :, None]
    columns = (left[:, None] + torch.arange(width, device=here))[:, None, :]
    image = torch.arange(len(images), device=here)[:, None, None]
    return framed.permute(0, 2, 3, 1)[image, rows, columns].permute(0, 3, 1, 2)


def enlarge(
    images: torch.Tensor, top: torch.Tensor, left: torch.Tensor, side: torch.Tensor
) -> torch.Tensor:
    """
    ## Cut out a square and enlarge it

    * `images` are bytes `[B, 3, S, S]`
    * `top`, `left` and `side` are the squares, whole numbers `[B]`

    Equivalent to `v2.RandomResizedCrop` with a ratio of 1. Bilinear interpolation is
    linear in the rows and linear in the columns, so each image is multiplied by a
    matrix from either side.
    """
    size = images.shape[-1]
    rows = interpolation(top, side, size)
    columns = interpolation(left, side, size)
    # `[B, 1, S, S]` times `[B, 3, S, S]` times `[B, 1, S, S]`
    enlarged = rows[:, None] @ images.float() @ columns[:, None].transpose(2, 3)
    return enlarged.round().clamp(0, 255).to(torch.uint8)


def interpolation(start: torch.Tensor, length: torch.Tensor, size: int) -> torch.Tensor:
    """
    ### The matrix of a linear interpolation

    * `start` and `length` are a section of a line of `size` pixels, `[B]` each

    Returns `[B, size, size]`, which stretches the section over the line.
    """
    pixels = torch.arange(size, device=start.device)
    # The middle of each new pixel in the section, kept inside it
    place = (pixels + 0.5) * (length[:, None] / size) - 0.5
    place = place.clamp(min=0).minimum(length[:, None] - 1)
    # The weight of a pixel falls with its distance, to nothing one pixel away.
    distance = (start[:, None] + place)[:, :, None] - pixels
    return (1 - distance.abs()).clamp(min=0)


def mirror(images: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """
    ## Flip an image horizontally

    * `images` are `[B, 3, H, W]`
    * `which` says which of them to mirror, booleans `[B]`

    Equivalent to `v2.RandomHorizontalFlip`.
    """
    return torch.where(column(which), images.flip(-1), images)


def column(values: torch.Tensor) -> torch.Tensor:
    """
    Values `[B]` as `[B, 1, 1, 1]`, to go with images.
    """
    return values[:, None, None, None]


def jitter(
    images: torch.Tensor, factors: torch.Tensor, order: torch.Tensor
) -> torch.Tensor:
    """
    ## Color jitter

    Brightness, contrast and saturation are raised or lowered, each by a factor of its
    own, in an order of its own.

    * `images` are bytes `[B, 3, H, W]`
    * `factors` are those of the three, in this order, `[B, 3]`
    * `order` is the order of the changes, `[B, 3]`

    Equivalent to `v2.ColorJitter` without the hue, which the authors leave alone.
    """
    for number in order.T:
        pixels, brightness = images.float(), grey(images)
        # Without brightness an image is black, without contrast one shade of grey, and
        # without saturation grey.
        contrast = brightness.mean(dim=(1, 2, 3), keepdim=True)
        reference = torch.where(column(number == 1), contrast, brightness)
        reference = reference.masked_fill(column(number == 0), 0.0)
        # Towards that for factors below 1, away from it above
        factor = column(factors.gather(1, number[:, None]).squeeze(1))
        blended = factor * pixels + (1 - factor) * reference
        images = blended.clamp(0, 255).to(torch.uint8)
    return images


def grey(images: torch.Tensor) -> torch.Tensor:
    """
    The brightness of each pixel as an eye sees it, which is most sensitive to green.
    """
    red, green, blue = images.float().split(1, dim=1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).floor()


def erase(
    images: torch.Tensor,
    top: torch.Tensor,
    left: torch.Tensor,
    height: torch.Tensor,
    width: torch.Tensor,
) -> torch.Tensor:
    """
    ## Erase a rectangle

    * `images` are normalized floats `[B, 3, H, W]`, whose mean is 0
    * `top`, `left`, `height` and `width` are the rectangles, whole numbers `[B]`; one
      without height leaves its image whole

    Equivalent to `v2.RandomErasing`.
    """
    rows = torch.arange(images.shape[-2], device=images.device)
    columns = torch.arange(images.shape[-1], device=images.device)
    high = (rows >= top[:, None]) & (rows < (top + height)[:, None])
    wide = (columns >= left[:, None]) & (columns < (left + width)[:, None])
    inside = high[:, None, :, None] & wide[:, None, None, :]
    # Filled in a copy, which keeps the memory layout
    return images.clone().masked_fill_(inside, 0.0)


def rectangles(
    generator: BatchGenerator, size: int, probability: float
) -> list[torch.Tensor]:
    """
    ### Draw rectangles to erase

    * `size` is the side of the images, and `probability` that of erasing a rectangle

    Returns top, left, height and width. A rectangle has between 2 % and 33 % of the
    image's area, and its longer side is at most about three times the shorter. One that
    would not fit becomes a square of the same area.
    """
    area = generator.uniform(0.02, 0.33) * size**2
    ratio = generator.uniform(math.log(0.3), math.log(3.3)).exp()
    fits = (area * ratio).sqrt().maximum((area / ratio).sqrt()).round() < size
    ratio = torch.where(fits, ratio, 1.0)
    height, width = (area * ratio).sqrt().round(), (area / ratio).sqrt().round()
    height = torch.where(generator.happens(probability), height, 0.0).long()
    top = generator.integers(0, size - height)
    left = generator.integers(0, size - width.long())
    return [top, left, height, width.long()]


# A change, and its random parameters
Change = tuple[Callable[..., torch.Tensor], list[torch.Tensor]]


class Augmentation:
    """
    ## The whole augmentation

    Applies the changes above in the order of the authors' script. A change whose option
    is 0 is skipped and costs nothing.
    """

    def __init__(self, options: Options, mean: list[float], std: list[float]):
        """
        * `options` set the strength of each change
        * `mean` and `std` are those of each channel, which the images are normalized
          with
        """
        self.options = options
        self.mean = mean
        self.std = std

    def __call__(self, images: torch.Tensor, generator: BatchGenerator) -> torch.Tensor:
        """
        Takes bytes `[B, 3, H, W]`, returns the randomly changed images as normalized
        floats of the same shape.
        """
        changes = list(self.draw(generator, images.shape[-1]))
        drawn = [numbers for _, parameters in changes for numbers in parameters]
        sent = iter(together(drawn, images.device))
        for change, parameters in changes:
            images = change(images, *islice(sent, len(parameters)))
        return images

    def draw(self, generator: BatchGenerator, size: int) -> Iterator[Change]:
        """
        Yields each change with the parameters for images of this `size`.
        """
        options = self.options
        if options.shift:
            top = generator.integers(0, 2 * options.shift)
            left = generator.integers(0, 2 * options.shift)
            yield partial(shift, padding=options.shift), [top, left]
        # Image files have already been cropped when they were read.
        if options.scale < 1 and options.dataset != "imagefolder":
            side = generator.uniform(options.scale, 1).sqrt() * size
            side = side.round().long().clamp(min=1)
            top, left = (generator.integers(0, size - side) for _ in range(2))
            yield enlarge, [top, left, side]
        if options.flip:
            yield mirror, [generator.happens(options.flip)]
        for _ in range(options.augment_operations):
            operations = generator.integers(0, len(OPERATIONS) - 1)
            negative = generator.happens(0.5)
            groups = grouped(operations, negative, options.augment_magnitude, size)
            yield partial(rand_augment, groups=groups), [groups.order, groups.matrices]
        if options.jitter:
            low, high = 1 - options.jitter, 1 + options.jitter
            factors = [generator.uniform(low, high) for _ in range(3)]
            yield jitter, [torch.stack(factors, 1), generator.permutations(3)]

        yield partial(normalize, mean=self.mean, std=self.std), []
        if options.erasing:
            yield erase, rectangles(generator, size, options.erasing)


def normalize(
    images: torch.Tensor, mean: list[float], std: list[float]
) -> torch.Tensor:
    """
    ## Normalization of images

    Takes bytes `[B, 3, H, W]`, returns floats whose channels have mean 0 and standard
    deviation 1 over the training images, channels last in memory. This is all that
    happens to held-out images.
    """
    images = images.to(torch.float32, memory_format=torch.channels_last) / 255
    # Filled on the device, where a list would have to be copied to
    here = [
        torch.cat([images.new_full((1,), value) for value in values])
        for values in (mean, std)
    ]
    return tv.normalize(images, *here, inplace=True)


def mixing(options: Options, n_classes: int) -> v2.Transform | None:
    """
    ## Mixup and CutMix

    * `n_classes` is the number of classes, $n$

    Mixup blends two images; CutMix pastes a rectangle of one into another. The label
    becomes shares of both classes. Torchvision has both for whole batches. Returns
    `None` if both are off.
    """
    kinds = [(options.mixup, v2.MixUp), (options.cutmix, v2.CutMix)]
    mixers = [
        kind(alpha=strength, num_classes=n_classes)
        for strength, kind in kinds
        if strength
    ]
    return v2.RandomChoice(mixers) if mixers else None
