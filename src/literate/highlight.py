"""One lexing per file -> the HTML of each line, its names linked to where they are defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

#: Token classes that look like plain text: leaving them out halves the HTML.
_PLAIN = {"", "n", "p", "w"}

#: (line number, column) of a name -> the attributes of the link that it becomes.
NameLinks = Mapping[tuple[int, int], str]


def highlight_lines(lines: Sequence[str], links: NameLinks) -> list[str]:
    """The HTML of each line of a Python file, without its line ending.

    `lines` are the file's lines with their endings; `links` says which names become links.
    """
    text = "\n".join(line.rstrip("\r\n") for line in lines)
    rendered: list[str] = []
    pieces: list[str] = []
    column = 0
    for css, value in _pieces(PythonLexer(), text):
        for i, part in enumerate(value.split("\n")):
            if i:
                rendered.append("".join(pieces))
                pieces, column = [], 0
            if part:
                pieces.append(_span(css, part, links.get((len(rendered) + 1, column))))
                column += len(part)
    return [*rendered, "".join(pieces)][: len(lines)]


@lru_cache(maxsize=1024)
def highlight_fence(text: str, language: str) -> str:
    """A fenced block of a note, coloured if its language is known."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    code = "".join(_span(css, value, None) for css, value in _pieces(lexer, text))
    return f'<div class="highlight"><pre><code>{code}</code></pre></div>'


def _pieces(lexer: Lexer, text: str) -> Iterator[tuple[str, str]]:
    """Token classes and texts, neighbours of one class joined where no name could be lost."""
    for _, kind, value in lexer.get_tokens_unprocessed(text):
        yield _css_class(kind), value


def _css_class(kind: _TokenType) -> str:
    css = STANDARD_TYPES.get(kind)
    while css is None:
        assert kind.parent is not None
        kind = kind.parent
        css = STANDARD_TYPES.get(kind)
    return "" if css in _PLAIN else css


def _span(css: str, text: str, link: str | None) -> str:
    html = escape(text, quote=False)
    if link is not None:
        return f'<a class="{css}" {link}>{html}</a>' if css else f"<a {link}>{html}</a>"
    return f'<span class="{css}">{html}</span>' if css else html
