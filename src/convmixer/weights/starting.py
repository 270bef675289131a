r"""
---
title: Starting from weights
summary: A model that goes on from trained weights, with its own classes.
---

# Starting from weights

Training on a small set of images goes further from weights that know images already
than from random ones. `--weights` of [the experiment](../experiment.py) takes any that
[can be loaded](loading.py):

```
python -m convmixer.experiment --weights runs/other --dataset imagefolder
```

The model must have the same sizes. Its classifier is taken over if it tells as many
classes apart, and starts at random otherwise.
"""

from pathlib import Path

from torch import nn

from convmixer.errors import ExperimentError
from convmixer.recipe import Options
from convmixer.weights.loading import load


def start_from(path: Path, model: nn.Module, options: Options) -> bool:
    """
    ## Put trained weights into a model

    * `path` is a file of weights, or the folder of a run
    * `model` is the new model, which `options` describe

    Returns whether the classifier stays as it is. Raises an `ExperimentError` if the
    weights are those of another model, and says which options would fit.
    """
    trained = load(path)
    differing = {
        name: value
        for name, value in trained.options.items()
        if name != "image_size" and getattr(options, name) != value
    }
    if differing:
        words = " ".join(
            f"--{name.replace('_', '-')} {value}" for name, value in differing.items()
        )
        raise ExperimentError(
            f"{path} holds {trained.name()}, which is another model; to train it, add "
            f"{words}"
        )
    ours, theirs = model.state_dict(), trained.model.state_dict()
    fitting = {
        name: value for name, value in theirs.items() if ours[name].shape == value.shape
    }
    model.load_state_dict(fitting, strict=False)
    return len(fitting) < len(ours)
