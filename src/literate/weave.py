"""A module as one Markdown document, and back, byte for byte.

PyLit converts between a text and code whose comments stand at column 0. The engine brings a
module's notes, docstrings too, into that form, and afterwards restores where and how each stood.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pylit  # type: ignore[import-untyped]

from literate.document import Document
from literate.errors import LiterateError
from literate.files import decode_utf8
from literate.forms import (
    DOCSTRING,
    ENDING_NAMES,
    MARK,
    MODULE,
    Code,
    Mark,
    Note,
    applied,
    differences,
    ending_of,
    expected_form,
    mark_line,
    open_fence,
    parted_ending,
    pieces,
    read_mark,
)
from literate.split import parse_python

# --- through PyLit -----------------------------------------------------------------------------

# No Python source holds a NUL, so these signs stand for nothing that an author wrote.
_SIGN = "\0# "
_FENCE = "\0code"
_GUARD, _TAB = "\0g", "\0t"
_ENDINGS = {"\r\n": "\0r", "\r": "\0m"}
_OPTIONS = {
    "language": "python",
    "comment_string": _SIGN,
    "code_block_marker": _FENCE,
    "header_string": f"{_FENCE}\n\n",
    "codeindent": 4,
}


def _shield(line: str, *, guard_blank: bool = False) -> str:
    """A line in which PyLit finds no tab to expand, and no indentation to reason about."""
    content, ending = parted_ending(line)
    guard = _GUARD if content[:1].isspace() or (guard_blank and not content) else ""
    return guard + content.replace("\t", _TAB) + _ENDINGS.get(ending, "") + "\n"


def _bare(line: str) -> str:
    """The line that was shielded."""
    content = line.removesuffix("\n")
    ending = "\n"
    for original, sign in _ENDINGS.items():
        if content.endswith(sign):
            content, ending = content.removesuffix(sign), original
    return content.removeprefix(_GUARD).replace(_TAB, "\t") + ending


def _to_text(flat: list[str], least: int, ending: str) -> Iterator[str]:
    """PyLit's text of flattened code, its code blocks fenced."""
    lines = iter(io.StringIO(str(pylit.Code2Text(flat, **_OPTIONS)), newline="\n"))
    for line in lines:
        if line != _FENCE + "\n":
            yield ending if line == "\n" else _bare(line)
            continue
        next(lines)
        block = []
        for inner in lines:
            if inner == "\n":
                break
            block.append(_bare(inner.removeprefix("    ")))
        fence = "`" * max(least, 1 + _longest_fence(block))
        yield f"{fence}python{ending}"
        yield from block
        yield fence + ending
        yield ending


def _longest_fence(lines: Iterable[str]) -> int:
    found = (re.match(r"\s*(`*)", line) for line in lines)
    return max((len(match[1]) for match in found if match and len(match[1]) >= 3), default=2)


def _from_text(lines: Sequence[str], least: int, path: str) -> Iterator[tuple[str, int]]:
    """The flattened code of a document, each line with the number it has there."""
    text, numbers = _unfenced(lines, least, path)
    return zip(pylit.Text2Code(text, **_OPTIONS), numbers, strict=True)


def _unfenced(lines: Sequence[str], least: int, path: str) -> tuple[list[str], list[int]]:
    opening = re.compile(rf"(`{{{least},}})python\s*")
    text: list[str] = []
    numbers: list[int] = []
    fence, start = "", 0

    def add(number: int, *added: str) -> None:
        text.extend(added)
        numbers.extend([number] * len(added))

    for number, line in enumerate(lines, 1):
        opens = opening.fullmatch(line)
        if fence and line.rstrip() == "`" * len(line.rstrip()) and line.startswith(fence):
            fence = ""
            add(number, "\n")
        elif fence and not (opens and len(opens[1]) >= len(fence)):
            add(number, "    " + _shield(line, guard_blank=True))
        elif fence:
            break
        elif opens:
            fence, start = opens[1], number
            add(number, "\n", _FENCE + "\n", "\n")
        else:
            add(number, _shield(line))
    if fence:
        raise LiterateError(
            "the code that begins here has no end",
            file=path,
            line=start,
            fix=f"Close it with a line of {fence}",
        )
    return text, numbers


# --- weave -------------------------------------------------------------------------------------


def weave(document: Document) -> bytes:
    """The Markdown document of a module, in UTF-8.

    Raises `LiterateError` if it would not bring the module back byte for byte.
    """
    ending = ending_of(document.source)
    parts = _parted(pieces(document), ending)
    layout = _usual_layout(parts)
    notes = [line for part in parts if isinstance(part, Note) for line in part.text]
    least = 1 + max((len(m[1]) for line in notes if (m := _OWN_FENCE.fullmatch(line))), default=2)
    flat = list(_flat(parts, layout, ending))
    lines = list(_to_text(flat, least, ending))
    while lines and not lines[-1].strip():
        lines.pop()
    module = {"docstrings": layout} if layout != "block" else {}
    module |= {"fence": str(least)} if least > 3 else {}
    module |= {"ending": ENDING_NAMES[ending]} if ending_of("".join(lines)) != ending else {}
    module |= {"newline": "no"} if not document.source.endswith(("\n", "\r")) else {}
    if module and parts:
        lines += [ending, mark_line(MODULE, module) + ending]
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


def _parted(parts: list[Note | Code], ending: str) -> list[Note | Code]:
    """Notes and code without the blank lines that the forms of the notes tell of."""
    result: list[Note | Code] = []
    for index, part in enumerate(parts):
        before = result[-1] if result else None
        follows = isinstance(before, Note)
        is_between = follows and index + 1 < len(parts) and isinstance(part, Code)
        if is_between and isinstance(part, Code) and set(part.lines) == {ending}:
            continue
        if isinstance(part, Note) and follows:
            gap = parts[index - 1]
            blank = len(gap.lines) if isinstance(gap, Code) else 0
            part = replace(part, form=replace(part.form, blank=blank))
        if isinstance(part, Code) and isinstance(before, Note) and before.form.kind == DOCSTRING:
            above = result[-2] if len(result) > 1 else None
            below = expected_form(DOCSTRING, before.text, above, part, "block").below
            if below and part.lines[0] == ending and part.lines[1:]:
                result[-1] = replace(before, form=replace(before.form, below=1))
                part = Code(part.lines[1:])
        result.append(part)
    return result


def _usual_layout(parts: Iterable[Note | Code]) -> str:
    layouts = [part.form.layout for part in parts if isinstance(part, Note)]
    return max(("block", "inline"), key=layouts.count)


def _flat(parts: list[Note | Code], layout: str, ending: str) -> Iterator[str]:
    """The module as PyLit reads it: every note at column 0, each part ended by a blank line."""
    for index, part in enumerate(parts):
        if isinstance(part, Code):
            yield from (_shield(line, guard_blank=True) for line in part.lines)
        else:
            before = parts[index - 1] if index else None
            for line in _marked(part, before, parts[index:], layout, ending):
                # A blank line is PyLit's to write, unless it ends unlike the others.
                shielded = _shield(line, guard_blank=True)
                yield _SIGN.rstrip() + "\n" if line == ending else _SIGN + shielded
        yield "\n"


def _marked(
    note: Note, before: Note | Code | None, following: list[Note | Code], layout: str, ending: str
) -> list[str]:
    """The text of a note, with a mark if its form is not the expected one."""
    after = next((part for part in following if isinstance(part, Code)), None)
    by_place = expected_form(None, note.text, before, after, layout)
    expected = expected_form(note.form.kind, note.text, before, after, layout)
    if not (len(following) > 1 and isinstance(following[1], Code)):
        expected = replace(expected, below=note.form.below)
    fields = differences(note.form, expected)
    end = 0 if before else _front_matter_end(note.text)
    # A lone front matter would take the mark of a note directly below it for its own.
    is_unclear = isinstance(before, Note) or end == len(note.text)
    if not (fields or note.form.kind != by_place.kind or is_unclear):
        return list(note.text)
    mark = mark_line(note.form.kind, fields) + ending
    if end:
        return [*note.text[:end], mark, *note.text[end:]]
    return [mark, ending, *note.text]


def _front_matter_end(text: Sequence[str]) -> int:
    """The number of lines that the front matter takes, which nothing may stand above."""
    if not text or text[0].strip() != "---":
        return 0
    return next((n for n in range(2, len(text) + 1) if text[n - 1].strip() == "---"), 0)


def _is_front_matter(lines: Sequence[str]) -> bool:
    first, last = _edges(lines)
    return first < last and _front_matter_end(lines[first:last]) == last - first


# --- tangle ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A part of a document: code, or the text of a note below its mark; numbers of its lines."""

    is_code: bool
    lines: tuple[str, ...]
    numbers: tuple[int, ...]
    mark: Mark | None = None


def tangle(data: bytes, path: str) -> bytes:
    """The module that a document was woven from, with what its author changed in the document.

    Raises `LiterateError` where the document is malformed, or what it gives is not Python.
    """
    text = decode_utf8(data, path, "the document")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise LiterateError("there is a NUL in the text", file=path, line=line, fix="Delete it")
    lines = list(io.StringIO(text, newline=""))
    if lines and not parted_ending(lines[-1])[1]:
        lines[-1] += ending_of(text)
    lines, module = _take_module_mark(lines, path)
    chunks = list(_chunks(_from_text(lines, int(module.get("fence", 3)), path), path))
    named = {name: ending for ending, name in ENDING_NAMES.items()}
    ending = named.get(module.get("ending", ""), ending_of(text))
    numbered = list(_restored(chunks, module.get("docstrings", "block"), ending, path))
    source = "".join(line for line, _ in numbered)
    if module.get("newline") == "no":
        source = source.removesuffix("\n").removesuffix("\r")
    numbers = [number for _, number in numbered]
    _check_python(source, numbers, path)
    return _encoded(source, data.startswith(b"\xef\xbb\xbf"), numbers, path)


def _take_module_mark(lines: list[str], path: str) -> tuple[list[str], dict[str, str]]:
    """What the document's last line says of the whole module."""
    last = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 0)
    if not last or not MARK.match(lines[last - 1]):
        return lines, {}
    mark = read_mark(lines[last - 1], path, last)
    return (lines[: last - 1], mark.fields) if mark.kind == MODULE else (lines, {})


def _chunks(flat: Iterable[tuple[str, int]], path: str) -> Iterator[_Chunk]:
    """The notes and the code of flattened code."""
    lines: list[str] = []
    numbers: list[int] = []
    mark: Mark | None = None
    is_code, is_first = False, True

    def chunk() -> Iterator[_Chunk]:
        first, last = _edges(lines) if not is_code else (0, len(lines))
        if first < last:
            yield _Chunk(is_code, tuple(lines[first:last]), tuple(numbers[first:last]), mark)
        lines.clear()
        numbers.clear()

    for line, number in flat:
        is_note = line.startswith(_SIGN.rstrip())
        if line == "\n" or is_note == is_code:
            yield from chunk()
            is_code, mark = not is_note and line != "\n", None
            is_first = is_first and not is_code
            if line == "\n":
                continue
        bare = _bare(line.removeprefix(_SIGN).removeprefix(_SIGN.rstrip()))
        if is_note and line.startswith(_SIGN + _FENCE):
            continue
        if is_note and MARK.match(bare):
            new = read_mark(bare, path, number)
            if new.kind == MODULE:
                raise LiterateError(
                    "the mark of the module is not the last line",
                    file=path,
                    line=number,
                    fix="Move it to the end",
                )
            if not (is_first and mark is None and _is_front_matter(lines)):
                yield from chunk()
                is_first = False
            mark = new
            continue
        lines.append(bare)
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
    before: Note | Code | None = None
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
        kind = chunk.mark.kind if chunk.mark else None
        form = expected_form(kind, chunk.lines, before, after, layout)
        note = Note(chunk.lines, applied(chunk.mark, form) if chunk.mark else form)
        if isinstance(before, Note):
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
        parse_python(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise LiterateError(
            f"what the document gives is not Python: {getattr(error, 'msg', None) or error}",
            file=path,
            line=numbers[min(line, len(numbers)) - 1] if numbers else 1,
            fix="Mend the code there, or the note above it",
        ) from None


def _encoded(source: str, has_mark: bool, numbers: Sequence[int], path: str) -> bytes:
    """The module's bytes, in the encoding that its first lines declare."""
    mark = b"\xef\xbb\xbf" if has_mark else b""
    reader = io.BytesIO(mark + source.encode()).readline
    try:
        return source.encode(tokenize.detect_encoding(reader)[0])
    except SyntaxError as error:
        raise LiterateError(str(error), file=path, line=1, fix="Mend the declaration") from None
    except UnicodeEncodeError as error:
        index = source.count("\n", 0, error.start)
        raise LiterateError(
            f"the module's encoding {error.encoding} has no {source[error.start]!r}",
            file=path,
            line=numbers[min(index, len(numbers) - 1)],
            fix="Write another character, or declare UTF-8",
        ) from None
