"""The rows of a page: which code is beside which note, and where a link to it leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import repeat

from literate.base.html import tags
from literate.notes.highlight import Tokens
from literate.site.local_page import CodeLine, Row
from literate.site.page import Page
from literate.site.page_names import PageNames


def make_rows(
    page: Page, notes: Sequence[Row], names: PageNames | None, imports: str
) -> tuple[Row, ...]:
    """The page's notes, each with its code.

    `notes` are rows without code, one a section; `names` has the tokens of each line, and is None
    where nobody looks at them; `imports` is what the code of the opening is called.
    """
    codes = _named_code(names) if names else _code(page, repeat(()))
    defined: set[str] = set()
    rows: list[Row] = []
    for index, (section, note) in enumerate(zip(page.document.sections, notes, strict=True)):
        if index == page.document.opening:
            rows += _opening(page, note, codes[index], imports)
            continue
        row = note._replace(code=codes[index])
        if name := section.definition:
            row = _defining(page, index, row, is_new=name not in defined)
            defined.add(name)
        rows.append(row)
    return tuple(rows)


def with_shapes(
    rows: Iterable[Row],
    shapes: Mapping[int, tuple[str, ...]],
    passes: Mapping[str, tuple[tuple[str, ...], ...]],
) -> Iterator[Row]:
    """The rows, their lines with the shapes of what they make, by their numbers.

    The row of a class has what it takes and returns, by its name.
    """
    for row in rows:
        code = tuple(replace(line, shape=shapes.get(line.number, ())) for line in row.code)
        passed = passes.get(row.definition, ())
        yield row._replace(code=code, passes=passed)


def _opening(page: Page, note: Row, lines: tuple[CodeLine, ...], label: str) -> Iterator[Row]:
    """The note of the module beside its imports; other code that follows gets a row of its own."""
    count = sum(line.number <= page.document.imports_end for line in lines)
    if all(line.is_blank for line in lines[count:]):
        count = len(lines)
    yield note._replace(code=lines[:count], is_opening=True, label=label)
    if count < len(lines):
        yield Row(code=lines[count:])


def _defining(page: Page, index: int, row: Row, *, is_new: bool) -> Row:
    """The row of a definition: a property is defined twice, and the first one has the anchor."""
    section, note = page.document.sections[index], page.notes[index]
    name, line = section.definition or "", section.note[0].number
    first = last = 0
    for definition in page.document.definitions:
        if definition.name == name and definition.first <= line <= definition.last:
            first, last = definition.first, definition.last
    # An author's own anchor goes first.
    is_taken = False
    if note and name in note.ids:
        html = "".join(part.html for parts in (row.blocks, row.footnotes) for part in parts)
        is_taken = any(tag.get("id") == name for tag in tags(html, "id"))
    anchor = name if is_new and not is_taken else ""
    return row._replace(definition=name, anchor=anchor, first=first, last=last)


@lru_cache(maxsize=1)  # a page is made in all of its languages in turn, and its code is the same
def _named_code(names: PageNames) -> tuple[tuple[CodeLine, ...], ...]:
    return _code(names.page, names.code)


def _code(page: Page, tokens: Iterable[Tokens]) -> tuple[tuple[CodeLine, ...], ...]:
    """The code of each section of a page's file, its lines with their tokens."""
    # A class may be called L5: its name goes before the fifth line's.
    lines = {
        line.number: CodeLine(
            line.number, line.text, parts,
            "" if (anchor := f"L{line.number}") in page.anchors else anchor,
        )
        for line, parts in zip(page.document.lines, tokens, strict=False)
    }  # fmt: skip
    sections = page.document.sections
    return tuple(tuple(lines[line.number] for line in section.code) for section in sections)
