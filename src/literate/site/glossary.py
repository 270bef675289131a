"""What the names on a page stand for: glosses beside code, the map of the file, the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from literate.base.html import text_of
from literate.notes.highlight import CodeName
from literate.site.about import About, lines_of
from literate.site.calls import call_tree
from literate.site.local_page import CodeLine, LocalPage, Row

_LONGEST = 170


@dataclass(slots=True)
class Glossary:
    """What is known of the names that a page's code links to, by their addresses."""

    abouts: Mapping[str, About]
    _told: set[str] = field(default_factory=set)

    def gloss(self, row: Row, room: float) -> str:
        """The names that a row's code uses, in so many lines: each once a page, as many as fit."""
        items = []
        for href, name in names_in(row.code):
            known = self.abouts.get(href)
            if name.id or href in self._told or known is None or known.name == row.definition:
                continue
            html = known.html
            text = text_of(html)
            need = 0.6 + lines_of(name.text + text, 62)
            if text and len(text) < _LONGEST and need <= room:
                room -= need
                items.append(
                    (href, f"<div><dt>{_link(href, name.text)}</dt> <dd>{html}</dd></div>")
                )
        if not items or (len(items) == 1 and room < 4):
            return ""
        self._told.update(href for href, _ in items)
        return f'<dl class="gloss">{"".join(html for _, html in items)}</dl>'


def names_in(lines: Iterable[CodeLine]) -> Iterator[tuple[str, CodeName]]:
    """The names in code that lead somewhere."""
    for line in lines:
        for token in line.tokens:
            if isinstance(token, CodeName) and token.href:
                yield token.href, token


def _link(href: str, text: str) -> str:
    return f'<a href="{href}">{text}</a>'


def map_html(page: LocalPage, abouts: Mapping[str, About]) -> str:
    """The map of a file: what calls what, from the outside in."""
    items = []
    for name, line, depth in call_tree(page):
        known = abouts.get(f"#{name}", About(name))
        anchor = f"#{name}" if f"#{name}" in abouts else f"#L{line}"
        number = f'<a class="range" href="#L{line}" aria-hidden="true" tabindex="-1">{line}</a>'
        code = _link(anchor, f"<code>{escape(name)}</code>")
        items.append(f'<li class="d{min(depth, 6)}">{code} <span>{known.short}</span>{number}</li>')
    if len(items) < 3:
        return ""
    label = page.say("In this file")
    return f'<nav class="contents" aria-label="{label}"><ol>{"".join(items)}</ol></nav>'


def index_html(page: LocalPage, abouts: Mapping[str, About]) -> str:
    """The names on a page with their lines: the book's index, and what hovering shows."""
    places: dict[str, dict[int, None]] = {}
    for row in page.rows:
        for line in row.code:
            for href, _ in names_in([line]):
                places.setdefault(href, {})[line.number] = None
    known = [(abouts[href], href) for href in places if href in abouts]
    entries = [
        _entry(about, href, places[href])
        for about, href in sorted(known, key=lambda entry: entry[0].name.casefold())
        if "." not in about.name or len(places[href]) > 1
    ]
    if not entries:
        return ""
    return (
        '<section class="names"><header class="head h2"><h2>'
        f"{page.say('Names on this page')}</h2></header><dl>{''.join(entries)}</dl></section>"
    )


def _entry(about: About, href: str, lines: Iterable[int]) -> str:
    places = ", ".join(f'<a href="#L{line}">{line}</a>' for line in lines)
    signature = f'<code class="sig">{escape(about.signature)}</code>' if about.signature else ""
    return (
        f'<div data-for="{href}"><dt>{_link(href, escape(about.name))} '
        f'<span class="places">{places}</span></dt><dd>{about.html}{signature}</dd></div>'
    )
