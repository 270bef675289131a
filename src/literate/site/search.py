"""The index of one language: what its pages say, section by section, for search to look through.

There is no list of words: the browser looks for the very characters that the reader types (see
`assets/literate/search-worker.js`), which needs no rules of any language and misses nothing. The
file is gzip, whatever the server does: the text of a site is small enough to fetch that way.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

#: Where a block starts or ends, words of two blocks must not run together.
_BLOCK_EDGE = re.compile(
    r"</?(?:p|h[1-6]|li|[uod]l|d[td]|t[hdr]|div|section|blockquote|figure|figcaption|summary|"
    r"details|pre|br|hr|text|title|desc)\b"
)
#: Most of a page's tags colour its code: without them it parses four times as fast.
_CODE = re.compile(r"(?<=<pre tabindex=\"0\"><code>).*?(?=</code></pre>)", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_PARTS = "section[id], h1, h2, h3, h4, h5, h6, pre, img[alt], style"
_MARK = "\x02"
#: They choose a glyph, and are no part of what a reader types.
_VARIATIONS = re.compile("[\ufe00-\ufe0f]")


@dataclass(frozen=True, slots=True)
class SearchSection:
    """The part of a page that a result leads to. The anchor of the page's own start is empty."""

    anchor: str
    heading: str
    text: str
    code: str


def index_address(language: str) -> str:
    """Where the index of a language is served, relative to the site's root."""
    return f"search/{language}.json.gz"


def search_index(pages: Iterable[tuple[str, str, Sequence[SearchSection]]]) -> bytes:
    """The index of the pages of one language: address, title and sections of each."""
    rows = [
        [
            url,
            [
                [section.anchor, section.heading or title, section.text, section.code]
                for section in sections
            ],
        ]
        for url, title, sections in pages
    ]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def search_sections(html: str) -> tuple[SearchSection, ...]:
    """A page cut at its headings and definitions.

    The first section is the page's start, with no heading: the page's title stands for it. What
    has no anchor belongs to the anchor before it.
    """
    html = _CODE.sub(_uncoloured, html.replace(_MARK, ""))
    tree = LexborHTMLParser(_BLOCK_EDGE.sub(_on_new_line, html))
    body = tree.body
    if body is None:
        return ()
    for node in tree.css("[hidden], template"):  # what a page's script shows, or never shows
        node.decompose()
    parts = [_Part()]
    for node in tree.css(_PARTS):
        parts[-1].code += _cut(node, parts)
    for part, text in zip(parts, body.text().split(_MARK), strict=True):
        part.text += text
    return tuple(part.section() for part in _merged(parts))


@dataclass(slots=True)
class _Part:
    """What lies between two anchors, as it is gathered."""

    anchor: str = ""
    heading: str = ""
    text: str = ""
    code: list[str] = field(default_factory=list)
    is_definition: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.code and not self.text.strip()

    def section(self) -> SearchSection:
        return SearchSection(
            self.anchor, self.heading, _tidy(self.text), _tidy("\n".join(self.code))
        )


def _cut(node: LexborNode, parts: list[_Part]) -> list[str]:
    """Take out of the tree what is not running text; a new part starts at an anchor.

    Returns the code that belongs to the part that is open then.
    """
    anchor = node.attributes.get("id") or ""
    if node.tag == "section":
        node.insert_before(_MARK)
        parts.append(_Part(anchor, anchor, is_definition=True))
    elif node.tag == "img":
        node.insert_before(f" {node.attributes.get('alt') or ''} ")
    elif node.tag == "pre" or node.tag == "style":
        code = [node.text()] if node.tag == "pre" else []
        node.decompose()
        return code
    else:
        heading = _tidy(node.text())
        node.replace_with(_MARK)
        parts.append(_Part(anchor, heading))
    return []


def _merged(parts: list[_Part]) -> list[_Part]:
    """A heading that opens a page or a definition's section is that section's own heading."""
    kept = parts[:1]
    for part in parts[1:]:
        before = kept[-1]
        opens_page = before is parts[0] and not part.is_definition
        if before.is_empty and opens_page:
            before.text, before.code = f"{part.heading}\n{part.text}", part.code
        elif before.is_empty and before.is_definition and not part.is_definition:
            before.heading, before.text, before.code = part.heading, part.text, part.code
            before.is_definition = False
        else:
            kept.append(part)
    return kept


def _uncoloured(code: re.Match[str]) -> str:
    return _TAG.sub("", code[0])


def _on_new_line(tag: re.Match[str]) -> str:
    return "\n" + tag[0]


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in _VARIATIONS.sub("", text).split("\n"))
    return "\n".join(line for line in lines if line)
