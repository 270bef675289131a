"""What the names on a page stand for: glosses beside code, the map of the file, the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from itertools import chain

from literate.notes.highlight import CodeName
from literate.site.about import About, lines_of
from literate.site.calls import call_tree
from literate.site.local_page import CodeLine, LocalPage, Row

#: So many lines one gloss may take, and so many lines of code later a name is glossed again.
_LONGEST, _WHILE = 3.5, 100


@dataclass(slots=True)
class Glossary:
    """What is known of the names that a page's code links to, by their addresses."""

    abouts: Mapping[str, About]
    _told: dict[str, int] = field(default_factory=dict)

    def gloss(self, row: Row, room: float) -> str:
        """The names that a row's code uses, in so many lines: as many as fit, each once a while."""
        items: dict[str, str] = {}
        last = 0
        for line in row.code:
            for href, name in names_in([line]):
                known = self.abouts.get(href)
                is_fresh = line.number - self._told.get(href, -_WHILE) < _WHILE
                if known is None or name.is_place or is_fresh or href in items:
                    continue
                need = 0.6 + lines_of(name.text + known.html, 62)
                if known.name != row.definition and known.html and need <= min(room, _LONGEST):
                    room -= need
                    last = line.number
                    items[href] = _entry_of(href, name.text, known)
        if not items:
            return ""
        self._told.update(dict.fromkeys(items, last))
        return f'<dl class="gloss">{"".join(items.values())}</dl>'


def _entry_of(href: str, name: str, known: About) -> str:
    return f"<div><dt>{_link(href, name)}</dt> <dd>{known.html}</dd></div>"


def names_in(lines: Iterable[CodeLine]) -> Iterator[tuple[str, CodeName]]:
    """The names in code that lead somewhere."""
    for line in lines:
        for token in line.tokens:
            if isinstance(token, CodeName) and token.link and token.link.href:
                yield token.link.href, token


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
    places = _places(page.code)
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


@lru_cache(maxsize=1)
def _places(code: tuple[tuple[CodeLine, ...], ...]) -> Mapping[str, Mapping[int, None]]:
    """The lines on which each address is led to."""
    places: dict[str, dict[int, None]] = {}
    for line in chain.from_iterable(code):
        for href, _ in names_in([line]):
            places.setdefault(href, {})[line.number] = None
    return places


def _entry(about: About, href: str, lines: Iterable[int]) -> str:
    places = ", ".join(f'<a href="#L{line}">{line}</a>' for line in lines)
    signature = f'<code class="sig">{escape(about.signature)}</code>' if about.signature else ""
    return (
        f'<div data-for="{href}"><dt>{_link(href, escape(about.name))} '
        f'<span class="places">{places}</span></dt><dd>{about.html}{signature}</dd></div>'
    )
