r"""
---
title: The experiment
summary: >
  Train ConvMixer from the command line, and what each of its options is for.
---

# The experiment

Without arguments, the experiment trains [ConvMixer](model.py) to read handwritten
digits, on any computer, in less than a minute:

```
python -m convmixer.experiment
```

The paper's task for small images is two options away, and wants a GPU:

```
python -m convmixer.experiment --dataset cifar10 --download
```

This page is what can be asked for: the [options](#Options), with a reason for every
default, and the authors' values as a [recipe](#RECIPES) of the same options. [The
training](training.py) is what happens then.

Importing PyTorch takes seconds, so this page puts it off until a run begins. `--help`
is there at once, and so is the answer to a mistyped option.
"""

import argparse
import math
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from convmixer.errors import ExperimentError


@dataclass(frozen=True)
class Options:
    """
    Train ConvMixer, on handwritten digits unless told otherwise.
    """

    # What to learn. The digits need no download and no GPU; cifar10 is the paper's
    # task, and has its own defaults for the options below.
    dataset: Literal["digits", "cifar10"] = "digits"
    # The folder that holds cifar-10-batches-py, or will after a download.
    data_dir: Path = Path("data")
    # Fetch and unpack CIFAR-10 if it is not there yet. Never done without being asked.
    download: bool = False

    # Numbers in a token, h. Small enough for two CPU cores; the paper's model for
    # CIFAR-10 has 256.
    width: int = 64
    # Number of ConvMixer layers, d. A digit is 8 x 8 tokens. With windows of 5 tokens,
    # two layers see 9 x 9 of them, so four are plenty.
    depth: int = 4
    # Side of the window of the depthwise convolution in tokens, k.
    kernel_size: int = 5
    # Side of a patch in pixels, p, a divisor of 32. Digits are enlarged four times, so
    # each of their own pixels is a patch.
    patch_size: int = 4
    # What is normalized: each channel over the batch, as in the paper, or each token,
    # as in Vision Transformer and MLP-Mixer.
    norm: Literal["batch", "layer"] = "batch"
    # Which convolutions have a residual connection around them. In the paper, the
    # depthwise ones.
    residual: Literal["depthwise", "both", "none"] = "depthwise"

    # How often every training image is seen.
    epochs: int = 8
    # Images in a step. The digits are few, and small batches make more steps of them.
    batch_size: int = 32
    # The highest learning rate. The schedule rises to it and falls again.
    learning_rate: float = 0.01
    # How strongly AdamW pulls the weights towards zero.
    weight_decay: float = 0.01

    # Decides the first weights, the order of the images and their augmentation. Runs
    # that differ in nothing else show how much of an accuracy is chance.
    seed: int = 0
    # Decides which digits are held out. Apart from the seed, so that runs with other
    # seeds are tested on the same digits.
    split_seed: int = 0

    # Processes that prepare images beside the training, at most one for each core. The
    # digits are ready sooner than a process would start.
    workers: int = 0
    # Where to train. With auto, on a GPU if PyTorch finds one.
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    # Numbers of the forward pass. With auto, the shorter ones on CUDA, which multiplies
    # them faster, and float32 elsewhere.
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    # Whether torch.compile translates the model first. With auto, on CUDA only, where a
    # long training earns the wait back.
    compile: Literal["auto", "on", "off"] = "auto"

    # The folder of all runs. Each run has a folder of its own in it.
    runs: Path = Path("runs")
    # The name of this run's folder. Without one, the time at which the run starts.
    name: str = ""


# For CIFAR-10, the authors' model with $k = 5$ and $p = 2$, and their recipe for 25
# epochs. They report 92.60 % for it; we have not run it. What the command line says
# comes before these.
RECIPES = {
    "digits": Options(),
    "cifar10": Options(
        dataset="cifar10",
        width=256,
        depth=8,
        kernel_size=5,
        patch_size=2,
        epochs=25,
        batch_size=512,
        learning_rate=0.05,
        weight_decay=0.005,
        workers=8,
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """
    ## The program

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code: 0 for a finished run, 2 for what the user can put right, 130
    for Ctrl-C, as is usual in a shell.
    """
    clock = time.perf_counter()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = parse(arguments)
        check(options)
        name = f"ConvMixer-{options.width}/{options.depth}"
        print(f"{name} on {options.dataset}", flush=True)
        # Imported here, the seconds that PyTorch takes are part of the run: its clock
        # is ticking, and Ctrl-C ends it as it does later.
        from convmixer.training import run

        command = shlex.join(["python", "-m", "convmixer.experiment", *arguments])
        return run(options, command, clock)
    except ExperimentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: a file cannot be read or written: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped before the training began.", file=sys.stderr)
        return 130


def parse(arguments: list[str]) -> Options:
    """
    ## Read the command line

    The command line is made from [the options](#Options): their names, types, defaults,
    and the notes above them. So this page and `--help` cannot disagree. Words that make
    no options end the program here, with exit code 2.
    """
    # The data set decides the other defaults, so it is looked for first. A name that we
    # do not know is left to the parser to report.
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--dataset", nargs="?")
    dataset = first.parse_known_args(arguments)[0].dataset

    return tyro.cli(
        Options,
        args=arguments,
        default=RECIPES.get(dataset, Options()),
        prog="python -m convmixer.experiment",
        config=(tyro.conf.FlagCreatePairsOff,),
    )


def check(options: Options) -> None:
    """
    ## Check the values

    A value of the right type can still make no sense. The first that does not is an
    `ExperimentError`.
    """
    for name in ("width", "depth", "kernel_size", "patch_size", "epochs", "batch_size"):
        require(getattr(options, name) >= 1, options, name, "at least 1")
    for name in ("seed", "split_seed"):
        usable = 0 <= getattr(options, name) < 2**32
        require(usable, options, name, "from 0 to 2**32 - 1")
    rate, decay = options.learning_rate, options.weight_decay
    require(math.isfinite(rate) and rate > 0, options, "learning_rate", "more than 0")
    require(math.isfinite(decay) and decay >= 0, options, "weight_decay", "at least 0")
    require(options.workers >= 0, options, "workers", "at least 0")

    # An image of 32 pixels must divide into whole patches.
    whole = 32 % options.patch_size == 0
    require(whole, options, "patch_size", "1, 2, 4, 8, 16 or 32")
    # The name becomes a folder, and must not lead out of the folder of all runs.
    inside = options.name in ("", Path(options.name).name) and options.name != ".."
    require(inside, options, "name", "a name without folders")
    if options.download and options.dataset == "digits":
        raise ExperimentError("the digits need no --download; add --dataset cifar10")


def require(holds: bool, options: Options, name: str, what: str) -> None:
    """
    Says which option, as it is typed, must be what, and what it is.
    """
    if not holds:
        value = getattr(options, name)
        raise ExperimentError(f"--{name.replace('_', '-')} must be {what}, not {value}")


if __name__ == "__main__":
    sys.exit(main())
