"""The commands of `literate`, which `build_site.py` offers as well."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten

import click

from literate.base.errors import LiterateError, nearest, printable
from literate.base.files import write_whole
from literate.convert.notebook import check_notebook, notebook
from literate.convert.tangle import tangle as tangle_document
from literate.convert.weave import weave as weave_document
from literate.mkdocs.build import build, check_port, serve_site, stoppable
from literate.site.inventory import fetch_inventory, load_inventory
from literate.site.load import load_site
from literate.site.project import Project
from literate.site.site import Site
from literate.site.status import LanguageReport, check_language, extract_language
from literate.source.document import Document
from literate.source.names import package_name
from literate.source.python import read_python

#: Most of what a site is made of stays in memory until it is built: the garbage among it is looked
#: for only after so many new objects, since each search goes through all of them.
_YOUNG = 50_000


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


def _project() -> Project:
    """The project in this folder; a build that would change nothing does without MkDocs."""
    from literate.mkdocs.config import read_project

    return read_project()


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Build the site: every page in every language, strictly.

    Without a command, builds into `site/`. A dead link or anchor, a map that does not parse, an
    expression that does not convert, or a translation that would break its page is an error that
    names the file and the line; the last good `site/` then stays as it was.
    """
    gc.set_threshold(_YOUNG)
    if context.invoked_subcommand is None:
        with _reported(), stoppable(_Failure("stopped; the site is as it was.").show):
            built = build()
            for note in built.notes:
                click.echo(printable(f"note: {note}"))
            click.echo(f"{built.site}/: {built.summary}")
        gc.freeze()  # the process ends: its memory goes as a whole, not object by object


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
        _project()
        check_port(port)
        serve_site(port)


def _languages(site: Site, wanted: tuple[str, ...]) -> list[str]:
    for code in wanted:
        if code not in site.languages:
            raise LiterateError(f"unknown language {code!r}", fix=nearest(code, site.languages))
    return list(wanted or site.languages)


@main.command(short_help="Report missing, stale and faulty translations.")
@click.argument("languages", nargs=-1)
def check(languages: tuple[str, ...]) -> None:
    """Report coverage, missing, stale and faulty translations of LANGUAGES (all by default).

    With the options `dead_links: report` and `faulty: report`, lists the broken links, and what
    else is wrong with the sources, as well.

    With the option `shapes`, lists the shapes in notes that no run of the code has seen.

    Exits with 1 if such a shape, or a translation, is faulty. Missing and stale translations are
    work to do, not faults: the site shows the source of what is missing, and ignores what is stale.
    """
    with _reported():
        site = load_site(_project())
        codes = _languages(site, languages)
        reports = [check_language(site, code) for code in codes]
        shapes = site.wrong_shapes
    for problem in (*site.dead_links, *site.faults, *shapes):
        click.echo(str(problem))
    for report in reports:
        _show(report, site.languages[report.code].name)
    if shapes or any(report.faults or report.errors for report in reports):
        raise SystemExit(1)


def _show(report: LanguageReport, name: str) -> None:
    coverage = report.coverage
    counts = [
        f"{coverage.translated} of {coverage.total} texts translated ({coverage})",
        f"{len(coverage.missing)} missing",
        f"{len(report.obsolete)} stale",
        f"{len(report.faults) + len(report.errors)} faulty",
    ]
    click.echo(click.style(f"{name} ({report.code}): ", bold=True) + ", ".join(counts))
    for error in report.errors:
        click.echo(f"  {error}")
    for path, fault in report.faults:
        click.echo(printable(f"  {path}:{fault.entry.line}: {fault.problem}. {fault.fix}"))
    for item in coverage.missing:
        click.echo(printable(f"  {item.file}:{item.line}: missing: ") + _short(item.key))
    for old in report.obsolete:
        click.echo(printable(f"  {old.file}:{old.line}: stale: ") + _short(old.key))
        if old.nearest:
            click.echo(f"    nearest missing key: {_short(old.nearest)}")


def _short(key: str) -> str:
    return printable(shorten(key, width=110, placeholder=" …"))


@main.command(short_help="Add the missing keys to the maps of a language.")
@click.argument("language")
def extract(language: str) -> None:
    """Write the missing keys of LANGUAGE into its maps, for a translator to fill in.

    Nothing that a map holds is changed or removed. A key with an empty translation counts as
    missing.
    """
    with _reported():
        site = load_site(_project())
        _languages(site, (language,))
        added = extract_language(site, language)
        folder = site.project.shown(site.project.translations)
    click.echo(f"{added} key{'s' * (added != 1)} added to the maps of {language!r} in {folder}/.")


@main.command(short_help="Show the inventories of other documentations, or fetch them.")
@click.argument("names", nargs=-1)
@click.option("--download", is_flag=True, help="Fetch them from where the documentations stand.")
def inventories(names: tuple[str, ...], *, download: bool) -> None:
    """Show what the option `inventories` names: NAMES, all by default.

    Nothing is fetched without --download. A file is replaced only by one that can be read.
    """
    with _reported():
        project = _project()
        known = {entry.name: entry for entry in project.inventories}
        for name in names:
            if name not in known:
                raise LiterateError(f"unknown documentation {name!r}", fix=nearest(name, known))
        for name in names or known:
            if download:
                fetch_inventory(project, known[name])
            inventory = load_inventory(project.file(known[name].inventory))
            shown = project.shown(known[name].inventory)
            named = f"{name} {inventory.version}: {len(inventory.names)} names, {shown}"
            click.echo(printable(named))


_OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write to. By default, the result is printed.",
)


@main.command(short_help="Turn an annotated module into one Markdown document, or a notebook.")
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
    """Turn PAGE into one document: a page's name, such as `model`, or the path of a Python file.

    The notes become Markdown, and the code goes into ```python blocks. Edit both, and `tangle`
    turns the document back into the module; unedited, it is the same byte for byte. Where it cannot
    be guessed how a note is written in the module, a comment `<!-- … -->` above the note says it.

    A notebook runs from top to bottom: notes between classes and functions become cells, notes
    inside them stay in the code. Relative imports become absolute. A block
    `if __name__ == "__main__":` is shown but not run, since it would read the arguments of the
    notebook's kernel.
    """
    with _reported():
        is_path = page.endswith(".py")
        project = None if is_path else _project()
        source = project.source_of(page) if project else Path(page)
        shown = project.shown(source) if project else source.as_posix()
        document = read_python(source.read_bytes(), shown)
        data = weave_document(document) if to == "md" else _notebook(document, source, output)
        _write(data, output, source)


def _notebook(document: Document, source: Path, output: Path | None) -> bytes:
    """The notebook of a file; its links still work from the place where it will be written."""
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


@main.command(short_help="Turn a document that `weave` wrote back into its module.")
@click.argument("document", type=click.Path(path_type=Path))
@_OUTPUT
def tangle(document: Path, output: Path | None) -> None:
    """Turn DOCUMENT, a Markdown document that `weave` wrote, back into its Python module.

    Edits to the text and the code go into the module. New text becomes a docstring at the head of a
    class or a function, and a comment elsewhere.
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
