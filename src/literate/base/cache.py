"""Results of earlier builds, found by the hash of everything that they were made from.

A key names everything that goes into a result: the bytes of the files, and the version of the
engine and of the libraries that it works with. So an entry is never out of date; one that is not
asked for any more is thrown away.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache

_CHECKSUM = 16  # bytes


def digest(*parts: str | bytes) -> str:
    """The key of what is made of these parts, by this version of the engine."""
    total = blake2b(_versions(), digest_size=20)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


@cache
def _versions() -> bytes:
    """The engine's own files, and all that is installed beside it."""
    total = blake2b(sys.version.encode())
    folder = Path(__file__).parents[1]  # the whole package
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    for name in sorted({Path(str(d._path)).name for d in distributions()}):  # type: ignore[attr-defined]
        total.update(name.encode())
    return total.digest()


class Cache:
    """A folder of results.

    `key` names what all of them may depend on, and an entry made under another key is not found.
    A folder that cannot be written, or an entry that was damaged, costs time, not correctness:
    `complaints` says so, once each.
    """

    def __init__(self, folder: Path, key: str = "") -> None:
        self.complaints: list[str] = []
        self._key = key
        self._started = time.time()
        self._folders: set[Path] = set()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            self._temporary = tempfile.TemporaryDirectory(prefix="literate-")
            self.folder = Path(self._temporary.name)
            self._complain(
                f"the cache {folder} cannot be written ({(error.strerror or '').lower()}): "
                "this build goes without"
            )

    def get(self, key: str) -> Any:
        """What was put under a key, None without that."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        checksum, content = data[:_CHECKSUM], data[_CHECKSUM:]
        if blake2b(content, digest_size=_CHECKSUM).digest() != checksum:
            self._complain("an entry of the cache was damaged: it is made again")
            return None
        with suppress(OSError):
            os.utime(path)
        return pickle.loads(content)  # noqa: S301 - this project's own, checked above

    def has(self, key: str) -> bool:
        """Whether there is something under a key."""
        with suppress(OSError):
            os.utime(self._path(key))
            return True
        return False

    def put(self, key: str, value: Any) -> None:
        """Keep a result. Written beside and moved, so that no reader finds half of it."""
        path = self._path(key)
        content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            if path.parent not in self._folders:
                path.parent.mkdir(exist_ok=True)
                self._folders.add(path.parent)
            temporary.write_bytes(blake2b(content, digest_size=_CHECKSUM).digest() + content)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            self._complain(f"the cache cannot be written: {(error.strerror or '').lower()}")

    def templates(self) -> FileSystemBytecodeCache:
        """Where Jinja keeps the templates that it has compiled."""
        folder = self.folder / "templates"
        folder.mkdir(exist_ok=True)
        return FileSystemBytecodeCache(str(folder))

    def prune(self) -> None:
        """Throw away what this build did not ask for."""
        for path in self.folder.glob("??/*"):
            with suppress(OSError):
                if path.stat().st_mtime < self._started - 1:
                    path.unlink()

    def _path(self, key: str) -> Path:
        name = digest(self._key, key)
        return self.folder / name[:2] / name[2:]

    def _complain(self, message: str) -> None:
        if message not in self.complaints:
            self.complaints.append(message)


class _NoCache(Cache):
    """Keeps nothing."""

    def __init__(self) -> None:
        self.complaints = []

    def get(self, key: str) -> Any:
        return None

    def put(self, key: str, value: Any) -> None:
        pass


NO_CACHE: Cache = _NoCache()
