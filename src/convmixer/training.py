r"""
---
title: The optimization
summary: >
  The learning rate over a training, which weights are pulled towards zero, and the
  moving average of the weights.
---

# The optimization

Between the gradient of a step and the weights that a run ends with stand three choices:
how far a step goes, which is [the learning rate](#learning_rate); what else pulls on
the weights, which is [their decay](#make_optimizer); and whether the last weights count
or [their average](#Average).
"""

import copy
import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import nn

from convmixer.recipe import Options


def learning_rate(progress: float, options: Options) -> float:
    r"""
    ## The learning rate

    * `progress` is how much of the training is done, from 0 to 1
    * `options` name the highest learning rate $\eta$, the share $w$ of the training in
      which it is reached, and what follows

    The authors' schedule for CIFAR-10 is a triangle with a long foot: from 0 up to
    $\eta$ at $w$, which is two fifths, down to $\eta / 20$ at four fifths, and on to 0. Small steps at
    first let batch normalization and the optimizer's averages settle; small steps at
    last let the weights settle. It serves the digits as well.

    The other schedule falls along a cosine, as Vision Transformers are trained:

    $$\frac{\eta}{2} \left( 1 + \cos \pi \frac{t - w}{1 - w} \right)$$
    """
    peak, warmup = options.learning_rate, options.warmup
    if options.schedule == "cosine":
        if progress < warmup:
            return peak * progress / warmup
        return peak * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2
    corners = [0, warmup, 4 / 5, 1]
    return float(np.interp(progress, corners, [0, peak, peak / 20, 0]))


def make_optimizer(model: nn.Module, options: Options) -> torch.optim.AdamW:
    """
    ## The optimizer

    AdamW, as the authors use. It pulls every weight a little towards zero, which keeps
    filters and matrices from growing where the data do not ask for it. A bias or a
    scale of normalization has only one dimension, and no such reason to be small, so it
    is left alone unless `decay` is `"all"`.
    """
    groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for weight in model.parameters():
        groups[options.decay == "all" or weight.dim() > 1].append(weight)
    return torch.optim.AdamW(
        [
            {"params": weights, "weight_decay": options.weight_decay if decays else 0.0}
            for decays, weights in groups.items()
        ],
        lr=options.learning_rate,
        eps=options.epsilon,
    )


class Average:
    r"""
    ## The average of the weights

    $$\bar\theta \leftarrow \beta_t \, \bar\theta + (1 - \beta_t) \, \theta, \qquad
    \beta_t = \min\Big(\beta, \frac{1 + t}{10 + t}\Big)$$

    The weights of single steps scatter around a good place, and their moving average
    lies nearer to it. Early on, the share $\beta_t$ that is kept is small, so that the
    first, random weights are forgotten soon.

    PyTorch's `AveragedModel` counts the steps on the device and reads the count in
    every step, which makes the processor wait for the GPU. Ours counts on the processor.
    """

    def __init__(self, model: nn.Module, kept: float):
        r"""
        * `model` is what is averaged
        * `kept` is the share that is kept at most, $\beta$
        """
        self.kept = kept
        self.steps = 0
        self.model = copy.deepcopy(model).requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """
        Takes a step's weights in. What normalization has gathered is averaged with
        them, since it belongs to them.
        """
        kept = min(self.kept, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        mine, theirs = floats(self.model), floats(model)
        torch._foreach_lerp_(mine, theirs, 1 - kept)

    def state_dict(self) -> dict[str, object]:
        """
        All that a checkpoint needs.
        """
        return {"steps": self.steps, "model": self.model.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """
        Goes on from what `state_dict` returned.
        """
        self.steps = state["steps"]
        self.model.load_state_dict(state["model"])


def floats(model: nn.Module) -> list[torch.Tensor]:
    """
    Every tensor of a model that can be averaged. The count of batches that
    normalization keeps is a whole number, and is only of use to the model in training.
    """
    tensors: Iterable[torch.Tensor] = model.state_dict().values()
    return [tensor for tensor in tensors if tensor.is_floating_point()]
