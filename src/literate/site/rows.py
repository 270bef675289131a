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
from literate.source.document import Section


def make_rows(
    page: Page, notes: Sequence[Row], names: PageNames | None, imports: str
) -> tuple[Row, ...]:
    """The page's notes, each with its code.

    `notes` are rows without code, one a section; `names` has the tokens of each line, and is None
    where nobody looks at them; `imports` is what the code of the opening is called.
    """
    code = _named_lines(names) if names else _lines(page, repeat(()))
    defined: set[str] = set()
    rows: list[Row] = []
    for index, (section, note) in enumerate(zip(page.document.sections, notes, strict=True)):
        if index == page.document.opening:
            rows += _opening(page, note, section, code, imports)
            continue
        row = replace(note, code=_code(section, code))
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
        yield replace(row, code=code, passes=passed)


def _opening(
    page: Page, note: Row, section: Section, code: Sequence[CodeLine], label: str
) -> Iterator[Row]:
    """The note of the module beside its imports; other code that follows gets a row of its own."""
    count = sum(line.number <= page.document.imports_end for line in section.code)
    lines = _code(section, code)
    if all(line.is_blank for line in lines[count:]):
        count = len(lines)
    yield replace(note, code=lines[:count], is_opening=True, label=label)
    if count < len(lines):
        yield Row(code=lines[count:])


def _defining(page: Page, index: int, row: Row, *, is_new: bool) -> Row:
    """The row of a definition: a property is defined twice, and the first one has the anchor."""
    section, note = page.document.sections[index], page.notes[index]
    name, line = section.definition or "", section.note[0].number
    for definition in page.document.definitions:
        if definition.name == name and definition.first <= line <= definition.last:
            row = replace(row, first=definition.first, last=definition.last)
    # An author's own anchor goes first.
    is_taken = False
    if note and name in note.ids:
        html = "".join(part.html for parts in (row.blocks, row.footnotes) for part in parts)
        is_taken = any(tag.get("id") == name for tag in tags(html, "id"))
    return replace(row, definition=name, anchor=name if is_new and not is_taken else "")


def _code(section: Section, code: Sequence[CodeLine]) -> tuple[CodeLine, ...]:
    return tuple(code[line.number - 1] for line in section.code)


@lru_cache(maxsize=1)  # a page is made in all of its languages in turn, and its code is the same
def _named_lines(names: PageNames) -> tuple[CodeLine, ...]:
    return _lines(names.page, names.code)


def _lines(page: Page, code: Iterable[Tokens]) -> tuple[CodeLine, ...]:
    """The lines of a page's file with their tokens."""
    # A class may be called L5: its name goes before the fifth line's.
    return tuple(
        CodeLine(
            line.number, line.text, tokens,
            "" if (anchor := f"L{line.number}") in page.anchors else anchor,
        )
        for line, tokens in zip(page.document.lines, code, strict=False)
    )  # fmt: skip
