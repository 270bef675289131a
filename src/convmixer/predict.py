r"""
---
title: Prediction
summary: What image files show, according to a trained model, on the command line.
---

# Prediction

A trained model says what an image shows:

```
python -m convmixer.predict --weights runs/digits seven.png
```

The weights can be those of a run, or [anyone's](weights/loading.py). The model needs an
image in the form of those that it was trained on: [`prepare`](images/files.py#prepare)
gives it the right size, and the weights say how it is normalized.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from PIL import Image

from convmixer.command_line import read
from convmixer.errors import ExperimentError, launch, printable, run_command
from convmixer.images.files import prepare

# As on the page of the experiment, PyTorch is imported where it is needed, and `--help`
# does not wait for it.
if TYPE_CHECKING:
    import torch

    from convmixer.weights import Trained


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
    # Number of classes to print for each image, the most probable first.
    top: int = 5
    # Side of the images in pixels as the model gets them. Without it, the size that the
    # run was trained with, or 32 if the weights do not say. Models for ImageNet take
    # 224.
    image_size: int | None = None


def main(arguments: list[str] | None = None) -> int:
    """
    ## Predict from the command line

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns [the exit code](errors.py#run_command): 0 if every image was classified.
    """

    def work() -> None:
        options = read(Options, arguments, prog="python -m convmixer.predict")
        check(options)
        # PyTorch and Pillow warn of things that make no difference to the result.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            predict(options)

    return run_command(work, stopped="Stopped before the last image.")


def check(options: Options) -> None:
    """
    ## Check the options of the prediction

    Done before PyTorch is imported. Raises an `ExperimentError` for the first bad
    value.
    """
    if not options.images:
        raise ExperimentError("there is no image to look at: name at least one file")
    for name in ("top", "image_size"):
        value = getattr(options, name)
        if value is not None and value < 1:
            option = name.replace("_", "-")
            raise ExperimentError(f"--{option} must be at least 1, not {value}")
    for path in options.images:
        if not path.is_file():
            raise ExperimentError(f"there is no image file {path}")


def predict(options: Options) -> None:
    """
    ## Classify the images

    * `options` are those [of the command](#Options)

    All images are read before PyTorch is imported. So a file that is no image raises an
    `ExperimentError` at once, and not after half of the output.
    """
    size = options.image_size or 32
    pictures = [prepare(path, size) for path in options.images]

    from convmixer.data import IMAGENET
    from convmixer.weights import load

    trained = load(options.weights)
    # The weights know best which size their images had.
    if options.image_size is None and trained.image_size != size:
        size = trained.image_size
        pictures = [prepare(path, size) for path in options.images]
    trained.check_image_size(size)
    if trained.in_channels != 3:
        raise ExperimentError(
            f"{options.weights} is for images with {trained.in_channels} channels, and "
            "image files are read with 3"
        )
    mean, std = trained.mean, trained.std
    if mean is None or std is None:
        mean, std = IMAGENET
        print(
            "The weights do not say how their images were normalized: as ImageNet; "
            f"--image-size is {size}."
        )

    for path, picture in zip(options.images, pictures, strict=True):
        shares = probabilities(trained, picture, mean, std)
        if not shares.isfinite().all():
            raise ExperimentError(
                f"{options.weights} has no answer to {path}: the probabilities are not "
                "numbers (NaN), since the weights are not, or are far too large"
            )
        print(path)
        print(most_probable(shares, trained.classes, options.top), flush=True)


def probabilities(
    trained: "Trained", picture: Image.Image, mean: list[float], std: list[float]
) -> "torch.Tensor":
    """
    ## Run the model on an image

    * `picture` is an image as [`prepare`](images/files.py#prepare) returns it
    * `mean` and `std` are those that each channel is normalized with

    Returns the probability of each class, `[n]`.
    """
    import numpy as np
    import torch

    from convmixer.augment import normalize

    # `[H, W, 3]` becomes `[1, 3, H, W]`.
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    with torch.inference_mode():
        logits = trained.model(normalize(image, mean, std))
    return logits[0].softmax(dim=0)


def most_probable(shares: "torch.Tensor", classes: list[str] | None, top: int) -> str:
    """
    ## Print the most probable classes

    * `shares` are the probabilities of the classes, `[n]`
    * `classes` are their names; without names, the classes go by their numbers
    * `top` is how many classes to name

    Returns a line for each class, the most probable first.
    """
    n_classes = len(shares)
    names = classes or [f"class {number}" for number in range(n_classes)]
    found = shares.topk(min(top, n_classes))
    ranked = zip(found.values.tolist(), found.indices.tolist(), strict=True)
    return "\n".join(
        f"  {share:7.2%}  {printable(names[number])}" for share, number in ranked
    )


if __name__ == "__main__":
    launch(main)
