"""The headings of a note, found once in its HTML: in that of its source, and in a translation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from literate.base.html import Tag, text_of
from literate.notes.note import Heading, Inline, Verbatim
from literate.notes.placeholder import fill

_HEADING = re.compile(
    r"(<(h[1-6])\b(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+>)(.*?)(</\2\s*>)", re.DOTALL | re.IGNORECASE
)


def find_headings(html: str, inlines: Sequence[Inline] = ()) -> tuple[Heading, ...]:
    """The headings in a note's HTML, whose placeholders stand for the inlines."""

    def held(number: int) -> str:
        item = inlines[number]
        return item.html if isinstance(item, Verbatim) else ""

    found = []
    for match in _HEADING.finditer(html):
        opening = Tag(match[2].lower(), False, match[1])
        text = text_of(fill(match[3], held))
        found.append(
            Heading(
                int(match[2][1]), text, opening.get("id") or "", *match.span(), opening,
                match[3], match[4],
            )
        )  # fmt: skip
    return tuple(found)
