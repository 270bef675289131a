r"""
---
title: The experiment
summary: Train ConvMixer from the command line, stop it, and resume it.
---

# The experiment

Without options, the experiment trains [ConvMixer](model.py) to read handwritten digits,
on any computer, in less than a minute:

```
python -m convmixer.experiment
```

The paper's task for small images takes two options, and a GPU to be quick:

```
python -m convmixer.experiment --dataset cifar10 --download
```

With several GPUs, PyTorch's `torchrun` starts a process for each, and they [train one
model together](devices/distributed.py):

```
torchrun --nproc-per-node 4 -m convmixer.experiment --preset convmixer-1536-20
```

A run that was stopped, by Ctrl-C, by the system or by a power cut, resumes from its
last [checkpoint](runs/checkpoint.py) and ends with the same weights:

```
python -m convmixer.experiment --resume runs/NAME
```

Weights that are trained already are a better start than random ones, and two steps show
whether all works, before a run of days begins:

```
python -m convmixer.experiment --dataset imagefolder --weights FILE --dry-run
```

[The recipe](recipe.py) lists all options, and [the run](runs/run.py) shows what happens
next. Importing PyTorch takes seconds, so this page puts it off until a run begins:
`--help` and the complaint about a mistyped option appear at once.
"""

import os
import shlex
import sys
import time

from convmixer.errors import launch, run_command
from convmixer.recipe import NAMES
from convmixer.runs.options import check, parse


def main(arguments: list[str] | None = None) -> int:
    """
    ## Train from the command line

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code: 0 for a finished run, 2 for an error that the user can fix,
    and as is usual in a shell, 130 for Ctrl-C and 143 for a run that the system ended.
    """
    clock = time.perf_counter()
    words = sys.argv[1:] if arguments is None else arguments

    def work() -> int:
        options = parse(words)
        check(options)
        # Of several processes under `torchrun`, only the first one prints.
        if os.environ.get("RANK", "0") == "0":
            name = f"{NAMES[options.model]}-{options.width}/{options.depth}"
            print(f"{name} on {options.dataset}", flush=True)
        # Imported here, PyTorch's seconds count as part of the run, and Ctrl-C ends it
        # as it does later.
        from convmixer.runs.run import run

        command = shlex.join(["python", "-m", "convmixer.experiment", *words])
        return run(options, command, clock)

    return run_command(work, stopped="Stopped before the training began.")


if __name__ == "__main__":
    launch(main)
