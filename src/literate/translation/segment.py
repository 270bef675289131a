"""A block of HTML reduced to its key, so that spelling never orphans a translation.

Two spellings of one block (white space, entities, the order and quoting of attributes) have one
key. Where links point is left out of it: a moved link orphans nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from literate.notes.note import Block
from literate.notes.placeholder import fill, number_of, placeholder

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: Tags whose edges swallow white space.
BLOCKS = HEADINGS | {
    "address", "article", "blockquote", "br", "dd", "details", "div", "dl", "dt", "figcaption",
    "figure", "hr", "li", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
}  # fmt: skip
#: Kind of a piece that stands outside any block: plain text, or a bare placeholder.
TEXT = "text"

_SPACE = re.compile(r"\s+")
_EDGE = re.compile(r"\s*\n\s*")
#: One paragraph, and no block beside it.
_PARAGRAPH = re.compile(r"<p>[^<]*+(?:<(?!/?p\b)[^<]*+)*+</p>")
_LINK = "\x03"
_MARKED = re.compile(r"\x01(\d+)\x02")


class Segment(NamedTuple):
    """One top-level block.

    `key` identifies it by structure and words, `loose_key` by kind and words alone. In both,
    placeholders are numbered from 0 in order of appearance; `placeholders[i]` is the number that
    the i-th one has in `html`, and `links[i]` the target of the i-th link.
    """

    kind: str
    html: str
    key: str
    loose_key: str
    placeholders: tuple[int, ...]
    links: tuple[str, ...]
    text: str

    @property
    def has_words(self) -> bool:
        """Whether there is anything to translate."""
        return has_words(self.text)


class Piece(NamedTuple):
    """A top-level block of a translation: what of it is to be shown."""

    kind: str
    html: str


def parse(html: str) -> tuple[Segment, ...]:
    """The top-level blocks of a piece of HTML."""
    # A note and its keys in all languages are mostly one text: it is parsed once.
    return _parse(html.strip(" \t\r\n"))


@lru_cache(maxsize=4096)
def _parse(html: str) -> tuple[Segment, ...]:
    return tuple(_segment(kind, nodes) for kind, nodes in _top_level(html))


def split(html: str) -> tuple[Piece, ...]:
    """The same blocks where nobody asks for their keys; the HTML is as `sanitise` writes it."""
    html = html.strip(" \t\r\n")
    if _PARAGRAPH.fullmatch(html):  # as most are: that takes no parser
        return (Piece("p", html),)
    return tuple(Piece(kind, _html(nodes)) for kind, nodes in _top_level(html))


def _top_level(html: str) -> Iterator[tuple[str, list[LexborNode]]]:
    """The kind and the nodes of each block."""
    root = LexborHTMLParser(html, is_fragment=True).root
    loose: list[LexborNode] = []
    for node in root.iter(include_text=True) if root else ():
        if node.tag in BLOCKS:
            if _is_text(loose):
                yield TEXT, loose
            loose = []
            yield str(node.tag), [node]
        else:
            loose.append(node)
    if _is_text(loose):
        yield TEXT, loose


def _is_text(nodes: list[LexborNode]) -> bool:
    return any(not node.is_text_node or (node.text_content or "").strip() for node in nodes)


def _html(nodes: list[LexborNode]) -> str:
    return "".join(node.html or "" for node in nodes).strip()


@lru_cache(maxsize=4096)  # a note is looked up in every language, and counted in each
def key_of(segments: tuple[Segment, ...]) -> str:
    """The key of a whole note."""
    return _join(((segment.key, segment.placeholders) for segment in segments), "\n")


@lru_cache(maxsize=4096)
def loose_key_of(segments: tuple[Segment, ...]) -> str:
    """A whole note by its kinds and words alone: neighbours of one kind run together."""
    parts: list[tuple[str, tuple[int, ...]]] = []
    before = None
    for segment in segments:
        kind, _, words = segment.loose_key.partition(":")
        parts.append((words if kind == before else f"\n{kind}:{words}", segment.placeholders))
        before = kind
    return _SPACE_NOT_EDGE.sub(" ", _join(parts, " "))


def _join(parts: Iterable[tuple[str, tuple[int, ...]]], glue: str) -> str:
    """Renumber over the whole note what each block numbered from 0."""
    order: dict[int, int] = {}
    joined = []
    for text, numbers in parts:
        if numbers:
            text = _MARKED.sub(
                lambda mark, numbers=numbers: (  # type: ignore[misc]
                    f"\x01{order.setdefault(numbers[int(mark[1])], len(order))}\x02"
                ),
                text,
            )
        joined.append(text)
    return glue.join(joined)


def _segment(kind: str, nodes: list[LexborNode]) -> Segment:
    reading = _Reading()
    for node in nodes:
        reading.read(node)
    words = _SPACE.sub(" ", "".join(reading.words)).strip()
    return Segment(
        kind=kind,
        html=_html(nodes),
        key=_tidy("".join(reading.structure)),
        loose_key=f"{_kind_of(kind)}:{words}",
        placeholders=tuple(reading.placeholders),
        links=tuple(reading.links),
        text=_MARKED.sub("", words).replace(_LINK, ""),
    )


def _kind_of(kind: str) -> str:
    """Kinds that look alike to a reader share a name; a heading is never a paragraph."""
    return kind if kind in HEADINGS or kind in ("blockquote", "table", TEXT) else "prose"


def _tidy(structure: str) -> str:
    return _EDGE.sub("\n", _SPACE_NOT_EDGE.sub(" ", structure)).strip()


_SPACE_NOT_EDGE = re.compile(r"[^\S\n]+")


@dataclass(slots=True)
class _Reading:
    """A walk through a block, writing down its structure, its words, placeholders and links."""

    structure: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    #: The number of each, and how many came before it.
    placeholders: dict[int, int] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def read(self, node: LexborNode) -> None:
        if node.is_text_node:
            text = _SPACE.sub(" ", node.text_content or "")
            self.structure.append(escape(text))
            self.words.append(text)
        elif node.is_element_node:
            self._element(node)

    def _element(self, node: LexborNode) -> None:
        tag = str(node.tag)
        if tag == "span" and (number := _placeholder(node)) is not None:
            place = self.placeholders.setdefault(number, len(self.placeholders))
            mark = f"\x01{place}\x02"
            self.structure.append(mark)
            self.words.append(mark)
            return
        # A newline stands for the edge of a block; the text itself holds none any more.
        edge = "\n" if tag in BLOCKS else ""
        if tag == "a" and "href" in node.attributes:
            self.links.append(node.attributes["href"] or "")
            self.words.append(_LINK)  # words without their link are not the same text
        self.structure.append(f"{edge}<{tag}{_attributes(node)}>{edge}")
        self.words.append(" " if edge else "")
        number = _first_number(node) if tag == "ol" else 0
        for child in node.iter(include_text=True):
            if tag == "ol" and child.tag == "li":  # words, where the list was left as text
                self.words.append(f" {number}. ")
                number += 1
            self.read(child)
        self.structure.append(f"{edge}</{tag}>{edge}")
        self.words.append(" " if edge else "")


def _first_number(node: LexborNode) -> int:
    """The number of the first item of a numbered list."""
    start = node.attributes.get("start") or ""
    return int(start) if re.fullmatch(r"[0-9]{1,9}", start) else 1


def _placeholder(node: LexborNode) -> int | None:
    if node.attributes.get("translate") != "no":
        return None
    return number_of(node.text(deep=True))


def _attributes(node: LexborNode) -> str:
    kept = {k: v for k, v in node.attributes.items() if k not in ("href", "src")}
    return "".join(f' {k}="{escape(v or "")}"' for k, v in sorted(kept.items()))


def has_words(text: str) -> bool:
    return any(map(str.isalpha, text))


@lru_cache(maxsize=4096)
def identity_of(text: str) -> str:
    """By what a catalog knows a text, in any spelling: HTML, or plain text that looks like it."""
    return key_of(parse(text)) or key_of(parse(escape_text(text)))


@lru_cache(maxsize=4096)
def loose_identity_of(html: str) -> str:
    """The loose key of a piece of HTML."""
    return loose_key_of(parse(html))


def escape_text(text: str) -> str:
    return escape(text, quote=False)


@lru_cache(maxsize=4096)  # in every language
def segments_of(blocks: tuple[Block, ...]) -> tuple[Segment, ...]:
    """The blocks of a note, reduced to what identifies them."""
    return tuple(segment for block in blocks for segment in parse(block.html))


def block_key(html: str, segment: Segment) -> str:
    """A block as the key of a catalog: its placeholders numbered from 0."""
    places = {number: place for place, number in enumerate(segment.placeholders)}
    return fill(html, lambda number: placeholder(places[number])).strip()
