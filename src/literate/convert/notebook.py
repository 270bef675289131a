"""A module as a Jupyter notebook that runs from top to bottom.

Notes that stand between the statements of the module become Markdown cells. What stands within a
class or a function stays there as comment or docstring, since a cell must be whole Python. A
block `if __name__ == "__main__":` is shown and not run: in a notebook it would parse the
kernel's arguments.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from literate.base.errors import LiterateError
from literate.source.document import Document, Statement
from literate.source.frontmatter import front_matter

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its source, and whether that is code or Markdown."""

    source: str
    is_code: bool = False


def _as_it_stands(target: str) -> str:
    return target


def notebook(
    document: Document, *, package: str = "", link: Callable[[str], str] = _as_it_stands
) -> str:
    """The notebook of a module, in the same bytes each time; `check_notebook` holds it to the form.

    `package` is the package that relative imports start from. `link` says where a target of a
    link or an image lies, seen from the notebook.

    Raises `LiterateError` for a relative import that leaves the package, and for front matter
    that cannot be read.
    """
    counts: dict[Cell, int] = {}
    made = []
    for cell in cells(document, package=package, link=link):
        counts[cell] = counts.get(cell, 0) + 1
        words = f"{cell.is_code}:{counts[cell]}:{cell.source}"
        identity = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        made.append(_cell(cell, identity))
    book = {"cells": made, "metadata": _METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cell(cell: Cell, identity: str) -> dict[str, Any]:
    """A cell in the form that nbformat describes."""
    code: dict[str, Any] = {"cell_type": "code", "execution_count": None, "outputs": []}
    return {
        **(code if cell.is_code else {"cell_type": "markdown"}),
        "id": identity,
        "metadata": {},
        "source": cell.source.splitlines(keepends=True),
    }


def check_notebook(text: str) -> None:
    """Raise `nbformat.ValidationError` unless the text is a notebook.

    Apart from the making, since the check takes ten times as long.
    """
    import nbformat

    nbformat.validate(nbformat.reads(text, as_version=4))  # type: ignore[no-untyped-call]


def cells(
    document: Document, *, package: str = "", link: Callable[[str], str] = _as_it_stands
) -> Iterator[Cell]:
    """The cells of a module's notebook, in the order of the module."""
    lines = _absolute(document, package)
    notes = list(_free_notes(document))
    taken = {note.first for note in notes}
    code: list[str] = []
    position = 1
    holds_statement = False

    def flush() -> Iterator[Cell]:
        source = _trimmed("".join(code))
        code.clear()
        if source:
            yield Cell(source, is_code=True)

    parts: list[_Note | Statement] = [*notes]
    parts += (part for part in document.statements if part.first not in taken)
    for part in sorted(parts, key=lambda part: part.first):
        above = lines[position - 1 : part.first - 1]
        here = lines[max(position, part.first) - 1 : part.last]
        position = max(position, part.last + 1)
        if isinstance(part, _Note):
            code += above
            yield from flush()
            holds_statement = False
            if text := _note_text(part, document, link):
                yield Cell(text)
            continue
        if holds_statement and (part.is_definition or part.is_program):
            yield from flush()
            holds_statement = False
        if part.is_program:
            code += above
            yield from flush()
            yield Cell(_fenced(_trimmed("".join(here))))
        else:
            code += [*above, *here]
            holds_statement = True
            if part.is_definition:
                yield from flush()
                holds_statement = False
    code += lines[position - 1 :]
    yield from flush()


@dataclass(frozen=True, slots=True)
class _Note:
    """A note between statements: where it stands, and what it says."""

    first: int
    last: int
    text: str


def _free_notes(document: Document) -> Iterator[_Note]:
    """The notes that stand in no statement, but for the module's docstring, which is one."""
    for run in (run for section in document.sections for run in section.written):
        first, last = run.lines[0].number, run.lines[-1].number
        owner = next((s for s in document.statements if s.first <= last and first <= s.last), None)
        if owner is None or (owner.first, owner.last) == (first, last):
            yield _Note(first, last, _prose_of(document, first, last))


def _prose_of(document: Document, first: int, last: int) -> str:
    """What readers see of a note on these lines: the mark of a cell is nothing."""
    for index, section in enumerate(document.sections):
        if not section.prose:
            continue
        note = section.note
        if any(first <= line.number <= last for line in note):
            if index == document.opening:  # all of it stands where it begins
                return section.prose.text if note[0].number == first else ""
            rows = zip(section.prose.line_numbers, section.prose.text.split("\n"), strict=False)
            return "\n".join(text for number, text in rows if first <= number <= last)
    return ""


def _note_text(part: _Note, document: Document, link: Callable[[str], str]) -> str:
    """The Markdown of a note; the front matter of the module gives it a title at most."""
    text, title = part.text, ""
    opening = None if document.opening is None else document.sections[document.opening]
    if opening and opening.prose and opening.note[0].number == part.first:
        front, prose = front_matter(opening.prose, document.path)
        text, title = prose.text, front.fields.get("title") or ""
    text = _TARGET.sub(
        lambda match: match["code"] or match["start"] + link(match["target"]), _trimmed(text)
    )
    return f"# {title}\n\n{text}".strip() if title and not text.startswith("# ") else text


#: The target of a link or an image; code is looked for first, since what looks like one in it is
#: none.
_TARGET = re.compile(
    r"(?P<code>^ *(`{3,}|~{3,}).*?^ *\2`*~* *$|(`+)(?!`)(?:(?!\n\s*\n).)*?(?<!`)\3(?!`))"
    r"|(?P<start>\]\()(?P<target>[^()\s]+)(?=[)\s])",
    re.DOTALL | re.MULTILINE,
)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _trimmed(text: str) -> str:
    """The text without the blank lines at its head and its foot."""
    return re.sub(r"\A(?:[^\S\n]*\n)+", "", _plain(text)).rstrip()


def _fenced(code: str) -> str:
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}python\n{code}\n{fence}"


_DOTS = re.compile(r"from\s*(\.[.\s]*)")


def _absolute(document: Document, package: str) -> list[str]:
    """The module's lines, importing by absolute names: a notebook is in no package."""
    lines = [line.text for line in document.lines]
    parents = package.split(".") if package else []
    edits = []
    for one in document.relative_imports:
        dots = _DOTS.match(lines[one.line - 1], one.column)
        if dots is None or dots[1].count(".") != one.level or one.level > len(parents):
            raise LiterateError(
                "this relative import leaves the package, and a notebook is in none",
                file=document.path,
                line=one.line,
                fix="Import by the absolute name",
            )
        origin = ".".join(parents[: len(parents) - one.level + 1])
        space = "." if one.is_named else " "
        edits.append((one.line - 1, one.column, dots.end(), f"from {origin}{space}"))
    for index, start, end, words in sorted(edits, reverse=True):  # from the right, if on one line
        lines[index] = lines[index][:start] + words + lines[index][end:]
    return lines
