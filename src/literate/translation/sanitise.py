"""What a translation may hold: it is untrusted, and becomes part of a page."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

import nh3
from selectolax.lexbor import LexborHTMLParser

from literate.translation.segment import BLOCKS

_INLINE = {
    "a", "abbr", "b", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s",
    "small", "span", "strong", "sub", "sup", "u", "var",
}  # fmt: skip
#: What a translation may hold.
TAGS = frozenset(BLOCKS | _INLINE)
ATTRIBUTES = {
    "*": {"id", "class", "title", "lang", "dir"},
    "a": {"href"},
    "details": {"open"},
    "span": {"translate"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
}


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
