"""A docstring in Markdown: its sections of arguments as lists, its examples as code.

Sections are what Google, NumPy and Sphinx have agreed on with their authors; `griffe` reads them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from textwrap import dedent
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from literate.source.document import Prose
from literate.source.markup import (
    fenced,
    past_front_matter,
    shown_names,
    with_doctests,
    without_roles,
)

if TYPE_CHECKING:
    from griffe import DocstringSection

Style = Literal["google", "numpy", "sphinx"]
_Rows = list[tuple[str, int]]
_NO_TYPES: Mapping[str, str] = MappingProxyType({})

#: Sections that list things, by the name that `griffe` knows them by.
_LISTS = {
    "args": "Args", "arguments": "Args", "parameters": "Args", "params": "Args",
    "keyword args": "Keyword Args", "keyword arguments": "Keyword Args",
    "other args": "Other Parameters", "other arguments": "Other Parameters",
    "other parameters": "Other Parameters", "attributes": "Attributes",
    "returns": "Returns", "return": "Returns", "yields": "Yields", "receives": "Receives",
    "raises": "Raises", "exceptions": "Raises", "except": "Raises", "warns": "Warns",
    "methods": "Methods", "functions": "Functions", "classes": "Classes",
}  # fmt: skip
#: The same for NumPy's form, which has names of its own.
_NUMPY = {"Args": "Parameters", "Keyword Args": "Other Parameters"}
#: Sections of text.
_TEXTS = (
    "example", "examples", "note", "notes", "warning", "warnings", "see also", "references",
    "reference", "todo", "tip", "important", "hint", "usage", "shape", "shapes", "inputs",
    "outputs", "input", "output",
)  # fmt: skip
_NAMES = "|".join(sorted([*_LISTS, *_TEXTS], key=len, reverse=True))
_GOOGLE = re.compile(rf"(?P<indent> *)(?P<name>{_NAMES}): *", re.IGNORECASE)
_UNDERLINED = re.compile(rf"(?P<indent> *)(?P<name>{_NAMES}) *", re.IGNORECASE)
_FIELD = re.compile(
    r" *:(?:param|parameter|arg|argument|key|keyword|type|raises?|except|exception|returns?|rtype|"
    r"var|ivar|cvar|vartype|yields?|ytype)\b[^:\n]*:(?=\s|$)"
)
#: Fields that `notes/labml.py` puts into labml's own form, which its translations are made of.
_PLAIN_FIELD = re.compile(r" *:(?:param \w+|returns?):")
#: What names an argument and says its type. `griffe` leaves out that it is optional, its default,
#: and all that its rules do not foresee; so the type is held back from it.
_TYPED = {
    "google": re.compile(r"(?P<names>\*{0,2}\w+) *\((?P<type>.+?)\) *(?=:(?:\s|$))"),
    "numpy": re.compile(r"(?P<names>\*{0,2}\w+(?:, *\*{0,2}\w+)*) *: (?P<type>.+)$"),
}
_NAMED = re.compile(r"\*{0,2}[\w.]+(?:\[.*\])? *(?:\(.*\) *)?:(?:\s|$)")


def readable_docstring(prose: Prose, *, is_raw: bool) -> Prose:
    """The text between the quotes of a docstring, in Markdown."""
    if not is_raw:
        prose = _unescaped(prose)
    if parts := past_front_matter(prose):
        front, rest = parts
        rest = _in_markdown(rest)
        return Prose(f"{front.text}\n{rest.text}", (*front.line_numbers, *rest.line_numbers))
    return _in_markdown(prose)


def _in_markdown(prose: Prose) -> Prose:
    return shown_names(with_doctests(_with_sections(without_roles(prose))))


#: A backslash that Python leaves alone, or would take for something that nobody writes in prose:
#: an author who writes it means what stands there.
_MEANT = re.compile(r"(?<!\\)(?:\\\\)*\\(?:[A-Za-z]{2,}|[^\w\s\\\"'])")


def _unescaped(prose: Prose) -> Prose:
    """The prose as Python reads it: with one backslash for two."""
    text = prose.text
    if text.startswith("\\\n"):  # the opening quotes have their line to themselves
        text = text[1:]
    if "\\\\" in text and not _MEANT.search(text):
        text = re.sub(r"\\([\\\"'])", r"\1", text)
    return prose if text == prose.text else Prose(text, prose.line_numbers)


def _with_sections(prose: Prose) -> Prose:
    """The prose with each section as a list, or a text, below its name."""
    if not re.search(rf"(?im)^ *(?:(?:{_NAMES}) *(?::|\n)|:\w+)", prose.text):
        return prose
    lines = [line for line, _ in fenced(prose.text.split("\n"))]
    is_code = [inside for _, inside in fenced(lines)]
    rows = list(zip(lines, prose.line_numbers, strict=True))
    made: _Rows = []
    position = 0
    while position < len(rows):
        found = None if is_code[position] else _section_at(lines, position)
        if found is None:
            made.append(rows[position])
            position += 1
            continue
        style, end = found
        made += _section(style, rows[position:end])
        position = end
    return Prose("\n".join(text for text, _ in made), tuple(number for _, number in made))


def _section_at(lines: Sequence[str], start: int) -> tuple[Style, int] | None:
    """The style and the end of the section that begins on a line, if one does."""
    line = lines[start]
    if match := _GOOGLE.fullmatch(line):
        end = _block_end(lines, start + 1, len(match["indent"]))
        return ("google", end) if end > start + 1 else None
    match = _UNDERLINED.fullmatch(line)
    if match and start + 1 < len(lines) and re.fullmatch(r" *-{3,} *", lines[start + 1]):
        ends = (n for n in range(start + 2, len(lines)) if _is_underlined(lines, n))
        return "numpy", next(ends, len(lines))
    if _FIELD.match(line):
        end = start
        while end < len(lines) and (_FIELD.match(lines[end]) or lines[end].strip()):
            end += 1
        is_plain = all(_PLAIN_FIELD.match(text) for text in lines[start:end] if _FIELD.match(text))
        return None if is_plain else ("sphinx", end)
    return None


def _block_end(lines: Sequence[str], start: int, indent: int) -> int:
    """The line after a block that is indented by more than its header."""
    end = start
    for number in range(start, len(lines)):
        line = lines[number]
        if line.strip():
            if len(line) - len(line.lstrip()) <= indent:
                break
            end = number + 1
    return end


def _is_underlined(lines: Sequence[str], number: int) -> bool:
    """Whether a line is a header of NumPy's, of a section known or not."""
    following = lines[number + 1].strip() if number + 1 < len(lines) else ""
    is_name = re.fullmatch(r"[A-Z][\w ]*", lines[number].strip()) is not None
    return is_name and re.fullmatch(r"-{3,}", following) is not None


def _section(style: Style, rows: _Rows) -> _Rows:
    """A section in Markdown, between blank lines; each line with the number of one of its own."""
    first, last = rows[0][1], rows[-1][1]
    if style == "sphinx":
        made = list(_fields(rows))
    else:
        name = rows[0][0].strip().rstrip(":").strip()
        body = rows[2:] if style == "numpy" else rows[1:]
        known = _LISTS.get(name.lower())
        text = dedent("\n".join(line for line, _ in body)).strip("\n")
        made = [(f"*{name}*", first), ("", first)]
        if known:
            items = list(_items(style, known, text))
            is_one = len(items) == 1 and known in ("Returns", "Yields", "Receives")
            made = [(f"*{name}* {items[0]}", first)] if is_one else made
            made += [] if is_one else [(f"* {item}", first) for item in items]
        else:
            made += [(line, first) for line in text.split("\n")]
    lines = [(line, number) for text, number in made for line in text.split("\n")]
    return [("", first), *_numbered(lines, rows), ("", last)]


def _items(style: Style, name: str, text: str) -> Iterator[str]:
    """The things that a section lists; the text itself, where it is no list."""
    types: dict[str, str] = {}
    lines = text.split("\n")
    if style == "google":  # a line that names nothing goes on with what is above it
        lines[1:] = [
            line if line[:1].isspace() or _NAMED.match(line) else f"    {line}".rstrip()
            for line in lines[1:]
        ]
    if name not in ("Returns", "Yields", "Receives"):
        lines = [_TYPED[style].sub(partial(_held_back, types), line) for line in lines]
    if style == "google":
        source = f"{name}:\n" + "".join(f"    {line}\n" for line in lines)
    else:
        name = _NUMPY.get(name, name)
        source = "\n".join([name, "-" * len(name), *lines, ""])
    found = [item for section in _parsed(source, style) for item in _listed(section, types)]
    yield from found or [text]


def _held_back(types: dict[str, str], match: re.Match[str]) -> str:
    """The names alone; the type of each is written down."""
    if match.start() > 0:
        return match[0]
    types.update(dict.fromkeys(re.split(r", *", match["names"]), match["type"].strip()))
    return match["names"]


def _fields(rows: _Rows) -> Iterator[tuple[str, int]]:
    source = "\n".join(
        line.strip() if _FIELD.match(line) else f"    {line.strip()}" for line, _ in rows
    )
    first = rows[0][1]
    for section in _parsed(source, "sphinx"):
        kind = section.kind.value
        if kind == "text":
            continue
        items = list(_listed(section))
        if kind == "parameters":
            yield from ((f"* {item}", first) for item in items)
        elif len(items) == 1 and kind != "raises":
            yield from [("", first), (f"*{kind.capitalize()}* {items[0]}", first)]
        else:
            yield from [("", first), (f"*{kind.capitalize()}*", first), ("", first)]
            yield from ((f"* {item}", first) for item in items)


def _parsed(source: str, style: Style) -> list[DocstringSection]:
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)  # it misses types: that is no fault
    # A section is one only below a blank line.
    return griffe.Docstring(f"Words.\n\n{source}").parse(style)[1:]


def _listed(section: DocstringSection, types: Mapping[str, str] = _NO_TYPES) -> Iterator[str]:
    """The items of a section: what is named, in code, and what is said of it."""
    value = section.value
    for item in value if isinstance(value, list) else ():
        name = getattr(item, "name", "") or ""
        annotation = types.get(name) or str(getattr(item, "annotation", None) or "")
        signature = ": ".join(part for part in (name, annotation) if part)
        description = str(item.description or "").strip()
        code = f"`{signature}`" if "`" not in signature else f"`` {signature} ``"
        code = code if signature else ""
        yield f"{code} {description}".strip().replace("\n", "\n  ")


def _numbered(lines: _Rows, rows: _Rows) -> Iterator[tuple[str, int]]:
    """The lines, each with the number of the line of the source that it comes from."""
    position = 0
    for text, number in lines:
        words = text.strip(" *`")
        for index in range(position, len(rows)) if words else ():
            source = rows[index][0].strip()
            said = source.partition(":")[2].strip() or source
            if source and (source in words or words in source or words.endswith(said)):
                position = index
                break
        yield text, rows[position][1] if words else number
