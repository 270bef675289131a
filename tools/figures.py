"""Makes the figures and numbers of the results page from the stored records.

    python tools/figures.py

None of our numbers on docs/results.md is typed in by hand. A test makes them again and fails
where the page and its records disagree.
"""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cifar10_figures
import matplotlib
import numpy as np
import tyro
from matplotlib import pyplot
from matplotlib.figure import Figure
from plots import AMBER, STYLE, TEAL, canvas, confusion, mosaic, svg

from convmixer.comparison import SPLITS, spread
from convmixer.data import digits
from convmixer.errors import ExperimentError, launch, run_command
from convmixer.runs.files import write_atomically
from convmixer.weights import load

COLORS = {"random": TEAL, "writers": AMBER}
LABELS = {"random": "random split", "writers": "unseen writers"}
# Above it the page is about CIFAR-10, below about the digits; both have rows of the same name.
DIVIDE = "\n## Digits\n"


@dataclass(frozen=True)
class Options:
    """
    Make the drawings and numbers of the results page from the records.
    """

    # The folder of the records: cifar10, digits, writers, comparison.json,
    # digits.safetensors.
    records: Path = Path("records")
    # The page whose numbers are filled in; its drawings go to figures beside it.
    page: Path = Path("docs/results.md")


def main(arguments: list[str] | None = None) -> int:
    """
    The program

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code: 0, or 2 for what the user can put right.
    """
    options = tyro.cli(Options, args=arguments, prog="python tools/figures.py")
    matplotlib.use("svg")
    with matplotlib.rc_context(STYLE):
        return run_command(
            lambda: draw(options), stopped="Stopped before the figures were written."
        )


def draw(options: Options) -> None:
    """
    From the records to the page

    Nothing is written before everything is made.
    """
    try:
        runs = {split: read_runs(options.records, split) for split in SPLITS}
        comparison = json.loads((options.records / "comparison.json").read_text())
        weights = options.records / "digits.safetensors"
        cifar10 = cifar10_figures.read(options.records / "cifar10")
        above, divide, below = options.page.read_text(encoding="utf-8").partition(DIVIDE)
        above = fill(above, cifar10_figures.cells(cifar10))
        page = above + divide + fill(below, rows(runs, comparison))
        drawings = {
            "curves": curves(runs),
            "comparison": compared(comparison),
            "kernels": kernels(weights),
            "mistakes": mistakes(runs),
            **cifar10_figures.drawings(cifar10),
        }
    except (ValueError, KeyError) as error:
        raise ExperimentError(str(error)) from error
    folder = options.page.parent / "figures"
    folder.mkdir(exist_ok=True)
    for name, figure in drawings.items():
        write_atomically(folder / f"{name}.svg", svg(figure, name).encode())
    write_atomically(options.page, page.encode())
    print(f"{len(drawings)} drawings in {folder}, and the numbers of {options.page}")


def read_runs(records: Path, split: str) -> list[dict[str, Any]]:
    """
    The records of a split

    One for each seed.
    """
    folder = records / {"random": "digits", "writers": "writers"}[split]
    paths = sorted(folder.glob("seed-*.json"))
    if not paths:
        raise ValueError(f"there is no record seed-*.json in {folder}")
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def rows(runs: dict[str, list[dict[str, Any]]], comparison: dict[str, Any]) -> dict[str, list[str]]:
    """
    The numbers

    Returns the cells of each row, by the words of its first cell. They are written as
    formulas, which no translation touches.
    """
    cells: dict[str, list[str]] = {}
    for split, records in runs.items():
        values = [record["accuracy"] for record in records]
        cells[LABELS[split]] = [
            percent(statistics.mean(values), statistics.stdev(values)),
            f"${100 * min(values):.2f}$ to ${100 * max(values):.2f}$",
            f"${statistics.mean(record['seconds'] for record in records):.1f}$",
            f"${max(record['seconds'] for record in records):.1f}$",
        ]
    for name, row in comparison["rows"].items():
        parameters = f"{row['runs'][0]['parameters']:,}".replace(",", "{,}")
        cells[name] = [
            f"${parameters}$",
            *(percent(*spread(row, split)) for split in SPLITS),
        ]
    return cells


def percent(mean: float, deviation: float) -> str:
    """
    A mean and a standard deviation, in percent.
    """
    return rf"${100 * mean:.2f} \pm {100 * deviation:.2f}$"


def fill(page: str, cells: dict[str, list[str]]) -> str:
    """
    Fill in the tables of the page

    A row whose first cell we know gets our cells after it; further cells stay. A row
    that is not there is a `ValueError`.
    """
    lines, missing = page.split("\n"), set(cells)
    for number, text in enumerate(lines):
        indent, bar, row = text.partition("|")
        name, *old = (cell.strip() for cell in row.rstrip("|").split("|"))
        if bar and not indent.strip() and name in cells:
            new = [*cells[name], *old[len(cells[name]) :]]
            lines[number] = f"{indent}| {' | '.join([name, *new])} |"
            missing.discard(name)
    if missing:
        raise ValueError(f"the page has no row {sorted(missing)[0]!r} in its tables")
    return "\n".join(lines)


def curves(runs: dict[str, list[dict[str, Any]]]) -> Figure:
    """
    Loss and accuracy over the epochs

    A line is the mean of the runs, and the band around it reaches from the lowest to
    the highest.
    """
    figure, axes = canvas(1, 2, height=3.4)
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        for split, records in runs.items():
            values = np.array([[epoch[name] for epoch in record["epochs"]] for record in records])
            epochs = np.arange(1, values.shape[1] + 1)
            color, low, high = COLORS[split], values.min(axis=0), values.max(axis=0)
            axis.fill_between(epochs, low, high, color=color, alpha=0.2, linewidth=0)
            axis.plot(
                epochs,
                values.mean(axis=0),
                color=color,
                label=LABELS[split],
                gid=f"{name}-{split}",
            )
        axis.set_xlabel("epoch")
    axes[0].set_ylabel("training loss")
    axes[1].set_ylabel("held-out accuracy")
    axes[1].legend(frameon=False)
    return figure


def compared(comparison: dict[str, Any]) -> Figure:
    """
    The comparison

    A dot is the mean over the seeds, a small one a single run, and the line reaches one
    standard deviation to either side.
    """
    names = list(comparison["rows"])
    figure, (axis,) = canvas(1, 1, height=4.2)
    for offset, split in zip((-0.15, 0.15), SPLITS, strict=True):
        for place, name in enumerate(names):
            row = comparison["rows"][name]
            mean, deviation = (100 * value for value in spread(row, split))
            single = [100 * r["accuracy"] for r in row["runs"] if r["split"] == split]
            here, color = place + offset, COLORS[split]
            axis.plot(single, [here] * len(single), "o", color=color, ms=3, alpha=0.5)
            axis.errorbar(
                mean,
                here,
                xerr=deviation,
                fmt="o",
                color=color,
                label=LABELS[split] if place == 0 else None,
            )
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlim(right=101)
    axis.set_xlabel("accuracy on held-out digits, in percent")
    figure.legend(frameon=False, loc="outside upper right", ncols=2)
    return figure


def kernels(weights: Path) -> Figure:
    """
    What the model has learned

    The patch embeddings, one square of pixels for each number of a token, and the
    depthwise filters of the first and of the last layer. One color is positive, the
    other negative, and what is near zero is the page.
    """
    model = load(weights).model
    parts = {
        "patch embeddings": model.patch_embedding.conv.weight.mean(dim=1),
        "filters of the first layer": model.layers[0].depthwise.weight[:, 0],
        "filters of the last layer": model.layers[-1].depthwise.weight[:, 0],
    }
    figure, axes = canvas(1, 3, height=2.7)
    for axis, (title, filters) in zip(axes, parts.items(), strict=True):
        axis.imshow(mosaic(filters.detach().numpy()), interpolation="none")
        axis.set_title(title, fontsize=11)
        axis.axis("off")
    return figure


def mistakes(runs: dict[str, list[dict[str, Any]]]) -> Figure:
    """
    The confusion matrix, and the digits that were read wrong

    Of the run with seed 0 on unseen writers; of many mistakes, the first thirty. A
    digit stands under what it is and what it was taken for.
    """
    record = runs["writers"][0]
    options = record["options"]
    test = digits(options["split"], options["split_seed"]).test
    wrong = record["mistakes"]
    matrix = np.diag(np.bincount(test.labels.numpy(), minlength=10))
    for mistake in wrong:
        matrix[mistake["label"], mistake["label"]] -= 1
        matrix[mistake["label"], mistake["answer"]] += 1

    figure = pyplot.figure(figsize=(7.2, 3.8), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.1])
    axis = left.subplots()
    confusion(axis, matrix)
    axis.set_xlabel("read as")
    axis.set_ylabel("written")
    for number, axis in enumerate(right.subplots(5, 6).flat):
        axis.axis("off")
        if number < len(wrong):
            mistake = wrong[number]
            picture = test.pixels[mistake["image"], 0].numpy()
            axis.imshow(picture, cmap="gray_r", interpolation="none")
            title = f"{mistake['label']} → {mistake['answer']}"
            axis.set_title(title, fontsize=9, gid=f"mistake-{number}")
    return figure


if __name__ == "__main__":
    launch(main)
