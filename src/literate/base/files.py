"""Files as people write and read them: an error names the file, and nothing is half written.

A file of a project may come from a stranger: it is read only if it is a regular file, of no more
than `LIMIT` bytes, that lies where the project says, not where a symbolic link leads out of it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from literate.base.errors import LiterateError

#: Bytes of a text, a map or a drawing: far above any that a person wrote.
LIMIT = 32 * 2**20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a person wrote, and the name by which messages call it.

    `roots` are the folders that it has to lie in, if that matters; `content` is what it held when
    it was read, where that is to hold for all that reads it afterwards.
    """

    path: Path
    shown: str
    roots: tuple[Path, ...] = ()
    content: bytes | None = None

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

    def loaded(self, what: str) -> SourceFile:
        """The file with its content at hand; raises as `read_text` does."""
        return replace(self, content=self.read_bytes(what))

    def read_bytes(self, what: str) -> bytes:
        """The bytes of a file; raises as `read_text` does."""
        if self.content is not None:
            return self.content
        self.check_place()
        try:
            with open(self.path, "rb", buffering=0, opener=open_at_once) as file:
                status = os.fstat(file.fileno())
                is_regular, is_large = stat.S_ISREG(status.st_mode), status.st_size > LIMIT
                data = file.read() if is_regular and not is_large else b""
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise self.unreadable(error, what) from None
        if not is_regular:
            raise self.error(f"{what} is no regular file", fix="Put a readable file there")
        if is_large:
            raise self.error(
                f"{what} is over {LIMIT >> 20} MiB", fix="Split it, or make it smaller"
            )
        return data

    def check_place(self) -> None:
        """Raise `LiterateError` where a symbolic link leads out of the project."""
        if self.roots and not is_within(self.path, self.roots):
            raise self.stray()

    def stray(self) -> LiterateError:
        """The error of a link out of the project."""
        return self.error(
            f"this leads out of the project, to {real_path(self.path).as_posix()}",
            fix="Put a copy there, or remove it",
        )

    def unreadable(self, error: OSError | ValueError, what: str) -> LiterateError:
        """What the operating system said, as an error of the project."""
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        return self.error(f"{what} cannot be read: {reason}", fix="Put a readable file there")


def open_at_once(path: str, flags: int) -> int:
    """Open a file; a pipe is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def is_within(path: Path, roots: Iterable[Path]) -> bool:
    """Whether a path lies in one of the folders, once all symbolic links are followed."""
    real = real_path(path)
    return any(real.is_relative_to(root) for root in roots)


def strays(folder: Path) -> Iterator[Path]:
    """What lies in a folder, at any depth, as a symbolic link or as no regular file.

    Links are not followed: one may lead to the root of the disk.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from strays(Path(entry))
        elif not entry.is_file(follow_symlinks=False):
            yield Path(entry)


def files_below(folder: Path, ending: str) -> Iterator[Path]:
    """The files in a folder, at any depth, whose names end so, faster than `rglob`."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if name.endswith(ending))


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
        return real_path(path).relative_to(real_path(root)).as_posix()
    except ValueError:
        return path.as_posix()


def path_from(root: Path, path: Path) -> str:
    """The same, but symbolic links stay."""
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return path.as_posix()


def real_path(path: Path) -> Path:
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
