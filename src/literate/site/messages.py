"""The texts of a page to translate, read off the page itself: nothing is laid out for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from literate.base.html import words_of
from literate.notes.drawing import Drawing
from literate.notes.heading import find_headings
from literate.notes.mathml import words_in
from literate.notes.note import Block, Figure, Formula, Math, Note
from literate.notes.placeholder import Slot, cut
from literate.site.page import Page
from literate.translation.message import Kind, Message, Passage, plain_text
from literate.translation.segment import block_key, key_of, parse, segments_of


def page_passages(page: Page, drawings: Mapping[tuple[str, str], Drawing]) -> Iterator[Passage]:
    """What a page asks its catalog for, in order; drawings go by (page, target)."""
    for name, value in page.words.items():
        if name == "title" and not page.has_title:
            continue
        for text in (value,) if isinstance(value, str) else value:
            yield plain_text(text, page.path, _line_of(page, name), Kind.FIELD, name)
    if picture := page.picture:
        yield from _drawn(page, picture, drawings)
    for section, note in zip(page.document.sections, page.notes, strict=True):
        if note:
            reader = _Reader(page, note, section.definition or "", drawings)
            yield from reader.passages(note.blocks, Kind.BLOCK)
            for footnote in note.footnotes:
                yield from reader.passages(footnote.blocks, Kind.FOOTNOTE)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the texts off a note. `context` is the definition that it speaks of."""

    page: Page
    note: Note
    context: str
    drawings: Mapping[tuple[str, str], Drawing]

    def passages(self, blocks: Sequence[Block], kind: Kind) -> Iterator[Passage]:
        """The blocks, as a whole or between HTML that wraps them; then what they hold back."""
        if not any(block.is_wrapper for block in blocks):
            yield self._blocks(blocks, kind, is_note=True)
        else:
            for block in blocks:
                if not block.is_wrapper:
                    yield self._blocks([block], kind, is_note=False)
                for text in words_of(block.html) if block.is_wrapper else ():
                    yield plain_text(text, self.page.path, block.line, Kind.HTML, self.context)
        for block in blocks:
            for piece in cut(block.html):
                if isinstance(piece, Slot):
                    yield from self._held(piece, block.line)

    def _held(self, slot: Slot, line: int) -> Iterator[Passage]:
        item = self.note.inlines[slot.number]
        if isinstance(item, Figure):
            yield from self._figure(item, has_caption=slot.is_paragraph)
        elif isinstance(item, Formula | Math):
            for words in words_in(item.html):
                yield plain_text(words, self.page.path, line, Kind.FORMULA, self.context)

    def _blocks(self, blocks: Sequence[Block], kind: Kind, *, is_note: bool) -> Passage:
        path, messages = self.page.path, []
        for block in blocks:
            parts = parse(block.html)
            for part in (part for part in parts if part.has_words):
                key = block_key(block.html if len(parts) == 1 else part.html, part)
                identity = key_of((part,))
                messages.append(Message(key, path, block.line, kind, self.context, identity))
        return Passage(tuple(messages), segments_of(tuple(blocks)), is_note)

    def _figure(self, figure: Figure, *, has_caption: bool) -> Iterator[Passage]:
        path, target = self.page.path, figure.target
        yield plain_text(figure.alt, path, figure.line, Kind.ALT, target)
        yield from _drawn(self.page, figure, self.drawings)
        if has_caption:
            yield plain_text(figure.caption, path, figure.line, Kind.CAPTION, target)


def _drawn(
    page: Page, figure: Figure, drawings: Mapping[tuple[str, str], Drawing]
) -> Iterator[Passage]:
    """The words of a drawing that the page shows."""
    if drawing := drawings.get((page.name, figure.target)):
        for word, line in drawing.words:
            yield plain_text(word, drawing.path, line, Kind.DRAWING, figure.alt)


def _line_of(page: Page, field: str) -> int:
    """The line of a field of the front matter, or of the first heading in place of a title."""
    if field in page.front.words:
        return page.front.lines.get(field, 1)
    blocks = (
        (note, block) for note in page.notes if note and note.headings for block in note.blocks
    )
    return next((b.line for note, b in blocks if find_headings(b.html, note.inlines)), 1)
