r"""
---
title: The training loop
summary: >
  The complete training loop, then its parts: the batches of an epoch, one step, the
  evaluation, the learning rate, the optimizer and the moving average of the weights.
---

# The training loop

Training shows the model some images, compares its predictions with the labels, and
moves every weight a little in the direction that makes the loss smaller.
[`train`](#train) does this from the first epoch to the last. It runs as it stands:

```
python -m convmixer.training
```

The rest of the page is what `train` calls, in the order in which it is needed: [the
batches](#epoch_batches) of an epoch, [a step](#train_step), [the
evaluation](#evaluate), [the learning rate](#learning_rate), [the
optimizer](#make_optimizer) and [the moving average](#EMA) of the weights.

[The experiment](experiment.py) uses the same functions in [a longer
loop](runs/loop.py), which also writes checkpoints, keeps a record, and runs on several
devices. On a CPU, without `torch.compile`, both end with the same weights, bit for bit;
a test compares them.
"""

import copy
import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from convmixer.augment import Augmentation, BatchGenerator, mixing, normalize
from convmixer.data import DataSet, digits, seed_of, send, shuffled
from convmixer.devices.machine import Machine
from convmixer.recipe import Options


def train(
    model: nn.Module, data: DataSet, options: Options, machine: Machine
) -> nn.Module:
    """
    ## The complete loop

    * `model` takes images `[B, 3, H, W]` and returns logits `[B, n]`
    * `data` holds the training images and the held-out ones
    * `options` are [the recipe](recipe.py)
    * `machine` says on which device to train, and in which precision

    Prints the training loss and the held-out accuracy after every epoch. Returns the
    model that was evaluated: the trained one, or the average of its weights.
    """
    model = model.to(machine.device, memory_format=machine.memory_format)
    optimizer = make_optimizer(model, options)
    scaler = machine.grad_scaler()
    ema = EMA(model, options.average) if options.average else None
    evaluated = model if ema is None else ema.model
    labels = data.test.labels.cpu()

    for epoch in range(options.epochs):
        model.train()
        loss = 0.0
        for batch in epoch_batches(data, options, machine, epoch):
            mean, _ = train_step(model, batch, optimizer, scaler, options, machine)
            loss += mean.item() * batch.size
            if ema is not None:
                ema.update(model)

        correct = evaluate(evaluated, data, machine).argmax(dim=1).cpu() == labels
        loss, accuracy = loss / len(data.train.labels), correct.double().mean()
        print(f"epoch {epoch + 1}: loss {loss:.4f}, accuracy {accuracy:.2%}")
    return evaluated


@dataclass(frozen=True)
class Batch:
    """
    ### A batch, ready for its step
    """

    # The images as the model takes them, floats `[B, 3, H, W]`
    images: torch.Tensor
    # Their classes, `[B]`, or after mixing the shares of all classes, `[B, n]`
    labels: torch.Tensor
    # The learning rate of the step
    learning_rate: float
    # The number that the sum of the losses is divided by. It is $B$, unless several
    # processes share the batch.
    size: float


def epoch_batches(
    data: DataSet,
    options: Options,
    machine: Machine,
    epoch: int,
    first_step: int = 0,
    rank: int = 0,
    world_size: int = 1,
) -> Iterator[Batch]:
    """
    ## The batches of an epoch

    * `epoch` counts from 0
    * `first_step` is where to start, for a run that was stopped within the epoch
    * `rank` and `world_size` are the number of this process and of all: each gets every
      `world_size`-th image of a batch

    Every image comes once, in a new order, and [augmented](augment.py).
    """
    augment = Augmentation(options, data.mean, data.std)
    mix = mixing(options, len(data.classes))
    share = slice(rank, None, world_size)

    seed = seed_of(options.seed, epoch)
    order = shuffled(len(data.train.labels), options.batch_size, seed)
    # A last batch with fewer images than there are processes is left out.
    order = [indices for indices in order if len(indices) >= world_size]
    shares = [indices[share] for indices in order[first_step:]]
    loaded = data.train.batches(shares, seed)
    for step, (images, labels) in enumerate(loaded, first_step):
        # Seeded for this step alone, so that a resumed run draws the same numbers
        torch.manual_seed(seed_of(options.seed, epoch, step))
        images, labels = (send(one, machine.device) for one in (images, labels))
        n_images = len(order[step])
        images = augment(images, BatchGenerator(n_images, share))
        if mix is not None:
            images, labels = mix(images, labels)
        images = images.contiguous(memory_format=machine.memory_format)

        progress = (epoch + (step + 1) / len(order)) / options.epochs
        rate = learning_rate(progress, options)
        # Several processes average their gradients, where we want the mean over the
        # whole batch. So each divides by the batch's size over their number.
        yield Batch(images, labels, rate, n_images / world_size)


def train_step(
    model: nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    options: Options,
    machine: Machine,
) -> tuple[torch.Tensor, torch.Tensor]:
    """
    ## One training step

    Returns the mean loss of the batch and the share of its images that are predicted
    right, both still on the device. To need less memory, the batch may be divided into
    parts whose gradients add up.
    """
    for group in optimizer.param_groups:
        group["lr"] = batch.learning_rate

    optimizer.zero_grad()
    n_parts = min(options.accumulate, len(batch.images))
    labels = batch.labels.tensor_split(n_parts)
    losses, answers = [], []
    for number, images in enumerate(batch.images.tensor_split(n_parts)):
        # Processes exchange their gradients once, after the last part.
        waits = number + 1 < n_parts and hasattr(model, "no_sync")
        # Lower precision is for the forward pass and the loss only. A context around
        # the whole loop would cache its low-precision copies of the weights from step
        # to step, and go on with old ones.
        with model.no_sync() if waits else nullcontext():
            with machine.autocast():
                logits = model(images)
                loss = F.cross_entropy(
                    logits,
                    labels[number],
                    label_smoothing=options.label_smoothing,
                    reduction="sum",
                )
                loss = loss / batch.size
            scaler.scale(loss).backward()
        losses.append(loss.detach())
        answers.append(logits.argmax(dim=1))

    if options.clip:
        # Gradient clipping must see the gradients as they are, not scaled up.
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), options.clip)
    scaler.step(optimizer)
    scaler.update()
    # The class of a mixed image is the one with the largest share.
    classes = batch.labels if batch.labels.dim() == 1 else batch.labels.argmax(dim=1)
    right = (torch.cat(answers) == classes).sum() / batch.size
    return torch.stack(losses).sum(), right


# Images in a batch of the evaluation, where no gradient needs memory
EVALUATION_BATCH = 512


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    data: DataSet,
    machine: Machine,
    rank: int = 0,
    world_size: int = 1,
    batch_size: int = EVALUATION_BATCH,
) -> torch.Tensor:
    """
    ## Evaluation on the held-out set

    Returns the logits of every held-out image, `[N, n]`, on the device. With several
    processes, each leaves the others' images at 0.

    Batch normalization now uses the running statistics from training, so the prediction
    for an image does not depend on the others in its batch.
    """
    model.eval()
    indices = torch.arange(len(data.test.labels)).split(batch_size)
    logits = torch.zeros(len(data.test.labels), len(data.classes)).to(machine.device)
    # A last batch with fewer images than there are processes leaves some with none.
    order = [part[rank::world_size] for part in indices if len(part) > rank]
    batches = data.test.batches(order, seed=0)
    for (images, _), part in zip(batches, logits.split(batch_size), strict=False):
        images = send(images, machine.device)
        with machine.autocast():
            part[rank::world_size] = model(normalize(images, data.mean, data.std))
    return logits


def learning_rate(progress: float, options: Options) -> float:
    r"""
    ## The learning rate

    * `progress` is the share of the training that is done, from 0 to 1
    * `options` set the highest learning rate $\eta$, the share $w$ of the training
      spent warming up to it, and the schedule

    The authors' schedule for CIFAR-10 is a triangle with a long tail: linearly from 0
    up to $\eta$ at $w$, which is two fifths, down to $\eta / 20$ at four fifths, and on
    to 0. Small steps at the start let batch normalization and the optimizer's averages
    settle; small steps at the end let the weights settle. The digits use it too.

    The other schedule is cosine annealing, as is usual for a Vision Transformer:

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

    AdamW, as in the authors' script. Its weight decay pulls every weight a little
    towards zero, which keeps filters and matrices from growing larger than the data
    require. Biases and the scales of normalization, which have one dimension, have no
    such reason to be small and are not decayed unless `decay` is `"all"`. On CUDA, one
    kernel updates many weights at once.
    """
    fused = all(weight.device.type == "cuda" for weight in model.parameters())
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
        fused=fused or None,
    )


class EMA:
    r"""
    ## The moving average of the weights

    $$\bar\theta \leftarrow \beta_t \, \bar\theta + (1 - \beta_t) \, \theta, \qquad
    \beta_t = \min\Big(\beta, \frac{1 + t}{10 + t}\Big)$$

    The weights of single steps scatter around a good solution, and their exponential
    moving average (EMA) lies closer to it. Early on, the share $\beta_t$ that is kept
    is small, so that the random initial weights are soon forgotten.

    PyTorch's `AveragedModel` counts the steps on the device and reads the count in
    every step, which makes the CPU wait for the GPU. Ours counts on the CPU.
    """

    def __init__(self, model: nn.Module, kept: float):
        r"""
        * `model` is what is averaged
        * `kept` is the largest share that is kept, $\beta$
        """
        self.kept = kept
        self.steps = 0
        self.model = copy.deepcopy(model).requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """
        Takes the weights of one step into the average, and with them the running
        statistics of batch normalization.
        """
        kept = min(self.kept, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        averaged, current = floats(self.model), floats(model)
        torch._foreach_lerp_(averaged, current, 1 - kept)

    def state_dict(self) -> dict[str, object]:
        """
        Returns all that a checkpoint needs.
        """
        return {"steps": self.steps, "model": self.model.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """
        Restores what `state_dict` returned.
        """
        self.steps = state["steps"]
        self.model.load_state_dict(state["model"])


def floats(model: nn.Module) -> list[torch.Tensor]:
    """
    Returns every tensor of a model that can be averaged. The batch count of batch
    normalization is an integer, and matters only to the model that is trained.
    """
    return [one for one in model.state_dict().values() if one.is_floating_point()]


if __name__ == "__main__":
    from convmixer.devices.machine import choose_machine
    from convmixer.variants import build

    recipe = Options()
    torch.manual_seed(recipe.seed)
    chosen = choose_machine(recipe)
    train(build(recipe, 10), digits().to(chosen.device), recipe, chosen)
