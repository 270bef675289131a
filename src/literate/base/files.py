"""Files as people write and read them: an error names the file, and nothing is half written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from literate.base.errors import LiterateError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a person wrote, and the name by which messages call it."""

    path: Path
    shown: str

    def error(
        self, message: str, *, line: int | None = None, fix: str | None = None
    ) -> LiterateError:
        """What is wrong with the file."""
        return LiterateError(message, file=self.shown, line=line, fix=fix)

    def read_text(self, what: str) -> str:
        """The text of a UTF-8 file, its byte-order mark left aside.

        Raises `FileNotFoundError` where there is no file, for the caller knows what that means, and
        `LiterateError` where it cannot be read or is not UTF-8. `what` names it in the message.
        """
        return decode_utf8(self.read_bytes(what), self.shown, what)

    def read_bytes(self, what: str) -> bytes:
        """The bytes of a file; raises as `read_text` does."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self.unreadable(error, what) from None

    def unreadable(self, error: OSError, what: str) -> LiterateError:
        """What the operating system said, as an error of the project."""
        reason = (error.strerror or str(error)).lower()
        return self.error(f"{what} cannot be read: {reason}", fix="Put a readable file there")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, or the file as a whole."""

    file: SourceFile
    line: int | None = None

    def error(self, message: str, fix: str | None = None) -> LiterateError:
        """What is wrong there."""
        return self.file.error(message, line=self.line, fix=fix)


def shown_from(root: Path, path: Path) -> str:
    """A path as messages show it: relative to the project, with forward slashes."""
    try:
        return _real(path).relative_to(_real(root)).as_posix()
    except ValueError:
        return path.as_posix()


def _real(path: Path) -> Path:
    """The path without symbolic links, where they lead anywhere: unlike `resolve`, it says nothing
    of a loop."""
    return Path(os.path.realpath(path))


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
