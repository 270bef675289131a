r"""
---
title: The machine
summary: Device, precision and compilation, as asked for or chosen automatically.
---

# The machine

The same training runs on a laptop's CPU and on a GPU. The differences are gathered
here: [a machine](#Machine) is a device, a precision, and whether to compile the model,
and [`choose_machine`](#choose_machine) picks sensible ones by default.

The choices for CUDA were tried on an H100, [with these times](#tune_cuda); those for MPS
follow PyTorch's documentation. The tests check what can be checked without a GPU: on
PyTorch's fake CUDA device, a training step leaves nothing on the CPU and never makes
the CPU wait for the GPU.
"""

import ctypes
import functools
import importlib.util
import os
import sys
from dataclasses import dataclass

import torch

from convmixer.errors import ExperimentError, complain
from convmixer.recipe import Options


@dataclass(frozen=True)
class Machine:
    """
    ## Device, precision, compilation

    Training moves its images to the device, and runs the model in the precision.
    """

    # A CPU or an accelerator
    device: torch.device
    # The number type of the forward pass. The weights are always float32.
    dtype: torch.dtype
    # Whether the model is compiled with `torch.compile`
    compiled: bool
    # How images and filters lie in memory
    memory_format: torch.memory_format = torch.channels_last

    def autocast(self) -> torch.autocast:
        """
        Returns the context in which operations that tolerate it use the lower
        precision. With float32 it does nothing.
        """
        enabled = self.dtype != torch.float32
        return torch.autocast(self.device.type, dtype=self.dtype, enabled=enabled)

    def grad_scaler(self) -> torch.amp.GradScaler:
        """
        Returns what keeps small gradients from vanishing in float16, by scaling the
        loss up. With any other type it does nothing.
        """
        enabled = self.dtype == torch.float16
        return torch.amp.GradScaler(self.device.type, enabled=enabled)


def choose_machine(options: Options) -> Machine:
    """
    ## Choose the machine

    * `options` say what is asked for; where they say `auto`, the choice is made here

    Raises an `ExperimentError` for a device or a compiler that PyTorch cannot use here.
    """
    usual_threads()
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
    # On MPS, batch normalization fails in the backward pass with channels last (PyTorch
    # issue 188371).
    layout = options.memory_format
    if layout == "auto":
        layout = "contiguous_format" if device == "mps" else "channels_last"
    if device == "cuda":
        tune_cuda()
    if device == "cpu":
        torch.set_num_threads(options.threads or best_threads(options))
    return Machine(
        torch.device(device),
        getattr(torch, precision),
        compiled=compiles(device, options),
        memory_format=getattr(torch, layout),
    )


def compiles(device: str, options: Options) -> bool:
    """
    ### Decide whether to compile

    Compiling delays the first step. On a CPU it made training no faster when measured;
    on CUDA it saved [a quarter of a step](#tune_cuda), and needs Triton. The
    synchronized batch normalization of several GPUs breaks the graph at every layer
    (PyTorch issue 161302), which leaves little to compile.

    Compiling for a CPU also needs a C++ compiler, and Triton one for C, which slim
    containers lack. So a trivial function is compiled first. If that fails, `auto` goes
    on without; `on` raises an `ExperimentError`.
    """
    triton = importlib.util.find_spec("triton") is not None
    synchronized = int(os.environ.get("WORLD_SIZE", 1)) > 1 and options.norm == "batch"
    wanted = device == "cuda" and triton and not synchronized
    if options.compile == "off" or (options.compile == "auto" and not wanted):
        return False
    try:
        torch.compile(torch.sin)(torch.zeros(8, device=device))
        return True
    # A compiler may raise anything.
    except Exception as error:
        go_on_without_compiler(options, error)
        return False


def go_on_without_compiler(options: Options, error: Exception) -> None:
    """
    ### When the compiler fails

    It can also fail later, at the model itself or at a batch of another size. Nothing
    is compiled from then on, and what is compiled already runs as it was written.

    Says so in one line. Raises an `ExperimentError` if `--compile on` asked for it.
    """
    reason = (str(error) or type(error).__name__).splitlines()[0]
    trouble = f"torch.compile, which does not work here ({reason})"
    if options.compile == "on":
        advice = "install a C++ compiler if there is none, or add --compile off"
        raise ExperimentError(f"cannot use {trouble}; {advice}") from error
    torch.compiler.set_stance("force_eager")
    if os.environ.get("RANK", "0") == "0":
        complain(f"training without {trouble}")


def compiler_failed(error: Exception) -> bool:
    """
    Returns whether an error of a step is the compiler's.
    """
    from torch._dynamo.exc import TorchDynamoException

    return isinstance(error, TorchDynamoException)


def tune_cuda() -> None:
    """
    ### Settings for CUDA

    What is still multiplied in float32 is rounded to TF32 first, and cuDNN measures
    which of its algorithms is fastest; all batches but the last have the same size.

    With these settings, an H100 took this many milliseconds for a step of
    ConvMixer-256/8 with 512 images, depending on [the memory
    format](../recipe.py#RunOptions):

    | $k$ / $p$ | number type | channels last | contiguous |
    | --- | --- | --- | --- |
    | 5 / 2 | bfloat16, compiled | 13.7 | 13.4 |
    | 5 / 2 | bfloat16 | 18.8 | 37.9 |
    | 5 / 2 | float16 | 14.8 | 21.2 |
    | 5 / 2 | float32 | 26.0 | 39.5 |
    | 7 / 2 | bfloat16 | 23.5 | 58.7 |
    | 9 / 1 | bfloat16 | 437 | 311 |

    Compiled, which is the default, the two hardly differ. Otherwise channels last is
    faster, but not for wide windows over many tokens.
    """
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True


def fastest_precision(device: str, width: int) -> str:
    """
    ### Choose the precision

    A 16-bit type pays off only where the hardware multiplies it faster.

    CUDA devices with tensor cores do. bfloat16 has the range of float32, so no gradient
    vanishes, and is preferred for that, even where float16 is faster; older GPUs have
    only float16. A CPU needs instructions for bfloat16 (AMX, or those of
    AVX-512) and enough channels to fill them; without such instructions bfloat16 is
    many times slower than float32.
    """
    if device == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if native else "float16"
    if device != "cpu" or width < 256:
        return "float32"
    native = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return "bfloat16" if native else "float32"


# How many numbers a layer must compute at once for several threads to pay off
WORTH_THREADS = 1_000_000


def best_threads(options: Options) -> int:
    """
    ### Choose the number of threads

    Threads wait for each other after every operation. If an operation is small, they
    mostly wait, and where other programs want the same cores, very long. On two busy
    cores, a step with two threads took this many times as long as with one:

    | numbers in a layer, $B h H W / p^2$ | time | processor time |
    | --- | --- | --- |
    | 33 thousand | 18.7 | 20.7 |
    | 131 thousand, as on the digits | 8.0 | 10.7 |
    | 524 thousand | 2.6 | 3.2 |
    | 786 thousand | 1.5 | 2.2 |
    | 1.0 million | 0.95 | 1.5 |
    | 2.1 million | 0.96 | 1.6 |
    | 4.2 million, as on CIFAR-10 with a batch of 64 | 1.1 | 1.6 |

    So one thread takes steps with up to a million numbers in a layer. The size decides,
    and no measurement at the start, so that the same command gives the same weights.
    """
    n_tokens = (options.image_size // options.patch_size) ** 2
    images = -(-options.batch_size // options.accumulate)
    if images * options.width * n_tokens < WORTH_THREADS:
        return 1
    return usual_threads()


@functools.cache
def usual_threads() -> int:
    """
    Returns how many threads PyTorch uses of itself, before anyone sets another number.
    """
    return torch.get_num_threads()


def keep_memory() -> bool:
    """
    ## Keep freed memory

    Every step needs the same large blocks of memory. The allocator of Linux (glibc)
    returns such blocks to the system when they are freed and requests them again, and
    the system clears every page each time. Two settings make it keep them; on two
    cores, that alone saved about a third of a step with 512 images.

    Returns whether it worked. Other systems need nothing, and PyTorch itself keeps a
    GPU's memory.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    # From malloc.h: how many blocks may be mapped separately, and how much must be free
    # at the end of the heap before it is returned
    mmap_max, trim_threshold = -4, -1
    kept = library.mallopt(mmap_max, 0) == 1
    return library.mallopt(trim_threshold, 2**31 - 1) == 1 and kept


def cores() -> int:
    """
    ### Count the cores

    Returns the cores that this process may use, which in a container can be fewer than
    the machine has.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
