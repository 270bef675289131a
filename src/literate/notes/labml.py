"""What labml's authors write and CommonMark does not know -> Markdown."""

from __future__ import annotations

import re

from literate.source.document import Prose

# Code is looked for first, so that what looks like math in it stays code.
_MATH_OR_CODE = re.compile(
    r"^ *(```|~~~).*?^ *\1 *$|(`+)(?!`).*?(?<!`)\2(?!`)|(?<!\\)\$\$.+?(?<!\\)\$\$",
    re.DOTALL | re.MULTILINE,
)
_FENCE = re.compile(r"(^ *(?:```|~~~)[^\n]*\n(?:.*?\n)? *(?:```|~~~) *$)", re.DOTALL | re.MULTILINE)
_PARAMETER = re.compile(r"^( *):param (\w+): *", re.MULTILINE)
_SMALL = re.compile(r"^---(?=[^-\s|:])((?:.|\n(?!\n))+?)(?<=[^-\s|:])---$", re.MULTILINE)


def normalise(prose: Prose) -> Prose:
    """The prose in Markdown alone.

    Display math comes to stand on one line: its text could otherwise be taken for a list or a
    heading, and would end the paragraph in which it stands. `:param x: …` becomes an item of a
    list, and `---…---` small print.
    """
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
