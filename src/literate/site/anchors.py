"""The anchors of headings: made of the source's words, in every language."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape

from literate.notes.note import Heading, Note
from literate.source.document import Document


@dataclass(frozen=True, slots=True)
class NamedHeading:
    """A heading of a page's note number `note`.

    Its anchor is made of the source's words, in every language, or is the id that its author gave.
    """

    level: int
    anchor: str
    note: int


def name_headings(
    document: Document, notes: Sequence[Note | None]
) -> tuple[tuple[NamedHeading, ...], frozenset[str]]:
    """The headings with their anchors, and all the names that the page has taken."""
    taken = {definition.name for definition in document.definitions}
    for note in notes:
        taken.update(note.ids if note else ())
    headings: list[NamedHeading] = []
    for index, note in enumerate(notes):
        for heading in note.headings if note else ():
            anchor = heading.id or unused(slug(heading.text), taken)
            taken.add(anchor)
            headings.append(NamedHeading(heading.level, anchor, index))
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


def match_anchors(
    source: Sequence[NamedHeading], found: Sequence[Heading]
) -> tuple[list[str], list[list[str]]]:
    """The anchors of the headings found in a note, in any language: those of its source's headings.

    Where a translation has not the same headings, they are told apart by their levels, and one
    that the source lacks has the anchor "". The second list holds the anchors of the headings that
    it lacks in its turn: those before each heading found, and those after all of them.
    """
    if not source and not found:
        return [], [[]]
    pairs = _pairs([heading.level for heading in source], [heading.level for heading in found])
    anchors: list[str] = []
    lost: list[list[str]] = []
    named = 0
    for index in range(len(found) + 1):
        last = len(source) if index == len(found) else named - 1
        at = pairs.get(index, last)
        lost.append([heading.anchor for heading in source[named:at]])
        anchors.append(source[at].anchor if index in pairs else "")
        named = at + 1
    return anchors[:-1], lost


def _pairs(source: list[int], found: list[int]) -> dict[int, int]:
    """Index of a heading that was found -> index of the source's heading that it stands for."""
    if len(source) == len(found):
        return {index: index for index in range(len(found))}
    blocks = SequenceMatcher(None, source, found, autojunk=False).get_matching_blocks()
    return {block.b + i: block.a + i for block in blocks for i in range(block.size)}


def bare_anchor(anchor: str) -> str:
    """The place of a heading that is not there."""
    return f'<span id="{escape(anchor)}"></span>'


def ref_id(number: int, repeat: int) -> str:
    """The id of a mark that leads to a footnote."""
    return f"fnref:{number}" + (f":{repeat + 1}" if repeat else "")
