r"""
---
title: Export
summary: >
  Trained weights as a safetensors file or an ONNX file, checked before it is kept.
---

# Export

Exported weights can be used without any code of this project, in one of two forms. The
name of the file says which:

```
python -m convmixer.export runs/digits digits.safetensors
python -m convmixer.export runs/digits digits.onnx
```

* [safetensors](weights/formats.py#to_safetensors) holds the tensors and a few lines of
  text. It cannot hold a program, so a stranger's file is safe to open.
* [ONNX](weights/formats.py#to_onnx) holds the model as a graph of standard operations,
  which runs without PyTorch: in ONNX Runtime, in a browser, on a phone.

A file must give the same outputs as the model it came from. So it is [opened and
run](weights/formats.py#greatest_difference) before it gets its name.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from convmixer.command_line import read
from convmixer.errors import ExperimentError, launch, run_command

SUFFIXES = (".safetensors", ".onnx")
# The packages that ONNX needs
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
# How far the outputs of an ONNX file may be from PyTorch's, relative to the largest of
# them. Summing in another order changes about a millionth; a wrong graph changes far
# more than this.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Options:
    """
    Write trained weights to a file for other programs.
    """

    # A file of weights, or the folder of a run.
    weights: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="WEIGHTS")]
    # The file to write, .safetensors or .onnx. One that exists is replaced.
    output: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUTPUT")]
    # Side of the images in pixels that an ONNX file is for. Without it, the size that
    # the run was trained with, or 32 if the weights do not say. Models for ImageNet
    # take 224.
    image_size: int | None = None


def main(arguments: list[str] | None = None) -> int:
    """
    ## Export from the command line

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns [the exit code](errors.py#run_command): 0 if the file was written.
    """

    def work() -> None:
        options = read(Options, arguments, prog="python -m convmixer.export")
        check(options)
        export(options)

    return run_command(work, stopped="Stopped before the file was written.")


def check(options: Options) -> None:
    """
    ## Check the options of the export

    Done before PyTorch is imported. Raises an `ExperimentError` for the first bad
    value.
    """
    output = options.output
    if output.suffix not in SUFFIXES:
        known = " or ".join(SUFFIXES)
        raise ExperimentError(f"the name of the output must end in {known}: {output}")
    if output.is_dir() or not output.parent.is_dir():
        found = "is a folder" if output.is_dir() else "is in a folder that is not there"
        raise ExperimentError(f"{output} cannot be written: it {found}")
    if options.image_size is not None and options.image_size < 1:
        raise ExperimentError(
            f"--image-size must be at least 1, not {options.image_size}"
        )
    missing = [name for name in ONNX_PACKAGES if not importlib.util.find_spec(name)]
    if output.suffix == ".onnx" and missing:
        raise ExperimentError(
            f"an ONNX file needs {missing[0]}: pip install {' '.join(ONNX_PACKAGES)}"
        )


def export(options: Options) -> None:
    """
    ## Write the exported file

    * `options` are those [of the command](#Options)

    The content is checked first. Raises an `ExperimentError` if its outputs differ from
    the model's; then nothing is written, and an older file stays as it was.
    """
    from convmixer.runs.files import write_atomically
    from convmixer.weights import load
    from convmixer.weights.formats import (
        greatest_difference,
        to_onnx,
        to_safetensors,
    )

    trained = load(options.weights)
    image_size = options.image_size or trained.image_size
    onnx = options.output.suffix == ".onnx"
    if onnx:
        trained.check_image_size(image_size)
        content = to_onnx(trained, image_size)
    else:
        content = to_safetensors(trained)

    difference = greatest_difference(
        trained, content, options.output.suffix, image_size
    )
    # A difference that is not a number fails as well.
    if not difference <= (TOLERANCE if onnx else 0):
        raise ExperimentError(
            f"{options.output} was not written: its outputs would differ from the "
            f"model's by {difference:.1e}"
        )
    write_atomically(options.output, content)
    print(
        f"{options.output}: {trained.name()}, {len(content) / 1000:,.0f} kB\n"
        f"greatest difference of its outputs from PyTorch's: {difference:.1e}"
    )


if __name__ == "__main__":
    launch(main)
