r"""
---
title: The export
summary: >
  Trained weights as a safetensors file or an ONNX file, checked before it is kept.
---

# The export

Weights that leave this project should need none of its code. The export writes them in
one of two forms, and the name of the file says which:

```
python -m convmixer.export runs/digits digits.safetensors
python -m convmixer.export runs/digits digits.onnx
```

* [safetensors](#to_safetensors) holds the tensors and a few lines of text. It cannot
  hold a program, so a stranger's file is safe to open.
* [ONNX](#to_onnx) holds the model as a graph of standard operations, which runs without
  PyTorch: in ONNX Runtime, in a browser, on a phone.

A file is of no use if it gives other answers than the model it came from. So it is
[opened and run](#greatest_difference) before it gets its name.
"""

import importlib.util
import io
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from convmixer.errors import ExperimentError, start

# As on the page of the experiment, PyTorch is imported where it is needed, and `--help`
# does not wait for it.
if TYPE_CHECKING:
    import torch

    from convmixer.weights import Trained

SUFFIXES = (".safetensors", ".onnx")
# What writing and running ONNX takes
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
# How far the outputs of an ONNX file may be from PyTorch's, beside the greatest of
# them. Another order of the same sums differs by about a millionth; a wrong graph
# differs by far more than this.
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
    # Side of the images in pixels that an ONNX file is for. The digits and CIFAR-10
    # have 32; models for ImageNet take 224.
    image_size: int = 32


def main(arguments: list[str] | None = None) -> int:
    """
    ## The program

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code: 0 for a file written, 2 for what the user can put right, 130
    for Ctrl-C.
    """
    try:
        options = tyro.cli(Options, args=arguments, prog="python -m convmixer.export")
        check(options)
        export(options)
        return 0
    except ExperimentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: a file cannot be read or written: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped before the file was written.", file=sys.stderr)
        return 130


def check(options: Options) -> None:
    """
    ## Check the values

    Before PyTorch is imported. The first that makes no sense is an `ExperimentError`.
    """
    output = options.output
    if output.suffix not in SUFFIXES:
        known = " or ".join(SUFFIXES)
        raise ExperimentError(f"the name of the output must end in {known}: {output}")
    if output.is_dir() or not output.parent.is_dir():
        found = "is a folder" if output.is_dir() else "is in a folder that is not there"
        raise ExperimentError(f"{output} cannot be written: it {found}")
    if options.image_size < 1:
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
    ## Write the file

    * `options` are [what is asked for](#Options)

    The content is checked first. If it answers otherwise than the model, that is an
    `ExperimentError`; nothing is written, and an older file stays as it was.
    """
    from convmixer.record import write_atomically
    from convmixer.weights import load

    trained = load(options.weights)
    onnx = options.output.suffix == ".onnx"
    if onnx:
        trained.check_image_size(options.image_size)
        content = to_onnx(trained, options.image_size)
    else:
        content = to_safetensors(trained)

    difference = greatest_difference(trained, content, options)
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


def to_safetensors(trained: "Trained") -> bytes:
    """
    ## safetensors

    The tensors under our names. What our checkpoints say beside them stands in the
    header, as JSON under the key `convmixer`.
    """
    from safetensors.torch import save

    description = json.dumps(trained.description(), ensure_ascii=False)
    return save(trained.model.state_dict(), {"convmixer": description})


def to_onnx(trained: "Trained", image_size: int) -> bytes:
    """
    ## ONNX

    * `image_size` is the side of the images in pixels

    The graph takes `images`, `[batch, c, H, W]`, and returns `logits`, `[batch, n]`,
    for any number of images. They must be normalized, so mean and standard deviation
    come along, with the classes and the options, each as JSON.
    """
    import torch

    images = torch.zeros(2, trained.in_channels, image_size, image_size)
    with silence():
        program = torch.onnx.export(
            trained.model,
            (images,),
            dynamo=True,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    model = program.model_proto
    forget_the_source(model.graph)
    for key, value in trained.description().items():
        model.metadata_props.add(key=key, value=json.dumps(value, ensure_ascii=False))
    return model.SerializeToString()


def forget_the_source(graph: Any) -> None:
    """
    PyTorch writes beside every operation which line of which file it comes from, with
    the folders of this machine. That is nobody's business, and it is most of what a
    small file would hold.
    """
    graph.ClearField("value_info")
    for part in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


@contextmanager
def silence() -> Iterator[None]:
    """
    PyTorch tells of its progress, and warns of what is meant to be so. What fails is
    raised nevertheless.
    """
    with (
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def greatest_difference(trained: "Trained", content: bytes, options: Options) -> float:
    """
    ## Run what was written

    * `content` is what the file is to hold

    Returns how far its outputs are from the model's at most, over batches of one and of
    three images, beside the greatest output or 1.
    """
    import torch

    onnx = options.output.suffix == ".onnx"
    run = run_onnx if onnx else run_safetensors
    size = options.image_size if onnx else 4 * trained.options["patch_size"]
    generator = torch.Generator().manual_seed(0)
    greatest = torch.zeros(())
    for batch in (1, 3):
        shape = (batch, trained.in_channels, size, size)
        images = torch.randn(shape, generator=generator)
        with torch.inference_mode(), silence():
            expected = trained.model(images)
        scale = expected.abs().max().clamp(min=1)
        difference = (run(content, images) - expected).abs().max() / scale
        # Unlike Python's `max`, this one keeps what is not a number.
        greatest = torch.maximum(greatest, difference)
    return greatest.item()


def run_safetensors(content: bytes, images: "torch.Tensor") -> "torch.Tensor":
    """
    ### Load and run a safetensors file

    By the same way as any file of weights.
    """
    import torch

    from convmixer.weights import load

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        file.write_bytes(content)
        model = load(file).model
    with torch.inference_mode(), silence():
        return model(images)


def run_onnx(content: bytes, images: "torch.Tensor") -> "torch.Tensor":
    """
    ### Run an ONNX file

    With ONNX Runtime, which knows nothing of PyTorch.
    """
    import onnxruntime
    import torch

    # Errors only: it warns of hardware that it looked for and did not find.
    onnxruntime.set_default_logger_severity(3)
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(content, providers=providers)
    (logits,) = session.run(["logits"], {"images": images.numpy()})
    return torch.from_numpy(logits)


if __name__ == "__main__":
    start(main)
