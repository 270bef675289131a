"""Where a site is built, and what it may replace: never what no build has made."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO

from literate.base.errors import LiterateError

#: What every site that the engine has built holds, and no other folder.
_MARK = Path("literate/literate.css")
_LOCK = "lock"
_SOON = 60.0  # seconds in which a build that has made its folder locks it


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
    folder = site.parent / f".site-{token_hex(4)}"
    try:
        folder.mkdir()
        with (folder / _LOCK).open("w", encoding="utf-8") as lock:
            _hold(lock)
            lock.write(str(site))
            lock.flush()
            yield folder
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
        if folder.is_symlink() or not folder.is_dir() or not _is_abandoned(folder, site):
            continue
        if (folder / "old").is_dir() and not site.exists():
            (folder / "old").rename(site)
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a workshop, its lock at last: whoever is killed meanwhile leaves what tells of it."""
    for name in ("new", "old", ""):
        shutil.rmtree(folder / name, ignore_errors=True)


def _is_abandoned(folder: Path, site: Path) -> bool:
    try:
        with (folder / _LOCK).open("r+", encoding="utf-8") as lock:
            return _hold(lock) and lock.read() == str(site)
    except FileNotFoundError:  # it was killed before it had one
        old = folder.stat().st_mtime < time.time() - _SOON
        return old and not any(os.scandir(folder))
    except (OSError, ValueError):
        return False


def _hold(lock: IO[str]) -> bool:
    """Whether this process has the lock now; the system takes it back when the process ends."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        flock(lock, LOCK_EX | LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
