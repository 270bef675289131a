"""The digits, CIFAR-10 through torchvision's real loader, and files in every bad state."""

import hashlib
import pickle
import shutil
from difflib import SequenceMatcher
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from convmixer.augment import Augmentation, BatchGenerator, normalize
from convmixer.data import (
    FORMS,
    DataError,
    by_writers,
    channel_statistics,
    digits,
    seed_of,
    shuffled,
)
from convmixer.images.cifar10 import BINARY_FILES, binary, cifar10
from convmixer.recipe import Options


@pytest.fixture
def cifar(tmp_path, write_digits_as_cifar):
    return tmp_path, write_digits_as_cifar(tmp_path)


def message(caught) -> str:
    return str(caught.value)


def test_digits_are_rgb_images_in_the_range_of_bytes():
    images = digits()
    assert images.test.pixels.shape == (450, 3, 32, 32)
    assert images.train.pixels.dtype == images.test.pixels.dtype == torch.uint8
    assert (images.train.pixels.min(), images.train.pixels.max()) == (0, 255)
    assert set(images.test.labels.tolist()) == set(range(10))
    assert images.classes == [str(digit) for digit in range(10)]


def test_digits_still_show_the_originals():
    """Averaged over blocks of 4 x 4, the enlarged digit is close to the original."""
    images, bunch = digits(), load_digits()
    both = torch.cat([images.train.pixels, images.test.pixels])[:, 0].float() / 255 * 16
    small = torch.nn.functional.avg_pool2d(both, 4).flatten(1)
    originals = torch.tensor(bunch.images).float().flatten(1)
    labels = torch.cat([images.train.labels, images.test.labels])
    nearest = torch.cdist(small, originals).argmin(dim=1)
    # Each of ours is nearest to its own original, so the map is a permutation.
    assert (nearest.unique().numel()) > 0.99 * len(originals)
    assert (torch.tensor(bunch.target)[nearest] == labels).float().mean() > 0.999


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_random_split_is_stratified_disjoint_and_repeatable(seed):
    first, again = digits("random", seed), digits("random", seed)
    assert torch.equal(first.test.pixels, again.test.pixels)
    assert torch.equal(first.test.labels, again.test.labels)
    assert len(first.train.labels) + len(first.test.labels) == 1797
    everything = torch.bincount(torch.cat([first.train.labels, first.test.labels]))
    assert everything.tolist() == np.bincount(load_digits().target).tolist()
    held_out = torch.bincount(first.test.labels)
    assert ((held_out / everything - 0.25).abs() * everything <= 1.01).all()


def test_the_forms_begin_where_the_data_say():
    """Each of the 14 is a copy of the first, up to a few digits that were not read."""
    target = load_digits().target.tolist()
    template = target[: FORMS[1]]
    assert template[:30] == list(range(10)) * 3
    for start, end in pairwise([*FORMS, len(target)]):
        assert end - start <= len(template)
        matcher = SequenceMatcher(None, template, target[start:end], autojunk=False)
        blocks = matcher.get_matching_blocks()
        assert sum(block.size for block in blocks) >= end - start - 1
        # It ends where the form ends, at most two digits early, and begins where it begins.
        assert max(block.a + block.size for block in blocks) >= len(template) - 2
        assert blocks[0].a <= 1


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_split_by_writers_parts_whole_forms(seed):
    images = digits("writers", seed)
    bunch = digits("writers", seed)
    assert torch.equal(images.test.pixels, bunch.test.pixels)
    train, test, words = by_writers(load_digits().target, seed)
    assert sorted([*train, *test]) == list(range(1797))
    bounds = [*FORMS, 1797]
    forms = [set(range(start, end)) for start, end in pairwise(bounds)]
    held_out = [n for n, form in enumerate(forms, 1) if form <= set(test)]
    assert sum(len(forms[n - 1]) for n in held_out) == len(test)
    assert len(held_out) == 3
    assert f"forms {held_out[0]}, {held_out[1]}, {held_out[2]} of 14" in words
    assert images.split == words


def test_another_split_seed_holds_out_other_digits_and_says_so():
    one, two = digits("random", 1), digits("random", 2)
    assert not torch.equal(one.test.pixels, two.test.pixels)
    assert "seed 1" in one.split
    assert "seed 2" in two.split


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), low=st.integers(0, 200), span=st.integers(1, 55))
def test_channel_statistics_equal_numpys(seed, low, span):
    generator = np.random.default_rng(seed)
    shape = (5, 3, 6, 4)
    images = generator.integers(low, low + span + 1, shape, dtype=np.uint8)
    mean, std = channel_statistics(torch.from_numpy(images))
    expected = images.astype(np.float64) / 255
    np.testing.assert_allclose(mean, expected.mean(axis=(0, 2, 3)), atol=1e-12)
    np.testing.assert_allclose(std, expected.std(axis=(0, 2, 3)), atol=1e-7)


def test_the_images_are_normalized_by_the_training_images_alone():
    images = digits()
    floats = normalize(images.train.pixels, images.mean, images.std)
    torch.testing.assert_close(floats.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(floats.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-4, rtol=0)


def test_training_digits_are_shifted_and_never_mirrored():
    images = digits()
    augment = Augmentation(Options(), images.mean, images.std)
    torch.manual_seed(0)
    digit = images.train.pixels[:1]
    plain = normalize(digit, augment.mean, augment.std)[0]
    padded = torch.nn.functional.pad(plain, (2, 2, 2, 2), value=plain.min())
    shifts = [padded[:, i : i + 32, j : j + 32] for i in range(5) for j in range(5)]
    seen = set()
    for image in augment(digit.expand(60, -1, -1, -1), BatchGenerator(60)):
        matches = [k for k, shift in enumerate(shifts) if torch.allclose(image, shift)]
        assert matches
        seen.update(matches)
    assert len(seen) > 10


def test_batches_bring_the_images_that_are_asked_for():
    images = digits().train
    order = shuffled(len(images.labels), 100, seed=3)
    assert sorted(torch.cat(order).tolist()) == list(range(len(images.labels)))
    assert [len(numbers) for numbers in order] == [100] * 13 + [47]
    for numbers, (pixels, labels) in zip(order, images.batches(order, seed=0), strict=True):
        assert torch.equal(pixels, images.pixels[numbers])
        assert torch.equal(labels, images.labels[numbers])
    assert not torch.equal(order[0], shuffled(len(images.labels), 100, seed=4)[0])


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3))
def test_every_occasion_has_a_seed_of_its_own(numbers):
    seed = seed_of(*numbers)
    assert 0 <= seed < 2**63
    assert seed == seed_of(*numbers) != seed_of(*numbers[:-1], numbers[-1] + 1)
    torch.manual_seed(seed)


def test_cifar_is_read_by_torchvisions_loader(cifar):
    root, source = cifar
    images = cifar10(root, source=source)
    assert (len(images.train.labels), len(images.test.labels)) == (200, 40)
    assert images.classes[:3] == ["zero", "one", "two"]
    target = load_digits().target
    assert images.train.labels.tolist() == target[:200].tolist()
    assert images.test.labels.tolist() == target[200:240].tolist()
    # Red is the digit, green its negative, blue half of it; rows are rows.
    digit = torch.from_numpy(np.kron(load_digits().images[200], np.ones((4, 4))) * 15)
    red, green, blue = images.test.pixels[0]
    assert torch.equal(red, digit.to(torch.uint8))
    assert torch.equal(green, 255 - digit.to(torch.uint8))
    assert torch.equal(blue, digit.to(torch.uint8) // 2)


def test_a_missing_set_says_where_it_looked_and_what_to_run(tmp_path):
    with pytest.raises(DataError) as caught:
        cifar10(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere" / "cifar-10-batches-py") in message(caught)
    assert "no such folder" in message(caught)
    assert f"--dataset cifar10 --download --data-dir {tmp_path / 'nowhere'}" in message(caught)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_with_a_space_can_be_pasted(tmp_path):
    with pytest.raises(DataError, match=r"--data-dir '.*/my data'"):
        cifar10(tmp_path / "my data")


@pytest.mark.parametrize("name", ["data_batch_3", "test_batch", "batches.meta"])
def test_a_missing_file_is_named(cifar, name):
    root, source = cifar
    (root / source.base_folder / name).unlink()
    with pytest.raises(DataError, match=f"no {name} in it"):
        cifar10(root, source=source)


@pytest.mark.parametrize("name", ["data_batch_5", "test_batch", "batches.meta"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "empty"])
def test_a_damaged_file_is_named(cifar, name, damage):
    root, source = cifar
    path = root / source.base_folder / name
    content = path.read_bytes()
    half = len(content) // 2
    changed = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
    path.write_bytes({"truncated": content[:half], "changed": changed, "empty": b""}[damage])
    with pytest.raises(DataError) as caught:
        cifar10(root, source=source)
    assert str(path) in message(caught)
    assert "damaged" in message(caught)
    assert "--download" in message(caught)


def without_checksums(source):
    class Unchecked(source):
        train_list: ClassVar = [[name, None] for name, _ in source.train_list]
        test_list: ClassVar = [[name, None] for name, _ in source.test_list]
        meta: ClassVar = source.meta | {"md5": None}

    return Unchecked


@pytest.mark.parametrize("name", ["data_batch_2", "test_batch", "batches.meta"])
@pytest.mark.parametrize("content", [b"", b"not a pickle", None])
def test_a_pickle_that_cannot_be_read_is_named_without_checksums(cifar, name, content):
    root, source = cifar
    path = root / source.base_folder / name
    path.write_bytes(path.read_bytes()[:-20] if content is None else content)
    with pytest.raises(DataError) as caught:
        cifar10(root, source=without_checksums(source))
    assert f"{path} cannot be read" in message(caught)


def test_a_pickle_of_something_else_is_an_error_too(cifar):
    root, source = cifar
    path = root / source.base_folder / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": "none"}))
    with pytest.raises(DataError, match="cannot be read"):
        cifar10(root, source=without_checksums(source))


def test_download_unpacks_an_archive_that_is_there_without_network(cifar):
    root, source = cifar
    shutil.rmtree(root / source.base_folder)
    images = cifar10(root, download=True, source=source)
    assert len(images.train.labels) == 200


def test_download_mends_a_damaged_file_from_the_archive(cifar):
    root, source = cifar
    (root / source.base_folder / "data_batch_1").write_bytes(b"")
    assert len(cifar10(root, download=True, source=source).train.labels) == 200


def test_download_leaves_a_whole_set_alone(cifar):
    root, source = cifar
    (root / source.filename).unlink()
    assert len(cifar10(root, download=True, source=source).train.labels) == 200


def test_a_broken_archive_is_named_and_kept(cifar):
    root, source = cifar
    shutil.rmtree(root / source.base_folder)
    archive = root / source.filename
    archive.write_bytes(archive.read_bytes()[:1000])
    with pytest.raises(DataError) as caught:
        cifar10(root, download=True, source=source)
    assert f"the archive {archive} is damaged" in message(caught)
    assert "Delete it" in message(caught)
    assert archive.stat().st_size == 1000


def test_an_archive_that_does_not_unpack_is_named(cifar):
    root, source = cifar
    shutil.rmtree(root / source.base_folder)
    archive = root / source.filename
    archive.write_bytes(b"this is no archive")

    class AnyArchive(source):
        tgz_md5 = None

    with pytest.raises(DataError) as caught:
        cifar10(root, download=True, source=AnyArchive)
    assert str(archive) in message(caught)


def test_no_network_says_what_to_do_by_hand(tmp_path, write_digits_as_cifar):
    source = write_digits_as_cifar(tmp_path / "made")
    with pytest.raises(DataError) as caught:
        cifar10(tmp_path / "data", download=True, source=source)
    assert source.url in message(caught)
    assert str(tmp_path / "data" / source.filename) in message(caught)


def test_a_file_in_the_place_of_the_folder(tmp_path, write_digits_as_cifar):
    (tmp_path / "data").write_text("")
    source = write_digits_as_cifar(tmp_path / "made")
    for download in (False, True):
        with pytest.raises(DataError, match=str(tmp_path / "data")):
            cifar10(tmp_path / "data", download=download, source=source)


@pytest.fixture
def binary_cifar(tmp_path):
    """Six small files in the binary version's format, and what stands in them."""
    rows = np.random.default_rng(0).integers(0, 256, (6, 7, 3073), dtype=np.uint8)
    rows[:, :, 0] %= 10
    files = {}
    for name, part in zip(BINARY_FILES, rows, strict=True):
        (tmp_path / name).write_bytes(part.tobytes())
        files[name] = hashlib.md5(part.tobytes()).hexdigest()
    return tmp_path, files, rows


def test_the_binary_version_is_read_row_by_row(binary_cifar):
    folder, files, rows = binary_cifar
    images = binary(folder, files)
    train, test = rows[:5].reshape(-1, 3073), rows[5]
    assert images.train.labels.tolist() == train[:, 0].tolist()
    assert images.test.labels.tolist() == test[:, 0].tolist()
    assert images.test.pixels.numpy().reshape(7, -1).tolist() == test[:, 1:].tolist()
    # The planes are red, green and blue, so the first mean is that of the first 1,024.
    assert images.mean[0] == pytest.approx(train[:, 1:1025].mean() / 255)
    assert len(images.classes) == 10


@pytest.mark.parametrize("name", ["data_batch_3.bin", "test_batch.bin"])
def test_a_damaged_or_missing_binary_file_is_named(binary_cifar, name):
    folder, files, _ = binary_cifar
    content = bytearray((folder / name).read_bytes())
    content[5000] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match="damaged") as caught:
        binary(folder, files)
    assert name in message(caught)
    (folder / name).unlink()
    with pytest.raises(DataError, match=f"no {name} in it"):
        binary(folder, files)
