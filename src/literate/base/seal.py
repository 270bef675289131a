"""Files that only this user's own builds can have written: signed with a key outside of projects.

A cache lies in the project's folder, and may come with it from a stranger. What is read back from
there may be believed, and even unpickled, only because nobody else can sign it.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path
from tempfile import NamedTemporaryFile

_SIZE = 32  # bytes, of the key and of a signature


def seal(name: str, content: bytes) -> bytes:
    """The content, signed to be what lies under that name."""
    return _signature(name, content) + content


def unseal(name: str, data: bytes) -> bytes | None:
    """What was sealed under that name, None where anything of it is not as it was."""
    signature, content = data[:_SIZE], data[_SIZE:]
    return content if compare_digest(signature, _signature(name, content)) else None


def _signature(name: str, content: bytes) -> bytes:
    named = name.encode("utf-8", "surrogatepass")
    total = blake2b(len(named).to_bytes(8, "little") + named, key=_key(), digest_size=_SIZE)
    total.update(content)
    return total.digest()


@cache
def _key() -> bytes:
    """The user's key, made at the first build; where it cannot be kept, it is this process's."""
    with suppress(OSError, RuntimeError):  # there may be no home folder
        path = _folder() / "key"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Linked into place when it is whole: of two first builds, one makes the key of both.
        if not path.exists():
            with suppress(OSError), NamedTemporaryFile(prefix="key.", dir=path.parent) as fresh:
                fresh.write(secrets.token_bytes(_SIZE))
                fresh.flush()
                os.link(fresh.name, path)
        for left in path.parent.glob("key.*"):  # by a build that was killed meanwhile
            left.unlink(missing_ok=True)
        key = path.read_bytes()
        if len(key) == _SIZE:
            return key
    return secrets.token_bytes(_SIZE)


def _folder() -> Path:
    """Where programs keep what they can do without, in the user's own folders."""
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(named) / "literate" if named else Path("~/.cache/literate").expanduser()
