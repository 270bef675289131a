"""Files as people write and read them: an error names the file, and nothing is half written."""

from __future__ import annotations

import os
from pathlib import Path

from literate.base.errors import LiterateError


def read_text(path: Path, shown: str, what: str) -> str:
    """The text of a UTF-8 file, its byte-order mark left aside.

    Raises `FileNotFoundError` where there is no file, for the caller knows what that means, and
    `LiterateError` where it cannot be read or is not UTF-8. `what` names it in the message.
    """
    return decode_utf8(read_bytes(path, shown, what), shown, what)


def decode_utf8(data: bytes, shown: str, what: str) -> str:
    """The text of a file's bytes, its byte-order mark left aside.

    Raises `LiterateError` where they are not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LiterateError(
            f"{what} is not UTF-8", file=shown, line=line, fix="Save it as UTF-8"
        ) from None


def read_bytes(path: Path, shown: str, what: str) -> bytes:
    """The bytes of a file.

    Raises as `read_text` does.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(error, shown, what) from None


def unreadable(error: OSError, shown: str, what: str) -> LiterateError:
    """What the operating system said, as an error of the project."""
    reason = (error.strerror or str(error)).lower()
    return LiterateError(
        f"{what} cannot be read: {reason}", file=shown, fix="Put a readable file there"
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the file, then put the new one in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def line_of(file: Path, words: str) -> int | None:
    """The first line of a file that holds the words outside a comment."""
    if not file.is_file():
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if words in line.partition("#")[0]), None)
