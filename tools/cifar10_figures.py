"""The drawings and numbers of CIFAR-10 on the results page, for figures.py."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from plots import AMBER, PAGE, TEAL, canvas, confusion, mosaic

from convmixer.comparison import CIFAR10_ROWS, cost, spread
from convmixer.images.cifar10 import CLASSES
from convmixer.weights import load

# The run that the page is about, and how many of its channels are drawn
RUN = "cifar10-25-seed-0"
CHANNELS = 64
# What stands in a cell while a run has not come so far
NOT_YET = r"$\ldots$"
# Narrower than the column, so that words can be read on a telephone
WIDTH = 5.2
VARIANTS = {
    "layer normalization": "s",
    "residual around both": "^",
    "no residual": "v",
    "copied first weights": "D",
    "MLP-Mixer": "P",
    "ViT": "X",
}


@dataclass(frozen=True, slots=True)
class Records:
    """
    What is known of CIFAR-10: our run on a CPU, those on a GPU with the same recipe, with
    the longer one and with patches of one pixel, the authors' log of theirs, the comparison,
    and what the stored weights make of the test images.
    """

    folder: Path
    run: dict[str, Any]
    gpu: list[dict[str, Any]]
    long: list[dict[str, Any]]
    pixels: list[dict[str, Any]]
    published: list[dict[str, float]]
    comparison: dict[str, Any]
    test: dict[str, Any]


def read(folder: Path) -> Records:
    """
    Reads the records in a folder.
    """

    def load(name: str) -> Any:
        return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))

    def on_gpu(name: str) -> list[Any]:
        paths = sorted(folder.glob(f"h100/{name}-seed-*.json"))
        return [load(f"h100/{path.stem}") for path in paths]

    return Records(
        folder,
        run=load(f"{RUN}/record"),
        gpu=on_gpu("cifar10-25"),
        long=on_gpu("cifar10-100"),
        pixels=on_gpu("cifar10-25-k9-p1"),
        published=load("published")["epochs"],
        comparison=load("comparison"),
        test=load("test"),
    )


def drawings(records: Records) -> dict[str, Figure]:
    """
    All drawings, by name.
    """
    return {
        "cifar10-curves": curves(records),
        "cifar10-long": long(records),
        "cifar10-weights": weights(records.folder / "weights.safetensors"),
        "cifar10-confusion": confused(records.test),
        "cifar10-mistakes": mistakes(records),
        "cifar10-comparison": compared(records.comparison),
    }


def cells(records: Records) -> dict[str, list[str]]:
    """
    The numbers

    Returns the cells of each row, by the words of its first cell.
    """
    return {
        **of_run(records),
        **by_epoch(records),
        **of_comparison(records.comparison),
        "$k = 5$, $p = 2$": at_a_patch_size(records.gpu),
        "$k = 9$, $p = 1$": at_a_patch_size(records.pixels),
    }


def of_run(records: Records) -> dict[str, list[str]]:
    """
    Our run in a few lines, beside those on a GPU and the authors'.
    """
    run, gpu, done = records.run, records.gpu, len(records.run["epochs"])
    hardware = (run["resumed"] or [run])[-1]["hardware"]
    return {
        "epochs": [f"${done}$ of ${run['options']['epochs']}$"],
        "runs": ["$1$", f"${len(gpu)}$"],
        "accuracy after as many epochs, %": [
            percent(run["epochs"][-1]["accuracy"]),
            scattered([one["accuracy"] for one in gpu]),
            percent(records.published[done - 1]["accuracy"]),
        ],
        "precision": [f"`{run['precision']}`", f"`{gpu[0]['precision']}`"],
        "hardware": [
            f"${hardware['cores']}$ cores, `{hardware['processor']}`",
            f"`{gpu[0]['hardware']['device']}`",
        ],
        "time of a run": [f"${run['seconds'] / 3600:.1f}$ h", f"${gpu[0]['seconds']:.0f}$ s"],
        "time of an epoch": [
            f"${np.median([one['seconds'] for one in run['epochs']]) / 60:.0f}$ min",
            f"${seconds(gpu[0]):.1f}$ s",
        ],
        "seeds": [
            f"${run['options']['seed']}$",
            seeds(gpu),
        ],
        "epochs of the weights shown below": [f"${records.test['epochs']}$"],
        "accuracy after $100$ epochs, %": [scattered([one["accuracy"] for one in records.long])],
        "seeds of $100$ epochs": [seeds(records.long)],
    }


def seeds(runs: list[dict[str, Any]]) -> str:
    """
    Their seeds, in turn.
    """
    return ", ".join(f"${run['options']['seed']}$" for run in runs)


def seconds(run: dict[str, Any]) -> float:
    """
    The median time of an epoch, without the first, which compiles.
    """
    return float(np.median([epoch["seconds"] for epoch in run["epochs"][1:]]))


def at_a_patch_size(runs: list[dict[str, Any]]) -> list[str]:
    """
    Accuracy, parameters, multiply-adds, and the time of an epoch of the first run.
    """
    first = runs[0]
    return [
        scattered([run["accuracy"] for run in runs]),
        f"${first['parameters']:,}$".replace(",", "{,}"),
        f"${cost(*first['command'].split()[3:]) / 1e6:.0f}$",
        f"${seconds(first):.1f}$",
    ]


def by_epoch(records: Records) -> dict[str, list[str]]:
    """
    A row for each epoch.
    """
    ours = {epoch["epoch"]: epoch for epoch in records.run["epochs"]}
    found = {}
    for theirs in records.published:
        number = theirs["epoch"]
        run = [NOT_YET, NOT_YET]
        if number in ours:
            run = [f"${ours[number]['loss']:.3f}$", percent(ours[number]["accuracy"])]
        accuracies = (theirs["accuracy"], theirs["train_accuracy"])
        found[f"${number}$"] = [*run, *map(percent, accuracies)]
    return found


def of_comparison(comparison: dict[str, Any]) -> dict[str, list[str]]:
    """
    The rows of the comparison

    The base has the kernel size 5 and the patch size 2, so its row stands there too.
    """
    found = {name: [NOT_YET] * 4 for name in CIFAR10_ROWS}
    for name, row in comparison["rows"].items():
        found[name] = cost_and_accuracy(row["runs"])
    return found | dict.fromkeys(("kernel size 5", "patch size 2"), found["ConvMixer"])


def cost_and_accuracy(runs: list[dict[str, Any]]) -> list[str]:
    """
    The accuracy, the number of runs, parameters, multiply-adds.
    """
    first = runs[0]
    return [
        scattered([run["accuracy"] for run in runs]),
        f"${len(runs)}$",
        f"${first['parameters']:,}$".replace(",", "{,}"),
        f"${first['multiply_adds'] / 1e6:.2f}$",
    ]


def scattered(shares: list[float]) -> str:
    """
    Mean and standard deviation in percent, as a formula; of a single share, itself.
    """
    scatter = rf" \pm {100 * statistics.stdev(shares):.2f}" if len(shares) > 1 else ""
    return f"${100 * statistics.mean(shares):.2f}{scatter}$"


def percent(share: float) -> str:
    """
    A share in percent, as a formula.
    """
    return f"${100 * share:.2f}$"


def curves(records: Records) -> Figure:
    """
    Our run beside the authors'

    Above, the accuracy on the test images and, of theirs, on the training images too;
    below, the loss of ours on the training images.
    """
    figure, (above, below) = canvas(2, 1, height=5.4, width=WIDTH)
    ours, theirs = records.run["epochs"], records.published
    epochs = [epoch["epoch"] for epoch in theirs]
    lines = {
        "ours, test": ("accuracy", ours, {"color": TEAL, "marker": "o", "ms": 4}),
        "the authors', test": ("accuracy", theirs, {"color": AMBER}),
        "the authors', training": ("train_accuracy", theirs, {"color": AMBER, "ls": ":"}),
    }
    for label, (name, of_whom, style) in lines.items():
        values = [100 * epoch[name] for epoch in of_whom]
        gid = label.replace("the ", "").replace("'", "").replace(", ", "-")
        above.plot(epochs[: len(values)], values, label=label, gid=gid, **style)
    above.set_ylabel("accuracy, in percent")
    above.legend(frameon=False, loc="lower right")
    losses = [epoch["loss"] for epoch in ours]
    below.plot(epochs[: len(losses)], losses, color=TEAL, marker="o", ms=4, gid="ours-loss")
    below.set_ylabel("training loss")
    below.set_xlabel("epoch")
    below.sharex(above)
    above.set_xlim(0, len(epochs) + 1)
    return figure


def long(records: Records) -> Figure:
    """
    A hundred epochs

    The accuracy of the long recipe's first run, beside the first run on the same kind of GPU
    with the short one.
    """
    figure, (axis,) = canvas(1, 1, height=3.6, width=WIDTH)
    lines = {
        "100 epochs, test": ("accuracy", records.long[0], {"color": TEAL}),
        "100 epochs, training": ("train_accuracy", records.long[0], {"color": TEAL, "ls": ":"}),
        "25 epochs, test": ("accuracy", records.gpu[0], {"color": AMBER}),
    }
    for label, (name, run, style) in lines.items():
        values = [100 * epoch[name] for epoch in run["epochs"]]
        gid = label.replace(" epochs, ", "-")
        axis.plot(range(1, len(values) + 1), values, label=label, gid=f"of-{gid}", **style)
    axis.set_xlabel("epoch")
    axis.set_ylabel("accuracy, in percent")
    axis.legend(frameon=False, loc="lower right")
    return figure


def weights(file: Path) -> Figure:
    """
    What the model has learned

    The patch embedding in colors, one square for each channel, and of every layer the
    depthwise filters of the first channels.
    """
    model = load(file).model
    panels = -(-(1 + len(model.layers)) // 3)
    figure, axes = canvas(panels, 3, height=2.05 * panels, width=WIDTH)
    for axis in axes:
        axis.axis("off")
    embedding = model.patch_embedding.conv.weight.detach().numpy()
    picture(axes[0], "patch embedding", patches(embedding))
    for number, (axis, layer) in enumerate(zip(axes[1:], model.layers, strict=False), 1):
        filters = layer.depthwise.weight[:CHANNELS, 0].detach().numpy()
        picture(axis, f"layer {number}", mosaic(filters))
    return figure


def picture(axis: Axes, title: str, pixels: np.ndarray) -> None:
    """
    A picture with its title.
    """
    axis.imshow(pixels, interpolation="none")
    axis.set_title(title, fontsize=11)


def patches(embedding: np.ndarray) -> np.ndarray:
    """
    The filters of a patch embedding in their colors

    Takes `[h, 3, p, p]`, returns an image with opacity, `[H, W, 4]`, about as wide as high.
    Grey is zero, and the largest weight of each filter has the full color.
    """
    count, _, side, _ = embedding.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    found = np.zeros((rows * (side + 1) - 1, columns * (side + 1) - 1, 4))
    for number, one in enumerate(embedding):
        top, left = (part * (side + 1) for part in divmod(number, columns))
        tile = found[top : top + side, left : left + side]
        tile[..., :3] = 0.5 + 0.5 * one.transpose(1, 2, 0) / np.abs(one).max()
        tile[..., 3] = 1
    return found


def confused(test: dict[str, Any]) -> Figure:
    """
    The confusion matrix, with the names of the classes.
    """
    figure, (axis,) = canvas(1, 1, height=5.2, width=WIDTH)
    confusion(axis, np.array(test["confusion"]))
    axis.set_xticks(range(10), CLASSES, rotation=60, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(10), CLASSES)
    axis.set_xlabel("taken for")
    return figure


def mistakes(records: Records) -> Figure:
    """
    The worst mistakes

    The test images whose wrong answer had the highest probability: above each what it is,
    below what it was taken for.
    """
    worst = records.test["worst"]
    rows = -(-len(worst) // 5)
    figure, axes = canvas(rows, 5, height=1.5 * rows, width=WIDTH)
    for axis in axes:
        axis.axis("off")
    for axis, mistake in zip(axes, worst, strict=False):
        file = records.folder / "worst" / f"{mistake['image']:04}.png"
        axis.imshow(np.asarray(Image.open(file)), interpolation="none")
        axis.set_title(CLASSES[mistake["label"]], fontsize=10, pad=3)
        style = {"fontsize": 10, "ha": "center", "va": "top", "color": AMBER}
        axis.text(15.5, 34, CLASSES[mistake["answer"]], gid=f"worst-{mistake['image']}", **style)
    return figure


def compared(comparison: dict[str, Any]) -> Figure:
    """
    Accuracy against multiply-adds

    A point is the mean over the seeds, and its line reaches one standard deviation to
    either side.
    """
    figure, (axis,) = canvas(1, 1, height=4.8, width=WIDTH)
    rows = comparison["rows"]
    kernels = {3: "kernel size 3", 5: "ConvMixer", 7: "kernel size 7", 9: "kernel size 9"}
    sizes = {4: "patch size 4", 2: "ConvMixer", 1: "patch size 1"}
    family(axis, rows, kernels, "kernel sizes", TEAL, -14)
    family(axis, rows, sizes, "patch sizes", PAGE, 6)
    for name, marker in VARIANTS.items():
        if name in rows:
            points(axis, [rows[name]], fmt=marker, color=AMBER, label=name, ms=6, alpha=0.9)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axis.set_xticks([10, 20, 50, 100])
    axis.minorticks_off()
    axis.set_xlabel("million multiply-adds for an image")
    axis.set_ylabel("accuracy, in percent")
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure


def family(
    axis: Axes, rows: dict[str, Any], names: dict[int, str], label: str, color: str, above: int
) -> None:
    """
    Rows that differ in a size, joined by a line, with the size so many points above each.
    """
    there = {size: rows[name] for size, name in names.items() if name in rows}
    if not there:
        return
    found = points(axis, list(there.values()), fmt="o-", color=color, label=label, ms=5)
    for size, (x, y) in zip(there, found, strict=True):
        style = {"textcoords": "offset points", "xytext": (0, above), "ha": "center"}
        axis.annotate(str(size), (x, y), color=color, fontsize=10, **style)


def points(axis: Axes, rows: list[dict[str, Any]], **style: Any) -> list[tuple[float, float]]:
    """
    Draws a point for each row, and returns where.
    """
    costs = [row["runs"][0]["multiply_adds"] / 1e6 for row in rows]
    found = [spread(row, "test") for row in rows]
    means, deviations = ([100 * value for value in part] for part in zip(*found, strict=True))
    axis.errorbar(costs, means, yerr=deviations, **style)
    return list(zip(costs, means, strict=True))
