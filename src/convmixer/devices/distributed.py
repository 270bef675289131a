r"""
---
title: Several devices
summary: How several processes, each with its own device, train one model.
---

# Training on several devices

A batch can be divided: each device computes the gradient of its share, the gradients
are averaged, and all devices take the same step. PyTorch brings both halves of this:
`torchrun` starts a process for each device, and `DistributedDataParallel` averages the
gradients while they are still being computed. The batch size is that of all devices
together, so a run takes the same steps whatever their number.

[A team](#Team) is what one process knows of the others. A run without `torchrun` is a
team of one, for which everything here does nothing.

Batch normalization is the one part of the model that looks at other images. On CUDA,
`SyncBatchNorm` computes its statistics over the whole batch. It does not exist for
CPUs; there each process normalizes its own share, and [before every
evaluation](#Team.share_statistics) the running statistics are made equal. Layer
normalization needs none of this, and gives the weights that a single process gets.

The tests run two processes on one CPU. Several GPUs have not been tried.
"""

import functools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from convmixer.devices.machine import Machine
from convmixer.errors import ExperimentError


@dataclass(frozen=True)
class Team:
    """
    ## One process among others
    """

    # The number of this process, and how many there are, by PyTorch's names
    rank: int = 0
    world_size: int = 1

    @property
    def leads(self) -> bool:
        """
        Whether this is the first process, which prints and writes for all.
        """
        return self.rank == 0

    def prepare(self, model: nn.Module, machine: Machine) -> nn.Module:
        """
        ### Prepare the model

        Makes batch normalization compute its statistics over the whole batch, where
        that is possible. The tensors keep their names.
        """
        if self.world_size > 1 and machine.device.type == "cuda":
            return nn.SyncBatchNorm.convert_sync_batchnorm(model)
        return model

    def join(self, model: nn.Module, machine: Machine) -> nn.Module:
        """
        ### Average the gradients

        Returns the model for the training to call; every backward pass averages the
        gradients of all processes.
        """
        if self.world_size == 1:
            return model
        here = [torch.cuda.current_device()] if machine.device.type == "cuda" else None
        # Until the next evaluation, each process keeps its own running statistics.
        # Newer versions of PyTorch have another name for this option, which older ones
        # lack.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(
                model, device_ids=here, broadcast_buffers=False
            )

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """
        Returns the sum of all processes' values, in each of them.
        """
        if self.world_size > 1:
            dist.all_reduce(values)
        return values

    def any(self, holds: bool) -> bool:
        """
        Returns whether it holds in any process. All must agree, for instance, after
        which step to stop. This goes through the CPUs, so that nothing waits for a GPU.
        """
        if self.world_size == 1:
            return holds
        votes = torch.tensor(float(holds))
        dist.all_reduce(votes, group=processors())
        return bool(votes)

    @contextmanager
    def together(self) -> Iterator[None]:
        """
        If one process raises an `ExperimentError` inside, all do, and none waits for
        another that has given up.
        """
        failure: ExperimentError | None = None
        try:
            yield
        except ExperimentError as error:
            failure = error
        if self.any(failure is not None):
            raise failure or ExperimentError("another process could not begin")

    def share_statistics(self, model: nn.Module) -> None:
        r"""
        ### Share the running statistics

        The mean of all processes' images is the mean of their means. Their variance is
        that within the processes, plus that between their means:

        $$\sigma^2 = \frac{1}{R} \sum_r \big( \sigma_r^2 + (\mu_r - \mu)^2 \big)$$
        """
        if self.world_size == 1:
            return
        for part in model.modules():
            if isinstance(part, nn.BatchNorm2d):
                mean, variance = part.running_mean, part.running_var
                common = self.sum(mean.clone()) / self.world_size
                total = self.sum(variance + (mean - common) ** 2)
                mean.copy_(common)
                variance.copy_(total / self.world_size)


@functools.cache
def processors() -> dist.ProcessGroup:
    """
    Returns the connection between the processes' CPUs, which is made once.
    """
    gloo = dist.get_backend() == "gloo"
    return dist.group.WORLD if gloo else dist.new_group(backend="gloo")


@contextmanager
def team(machine: Machine) -> Iterator[Team]:
    """
    ## Connect the processes

    `torchrun` tells each process its rank in environment variables. Inside this
    context, the processes are connected.

    Raises an `ExperimentError` if the processes cannot connect.
    """
    world_size = int(os.environ.get("WORLD_SIZE", 1))
    if world_size == 1:
        yield Team()
        return
    cuda = machine.device.type == "cuda"
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    try:
        dist.init_process_group("nccl" if cuda else "gloo")
    except (RuntimeError, ValueError) as error:
        raise ExperimentError(
            f"the {world_size} processes cannot connect ({error}); start them with torchrun"
        ) from error
    try:
        yield Team(dist.get_rank(), world_size)
    finally:
        processors.cache_clear()
        dist.destroy_process_group()
