r"""
---
title: Evaluation of weights
summary: How well trained weights do on a data set, on the command line.
---

# Evaluating weights

Trained weights are tested on the held-out images of a data set:

```
python -m convmixer.evaluate weights.safetensors --dataset digits
```

The weights can be those of a run, or [anyone's](weights/loading.py). For the folder of
a run, the data set is the one that it was trained on.

Four figures come out. *Top-1* is the accuracy: the share of the images whose class got
the largest logit. For *top-5*, the class must be among the five largest. The *loss* is
the cross-entropy, which also sees how sure the model was. The *confusion matrix* counts
what the images of each class were taken for.
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from convmixer.command_line import read
from convmixer.errors import ExperimentError, launch, run_command
from convmixer.recipe import Options as Recipe
from convmixer.runs.options import check as check_recipe
from convmixer.runs.options import options_of

# As on the page of the experiment, PyTorch is imported where it is needed.
if TYPE_CHECKING:
    import torch

    from convmixer.data import DataSet
    from convmixer.weights import Trained

# How many classes fit into a terminal, side by side
SHOWN_CLASSES = 20


@dataclass(frozen=True)
class Options:
    """
    Test trained weights on the held-out images of a data set.
    """

    # A file of weights, or the folder of a run.
    weights: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="WEIGHTS")]
    # The data set, as in the experiment. Without it, the one that the run was trained
    # on.
    dataset: Literal["auto", "digits", "cifar10", "imagefolder"] = "auto"
    # The folder that holds CIFAR-10, or the folders train and val.
    data_dir: Path | None = None
    # Which digits are held out. Without these two, those of the run, or the
    # experiment's own.
    split: Literal["auto", "random", "writers"] = "auto"
    # Decides which digits or writers are held out.
    split_seed: int | None = None
    # Side of the images in pixels, for imagefolder. Without it, the size that the run
    # was trained with; weights of others do not say theirs.
    image_size: int | None = None
    # Where to compute. With auto, on a GPU if PyTorch finds one.
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    # Number type of the forward pass. In float32 the figures are the same everywhere,
    # up to rounding.
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "float32"
    # Processes that read image files, at most one for each core.
    workers: int = 8
    # A JSON file to write the figures to, with the whole confusion matrix.
    output: Path | None = None


def main(arguments: list[str] | None = None) -> int:
    """
    ## Evaluate from the command line

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns [the exit code](errors.py#run_command): 0 if the weights were tested.
    """

    def work() -> None:
        options = read(Options, arguments, prog="python -m convmixer.evaluate")
        evaluate(options, recipe(options))

    return run_command(work, stopped="Stopped before the last image.")


def recipe(options: Options) -> Recipe:
    """
    ## Choose the data

    Returns the experiment's options that say which data to load, and where to compute.
    Raises an `ExperimentError` if the data set is not known, or an option makes no
    sense. Done before PyTorch is imported.
    """
    run = (options.weights / "record.json").is_file()
    base = Recipe()
    if run:
        base = options_of(options.weights)
    elif options.dataset == "auto":
        raise ExperimentError(
            f"{options.weights} does not say which images it is for; add --dataset"
        )
    names = ("dataset", "data_dir", "split", "split_seed", "image_size")
    given = {name: getattr(options, name) for name in names}
    given = {k: v for k, v in given.items() if v not in (None, "auto")}
    # What belongs to the training of the run must not be in the way.
    chosen = replace(
        Recipe(),
        **{name: getattr(base, name) for name in names} | given,
        width=base.width,
        device=options.device,
        precision=options.precision,
        compile="off",
        workers=options.workers,
        patch_size=1,
    )
    check_recipe(chosen)
    return chosen


def evaluate(options: Options, chosen: Recipe) -> None:
    """
    ## Test the weights

    * `options` are those of the command, and `chosen` says which data to load

    Prints the figures, and writes them to a file if one is asked for.
    """
    from convmixer.devices.machine import choose_machine
    from convmixer.runs.beginning import load as load_data
    from convmixer.runs.files import write_atomically
    from convmixer.training import EVALUATION_BATCH
    from convmixer.training import evaluate as logits_of
    from convmixer.weights import load

    trained = load(options.weights)
    if chosen.dataset == "imagefolder" and options.image_size is None:
        if "image_size" not in trained.options:
            raise ExperimentError(
                f"{options.weights} does not say which size its images had; add "
                "--image-size, such as 224 for models of ImageNet"
            )
        chosen = replace(chosen, image_size=trained.image_size)
    trained.check_image_size(chosen.image_size)
    sizes = {name: trained.options[name] for name in ("width", "patch_size")}
    machine = choose_machine(replace(chosen, batch_size=EVALUATION_BATCH, **sizes))
    data = suited(load_data(chosen, machine), trained, options.weights)
    labels = data.test.labels.cpu()
    name = f"{trained.name()} on {chosen.dataset}"
    print(f"{name}: {len(labels):,} held-out images, {data.split}", flush=True)

    began = time.perf_counter()
    model = trained.model.to(machine.device, memory_format=machine.memory_format)
    logits = logits_of(model, data, machine).cpu()
    speed = len(labels) / (time.perf_counter() - began)

    found = figures(logits, labels)
    matrix = found["confusion"]
    print(f"top-1  {found['top1']:.2%}")
    print(f"top-5  {found['top5']:.2%}")
    print(f"loss   {found['loss']:.4f}")
    print(f"speed  {speed:,.0f} images/s")
    print()
    print(table(matrix, data.classes))
    if options.output is not None:
        about = {"model": trained.name(), "dataset": chosen.dataset}
        about |= {"split": data.split, "images": len(labels), "classes": data.classes}
        text = json.dumps(about | found, ensure_ascii=False)
        write_atomically(options.output, f"{text}\n".encode())
        print(f"\n{options.output} holds these figures")


def suited(data: "DataSet", trained: "Trained", weights: Path) -> "DataSet":
    """
    ### Fit the data to the model

    Returns the data, to be normalized as the model's training images were; weights that
    do not say are taken to be for ImageNet's normalization. Raises an `ExperimentError`
    if the classes are not those of the model.
    """
    from convmixer.data import IMAGENET

    theirs, ours = trained.classes, data.classes
    if trained.n_classes != len(ours):
        raise ExperimentError(
            f"{weights} tells {trained.n_classes:,} classes apart, and the data set has "
            f"{len(ours):,}; choose another --dataset or --data-dir"
        )
    if theirs is not None and theirs != ours:
        odd = next((a, b) for a, b in zip(theirs, ours, strict=True) if a != b)
        raise ExperimentError(
            f"{weights} is for other classes than the data set has: {odd[0]!r} stands "
            f"in the place of {odd[1]!r}"
        )
    if trained.in_channels != 3:
        raise ExperimentError(
            f"{weights} is for images with {trained.in_channels} channels, and those of "
            "the data set have 3"
        )
    mean, std = trained.mean, trained.std
    if mean is None or std is None:
        mean, std = IMAGENET
        print("The weights do not say how their images were normalized: as ImageNet.")
    return replace(data, mean=mean, std=std)


def figures(logits: "torch.Tensor", labels: "torch.Tensor") -> dict[str, Any]:
    """
    ## Compute the figures

    * `logits` are the model's, `[N, n]`
    * `labels` are the classes of the images, `[N]`

    Returns accuracies, loss and confusion matrix. In the matrix, a row is a class, and
    a column what its images were taken for.
    """
    import torch
    import torch.nn.functional as F

    n_classes = logits.shape[1]
    ranked = logits.topk(min(5, n_classes), dim=1).indices
    right = ranked == labels[:, None]
    places = labels * n_classes + ranked[:, 0]
    counts = torch.bincount(places, minlength=n_classes**2)
    return {
        "top1": right[:, 0].double().mean().item(),
        "top5": right.any(dim=1).double().mean().item(),
        "loss": F.cross_entropy(logits, labels).item(),
        "confusion": counts.view(n_classes, n_classes).tolist(),
    }


def table(matrix: list[list[int]], classes: list[str]) -> str:
    """
    ## Print the confusion matrix

    Returns the matrix for a terminal, its classes numbered. Of many classes, it returns
    the ten confusions that are most frequent.
    """
    if len(classes) > SHOWN_CLASSES:
        found = [
            (count, classes[row], classes[column])
            for row, counts in enumerate(matrix)
            for column, count in enumerate(counts)
            if count and row != column
        ]
        most = sorted(found, key=lambda one: -one[0])[:10]
        lines = [f"  {count:5}  {is_} taken for {seen}" for count, is_, seen in most]
        return "\n".join(["the most frequent confusions:", *lines])
    numbers = range(len(classes))
    wide = max(len(str(count)) for row in matrix for count in row) + 1
    wide = max(wide, len(str(len(classes))) + 1)
    # Digits are their own numbers.
    names = [
        name if name == str(n) else f"{n} {name}"
        for n, name in zip(numbers, classes, strict=True)
    ]
    longest = max(map(len, names))
    head = " " * longest + "".join(f"{number:{wide}}" for number in numbers)
    rows = [
        f"{name:{longest}}" + "".join(f"{n:{wide}}" for n in row)
        for name, row in zip(names, matrix, strict=True)
    ]
    title = (
        "confusion matrix: a row is a class, a column what its images were taken for"
    )
    return "\n".join([title, head, *rows])


if __name__ == "__main__":
    launch(main)
