"""How fast ConvMixer-256/8 trains and answers: ours, the authors', labml-nn's, timm's, in one run.

    python benchmarks/training.py            a table
    python benchmarks/training.py --json     and one JSON object on the last line
    python benchmarks/training.py --quick    small batches, to see that it works
    python benchmarks/training.py --processor-time   on a busy machine: one thread, by its own time

They take turns, so that what else the machine does disturbs all of them. All start from the same
weights and get the same images, optimizer (AdamW) and allocator settings. Ours takes the steps of
our own loop, the authors' model those of the authors' script.

The ceiling is the speed of matrix products of the pointwise layers' shape, in the number type of
ours, and takes its turn among them. A model cannot be faster, so the goals are shares of it. The
rest of a step goes to the depthwise convolutions, which read much and multiply little, and to
activations, normalization and the optimizer, which multiply nothing.
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
from convmixer.training import Batch, make_optimizer, train_step
from convmixer.variants import convmixer_256_8
from convmixer.weights.names import table

#: Ratio -> the goal that it should stay above.
GOALS = {
    "training, k 5, batch 128: share of the ceiling": 0.70,
    "training, k 7, batch 512: share of the ceiling": 0.70,
    "answers, batch 64: share of the ceiling": 0.85,
    "training, k 5, batch 128: labml-nn / ours": 1.8,
    "training, k 7, batch 512: labml-nn / ours": 1.8,
    "training, k 5, batch 128: the authors' loop / ours": 1.8,
    "training, k 7, batch 512: the authors' loop / ours": 1.8,
    "training, k 5, batch 128: float32 / auto": 1.0,
    "answers, batch 64: labml-nn / ours": 1.0,
    "input: ours / two-worker DataLoader": 6.0,
}
WIDTH, DEPTH, CLASSES = 256, 8, 10


@dataclass(frozen=True)
class Rival:
    """A model, and what turns images into what it is fed with."""

    model: nn.Module
    prepare: Callable[[torch.Tensor], torch.Tensor]
    machine: Machine


class Residual(nn.Module):
    def __init__(self, function: nn.Module):
        super().__init__()
        self.fn = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fn(x) + x


def authors(kernel_size: int) -> nn.Sequential:
    """The model of the authors' script for CIFAR-10 (locuslab/convmixer-cifar10, MIT)."""
    return nn.Sequential(
        nn.Conv2d(3, WIDTH, kernel_size=2, stride=2),
        nn.GELU(),
        nn.BatchNorm2d(WIDTH),
        *[
            nn.Sequential(
                Residual(
                    nn.Sequential(
                        nn.Conv2d(WIDTH, WIDTH, kernel_size, groups=WIDTH, padding="same"),
                        nn.GELU(),
                        nn.BatchNorm2d(WIDTH),
                    )
                ),
                nn.Conv2d(WIDTH, WIDTH, kernel_size=1),
                nn.GELU(),
                nn.BatchNorm2d(WIDTH),
            )
            for _ in range(DEPTH)
        ],
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(),
        nn.Linear(WIDTH, CLASSES),
    )


def rivals(kernel_size: int) -> dict[str, Rival]:
    """The models, with the same weights."""
    torch.manual_seed(0)
    ours = convmixer_256_8(kernel_size)
    state = ours.state_dict()
    theirs = {
        "authors": authors(kernel_size),
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
    actions: dict[str, Callable[[], object]],
    rounds: int,
    warmup: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """The median seconds of each action by the clock, all of them once a round."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(warmup + rounds):
        for name, action in actions.items():
            began = clock()
            action()
            if number >= warmup:
                seconds[name].append(clock() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def training(
    kernel_size: int, batch: int, rounds: int, clock: Callable[[], float]
) -> tuple[dict[str, float], dict[str, float]]:
    """The median seconds of a training step of each, and the loss of its first."""
    torch.manual_seed(1)
    images, labels = torch.randn(batch, 3, 32, 32), torch.randint(CLASSES, (batch,))
    losses: dict[str, float] = {}
    actions = {"ceiling": products(choose_machine(replace(CIFAR10_25, device="cpu")).dtype)}
    for name, rival in rivals(kernel_size).items():
        optimizer = make_optimizer(rival.model.train(), CIFAR10_25)
        inputs = rival.prepare(images)
        scaler = rival.machine.grad_scaler()

        def step(
            name: str = name,
            rival: Rival = rival,
            optimizer: torch.optim.Optimizer = optimizer,
            scaler: torch.amp.GradScaler = scaler,
            inputs: torch.Tensor = inputs,
        ) -> None:
            if name.startswith("ours"):
                options = replace(CIFAR10_25, batch_size=batch)
                given = Batch(inputs, labels, 0.001, batch)
                loss, _ = train_step(rival.model, given, optimizer, scaler, options, rival.machine)
                losses.setdefault(name, loss.item())
                return
            optimizer.param_groups[0].update(lr=0.001)
            optimizer.zero_grad()
            output = rival.model(inputs)
            loss = F.cross_entropy(output, labels)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.setdefault(name, loss.item())
            # The authors' script also counts what is right.
            if name == "authors":
                (output.max(1)[1] == labels).sum().item()

        actions[name] = step
    return alternately(actions, rounds, clock=clock), losses


def inference(batch: int, rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """The median seconds of the answers to a batch, ours compiled with its weights frozen."""
    import torch._inductor.config as inductor

    torch.manual_seed(1)
    images = torch.randn(batch, 3, 32, 32)
    actions = {"ceiling": products(choose_machine(replace(CIFAR10_25, device="cpu")).dtype)}
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
    return alternately(actions, rounds, warmup=3, clock=clock)


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


#: How many tokens are multiplied at once, and how often in a turn
TOKENS, TIMES = 16384, 8


def products(dtype: torch.dtype) -> Callable[[], object]:
    """Products of the pointwise layers' shape, for the ceiling."""
    tokens, weights = (
        torch.randn(TOKENS, WIDTH, dtype=dtype),
        torch.randn(WIDTH, WIDTH, dtype=dtype),
    )

    def multiply() -> None:
        for _ in range(TIMES):
            tokens @ weights

    return multiply


def ceiling(seconds: dict[str, float]) -> float:
    """Multiplications a second, at best."""
    return TIMES * TOKENS * WIDTH**2 / seconds.pop("ceiling")


def multiplications(kernel_size: int, batch: int) -> int:
    """Those of a forward pass; a training step has three times as many."""
    layer = WIDTH * (WIDTH + kernel_size**2)
    return batch * 256 * (WIDTH * 3 * 4 + DEPTH * layer) + batch * WIDTH * CLASSES


def report(title: str, seconds: dict[str, float], images: int) -> None:
    print(f"\n{title}")
    for name, value in seconds.items():
        print(f"  {name:22} {1e3 * value:9,.1f} ms  {images / value:9,.0f} images/s")


def share(multiplied: int, seconds: float, best: float) -> float:
    found = multiplied / seconds / best
    print(
        f"  ours runs at {found:.0%} of the ceiling of {best / 1e9:.0f} billion multiplications "
        "a second"
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds, after those to warm up")
    parser.add_argument("--quick", action="store_true", help="small batches")
    parser.add_argument("--processor-time", action="store_true", help="for a busy machine")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    keep_memory()
    clock = time.perf_counter
    if options.processor_time:
        # Several threads spend processor time on waiting for each other. What PyTorch
        # begins with is what the machine chooses.
        torch.set_num_threads(1)
        clock = time.process_time
    machine = choose_machine(replace(CIFAR10_25, device="cpu"))
    units = "has" if torch.cpu._is_amx_tile_supported() else "has no"
    print(
        f"{cores()} cores; the processor {units} matrix units for bfloat16; auto is {machine.dtype}"
    )

    found: dict[str, float] = {}
    small = 8 if options.quick else 1
    for kernel_size, batch in ((5, 128), (7, 512)):
        seconds, losses = training(kernel_size, batch // small, options.rounds, clock)
        best, name = ceiling(seconds), f"training, k {kernel_size}, batch {batch}"
        report(f"a training step, k {kernel_size}, batch {batch // small}", seconds, batch // small)
        multiplied = 3 * multiplications(kernel_size, batch // small)
        found[f"{name}: share of the ceiling"] = share(multiplied, seconds["ours"], best)
        print("  first losses: " + ", ".join(f"{n} {v:.5f}" for n, v in losses.items()))
        tolerance = 1e-4 if machine.dtype == torch.float32 else 2e-2
        if max(losses.values()) - min(losses.values()) > tolerance:
            raise SystemExit("error: the models do not compute the same")
        found[f"{name}: the authors' loop / ours"] = seconds["authors"] / seconds["ours"]
        found[f"{name}: labml-nn / ours"] = seconds["labml-nn"] / seconds["ours"]
        if kernel_size == 5:
            ratio = seconds["ours in float32"] / seconds["ours"]
            found[f"{name}: float32 / auto"] = 1.0 if machine.dtype == torch.float32 else ratio

    seconds = inference(64 // small, options.rounds, clock)
    best, name = ceiling(seconds), "answers, batch 64"
    report(f"answers, batch {64 // small}", seconds, 64 // small)
    multiplied = multiplications(5, 64 // small)
    found[f"{name}: share of the ceiling"] = share(multiplied, seconds["ours"], best)
    found[f"{name}: labml-nn / ours"] = seconds["labml-nn"] / seconds["ours"]

    images = 8192 // small
    seconds = pipeline(images, options.rounds)
    report("augmented images", seconds, images)
    ratio = seconds["two-worker DataLoader"] / seconds["ours"]
    found["input: ours / two-worker DataLoader"] = ratio

    print("\nwith an eighth of each batch:" if options.quick else "")
    for name, goal in GOALS.items():
        mark = "reached" if found[name] >= goal else "not reached"
        print(f"{name:50} {found[name]:5.2f}   goal at least {goal}: {mark}")
    if options.json:
        result = {
            name: {"value": found[name], "goal": goal, "better": "higher"}
            for name, goal in GOALS.items()
        }
        print(json.dumps(result))


if __name__ == "__main__":
    main()
