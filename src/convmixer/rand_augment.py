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
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torchvision.transforms.v2 import functional as tv

# Where a pixel comes from: the first two rows of a matrix that takes its column, its
# row and 1 to those of its origin, both counted from the middle of the image
Matrix = list[float]
# The operations that move pixels: the matrix, by the strength and the image's side.
# Shifts are fractions of the side, and shears keep the first row or column in place.
MOVES: list[Callable[[float, int], Matrix]] = [
    lambda slope, side: [1, slope, slope * side / 2, 0, 1, 0],
    lambda slope, side: [1, 0, 0, slope, 1, slope * side / 2],
    lambda share, side: [1, 0, -int(share * side), 0, 1, 0],
    lambda share, side: [1, 0, 0, 0, 1, -int(share * side)],
    lambda angle, _: rotation(math.radians(angle)),
]
# The others: functions of the images and the strength
SHADES: list[Callable[[torch.Tensor, float], torch.Tensor]] = [
    lambda x, more: tv.adjust_brightness(x, 1 + more),
    lambda x, more: tv.adjust_saturation(x, 1 + more),
    lambda x, more: tv.adjust_contrast(x, 1 + more),
    lambda x, more: sharpen(x, 1 + more),
    lambda x, bits: tv.posterize(x, round(bits)),
    lambda x, share: tv.solarize(x, 255 * share),
    lambda x, _: tv.autocontrast(x),
    lambda x, _: tv.equalize(x),
]
# All fourteen, beginning with the one that changes nothing, then those that move: the
# weakest and the strongest argument, and whether it may also be negative
OPERATIONS: list[tuple[float, float, bool]] = [
    (0, 0, False),
    (0, 0.3, True),
    (0, 0.3, True),
    (0, 150 / 331, True),
    (0, 150 / 331, True),
    (0, 30, True),
    (0, 0.9, True),
    (0, 0.9, True),
    (0, 0.9, True),
    (0, 0.9, True),
    (8, 4, False),
    (1, 0, False),
    (0, 0, False),
    (0, 0, False),
]
# The number of strengths from the weakest to the strongest
STRENGTHS = 31


def rotation(angle: float) -> Matrix:
    """
    The matrix of a rotation about the middle, by an angle in radians.
    """
    cos, sin = math.cos(angle), math.sin(angle)
    return [cos, -sin, 0, sin, cos, 0]


@dataclass(frozen=True)
class Groups:
    """
    ## Images that are changed alike

    The images with the same operation and sign are a group. There are two groups for
    each operation, one with either sign.
    """

    # The argument of each group
    amounts: list[float]
    # The number of images in each group
    counts: list[int]
    # The images' indices, group after group, `[B]`
    order: torch.Tensor
    # The matrix of each image in this order, `[B, 6]`
    matrices: torch.Tensor


def grouped(
    operations: torch.Tensor, negative: torch.Tensor, magnitude: int, side: int
) -> Groups:
    """
    ### Group images by operation

    * `operations` are indices into the list, `[B]`
    * `negative` says where the argument is negative, if it may be, booleans `[B]`
    * `magnitude` is the strength, from 0 to 30
    * `side` is that of the images

    This happens on the CPU, where the parameters are drawn, so that nothing waits for a
    GPU to say how large a group is.
    """
    amounts = []
    matrices: list[Matrix] = []
    for number, (weakest, strongest, signed) in enumerate(OPERATIONS):
        amount = float(torch.linspace(weakest, strongest, STRENGTHS)[magnitude])
        for argument in (amount, -amount if signed else amount):
            amounts.append(argument)
            moves = 1 <= number <= len(MOVES)
            move = MOVES[number - 1] if moves else lambda *_: [1, 0, 0, 0, 1, 0]
            matrices.append(move(argument, side))
    group = 2 * operations + negative
    order = group.argsort(stable=True)
    counts = group.bincount(minlength=len(amounts)).tolist()
    return Groups(amounts, counts, order, torch.tensor(matrices)[group[order]])


def rand_augment(
    images: torch.Tensor,
    order: torch.Tensor,
    matrices: torch.Tensor,
    groups: Groups,
) -> torch.Tensor:
    """
    ## Apply one operation to each image

    Applies one operation to each image.

    * `images` are bytes `[B, 3, S, S]`
    * `order` and `matrices` are those of the groups, on the images' device

    Equivalent to `v2.RandAugment`. All images whose pixels move are moved at once, and
    each other group is changed by torchvision's own function.
    """
    parts = list(images[order].split(groups.counts))
    first, end = 2, 2 + 2 * len(MOVES)
    begin, moving = sum(groups.counts[:first]), sum(groups.counts[first:end])
    if moving:
        moved = move(torch.cat(parts[first:end]), matrices[begin : begin + moving])
        parts[first:end] = moved.split(groups.counts[first:end])
    for number in range(end, len(parts)):
        if groups.counts[number]:
            shade = SHADES[number // 2 - 1 - len(MOVES)]
            parts[number] = shade(parts[number], groups.amounts[number])
    changed = torch.empty_like(images)
    changed[order] = torch.cat(parts)
    return changed


def move(images: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """
    ### Move the pixels of an image

    * `images` are bytes `[B, 3, S, S]`
    * `matrices` say where each new pixel comes from, `[B, 6]`

    What comes from outside is black. Equivalent to `v2.functional.affine`.
    """
    side = images.shape[-1]
    middles = torch.arange(side, device=images.device) - (side - 1) / 2
    rows, columns = torch.meshgrid(middles, middles, indexing="ij")
    places = torch.stack([columns, rows, torch.ones_like(rows)], dim=-1).view(1, -1, 3)
    # PyTorch counts from -1 at one edge to 1 at the other.
    matrices = matrices.view(-1, 2, 3).transpose(1, 2) / (side / 2)
    origins = places.expand(len(images), -1, -1) @ matrices
    origins = origins.view(-1, side, side, 2)
    moved = F.grid_sample(images.float(), origins, mode="nearest", align_corners=False)
    return moved.round().to(torch.uint8)


def sharpen(images: torch.Tensor, factor: float) -> torch.Tensor:
    """
    ### Sharpen or blur an image

    Blends images, bytes `[B, 3, H, W]`, with a blurred copy; the pixels at the edge are
    left alone. Torchvision's function does the same, but copies the window's nine
    weights to the device each time.
    """
    if min(images.shape[-2:]) < 3:
        return images
    pixels = images.float()
    window = pixels.new_full((3, 1, 3, 3), 1 / 13)
    window[:, :, 1, 1] = 5 / 13
    blurred = F.conv2d(pixels, window, groups=3).round()
    inner = pixels[..., 1:-1, 1:-1]
    inner.add_(blurred - inner, alpha=1 - factor)
    return pixels.clamp(0, 255).to(torch.uint8)
