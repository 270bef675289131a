"""The words of notes as their source has them: what stands behind the mark of a translated note."""

from __future__ import annotations

from collections.abc import Iterator

from literate.base.html import map_tags, text_of
from literate.notes.note import Block, BlockKind, Figure, FootnoteRef, Formula, Note
from literate.notes.placeholder import Slot, cut
from literate.site.context import PageContext
from literate.site.localise import Localiser
from literate.site.page import Page

_WORDED = {
    BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.TABLE, BlockKind.QUOTE, BlockKind.ADMONITION,
}  # fmt: skip


def original_words(page: Page, context: PageContext) -> tuple[str, ...]:
    """The HTML of each note's words, but for its headings, formulas and pictures.

    `context` is one in the language of the source.
    """
    localiser = Localiser(page, context)
    notes = enumerate(page.notes)
    return tuple(_original(localiser, note, number) if note else "" for number, note in notes)


def _original(localiser: Localiser, note: Note, number: int) -> str:
    html = "".join(
        html
        for block in _worded(note)
        for item, html in localiser.pieces(note, number, block.html)
        if not isinstance(item, FootnoteRef)
    )
    return map_tags(html, lambda tag: tag.put("id", None).text, "id")


def _worded(note: Note) -> Iterator[Block]:
    for block in note.blocks:
        if block.kind not in _WORDED or block.is_wrapper:
            continue
        parts = list(cut(block.html))
        held = [note.inlines[part.number] for part in parts if isinstance(part, Slot)]
        words = "".join(part for part in parts if isinstance(part, str))
        is_formula = all(isinstance(item, Formula) for item in held) and not text_of(words)
        has_picture = any(isinstance(item, Figure) for item in held)
        if not (is_formula or has_picture):
            yield block
