r"""
---
title: Image files
summary: An image file as the square that a model takes.
---

# Image files

[The prediction](../predict.py) reads images of any size and kind. A model takes squares
of one size, in RGB.
"""

from pathlib import Path

from PIL import Image, ImageOps

from convmixer.errors import ExperimentError

# Each takes four bytes of memory, several times over
MOST_PIXELS = 64_000_000


def prepare(path: Path, image_size: int) -> Image.Image:
    """
    ## Prepare an image

    * `path` is an image file
    * `image_size` is the side of the square that the model gets, in pixels

    Returns the square in RGB. An image that is not square is cropped to its middle,
    which keeps its proportions. The published models were measured with a slightly
    smaller middle and another interpolation, so their probabilities differ a little
    from ours. Raises an `ExperimentError` for a file that is no image.
    """
    # Pillow, and not torchvision's own reader, which a damaged file can crash together
    # with the program. Reading a damaged file may raise anything.
    try:
        with Image.open(path) as file:
            mode = file.mode
            width, height = file.size
            if width * height > MOST_PIXELS:
                raise ExperimentError(
                    f"{path} has {width:,} x {height:,} pixels, and at most "
                    f"{MOST_PIXELS:,} are read, for each takes memory: make it smaller"
                )
            # Cameras store how they were held and leave it to the reader to rotate the
            # image.
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except ExperimentError:
        raise
    except Image.DecompressionBombError as error:
        raise ExperimentError(f"{path} has too many pixels: make it smaller") from error
    except Exception as error:
        raise ExperimentError(
            f"{path} cannot be read as an image ({type(error).__name__}): it is "
            "damaged, or of another kind"
        ) from error
    # Pillow clips anything beyond 8 bits, and the image would come out white.
    if mode.startswith(("I", "F")):
        raise ExperimentError(f"{path} has more than 8 bits a pixel: save it with 8")
    # Bilinear, like the enlarged digits
    size = (image_size, image_size)
    return ImageOps.fit(picture, size, method=Image.Resampling.BILINEAR)
