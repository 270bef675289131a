"""Images in folders, read by no, one or two workers, and folders and files in bad states."""

import multiprocessing
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as tv

from convmixer.data import IMAGENET, DataError, DataSet
from convmixer.devices.machine import Machine
from convmixer.images import folders
from convmixer.images.folders import image_folders
from convmixer.model import ConvMixer
from convmixer.recipe import Options
from convmixer.runs.options import check
from convmixer.training import evaluate

SIZE = 16


def paint(path: Path, height: int, width: int, seed: int, mode: str = "RGB") -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path)


@pytest.fixture
def root(tmp_path):
    """Three classes, of which one has grey, transparent and tiny images."""
    for number, part in enumerate(("train", "val")):
        for seed in range(3):
            name = f"{seed}.png" if seed else "0.JPEG"
            paint(tmp_path / part / "ant" / name, 24 + seed, 30, 10 * number + seed)
            paint(tmp_path / part / "bee" / f"{seed}.jpg", 20, 18 + seed, 50 + seed)
        paint(tmp_path / part / "cat" / "grey.png", 20, 20, 1, "L")
        paint(tmp_path / part / "cat" / "transparent.png", 9, 40, 2, "RGBA")
        paint(tmp_path / part / "cat" / "palette.png", 1, 1, 3, "P")
        (tmp_path / part / "cat" / "notes.txt").write_text("no image")
    return tmp_path


def options(root: Path, **changes) -> Options:
    usual = Options(
        dataset="imagefolder", data_dir=root, image_size=SIZE, scale=0.3, shift=0, workers=0
    )
    made = replace(usual, **changes)
    check(made)
    return made


def read(images: DataSet, part: str = "train", seed: int = 1, size: int = 4):
    source = getattr(images, part)
    order = list(torch.arange(len(source.labels)).split(size))
    return order, list(source.batches(order, seed))


def pixels(images: DataSet, part: str = "train", seed: int = 1, size: int = 4) -> torch.Tensor:
    return torch.cat([batch for batch, _ in read(images, part, seed, size)[1]])


@pytest.fixture
def two_cores(monkeypatch):
    """Workers are at most as many as cores, of which the test machine may have one."""
    monkeypatch.setattr(folders, "cores", lambda: 2)


def test_batches_are_squares_of_bytes_with_the_classes_of_their_folders(root):
    images = image_folders(options(root))
    assert images.classes == ["ant", "bee", "cat"]
    assert (images.mean, images.std) == IMAGENET
    assert images.split == "folders train and val"
    for part in ("train", "val"):
        source = images.train if part == "train" else images.test
        assert source.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for part in ("train", "test"):
        order, batches = read(images, part)
        assert [len(batch) for batch, _ in batches] == [4, 4, 1]
        for numbers, (batch, labels) in zip(order, batches, strict=True):
            assert batch.dtype == torch.uint8
            assert batch.shape == (len(numbers), 3, SIZE, SIZE)
            assert torch.equal(labels, getattr(images, part).labels[numbers])


def test_images_come_in_the_order_that_is_asked_for(root):
    source = image_folders(options(root)).train
    order = [torch.tensor([8, 0]), torch.tensor([4])]
    batches = list(source.batches(order, seed=5))
    assert [labels.tolist() for _, labels in batches] == [[2, 0], [1]]
    alone = list(source.batches([torch.tensor([4])], seed=5))
    assert torch.equal(alone[0][0], batches[1][0])


def test_a_held_out_image_is_its_middle(root):
    images = image_folders(options(root))
    found = pixels(images, "test", seed=1)
    assert torch.equal(found, pixels(images, "test", seed=2))
    for (path, _), ours in zip(images.test.listing.samples, found, strict=True):
        with Image.open(path) as image:
            resized = tv.resize(image.convert("RGB"), [17])
            middle = tv.pil_to_tensor(tv.center_crop(resized, [SIZE, SIZE]))
        assert torch.equal(ours, middle)


@pytest.mark.usefixtures("two_cores")
def test_a_seed_decides_the_crops_whoever_reads(root):
    """And however the batches are cut, and whatever chance did before."""
    alone = image_folders(options(root))
    helped = image_folders(options(root, workers=2))
    assert (alone.train.workers, helped.train.workers) == (0, 2)
    expected = pixels(alone, seed=1)
    torch.manual_seed(99)
    assert torch.equal(pixels(alone, seed=1, size=2), expected)
    assert torch.equal(pixels(helped, seed=1), expected)
    assert torch.equal(pixels(helped, seed=1, size=1), expected)
    other = pixels(helped, seed=2)
    assert torch.equal(other, pixels(alone, seed=2))
    assert not torch.equal(other, expected)


@pytest.mark.usefixtures("two_cores")
def test_the_workers_stay_from_epoch_to_epoch(root):
    images = image_folders(options(root, workers=1))
    alone = image_folders(options(root))
    workers = []
    for seed in (1, 2, 3):
        # An epoch that was not read to its end is in nobody's way.
        next(images.train.batches([torch.tensor([8, 7]), torch.tensor([6])], seed=9))
        assert torch.equal(pixels(images, seed=seed), pixels(alone, seed=seed))
        workers.append({process.pid for process in multiprocessing.active_children()})
    assert workers[0] == workers[1] == workers[2]
    assert len(workers[0]) == 1
    del images
    assert not multiprocessing.active_children()


def test_images_of_an_epoch_are_cropped_apart(tmp_path):
    """Two copies of a file are cut differently, as their numbers differ."""
    for part in ("train", "val"):
        paint(tmp_path / part / "ant" / "0.png", 30, 30, 0)
        shutil.copy(tmp_path / part / "ant" / "0.png", tmp_path / part / "ant" / "1.png")
    one, other = pixels(image_folders(options(tmp_path)))
    assert not torch.equal(one, other)


def test_reading_leaves_the_chance_of_the_training_alone(root):
    source = image_folders(options(root)).train
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    source[0, 1]
    assert torch.equal(torch.rand(4), expected)


def test_a_shade_stays_what_it_is(tmp_path):
    """A square of one shade stays one, wherever it is cut."""
    for part in ("train", "val"):
        (tmp_path / part / "ant").mkdir(parents=True)
        Image.new("RGB", (20, 20), (10, 200, 90)).save(tmp_path / part / "ant" / "0.png")
    images = image_folders(options(tmp_path, scale=1.0))
    for part in ("train", "test"):
        shade = torch.tensor([10, 200, 90], dtype=torch.uint8)[None, :, None, None]
        assert torch.equal(pixels(images, part), shade.expand(1, 3, SIZE, SIZE))


def test_no_more_workers_than_cores(root, monkeypatch):
    monkeypatch.setattr(folders, "cores", lambda: 3)
    assert image_folders(options(root, workers=8)).train.workers == 3
    assert image_folders(options(root, workers=1)).train.workers == 1


def failure(call) -> str:
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "Traceback" not in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_missing_folder_is_named(root, part):
    shutil.rmtree(root / part)
    message = failure(lambda: image_folders(options(root)))
    assert str(root / part) in message
    assert "--data-dir" in message


def test_a_missing_place_is_named(tmp_path):
    message = failure(lambda: image_folders(options(tmp_path / "nowhere")))
    assert str(tmp_path / "nowhere" / "train") in message


def test_a_file_in_the_place_of_a_folder_is_named(root):
    shutil.rmtree(root / "val")
    (root / "val").write_text("")
    assert str(root / "val") in failure(lambda: image_folders(options(root)))


def test_folders_without_classes_are_named(root):
    shutil.rmtree(root / "val")
    (root / "val").mkdir()
    assert str(root / "val") in failure(lambda: image_folders(options(root)))


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_class_without_images_is_named(root, part):
    for path in (root / part / "bee").iterdir():
        path.unlink()
    message = failure(lambda: image_folders(options(root)))
    assert str(root / part / "bee") in message
    assert message.endswith("Put some in, or remove the folder")


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_class_in_only_one_of_them_is_named(root, part):
    paint(root / part / "dog" / "0.png", 20, 20, 0)
    message = failure(lambda: image_folders(options(root)))
    assert "'dog'" in message
    assert str(root) in message


def test_hidden_folders_and_files_are_no_part_of_the_set(root):
    """As Jupyter and macOS leave them, some empty and some with copies."""
    expected = image_folders(options(root))
    (root / "train" / ".ipynb_checkpoints").mkdir()
    paint(root / "val" / ".hidden" / "0.png", 20, 20, 0)
    paint(root / "train" / "ant" / ".ipynb_checkpoints" / "0-checkpoint.png", 20, 20, 0)
    (root / "val" / "bee" / "._0.jpg").write_bytes(b"no image")
    found = image_folders(options(root))
    assert found.classes == expected.classes
    for part in ("train", "test"):
        listings = [getattr(images, part).listing.samples for images in (found, expected)]
        assert listings[0] == listings[1]


def test_hidden_folders_alone_are_no_classes(root):
    for part in ("ant", "bee", "cat"):
        (root / "val" / part).rename(root / "val" / f".{part}")
    assert str(root / "val") in failure(lambda: image_folders(options(root)))


def test_a_process_without_a_held_out_image_has_nothing_to_test(root):
    """Nine images, and ten processes."""
    images, cpu = image_folders(options(root)), Machine(torch.device("cpu"), torch.float32, False)
    model = ConvMixer(2, 1, 3, 8, 3)
    found = [evaluate(model, images, cpu, rank, 10) for rank in range(10)]
    torch.testing.assert_close(sum(found), evaluate(model, images, cpu))
    assert not found[9].any()


def test_the_classes_can_be_sent_to_workers_that_are_started_anew(root):
    """As on macOS and Windows"""
    source = pickle.loads(pickle.dumps(image_folders(options(root)).train))
    assert source.listing.classes == ["ant", "bee", "cat"]


def broken(path: Path, how: str) -> None:
    content = path.read_bytes()
    half = len(content) // 2
    flipped = content[:half] + bytes(byte ^ 255 for byte in content[half : half + 40])
    path.write_bytes(
        {
            "empty": b"",
            "text": b"this is no image",
            "truncated": content[:half],
            "flipped": flipped + content[half + 40 :],
        }[how]
    )


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("how", ["empty", "text", "truncated", "flipped"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_broken_image_is_named(root, workers, how, part):
    path = root / {"train": "train", "test": "val"}[part] / "ant" / "1.png"
    broken(path, how)
    images = image_folders(options(root, workers=workers))
    message = failure(lambda: read(images, part))
    # The workers end at once, and not when the garbage is collected some day.
    assert not multiprocessing.active_children()
    assert message == f"{path} is no image that can be read"


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("workers", [0, 2])
def test_an_image_that_claims_to_be_enormous_is_named(root, workers):
    """A damaged header can ask for more memory than there is. Pillow refuses."""
    path = root / "train" / "bee" / "9.bmp"
    paint(path, 8, 8, 0)
    content = bytearray(path.read_bytes())
    content[18:26] = (100_000).to_bytes(4, "little") * 2
    path.write_bytes(content)
    images = image_folders(options(root, workers=workers))
    assert str(path) in failure(lambda: read(images))


def test_a_file_that_goes_away_is_named(root):
    images = image_folders(options(root))
    (root / "train" / "cat" / "grey.png").unlink()
    assert str(root / "train" / "cat" / "grey.png") in failure(lambda: read(images))
