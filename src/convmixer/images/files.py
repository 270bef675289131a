"""
---
title: Image files
summary: An image file as the square that a model takes, or an error that says why not.
---

# Image files
"""

from pathlib import Path

from PIL import Image, ImageOps

from convmixer.errors import ExperimentError


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
