r"""
---
title: Checkpoints
summary: The state of a training in a file, from which it resumes to the same weights.
---

# Checkpoints

A training that takes days will be interrupted. All that it has learned so far is in a
few places: the weights, the optimizer's averages of the gradients, the moving average
of the weights, and the number of steps done. [A state](#State) holds them, and a
checkpoint is a state in a file.

The state of a random number generator need not be saved, since every step [seeds it
anew](../data.py#seed_of). So a run that resumes from a checkpoint ends, on the same
processor and with as many threads, with exactly the weights of one that was never
stopped, to the last bit. The tests kill it at random moments, even while it writes, and
compare.
"""

import io
import math
import pickle
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from convmixer.errors import ExperimentError
from convmixer.runs.files import (
    check_sums,
    checkpoint_path,
    checkpoints,
    write_atomically,
)
from convmixer.training import EMA

# How many checkpoints are kept beside the best
KEPT = 3


class CheckpointError(ExperimentError):
    """
    ## When a checkpoint cannot be used

    The message names the file and what to do about it.
    """


@dataclass
class State:
    """
    ## The state of a training
    """

    # The model, its optimizer, and the scaler that keeps small float16 gradients from
    # vanishing
    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    # The moving average of the weights, if there is one
    ema: EMA | None
    # Finished epochs, and finished steps of the epoch after them
    epoch: int = 0
    step: int = 0
    # The sum of the losses of all images seen so far in that epoch
    loss: float = 0.0
    # How many of them were predicted right
    right: float = 0.0
    # Seconds that the run took before it was resumed
    seconds: float = 0.0
    # The figures of the finished epochs
    epochs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def evaluated(self) -> nn.Module:
        """
        The model that is evaluated: the moving average if there is one.
        """
        return self.model if self.ema is None else self.ema.model

    def finite(self) -> bool:
        """
        Whether every weight is a finite number.
        """
        tensors = self.model.state_dict().values()
        return all(bool(tensor.isfinite().all()) for tensor in tensors)


# The fields of a state that are plain values, and their types
PLAIN = {
    "epoch": (int,),
    "step": (int,),
    "loss": (float, int),
    "seconds": (float, int),
    "epochs": (list,),
}


def write_checkpoint(
    folder: Path, state: State, about: dict[str, Any], steps: int, best: bool
) -> Path:
    """
    ## Write a checkpoint

    * `folder` is where the checkpoints of the run lie
    * `state` is what to write
    * `about` is what it takes to use the weights: the options that the model was built
      with, its classes, and how its images were normalized
    * `steps` is the number of steps done in all, which names the file
    * `best` says whether it is the best so far, which is always kept

    Returns the file. It holds only plain types and tensors, so `torch.load(path,
    weights_only=True)` reads it without running foreign code.
    """
    ema = None if state.ema is None else state.ema.state_dict()
    content = {
        "model": state.model.state_dict(),
        "average": None if ema is None else ema["model"],
        "averaged": None if ema is None else ema["steps"],
        "optimizer": state.optimizer.state_dict(),
        "scaler": state.scaler.state_dict(),
        **{name: getattr(state, name) for name in PLAIN},
        "right": state.right,
        **about,
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    folder.mkdir(exist_ok=True)
    path = checkpoint_path(folder, steps)
    write_atomically(path, buffer.getvalue())
    if best:
        write_atomically(folder / "best.pt", buffer.getvalue())
    # The oldest is deleted only when the new one is safe on the disk.
    for old in checkpoints(folder)[KEPT:]:
        old.unlink()
    return path


def read_checkpoint(folder: Path, state: State) -> Path | None:
    """
    ## Resume from a checkpoint

    * `folder` is where the checkpoints of the run lie
    * `state` is a new state of the same model, which is overwritten

    Returns the newest checkpoint, or `None` if the run was stopped before its first.
    Raises a `CheckpointError` for a checkpoint that is damaged, or of another model,
    and says how to resume from the one before. One that cannot be opened, or for which
    there is too little memory, may be whole, and that is another error.
    """
    found = checkpoints(folder)
    if not found:
        return None
    newest, *older = found
    try:
        # Read first: then no error of the disk is mistaken for one of the content.
        content = io.BytesIO(newest.read_bytes())
        check_sums(content)
        content.seek(0)
        fill(state, torch.load(content, weights_only=True, map_location="cpu"))
    except UNFIT as error:
        if out_of_memory(error):
            raise ExperimentError(
                f"there is not enough memory to resume from {newest}, which is whole; "
                "free some and try again"
            ) from error
        if isinstance(error, pickle.UnpicklingError | zipfile.BadZipFile):
            reason = "it is damaged or no checkpoint"
        else:
            reason = str(error).partition("\n")[0] or "it ends too early"
        raise unusable(newest, older, reason) from error
    return newest


# What PyTorch raises at content that is damaged or does not fit
UNFIT = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
)


def out_of_memory(error: BaseException) -> bool:
    """
    ### Whether memory ran out

    On a CPU, PyTorch has no type for it, but says which of its parts wanted memory.
    `torch.compile` wraps such an error in one of its own.
    """
    kinds = (MemoryError, torch.OutOfMemoryError)
    words = r"out of memory|can't allocate memory|not enough memory"
    cause = error.__cause__
    return (
        isinstance(error, kinds)
        or bool(re.search(words, str(error)))
        or (cause is not None and out_of_memory(cause))
    )


def fill(state: State, content: dict[str, Any]) -> None:
    """
    ### Load the content into a state

    PyTorch moves everything to the model's device. What does not fit is an error before
    anything is trained.
    """
    state.model.load_state_dict(content["model"])
    state.optimizer.load_state_dict(content["optimizer"])
    # Only float16 has a scaler with a state. A run that goes on in another precision
    # starts with a new one, or needs none.
    if content["scaler"]:
        state.scaler.load_state_dict(content["scaler"])
    if state.ema is not None:
        ema = {"steps": content["averaged"], "model": content["average"]}
        state.ema.load_state_dict(ema)
    for name, kinds in PLAIN.items():
        if type(content[name]) not in kinds:
            raise ValueError(f"its {name} is no {kinds[0].__name__}")
        setattr(state, name, content[name])
    # Checkpoints of older versions do not have it.
    state.right = content.get("right", math.nan if state.step else 0.0)
    for epoch in state.epochs:
        if not isinstance(epoch, dict) or type(epoch["accuracy"]) is not float:
            raise ValueError("its epochs are no figures")
    for weight, kept in state.optimizer.state.items():
        for name, tensor in kept.items():
            fits = tensor.shape in ((), weight.shape) and not tensor.is_meta
            if not fits:
                raise ValueError(f"its {name} has another shape than the weight")


def unusable(path: Path, older: list[Path], reason: str) -> CheckpointError:
    """
    ### The error of an unusable checkpoint

    It never says to delete one: whoever moves a file can move it back.
    """
    if older:
        advice = f"Move it to another folder, and --resume goes on from {older[0].name}"
    else:
        advice = "There is no older one; start the run anew without --resume"
    return CheckpointError(f"{path} cannot be resumed from ({reason}). {advice}")
