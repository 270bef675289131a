r"""
---
title: The training
summary: The loop over epochs, one epoch, one step, and one look at the held-out images.
---

# The training

Training is a loop: show the model some images, compare its answers with the labels, and
move every weight a little in the direction that would have made the answers better. The
page follows it from the outside in:

* [`train`](#train) is the loop over epochs.
* [`train_epoch`](#train_epoch) is one pass over the training images, and
  [`train_step`](#train_step) one batch of it.
* [`answers`](#answers) is one pass over the held-out images.

What surrounds it has pages of its own: how [the weights are moved](optimization.py),
how [images are changed](augment.py), how a run [is stopped and goes on](checkpoint.py),
and how [several devices](distributed.py) share the work.

The accuracy of a run is that of its last epoch. The best epoch would look better, and
would have been chosen with the very images that are to judge it.
"""

import math
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from labml import monit, tracker
from torch import nn

from convmixer.augment import Augmentation, Chance, mixing
from convmixer.checkpoint import State, StopRequest, write_checkpoint
from convmixer.data import DataSet, seed_of, shuffled
from convmixer.distributed import Team
from convmixer.errors import ExperimentError
from convmixer.machine import Machine
from convmixer.optimization import learning_rate
from convmixer.recipe import Options, plain
from convmixer.tracking import tracked

# Images in a batch of the test, where no gradient needs memory
TEST_BATCH = 512


@dataclass(frozen=True)
class Setting:
    """
    ## The setting

    What stays as it is from the first step of a run to the last.
    """

    options: Options
    images: DataSet
    machine: Machine
    team: Team
    # The folder of the run
    folder: Path

    @property
    def steps(self) -> int:
        """
        Steps in an epoch. A last batch with fewer images than there are processes is
        left out.
        """
        whole, rest = divmod(len(self.images.train.labels), self.options.batch_size)
        return whole + (rest >= self.team.size)


def train(setting: Setting, state: State, report: Callable[[], None]) -> int | None:
    """
    ## The loop

    * `setting` is what stays as it is, and `state` what changes
    * `report` is called after every epoch, when the state has its figures

    Returns `None` when the training came to its end, or the signal that asked it to
    stop. Either way the state is in a checkpoint. Weights or a loss that are no longer
    numbers are an `ExperimentError`: no later step can mend them.
    """
    options = setting.options
    if setting.machine.compiled:
        state.model.compile()
    model = setting.team.join(state.model, setting.machine)
    best = max((epoch["accuracy"] for epoch in state.epochs), default=-1.0)

    leads = setting.team.leads
    watched = tracked(setting.folder, plain(options)) if leads else nullcontext()
    with watched, StopRequest() as stop:
        epochs = range(state.epoch + 1, options.epochs + 1)
        for _ in monit.loop(epochs, is_print_iteration_time=False):
            began = time.perf_counter()
            if not train_epoch(setting, state, model, stop):
                save(setting, state, best=False)
                return stop.signal or signal.SIGTERM
            setting.team.share_statistics(state.model)
            if state.average is not None:
                setting.team.share_statistics(state.average.model)

            right = answers(setting, state) == setting.images.test.labels.cpu()
            figures = {
                "loss": state.loss / len(setting.images.train.labels),
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


def save(setting: Setting, state: State, best: bool) -> None:
    """
    ### Write a checkpoint

    The first process writes for all. Weights that are no numbers are not written.
    """
    if not state.finite():
        raise diverged(setting, state, "a weight is no number")
    if setting.team.leads:
        about = {
            "options": plain(setting.options),
            "classes": setting.images.classes,
            "mean": setting.images.mean,
            "std": setting.images.std,
        }
        steps = state.epoch * setting.steps + state.step
        write_checkpoint(setting.folder / "checkpoints", state, about, steps, best)


def train_epoch(
    setting: Setting, state: State, model: nn.Module, stop: StopRequest
) -> bool:
    """
    ## One epoch of training

    * `model` is the model of the state, as it is called in training
    * `stop` knows whether the training is asked to stop

    Goes on after the steps that the state says are done. Returns whether the epoch was
    finished.
    """
    options, images, team = setting.options, setting.images, setting.team
    augment = Augmentation(options, images.mean, images.std)
    mix = mixing(options, len(images.classes))

    seed = seed_of(options.seed, state.epoch)
    order = shuffled(len(images.train.labels), options.batch_size, seed)
    order = order[state.step : setting.steps]
    batches = images.train.batches([numbers[team.share] for numbers in order], seed)

    model.train()
    losses: list[torch.Tensor] = []
    steps = monit.iterate("Train", order)
    for numbers, (pixels, labels) in zip(steps, batches, strict=True):
        # From here on, chance depends on nothing that was before this step.
        torch.manual_seed(seed_of(options.seed, state.epoch, state.step))
        pixels = pixels.to(setting.machine.device, non_blocking=True)
        labels = labels.to(setting.machine.device, non_blocking=True)
        inputs = augment(pixels, Chance(len(numbers), team.share))
        if mix is not None:
            inputs, labels = mix(inputs, labels)

        progress = (state.epoch + (state.step + 1) / setting.steps) / options.epochs
        rate = learning_rate(progress, options)
        loss = train_step(setting, state, model, inputs, labels, rate, len(numbers))
        losses.append(loss * len(numbers))
        state.step += 1

        stopping = team.any(stop.signal is not None)
        # Reading a loss makes the processor wait for a GPU, so there it is done for
        # many steps at once.
        often = setting.machine.device.type == "cpu"
        if often or stopping or len(losses) == 100 or state.step == setting.steps:
            read_losses(setting, state, losses)
        if stopping and state.step < setting.steps:
            return False
    return True


def train_step(
    setting: Setting,
    state: State,
    model: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    rate: float,
    n_images: int,
) -> torch.Tensor:
    """
    ## One step

    * `images` are this process's share of the batch, floats `[B, 3, H, W]`
    * `labels` are their classes, `[B]`, or shares of each class, `[B, n]`
    * `rate` is the learning rate
    * `n_images` is the size of the batch on all devices together

    Returns this share's part in the mean loss of the batch, still on the device.
    """
    options, optimizer, scaler = setting.options, state.optimizer, state.scaler
    for group in optimizer.param_groups:
        group["lr"] = rate

    # Lower precision is for the forward pass and the loss only. A context around the
    # whole loop would keep its short copies of the weights from step to step, and go on
    # with old ones.
    with setting.machine.autocast():
        smoothing = options.label_smoothing
        loss = F.cross_entropy(
            model(images), labels, label_smoothing=smoothing, reduction="sum"
        )
        loss = loss / n_images

    # Several processes average their gradients, where we want the sum of the shares.
    optimizer.zero_grad()
    scaler.scale(loss * setting.team.size).backward()
    if options.clip:
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(state.model.parameters(), options.clip)
    scaler.step(optimizer)
    scaler.update()
    if state.average is not None:
        state.average.update(state.model)
    return loss.detach()


def read_losses(setting: Setting, state: State, losses: list[torch.Tensor]) -> None:
    """
    ### Read the losses

    * `losses` are those of the last steps, which are added to the state, and forgotten

    The first that is no number ends the training.
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
    ### What to say when the numbers run away

    Names the step and the checkpoint before it.
    """
    epoch = state.epoch + (state.step > 0)
    step = state.step or setting.steps
    names = sorted((setting.folder / "checkpoints").glob("step-*.pt"))
    last = (
        f"The last good checkpoint is {names[-1]}"
        if names
        else "There is no checkpoint"
    )
    return ExperimentError(
        f"{what} in epoch {epoch}, step {step} of {setting.steps}; try a lower "
        f"--learning-rate, or --clip 1. {last}"
    )


@torch.inference_mode()
def answers(setting: Setting, state: State) -> torch.Tensor:
    """
    ## One pass over the held-out images

    Returns the class that the model takes each for, `[N]`, on the processor. Batch
    normalization now uses the averages that it gathered in training, so the answer to
    an image does not depend on its neighbours in the batch.
    """
    images, machine, team = setting.images, setting.machine, setting.team
    augment = Augmentation(setting.options, images.mean, images.std)
    state.tested.eval()
    everything = torch.arange(len(images.test.labels))
    order = [numbers[team.share] for numbers in everything.split(TEST_BATCH)]
    found = torch.zeros(len(everything), dtype=torch.long, device=machine.device)
    batches = images.test.batches(order, seed=0)
    for (pixels, _), numbers in zip(batches, order, strict=True):
        inputs = augment.normalize(pixels.to(machine.device, non_blocking=True))
        with machine.autocast():
            logits = state.tested(inputs)
        found[numbers.to(machine.device)] = logits.argmax(dim=1)
    # Each process has left the others' images at 0, so their sum is all answers.
    return team.sum(found).cpu()
