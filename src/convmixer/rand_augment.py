r"""
---
title: RandAugment
summary: The fourteen operations of RandAugment, for a whole batch.
---

# RandAugment

RandAugment [@cubuk2020] changes each image by an operation drawn at random from [a list
of fourteen](#OPERATIONS), all with the same strength. [`rand_augment`](#rand_augment)
does so for a whole batch.
"""

import math
from collections.abc import Callable

import torch
from torchvision.transforms.v2 import functional as tv

# The operations: torchvision's function, its argument at the weakest and at the
# strongest, and whether the argument may also be negative. Shifts are fractions of the
# side.
Operation = Callable[[torch.Tensor, float], torch.Tensor]
OPERATIONS: list[tuple[Operation, float, float, bool]] = [
    (lambda x, _: x, 0, 0, False),
    (lambda x, slope: affine(x, shear=[degrees(slope), 0.0]), 0, 0.3, True),
    (lambda x, slope: affine(x, shear=[0.0, degrees(slope)]), 0, 0.3, True),
    (lambda x, share: moved(x, int(share * x.shape[-1]), 0), 0, 150 / 331, True),
    (lambda x, share: moved(x, 0, int(share * x.shape[-2])), 0, 150 / 331, True),
    (lambda x, angle: tv.rotate(x, angle), 0, 30, True),
    (lambda x, more: tv.adjust_brightness(x, 1 + more), 0, 0.9, True),
    (lambda x, more: tv.adjust_saturation(x, 1 + more), 0, 0.9, True),
    (lambda x, more: tv.adjust_contrast(x, 1 + more), 0, 0.9, True),
    (lambda x, more: tv.adjust_sharpness(x, 1 + more), 0, 0.9, True),
    (lambda x, bits: tv.posterize(x, round(bits)), 8, 4, False),
    (lambda x, share: tv.solarize(x, 255 * share), 1, 0, False),
    (lambda x, _: tv.autocontrast(x), 0, 0, False),
    (lambda x, _: tv.equalize(x), 0, 0, False),
]
# The number of strengths from the weakest to the strongest
STRENGTHS = 31


def degrees(slope: float) -> float:
    """
    The angle of a shear, in degrees.
    """
    return math.degrees(math.atan(slope))


def moved(images: torch.Tensor, right: int, down: int) -> torch.Tensor:
    """
    Shifts images by so many pixels, and fills with black.
    """
    return affine(images, translate=[right, down], center=None)


def affine(images: torch.Tensor, **change: object) -> torch.Tensor:
    """
    Torchvision's affine transform; what RandAugment does not set stays neutral.
    """
    still = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    return tv.affine(images, **(still | {"center": [0, 0]} | change))


def rand_augment(
    images: torch.Tensor,
    operations: torch.Tensor,
    negative: torch.Tensor,
    magnitude: int,
) -> torch.Tensor:
    """
    ## Apply the operations

    Applies one operation to each image.

    * `images` are bytes `[B, 3, H, W]`
    * `operations` are indices into the list, `[B]`
    * `negative` says where the argument is negative, if it may be, booleans `[B]`
    * `magnitude` is the strength, from 0 to 30

    Equivalent to `v2.RandAugment`. Images with the same operation and sign are changed
    together, by torchvision's own functions.
    """
    changed = images.clone()
    for number, (operation, weakest, strongest, signed) in enumerate(OPERATIONS):
        amount = float(torch.linspace(weakest, strongest, STRENGTHS)[magnitude])
        for sign in (1, -1) if signed else (1,):
            chosen = operations == number
            if signed:
                chosen &= negative == (sign < 0)
            # On the CPU, where the parameters are, so that nothing waits for a GPU
            which = chosen.nonzero().flatten().to(images.device)
            if len(which):
                changed[which] = operation(images[which], sign * amount)
    return changed
