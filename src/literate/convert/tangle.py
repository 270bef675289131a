"""The module of a Markdown document: where and how each of its notes stood is restored."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from literate.base.errors import LiterateError
from literate.base.files import decode_utf8
from literate.convert.flat import FENCE, SIGN, bare, from_text
from literate.convert.forms import (
    ENDING_NAMES,
    MARKER,
    MODULE,
    Code,
    Marker,
    NoteText,
    applied,
    ending_of,
    expected_form,
    open_fence,
    parted_ending,
    read_marker,
)
from literate.source.python import syntax_tree


def front_matter_end(text: Sequence[str]) -> int:
    """The number of lines of the front matter, which nothing may precede."""
    if not text or text[0].strip() != "---":
        return 0
    return next((n for n in range(2, len(text) + 1) if text[n - 1].strip() == "---"), 0)


def _is_front_matter(lines: Sequence[str]) -> bool:
    first, last = _edges(lines)
    return first < last and front_matter_end(lines[first:last]) == last - first


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A part of a document: code, or the text of a note below its marker; numbers of its lines."""

    is_code: bool
    lines: tuple[str, ...]
    numbers: tuple[int, ...]
    marker: Marker | None = None


def tangle(data: bytes, path: str) -> bytes:
    """The module that a document was woven from, with what its author changed in the document.

    Raises `LiterateError` where the document is malformed, or what it gives is not Python.
    """
    text = decode_utf8(data, path, "the document")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise LiterateError("the text holds a NUL", file=path, line=line, fix="Delete it")
    lines = list(io.StringIO(text, newline=""))
    if lines and not parted_ending(lines[-1])[1]:
        lines[-1] += ending_of(text)
    lines, module = _take_module_marker(lines, path)
    chunks = list(_chunks(from_text(lines, int(module.get("fence", 3)), path), path))
    named = {name: ending for ending, name in ENDING_NAMES.items()}
    ending = named.get(module.get("ending", ""), ending_of(text))
    numbered = list(_restored(chunks, module.get("docstrings", "block"), ending, path))
    source = "".join(line for line, _ in numbered)
    if module.get("newline") == "no":
        source = source.removesuffix("\n").removesuffix("\r")
    numbers = [number for _, number in numbered]
    _check_python(source, numbers, path)
    return _encoded(source, data.startswith(b"\xef\xbb\xbf"), numbers, path)


def _take_module_marker(lines: list[str], path: str) -> tuple[list[str], dict[str, str]]:
    """What the document's last line says of the whole module."""
    last = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 0)
    if not last or not MARKER.match(lines[last - 1]):
        return lines, {}
    marker = read_marker(lines[last - 1], path, last)
    return (lines[: last - 1], marker.fields) if marker.kind == MODULE else (lines, {})


def _chunks(flat: Iterable[tuple[str, int]], path: str) -> Iterator[_Chunk]:
    """The notes and the code of flattened code."""
    lines: list[str] = []
    numbers: list[int] = []
    marker: Marker | None = None
    is_code, is_first = False, True

    def chunk() -> Iterator[_Chunk]:
        first, last = _edges(lines) if not is_code else (0, len(lines))
        if first < last:
            yield _Chunk(is_code, tuple(lines[first:last]), tuple(numbers[first:last]), marker)
        lines.clear()
        numbers.clear()

    for line, number in flat:
        is_note = line.startswith(SIGN.rstrip())
        if line == "\n" or is_note == is_code:
            yield from chunk()
            is_code, marker = not is_note and line != "\n", None
            is_first = is_first and not is_code
            if line == "\n":
                continue
        plain = bare(line.removeprefix(SIGN).removeprefix(SIGN.rstrip()))
        if is_note and line.startswith(SIGN + FENCE):
            continue
        if is_note and MARKER.match(plain):
            new = read_marker(plain, path, number)
            if new.kind == MODULE:
                raise LiterateError(
                    "the mark of the module is not the last line",
                    file=path,
                    line=number,
                    fix="Move it to the end",
                )
            if not (is_first and marker is None and _is_front_matter(lines)):
                yield from chunk()
                is_first = False
            marker = new
            continue
        lines.append(plain)
        numbers.append(number)
    yield from chunk()


def _edges(lines: Sequence[str]) -> tuple[int, int]:
    """From the first to the last line that is not blank."""
    filled = [index for index, line in enumerate(lines) if line.strip()]
    return (filled[0], filled[-1] + 1) if filled else (0, 0)


def _restored(
    chunks: Sequence[_Chunk], layout: str, ending: str, path: str
) -> Iterator[tuple[str, int]]:
    """The lines of the module, each with its number in the document."""
    before: NoteText | Code | None = None
    for index, chunk in enumerate(chunks):
        if chunk.is_code:
            above = before.lines if isinstance(before, Code) else ()
            before = Code((*above, *chunk.lines))
            yield from zip(chunk.lines, chunk.numbers, strict=True)
            continue
        unclosed = open_fence(chunk.lines)
        if unclosed is not None:
            raise LiterateError(
                "the note has a fence that does not close",
                file=path,
                line=chunk.numbers[unclosed],
                fix="Close it; code of the module begins with ```python",
            )
        code = next((c for c in chunks[index:] if c.is_code), None)
        after = Code(code.lines) if code else None
        kind = chunk.marker.kind if chunk.marker else None
        form = expected_form(kind, chunk.lines, before, after, layout)
        note = NoteText(chunk.lines, applied(chunk.marker, form) if chunk.marker else form)
        if isinstance(before, NoteText):
            yield from [(ending, chunk.numbers[0])] * note.form.blank
        lines = note.lines(ending)
        extra = len(lines) - len(chunk.lines)
        numbers = [*chunk.numbers[:1] * (extra > 0), *chunk.numbers]
        if index + 1 < len(chunks) and chunks[index + 1].is_code:
            lines += [ending] * note.form.below
        numbers += chunk.numbers[-1:] * (len(lines) - len(numbers))
        yield from zip(lines, numbers, strict=True)
        before = note


def _check_python(source: str, numbers: Sequence[int], path: str) -> None:
    try:
        syntax_tree(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise LiterateError(
            f"what the document gives is not Python: {getattr(error, 'msg', None) or error}",
            file=path,
            line=numbers[min(line, len(numbers)) - 1] if numbers else 1,
            fix="Fix the code there, or the note above it",
        ) from None


def _encoded(source: str, has_mark: bool, numbers: Sequence[int], path: str) -> bytes:
    """The module's bytes, in the encoding that its first lines declare."""
    mark = b"\xef\xbb\xbf" if has_mark else b""
    reader = io.BytesIO(mark + source.encode()).readline
    try:
        return source.encode(tokenize.detect_encoding(reader)[0])
    except SyntaxError as error:
        raise LiterateError(str(error), file=path, line=1, fix="Fix the declaration") from None
    except UnicodeEncodeError as error:
        index = source.count("\n", 0, error.start)
        raise LiterateError(
            f"the module's encoding {error.encoding} has no {source[error.start]!r}",
            file=path,
            line=numbers[min(index, len(numbers) - 1)],
            fix="Write another character, or declare UTF-8",
        ) from None
