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
from contextlib import contextmanager, suppress
from pathlib import Path

from literate.base.errors import LiterateError
from literate.base.files import line_of
from literate.mkdocs.up_to_date import Stamp
from literate.site.project import CACHE, CONFIG, Project

_MKDOCS = [sys.executable, "-m", "mkdocs"]
_ENVIRONMENT = {"NO_MKDOCS_2_WARNING": "1"}
_TIDY = 10.0  # seconds that MkDocs has for its tidying
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


@contextmanager
def _mkdocs(*arguments: str, output: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """MkDocs at work, which ends with us, and all that it started with it.

    It is a group of its own: a terminal's Ctrl-C reaches us alone, and so it gets it once.
    """
    process = None
    try:
        with _held():
            process = subprocess.Popen(
                [*_MKDOCS, *arguments],
                env={**os.environ, **_ENVIRONMENT},
                stdout=output,
                stderr=output,
                text=True,
                process_group=0 if os.name == "posix" else None,
            )
        yield process
    finally:
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process, which may tidy up, and what it has left."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TIDY)
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _mkdocs_build(folder: Path) -> tuple[list[str], str]:
    """Build into a folder, strictly. Returns notes and summary, or raises with what was wrong."""
    arguments = ["build", "--strict", "--site-dir", str(folder)]
    with _mkdocs(*arguments, output=subprocess.PIPE) as process:
        _, told = process.communicate()
    said = _SAID.findall(told)
    if said and process.returncode == 0:
        return [text for is_note, text in said if is_note], said[-1][1]
    # MkDocs puts "ERROR -" before the first line of a message and nothing before the others.
    lines = [
        problem[1] if (problem := _PROBLEM.match(line)) else line
        for line in told.splitlines()
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


def _signals() -> list[int]:
    """What ends a command: Ctrl-C, `kill`, and, but for `nohup`, a terminal that closes."""
    hangup: int = getattr(signal, "SIGHUP", signal.SIGTERM)
    heard = signal.getsignal(hangup) != signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([hangup] if heard else [])]


@contextmanager
def stoppable(tell: Callable[[str], None] | None = None) -> Iterator[None]:
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
        if tell:
            tell("stopped; the site is as it was.")
        raise SystemExit(128 + stopped.number) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _held() -> Iterator[None]:
    """Let a signal wait for the end of what may not be cut in two."""
    came: list[int] = []
    before = {n: signal.signal(n, lambda number, _: came.append(number)) for n in _signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)


class _Stopped(BaseException):
    """A signal that ends a command."""

    def __init__(self, number: int) -> None:
        self.number = number


def serve_site(port: int) -> int:
    """Preview the site until told to end; returns MkDocs' exit status, as a shell has it."""
    with (
        stoppable(),
        _mkdocs("serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}") as process,
    ):
        code = process.wait()
    return code if code >= 0 else 128 - code


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
