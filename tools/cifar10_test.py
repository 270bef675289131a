"""Says what the stored weights make of CIFAR-10's test images, for the results page.

    python tools/cifar10_test.py --data-dir data

It needs the images, which this repository does not hold, so it is run once for new weights. From
what it writes, test.json and the worst mistakes as small pictures, figures.py draws anywhere.
"""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cifar10_figures
import torch
import tyro
from PIL import Image

from convmixer.augment import normalize
from convmixer.data import DataSet
from convmixer.errors import launch, run_command
from convmixer.images.cifar10 import cifar10
from convmixer.runs.files import write_atomically
from convmixer.runs.record import write_record
from convmixer.weights import load

# How many mistakes are shown
WORST = 20


@dataclass(frozen=True)
class Options:
    """
    Say what the stored weights make of CIFAR-10's test images.
    """

    # The folder with weights.safetensors and the run that they are of.
    records: Path = Path("records/cifar10")
    # The folder that holds CIFAR-10.
    data_dir: Path = Path("data")


def main(arguments: list[str] | None = None) -> int:
    """
    The program

    * `arguments` are the words of the command line; without them, those that Python was
      started with

    Returns the exit code: 0, or 2 for what the user can put right.
    """
    options = tyro.cli(Options, args=arguments, prog="python tools/cifar10_test.py")
    return run_command(lambda: test(options), stopped="Stopped; nothing was written.")


def test(options: Options) -> None:
    """
    From the images to the record.
    """
    data = cifar10(options.data_dir)
    shares = probabilities(options.records / "weights.safetensors", data)
    run = json.loads((options.records / cifar10_figures.RUN / "record.json").read_text())
    found = summary(shares, data.test.labels) | {"epochs": len(run["epochs"])}
    folder = options.records / "worst"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for mistake in found["worst"]:
        pixels = data.test.pixels[mistake["image"]].permute(1, 2, 0).numpy()
        file = BytesIO()
        Image.fromarray(pixels).save(file, format="PNG", optimize=True)
        write_atomically(folder / f"{mistake['image']:04}.png", file.getvalue())
    write_record(options.records / "test.json", found)
    print(f"{found['accuracy']:.2%} of {len(shares):,} right; {options.records / 'test.json'}")


@torch.inference_mode()
def probabilities(weights: Path, data: DataSet) -> torch.Tensor:
    """
    The probability of each class for each test image, `[N, n]`, in float32.
    """
    trained = load(weights)
    parts = data.test.pixels.split(500)
    logits = [trained.model(normalize(part, trained.mean, trained.std)) for part in parts]
    return torch.cat(logits).softmax(dim=1)


def summary(shares: torch.Tensor, labels: torch.Tensor) -> dict[str, Any]:
    """
    Accuracy, confusion matrix, and the wrong answers that were given with most confidence.
    """
    found, answers = shares.max(dim=1)
    classes = shares.shape[1]
    confusion = torch.bincount(labels * classes + answers, minlength=classes**2)
    wrong = (answers != labels).nonzero().flatten()
    order = found[wrong].argsort(descending=True, stable=True)
    return {
        "accuracy": (answers == labels).double().mean().item(),
        "confusion": confusion.view(classes, classes).tolist(),
        "worst": [
            {
                "image": image,
                "label": int(labels[image]),
                "answer": int(answers[image]),
                "probability": round(float(found[image]), 4),
            }
            for image in wrong[order][:WORST].tolist()
        ],
    }


if __name__ == "__main__":
    launch(main)
