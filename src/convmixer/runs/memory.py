r"""
---
title: Memory
summary: What a run says when memory is too small for a step, an evaluation, or the model.
---

# When memory is too small

How much memory a training takes depends on the model, the batch and the device, and is
seen only when it runs. Then one line says what was too large, and which option makes it
smaller. [A step](#take_step) that does not fit is tried again in smaller parts, to name
the number of images that does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from convmixer.devices.machine import Machine
from convmixer.errors import ExperimentError
from convmixer.runs.checkpoint import State, out_of_memory
from convmixer.runs.files import checkpoints
from convmixer.runs.setting import Setting
from convmixer.training import Batch, train_step


@contextmanager
def memory_for(
    what: str, advice: str, machine: Machine, folder: Path
) -> Iterator[None]:
    """
    ## Say what does not fit

    * `what` is what is done inside, and `advice` what makes it smaller
    * `folder` is the run's

    Raises an `ExperimentError` if the memory is too small for it.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise ExperimentError(
            f"the memory of {machine.device} is too small for {what}; {advice}. "
            f"{last_checkpoint(folder)}"
        ) from error


def last_checkpoint(folder: Path) -> str:
    """
    Says where the newest checkpoint of a run is.
    """
    for newest in checkpoints(folder / "checkpoints")[:1]:
        return f"The last good checkpoint is {newest}"
    return "There is no checkpoint"


def take_step(
    setting: Setting, state: State, model: nn.Module, batch: Batch
) -> torch.Tensor:
    """
    ## One step, if memory allows

    * `model` is the model of the `state`, as it is called in training

    Returns the mean loss of the batch and the share of its images that are predicted
    right, `[2]`. Raises an `ExperimentError` if there is too little memory, and says
    how many images would fit.
    """
    optimizer, scaler = state.optimizer, state.scaler
    options, machine = setting.options, setting.machine
    try:
        figures = train_step(model, batch, optimizer, scaler, options, machine)
        return torch.stack(figures)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
    # Only here, where the error no longer holds on to the tensors of the failed step
    optimizer.zero_grad()
    here, parts = len(batch.images), options.accumulate
    # How many images are in the largest of so many parts
    at_once = -(-here // parts)
    place = (
        f"the memory of {machine.device} is too small for a step of {at_once} images"
    )
    words = "at once, and even of 1; try a smaller model"
    while at_once > 1:
        parts *= 2
        at_once = -(-here // min(parts, here))
        halved = replace(options, accumulate=min(parts, here))
        advice = f"add --accumulate {halved.accumulate}, or use a smaller --batch-size"
        # Other processes would wait in vain for this one's attempts.
        if setting.team.world_size > 1:
            words = f"at once; half as many may fit: {advice}"
            break
        try:
            train_step(model, batch, optimizer, scaler, halved, machine)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        else:
            fit = "fit" if at_once > 1 else "fits"
            words = f"at once; {at_once} at once {fit}: {advice}"
            break
    raise ExperimentError(f"{place} {words}. {last_checkpoint(setting.folder)}")
