"""Results of earlier builds, found by the hash of everything that they were made from.

A key names everything that goes into a result: the bytes of the files, and the version of the
engine and of the libraries that it works with. So an entry is never out of date; one that is not
asked for any more is thrown away. What this user's own builds have not written is no entry at all.
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
from stat import S_ISREG
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from literate.base.files import open_at_once
from literate.base.seal import seal, unseal


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


#: What a build says of an entry that it makes again.
_DAMAGED = "an entry of the cache was damaged, or is not of this user's: it is made again"


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
        self._folders: set[str] = set()
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
        content = self._read(self._name(key))
        if content is None:
            return None
        try:
            return pickle.loads(content)  # noqa: S301 - sealed by a build of this user's
        except Exception:  # of another version of a library, say
            self._complain(_DAMAGED)
            return None

    def has(self, key: str) -> bool:
        """Whether there is something under a key."""
        with suppress(OSError):
            os.utime(self._path(self._name(key)))
            return True
        return False

    def put(self, key: str, value: Any) -> None:
        """Keep a result. Written beside and moved, so that no reader finds half of it."""
        self._write(self._name(key), pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))

    def templates(self) -> BytecodeCache:
        """Where Jinja keeps the templates that it has compiled."""
        return _Templates(self)

    def read_template(self, name: str) -> bytes | None:
        """A compiled template."""
        return self._read(f"templates/{name}")

    def write_template(self, name: str, code: bytes) -> None:
        """Keep a compiled template: no build throws it away."""
        self._write(f"templates/{name}", code)

    # A build asks thousands of times: names and paths are texts, of which no path is made.

    def _read(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            with open(path, "rb", buffering=0, opener=open_at_once) as file:
                data = file.read() if S_ISREG(os.fstat(file.fileno()).st_mode) else None
        except OSError:
            data = None
        if data is None:
            return None
        content = unseal(name, data)
        if content is None:
            self._complain(_DAMAGED)
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        temporary = f"{path}.{os.getpid()}"
        try:
            folder = name.partition("/")[0]
            if folder not in self._folders:
                (self.folder / folder).mkdir(exist_ok=True)
                self._folders.add(folder)
            with open(temporary, "wb") as file:  # noqa: PTH123
                file.write(seal(name, content))
            os.replace(temporary, path)  # noqa: PTH105
        except OSError as error:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
            self._complain(f"the cache cannot be written: {(error.strerror or '').lower()}")

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def prune(self) -> None:
        """Throw away what this build did not ask for, and what a killed one left half written."""
        for pattern, before in (("??/*", self._started - 1), ("*/*.*", time.time() - 1)):
            for path in self.folder.glob(pattern):
                with suppress(OSError):
                    if path.stat().st_mtime < before:
                        path.unlink()

    def _name(self, key: str) -> str:
        """What the entry of a key is called in the folder."""
        name = digest(self._key, key)
        return f"{name[:2]}/{name[2:]}"

    def _complain(self, message: str) -> None:
        if message not in self.complaints:
            self.complaints.append(message)


class _Templates(BytecodeCache):
    """Compiled templates, sealed: Jinja's own cache runs whatever lies in its folder."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._cache.read_template(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._cache.write_template(bucket.key, bucket.bytecode_to_string())


class _NoCache(Cache):
    """Keeps nothing."""

    def __init__(self) -> None:
        self.complaints = []

    def get(self, key: str) -> Any:
        return None

    def has(self, key: str) -> bool:
        return False

    def put(self, key: str, value: Any) -> None:
        pass


NO_CACHE: Cache = _NoCache()
