"""A module as one Markdown document that brings it back byte for byte.

PyLit converts between a text and code whose comments stand at column 0. The engine brings a
module's notes, docstrings too, into that form, and says where a note stood unlike the usual.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from literate.base.errors import LiterateError
from literate.convert.flat import SIGN, shield, to_text
from literate.convert.forms import (
    DOCSTRING,
    ENDING_NAMES,
    MODULE,
    Code,
    NoteText,
    differences,
    ending_of,
    expected_form,
    marker_line,
    pieces,
)
from literate.convert.tangle import front_matter_end, tangle
from literate.source.document import Document


def weave(document: Document) -> bytes:
    """The Markdown document of a module, in UTF-8.

    Raises `LiterateError` if it would not bring the module back byte for byte.
    """
    ending = ending_of(document.source)
    parts = _parted(pieces(document), ending)
    layout = _usual_layout(parts)
    notes = [line for part in parts if isinstance(part, NoteText) for line in part.text]
    least = 1 + max((len(m[1]) for line in notes if (m := _OWN_FENCE.fullmatch(line))), default=2)
    flat = list(_flat(parts, layout, ending))
    lines = list(to_text(flat, least, ending))
    while lines and not lines[-1].strip():
        lines.pop()
    module = {"docstrings": layout} if layout != "block" else {}
    module |= {"fence": str(least)} if least > 3 else {}
    module |= {"ending": ENDING_NAMES[ending]} if ending_of("".join(lines)) != ending else {}
    module |= {"newline": "no"} if not document.source.endswith(("\n", "\r")) else {}
    if module and parts:
        lines += [ending, marker_line(MODULE, module) + ending]
    encoding = "utf-8-sig" if document.encoding == "utf-8-sig" else "utf-8"
    text = "".join(lines).encode(encoding)
    _verify(text, document)
    return text


_OWN_FENCE = re.compile(r"(`{3,})python\s*")


def _verify(text: bytes, document: Document) -> None:
    data = document.encode()
    fix = "Save the file with line endings of one kind; if that does not help, report it"
    try:
        back = tangle(text, document.path)
    except LiterateError as error:
        message = f"its document does not bring it back: {error.message}"
        raise LiterateError(message, file=document.path, fix=fix) from None
    if back != data:
        pairs = zip(back.splitlines(), data.splitlines(), strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a != b), None)
        line = 1 + (min(back.count(b"\n"), data.count(b"\n")) if same is None else same)
        message = "its document brings this line back changed"
        raise LiterateError(message, file=document.path, line=line, fix=fix)


def _parted(parts: list[NoteText | Code], ending: str) -> list[NoteText | Code]:
    """Notes and code without the blank lines that the forms of the notes tell of."""
    result: list[NoteText | Code] = []
    for index, part in enumerate(parts):
        before = result[-1] if result else None
        follows = isinstance(before, NoteText)
        is_between = follows and index + 1 < len(parts) and isinstance(part, Code)
        if is_between and isinstance(part, Code) and set(part.lines) == {ending}:
            continue
        if isinstance(part, NoteText) and follows:
            gap = parts[index - 1]
            blank = len(gap.lines) if isinstance(gap, Code) else 0
            part = replace(part, form=replace(part.form, blank=blank))
        if (
            isinstance(part, Code)
            and isinstance(before, NoteText)
            and before.form.kind == DOCSTRING
        ):
            above = result[-2] if len(result) > 1 else None
            below = expected_form(DOCSTRING, before.text, above, part, "block").below
            if below and part.lines[0] == ending and part.lines[1:]:
                result[-1] = replace(before, form=replace(before.form, below=1))
                part = Code(part.lines[1:])
        result.append(part)
    return result


def _usual_layout(parts: Iterable[NoteText | Code]) -> str:
    layouts = [part.form.layout for part in parts if isinstance(part, NoteText)]
    return max(("block", "inline"), key=layouts.count)


def _flat(parts: list[NoteText | Code], layout: str, ending: str) -> Iterator[str]:
    """The module as PyLit reads it: every note at column 0, each part ended by a blank line."""
    for index, part in enumerate(parts):
        if isinstance(part, Code):
            yield from (shield(line, guard_blank=True) for line in part.lines)
        else:
            before = parts[index - 1] if index else None
            for line in _marked(part, before, parts[index:], layout, ending):
                # A blank line is PyLit's to write, unless it ends unlike the others.
                shielded = shield(line, guard_blank=True)
                yield SIGN.rstrip() + "\n" if line == ending else SIGN + shielded
        yield "\n"


def _marked(
    note: NoteText,
    before: NoteText | Code | None,
    following: list[NoteText | Code],
    layout: str,
    ending: str,
) -> list[str]:
    """The text of a note, with a marker if its form is not the expected one."""
    after = next((part for part in following if isinstance(part, Code)), None)
    by_place = expected_form(None, note.text, before, after, layout)
    expected = expected_form(note.form.kind, note.text, before, after, layout)
    if not (len(following) > 1 and isinstance(following[1], Code)):
        expected = replace(expected, below=note.form.below)
    fields = differences(note.form, expected)
    end = 0 if before else front_matter_end(note.text)
    # A lone front matter would take the marker of a note directly below it for its own.
    is_unclear = isinstance(before, NoteText) or end == len(note.text)
    if not (fields or note.form.kind != by_place.kind or is_unclear):
        return list(note.text)
    marker = marker_line(note.form.kind, fields) + ending
    if end:
        return [*note.text[:end], marker, *note.text[end:]]
    return [marker, ending, *note.text]
