"""What labml's authors write and CommonMark does not know -> Markdown."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from literate.source.document import Prose
from literate.source.markup import fenced

_PARAMETER = re.compile(r"^( *):param (\w+): *", re.MULTILINE)
_RETURN = re.compile(r" *:returns?: *")
#: Where code or display math may start; code first, so that what looks like math in it stays code.
_START = re.compile(r"^ *+(?P<fence>```|~~~)|`++|(?<!\\)\$\$", re.MULTILINE)
_RUN = re.compile(r"`++")
_DISPLAY_END = re.compile(r"(?<!\\)(?=\$\$)")
_FENCE_END = re.compile(r"^ *+(```|~~~) *$", re.MULTILINE)
_FENCE_LINE = re.compile(r" *(```|~~~)")
_BREAK = re.compile(r"\n[ >]*+\n")
_SMALL = re.compile(r"^---(?=[^-\s|:])", re.MULTILINE)
_SMALL_END = re.compile(r"(?<=[^-\s|:])---$", re.MULTILINE)


def normalise(prose: Prose) -> Prose:
    """The prose in Markdown alone.

    Display math comes to stand on one line: its text could otherwise be taken for a list or a
    heading, and would end the paragraph in which it stands. `:param x: …` becomes an item of a
    list, `:return: …` a paragraph, and `---…---` small print.
    """
    prose = _with_returns(prose)
    lines: list[str] = []
    numbers: list[int] = []
    joined = _with_math_on_one_line(prose.text)
    position = 0
    for line in joined.split("\n"):
        numbers.append(prose.line_numbers[min(position, len(prose.line_numbers) - 1)])
        position += 1 + line.count(_JOINT)
        line = line.replace(_JOINT, " ")
        lines.append(line)
    return Prose("\n".join(_of_labml("\n".join(lines))), tuple(numbers))


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


def _of_labml(text: str) -> Iterator[str]:
    """The text in parts, those that are not fenced code without labml's own marks."""
    lines = text.split("\n")
    ends: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if closing := _FENCE_END.match(line):
            ends.setdefault(closing[1], []).append(number)
    start = position = 0
    while position < len(lines):
        fence = _FENCE_LINE.match(lines[position])
        end = _next(ends.get(fence[1], ()), position + 1) if fence else None
        if end is None:
            position += 1
            continue
        if start < position:
            yield _plain("\n".join(lines[start:position]))
        yield "\n".join(lines[position : end + 1])
        start = position = end + 1
    if start < len(lines):
        yield _plain("\n".join(lines[start:]))


def _plain(text: str) -> str:
    text = _PARAMETER.sub(r"\1* `\2` ", text)
    ends = [match.start() for match in _SMALL_END.finditer(text)]
    breaks = [match.start() for match in re.finditer(r"\n\n", text)]
    parts: list[str] = []
    done = 0
    for match in _SMALL.finditer(text):
        end = _next(ends, match.end() + 1)
        is_split = end is not None and (_next(breaks, match.end()) or end) < end
        if match.start() >= done and end is not None and not is_split:
            parts += [text[done : match.start()], f"<small>{text[match.end() : end]}</small>"]
            done = end + 3
    return "".join([*parts, text[done:]])


def _with_math_on_one_line(text: str) -> str:
    """The text, a joint in place of each line's end within display math."""
    runs: dict[int, list[int]] = {}
    for run in _RUN.finditer(text):
        runs.setdefault(len(run[0]), []).append(run.start())
    fences: dict[str, list[int]] = {}
    fence_ends: dict[int, int] = {}
    for closing in _FENCE_END.finditer(text):
        fences.setdefault(closing[1], []).append(closing.start())
        fence_ends[closing.start()] = closing.end()
    displays = [match.start() for match in _DISPLAY_END.finditer(text)]
    breaks = [match.start() for match in _BREAK.finditer(text)]
    parts: list[str] = []
    done = position = 0
    while match := _START.search(text, position):
        start, position = match.start(), match.end()
        if match["fence"]:
            start = match.start("fence")
            if (end := _next(fences.get(match["fence"], ()), position)) is not None:
                position = fence_ends[end]
                continue
        if opening := _RUN.match(text, start):
            end = _next(runs[len(opening[0])], opening.end())
            if end is None or (_next(breaks, opening.end()) or end) < end:
                position = opening.end()  # it stands alone: no code goes on in another paragraph
            else:
                position = end + len(opening[0])
        elif not match["fence"] and (end := _next(displays, position + 1)) is not None:
            position = end + 2
            parts += [text[done:start], _on_one_line(text, start, position)]
            done = position
    return "".join([*parts, text[done:]])


def _next(places: Sequence[int], start: int) -> int | None:
    """The first of some places, in order, that is not before another."""
    found = bisect_left(places, start)
    return places[found] if found < len(places) else None


#: Stands, for the time of the counting, where a line ended within display math.
_JOINT = "\x00"


def _on_one_line(text: str, start: int, end: int) -> str:
    math = text[start:end]
    if "\n" not in math:
        return math
    before = text[text.rfind("\n", 0, start) + 1 : start]
    is_quoted = before.lstrip().startswith(">")
    return re.sub(r"\n[ >]*" if is_quoted else r"\n", _JOINT, math)
