r"""
---
title: The beginning of a run
summary: The data, the model and its first weights, before the first step.
---

# How a run begins

Before its first step, [a run](run.py) loads [the data](../data.py), checks that every
batch can be trained on, and builds [the model](../variants.py#build), with random
weights or with [those of another](../weights/starting.py).
"""

from pathlib import Path

import torch

from convmixer.data import DataSet, digits
from convmixer.devices.distributed import Team
from convmixer.devices.machine import Machine
from convmixer.errors import ExperimentError
from convmixer.recipe import Options
from convmixer.runs.checkpoint import State
from convmixer.runs.files import checkpoints
from convmixer.training import EMA, make_optimizer
from convmixer.variants import build


def load(options: Options, machine: Machine) -> DataSet:
    """
    ## Load the images

    The digits and CIFAR-10 are copied to the device once. Image files are read as they
    are needed. Each needs libraries that take seconds to import, and no other's.
    """
    if options.dataset == "imagefolder":
        from convmixer.images.folders import image_folders

        return image_folders(options)
    if options.dataset == "cifar10":
        from convmixer.images.cifar10 import cifar10

        return cifar10(options.data_dir, options.download).to(machine.device)
    return digits(options.split, options.split_seed).to(machine.device)


def check_batches(
    options: Options, n_images: int, machine: Machine, processes: Team
) -> None:
    """
    ## Check the size of the batches

    Every process needs a share of each batch. Batch normalization needs more than one
    value in each channel: several tokens, or several images. On CUDA it sees the whole
    batch, elsewhere a process's share.
    """
    size, world_size = options.batch_size, processes.world_size
    if min(size, n_images) < world_size:
        raise ExperimentError(
            f"{world_size} processes cannot share a batch of {min(size, n_images)} "
            "images; raise --batch-size, or start fewer processes"
        )
    # The last batch of an epoch, which may be smaller
    last = n_images % size
    smallest = last if last >= world_size else size
    if machine.device.type != "cuda":
        smallest //= world_size
    one_token = options.image_size == options.patch_size
    normalizes = options.model == "convmixer" and options.norm == "batch"
    if smallest == 1 and one_token and normalizes:
        raise ExperimentError(
            f"with --patch-size {options.patch_size} an image is one token, and "
            f"--batch-size {size} leaves a single one of {n_images:,} images for a "
            "step: too few to normalize. Choose a smaller --patch-size, another "
            "--batch-size, or --norm layer"
        )


def begin(
    options: Options, images: DataSet, machine: Machine, processes: Team
) -> State:
    """
    ## The initial state of a training
    """
    # The seed is set right before the model is built, so that the initial weights
    # depend on nothing else.
    torch.manual_seed(options.seed)
    model = build(options, len(images.classes))
    # The filters start channels last; [the loop](loop.py#in_training) changes the
    # layout if the machine needs another.
    model = model.to(machine.device).to(memory_format=torch.channels_last)
    model = processes.prepare(model, machine)
    return State(
        model=model,
        optimizer=make_optimizer(model, options),
        scaler=machine.grad_scaler(),
        ema=EMA(model, options.average) if options.average else None,
    )


def start_from_weights(options: Options, folder: Path, state: State) -> None:
    """
    ## Start from weights

    Puts those of `--weights`, if there are any, in the place of the random ones, and of
    their average. A run that has a checkpoint has them already.
    """
    if options.weights is None or checkpoints(folder / "checkpoints"):
        return
    from convmixer.weights.starting import start_from

    for model in filter(None, (state.model, state.ema and state.ema.model)):
        fresh = start_from(options.weights, model, options)
    if fresh:
        print(f"the classifier starts at random: {options.weights} has other classes")
