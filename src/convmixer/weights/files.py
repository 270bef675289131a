r"""
---
title: Files of weights
summary: Files of weights from any program, read without running foreign code.
---

# Files of weights

Weights come in two kinds of files. PyTorch's own are pickles, which can contain
programs; safetensors files hold only tensors and text. [`read`](#read) opens either,
and never runs a program in a pickle.

Training programs also wrap the weights in other things: an epoch, an optimizer, a
second set of averaged weights. [`unwrap`](#unwrap) finds the state dict inside, and
[loading](loading.py) makes a model of it.
"""

import json
import re
import warnings
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from convmixer.errors import ExperimentError
from convmixer.runs.files import check_sums, checkpoints

# The keys under which programs save the state dict. Averaged weights come first: where
# there are both, they are the ones that were evaluated.
WRAPPINGS = ("average", "state_dict_ema", "model_ema", "state_dict", "model")
# Bytes that weights may take beyond what their file holds: any machine has them
SPARE = 2**28
TORCH_SUFFIXES = (".pt", ".pth", ".bin", ".tar")


class WeightsError(ExperimentError):
    """
    ## An error about weights

    Its message names the file and the fault.
    """


def newest_checkpoint(folder: Path) -> Path:
    """
    ## Find the checkpoint of a run

    Returns the newest one.
    """
    found = checkpoints(folder / "checkpoints")
    if not found:
        raise WeightsError(
            f"the folder {folder} has no checkpoints/step-*.pt in it: name the folder "
            "of a run, or a file of weights"
        )
    return found[0]


def read(file: Path) -> dict[str, Any]:
    """
    ## Read a file of weights

    Returns the content of either kind of file in the form of our checkpoints. Raises a
    `WeightsError` if the file is missing, damaged, or holds no weights.
    """
    if not file.is_file():
        raise WeightsError(f"there is no file {file}")
    kinds = {".safetensors": read_safetensors}
    kinds |= dict.fromkeys(TORCH_SUFFIXES, read_torch)
    if file.suffix not in kinds:
        raise WeightsError(
            f"{file} is no file of weights, going by its name: those end in "
            f"{', '.join(kinds)}"
        )

    # Reading a damaged file may raise anything.
    try:
        content = kinds[file.suffix](file)
    except Exception as error:
        raise WeightsError(unreadable(file, error)) from error
    if not isinstance(content, dict):
        found = type(content).__name__
        raise WeightsError(f"{file} holds no state dict, but an object, {found}")
    return content


def read_torch(file: Path) -> Any:
    """
    ### A file that PyTorch wrote

    It is a pickle, a small program that builds its content. With `weights_only`,
    PyTorch runs only what builds tensors and plain types. timm keeps its options in a
    `Namespace`, which is just as harmless.
    """
    check_sums(file)
    with warnings.catch_warnings(), torch.serialization.safe_globals([Namespace]):
        warnings.simplefilter("ignore")
        return torch.load(file, weights_only=True, map_location="cpu")


def read_safetensors(file: Path) -> Any:
    """
    ### A safetensors file

    It holds tensors and, in its header, text. In ours, the text is what our checkpoints
    hold beside the tensors.
    """
    from safetensors import safe_open

    with safe_open(file, framework="pt", device="cpu") as opened:
        description = (opened.metadata() or {}).get("convmixer", "{}")
        names = list(opened.keys())
        state = {name: opened.get_tensor(name) for name in names}
    return {**json.loads(description), "model": state}


def unreadable(file: Path, error: Exception) -> str:
    """
    ### The error of an unreadable file

    PyTorch explains at length how to read a refused file anyway. We say what the file
    asked for.
    """
    asked = re.search(r"GLOBAL (\S+)", str(error))
    if asked:
        return (
            f"{file} is refused: it asks for {asked[1]}, and weights need no program "
            "to be read. Save the state dict alone, torch.save(model.state_dict(), ...)"
        )
    kind = "safetensors" if file.suffix == ".safetensors" else "PyTorch"
    return (
        f"{file} cannot be read ({type(error).__name__}): it is damaged, or no file "
        f"that {kind} wrote. Fetch or write it again"
    )


def unwrap(content: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """
    ## Find the state dict

    * `content` is what a file holds

    Returns the state dict in it, with the names of the bare model. Raises a
    `ValueError` if there is none.
    """
    inside = [content[name] for name in WRAPPINGS if name in content]
    state = next((one for one in inside if isinstance(one, Mapping)), content)
    if not state or not all(isinstance(one, torch.Tensor) for one in state.values()):
        names = ", ".join(str(name) for name in list(state)[:5])
        raise ValueError(f"no state dict is found among its entries, {names or 'none'}")
    check_memory(state)

    # `nn.DataParallel` and `torch.compile` put the model inside another, whose name is
    # added in front. So does `AveragedModel`, which also adds a count.
    wrappers = {"module", "_orig_mod"}
    return {
        ".".join(part for part in str(name).split(".") if part not in wrappers): tensor
        for name, tensor in state.items()
        if name != "n_averaged"
    }


def check_memory(state: Mapping[str, torch.Tensor]) -> None:
    """
    ## Check what the tensors ask for

    A tensor is a shape and a view of some memory. One number, viewed again and again,
    can look like a billion, and copying it would fill the memory. Raises a `ValueError`
    if the tensors ask for far more memory than the file holds, or have no values at
    all.
    """
    asked, held = 0, {}
    for name, tensor in state.items():
        if tensor.is_meta:
            raise ValueError(f"{name} has a shape, but no values")
        if tensor.layout == torch.strided:
            asked += tensor.numel() * tensor.element_size()
            memory = tensor.untyped_storage()
            held[memory.data_ptr()] = memory.nbytes()
    if asked > sum(held.values()) + SPARE:
        raise ValueError(
            f"its tensors ask for {asked:,} bytes, and it holds {sum(held.values()):,}"
        )
