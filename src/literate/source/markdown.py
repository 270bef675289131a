"""Markdown page -> Document: one long note without code."""

from __future__ import annotations

from literate.base.files import decode_utf8
from literate.source.document import Document, Line, NoteLines, Prose, Section


def read_markdown(data: bytes, shown: str) -> Document:
    """A Markdown page is one long note without code."""
    text = decode_utf8(data, shown, "the page")
    rows = text.split("\n")
    lines = tuple(
        Line(number, row + ("\n" if number < len(rows) else ""))
        for number, row in enumerate(rows, start=1)
    )
    prose = Prose(text.replace("\r\n", "\n"), tuple(line.number for line in lines))
    return Document(shown, "utf-8", (Section((NoteLines(lines),), prose=prose),), opening=0)
