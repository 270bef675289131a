"""Code in colour: one lexing per file -> the HTML of each line.

Names in it wait to become links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

#: Token classes that look like plain text: leaving them out halves the HTML.
_PLAIN = {"", "n", "p", "w"}

#: Python source holds no NUL, so that it can set off a name that may become a link:
#: its number, its token class and its HTML.
_NAME = re.compile("\0(\\d+)\1(\\w*)\1([^\0]*)\0")


def highlight_lines(lines: Sequence[str], names: Mapping[tuple[int, int], int]) -> tuple[str, ...]:
    """The HTML of each line of a Python file, without its line ending.

    `lines` are the file's lines with their endings. `names` numbers, by (line, column), the names
    that `link_names` is to link.
    """
    text = "\n".join(line.rstrip("\r\n") for line in lines)
    rendered: list[str] = []
    pieces: list[str] = []
    row, column = 1, 0
    for css, value in _pieces(PythonLexer(), text):
        first, *others = value.split("\n") if "\n" in value else (value,)
        if first:
            pieces.append(_piece(css, first, names.get((row, column))))
            column += len(first)
        for part in others:
            rendered.append("".join(pieces))
            pieces = [_piece(css, part, None)] if part else []
            row, column = row + 1, len(part)
    return tuple([*rendered, "".join(pieces)][: len(lines)])


def link_names(line: str, attributes: Callable[[int], str | None]) -> str:
    """A highlighted line with its names linked.

    `attributes` gives the attributes of the link that a name becomes, None if it becomes none.
    """

    def link(match: re.Match[str]) -> str:
        css, html = match[2], match[3]
        found = attributes(int(match[1]))
        if found is None:
            return f'<span class="{css}">{html}</span>' if css else html
        return f'<a class="{css}" {found}>{html}</a>' if css else f"<a {found}>{html}</a>"

    return _NAME.sub(link, line) if "\0" in line else line


@lru_cache(maxsize=1024)
def highlight_fence(text: str, language: str) -> str:
    """A fenced block of a note, coloured if its language is known."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    code = "".join(_span(css, value) for css, value in _pieces(lexer, text))
    return f'<div class="highlight"><pre><code>{code}</code></pre></div>'


def _pieces(lexer: Lexer, text: str) -> Iterator[tuple[str, str]]:
    """Token classes and texts."""
    for _, kind, value in lexer.get_tokens_unprocessed(text):
        yield _css_class(kind), value


@cache
def _css_class(kind: _TokenType) -> str:
    css = STANDARD_TYPES.get(kind)
    while css is None:
        assert kind.parent is not None
        kind = kind.parent
        css = STANDARD_TYPES.get(kind)
    return "" if css in _PLAIN else css


def _span(css: str, text: str) -> str:
    html = escape(text, quote=False)
    return f'<span class="{css}">{html}</span>' if css else html


def _piece(css: str, text: str, number: int | None) -> str:
    if number is None:
        return _span(css, text)
    return f"\0{number}\1{css}\1{escape(text, quote=False)}\0"
