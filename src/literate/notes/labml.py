"""What labml's authors write and CommonMark does not know -> Markdown."""

from __future__ import annotations

import re

from literate.source.document import Prose
from literate.source.markup import fenced

# Code is looked for first, so that what looks like math in it stays code.
_MATH_OR_CODE = re.compile(
    r"^ *(```|~~~).*?^ *\1 *$|(`+)(?!`)(?:(?!\n[ >]*\n).)*?(?<!`)\2(?!`)"
    r"|(?<!\\)\$\$.+?(?<!\\)\$\$",
    re.DOTALL | re.MULTILINE,
)
_FENCE = re.compile(r"(^ *(?:```|~~~)[^\n]*\n(?:.*?\n)? *(?:```|~~~) *$)", re.DOTALL | re.MULTILINE)
_PARAMETER = re.compile(r"^( *):param (\w+): *", re.MULTILINE)
_RETURN = re.compile(r" *:returns?: *")
_SMALL = re.compile(r"^---(?=[^-\s|:])((?:.|\n(?!\n))+?)(?<=[^-\s|:])---$", re.MULTILINE)


def normalise(prose: Prose) -> Prose:
    """The prose in Markdown alone.

    Display math comes to stand on one line: its text could otherwise be taken for a list or a
    heading, and would end the paragraph in which it stands. `:param x: …` becomes an item of a
    list, `:return: …` a paragraph, and `---…---` small print.
    """
    prose = _with_returns(prose)
    lines: list[str] = []
    numbers: list[int] = []
    joined = _MATH_OR_CODE.sub(_on_one_line, prose.text)
    position = 0
    for line in joined.split("\n"):
        numbers.append(prose.line_numbers[min(position, len(prose.line_numbers) - 1)])
        position += 1 + line.count(_JOINT)
        line = line.replace(_JOINT, " ")
        lines.append(line)
    parts = _FENCE.split("\n".join(lines))
    parts[::2] = [_of_labml(part) for part in parts[::2]]
    return Prose("".join(parts), tuple(numbers))


def _with_returns(prose: Prose) -> Prose:
    if ":return" not in prose.text:
        return prose
    lines: list[str] = []
    numbers: list[int] = []
    for (line, is_code), number in zip(
        fenced(prose.text.split("\n")), prose.line_numbers, strict=False
    ):
        match = None if is_code else _RETURN.match(line)
        lines += ["", f"*Returns* {line[match.end() :]}"] if match else [line]
        numbers += [number] * (2 if match else 1)
    return Prose("\n".join(lines), tuple(numbers))


def _of_labml(text: str) -> str:
    return _SMALL.sub(r"<small>\1</small>", _PARAMETER.sub(r"\1* `\2` ", text))


#: Stands, for the time of the counting, where a line ended within display math.
_JOINT = "\x00"


def _on_one_line(match: re.Match[str]) -> str:
    if match[1] or match[2]:  # code
        return match[0]
    before = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    is_quoted = before.lstrip().startswith(">")
    return re.sub(r"\n[ >]*" if is_quoted else r"\n", _JOINT, match[0])
