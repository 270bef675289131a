"""One thread, and scikit-learn's digits in CIFAR-10's own format, for the real loader to read."""

import functools
import hashlib
import pickle
import shutil
import tarfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import sklearn.datasets
import torch
from torchvision.datasets import CIFAR10

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

# Models and images are tiny, and threads would only wait for each other, many times as long
# where other programs run.
torch.set_num_threads(1)

# Hundreds of tests read the digits, which their file takes a while to give.
sklearn.datasets.load_digits = functools.cache(sklearn.datasets.load_digits)


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def write(root: Path, per_batch: int) -> type[CIFAR10]:
    """
    Five training batches, a test batch and their description under `root`, and a subclass of
    torchvision's loader that knows their checksums. Red holds the digit, green its negative,
    blue half of it, so that a mix-up of channels or axes would show.
    """
    folder = root / CIFAR10.base_folder
    folder.mkdir(parents=True)
    bunch = sklearn.datasets.load_digits()
    images = np.kron(bunch.images, np.ones((4, 4))) * 15
    flat = images.astype(np.uint8).reshape(len(images), -1)
    pixels = np.hstack([flat, 255 - flat, flat // 2])

    batches = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for number, name in enumerate(batches):
        part = slice(number * per_batch, (number + 1) * per_batch)
        content = {
            "batch_label": name,
            "labels": bunch.target[part].tolist(),
            "data": pixels[part],
            "filenames": [f"{name}-{index}.png" for index in range(per_batch)],
        }
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    meta = {"label_names": NAMES, "num_cases_per_batch": per_batch, "num_vis": 3072}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))

    archive = root / CIFAR10.filename
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, arcname=folder.name)

    class DigitsAsCifar(CIFAR10):
        # A port on which nothing listens: a test never waits for a network
        url = "http://127.0.0.1:9/cifar-10-python.tar.gz"
        tgz_md5 = md5(archive)
        train_list: ClassVar = [[name, md5(folder / name)] for name in batches[:-1]]
        test_list: ClassVar = [["test_batch", md5(folder / "test_batch")]]
        meta: ClassVar = CIFAR10.meta | {"md5": md5(folder / "batches.meta")}

    return DigitsAsCifar


@pytest.fixture(scope="session")
def write_digits_as_cifar(tmp_path_factory):
    """Writes them to a folder: copies of what is made once."""

    @functools.cache
    def made(per_batch: int) -> tuple[Path, type[CIFAR10]]:
        folder = tmp_path_factory.mktemp("cifar")
        return folder, write(folder, per_batch)

    def copy(root: Path, per_batch: int = 40) -> type[CIFAR10]:
        folder, source = made(per_batch)
        shutil.copytree(folder, root, dirs_exist_ok=True)
        return source

    return copy


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working folder, and a home of its own."""
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory):
    """A folder for all examples of a test, which hypothesis wants to last as long as they do."""
    return tmp_path_factory.mktemp("shared")
