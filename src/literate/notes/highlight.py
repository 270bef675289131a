"""Code in colour: one lexing per file -> the HTML of each line.

Names in it wait to become links.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

#: Token classes that look like plain text: leaving them out halves the HTML.
_PLAIN = {"", "n", "p", "w"}

#: Python source holds no NUL, so that it can set off a name that may become a link: its number, its
#: token class and its HTML. One text a line is what a cache reads fastest.
_NAME, _FIELD = "\0", "\1"


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


@dataclass(frozen=True, slots=True)
class CodeName:
    """A name in code, as the class of its colour and its HTML, and the link that it is, if any.

    `name` is the qualified name of what it leads to; `id` makes it the place that others lead to.
    """

    css: str
    text: str
    name: str = ""
    href: str = ""
    id: str = ""

    @property
    def html(self) -> str:
        css = f' class="{self.css}"' if self.css else ""
        if self.href:
            anchor = f' id="{self.id}"' if self.id else ""
            return f'<a{css} href="{self.href}"{anchor}>{self.text}</a>'
        return f"<span{css}>{self.text}</span>" if css else self.text


#: A line of code: HTML, and the names in it.
Tokens = tuple[str | CodeName, ...]


class NameLink(NamedTuple):
    """Where a name in code leads; an id, where it is what others lead to."""

    name: str
    href: str
    id: str = ""


def link_names(line: str, links: Sequence[NameLink | None]) -> Tokens:
    """A highlighted line with its names, each with the link of its number."""
    if _NAME not in line:
        return (line,)
    tokens: list[str | CodeName] = []
    for index, piece in enumerate(line.split(_NAME)):
        if index % 2:
            number, css, html = piece.split(_FIELD)
            tokens.append(CodeName(css, html, *(links[int(number)] or ())))
        elif piece:
            tokens.append(piece)
    return tuple(tokens)


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
    return _NAME + _FIELD.join([str(number), css, escape(text, quote=False)]) + _NAME
