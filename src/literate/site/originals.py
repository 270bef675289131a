"""The words of a note as its source has them: what stands behind the mark of a translated note."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from literate.base.html import map_tags, text_of
from literate.notes.note import Block, BlockKind, Figure, FootnoteRef, Formula, Inline, Note
from literate.notes.placeholder import Slot, cut

_WORDED = {
    BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.TABLE, BlockKind.QUOTE, BlockKind.ADMONITION,
}  # fmt: skip


def original_words(note: Note, pieces: Callable[[str], Iterable[tuple[Inline | None, str]]]) -> str:
    """The HTML of a note's words, but for its headings, formulas and pictures.

    `pieces` puts into a block's HTML what was held back of it.
    """
    html = "".join(
        html
        for block in _worded(note)
        for item, html in pieces(block.html)
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
