"""Code whose notes all start at column 0 <-> Markdown with code blocks, by PyLit.

PyLit expands tabs and reasons about indentation: signs shield from it what must come back as it is.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence

import pylit  # type: ignore[import-untyped]

from literate.base.errors import LiterateError
from literate.convert.forms import parted_ending

# No Python source holds a NUL, so these signs stand for nothing that an author wrote.
SIGN = "\0# "
FENCE = "\0code"
_GUARD, _TAB = "\0g", "\0t"
_ENDINGS = {"\r\n": "\0r", "\r": "\0m"}
_OPTIONS = {
    "language": "python",
    "comment_string": SIGN,
    "code_block_marker": FENCE,
    "header_string": f"{FENCE}\n\n",
    "codeindent": 4,
}


def shield(line: str, *, guard_blank: bool = False) -> str:
    """A line in which PyLit finds no tab to expand, and no indentation to reason about."""
    content, ending = parted_ending(line)
    guard = _GUARD if content[:1].isspace() or (guard_blank and not content) else ""
    return guard + content.replace("\t", _TAB) + _ENDINGS.get(ending, "") + "\n"


def bare(line: str) -> str:
    """The line that was shielded."""
    content = line.removesuffix("\n")
    ending = "\n"
    for original, sign in _ENDINGS.items():
        if content.endswith(sign):
            content, ending = content.removesuffix(sign), original
    return content.removeprefix(_GUARD).replace(_TAB, "\t") + ending


def to_text(flat: list[str], least: int, ending: str) -> Iterator[str]:
    """PyLit's text of flattened code, its code blocks fenced."""
    lines = iter(io.StringIO(str(pylit.Code2Text(flat, **_OPTIONS)), newline="\n"))
    for line in lines:
        if line != FENCE + "\n":
            yield ending if line == "\n" else bare(line)
            continue
        next(lines)
        block = []
        for inner in lines:
            if inner == "\n":
                break
            block.append(bare(inner.removeprefix("    ")))
        fence = "`" * max(least, 1 + _longest_fence(block))
        yield f"{fence}python{ending}"
        yield from block
        yield fence + ending
        yield ending


def _longest_fence(lines: Iterable[str]) -> int:
    found = (re.match(r"\s*(`*)", line) for line in lines)
    return max((len(match[1]) for match in found if match and len(match[1]) >= 3), default=2)


def from_text(lines: Sequence[str], least: int, path: str) -> Iterator[tuple[str, int]]:
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
            add(number, "    " + shield(line, guard_blank=True))
        elif fence:
            break
        elif opens:
            fence, start = opens[1], number
            add(number, "\n", FENCE + "\n", "\n")
        else:
            add(number, shield(line))
    if fence:
        raise LiterateError(
            "the code that begins here has no end",
            file=path,
            line=start,
            fix=f"Close it with a line of {fence}",
        )
    return text, numbers
