"""The results of CIFAR-10: page, records, weights and photographs say the same."""

import json
import re
import shlex
import shutil
import socket

import cifar10_figures
import figures
import numpy as np
import pytest
import torch
from PIL import Image
from support import ROOT

from convmixer import predict
from convmixer.augment import normalize
from convmixer.comparison import CIFAR10_ROWS
from convmixer.images.cifar10 import CLASSES
from convmixer.weights import load

FOLDER = ROOT / "records/cifar10"
PAGE = (ROOT / "docs/results.md").read_text(encoding="utf-8")


def read(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run():
    return read(f"{cifar10_figures.RUN}/record")


@pytest.fixture(scope="module")
def weights():
    return load(FOLDER / "weights.safetensors")


def row(first):
    """The cells of a row of the page, above the digits."""
    above = PAGE.partition(figures.DIVIDE)[0]
    found = re.search(rf"^ *\| {re.escape(first)} \|(.*)\|$", above, re.MULTILINE)
    return [cell.strip() for cell in found[1].split("|")]


def test_the_run_is_the_authors_recipe(run):
    assert "--preset cifar10-25" in run["command"]
    assert (run["parameters"], run["data"]["train"], run["data"]["test"]) == (594186, 50000, 10000)
    assert run["options"]["epochs"] == 25
    finished = len(run["epochs"]) == 25
    assert (run["status"] == "finished") == finished
    # An unfinished run can be gone on with.
    checkpoints = list((FOLDER / cifar10_figures.RUN / "checkpoints").glob("step-*.pt"))
    assert len(checkpoints) == (0 if finished else 1)


def test_every_epoch_is_on_the_page_beside_the_authors(run):
    theirs = read("published")["epochs"]
    assert len(theirs) == 25
    assert (theirs[0]["accuracy"], theirs[24]["accuracy"]) == (0.5418, 0.9260)
    assert row("epochs")[0] == f"${len(run['epochs'])}$ of $25$"
    for number in range(1, 26):
        loss, ours, test, training = row(f"${number}$")
        assert test == f"${100 * theirs[number - 1]['accuracy']:.2f}$"
        assert training == f"${100 * theirs[number - 1]['train_accuracy']:.2f}$"
        if number <= len(run["epochs"]):
            epoch = run["epochs"][number - 1]
            assert epoch["epoch"] == number
            assert ours == f"${100 * epoch['accuracy']:.2f}$"
            assert loss == f"${epoch['loss']:.3f}$"
        else:
            assert loss == ours == cifar10_figures.NOT_YET


def test_the_comparison_is_on_the_page():
    record = read("comparison")
    assert record["precision"] == "bfloat16"
    assert record["hardware"]["device"] == "NVIDIA H100 80GB HBM3"
    for name, options in CIFAR10_ROWS.items():
        cells = row(name)
        if name not in record["rows"]:
            assert record["to_do"] > 0
            assert set(cells) == {cifar10_figures.NOT_YET}
            continue
        found = record["rows"][name]
        assert found["options"] == options
        assert cells[1] == f"${len(found['runs'])}$"
        mean = 100 * np.mean([run["accuracy"] for run in found["runs"]])
        assert cells[0].startswith(f"${mean:.2f}")
    assert row("kernel size 5") == row("patch size 2") == row("ConvMixer")


def test_the_runs_on_a_gpu_are_on_the_page(run):
    """Their mean and spread, computed here from the records, and the long run's accuracy."""
    runs = [read(f"h100/cifar10-25-seed-{seed}") for seed in range(3)]
    for number, one in enumerate(runs):
        differ = {name for name, value in run["options"].items() if one["options"][name] != value}
        assert differ <= {"seed", "name", "precision", "resume", "threads"}
        assert (one["options"]["seed"], one["status"], len(one["epochs"])) == (
            number,
            "finished",
            25,
        )
    accuracies = np.array([100 * one["accuracy"] for one in runs])
    assert row("accuracy after as many epochs, %")[1] == spread(accuracies)
    long = [read(f"h100/cifar10-100-seed-{seed}") for seed in range(3)]
    for number, one in enumerate(long):
        assert (one["options"]["preset"], one["options"]["seed"]) == ("cifar10-100", number)
        assert (one["status"], len(one["epochs"])) == ("finished", 100)
    accuracies = np.array([100 * one["accuracy"] for one in long])
    assert row("accuracy after $100$ epochs, %")[0] == spread(accuracies)


def spread(values):
    return rf"${values.mean():.2f} \pm {values.std(ddof=1):.2f}$"


def test_patches_of_one_pixel_are_on_the_page_beside_those_of_two():
    """The same recipe, and multiply-adds counted here: (k² + h) h for each token of a layer."""
    for k, p, name in ((5, 2, "cifar10-25-seed-0"), (9, 1, "cifar10-25-k9-p1-seed-0")):
        run = read(f"h100/{name}")
        options = run["options"]
        assert (options["kernel_size"], options["patch_size"]) == (k, p)
        assert (options["preset"], run["status"], len(run["epochs"])) == (
            "cifar10-25",
            "finished",
            25,
        )
        accuracy, parameters, products, seconds = row(f"$k = {k}$, $p = {p}$")
        assert parameters == f"${run['parameters']:,}$".replace(",", "{,}")
        tokens = (32 // p) ** 2
        counted = tokens * (8 * 256 * (k**2 + 256) + 256 * 3 * p**2) + 256 * 10
        assert products == f"${counted / 1e6:.0f}$"
        later = sorted(epoch["seconds"] for epoch in run["epochs"][1:])
        assert later[11] <= float(seconds[1:-1]) + 0.05 and float(seconds[1:-1]) - 0.05 <= later[12]
        if k == 9:
            assert accuracy == f"${100 * run['accuracy']:.2f}$"


def test_a_run_that_has_come_further_makes_another_page(tmp_path, run):
    shutil.copytree(FOLDER, tmp_path / "cifar10", ignore=shutil.ignore_patterns("*.pt"))
    path = tmp_path / "cifar10" / cifar10_figures.RUN / "record.json"
    epochs = [
        {"epoch": n, "loss": 0.1, "accuracy": 0.5 + n / 100, "seconds": 60.0} for n in range(1, 26)
    ]
    for count in (1, 25):
        path.write_text(json.dumps(run | {"epochs": epochs[:count]}))
        records = cifar10_figures.read(tmp_path / "cifar10")
        cells = cifar10_figures.cells(records)
        assert cells["epochs"] == [f"${count}$ of $25$"]
        assert cells["accuracy after as many epochs, %"][0] == f"${50 + count}.00$"
        assert (cells["$25$"][1] == "$75.00$") == (count == 25)
        above, below = cifar10_figures.curves(records).axes
        assert [len(line.get_xdata()) for line in above.lines] == [count, 25, 25]
        assert [len(line.get_xdata()) for line in below.lines] == [count]


def test_what_the_weights_make_of_the_test_images_is_whole(run):
    test = read("test")
    confusion = np.array(test["confusion"])
    assert confusion.sum(axis=1).tolist() == [1000] * 10
    assert confusion.trace() / 10000 == pytest.approx(test["accuracy"])
    # The weights are those of an epoch of the run. They were tested in float32.
    assert row("epochs of the weights shown below")[0] == f"${test['epochs']}$"
    assert test["accuracy"] == pytest.approx(
        run["epochs"][test["epochs"] - 1]["accuracy"], abs=5e-3
    )
    assert [one["probability"] for one in test["worst"]] == sorted(
        (one["probability"] for one in test["worst"]), reverse=True
    )
    names = {f"{one['image']:04}.png" for one in test["worst"]}
    assert {path.name for path in (FOLDER / "worst").iterdir()} == names


def test_the_worst_mistakes_are_the_mistakes_of_the_stored_weights(weights):
    worst = read("test")["worst"]
    files = [FOLDER / "worst" / f"{one['image']:04}.png" for one in worst]
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    with torch.inference_mode():
        shares = weights.model(normalize(images, weights.mean, weights.std)).softmax(dim=1)
    found, answers = shares.max(dim=1)
    assert answers.tolist() == [one["answer"] for one in worst]
    assert all(one["answer"] != one["label"] for one in worst)
    assert found.tolist() == pytest.approx([one["probability"] for one in worst], abs=1e-3)


def test_the_weights_say_what_they_are(weights):
    assert weights.name() == "ConvMixer-256/8"
    assert weights.classes == CLASSES
    assert weights.mean == pytest.approx([0.49139968, 0.48215841, 0.44653091], abs=1e-6)


def test_the_command_of_the_page_reads_three_photographs_offline(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("asked the network"))
    command = re.search(r"^python -m convmixer\.predict .*$", PAGE, re.MULTILINE)[0]
    words = shlex.split(command)[3:]
    assert predict.main(words) == 0
    answers = re.findall(
        r"^docs/try/cifar10/(\d+)\.png\n +[\d.]+%  (\w+)$", capsys.readouterr().out, re.MULTILINE
    )
    demo = (ROOT / "docs/demo.md").read_text(encoding="utf-8")
    labels = dict(re.findall(r'cifar10/(\d+)\.png"[^>]*><span>(\w+)</span>', demo))
    assert len(answers) == 3
    assert dict(answers) == {index: labels[index] for index, _ in answers}
