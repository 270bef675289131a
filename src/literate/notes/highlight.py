"""Code in colour: one lexing per file -> the HTML of each line.

Identifiers in it wait to become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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

#: Token classes that may hold several identifiers: `torch.nn` after `import`, and `@wraps`.
_COMPOUND = {"nn", "nd"}
_IDENTIFIER = re.compile(r"([^\W\d]\w*)")

#: Python source holds no NUL, so that it can set off an identifier: the number of its name, with a
#: sign where that is bound, its token class and its HTML. One text a line is what a cache reads
#: fastest.
_NAME, _FIELD, _PLACE = "\0", "\1", "!"


def highlight_lines(
    lines: Sequence[str], uses: Mapping[tuple[int, int], tuple[int, bool]]
) -> tuple[str, ...]:
    """The HTML of each line of a Python file, without its line ending.

    `lines` are the file's lines with their endings. `uses` has, by (line, column), the number of
    the name that an identifier stands for, and whether it is bound there.
    """
    text = "\n".join(line.rstrip("\r\n") for line in lines)
    rendered: list[str] = []
    pieces: list[str] = []
    row, column = 1, 0
    for css, value in _pieces(PythonLexer(), text):
        first, *others = value.split("\n") if "\n" in value else (value,)
        if first:
            if css in _COMPOUND:
                pieces += _compound(css, first, row, column, uses)
            else:
                pieces.append(_piece(css, first, uses.get((row, column))))
            column += len(first)
        for part in others:
            rendered.append("".join(pieces))
            pieces = [_piece(css, part, None)] if part else []
            row, column = row + 1, len(part)
    return tuple([*rendered, "".join(pieces)][: len(lines)])


def _compound(
    css: str, text: str, row: int, column: int, uses: Mapping[tuple[int, int], tuple[int, bool]]
) -> Iterator[str]:
    """A token's identifiers, and what stands between them; in one piece where none is known."""
    parts: list[tuple[str, tuple[int, bool] | None]] = []
    for part in _IDENTIFIER.split(text):
        parts += [(part, uses.get((row, column)))] if part else []
        column += len(part)
    if not any(use for _, use in parts):
        parts = [(text, None)]
    yield from (_piece(css, part, use) for part, use in parts)


class NameLink(NamedTuple):
    """What a page does with one of its names.

    `href` leads to what the name stands for, and `id` is what others lead to; `name` is the
    qualified name of that. `binding` is the name's number, None where the page has the name once;
    `documentation` is whose it leads to, if not to this site.
    """

    name: str = ""
    href: str = ""
    id: str = ""
    binding: int | None = None
    documentation: str = ""

    def around(self, code: str) -> str:
        """The HTML of inline code that names the same."""
        if self.binding is not None:
            code = code.replace("<code>", f'<code data-b="{self.binding}">', 1)
        return f'<a href="{self.href}">{code}</a>' if self.href else code


class CodeName(NamedTuple):
    """An identifier in code, as the class of its colour and its HTML.

    `link` says what it stands for, None if that is not known. `is_place` marks the one that binds
    it first: others lead there.
    """

    css: str
    text: str
    link: NameLink | None = None
    is_place: bool = False

    @property
    def binding(self) -> int | None:
        """The number that it shares with the identifiers that are the same thing."""
        return self.link.binding if self.link else None

    @property
    def name(self) -> str:
        """The qualified name of what it stands for."""
        return self.link.name if self.link else ""

    @property
    def href(self) -> str:
        return self.link.href if self.link else ""

    @property
    def id(self) -> str:
        """What others lead to, if this is the place."""
        return self.link.id if self.link and self.is_place else ""

    @property
    def html(self) -> str:
        attributes = f' class="{self.css}"' if self.css else ""
        tag = "span"
        if link := self.link:
            if link.href:
                tag, attributes = "a", f'{attributes} href="{link.href}"'
            if self.is_place and link.id:
                attributes += f' id="{link.id}"'
            if link.binding is not None:
                attributes += f' data-b="{link.binding}"'
        return f"<{tag}{attributes}>{self.text}</{tag}>" if attributes else self.text


#: A line of code: HTML, and the identifiers in it.
Tokens = tuple[str | CodeName, ...]


def link_names(line: str, links: Sequence[NameLink | None]) -> Tokens:
    """A highlighted line with its identifiers, each with the link of its name."""
    if _NAME not in line:
        return (line,)
    tokens: list[str | CodeName] = []
    for index, piece in enumerate(line.split(_NAME)):
        if index % 2:
            number, css, html = piece.split(_FIELD)
            is_place = number[0] == _PLACE
            tokens.append(CodeName(css, html, links[int(number[is_place:])], is_place))
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


#: What has a line shown in another order than it runs in: embeddings, overrides, isolates.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _isolated(found: re.Match[str]) -> str:
    """Such a character, by its name, and within an element beyond which it does nothing."""
    return f'<bdi class="bidi" title="U+{ord(found[0]):04X}">{found[0]}</bdi>'


@lru_cache(maxsize=4096)  # `self`, ` = ` and the like
def _span(css: str, text: str) -> str:
    html = escape(text, quote=False)
    if not html.isprintable():
        html = _BIDI.sub(_isolated, html)
    return f'<span class="{css}">{html}</span>' if css else html


def _piece(css: str, text: str, use: tuple[int, bool] | None) -> str:
    if use is None or not text.isidentifier():
        return _span(css, text)
    number = f"{_PLACE if use[1] else ''}{use[0]}"
    return f"{_NAME}{number}{_FIELD}{css}{_FIELD}{text}{_NAME}"
