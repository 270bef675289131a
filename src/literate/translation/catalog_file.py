"""The file of a catalog: a JSON object, source -> translation, read with line numbers."""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from literate.base.errors import LiterateError
from literate.base.files import SourceFile, write_whole
from literate.base.html import DEPTH, is_too_deep
from literate.notes.placeholder import huge_number
from literate.translation.catalog import Catalog, Entry

_decoder = json.JSONDecoder()


def load_catalog(file: SourceFile, faults: list[LiterateError] | None = None) -> Catalog:
    """Read a catalog; a catalog that is not there is empty.

    Raises `LiterateError` where it cannot be read, is not JSON, holds a key twice, or anything but
    texts of a sane size. What is wrong with an entry alone goes to `faults`, if there is such a
    list, and the entry is left out.
    """
    try:
        text = file.read_text("the map")
    except FileNotFoundError:
        return Catalog(file.shown)
    entries = []
    for entry in read_entries(text, file.shown, faults):
        try:
            _check(entry, file)
            entries.append(entry)
        except LiterateError as error:
            if faults is None:
                raise
            faults.append(error)
    return Catalog(
        file.shown,
        tuple(entry for entry in entries if entry.translation.strip()),
        tuple(entry.source for entry in entries if not entry.translation.strip()),
    )


def _check(entry: Entry, file: SourceFile) -> None:
    """Raise for a translation that would break its page."""
    for text in (entry.source, entry.translation):
        fault = _surrogate(text) or _huge_number(text) or _nesting(text)
        if fault:
            message, fix = fault
            raise file.error(
                f"the entry {_short(entry.source)!r} {message}", line=entry.line, fix=fix
            )


def _surrogate(text: str) -> tuple[str, str] | None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return (
            f"holds half a character, \\u{ord(text[error.start]):04x}",
            "Write the character itself, or both of its halves",
        )
    return None


def _huge_number(text: str) -> tuple[str, str] | None:
    found = huge_number(text)
    return (f"has a placeholder numbered {found}…", "Number from 0") if found else None


def _nesting(text: str) -> tuple[str, str] | None:
    return (f"is nested over {DEPTH} tags deep", "Close each tag") if is_too_deep(text) else None


def read_entries(
    text: str, shown: str, faults: list[LiterateError] | None = None
) -> Iterator[Entry]:
    """The entries of a catalog's JSON text, each with its line; faulty ones as in `load_catalog`.

    The standard library's decoder knows no positions of keys; hence its scanner, pair by pair.
    """

    def fail(message: str, position: int, fix: str) -> LiterateError:
        line = text.count("\n", 0, position) + 1
        return LiterateError(message, file=shown, line=line, fix=fix)

    def skip(position: int) -> int:
        while position < len(text) and text[position] in " \t\r\n":
            position += 1
        return position

    def expect(character: str, position: int) -> int:
        position = skip(position)
        if text[position : position + 1] != character:
            found = repr(text[position]) if position < len(text) else "the end of the file"
            raise fail(
                f"the map is not JSON: found {found}, expected {character!r}",
                min(position, max(len(text) - 1, 0)),
                'A map is {"source": "translation", …}; check commas and quotes',
            )
        return position + 1

    def value(position: int) -> tuple[Any, int]:
        try:
            return _decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise fail(
                f"the map is not JSON: {error.msg.lower()}",
                error.pos,
                "Check the quotes, backslashes and commas",
            ) from None
        except (ValueError, RecursionError):  # of a number, or of what is no text either
            raise fail(
                "the map nests too deep, or holds a huge number",
                position,
                'A map is {"source": "translation", …}',
            ) from None

    lines: dict[str, int] = {}
    line, counted = 1, 0  # the lines up to there, which are not counted again
    position = skip(expect("{", 0))
    while text[position : position + 1] != "}":
        start = expect('"', position) - 1
        source, position = value(start)
        line, counted = line + text.count("\n", counted, start), start
        place = skip(expect(":", position))
        translation, position = value(place)
        error = None
        if source in lines:
            error = fail(
                f"the key {_short(source)!r} stands here and on line {lines[source]}",
                start,
                "Keep one of the two",
            )
        elif not isinstance(translation, str):
            kind = type(translation).__name__
            error = fail(
                f"the translation of {_short(source)!r} is a {kind}",
                place,
                "Write a text in quotes",
            )
        lines.setdefault(source, line)
        if error is None:
            yield Entry(source, translation, line)
        elif faults is None:
            raise error
        else:
            faults.append(error)
        position = skip(position)
        if text[position : position + 1] != "}":
            position = expect('"', expect(",", position)) - 1
    rest = skip(position + 1)
    if rest != len(text):
        raise fail("the map goes on after its closing brace", rest, "Remove the rest")


def _short(text: str, length: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def write_catalog(path: Path, entries: Mapping[str, str]) -> None:
    """Write a catalog as translators read it, and nothing by halves; a link stays one."""
    text = json.dumps(entries, ensure_ascii=False, indent=2) + "\n"
    write_whole(Path(os.path.realpath(path)), text.encode())
