r"""
---
title: The loop of a run
summary: >
  The training loop of a run: with checkpoints, several devices, and a clean stop at any
  step.
---

# The loop of a run

The experiment does what [the complete loop](../training.py#train) does, with the same
batches, steps and evaluation. Around them, it

* writes [a checkpoint](checkpoint.py) after every epoch, in long ones every ten
  minutes, and when it is [asked to stop](stop.py),
* can start in the middle of an epoch, from a checkpoint,
* trains on [several devices](../devices/distributed.py),
* reports to [labml](tracking.py) and to [the record](record.py),
* and ends with an error when the loss is no longer finite.

The accuracy of a run is that of its last epoch. The best epoch's would be higher, but
it would have been selected on the held-out images themselves.
"""

import math
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from labml import monit, tracker
from torch import nn

from convmixer.data import DataSet
from convmixer.devices.distributed import Team
from convmixer.devices.machine import Machine
from convmixer.errors import ExperimentError
from convmixer.recipe import Options
from convmixer.runs.checkpoint import State, write_checkpoint
from convmixer.runs.files import checkpoints
from convmixer.runs.options import plain
from convmixer.runs.stop import StopRequest
from convmixer.runs.tracking import tracked
from convmixer.training import Batch, epoch_batches, evaluate, train_step

# Seconds of training after which a checkpoint is written, however long an epoch is
SAVE_EVERY = 600.0


@dataclass(frozen=True)
class Setting:
    """
    ## What stays fixed during a training

    The parts of a run that do not change from its first step to its last.
    """

    options: Options
    data: DataSet
    machine: Machine
    team: Team
    # The folder of the run
    folder: Path
    # In seconds; it says when the next checkpoint is due
    clock: Callable[[], float] = time.monotonic

    @property
    def steps(self) -> int:
        """
        The number of steps in an epoch. A last batch with fewer images than there are
        processes is left out.
        """
        whole, rest = divmod(len(self.data.train.labels), self.options.batch_size)
        return whole + (rest >= self.team.world_size)


def train_run(setting: Setting, state: State, report: Callable[[], None]) -> int | None:
    """
    ## Train for all epochs

    * `setting` is what stays fixed, and `state` what changes
    * `report` is called after every epoch, once the state has its figures

    Returns `None` when the training is finished, or the signal that asked it to stop.
    Either way the state is in a checkpoint. Raises an `ExperimentError` if weights or a
    loss are not finite: no later step can repair them.
    """
    options = setting.options
    model = in_training(setting, state)
    best = max((epoch["accuracy"] for epoch in state.epochs), default=-1.0)

    leads = setting.team.leads
    watched = tracked(setting.folder, plain(options)) if leads else nullcontext()
    with watched, StopRequest(leads) as stop:
        epochs = range(state.epoch + 1, options.epochs + 1)
        for _ in monit.loop(epochs, is_print_iteration_time=False):
            began = time.perf_counter()
            if not train_epoch(setting, state, model, stop):
                return stop.signal or signal.SIGTERM
            setting.team.share_statistics(state.model)
            if state.ema is not None:
                setting.team.share_statistics(state.ema.model)

            right = evaluate_state(setting, state) == setting.data.test.labels.cpu()
            figures = {
                "loss": state.loss / len(setting.data.train.labels),
                "accuracy": right.sum().item() / len(right),
            }
            seconds = round(time.perf_counter() - began, 2)
            state.epoch, state.step, state.loss = state.epoch + 1, 0, 0.0
            state.epochs.append({"epoch": state.epoch, **figures, "seconds": seconds})
            report()
            save(setting, state, best=figures["accuracy"] > best)
            best = max(best, figures["accuracy"])
            tracker.save(figures)
            tracker.new_line()
    return None


def in_training(setting: Setting, state: State) -> nn.Module:
    """
    ### The model, as training calls it

    In its memory layout, wrapped in `DistributedDataParallel` if there are several
    processes, and compiled. The compiler should see the wrapped model, so that
    gradients are exchanged while others are still being computed.
    """
    machine = setting.machine
    for model in filter(None, (state.model, state.ema and state.ema.model)):
        model.to(memory_format=machine.memory_format)
    joined = setting.team.join(state.model, machine)
    if machine.compiled:
        joined.compile()
    return joined


def save(setting: Setting, state: State, best: bool) -> None:
    """
    ### Write a checkpoint

    The first process writes for all. Weights that are not finite are not written.
    """
    if not state.finite():
        raise diverged(setting, state, "a weight is not finite")
    if setting.team.leads:
        about = {
            "options": plain(setting.options),
            "classes": setting.data.classes,
            "mean": setting.data.mean,
            "std": setting.data.std,
        }
        steps = state.epoch * setting.steps + state.step
        write_checkpoint(setting.folder / "checkpoints", state, about, steps, best)


def train_epoch(
    setting: Setting, state: State, model: nn.Module, stop: StopRequest
) -> bool:
    """
    ## Train for one epoch

    * `model` is the model of the state, as it is called in training
    * `stop` knows whether the training was asked to stop

    Starts after the steps that the state has done already. Returns whether the epoch
    was finished; if it was not, its state is in a checkpoint.
    """
    options, machine, team = setting.options, setting.machine, setting.team
    batches = epoch_batches(
        setting.data,
        options,
        machine,
        state.epoch,
        state.step,
        team.rank,
        team.world_size,
    )
    model.train()
    saved = setting.clock()
    losses: list[torch.Tensor] = []
    for batch in monit.iterate("Train", batches, setting.steps - state.step):
        loss = take_step(setting, state, model, batch)
        if state.ema is not None:
            state.ema.update(state.model)
        losses.append(loss * batch.size)
        state.step += 1

        due = setting.clock() - saved >= SAVE_EVERY
        saving = team.any(due or stop.signal is not None)
        # Reading a loss makes the CPU wait for the GPU, so there it is done for many
        # steps at once.
        often = machine.device.type == "cpu"
        if often or saving or len(losses) == 100 or state.step == setting.steps:
            read_losses(setting, state, losses)
        # After the last step, the epoch is finished first.
        if saving and state.step < setting.steps:
            save(setting, state, best=False)
            saved = setting.clock()
            if team.any(stop.signal is not None):
                return False
    return True


def take_step(
    setting: Setting, state: State, model: nn.Module, batch: Batch
) -> torch.Tensor:
    """
    ### One step, if memory allows

    Returns the mean loss of the batch. Raises an `ExperimentError` if there is too
    little memory, and says how many images would fit.
    """
    optimizer, scaler, machine = state.optimizer, state.scaler, setting.machine
    try:
        return train_step(model, batch, optimizer, scaler, setting.options, machine)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
    # Only here, where the error no longer holds on to the tensors of the failed step
    optimizer.zero_grad()
    here, parts = len(batch.images), setting.options.accumulate
    # How many images are in the largest of so many parts
    at_once = -(-here // parts)
    place = (
        f"the memory of {machine.device} is too small for a step of {at_once} images"
    )
    words = "at once, and even of 1; try a smaller model"
    while at_once > 1:
        parts *= 2
        at_once = -(-here // min(parts, here))
        halved = replace(setting.options, accumulate=min(parts, here))
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
    raise ExperimentError(f"{place} {words}. {last_checkpoint(setting)}")


def out_of_memory(error: Exception) -> bool:
    """
    Whether this is what PyTorch raises, on one device or another, when memory is full.
    """
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    words = ("out of memory", "can't allocate memory", "not enough memory")
    return known or any(some in str(error) for some in words)


def read_losses(setting: Setting, state: State, losses: list[torch.Tensor]) -> None:
    """
    ### Read the losses from the device

    * `losses` are those of the last steps, which are added to the state and cleared

    The first one that is not finite ends the training.
    """
    values = setting.team.sum(torch.stack(losses)).tolist()
    for back, value in zip(range(len(values), 0, -1), values, strict=True):
        if not math.isfinite(value):
            state.step -= back - 1
            raise diverged(setting, state, f"the loss is {value}")
    state.loss += sum(values)
    losses.clear()


def diverged(setting: Setting, state: State, what: str) -> ExperimentError:
    """
    ### The error of a training that diverges

    It names the step and the last good checkpoint.
    """
    epoch = state.epoch + (state.step > 0)
    step = state.step or setting.steps
    return ExperimentError(
        f"{what} in epoch {epoch}, step {step} of {setting.steps}; try a lower "
        f"--learning-rate, or --clip 1. {last_checkpoint(setting)}"
    )


def last_checkpoint(setting: Setting) -> str:
    """
    Says where the newest checkpoint is.
    """
    for newest in checkpoints(setting.folder / "checkpoints")[:1]:
        return f"The last good checkpoint is {newest}"
    return "There is no checkpoint"


def evaluate_state(setting: Setting, state: State) -> torch.Tensor:
    """
    ## Evaluate on all devices

    Returns the predicted class of every held-out image, `[N]`, on the CPU. Each process
    leaves the others' images at 0, so the sum holds the predictions of all.
    """
    team = setting.team
    predictions = evaluate(
        state.evaluated, setting.data, setting.machine, team.rank, team.world_size
    )
    return team.sum(predictions).cpu()
