"""Headings: found, given anchors, listed in the table of contents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape, unescape

from literate.base.html import Tag
from literate.notes.note import PLACEHOLDER_PATTERN, Note, Verbatim
from literate.source.document import Document

_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(
    r"(<(h[1-6])\b(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+>)(.*?)</\2\s*>", re.DOTALL | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a note.

    Its anchor is made of the source's words, in every language, or is the id that its author gave.
    """

    level: int
    anchor: str
    note: int


def headings_of(html: str) -> Iterator[tuple[int, Tag, str]]:
    """The level, the opening tag and the inner HTML of each heading."""
    for match in _HEADING.finditer(html):
        yield int(match[2][1]), Tag(match[2].lower(), False, match[1]), match[3]


def first_heading(notes: list[Note | None]) -> str:
    for note in notes:
        for _, _, inner in headings_of(note.html if note else ""):
            return heading_text(inner, note)
    return ""


def heading_text(html: str, note: Note | None) -> str:
    """A heading's words, without tags; what is held back stands for its own text."""

    def held(match: re.Match[str]) -> str:
        item = note.inlines[int(match[1])] if note else None
        return _TAG.sub("", item.html) if isinstance(item, Verbatim) else ""

    text = _TAG.sub("", PLACEHOLDER_PATTERN.sub(held, html))
    return " ".join(unescape(text).split())


def name_anchors(
    document: Document, notes: list[Note | None]
) -> tuple[tuple[Heading, ...], frozenset[str]]:
    """Anchors of headings, none of which takes another's name."""
    taken = {definition.name for definition in document.definitions}
    for note in notes:
        taken.update(note.ids if note else ())
    headings: list[Heading] = []
    for index, note in enumerate(notes):
        for level, tag, inner in headings_of(note.html if note else ""):
            anchor = tag.get("id") or unused(slug(heading_text(inner, note)), taken)
            taken.add(anchor)
            headings.append(Heading(level, anchor, index))
    return tuple(headings), frozenset(taken)


def unused(anchor: str, taken: Set[str]) -> str:
    if anchor not in taken:
        return anchor
    number = 1
    while f"{anchor}-{number}" in taken:
        number += 1
    return f"{anchor}-{number}"


def slug(text: str) -> str:
    """`The ConvMixer layer` -> `the-convmixer-layer`."""
    words = re.findall(r"\w+", text.casefold())
    return "-".join(words) or "section"


def with_anchors(html: str, headings: Sequence[Heading]) -> str:
    """Give the headings of a note, in any language, the anchors of its source's headings.

    Where a translation has not the same headings, they are told apart by their levels, and the
    anchor of a heading that it lacks stands by itself: links that lead there still arrive.
    """
    found = list(_HEADING.finditer(html))
    if not found and not headings:
        return html
    pairs = _pairs([heading.level for heading in headings], [int(m[2][1]) for m in found])
    parts: list[str] = []
    position = named = 0
    for index, match in enumerate(found):
        parts.append(html[position : match.start()])
        position = match.end(1)
        tag = Tag(match[2].lower(), False, match[1]).put("id", None)
        if index in pairs:
            parts += [_bare_anchor(heading) for heading in headings[named : pairs[index]]]
            named = pairs[index] + 1
            tag = tag.put("id", headings[pairs[index]].anchor)
        parts.append(tag.text)
    parts.append(html[position:])
    return "".join([*parts, *(_bare_anchor(heading) for heading in headings[named:])])


def _pairs(source: list[int], found: list[int]) -> dict[int, int]:
    """Index of a heading that was found -> index of the source's heading that it stands for."""
    if len(source) == len(found):
        return {index: index for index in range(len(found))}
    blocks = SequenceMatcher(None, source, found, autojunk=False).get_matching_blocks()
    return {block.b + i: block.a + i for block in blocks for i in range(block.size)}


def _bare_anchor(heading: Heading) -> str:
    return f'<span id="{escape(heading.anchor)}"></span>'


_FOOTNOTE_REF = re.compile(r'<sup class="mark".*?</sup>')
_ANCHOR = re.compile(r"</?a\b[^>]*>")


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A heading of the page in its language."""

    level: int
    anchor: str
    html: str
    text: str


def toc(notes: list[str], anchor_of: Callable[[int, str], str]) -> Iterator[TocEntry]:
    for index, html in enumerate(notes):
        for level, tag, inner in headings_of(html):
            if anchor := tag.get("id"):
                inner = _ANCHOR.sub("", _FOOTNOTE_REF.sub("", inner))
                yield TocEntry(level, anchor_of(index, anchor), inner, heading_text(inner, None))
