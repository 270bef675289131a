"""How a note is written in its module: its form, the rules that find it, the markers that state it.

A rule tells a note's form by the note's place and words. Where it is wrong, a marker, an HTML
comment above the note, says what is different. A note that no marker can describe stays code.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent

from literate.base.errors import LiterateError, nearest
from literate.source.document import Document, NoteLines
from literate.source.python import syntax_tree

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
    """How a note is written in its module.

    `blank` lines part it from a note directly above, and `below` lines from code.
    """

    kind: str
    indent: str = ""
    quotes: str = ""
    layout: str = ""
    blank: int = 1
    below: int = 0


@dataclass(frozen=True, slots=True)
class NoteText:
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
        content, _ = parted_ending(lines[-1])
        return [*lines[:-1], content + closing + ending]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that stay code."""

    lines: tuple[str, ...]


def _indented(line: str, form: Form) -> str:
    return form.indent + line if line.strip() else line


def parted_ending(line: str) -> tuple[str, str]:
    """A line without its ending, and the ending."""
    content = line.rstrip("\r\n")
    return content, line[len(content) :]


def pieces(document: Document) -> list[NoteText | Code]:
    """Notes and code of a module in the order of the file."""
    ending = ending_of(document.source)
    runs = {run.lines[0].number: run for section in document.sections for run in section.written}
    lines = [line.text for line in document.lines]
    result: list[NoteText | Code] = []
    code: list[str] = []
    number = 1
    while number <= len(lines):
        run = runs.get(number)
        size = len(run.lines) if run else 1
        if note := run and _read_note(run, ending):
            result += [Code(tuple(code)), note] if code else [note]
            code = []
        else:
            code += lines[number - 1 : number - 1 + size]
        number += size
    return [*result, Code(tuple(code))] if code else result


def ending_of(source: str) -> str:
    """The ending of the first line."""
    return parted_ending(next(io.StringIO(source, newline=""), ""))[1] or "\n"


def _read_note(run: NoteLines, ending: str) -> NoteText | None:
    """The note that these lines of a module are; None if no form gives back just them."""
    lines = [line.text for line in run.lines]
    if not parted_ending(lines[-1])[1]:  # the last line of the file; the document says so
        lines[-1] += ending
    for note in _readings(lines, run):
        text = note.text
        is_plain = text and text[0].strip() and text[-1].strip() and _width(run.indent) is not None
        if is_plain and note.lines(ending) == lines and not _is_misread(text):
            return note
    return None


def _readings(lines: list[str], run: NoteLines) -> Iterator[NoteText]:
    """The forms that the note may have."""
    body = [line.removeprefix(run.indent) for line in lines]
    if not run.quotes:
        words = tuple(line[1:].removeprefix(" ") for line in body)
        yield NoteText(words, Form(COMMENT, run.indent))
        return
    body[0] = body[0].removeprefix(run.quotes)
    content, ending = parted_ending(body[-1])
    body[-1] = content.removesuffix(run.quotes.lstrip("rRuU")) + ending
    for layout, (starts_below, ends_below) in _LAYOUTS.items():
        if layout == "inline" and len(body) == 1:
            ends_below = False
        text = body[starts_below : -1 if ends_below else None]
        yield NoteText(tuple(text), Form(DOCSTRING, run.indent, run.quotes, layout))


def _is_misread(text: Iterable[str]) -> bool:
    """Whether the document would take a part of the text for something else."""
    return any(MARKER.match(line) for line in text) or open_fence(text) is not None


def open_fence(text: Iterable[str]) -> int | None:
    """The index of a fence that the text opens and does not close."""
    fence, start = "", None
    for index, line in enumerate(text):
        sign = re.match(r"[ >]*(`{3,}(?=[^`]*$)|~{3,})", line)
        if start is None and sign:
            fence, start = sign[1], index
        elif start is not None and sign and sign[1].startswith(fence):
            start = None if line.strip(" >\r\n") == sign[1] else start
    return start


def expected_form(
    kind: str | None, text: Sequence[str], before: NoteText | Code | None, after: Code | None,
    layout: str,
) -> Form:  # fmt: skip
    """The form that a note has by its place and its words, where no marker says otherwise."""
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
                syntax_tree(dedent("".join(lines[start:])) + "\n pass")
            except (SyntaxError, ValueError):
                return ""
            return lines[start]
    return ""


MARKER = re.compile(rf"<!-- *(?:{COMMENT}|{DOCSTRING}|{MODULE})\b")
_FULL_MARKER = re.compile(r"<!-- (\w+)((?: \w+=\S+)*) -->\s*")
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

ENDING_NAMES = {"\n": "lf", "\r\n": "crlf", "\r": "cr"}


@dataclass(frozen=True, slots=True)
class Marker:
    """What is said of a note, or of the whole module."""

    kind: str
    fields: dict[str, str]


def marker_line(kind: str, fields: dict[str, str]) -> str:
    """A marker as the document holds it."""
    return f"<!-- {' '.join([kind, *(f'{name}={value}' for name, value in fields.items())])} -->"


def read_marker(line: str, path: str, number: int) -> Marker:
    """Read the line of a marker. Raises `LiterateError` where it is broken."""
    full = _FULL_MARKER.fullmatch(line)
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
    return Marker(full[1], fields)


def _width(indent: str) -> str | None:
    """An indentation as a marker says it; None if it mixes tabs and blanks."""
    if indent == " " * len(indent):
        return str(len(indent))
    return f"{len(indent)}tabs" if indent == "\t" * len(indent) else None


def differences(form: Form, expected: Form) -> dict[str, str]:
    """What a marker has to say of a form."""
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


def applied(marker: Marker, form: Form) -> Form:
    """The form with what the marker says of it."""
    fields = marker.fields
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
