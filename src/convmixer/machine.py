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
CPU only.
"""

import importlib.util
import os
from dataclasses import dataclass

import torch

from convmixer.errors import ExperimentError


@dataclass(frozen=True)
class Machine:
    """
    ## A machine

    The training asks it for two things: the context in which the model runs, and images
    in the right place.
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

    def place(self, images: torch.Tensor) -> torch.Tensor:
        """
        Moves images `[B, c, H, W]` to the device and orders them channels last in
        memory, which convolutions are faster with. Their shape stays as it is.
        """
        return images.to(
            self.device, memory_format=torch.channels_last, non_blocking=True
        )


def choose_machine(device: str, precision: str, compilation: str) -> Machine:
    """
    ## Choose the machine

    * `device` is `cpu`, `cuda`, `mps`, or `auto`
    * `precision` is `float32`, `bfloat16`, `float16`, or `auto`
    * `compilation` is `on`, `off`, or `auto`

    A device that PyTorch cannot use here is an `ExperimentError`.
    """
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

    # Numbers of half the length pay where the hardware multiplies them faster, and
    # `auto` counts on that on CUDA only. bfloat16 has the range of float32, so no
    # gradient vanishes; older GPUs have float16 alone.
    if precision == "auto":
        precision = "float32"
        if device == "cuda":
            native = torch.cuda.is_bf16_supported(including_emulation=False)
            precision = "bfloat16" if native else "float16"

    # Compiling takes a while before the first step. In training on a CPU it was
    # measured to gain nothing; for CUDA it writes its kernels with Triton.
    if compilation == "auto":
        triton = importlib.util.find_spec("triton") is not None
        compilation = "on" if device == "cuda" and triton else "off"

    dtype = getattr(torch, precision)
    return Machine(torch.device(device), dtype, compiled=compilation == "on")


def cores() -> int:
    """
    ### Count the cores

    Those that this process may use, which in a container can be fewer than there are.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
