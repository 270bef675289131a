"""MkDocs at work: build beside the old site, then swap; serve; stop cleanly.

MkDocs is imported where it is needed, for a build that would change nothing needs none of it.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING

from literate.base.errors import LiterateError
from literate.base.files import path_from, real_path, shown_from
from literate.mkdocs.place import check_ours, clear_away, swap, workshop
from literate.mkdocs.up_to_date import Stamp
from literate.site.project import CACHE, Project

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


@dataclass(frozen=True, slots=True)
class Built:
    """What a build has to say: where the site is, what it holds, and what an author should know."""

    site: str
    summary: str
    notes: tuple[str, ...] = ()


def build() -> Built:
    """Build beside the old site, then put the new one in its place, unless nothing has changed.

    Raises `LiterateError` with what was wrong.
    """
    stamp = Stamp(CACHE)
    if last := stamp.built():
        clear_away(real_path(last[0]))
        return Built(shown_from(Path(), last[0]), f"{last[1]}; nothing has changed since")

    from literate.mkdocs.config import load, make_project

    config = load(strict=True)
    project = make_project(config)
    _check_place(project)
    # Where the site is a symbolic link, what it leads to is the site.
    site = real_path(project.site)
    _check_writable(site, project.shown(project.site))
    started = time.time()
    with workshop(site) as folder:
        new = folder / "new"
        config.site_dir = str(new)
        summary, notes = _mkdocs_build(config)
        check_ours(site, path_from(Path(), project.site))
        swap(new, site, folder / "old")
    stamp.write(project.site, summary, started=started)
    return Built(project.shown(project.site), summary, notes)


def _check_place(project: Project) -> None:
    """Raise where a new site would replace what it is made of."""
    site = Path(os.path.realpath(project.site))
    for part in (project.root, project.docs, project.translations, *project.sources):
        place = Path(os.path.realpath(part))
        if place.is_relative_to(site) or (part == project.docs and site.is_relative_to(place)):
            raise project.error(
                "site_dir",
                f"the site would be built over {project.shown(part)}",
                "Name a folder of its own in `site_dir`",
            )


def _check_writable(site: Path, shown: str) -> None:
    if site.exists() and not site.is_dir():
        raise LiterateError(f"{shown} is in the way: it is a file", fix="Move it elsewhere")
    if not site.parent.is_dir():
        raise LiterateError(
            f"there is no folder {site.parent} to put the site into", fix="Make one"
        )
    for folder in (site.parent, site):
        if folder.exists() and not os.access(folder, os.W_OK):
            raise LiterateError(f"the folder {folder} cannot be written to", fix="Make it writable")


class _BuildError(LiterateError):
    """What MkDocs said of a build that failed, line by line."""

    def __init__(self, said: list[str]) -> None:
        lines = (line.strip() for text in said for line in text.splitlines() if line.strip())
        Exception.__init__(self, "\n".join(dict.fromkeys(lines)) or "MkDocs failed.")


def _mkdocs_build(config: MkDocsConfig) -> tuple[str, tuple[str, ...]]:
    """Build with a configuration. Returns summary and notes, or raises with what was wrong."""
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.exceptions import Abort

    from literate.mkdocs.config import overheard
    from literate.mkdocs.plugin import LiteratePlugin

    with overheard() as said:
        try:
            config.plugins.on_startup(command="build", dirty=False)
            mkdocs_build(config)
        except Abort:
            raise _BuildError(said) from None
        except Exception as error:
            raise _BuildError([*said, crash(error)]) from error
        finally:
            config.plugins.on_shutdown()
    plugin = config.plugins["literate"]
    assert isinstance(plugin, LiteratePlugin)
    return plugin.summary, tuple(plugin.notes)


def crash(error: Exception) -> str:
    """What stopped MkDocs, or another plugin, as a person reads it."""
    if isinstance(error, OSError) and error.filename:
        reason = (error.strerror or "").lower()
        return f"{error.filename}: {reason}. Has it changed during the build? Build again."
    kind = type(error).__name__
    return f"MkDocs, or a plugin of it, failed: {kind}: {error}. `mkdocs build` shows where."


def _signals() -> list[int]:
    """What ends a command: Ctrl-C, `kill`, and a terminal that closes, except under `nohup`."""
    hangup: int = getattr(signal, "SIGHUP", signal.SIGTERM)
    heard = signal.getsignal(hangup) != signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([hangup] if heard else [])]


@contextmanager
def stoppable(tell: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Tidy up when told to stop, and exit as a shell expects it.

    A shell starts what runs in the background with SIGINT ignored, and so do many programs: what
    is set here holds all the same.
    """
    numbers = _signals()

    def stop(number: int, frame: object) -> None:
        for other in numbers:  # once is enough: nothing disturbs the tidying
            signal.signal(other, signal.SIG_IGN)
        raise _Stopped(number)

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    except _Stopped as stopped:
        clear_frames(stopped.__traceback__)  # what they hold, processes at work among it, ends
        tell()
        raise SystemExit(128 + stopped.number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Stopped(BaseException):
    """A signal that ends a command."""

    def __init__(self, number: int) -> None:
        self.number = number


def serve_site(port: int) -> None:
    """Preview the site until told to end."""
    from mkdocs.__main__ import State
    from mkdocs.commands.serve import serve

    log = State()  # type: ignore[no-untyped-call]
    with stoppable():
        serve(livereload=True, dev_addr=f"127.0.0.1:{port}")
    del log


def check_port(port: int) -> None:
    """Raise `LiterateError` where nothing can be served on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the preview does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LiterateError(
                f"port {port} cannot be served on: {(error.strerror or str(error)).lower()}",
                fix=f"Stop what uses it, or choose another, as in `--port {port % 65535 + 1}`",
            ) from None
