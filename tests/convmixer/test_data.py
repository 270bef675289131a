"""The digits, CIFAR-10 through torchvision's real loader, and files in every bad state."""

import pickle
import shutil
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from torchvision.transforms import v2

from convmixer.data import DataError, channel_statistics, cifar10, digits


@pytest.fixture
def cifar(tmp_path, write_digits_as_cifar):
    return tmp_path, write_digits_as_cifar(tmp_path)


def message(caught) -> str:
    return str(caught.value)


def test_digits_are_rgb_images_in_the_range_of_bytes():
    images = digits()
    image, label = images.test[0]
    assert image.shape == (3, 32, 32)
    assert image.dtype == torch.float32
    assert 0 <= label <= 9
    assert images.train.images.dtype == torch.uint8
    assert (images.train.images.min(), images.train.images.max()) == (0, 255)
    assert images.classes == [str(digit) for digit in range(10)]


def test_digits_still_show_the_originals():
    """Averaged over blocks of 4 x 4, the enlarged digit is close to the original."""
    images, bunch = digits(), load_digits()
    both = torch.cat([images.train.images, images.test.images])[:, 0].float() / 255 * 16
    small = torch.nn.functional.avg_pool2d(both, 4).flatten(1)
    originals = torch.tensor(bunch.images).float().flatten(1)
    labels = torch.cat([images.train.labels, images.test.labels])
    nearest = torch.cdist(small, originals).argmin(dim=1)
    # Each of ours is nearest to its own original, so the map is a permutation.
    assert (nearest.unique().numel()) > 0.99 * len(originals)
    assert (torch.tensor(bunch.target)[nearest] == labels).float().mean() > 0.999


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.1, 0.25, 0.5]))
def test_the_split_is_stratified_disjoint_and_repeatable(seed, share):
    first, again = digits(seed, share), digits(seed, share)
    assert torch.equal(first.test.images, again.test.images)
    assert torch.equal(first.test.labels, again.test.labels)
    assert len(first.train) + len(first.test) == 1797
    everything = torch.bincount(torch.cat([first.train.labels, first.test.labels]))
    assert everything.tolist() == np.bincount(load_digits().target).tolist()
    held_out = torch.bincount(first.test.labels)
    assert ((held_out / everything - share).abs() * everything <= 1.01).all()


def test_another_split_seed_holds_out_other_digits_and_says_so():
    one, two = digits(1), digits(2)
    assert not torch.equal(one.test.images, two.test.images)
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
    normalize = images.test.transform
    floats = torch.stack([normalize(image) for image in images.train.images])
    torch.testing.assert_close(floats.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(floats.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-4, rtol=0)


def test_training_digits_are_shifted_and_never_mirrored():
    images = digits()
    torch.manual_seed(0)
    plain = images.test.transform(images.train.images[0])
    background = plain.min()
    padded = torch.nn.functional.pad(plain, (2, 2, 2, 2), value=background)
    shifts = [padded[:, i : i + 32, j : j + 32] for i in range(5) for j in range(5)]
    seen = set()
    for _ in range(60):
        image, _ = images.train[0]
        matches = [k for k, shift in enumerate(shifts) if torch.allclose(image, shift)]
        assert matches
        seen.update(matches)
    assert len(seen) > 10
    test_image, _ = images.test[0]
    assert torch.equal(test_image, images.test[0][0])


def test_cifar_is_read_by_torchvisions_loader(cifar):
    root, source = cifar
    images = cifar10(root, source=source)
    assert (len(images.train), len(images.test)) == (200, 40)
    assert images.classes[:3] == ["zero", "one", "two"]
    target = load_digits().target
    assert images.train.labels.tolist() == target[:200].tolist()
    assert images.test.labels.tolist() == target[200:240].tolist()
    # Red is the digit, green its negative, blue half of it; rows are rows.
    digit = torch.from_numpy(np.kron(load_digits().images[200], np.ones((4, 4))) * 15)
    red, green, blue = images.test.images[0]
    assert torch.equal(red, digit.to(torch.uint8))
    assert torch.equal(green, 255 - digit.to(torch.uint8))
    assert torch.equal(blue, digit.to(torch.uint8) // 2)


def test_cifar_is_augmented_as_the_authors_say(cifar):
    root, source = cifar
    steps = cifar10(root, source=source).train.transform.transforms
    kinds = [type(step) for step in steps]
    assert kinds[:2] == [v2.RandomHorizontalFlip, v2.RandAugment]
    assert (steps[1].num_ops, steps[1].magnitude) == (2, 12)


def test_cifar_trains_and_tests_in_the_same_form(cifar):
    root, source = cifar
    images = cifar10(root, source=source)
    for part in (images.train, images.test):
        for index in range(30):
            image, label = part[index]
            assert image.shape == (3, 32, 32)
            assert image.dtype == torch.float32
            assert image.isfinite().all()
            assert isinstance(label, int)


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
    assert len(images.train) == 200


def test_download_mends_a_damaged_file_from_the_archive(cifar):
    root, source = cifar
    (root / source.base_folder / "data_batch_1").write_bytes(b"")
    assert len(cifar10(root, download=True, source=source).train) == 200


def test_download_leaves_a_whole_set_alone(cifar):
    root, source = cifar
    (root / source.filename).unlink()
    assert len(cifar10(root, download=True, source=source).train) == 200


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
