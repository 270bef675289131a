r"""
---
title: The experiment
summary: Train ConvMixer from the command line, stop it, and go on.
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

With several GPUs, PyTorch's own starter runs it once for each, and they
[work as one](distributed.py):

```
torchrun --nproc-per-node 4 -m convmixer.experiment --preset convmixer-1536-20
```

A run that was stopped, by Ctrl-C, by the system or by a power cut, goes on from its
last [checkpoint](checkpoint.py), and ends where it would have ended:

```
python -m convmixer.experiment --resume runs/NAME
```

What can be asked for stands on the page of [the recipe](recipe.py), and what happens
then on those of [the run](run.py) and [the training](training.py). Importing PyTorch
takes seconds, so this page puts it off until a run begins. `--help` is there at once,
and so is the answer to a mistyped option.
"""

import os
import shlex
import sys
import time

from convmixer.errors import ExperimentError, start
from convmixer.recipe import check, parse

# How the models are written
NAMES = {"convmixer": "ConvMixer", "mlp_mixer": "MLP-Mixer", "vit": "ViT"}


def main(arguments: list[str] | None = None) -> int:
    """
    ## The program

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code: 0 for a finished run, 2 for what the user can put right, and
    as is usual in a shell, 130 for Ctrl-C and 143 for a run that the system ended.
    """
    clock = time.perf_counter()
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        options = parse(arguments)
        check(options)
        # Of several processes under `torchrun`, the first one speaks.
        if os.environ.get("RANK", "0") == "0":
            name = f"{NAMES[options.model]}-{options.width}/{options.depth}"
            print(f"{name} on {options.dataset}", flush=True)
        # Imported here, the seconds that PyTorch takes are part of the run: its clock
        # is ticking, and Ctrl-C ends it as it does later.
        from convmixer.run import run

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


if __name__ == "__main__":
    start(main)
