"""What a translation may hold: it is untrusted, and becomes part of a page.

The measure is the page's own block, never the key of the map, which is a stranger's as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import unescape

import nh3
from selectolax.lexbor import LexborHTMLParser

from literate.translation.segment import BLOCKS

_INLINE = {
    "a", "abbr", "b", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s",
    "small", "span", "strong", "sub", "sup", "u", "var",
}  # fmt: skip
#: The tags of notes.
TAGS = frozenset(BLOCKS | _INLINE)
#: What a translation may hold whatever its source holds, for it does nothing: prose, and emphasis.
_PROSE = frozenset(_INLINE | {"p", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "div", "br"})
#: What runs, restyles or loads is never taken from a translation, whatever the source holds.
_NEVER_TAGS = frozenset(
    ["script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "meta",
     "link", "noscript", "template", "title", "html", "head", "body"]
)  # fmt: skip
_NEVER_ATTRIBUTES = frozenset(["action", "formaction", "srcset", "srcdoc", "style", "ping"])
#: Attributes that are words: they may say something else than the source's.
_READ = frozenset(["alt", "title", "aria-label", "placeholder"])
_SCHEMES = {"http", "https", "mailto", "tel"}
_SCHEME = re.compile(r"""(?:href|src)=["']?([a-z][a-z0-9+.-]*):""", re.IGNORECASE)
#: A source of which nothing need be known: it holds no more than any translation may.
_PLAIN = re.compile(rf"""(?:[^<]++|</?(?:{"|".join(sorted(_PROSE))})>|<span translate="?no"?>)*+""")
_ALIGNED = re.compile(r"text-align: ?(?:left|right|center);?")


# A translation is asked for with each block of its note.
@lru_cache(maxsize=4096)
def sanitise(html: str, source: str = "", tags: frozenset[str] = _PROSE) -> str:
    """The HTML with nothing in it but these tags, and what the source holds.

    An attribute must have a value that the same tag has in the source, but for the words that are
    read to people, and for what says of which language they are.
    """
    return str(_cleaner("" if _PLAIN.fullmatch(source) else source, tags).clean(html))


@lru_cache(maxsize=4096)
def _cleaner(source: str, known: frozenset[str]) -> nh3.Cleaner:
    tags = set(known)
    values: dict[str, dict[str, set[str]]] = {"span": {"translate": {"no"}}}
    words: dict[str, set[str]] = {"*": {"lang", "dir"}}
    for tag, attributes in _elements(source):
        tags.add(tag)
        for name, value in attributes.items():
            if name in _READ:
                words.setdefault(tag, set()).add(name)
            elif _is_harmless(name, value):
                values.setdefault(tag, {}).setdefault(name, set()).add(value)
    return nh3.Cleaner(
        tags=tags,
        attributes=words,
        tag_attribute_values=values,
        link_rel=None,
        url_schemes=_SCHEMES | set(_SCHEME.findall(source)) - {"javascript", "vbscript", "data"},
    )


def _elements(source: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The elements of a source that a translation may have as well, each with its attributes."""
    root = LexborHTMLParser(source, is_fragment=True).root if "<" in source else None
    for node in root.traverse() if root else ():
        if node.is_element_node and str(node.tag) not in _NEVER_TAGS:
            yield str(node.tag), {name: value or "" for name, value in node.attributes.items()}


def _is_harmless(name: str, value: str) -> bool:
    if name == "style":
        return bool(_ALIGNED.fullmatch(value))
    return name not in _NEVER_ATTRIBUTES | {"lang", "dir"} and not name.startswith("on")


def plain(html: str) -> str:
    """The text of a piece of HTML without its tags."""
    return unescape(nh3.clean(html, tags=set())).strip()
