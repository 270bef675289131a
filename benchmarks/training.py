"""How fast ConvMixer-256/8 trains and answers: ours, labml-nn's and timm's, in one run.

    python benchmarks/training.py            a table
    python benchmarks/training.py --json     and one JSON object on the last line
    python benchmarks/training.py --quick    small batches, to see that it works

They take turns. All start from the same weights and get the same images, optimizer (AdamW) and
allocator settings.
The goals were set on two cores with matrix units for bfloat16 (AMX). Without them, a step can at
best be as fast as its multiplications, which the share of the ceiling shows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from labml_nn import conv_mixer as labml
from timm.models.convmixer import ConvMixer as TimmConvMixer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms import v2

from convmixer.augment import Augmentation, BatchGenerator
from convmixer.devices.machine import Machine, choose_machine, cores, keep_memory
from convmixer.recipe import CIFAR10_25
from convmixer.training import make_optimizer
from convmixer.variants import convmixer_256_8
from convmixer.weights.names import table

#: Ratio -> the goal that it should stay above.
GOALS = {
    "training, k 5, batch 128: labml-nn / ours": 2.5,
    "training, k 7, batch 512: labml-nn / ours": 2.7,
    "training, k 5, batch 128: float32 / auto": 1.0,
    "inference, batch 64: labml-nn / ours": 4.5,
    "input: ours / two-worker DataLoader": 6.0,
}
WIDTH, DEPTH, CLASSES = 256, 8, 10


@dataclass(frozen=True)
class Rival:
    """A model, and what turns images into what it is fed with."""

    model: nn.Module
    prepare: Callable[[torch.Tensor], torch.Tensor]
    machine: Machine


def rivals(kernel_size: int) -> dict[str, Rival]:
    """The four models, with the same weights."""
    torch.manual_seed(0)
    ours = convmixer_256_8(kernel_size)
    state = ours.state_dict()
    theirs = {
        "timm": TimmConvMixer(WIDTH, DEPTH, kernel_size, 2, num_classes=CLASSES),
        "labml-nn": labml.ConvMixer(
            labml.ConvMixerLayer(WIDTH, kernel_size),
            DEPTH,
            labml.PatchEmbeddings(WIDTH, 2, 3),
            labml.ClassificationHead(WIDTH, CLASSES),
        ),
    }
    options = replace(CIFAR10_25, device="cpu")
    plain = choose_machine(replace(options, precision="float32"))
    found = {}
    for naming, model in theirs.items():
        names = table(naming, DEPTH)
        wanted = model.state_dict()
        renamed = {name: state[names[name]].reshape(wanted[name].shape) for name in wanted}
        model.load_state_dict(renamed)
        found[naming] = Rival(model, lambda images: images, plain)
    for name, machine in {"ours": choose_machine(options), "ours in float32": plain}.items():
        model = convmixer_256_8(kernel_size)
        model.load_state_dict(state)
        found[name] = Rival(model.to(memory_format=torch.channels_last), channels_last, machine)
    return found


def channels_last(images: torch.Tensor) -> torch.Tensor:
    return images.to(memory_format=torch.channels_last)


def alternately(
    actions: dict[str, Callable[[], object]], rounds: int, warmup: int = 1
) -> dict[str, float]:
    """The median seconds of each action, all of them once a round."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(warmup + rounds):
        for name, action in actions.items():
            began = time.perf_counter()
            action()
            if number >= warmup:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def training(
    kernel_size: int, batch: int, rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The median seconds of a training step of each, and the loss of its first."""
    torch.manual_seed(1)
    images, labels = torch.randn(batch, 3, 32, 32), torch.randint(CLASSES, (batch,))
    losses: dict[str, float] = {}
    actions = {}
    for name, rival in rivals(kernel_size).items():
        optimizer = make_optimizer(rival.model.train(), CIFAR10_25)
        inputs = rival.prepare(images)

        def step(
            name: str = name,
            rival: Rival = rival,
            optimizer: torch.optim.Optimizer = optimizer,
            inputs: torch.Tensor = inputs,
        ) -> None:
            with rival.machine.autocast():
                loss = F.cross_entropy(rival.model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.setdefault(name, loss.item())

        actions[name] = step
    return alternately(actions, rounds), losses


def inference(batch: int, rounds: int) -> dict[str, float]:
    """The median seconds of the answers to a batch, ours compiled with its weights frozen."""
    import torch._inductor.config as inductor

    torch.manual_seed(1)
    images = torch.randn(batch, 3, 32, 32)
    actions = {}
    for name, rival in rivals(5).items():
        model, inputs = rival.model.eval(), rival.prepare(images)
        if name == "ours":
            inductor.freezing = True
            model = torch.compile(model)

        def answer(
            model: nn.Module = model, inputs: torch.Tensor = inputs, rival: Rival = rival
        ) -> None:
            with torch.no_grad(), rival.machine.autocast():
                model(inputs)

        actions[name] = answer
    return alternately(actions, rounds, warmup=3)


def pipeline(images: int, rounds: int) -> dict[str, float]:
    """The median seconds until so many images are augmented, by the recipe for 25 epochs."""
    pixels = torch.randint(0, 256, (images, 3, 32, 32), dtype=torch.uint8)
    mean, std = [0.5] * 3, [0.25] * 3
    augment = Augmentation(CIFAR10_25, mean, std)
    each = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandAugment(CIFAR10_25.augment_operations, CIFAR10_25.augment_magnitude),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean, std),
        ]
    )

    class One(TensorDataset):
        def __getitem__(self, index: int) -> torch.Tensor:
            return each(self.tensors[0][index])

    loader = DataLoader(One(pixels), 512, num_workers=2, persistent_workers=True)

    def ours() -> None:
        for part in pixels.split(512):
            augment(part, BatchGenerator(len(part)))

    def theirs() -> None:
        for _ in loader:
            pass

    return alternately({"ours": ours, "two-worker DataLoader": theirs}, rounds)


def ceiling(dtype: torch.dtype) -> float:
    """Multiplications a second in products of the pointwise layers' shape, the best of ten."""
    tokens, weights = torch.randn(16384, WIDTH, dtype=dtype), torch.randn(WIDTH, WIDTH, dtype=dtype)
    best = 0.0
    for _ in range(10):
        began = time.perf_counter()
        tokens @ weights
        best = max(best, 16384 * WIDTH**2 / (time.perf_counter() - began))
    return best


def multiplications(kernel_size: int, batch: int) -> int:
    """Those of a forward pass; a training step has three times as many."""
    layer = WIDTH * (WIDTH + kernel_size**2)
    return batch * 256 * (WIDTH * 3 * 4 + DEPTH * layer) + batch * WIDTH * CLASSES


def report(title: str, seconds: dict[str, float], images: int) -> None:
    print(f"\n{title}")
    for name, value in seconds.items():
        print(f"  {name:22} {1e3 * value:9,.1f} ms  {images / value:9,.0f} images/s")


def share(multiplied: int, seconds: float, best: float) -> None:
    print(f"  ours runs at {multiplied / seconds / best:.0%} of the machine's ceiling")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds, after those to warm up")
    parser.add_argument("--quick", action="store_true", help="small batches")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    keep_memory()
    machine = choose_machine(replace(CIFAR10_25, device="cpu"))
    best = ceiling(machine.dtype)
    units = "has" if torch.cpu._is_amx_tile_supported() else "has no"
    print(
        f"{cores()} cores; the processor {units} matrix units for bfloat16; auto is {machine.dtype}"
    )
    print(f"the ceiling: {best / 1e9:.0f} billion multiplications a second")

    found: dict[str, float] = {}
    small = 8 if options.quick else 1
    for kernel_size, batch in ((5, 128), (7, 512)):
        seconds, losses = training(kernel_size, batch // small, options.rounds)
        report(f"a training step, k {kernel_size}, batch {batch // small}", seconds, batch // small)
        share(3 * multiplications(kernel_size, batch // small), seconds["ours"], best)
        print("  first losses: " + ", ".join(f"{n} {v:.5f}" for n, v in losses.items()))
        tolerance = 1e-4 if machine.dtype == torch.float32 else 2e-2
        if max(losses.values()) - min(losses.values()) > tolerance:
            raise SystemExit("error: the models do not compute the same")
        name = f"training, k {kernel_size}, batch {batch}"
        found[f"{name}: labml-nn / ours"] = seconds["labml-nn"] / seconds["ours"]
        if kernel_size == 5:
            ratio = seconds["ours in float32"] / seconds["ours"]
            found[f"{name}: float32 / auto"] = 1.0 if machine.dtype == torch.float32 else ratio

    seconds = inference(64 // small, options.rounds)
    report(f"answers, batch {64 // small}", seconds, 64 // small)
    share(multiplications(5, 64 // small), seconds["ours"], best)
    found["inference, batch 64: labml-nn / ours"] = seconds["labml-nn"] / seconds["ours"]

    images = 8192 // small
    seconds = pipeline(images, options.rounds)
    report("augmented images", seconds, images)
    ratio = seconds["two-worker DataLoader"] / seconds["ours"]
    found["input: ours / two-worker DataLoader"] = ratio

    print()
    for name, goal in GOALS.items():
        mark = "reached" if found[name] >= goal else "not reached"
        print(f"{name:44} {found[name]:5.2f}   goal at least {goal}: {mark}")
    if options.json:
        result = {
            name: {"value": found[name], "goal": goal, "better": "higher"}
            for name, goal in GOALS.items()
        }
        print(json.dumps(result))


if __name__ == "__main__":
    main()
