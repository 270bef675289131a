"""The index of one language: what its pages say, section by section, for search to look through.

There is no list of words: the browser looks for the very characters that the reader types (see
`assets/literate/search-worker.js`), which needs no rules of any language and misses nothing. The
file is gzip, whatever the server does: the text of a site is small enough to fetch that way.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from literate.base.html import tags, text_of, texts
from literate.site.code import trimmed
from literate.site.local_page import CodeLine, LocalHeading, LocalPage

#: Where a block starts or ends, words of two blocks must not run together.
_BLOCK_EDGE = re.compile(
    r"<(?=/?(?:p|h[1-6]|li|[uod]l|d[td]|t[hdr]|div|section|blockquote|figure|figcaption|summary|"
    r"details|pre|br|hr|text|title|desc)\b)"
)
#: What holds the place of a row's code among the words of its note.
_CODE = "\x02"
#: They break a word, apply a function or choose a glyph, and are no part of what a reader types.
_UNSEEN = re.compile("[\u00ad\u2060-\u2064\ufe00-\ufe0f]")


class SearchSection(NamedTuple):
    """The part of a page that a result leads to. The anchor of the page's own start is empty."""

    anchor: str
    heading: str
    text: str
    code: str


def index_address(language: str) -> str:
    """Where the index of a language is served, relative to the site's root."""
    return f"search/{language}.json.gz"


def search_index(pages: Iterable[tuple[str, str]]) -> bytes:
    """The index of the pages of one language: the address of each, and its `search_rows`."""
    text = ",".join(f"[{_json(url)},{rows}]" for url, rows in pages)
    return gzip.compress(f"[{text}]".encode(), compresslevel=6, mtime=0)


def search_rows(title: str, sections: Iterable[SearchSection]) -> str:
    """The sections of a page with a title as they stand in an index, in JSON."""
    return _json([[one.anchor, one.heading or title, one.text, one.code] for one in sections])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def search_sections(page: LocalPage) -> tuple[SearchSection, ...]:
    """A page cut at its headings and definitions.

    The first section is the page's start, with no heading: the page's title stands for it. What
    has no anchor belongs to the anchor before it.
    """
    parts = [_Part()]
    for row in page.rows:
        if row.anchor:
            parts.append(_Part(row.anchor, row.anchor, is_definition=True))
        curtain = _Curtain()
        for piece in (part for block in row.blocks for part in block.parts):
            shown = curtain.shown(piece if isinstance(piece, str) else piece.html)
            if not isinstance(piece, LocalHeading):
                parts[-1].html.append(shown)
            elif shown:
                parts.append(_Part(piece.anchor, _tidy(text_of(piece.inner))))
        parts[-1].html += [f"<li>{note.html}</li>" for note in row.footnotes]
        if trimmed(row.code)[1]:
            parts[-1].html.append(f"<p>{escape(row.label)}</p><pre>{_CODE}</pre>")
            parts[-1].rows.append(row.code)
    if heading := page.references_heading:
        parts.append(_Part(heading.anchor, _tidy(text_of(heading.inner))))
        parts[-1].html = [f"<li>{paper.html}</li>" for paper in page.references]
    for part in parts:
        part.read()
    kept = _merged(parts)
    kept[0].text = _tidy("\n".join([_summary(page), kept[0].text, *_hero_words(page)]))
    return tuple(part.section() for part in kept)


def _summary(page: LocalPage) -> str:
    """The summary of a page that shows it under its title."""
    return str(page.words.get("summary", "")) if page.hero or page.is_annotated else ""


def _hero_words(page: LocalPage) -> Iterator[str]:
    """What else stands beside the title of a front page, and in no note."""
    if page.hero:
        yield page.hero.kicker
        yield from (label for label, _ in page.hero.actions)


@dataclass(slots=True)
class _Part:
    """What lies between two anchors: its HTML and its rows of code as they are gathered, then its
    text and its code."""

    anchor: str = ""
    heading: str = ""
    is_definition: bool = False
    html: list[str] = field(default_factory=list)
    rows: list[tuple[CodeLine, ...]] = field(default_factory=list)
    text: str = ""
    code: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.code and not self.text

    def section(self) -> SearchSection:
        code = "\n".join(filter(None, self.code))
        return SearchSection(self.anchor, self.heading, self.text, code)

    def read(self) -> None:
        """Take apart what has been gathered."""
        html = "".join(self.html)
        body = LexborHTMLParser(_BLOCK_EDGE.sub("\n<", html)).body if html else None
        if body is None:
            return
        rows = iter(self.rows)
        for node in body.css("pre, img[alt], style"):
            if node.tag == "img":
                node.insert_before(f" {node.attributes.get('alt') or ''} ")
                continue
            if node.tag == "pre":
                text = _tidy(node.text())
                self.code.append(_code(next(rows, ())) if text == _CODE else text)
            node.decompose()
        self.text = _tidy(body.text())


@dataclass(slots=True)
class _Curtain:
    """Keeps back what readers do not see: what a page's script shows, or what never shows.

    It may be opened in one piece of a note, and closed in another.
    """

    name: str = ""
    depth: int = 0

    def shown(self, html: str) -> str:
        written = html.lower()
        if not self.depth and "hidden" not in written and "<template" not in written:
            return html
        return "".join(self._pieces(html))

    def _pieces(self, html: str) -> Iterator[str]:
        for text, markup in texts(html):
            if not self.depth:
                yield text
            tag = next(tags(markup), None)
            if self.depth and tag and tag.name == self.name:
                self.depth += -1 if tag.is_end else 1
            elif tag and tag.is_hidden and not self.depth:
                self.name, self.depth = tag.name, int(not tag.is_void)
            elif not self.depth:
                yield markup


def _merged(parts: list[_Part]) -> list[_Part]:
    """A heading that opens a page or a definition's section is that section's own heading."""
    kept = parts[:1]
    for part in parts[1:]:
        before = kept[-1]
        opens_page = before is parts[0] and not part.is_definition
        if before.is_empty and opens_page:
            before.text, before.code = _tidy(f"{part.heading}\n{part.text}"), part.code
        elif before.is_empty and before.is_definition and not part.is_definition:
            before.heading, before.text, before.code = part.heading, part.text, part.code
            before.is_definition = False
        else:
            kept.append(part)
    return kept


@lru_cache(maxsize=1024)  # a page's code is the same in all of its languages
def _code(lines: tuple[CodeLine, ...]) -> str:
    return _tidy("".join(line.text for line in lines))


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in _UNSEEN.sub("", text).split("\n")]
    return "\n".join(filter(None, lines))
