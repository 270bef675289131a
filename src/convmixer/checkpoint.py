r"""
---
title: Checkpoints
summary: Stop a training at any moment, and go on from there to the same weights.
---

# Checkpoints

A training that takes days will be interrupted. What it has learned by then is in few
places: the weights, what the optimizer remembers of the gradients, the average of the
weights, and how far it has come. [A state](#State) holds them, and a checkpoint is a
state in a file.

Chance needs no place in it, since every step [seeds it anew](data.py#seed_of). So a run
that goes on from a checkpoint ends, on the same processor, with exactly the weights of
one that was never stopped, to the last bit. The tests kill it at random moments, also
while it writes, and compare.
"""

import io
import pickle
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn

from convmixer.errors import ExperimentError
from convmixer.optimization import Average
from convmixer.record import write_atomically

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

    # What is trained, what trains it, and what keeps its small gradients from vanishing
    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    # The average of the weights, if there is one
    average: Average | None
    # Whole epochs done, and steps done in the epoch after them
    epoch: int = 0
    step: int = 0
    # The sum of the losses of all images that the begun epoch has seen
    loss: float = 0.0
    # Seconds that the run has taken, before this start of it
    seconds: float = 0.0
    # The figures of the epochs done
    epochs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def tested(self) -> nn.Module:
        """
        The model that is tested: the average if there is one.
        """
        return self.model if self.average is None else self.average.model

    def finite(self) -> bool:
        """
        Whether every weight is a finite number.
        """
        tensors = self.model.state_dict().values()
        return all(bool(tensor.isfinite().all()) for tensor in tensors)


# What of a state is a plain value
PLAIN = ("epoch", "step", "loss", "seconds", "epochs")


def write_checkpoint(
    folder: Path, state: State, about: dict[str, Any], steps: int, best: bool
) -> Path:
    """
    ## Write a checkpoint

    * `folder` is where the checkpoints of the run lie
    * `state` is what to write
    * `about` is what it takes to use the weights: the options that the model was built
      with, its classes, and how its images were normalized
    * `steps` is how many were done in all, which names the file
    * `best` says whether it is the best so far, which is kept whatever comes

    Returns the file. All in plain types, so that `torch.load(path, weights_only=True)`
    reads it without running foreign code.
    """
    average = None if state.average is None else state.average.state_dict()
    content = {
        "model": state.model.state_dict(),
        "average": None if average is None else average["model"],
        "averaged": None if average is None else average["steps"],
        "optimizer": state.optimizer.state_dict(),
        "scaler": state.scaler.state_dict(),
        **{name: getattr(state, name) for name in PLAIN},
        **about,
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    folder.mkdir(exist_ok=True)
    path = folder / f"step-{steps:08}.pt"
    write_atomically(path, buffer.getvalue())
    if best:
        write_atomically(folder / "best.pt", buffer.getvalue())
    # Only when the new one is safe on the disk may the oldest go.
    for old in checkpoints(folder)[KEPT:]:
        old.unlink()
    return path


def checkpoints(folder: Path) -> list[Path]:
    """
    The checkpoints of a run, the newest first.
    """
    return sorted(folder.glob("step-*.pt"), reverse=True)


def read_checkpoint(folder: Path, state: State) -> Path | None:
    """
    ## Go on from a checkpoint

    * `folder` is where the checkpoints of the run lie
    * `state` is a new state of the same model, which is filled

    Returns the newest checkpoint, or `None` if the run was stopped before its first.
    One that is damaged, or is of another model, is a `CheckpointError` that says how to
    go on from the one before.
    """
    # A file that was being written when the process was killed is no checkpoint yet. Of
    # several processes, any may remove it.
    for unfinished in folder.glob(".*.pt.*"):
        unfinished.unlink(missing_ok=True)
    found = checkpoints(folder)
    if not found:
        return None
    newest, *older = found
    try:
        content = torch.load(newest, weights_only=True, map_location="cpu")
        fill(state, content)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError) as error:
        raise unusable(
            newest, older, str(error).partition("\n")[0] or "it ends too early"
        ) from error
    except pickle.UnpicklingError as error:
        raise unusable(newest, older, "it is damaged or no checkpoint") from error
    return newest


def fill(state: State, content: dict[str, Any]) -> None:
    """
    ### Fill a state

    Everything in the file goes to the device of the model by itself, and what does not
    fit raises an error before anything is trained.
    """
    state.model.load_state_dict(content["model"])
    state.optimizer.load_state_dict(content["optimizer"])
    state.scaler.load_state_dict(content["scaler"])
    if state.average is not None:
        average = {"steps": content["averaged"], "model": content["average"]}
        state.average.load_state_dict(average)
    for name in PLAIN:
        setattr(state, name, content[name])


def unusable(path: Path, older: list[Path], reason: str) -> CheckpointError:
    """
    ### What to say of a checkpoint that cannot be used
    """
    if older:
        advice = f"Delete it, and --resume goes on from {older[0].name}"
    else:
        advice = "There is no older one; start the run anew without --resume"
    return CheckpointError(f"{path} cannot be resumed from ({reason}). {advice}")


class StopRequest:
    """
    ## Be asked to stop

    Ctrl-C and the system's request to end (SIGTERM) come at any moment, and a step that
    is half done is worth nothing. Within the context they are noted, and the training
    asks after each step. A second Ctrl-C does not wait.
    """

    def __init__(self) -> None:
        # The number of the signal, once there was one
        self.signal: int | None = None
        self.before: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        """
        From now on, the signals come here. Only the main thread of a program can ask
        for that; in any other they do what they did.
        """
        with suppress(ValueError):
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self.note)
        return self

    def __exit__(self, *error: object) -> None:
        """
        The signals do again what they did before.
        """
        for number, before in self.before.items():
            signal.signal(number, before)

    def note(self, number: int, frame: FrameType | None) -> None:
        """
        What a signal does.
        """
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
