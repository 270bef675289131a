r"""
---
title: Several devices
summary: How several processes, each with a device of its own, train one model.
---

# Training on several devices

A batch can be divided: each device computes the gradient of its share, the shares are
averaged, and all take the same step. PyTorch brings both parts of this, `torchrun`,
which starts a process for each device, and `DistributedDataParallel`, which averages
the gradients while they are still being computed. The batch size is that of all devices
together, so a run takes the same steps whatever their number.

[A team](#Team) is what one process knows of the others. A run without `torchrun` is a
team of one, and everything here does nothing in it.

Batch normalization is the one part of the model that looks at other images. On CUDA,
`SyncBatchNorm` gathers its statistics over the whole batch. It does not exist for
processors; there each process normalizes its own share, so smaller groups of images
than a single process would, and [before every test](#Team.share_statistics) the running
statistics are made equal. Layer normalization needs none of this, and gives the weights
that a single process gets.

Two processes on one CPU were run by the tests. Several GPUs were not.
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

from convmixer.errors import ExperimentError
from convmixer.machine import Machine


@dataclass(frozen=True)
class Team:
    """
    ## A team of processes
    """

    # The number of this process, and how many there are
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """
        The first process is the one that prints and writes.
        """
        return self.rank == 0

    @property
    def share(self) -> slice:
        """
        Which images of a batch are this process's: every `size`-th.
        """
        return slice(self.rank, None, self.size)

    def prepare(self, model: nn.Module, machine: Machine) -> nn.Module:
        """
        ### Prepare the model

        Where it can be, batch normalization is made to gather its statistics over the
        whole batch. This happens before the optimizer is made, and changes no name.
        """
        if self.size > 1 and machine.device.type == "cuda":
            return nn.SyncBatchNorm.convert_sync_batchnorm(model)
        return model

    def join(self, model: nn.Module, machine: Machine) -> nn.Module:
        """
        ### Join the gradients

        Returns the model as the training calls it, with every backward pass averaging
        the gradients of all processes.
        """
        if self.size == 1:
            return model
        here = [torch.cuda.current_device()] if machine.device.type == "cuda" else None
        # What normalization gathers is left to each process until the next test. Newer
        # versions of PyTorch want this said by another name, which older ones lack.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(
                model, device_ids=here, broadcast_buffers=False
            )

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """
        The sum of what all processes have, in each of them.
        """
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def any(self, holds: bool) -> bool:
        """
        Whether it holds in any process. All must agree, for instance, after which step
        to stop. This goes over the processors, so that no GPU is waited for.
        """
        if self.size == 1:
            return holds
        votes = torch.tensor(float(holds))
        dist.all_reduce(votes, group=processors())
        return bool(votes)

    @contextmanager
    def together(self) -> Iterator[None]:
        """
        What fails inside in one process, by an `ExperimentError`, fails in all, and none
        waits for another that has given up.
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
        ### Make the statistics equal

        The mean of all processes' images is the mean of their means. Their variance is
        that within the processes, plus that between their means:

        $$\sigma^2 = \frac{1}{R} \sum_r \big( \sigma_r^2 + (\mu_r - \mu)^2 \big)$$
        """
        if self.size == 1:
            return
        for part in model.modules():
            if isinstance(part, nn.BatchNorm2d):
                mean, variance = part.running_mean, part.running_var
                middle = self.sum(mean.clone()) / self.size
                variance.add_((mean - middle) ** 2)
                variance.copy_(self.sum(variance.clone()) / self.size)
                mean.copy_(middle)


@functools.cache
def processors() -> dist.ProcessGroup:
    """
    The connection between the processors of the team, which is made once.
    """
    gloo = dist.get_backend() == "gloo"
    return dist.group.WORLD if gloo else dist.new_group(backend="gloo")


@contextmanager
def team(machine: Machine) -> Iterator[Team]:
    """
    ## Meet the team

    `torchrun` tells each process by environment variables who it is. Inside, the
    processes are connected; at the end they part.

    A team that cannot meet is an `ExperimentError`.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        yield Team()
        return
    cuda = machine.device.type == "cuda"
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    try:
        dist.init_process_group("nccl" if cuda else "gloo")
    except (RuntimeError, ValueError) as error:
        raise ExperimentError(
            f"the {size} processes cannot connect ({error}); start them with torchrun"
        ) from error
    try:
        yield Team(dist.get_rank(), size)
    finally:
        processors.cache_clear()
        dist.destroy_process_group()
