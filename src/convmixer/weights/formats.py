r"""
---
title: File formats
summary: Trained weights as safetensors and as ONNX, and a check that both give the same outputs.
---

# Formats for other programs

[The export](../export.py) writes weights as [safetensors](#to_safetensors) or as
[ONNX](#to_onnx). Both are [run](#greatest_difference) before the file is kept.
"""

import io
import json
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from convmixer.weights.loading import Trained, load


def to_safetensors(trained: Trained) -> bytes:
    """
    ## Write safetensors

    The tensors have our names. What our checkpoints hold beside them is in the header,
    as JSON under the key `convmixer`.
    """
    description = json.dumps(trained.description(), ensure_ascii=False)
    return save(trained.model.state_dict(), {"convmixer": description})


def to_onnx(trained: Trained, image_size: int) -> bytes:
    """
    ## Write ONNX

    * `image_size` is the side of the images in pixels

    The graph takes normalized `images`, `[batch, c, H, W]`, and returns `logits`,
    `[batch, n]`, for any number of images. Mean, standard deviation, classes and
    options are in the metadata, each as JSON.
    """
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
    PyTorch notes for every operation which line of which file it comes from, with the
    folders of this machine. That is private, and it would make up most of a small file.
    """
    graph.ClearField("value_info")
    for part in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")


@contextmanager
def silence() -> Iterator[None]:
    """
    Hides PyTorch's progress messages, and its warnings about what is intended. Errors
    are still raised.
    """
    with (
        warnings.catch_warnings(),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def greatest_difference(
    trained: Trained, content: bytes, suffix: str, image_size: int
) -> float:
    """
    ## Compare the outputs

    * `content` is what the file is to hold, and `suffix` says in which form
    * `image_size` is the side of the images that an ONNX file is for

    Returns the largest difference of its outputs from the model's, over batches of one
    and of three images, relative to the largest output, or to 1 if that is larger.
    """
    onnx = suffix == ".onnx"
    run = run_onnx if onnx else run_safetensors
    # Any size does for a ConvMixer; the others have one.
    other = trained.options["model"] != "convmixer"
    size = image_size if onnx or other else 4 * trained.options["patch_size"]
    generator = torch.Generator().manual_seed(0)
    greatest = torch.zeros(())
    for batch in (1, 3):
        shape = (batch, trained.in_channels, size, size)
        images = torch.randn(shape, generator=generator)
        with torch.inference_mode(), silence():
            expected = trained.model(images)
        scale = expected.abs().max().clamp(min=1)
        difference = (run(content, images) - expected).abs().max() / scale
        # Unlike Python's `max`, this one keeps NaN.
        greatest = torch.maximum(greatest, difference)
    return greatest.item()


def run_safetensors(content: bytes, images: torch.Tensor) -> torch.Tensor:
    """
    ### Load and run a safetensors file

    It is loaded like any file of weights.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        file.write_bytes(content)
        model = load(file).model
    with torch.inference_mode(), silence():
        return model(images)


def run_onnx(content: bytes, images: torch.Tensor) -> torch.Tensor:
    """
    ### Run an ONNX file

    ONNX Runtime runs it, which knows nothing of PyTorch.
    """
    import onnxruntime

    # Errors only: it would warn about hardware that it did not find.
    onnxruntime.set_default_logger_severity(3)
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(content, providers=providers)
    (logits,) = session.run(["logits"], {"images": images.numpy()})
    return torch.from_numpy(logits)
