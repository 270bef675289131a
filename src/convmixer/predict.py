r"""
---
title: The prediction
summary: What a trained model sees in image files, from the command line.
---

# The prediction

A trained model answers one question, what an image shows:

```
python -m convmixer.predict --weights runs/digits seven.png
```

The weights can be those of a run, or [anyone's](weights.py). What matters is that an
image reaches the model in the form of the images that it was trained on:
[`prepare`](#prepare) gives it the right size, and the weights say how it is normalized.
"""

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from PIL import Image, ImageOps

from convmixer.errors import ExperimentError, start

# As on the page of the experiment, PyTorch is imported where it is needed, and `--help`
# does not wait for it.
if TYPE_CHECKING:
    import torch

    from convmixer.weights import Trained

# Mean and standard deviation of each channel over ImageNet, which timm normalizes its
# images with, and so the published models theirs.
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


@dataclass(frozen=True)
class Options:
    """
    Say what images show.
    """

    # The images, in files that Pillow reads: PNG, JPEG, WebP and more.
    images: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE...")
    ]
    # A file of weights, or the folder of a run.
    weights: Path
    # How many classes to name for each image, the most probable first.
    top: int = 5
    # Side of the images in pixels as the model gets them. The digits and CIFAR-10 have
    # 32; models for ImageNet take 224.
    image_size: int = 32


def main(arguments: list[str] | None = None) -> int:
    """
    ## The program

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code: 0 for an answer to every image, 2 for what the user can put
    right, 130 for Ctrl-C.
    """
    try:
        options = tyro.cli(Options, args=arguments, prog="python -m convmixer.predict")
        check(options)
        # PyTorch and Pillow warn of what makes no difference to the answer.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            predict(options)
        return 0
    except ExperimentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: a file cannot be read or written: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped before the last image.", file=sys.stderr)
        return 130


def check(options: Options) -> None:
    """
    ## Check the values

    Before PyTorch is imported. The first that makes no sense is an `ExperimentError`.
    """
    if not options.images:
        raise ExperimentError("there is no image to look at: name at least one file")
    for name in ("top", "image_size"):
        value = getattr(options, name)
        if value < 1:
            option = name.replace("_", "-")
            raise ExperimentError(f"--{option} must be at least 1, not {value}")
    for path in options.images:
        if not path.is_file():
            raise ExperimentError(f"there is no image file {path}")


def predict(options: Options) -> None:
    """
    ## Look at the images

    * `options` are [what is asked for](#Options)

    All images are read before the first is looked at, and before PyTorch is imported.
    So a file that is no image is an `ExperimentError` at once, and not after half of
    the answers.
    """
    pictures = [prepare(path, options.image_size) for path in options.images]

    from convmixer.weights import load

    trained = load(options.weights)
    trained.check_image_size(options.image_size)
    if trained.in_channels != 3:
        raise ExperimentError(
            f"{options.weights} is for images with {trained.in_channels} channels, and "
            "image files are read with 3"
        )
    mean, std = trained.mean, trained.std
    if mean is None or std is None:
        mean, std = IMAGENET
        print("The weights do not say how their images were normalized: as ImageNet.")

    for path, picture in zip(options.images, pictures, strict=True):
        shares = probabilities(trained, picture, mean, std)
        print(path)
        print(answer(shares, trained.classes, options.top), flush=True)


def prepare(path: Path, image_size: int) -> Image.Image:
    """
    ## Prepare an image

    * `path` is an image file
    * `image_size` is the side of the square that the model gets, in pixels

    Returns the square in RGB. An image that is not square loses what lies outside its
    middle, rather than its proportions. The published models were measured with a
    slightly smaller middle and another interpolation, so their probabilities differ a
    little from ours. A file that is no image is an `ExperimentError`.
    """
    # Pillow, and not torchvision's own reader, for the sake of damaged files: that one
    # can crash the whole program with them. Reading a damaged file may raise anything.
    try:
        with Image.open(path) as file:
            mode = file.mode
            # Cameras store how they were held, and leave turning to the reader.
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except Exception as error:
        raise ExperimentError(
            f"{path} cannot be read as an image ({type(error).__name__}): it is "
            "damaged, or of another kind"
        ) from error
    # Pillow cuts off what is more than 8 bits, and a picture would come out white.
    if mode.startswith(("I", "F")):
        raise ExperimentError(f"{path} has more than 8 bits a pixel: save it with 8")
    # Bilinear, as the digits are enlarged
    size = (image_size, image_size)
    return ImageOps.fit(picture, size, method=Image.Resampling.BILINEAR)


def probabilities(
    trained: "Trained", picture: Image.Image, mean: list[float], std: list[float]
) -> "torch.Tensor":
    """
    ## Run the model

    * `picture` is an image as [`prepare`](#prepare) returns it
    * `mean` and `std` are what each of its channels is normalized with

    Returns the probability of each class, `[n]`.
    """
    import numpy as np
    import torch

    # `[H, W, 3]` of bytes becomes `[1, 3, H, W]` of floats, as in the training.
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 255
    centre, spread = (torch.tensor(one)[:, None, None] for one in (mean, std))
    with torch.inference_mode():
        logits = trained.model((image - centre) / spread)
    return logits[0].softmax(dim=0)


def answer(shares: "torch.Tensor", classes: list[str] | None, top: int) -> str:
    """
    ## The answer

    * `shares` are the probabilities of the classes, `[n]`
    * `classes` are their names; without, they keep their numbers
    * `top` is how many classes to name

    Returns a line for each class, the most probable first.
    """
    n_classes = len(shares)
    names = classes or [f"class {number}" for number in range(n_classes)]
    found = shares.topk(min(top, n_classes))
    ranked = zip(found.values.tolist(), found.indices.tolist(), strict=True)
    return "\n".join(f"  {share:7.2%}  {names[number]}" for share, number in ranked)


if __name__ == "__main__":
    start(main)
