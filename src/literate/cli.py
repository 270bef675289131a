"""The commands of `literate`, which `build_site.py` offers as well."""

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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import shorten

import click

from literate.document import Document
from literate.errors import LiterateError, nearest
from literate.files import write_whole
from literate.names import package_name
from literate.notebook import check_notebook, notebook
from literate.project import CACHE, CONFIG, Project, line_of, read_project
from literate.report import LanguageReport, check_language, extract_language
from literate.site import Site, load_site
from literate.split import split
from literate.stamp import Stamp
from literate.weave import tangle as tangle_document
from literate.weave import weave as weave_document


class _Failure(click.ClickException):
    """An error as a user of the command line sees it."""

    def show(self, file: object = None) -> None:
        for line in self.message.split("\n"):
            click.echo(click.style("error: ", fg="red") + line, err=True)


@contextmanager
def _reported() -> Iterator[None]:
    """Show an error of the project as one clear message."""
    try:
        yield
    except LiterateError as error:
        raise _Failure(str(error)) from None
    except OSError as error:
        name = error.filename or ""
        raise _Failure(f"{name}: {(error.strerror or str(error)).lower()}.") from None


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Build the site: every page in every language, strictly.

    Without a command, builds into `site/`. A dead link or anchor, a map that does not parse, an
    expression that does not convert, or a translation that would break its page is an error that
    names the file and the line; the last good `site/` then stays as it was.
    """
    if context.invoked_subcommand is None:
        with _reported(), _stoppable("stopped; the site is as it was."):
            _build(read_project(Path(CONFIG)))


def _signals() -> list[int]:
    """What ends a command: Ctrl-C, `kill`, and, but for `nohup`, a terminal that closes."""
    hangup: int = getattr(signal, "SIGHUP", signal.SIGTERM)
    heard = signal.getsignal(hangup) != signal.SIG_IGN
    return [signal.SIGINT, signal.SIGTERM, *([hangup] if heard else [])]


@contextmanager
def _stoppable(message: str = "") -> Iterator[None]:
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
        if message:
            _Failure(message).show()
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


def _build(project: Project) -> None:
    """Build beside the old site, then put the new one in its place."""
    _check_place(project)
    # Where the site is a symbolic link, what it leads to is the site.
    site = Path(os.path.realpath(project.site))
    _check_writable(site, project.shown(project.site))
    stamp = Stamp(project.root / CACHE)
    if summary := stamp.summary(site):
        click.echo(f"{project.shown(project.site)}/: {summary}; nothing has changed since")
        return
    started = time.time()
    temporary = Path(tempfile.mkdtemp(prefix=".site-", dir=site.parent))
    try:
        new = temporary / "new"
        notes, summary = _mkdocs_build(new)
        _swap(new, site, temporary / "old")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    stamp.write(site, summary, started=started)
    for note in notes:
        click.echo(f"note: {note}")
    click.echo(f"{project.shown(project.site)}/: {summary}")


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


# MkDocs runs in a process of its own: the engine's core does not know it.
_MKDOCS = [sys.executable, "-m", "mkdocs"]
_ENVIRONMENT = {"NO_MKDOCS_2_WARNING": "1"}
_TIDY = 10.0  # seconds that MkDocs has for its tidying
_SAID = re.compile(r"INFO +- +literate: (note: )?(.*)")
_PROBLEM = re.compile(r"(?:ERROR|WARNING) +- +(.*)")


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
    raise _Failure("\n".join(unique) or "MkDocs failed.")


_SYSTEM_ERROR = re.compile(r"\w+: \[Errno \d+\] (.*?): '(.*)'")
_WRONG_VALUE = re.compile(r"Config value '(\w+)': (.*)")


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


@main.command(short_help="Preview the site, with live reload on every change.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="The port to serve on.",
)
def serve(port: int) -> None:
    """Preview the site; a change of a source, a page or a map rebuilds and reloads it."""
    with _reported():
        read_project(Path(CONFIG))
        _check_port(port)
    with (
        _stoppable(),
        _mkdocs("serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}") as process,
    ):
        code = process.wait()
    raise SystemExit(code if code >= 0 else 128 - code)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the preview does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LiterateError(
                f"port {port} cannot be served on: {(error.strerror or str(error)).lower()}",
                fix=f"Stop what uses it, or choose another, as in `--port {port % 65535 + 1}`",
            ) from None


def _languages(site: Site, wanted: tuple[str, ...]) -> list[str]:
    for code in wanted:
        if code not in site.languages:
            raise LiterateError(f"unknown language {code!r}", fix=nearest(code, site.languages))
    return list(wanted or site.languages)


@main.command(short_help="Coverage; missing, stale and faulty translations.")
@click.argument("languages", nargs=-1)
def check(languages: tuple[str, ...]) -> None:
    """Report coverage, missing, stale and faulty translations of LANGUAGES (all by default).

    With the option `dead_links: report`, lists the links that lead nowhere as well.

    Exits with 1 if a translation is faulty. What is missing is shown in English by the site, and
    what is stale stays in its map: both are work to do, not faults.
    """
    with _reported():
        site = load_site(read_project(Path(CONFIG)))
        codes = _languages(site, languages)
        reports = [check_language(site, code) for code in codes]
    for link in site.dead_links:
        click.echo(str(link))
    for report in reports:
        _show(report, site.languages[report.code].name)
    if any(report.faults or report.errors for report in reports):
        raise SystemExit(1)


def _show(report: LanguageReport, name: str) -> None:
    coverage = report.coverage
    counts = [
        f"{coverage.total - len(coverage.missing)} of {coverage.total} texts translated "
        f"({coverage})",
        f"{len(coverage.missing)} missing",
        f"{len(report.stale)} stale",
        f"{len(report.faults) + len(report.errors)} faulty",
    ]
    click.echo(click.style(f"{name} ({report.code}): ", bold=True) + ", ".join(counts))
    for error in report.errors:
        click.echo(f"  {error}")
    for path, fault in report.faults:
        click.echo(f"  {path}:{fault.entry.line}: {fault.message}. {fault.fix}")
    for item in coverage.missing:
        click.echo(f"  {item.file}:{item.line}: missing: {_short(item.key)}")
    for stale in report.stale:
        click.echo(f"  {stale.file}:{stale.line}: stale: {_short(stale.key)}")
        if stale.nearest:
            click.echo(f"    nearest missing key: {_short(stale.nearest)}")


def _short(key: str) -> str:
    return shorten(key, width=110, placeholder=" …")


@main.command(short_help="Add the missing keys to the maps of a language.")
@click.argument("language")
def extract(language: str) -> None:
    """Write the missing keys of LANGUAGE into its maps, for a translator to fill in.

    Nothing that a map holds is changed or removed. A key with an empty translation counts as
    missing.
    """
    with _reported():
        site = load_site(read_project(Path(CONFIG)))
        _languages(site, (language,))
        added = extract_language(site, language)
        folder = site.project.shown(site.project.translations)
    click.echo(f"{added} key{'s' * (added != 1)} added to the maps of {language!r} in {folder}/.")


_OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; printed if none is named.",
)


@main.command(short_help="One Markdown document, or a notebook, of an annotated module.")
@click.argument("page")
@click.option(
    "--to",
    type=click.Choice(["md", "ipynb"]),
    default="md",
    show_default=True,
    help="Markdown, or a Jupyter notebook.",
)
@_OUTPUT
def weave(page: str, to: str, output: Path | None) -> None:
    """Make one document of PAGE, a page of the site as in `model`, or the path of a Python file.

    The notes become Markdown and the code stands in blocks of ```python. Edit both, and `tangle`
    makes the module of it again; unedited, it comes back byte for byte. A block `<!-- … -->` says
    how the note below it stands in the module where that cannot be guessed.

    A notebook runs from top to bottom: notes between classes and functions become cells, notes
    within them stay. Relative imports become absolute. A block `if __name__ == "__main__":` is
    shown but not run, since it would read the arguments of the notebook's kernel.
    """
    with _reported():
        is_path = page.endswith(".py")
        project = None if is_path else read_project(Path(CONFIG))
        source = project.source_of(page) if project else Path(page)
        shown = project.shown(source) if project else source.as_posix()
        document = split(source.read_bytes(), shown)
        data = weave_document(document) if to == "md" else _notebook(document, source, output)
        _write(data, output, source)


def _notebook(document: Document, source: Path, output: Path | None) -> bytes:
    """The notebook of a file; what its notes link to is still found from where it will lie."""
    folder = (output or source).absolute().parent

    def link(target: str) -> str:
        path, mark, fragment = target.partition("#")
        file = source.parent / path
        if not path or not file.exists():
            return target
        return Path(os.path.relpath(file, folder)).as_posix() + mark + fragment

    book = notebook(document, package=package_name(source.absolute()), link=link)
    check_notebook(book)
    return book.encode()


@main.command(short_help="The module of a document that `weave` wrote.")
@click.argument("document", type=click.Path(path_type=Path))
@_OUTPUT
def tangle(document: Path, output: Path | None) -> None:
    """Make the Python module of DOCUMENT, a Markdown document that `weave` wrote.

    What was edited in it, words or code, is in the module. New text is a docstring at the head
    of a class or a function, and a comment elsewhere.
    """
    with _reported():
        data = tangle_document(document.read_bytes(), document.as_posix())
        _write(data, output, document)


def _write(data: bytes, output: Path | None, source: Path) -> None:
    if output is None:
        sys.stdout.buffer.write(data)
        return
    if output.exists() and output.samefile(source):
        raise LiterateError(
            f"{output} would be overwritten by what is made of it", fix="Name another file with -o"
        )
    write_whole(output, data)
