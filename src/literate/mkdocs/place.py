"""Where a site is built, and what it may replace: never what no build has made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

from literate.base.errors import LiterateError

#: What every site that the engine has built holds, and no other folder.
_MARK = Path("literate/literate.css")
_LOCK = "lock"


def check_ours(site: Path, shown: str) -> None:
    """Raise `LiterateError` where a folder would be replaced that is no site of the engine's."""
    if site.is_dir() and any(site.iterdir()) and not (site / _MARK).is_file():
        raise LiterateError(
            f"{shown} is no site that was built here, and would be deleted",
            fix="Move what is in it elsewhere, or name another folder in `site_dir`",
        )


@contextmanager
def workshop(site: Path) -> Iterator[Path]:
    """A folder beside the site, for a build of its own, that is gone in the end.

    It is locked for as long as the build lives, and says whose it is.
    """
    clear_away(site)
    while True:
        folder = site.parent / f".site-{token_hex(4)}"
        try:
            folder.mkdir()
            if lock := _locked(folder, site):
                with lock:
                    yield folder
                return
        finally:
            _remove(folder)


def swap(new: Path, site: Path, old: Path) -> None:
    """Put the new site in the old one's place, or the old one back."""
    try:
        if site.exists():
            site.rename(old)
        new.rename(site)
    except BaseException:
        if old.exists() and not site.exists():
            old.rename(site)
        raise


def clear_away(site: Path) -> None:
    """Remove what killed builds of a site have left beside it, and put back what they took."""
    for folder in site.parent.glob(".site-????????"):
        if not folder.is_symlink() and folder.is_dir():
            with suppress(OSError, ValueError):
                _clear(folder, site)


def _clear(folder: Path, site: Path) -> None:
    """Remove a workshop that nobody is in: of this site, or left before it said of which it is."""
    try:
        with (folder / _LOCK).open("r+", encoding="utf-8") as lock:
            if not _hold(lock):
                return
            owner = lock.read()
            if owner == str(site):
                if (folder / "old").is_dir() and not site.exists():
                    (folder / "old").rename(site)
                _remove(folder)
            elif not owner and list(folder.iterdir()) == [folder / _LOCK]:
                _remove(folder)
    except FileNotFoundError:  # it has no lock yet, and whoever was about to make it tries again
        folder.rmdir()


def _locked(folder: Path, site: Path) -> IO[str] | None:
    """The lock of a new workshop, None where a build beside this one has just cleared it away."""
    try:
        lock = (folder / _LOCK).open("x", encoding="utf-8")
    except FileNotFoundError:
        return None
    _hold(lock, wait=True)
    lock.write(str(site))
    lock.flush()
    if not (folder / _LOCK).exists():
        lock.close()
        return None
    return lock


def _remove(folder: Path) -> None:
    """Remove a workshop, its lock at last: whoever is killed meanwhile leaves what tells of it."""
    for name in ("new", "old", ""):
        shutil.rmtree(folder / name, ignore_errors=True)


def _hold(lock: IO[str], *, wait: bool = False) -> bool:
    """Whether this process has the lock now; the system takes it back when the process ends."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(lock, LOCK_EX if wait else LOCK_EX | LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
