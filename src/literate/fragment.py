"""A block of HTML reduced to what identifies it, so that spelling never orphans a translation.

Two spellings of one block (white space, entities, the order and quoting of attributes) have one
canonical form. Where links point is left out of it: a moved link orphans nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape, unescape

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: Tags whose edges swallow white space.
_BLOCKS = HEADINGS | {
    "address", "article", "blockquote", "br", "dd", "details", "div", "dl", "dt", "figcaption",
    "figure", "hr", "li", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
}  # fmt: skip
_INLINE = {
    "a", "abbr", "b", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s",
    "small", "span", "strong", "sub", "sup", "u", "var",
}  # fmt: skip
#: What a translation may hold.
TAGS = frozenset(_BLOCKS | _INLINE)
ATTRIBUTES = {
    "*": {"id", "class", "title", "lang", "dir"},
    "a": {"href"},
    "details": {"open"},
    "span": {"translate"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
}
#: Kind of a piece that stands outside any block: plain text, or a bare placeholder.
TEXT = "text"

_PLACEHOLDER = re.compile(r"\s*_\^_(\d{1,6})_\^_\s*")
_SPACE = re.compile(r"\s+")
_EDGE = re.compile(r"\s*\n\s*")
_LINK = "\x03"
_MARKED = re.compile(r"\x01(\d+)\x02")


@dataclass(frozen=True, slots=True)
class Fragment:
    """One top-level block.

    `canonical` identifies it by structure and words, `loose` by kind and words alone. In both,
    placeholders are numbered from 0 in order of appearance; `placeholders[i]` is the number that
    the i-th one has in `html`, and `links[i]` the target of the i-th link.
    """

    kind: str
    html: str
    canonical: str
    loose: str
    placeholders: tuple[int, ...]
    links: tuple[str, ...]
    text: str

    @property
    def has_words(self) -> bool:
        """Whether there is anything to translate."""
        return any(character.isalpha() for character in self.text)


@lru_cache(maxsize=1024)
def sanitise(html: str, source: str = "") -> str:
    """The HTML with nothing in it that neither a note may hold nor the source holds.

    Of a tag that only the source brings in (`<video>`, `<button>`), the attributes must have the
    source's values, except for those that are read to people. Scripts and style sheets never pass.
    """
    brought = _elements(source) if _may_bring(source) else {}
    schemes = set(_SCHEME.findall(source)) - {"javascript", "vbscript"} - _SCHEMES
    cleaner = _cleaner(brought, schemes) if brought or schemes else _usual_cleaner
    return str(cleaner.clean(html))


def _cleaner(brought: dict[str, set[tuple[str, str]]], schemes: set[str]) -> nh3.Cleaner:
    values = {(tag, *pair) for tag, nodes in brought.items() for pair in nodes}

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag in TAGS or name in _READ:
            return value
        return value if (tag, name, value) in values else None

    return nh3.Cleaner(
        tags={*TAGS, *brought},
        attributes=ATTRIBUTES
        | {tag: {name for name, _ in pairs} | _READ for tag, pairs in brought.items()},
        attribute_filter=attribute if brought else None,
        link_rel=None,
        filter_style_properties={"text-align"},
        url_schemes=_SCHEMES | schemes,
    )


#: What runs or restyles is never taken from a translation, whatever the source holds.
_NEVER = frozenset({"script", "style", "iframe", "object", "embed", "base", "meta", "link"})
#: Attributes that are words.
_READ = {"alt", "title", "aria-label"}
_SCHEMES = {"http", "https", "mailto", "tel"}
_usual_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    link_rel=None,
    filter_style_properties={"text-align"},
    url_schemes=_SCHEMES,
)
_SCHEME = re.compile(r"""(?:href|src)=["']?([a-z][a-z0-9+.-]*):""")
_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*)")


def _may_bring(source: str) -> bool:
    return any(name.lower() not in TAGS for name in _NAME.findall(source))


@lru_cache(maxsize=4096)
def _elements(source: str) -> dict[str, set[tuple[str, str]]]:
    """The tags of a source that no note may hold of itself, each with its attributes."""
    root = LexborHTMLParser(source, is_fragment=True).root
    found: dict[str, set[tuple[str, str]]] = {}
    for node in root.traverse() if root else ():
        tag = str(node.tag)
        if node.is_element_node and tag not in TAGS | _NEVER | {"html"}:
            pairs = ((name, value or "") for name, value in node.attributes.items())
            found.setdefault(tag, set()).update(pairs)
    return found


def plain(html: str) -> str:
    """The text of a piece of HTML without its tags."""
    return unescape(nh3.clean(html, tags=set())).strip()


def parse(html: str) -> tuple[Fragment, ...]:
    """The top-level blocks of a piece of HTML."""
    # A note and its keys in all languages are mostly one text: it is parsed once.
    return _parse(html.strip(" \t\r\n"))


@lru_cache(maxsize=4096)
def _parse(html: str) -> tuple[Fragment, ...]:
    root = LexborHTMLParser(html, is_fragment=True).root
    if root is None:
        return ()
    fragments: list[Fragment] = []
    loose_nodes: list[LexborNode] = []
    for node in root.iter(include_text=True):
        if node.tag in _BLOCKS:
            fragments += _text_fragment(loose_nodes)
            loose_nodes = []
            fragments.append(_fragment(str(node.tag), [node]))
        else:
            loose_nodes.append(node)
    return (*fragments, *_text_fragment(loose_nodes))


def canonical(fragments: Iterable[Fragment]) -> str:
    """The canonical form of a whole note."""
    return _join(((fragment.canonical, fragment.placeholders) for fragment in fragments), "\n")


def loose(fragments: Iterable[Fragment]) -> str:
    """A whole note by its kinds and words alone: neighbours of one kind run together."""
    parts: list[tuple[str, tuple[int, ...]]] = []
    before = None
    for fragment in fragments:
        kind, _, words = fragment.loose.partition(":")
        parts.append((words if kind == before else f"\n{kind}:{words}", fragment.placeholders))
        before = kind
    return _SPACE_NOT_EDGE.sub(" ", _join(parts, " "))


def _join(parts: Iterable[tuple[str, tuple[int, ...]]], glue: str) -> str:
    """Renumber over the whole note what each block numbered from 0."""
    order: dict[int, int] = {}
    joined = []
    for text, numbers in parts:
        joined.append(
            _MARKED.sub(
                lambda mark, numbers=numbers: (  # type: ignore[misc]
                    f"\x01{order.setdefault(numbers[int(mark[1])], len(order))}\x02"
                ),
                text,
            )
        )
    return glue.join(joined)


def _text_fragment(nodes: list[LexborNode]) -> list[Fragment]:
    if not any(not node.is_text_node or (node.text_content or "").strip() for node in nodes):
        return []
    return [_fragment(TEXT, nodes)]


def _fragment(kind: str, nodes: list[LexborNode]) -> Fragment:
    reading = _Reading()
    for node in nodes:
        reading.read(node)
    words = _SPACE.sub(" ", "".join(reading.words)).strip()
    return Fragment(
        kind=kind,
        html="".join(node.html or "" for node in nodes).strip(),
        canonical=_tidy("".join(reading.structure)),
        loose=f"{_loose_kind(kind)}:{words}",
        placeholders=tuple(reading.placeholders),
        links=tuple(reading.links),
        text=_MARKED.sub("", words).replace(_LINK, ""),
    )


def _loose_kind(kind: str) -> str:
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
    placeholders: list[int] = field(default_factory=list)
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
            if number not in self.placeholders:
                self.placeholders.append(number)
            mark = f"\x01{self.placeholders.index(number)}\x02"
            self.structure.append(mark)
            self.words.append(mark)
            return
        # A newline stands for the edge of a block; the text itself holds none any more.
        edge = "\n" if tag in _BLOCKS else ""
        if tag == "a" and "href" in node.attributes:
            self.links.append(node.attributes["href"] or "")
            self.words.append(_LINK)  # words without their link are not the same text
        self.structure.append(f"{edge}<{tag}{_attributes(node)}>{edge}")
        self.words.append(" " if edge else "")
        if tag == "li" and (number := _list_number(node)) is not None:
            self.words.append(f" {number}. ")
        for child in node.iter(include_text=True):
            self.read(child)
        self.structure.append(f"{edge}</{tag}>{edge}")
        self.words.append(" " if edge else "")


def _list_number(node: LexborNode) -> int | None:
    """The number before an item of a numbered list: words, where it was left as text."""
    if node.parent is None or node.parent.tag != "ol":
        return None
    items = [item for item in node.parent.iter() if item.tag == "li"]
    start = str(node.parent.attributes.get("start") or "1")
    return items.index(node) + (int(start) if start.isdigit() else 1)


def _placeholder(node: LexborNode) -> int | None:
    if node.attributes.get("translate") != "no":
        return None
    match = _PLACEHOLDER.fullmatch(node.text(deep=True))
    return int(match[1]) if match else None


def _attributes(node: LexborNode) -> str:
    kept = {k: v for k, v in node.attributes.items() if k not in ("href", "src")}
    return "".join(f' {k}="{escape(v or "")}"' for k, v in sorted(kept.items()))
