"""
---
title: RandAugment
summary: RandAugment's fourteen operations, on whole batches.
---

# RandAugment
"""

import math
from collections.abc import Callable

import torch
from torchvision.transforms.v2 import functional as tv

# The operations of RandAugment: the function of torchvision, what it gets at the weakest
# and at the strongest, and whether it may go either way. Shears and shifts are shares of
# the side.
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
# In how many steps the strength goes from one to the other
STRENGTHS = 31


def degrees(slope: float) -> float:
    """
    The angle of a shear, in degrees.
    """
    return math.degrees(math.atan(slope))


def moved(images: torch.Tensor, right: int, down: int) -> torch.Tensor:
    """
    Images moved by so many pixels, with black coming in.
    """
    return affine(images, translate=[right, down], center=None)


def affine(images: torch.Tensor, **change: object) -> torch.Tensor:
    """
    Torchvision's affine map, with the parts that RandAugment leaves alone.
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
    ## RandAugment

    One operation changes each image, drawn from a list of fourteen, all with the same
    strength [@cubuk2020].

    * `images` are bytes `[B, 3, H, W]`
    * `operations` are numbers in the list, `[B]`
    * `negative` says which go the other way, if they may, booleans `[B]`
    * `magnitude` is the strength, from 0 to 30

    As `v2.RandAugment`. Images that share operation and direction are changed together,
    by torchvision's own functions.
    """
    changed = images.clone()
    for number, (operation, weakest, strongest, signed) in enumerate(OPERATIONS):
        amount = float(torch.linspace(weakest, strongest, STRENGTHS)[magnitude])
        for sign in (1, -1) if signed else (1,):
            chosen = operations == number
            if signed:
                chosen &= negative == (sign < 0)
            # On the processor, where chance was drawn, so that a GPU is not waited for
            which = chosen.nonzero().flatten().to(images.device)
            if len(which):
                changed[which] = operation(images[which], sign * amount)
    return changed
