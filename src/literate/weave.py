"""A module as one Markdown document, and back, byte for byte.

PyLit converts between a text and code whose comments stand at column 0. The engine brings a
module's notes, docstrings too, into that form, and afterwards restores where and how each stood.
What a rule can restore leaves no trace in the document; what it cannot is said in an HTML
comment, a *mark*, above the note. A note that no mark describes stays code.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import dedent

import pylit  # type: ignore[import-untyped]

from literate.document import Document
from literate.errors import LiterateError, nearest
from literate.split import parse_python

# --- notes and code ----------------------------------------------------------------------------

COMMENT, DOCSTRING, MODULE = "comment", "docstring", "module"

#: Whether text and closing quotes stand on lines of their own, below the opening quotes.
_LAYOUTS = {
    "block": (True, True),
    "inline": (False, True),  # the quotes of a single line stand beside it on both sides
    "hug": (False, False),
    "tail": (True, False),
    "head": (False, True),
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a note stands in its module.

    `blank` lines part it from a note directly above, and `below` lines from code.
    """

    kind: str
    indent: str = ""
    quotes: str = ""
    layout: str = ""
    blank: int = 1
    below: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Lines of Markdown, line endings included, and the form in which the module holds them."""

    text: tuple[str, ...]
    form: Form

    def lines(self, ending: str) -> list[str]:
        """The note as the module holds it."""
        form = self.form
        if form.kind == COMMENT:
            return [form.indent + ("# " if line.strip() else "#") + line for line in self.text]
        starts_below, ends_below = _LAYOUTS[form.layout]
        if form.layout == "inline" and len(self.text) == 1:
            ends_below = False
        first, *rest = self.text
        opening = form.indent + form.quotes
        lines = [opening + ending, _indented(first, form)] if starts_below else [opening + first]
        lines += [_indented(line, form) for line in rest]
        closing = form.quotes.lstrip("rRuU")
        if ends_below:
            return [*lines, form.indent + closing + ending]
        content, _ = _content(lines[-1])
        return [*lines[:-1], content + closing + ending]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that stay code."""

    lines: tuple[str, ...]


def _indented(line: str, form: Form) -> str:
    return form.indent + line if line.strip() else line


def _content(line: str) -> tuple[str, str]:
    """A line without its ending, and the ending."""
    content = line.rstrip("\r\n")
    return content, line[len(content) :]


def pieces(document: Document) -> list[Note | Code]:
    """Notes and code of a module in the order of the file."""
    ending = _ending(document.source)
    owner = {
        line.number: index
        for index, section in enumerate(document.sections)
        for line in section.note
    }
    runs: list[tuple[int | None, list[str]]] = []
    for line in document.lines:
        section = owner.get(line.number)
        if runs and runs[-1][0] == section:
            runs[-1][1].append(line.text)
        else:
            runs.append((section, [line.text]))
    result: list[Note | Code] = []
    for section, lines in runs:
        note = None if section is None else _read_note(lines, ending)
        if note is None and result and isinstance(before := result[-1], Code):
            result[-1] = Code((*before.lines, *lines))
        else:
            result.append(note or Code(tuple(lines)))
    return result


def _ending(source: str) -> str:
    return _content(next(io.StringIO(source, newline=""), ""))[1] or "\n"


_OPENING = re.compile(r"([rRuU]?)(\"\"\"|'''|\"|')")


def _read_note(lines: list[str], ending: str) -> Note | None:
    """The note that these lines of a module are; None if no form gives back just them."""
    if not _content(lines[-1])[1]:  # the last line of the file; the document says so
        lines = [*lines[:-1], lines[-1] + ending]
    indent = _indent(lines[0])
    for note in _readings(lines, indent):
        text = note.text
        is_plain = text and text[0].strip() and text[-1].strip() and _width(indent) is not None
        if is_plain and note.lines(ending) == lines and not _is_misread(text):
            return note
    return None


def _readings(lines: list[str], indent: str) -> Iterator[Note]:
    body = [line.removeprefix(indent) for line in lines]
    if body[0].startswith("#"):
        words = tuple(line[1:].removeprefix(" ") for line in body)
        yield Note(words, Form(COMMENT, indent))
        return
    opening = _OPENING.match(body[0])
    if opening is None:
        return
    body[0] = body[0].removeprefix(opening[0])
    content, ending = _content(body[-1])
    body[-1] = content.removesuffix(opening[2]) + ending
    for layout, (starts_below, ends_below) in _LAYOUTS.items():
        if layout == "inline" and len(body) == 1:
            ends_below = False
        text = body[starts_below : -1 if ends_below else None]
        yield Note(tuple(text), Form(DOCSTRING, indent, opening[0], layout))


def _is_misread(text: Iterable[str]) -> bool:
    """Whether the document would take a part of the text for something else."""
    return any(_MARK.match(line) for line in text) or _open_fence(text) is not None


def _open_fence(text: Iterable[str]) -> int | None:
    """The index of a fence that the text opens and does not close."""
    fence, start = "", None
    for index, line in enumerate(text):
        sign = re.match(r"[ >]*(`{3,}(?=[^`]*$)|~{3,})", line)
        if start is None and sign:
            fence, start = sign[1], index
        elif start is not None and sign and sign[1].startswith(fence):
            start = None if line.strip(" >\r\n") == sign[1] else start
    return start


# --- the rules ---------------------------------------------------------------------------------


def _expected(
    kind: str | None, text: Sequence[str], before: Note | Code | None, after: Code | None,
    layout: str,
) -> Form:  # fmt: skip
    """The form that a note has by its place and its words, where no mark says otherwise."""
    above = before.lines if isinstance(before, Code) else ()
    header = _header(above)
    indent = _indent(next((line for line in after.lines if line.strip()), "") if after else "")
    if kind is None:
        opens = before is None or (isinstance(before, Code) and _says_nothing(above))
        kind = DOCSTRING if opens or header else COMMENT
    if kind == COMMENT:
        return Form(COMMENT, indent)
    outer = _indent(header)
    if not header:
        indent = ""
    elif len(indent) <= len(outer) or not indent.startswith(outer):
        indent = outer + "    "
    below = 0 if header and not header.lstrip().startswith("class") else 1
    return Form(DOCSTRING, indent, _quotes("".join(text), layout), layout, below=below)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _quotes(text: str, layout: str) -> str:
    clashes = '"""' in text or (layout != "block" and text.rstrip("\r\n").endswith('"'))
    return ("r" if "\\" in text else "") + ("'''" if clashes else '"""')


def _says_nothing(lines: Iterable[str]) -> bool:
    return all(not line.strip() or line.startswith("#") for line in lines)


_DEFINITION = re.compile(r"\s*(?:async\s+def|def|class)\b")


def _header(lines: Sequence[str]) -> str:
    """The first line of the `class` or `def` whose signature ends these lines; empty without."""
    if not lines or ":" not in lines[-1]:
        return ""
    for start in range(len(lines) - 1, -1, -1):
        if _DEFINITION.match(lines[start]):
            try:
                parse_python(dedent("".join(lines[start:])) + "\n pass")
            except (SyntaxError, ValueError):
                return ""
            return lines[start]
    return ""


# --- marks -------------------------------------------------------------------------------------

_MARK = re.compile(rf"<!-- *(?:{COMMENT}|{DOCSTRING}|{MODULE})\b")
_FULL_MARK = re.compile(r"<!-- (\w+)((?: \w+=\S+)*) -->\s*")
_FIELDS = {
    COMMENT: {"indent", "blank"},
    DOCSTRING: {"indent", "quotes", "layout", "blank", "below"},
    MODULE: {"docstrings", "ending", "fence", "newline"},
}
_VALUES = {
    "indent": r"\d{1,3}(?:tabs)?",
    "blank": r"\d{1,3}",
    "below": "[01]",
    "quotes": r"[rRuU]?(?:\"\"\"|'''|\"|')",
    "layout": "|".join(_LAYOUTS),
    "docstrings": "block|inline",
    "ending": "lf|crlf|cr",
    "fence": r"[3-9]|[1-9]\d",
    "newline": "no",
}


_ENDING_NAMES = {"\n": "lf", "\r\n": "crlf", "\r": "cr"}


@dataclass(frozen=True, slots=True)
class _Mark:
    kind: str
    fields: dict[str, str]


def _mark_line(kind: str, fields: dict[str, str]) -> str:
    return f"<!-- {' '.join([kind, *(f'{name}={value}' for name, value in fields.items())])} -->"


def _read_mark(line: str, path: str, number: int) -> _Mark:
    full = _FULL_MARK.fullmatch(line)
    if full is None:
        raise LiterateError(
            f"the mark `{line.strip()}` is broken",
            file=path,
            line=number,
            fix="Write it as in `<!-- docstring indent=8 -->`, on a line of its own",
        )
    fields = dict(field.split("=", 1) for field in full[2].split())
    for name, value in fields.items():
        if name not in _FIELDS[full[1]]:
            raise LiterateError(
                f"the mark `{full[1]}` has no field {name!r}",
                file=path,
                line=number,
                fix=nearest(name, _FIELDS[full[1]]),
            )
        if not re.fullmatch(_VALUES[name], value):
            raise LiterateError(
                f"the mark's field {name!r} cannot be {value!r}",
                file=path,
                line=number,
                fix="Leave it out to have what is usual there",
            )
    return _Mark(full[1], fields)


def _width(indent: str) -> str | None:
    """An indentation as a mark says it; None if it mixes tabs and blanks."""
    if indent == " " * len(indent):
        return str(len(indent))
    return f"{len(indent)}tabs" if indent == "\t" * len(indent) else None


def _differences(form: Form, expected: Form) -> dict[str, str]:
    fields = {
        "indent": _width(form.indent) or "",
        "quotes": form.quotes,
        "layout": form.layout,
        "blank": str(form.blank),
        "below": str(form.below),
    }
    return {
        name: value
        for name, value in fields.items()
        if getattr(form, name) != getattr(expected, name)
    }


def _applied(mark: _Mark, form: Form) -> Form:
    fields = mark.fields
    indent = form.indent
    if "indent" in fields:
        count = int(fields["indent"].removesuffix("tabs"))
        indent = ("\t" if fields["indent"].endswith("tabs") else " ") * count
    return Form(
        form.kind,
        indent,
        fields.get("quotes", form.quotes),
        fields.get("layout", form.layout),
        int(fields.get("blank", form.blank)),
        int(fields.get("below", form.below)),
    )


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
    content, ending = _content(line)
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
    ending = _ending(document.source)
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
    module |= {"ending": _ENDING_NAMES[ending]} if _ending("".join(lines)) != ending else {}
    module |= {"newline": "no"} if not document.source.endswith(("\n", "\r")) else {}
    if module and parts:
        lines += [ending, _mark_line(MODULE, module) + ending]
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
            below = _expected(DOCSTRING, before.text, above, part, "block").below
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
    by_place = _expected(None, note.text, before, after, layout)
    expected = _expected(note.form.kind, note.text, before, after, layout)
    if not (len(following) > 1 and isinstance(following[1], Code)):
        expected = replace(expected, below=note.form.below)
    fields = _differences(note.form, expected)
    end = 0 if before else _front_matter_end(note.text)
    # A lone front matter would take the mark of a note directly below it for its own.
    is_unclear = isinstance(before, Note) or end == len(note.text)
    if not (fields or note.form.kind != by_place.kind or is_unclear):
        return list(note.text)
    mark = _mark_line(note.form.kind, fields) + ending
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
    mark: _Mark | None = None


def tangle(data: bytes, path: str) -> bytes:
    """The module that a document was woven from, with what its author changed in the document.

    Raises `LiterateError` where the document is malformed, or what it gives is not Python.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LiterateError(
            "the document is not UTF-8", file=path, line=line, fix="Save it as UTF-8"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise LiterateError("there is a NUL in the text", file=path, line=line, fix="Delete it")
    lines = list(io.StringIO(text, newline=""))
    if lines and not _content(lines[-1])[1]:
        lines[-1] += _ending(text)
    lines, module = _take_module_mark(lines, path)
    chunks = list(_chunks(_from_text(lines, int(module.get("fence", 3)), path), path))
    named = {name: ending for ending, name in _ENDING_NAMES.items()}
    ending = named.get(module.get("ending", ""), _ending(text))
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
    if not last or not _MARK.match(lines[last - 1]):
        return lines, {}
    mark = _read_mark(lines[last - 1], path, last)
    return (lines[: last - 1], mark.fields) if mark.kind == MODULE else (lines, {})


def _chunks(flat: Iterable[tuple[str, int]], path: str) -> Iterator[_Chunk]:
    """The notes and the code of flattened code."""
    lines: list[str] = []
    numbers: list[int] = []
    mark: _Mark | None = None
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
        if is_note and _MARK.match(bare):
            new = _read_mark(bare, path, number)
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
        unclosed = _open_fence(chunk.lines)
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
        form = _expected(kind, chunk.lines, before, after, layout)
        note = Note(chunk.lines, _applied(chunk.mark, form) if chunk.mark else form)
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
