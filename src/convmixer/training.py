r"""
---
title: The training
summary: >
  A run from the first image to the record: the loop, one epoch, and the learning rate.
---

# The training

Training is a loop: show the model some images, compare its answers with the labels, and
move every weight a little in the direction that would have made the answers better. The
page follows it from the outside in:

* [`run`](#run) does everything around the loop: data, model, folder, and what is said
  at the end.
* [`train`](#train) is the loop over epochs.
* [`train_epoch`](#train_epoch) is one pass over the training images, and
  [`count_correct`](#count_correct) one over the held-out images.
* [`learning_rate`](#learning_rate) says how little 'a little' is.

The accuracy of a run is that of its last epoch. The best epoch would look better, and
would have been chosen with the very images that are to judge it.
"""

import math
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from labml import monit, tracker
from torch import nn
from torch.utils.data import DataLoader

from convmixer.data import DataSet, Images, cifar10, digits
from convmixer.errors import ExperimentError
from convmixer.machine import Machine, choose_machine, cores
from convmixer.model import ConvMixer
from convmixer.record import describe, write_checkpoint, write_record
from convmixer.tracking import tracked

if TYPE_CHECKING:
    from convmixer.experiment import Options


def run(options: "Options", command: str, clock: float) -> int:
    """
    ## A run

    * `options` are [what is asked for](experiment.py#Options)
    * `command` is the command line that asked, for the record
    * `clock` is the reading of `time.perf_counter` at which the run started

    Returns the exit code, 0 or, after Ctrl-C, 130. What the user can put right is an
    `ExperimentError`, and most of it comes up before anything is written.
    """
    machine = choose_machine(options.device, options.precision, options.compile)
    images = load(options)
    # The seed is set right before the model is built, so that the first weights depend
    # on it and on nothing else.
    torch.manual_seed(options.seed)
    model = build(options, len(images.classes), machine)

    folder = make_folder(options)
    record = describe(command, plain(options), images, model, machine)
    print(
        f"{record['parameters']:,} parameters, {record['precision']} on "
        f"{machine.device}, {len(images.train):,} images to train on, "
        f"{len(images.test):,} held out"
    )

    # However the training ends, the record says so and keeps what was done until then.
    try:
        train(options, model, images, machine, folder, record)
        record["status"] = "finished"
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        record["status"] = "interrupted" if stopped else "failed"
        if not stopped:
            raise
    finally:
        record["seconds"] = round(time.perf_counter() - clock, 2)
        write_record(folder / "record.json", record)
    conclude(record, folder)
    return 0 if record["status"] == "finished" else 130


def load(options: "Options") -> DataSet:
    """
    ### Load the images
    """
    if options.dataset == "cifar10":
        return cifar10(options.data_dir, options.download)
    return digits(options.split_seed)


def build(options: "Options", n_classes: int, machine: Machine) -> ConvMixer:
    """
    ### Build the model
    """
    model = ConvMixer(
        width=options.width,
        depth=options.depth,
        kernel_size=options.kernel_size,
        patch_size=options.patch_size,
        n_classes=n_classes,
        norm=options.norm,
        residual=options.residual,
    )
    # The filters lie in memory as the images do, channels last.
    model = model.to(machine.device).to(memory_format=torch.channels_last)
    if machine.compiled:
        model.compile()
    return model


def make_folder(options: "Options") -> Path:
    """
    ### Make the run's folder

    A folder that exists holds another run, which must not be overwritten.
    """
    folder = options.runs / (options.name or datetime.now().strftime("%Y-%m-%d-%H%M%S"))
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise ExperimentError(
            f"{folder} exists already; choose another --name or another --runs"
        ) from error
    except OSError as error:
        raise ExperimentError(
            f"cannot make the folder {folder} ({error.strerror}); choose another "
            "with --runs"
        ) from error
    return folder


def plain(options: "Options") -> dict[str, Any]:
    """
    The options in types that JSON, YAML and checkpoints can hold.
    """
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(options).items()
    }


def conclude(record: dict[str, Any], folder: Path) -> None:
    """
    ### Say how it ended

    The accuracy, and where the checkpoint and the record lie. A run that is stopped in
    its first epoch has no checkpoint.
    """
    done, epochs = len(record["epochs"]), record["options"]["epochs"]
    if record["status"] == "finished":
        print(
            f"{record['accuracy']:.2%} of {record['data']['test']:,} held-out images "
            f"right after epoch {done}, in {record['seconds']:.1f} seconds"
        )
    else:
        print(f"\nStopped after {done} of {epochs} epochs")
    if done:
        print(f"checkpoint: {folder / 'checkpoint.pt'}")
    print(f"record:     {folder / 'record.json'}")


def train(
    options: "Options",
    model: ConvMixer,
    images: DataSet,
    machine: Machine,
    folder: Path,
    record: dict[str, Any],
) -> None:
    """
    ## The loop

    * `model` is trained on `images` by `machine`
    * `folder` receives checkpoint and record after every epoch
    * `record` is the record, to which each epoch adds its figures

    A loss that is no longer a number is an `ExperimentError`: no later step can mend
    the weights.
    """
    # AdamW, as the authors use. The scaler keeps small gradients from vanishing in
    # float16 by multiplying them up, and is idle otherwise.
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    scaler = torch.amp.GradScaler(
        machine.device.type, enabled=machine.dtype == torch.float16
    )
    batches = loader(images.train, options, machine, shuffle=True)
    held_out = loader(images.test, options, machine, shuffle=False)

    with tracked(folder, record["options"]):
        epochs = range(1, options.epochs + 1)
        for epoch in monit.loop(epochs, is_print_iteration_time=False):
            began = time.perf_counter()
            rates = [
                learning_rate(
                    (epoch - 1 + (step + 1) / len(batches)) / options.epochs,
                    options.learning_rate,
                )
                for step in range(len(batches))
            ]
            loss = train_epoch(model, batches, optimizer, scaler, machine, rates)
            if not math.isfinite(loss):
                raise ExperimentError(
                    f"the loss is {loss} in epoch {epoch}; try a lower --learning-rate"
                )
            correct = count_correct(model, held_out, machine)

            figures = {"loss": loss, "accuracy": correct / len(images.test)}
            tracker.save(figures)
            seconds = round(time.perf_counter() - began, 2)
            record["epochs"].append({"epoch": epoch, **figures, "seconds": seconds})
            record["accuracy"] = figures["accuracy"]
            write_checkpoint(folder / "checkpoint.pt", model, epoch, images, record)
            write_record(folder / "record.json", record)
            tracker.new_line()


def learning_rate(progress: float, peak: float) -> float:
    r"""
    ## The learning rate

    * `progress` is how much of the training is done, from 0 to 1
    * `peak` is the highest learning rate

    The authors' schedule for CIFAR-10 is a triangle with a long foot: from 0 up to the
    peak in the first two fifths, down to a twentieth of it at four fifths, and on to 0.
    Small steps at first let batch normalization and the optimizer's averages settle;
    small steps at last let the weights settle. It serves the digits as well.
    """
    return float(np.interp(progress, [0, 2 / 5, 4 / 5, 1], [0, peak, peak / 20, 0]))


def loader(
    images: Images, options: "Options", machine: Machine, shuffle: bool
) -> DataLoader:
    """
    ### Bring the images in batches

    * `images` are what to read, in a new order each time if `shuffle` says so

    The seed decides the order, and in worker processes the augmentation too.
    """
    workers = min(options.workers, cores())
    return DataLoader(
        images,
        options.batch_size,
        shuffle=shuffle,
        generator=torch.Generator().manual_seed(options.seed),
        num_workers=workers,
        # Processes take seconds to start, so they stay for the next epoch.
        persistent_workers=workers > 0,
        # Memory that the system may not move is copied to a GPU in the background.
        pin_memory=machine.device.type == "cuda",
    )


def train_epoch(
    model: nn.Module,
    batches: DataLoader,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    machine: Machine,
    rates: list[float],
) -> float:
    """
    ## One epoch of training

    * `model` and `optimizer` are what changes
    * `batches` brings the training images
    * `scaler` and `machine` look after precision and place
    * `rates` are the learning rates, one a step

    Returns the mean loss over the epoch.
    """
    model.train()
    total, seen = torch.zeros((), device=machine.device), 0
    for step, (images, labels) in monit.enum("Train", batches):
        for group in optimizer.param_groups:
            group["lr"] = rates[step]
        images, labels = machine.place(images), labels.to(machine.device)

        # Lower precision is for the forward pass and the loss only. A context around
        # the whole loop would keep its short copies of the weights from step to step,
        # and go on with old ones.
        with machine.autocast():
            loss = F.cross_entropy(model(images), labels)

        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        # The sum stays on the device. Reading it would make the processor wait for the
        # GPU in every step.
        total += loss.detach() * len(labels)
        seen += len(labels)
    return total.item() / seen


@torch.inference_mode()
def count_correct(model: nn.Module, batches: DataLoader, machine: Machine) -> int:
    """
    ## One pass over the held-out images

    Returns how many are classified correctly. Batch normalization now uses the averages
    that it gathered in training, so the answer to an image does not depend on its
    neighbours in the batch.
    """
    model.eval()
    correct = torch.zeros((), dtype=torch.long, device=machine.device)
    for images, labels in monit.iterate("Test", batches, is_silent=True):
        with machine.autocast():
            logits = model(machine.place(images))
        correct += (logits.argmax(dim=1) == labels.to(machine.device)).sum()
    return int(correct.item())
