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
* shows [its progress](progress.py), and reports to [its metrics](metrics.py),
  [labml](tracking.py) and [the record](record.py),
* says what is too large where [memory](memory.py) is too small,
* and ends with an error when the loss is no longer finite.

The accuracy of a run is that of its last epoch. The best epoch's would be higher, but
it would have been selected on the held-out images themselves.
"""

import math
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import islice
from typing import Any

import torch
import torch.nn.functional as F
from labml import tracker
from torch import nn

from convmixer.devices.machine import compiler_failed, go_on_without_compiler
from convmixer.errors import ExperimentError
from convmixer.runs.checkpoint import State, write_checkpoint
from convmixer.runs.memory import last_checkpoint, memory_for, take_step
from convmixer.runs.options import plain
from convmixer.runs.report import Report
from convmixer.runs.setting import Setting
from convmixer.runs.stop import StopRequest
from convmixer.runs.tracking import tracked
from convmixer.training import EVALUATION_BATCH, Batch, epoch_batches, evaluate

# Seconds of training after which a checkpoint is written, however long an epoch is
SAVE_EVERY = 600.0


def train_run(setting: Setting, state: State, report: Callable[[], None]) -> int | None:
    """
    ## Train for all epochs

    * `setting` is what stays fixed, and `state` what changes
    * `report` is called after every epoch, once the state has its figures

    Returns `None` when the training is finished, or the signal that asked it to stop.
    Either way the state is in a checkpoint. Raises an `ExperimentError` if weights or a
    loss are not finite: no later step can repair them.
    """
    options, leads = setting.options, setting.team.leads
    advice = "use a smaller model, or --average 0"
    with memory_for("the model", advice, setting.machine, setting.folder):
        model = in_training(setting, state)
    best = max((epoch["accuracy"] for epoch in state.epochs), default=-1.0)

    # A dry run leaves no trace, labml's included.
    watched = nullcontext()
    if leads and not options.dry_run:
        watched = tracked(setting.folder, plain(options))
    with watched, Report(setting, state) as shown, StopRequest(leads) as stop:
        while state.epoch < options.epochs:
            began = time.perf_counter()
            if not train_epoch(setting, state, model, stop, shown):
                return stop.signal or signal.SIGTERM
            setting.team.share_statistics(state.model)
            if state.ema is not None:
                setting.team.share_statistics(state.ema.model)

            figures = figures_of(setting, state, shown)
            figures["seconds"] = round(time.perf_counter() - began, 2)
            shown.epoch(state, figures)
            state.epoch, state.step = state.epoch + 1, 0
            state.loss, state.right = 0.0, 0.0
            state.epochs.append({"epoch": state.epoch, **figures})
            report()
            save(setting, state, figures["accuracy"] > best, shown)
            best = max(best, figures["accuracy"])
            if leads and not options.dry_run:
                known = {k: v for k, v in figures.items() if v is not None}
                tracker.save(state.epoch, known)
    return None


def figures_of(setting: Setting, state: State, shown: Report) -> dict[str, Any]:
    """
    ### The figures of an epoch

    Those of the training images are from the moment at which each was trained on,
    augmented; those of the held-out images are from the end of the epoch. The loss of
    the latter is without label smoothing.
    """
    speed, n_images = shown.speed(state, shown.began), shown.seen(state)
    logits = evaluate_state(setting, state)
    labels = setting.data.test.labels.cpu()
    right = (logits.argmax(dim=1) == labels).sum().item()
    found = {
        "loss": state.loss / n_images,
        "accuracy": right / len(labels),
        "train_accuracy": state.right / n_images,
        "held_out_loss": F.cross_entropy(logits, labels).item(),
        "learning_rate": state.optimizer.param_groups[0]["lr"],
        "images_per_second": speed,
    }
    # JSON has no other numbers.
    return {k: value if math.isfinite(value) else None for k, value in found.items()}


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


def save(
    setting: Setting, state: State, best: bool, shown: Report | None = None
) -> None:
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
        # On the disk before a checkpoint that counts on them
        if shown is not None:
            shown.metrics.keep()
        write_checkpoint(setting.folder / "checkpoints", state, about, steps, best)


def train_epoch(
    setting: Setting,
    state: State,
    model: nn.Module,
    stop: StopRequest,
    shown: Report | None = None,
) -> bool:
    """
    ## Train for one epoch

    * `model` is the model of the state, as it is called in training
    * `stop` knows whether the training was asked to stop
    * `shown` is told of the steps

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
    if shown is not None:
        shown.start(state)
    unread: list[torch.Tensor] = []
    for batch in islice(batches, setting.steps - state.step):
        unread.append(step(setting, state, model, batch))
        state.step += 1

        due = setting.clock() - saved >= SAVE_EVERY
        saving = team.any(due or stop.signal is not None)
        # Reading a loss makes the CPU wait for the GPU, so there it is done for many
        # steps at once.
        often = machine.device.type == "cpu" or state.step % options.log_every == 0
        if often or saving or state.step == setting.steps:
            loss, right = read(setting, state, unread)
            if shown is not None:
                here = batch.size * team.world_size
                shown.step(state, loss / here, right / here, batch.learning_rate)
        # After the last step, the epoch is finished first.
        if saving and state.step < setting.steps:
            save(setting, state, False, shown)
            saved = setting.clock()
            if team.any(stop.signal is not None):
                return False
    return True


def step(
    setting: Setting, state: State, model: nn.Module, batch: Batch
) -> torch.Tensor:
    """
    ### A step, and the average

    Returns the sum of the losses and the number of right predictions, `[2]`, on the
    device. A compiler that fails at this step is done without.
    """
    try:
        figures = take_step(setting, state, model, batch)
    except RuntimeError as error:
        if not (setting.machine.compiled and compiler_failed(error)):
            raise
        go_on_without_compiler(setting.options, error)
        figures = take_step(setting, state, model, batch)
    if state.ema is not None:
        advice = "use a smaller model, or --average 0"
        with memory_for("the average", advice, setting.machine, setting.folder):
            state.ema.update(state.model)
    return figures * batch.size


def read(
    setting: Setting, state: State, unread: list[torch.Tensor]
) -> tuple[float, float]:
    """
    ### Read the losses from the device

    * `unread` are the [figures](#step) of the last steps, which are added to the state
      and cleared

    Returns those of the last step. The first loss that is not finite ends the training.
    """
    values = setting.team.sum(torch.stack(unread)).tolist()
    for back, (loss, _) in zip(range(len(values), 0, -1), values, strict=True):
        if not math.isfinite(loss):
            state.step -= back - 1
            raise diverged(setting, state, f"the loss is {loss}")
    state.loss += sum(loss for loss, _ in values)
    state.right += sum(round(right) for _, right in values)
    unread.clear()
    return values[-1]


def diverged(setting: Setting, state: State, what: str) -> ExperimentError:
    """
    ### The error of a training that diverges

    It names the step and the last good checkpoint.
    """
    epoch = state.epoch + (state.step > 0)
    step = state.step or setting.steps
    return ExperimentError(
        f"{what} in epoch {epoch}, step {step} of {setting.steps}; try a lower "
        f"--learning-rate, or --clip 1. {last_checkpoint(setting.folder)}"
    )


def evaluate_state(setting: Setting, state: State) -> torch.Tensor:
    """
    ## Evaluate on all devices

    Returns the logits of every held-out image, `[N, n]`, on the CPU. Each process
    leaves the others' images at 0, so the sum holds the logits of all. Whoever divides
    the batches of the training, for lack of memory, gets smaller ones here too.
    """
    team, options, machine = setting.team, setting.options, setting.machine
    size = EVALUATION_BATCH
    if options.accumulate > 1:
        size = min(size, -(-options.batch_size // options.accumulate))
    what = (
        f"the evaluation of {min(size, len(setting.data.test.labels))} images at once"
    )
    advice = "raise --accumulate, which divides its batches too"
    with memory_for(what, advice, machine, setting.folder):
        logits = evaluate(
            state.evaluated, setting.data, machine, team.rank, team.world_size, size
        )
        return team.sum(logits).cpu()
