"""MkDocs run as a process: build beside the old site, then swap; stop cleanly."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from literate.base.errors import LiterateError
from literate.base.files import line_of
from literate.mkdocs.up_to_date import Stamp
from literate.site.project import CACHE, CONFIG, Project

_MKDOCS = [sys.executable, "-m", "mkdocs"]
_ENVIRONMENT = {"NO_MKDOCS_2_WARNING": "1"}
_SAID = re.compile(r"INFO +- +literate: (note: )?(.*)")
_PROBLEM = re.compile(r"(?:ERROR|WARNING) +- +(.*)")
_SYSTEM_ERROR = re.compile(r"\w+: \[Errno \d+\] (.*?): '(.*)'")
_WRONG_VALUE = re.compile(r"Config value '(\w+)': (.*)")


def build(project: Project) -> tuple[list[str], str]:
    """Build beside the old site, then put the new one in its place, unless nothing has changed.

    Returns notes and summary. Raises `LiterateError` with what was wrong.
    """
    _check_place(project)
    # Where the site is a symbolic link, what it leads to is the site.
    site = Path(os.path.realpath(project.site))
    _check_writable(site, project.shown(project.site))
    stamp = Stamp(project.root / CACHE)
    if summary := stamp.summary(site):
        return [], f"{summary}; nothing has changed since"
    started = time.time()
    temporary = Path(tempfile.mkdtemp(prefix=".site-", dir=site.parent))
    try:
        new = temporary / "new"
        notes, summary = _mkdocs_build(new)
        _swap(new, site, temporary / "old")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    stamp.write(site, summary, started=started)
    return notes, summary


def _swap(new: Path, site: Path, old: Path) -> None:
    """Put the new site in the old one's place, or the old one back."""
    try:
        if site.exists():
            site.rename(old)
        new.rename(site)
    except BaseException:
        if old.exists() and not site.exists():
            old.rename(site)
        raise


def _check_place(project: Project) -> None:
    """Raise where a new site would replace what it is made of."""
    site = Path(os.path.realpath(project.site))
    for part in (project.root, project.docs, project.translations, *project.sources):
        place = Path(os.path.realpath(part))
        if place.is_relative_to(site) or (part == project.docs and site.is_relative_to(place)):
            raise LiterateError(
                f"the site would be built over {project.shown(part)}",
                file=CONFIG,
                line=line_of(project.root / CONFIG, "site_dir:"),
                fix="Name a folder of its own in `site_dir`",
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

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)


def _mkdocs_build(folder: Path) -> tuple[list[str], str]:
    """Build into a folder, strictly. Returns notes and summary, or raises with what was wrong."""
    command = [*_MKDOCS, "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, **_ENVIRONMENT}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said = _SAID.findall(result.stderr)
    if said and result.returncode == 0:
        return [text for is_note, text in said if is_note], said[-1][1]
    # MkDocs puts "ERROR -" before the first line of a message and nothing before the others.
    lines = [
        problem[1] if (problem := _PROBLEM.match(line)) else line
        for line in result.stderr.splitlines()
        if not line.startswith(("INFO", "Aborted", "DEBUG")) and line.strip()
    ]
    crash = next((i for i, line in enumerate(lines) if line.startswith("Traceback")), None)
    if crash is not None:
        lines = [*lines[:crash], _crash(lines[-1])]
    unique = dict.fromkeys(_with_file(line.strip()) for line in lines)
    raise _BuildError("\n".join(unique) or "MkDocs failed.")


def _crash(last: str) -> str:
    """The last line of a traceback, of MkDocs or another plugin, as a person reads it."""
    system = _SYSTEM_ERROR.fullmatch(last)
    if system:
        return f"{system[2]}: {system[1].lower()}. Has it changed during the build? Build again."
    return f"MkDocs, or a plugin of it, failed: {last}. `mkdocs build` shows where."


def _with_file(line: str) -> str:
    """What MkDocs says of its configuration, with the file and the line."""
    wrong = _WRONG_VALUE.fullmatch(line)
    if not wrong:
        return line
    number = line_of(Path(CONFIG), f"{wrong[1]}:")
    return f"{CONFIG}{f':{number}' if number else ''}: `{wrong[1]}`: {wrong[2]}"


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable(tell: Callable[[str], None]) -> Iterator[None]:
    """Tidy up when told to stop, by Ctrl-C or by the system, and exit as a shell expects it."""

    def stop(number: int, frame: object) -> None:
        for other in _SIGNALS:  # once is enough: nothing disturbs the tidying
            signal.signal(other, signal.SIG_IGN)
        raise _Stopped(number)

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    except _Stopped as stopped:
        tell("stopped; the site is as it was.")
        raise SystemExit(128 + stopped.number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Stopped(BaseException):
    """A signal that ends a build."""

    def __init__(self, number: int) -> None:
        self.number = number


def serve_site(port: int) -> int:
    """Preview the site until told to end; returns MkDocs' exit status."""
    command = [*_MKDOCS, "serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, env={**os.environ, **_ENVIRONMENT})
    # Told to end, end it as Ctrl-C does: it then tidies up.
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # MkDocs gets it too, and takes a moment to stop
            continue


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
