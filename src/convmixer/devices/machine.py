r"""
---
title: The machine
summary: The device, precision and compilation of a run, asked for or chosen.
---

# The machine

The same training runs on a laptop's processor and on a GPU. What differs is gathered
here: [a machine](#Machine) says where the numbers are, how long they are, and whether
the model is compiled, and [`choose_machine`](#choose_machine) finds a sensible one
where nothing is asked for.

What this page says about CUDA and MPS follows PyTorch's documentation; it was run on a
CPU only. The tests check what can be checked without a GPU: on PyTorch's pretended one,
that a training step leaves nothing behind on the processor and waits for nothing.
"""

import ctypes
import importlib.util
import os
import sys
from dataclasses import dataclass

import torch

from convmixer.errors import ExperimentError
from convmixer.recipe import Options


@dataclass(frozen=True)
class Machine:
    """
    ## A machine

    The training asks it where to bring images to, and in which context the model runs.
    """

    # A processor or an accelerator
    device: torch.device
    # The type that the forward pass computes in. The weights are 32-bit floats in any
    # case.
    dtype: torch.dtype
    # Whether `torch.compile` translates the model
    compiled: bool

    def autocast(self) -> torch.autocast:
        """
        The context that lowers the precision of the operations that bear it. With
        32-bit floats it does nothing.
        """
        enabled = self.dtype != torch.float32
        return torch.autocast(self.device.type, dtype=self.dtype, enabled=enabled)

    def grad_scaler(self) -> torch.amp.GradScaler:
        """
        Keeps small gradients from vanishing in float16 by multiplying them up. With any
        other type it does nothing.
        """
        enabled = self.dtype == torch.float16
        return torch.amp.GradScaler(self.device.type, enabled=enabled)


def choose_machine(options: Options) -> Machine:
    """
    ## Choose the machine

    * `options` say what is asked for, and where they say `auto`, the choice is made
      here

    A device that PyTorch cannot use here is an `ExperimentError`.
    """
    device = options.device
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if device == "auto":
        device = next(name for name, usable in available.items() if usable)
    if not available[device]:
        names = ", ".join(name for name, usable in available.items() if usable)
        raise ExperimentError(
            f"PyTorch finds no {device} on this machine; --device can be: {names}"
        )

    precision = options.precision
    if precision == "auto":
        precision = fastest_precision(device, options.width)

    # Compiling takes a while before the first step. In training on a CPU it was
    # measured to gain nothing; for CUDA it writes its kernels with Triton.
    compilation = options.compile
    if compilation == "auto":
        triton = importlib.util.find_spec("triton") is not None
        compilation = "on" if device == "cuda" and triton else "off"

    dtype = getattr(torch, precision)
    return Machine(torch.device(device), dtype, compiled=compilation == "on")


def fastest_precision(device: str, width: int) -> str:
    """
    ### Choose the precision

    Numbers of half the length pay only where the hardware multiplies them faster.

    On CUDA that is so. bfloat16 has the range of float32, so no gradient vanishes;
    older GPUs have float16 alone. A processor needs matrix units for bfloat16 (Intel's
    AMX), and channels enough to fill them; without such units bfloat16 is many times
    slower than float32.
    """
    if device == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if native else "float16"
    if device == "cpu" and width >= 256 and torch.cpu._is_amx_tile_supported():
        return "bfloat16"
    return "float32"


def keep_memory() -> bool:
    """
    ## Keep the memory

    Every step needs the same large blocks of memory. The allocator of Linux (glibc)
    hands such blocks back to the system when they are free, and asks for them again,
    and the system clears every page of them each time. Two of its settings make it keep
    them; on two cores, that alone saved about a third of a step with 512 images.

    Returns whether it could be done. Elsewhere there is nothing to do, and a GPU's
    memory is kept by PyTorch.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    # From malloc.h: how many blocks may be mapped apart, and how much must be free at
    # the end of the heap before it is handed back
    mmap_max, trim_threshold = -4, -1
    kept = library.mallopt(mmap_max, 0) == 1
    return library.mallopt(trim_threshold, 2**31 - 1) == 1 and kept


def cores() -> int:
    """
    ### Count the cores

    Those that this process may use, which in a container can be fewer than there are.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
