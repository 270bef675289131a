"""The texts of a page to translate, read off the page itself: nothing is laid out for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from literate.base.html import words_of
from literate.notes.drawing import Drawing
from literate.notes.note import LONE_PLACEHOLDER, PLACEHOLDER_PATTERN, Block, Figure, Note
from literate.site.page import Page
from literate.site.toc import headings_of
from literate.translation.message import Kind, Message, Passage, plain_text
from literate.translation.segment import Segment, block_key, key_of, parse


def page_passages(page: Page, drawings: Mapping[tuple[str, str], Drawing]) -> Iterator[Passage]:
    """What a page asks its catalog for, in order; drawings go by (page, target)."""
    yield plain_text(page.title, page.path, _title_line(page), Kind.TITLE)
    if page.summary:
        yield plain_text(page.summary, page.path, _front_line(page, "summary"), Kind.SUMMARY)
    for section, note in zip(page.document.sections, page.notes, strict=True):
        if note:
            context = section.definition or ""
            yield from _passages(page, note, note.blocks, Kind.BLOCK, context, drawings)
            for footnote in note.footnotes:
                yield from _passages(page, note, footnote.blocks, Kind.FOOTNOTE, context, drawings)


def _passages(
    page: Page,
    note: Note,
    blocks: Sequence[Block],
    kind: Kind,
    context: str,
    drawings: Mapping[tuple[str, str], Drawing],
) -> Iterator[Passage]:
    """The blocks of a note or a footnote, then the words of the images in them."""
    if not any(block.is_wrapper for block in blocks):
        yield _blocks(page, blocks, kind, context, is_note=True)
    else:
        for block in blocks:
            if not block.is_wrapper:
                yield _blocks(page, [block], kind, context, is_note=False)
            for text in words_of(block.html) if block.is_wrapper else ():
                yield plain_text(text, page.path, block.line, Kind.HTML, context)
    html = "".join(block.html for block in blocks)
    alone = {int(match[1]) for match in LONE_PLACEHOLDER.finditer(html)}
    for number in (int(match[1]) for match in PLACEHOLDER_PATTERN.finditer(html)):
        figure = note.inlines[number]
        if isinstance(figure, Figure):
            target, line = figure.target, figure.line
            yield plain_text(figure.alt, page.path, line, Kind.ALT, target)
            if drawing := drawings.get((page.name, target)):
                for word, place in drawing.words:
                    yield plain_text(word, drawing.path, place, Kind.DRAWING, figure.alt)
            if number in alone:
                yield plain_text(figure.caption, page.path, line, Kind.CAPTION, target)


def _blocks(
    page: Page, blocks: Sequence[Block], kind: Kind, context: str, *, is_note: bool
) -> Passage:
    messages: list[Message] = []
    segments: list[Segment] = []
    for block in blocks:
        parts = parse(block.html)
        segments += parts
        for part in parts:
            if part.has_words:
                key = block_key(block.html if len(parts) == 1 else part.html, part)
                identity = key_of((part,))
                messages.append(Message(key, page.path, block.line, kind, context, identity))
    return Passage(tuple(messages), tuple(segments), is_note)


def _title_line(page: Page) -> int:
    """The line of the front matter, or of the first heading, that a page's title stands on."""
    if page.meta.get("title"):
        return _front_line(page, "title")
    blocks = (block for note in page.notes if note for block in note.blocks)
    return next((block.line for block in blocks if [*headings_of(block.html)]), 1)


def _front_line(page: Page, field: str) -> int:
    """The line of a field of the front matter."""
    opening = page.document.opening
    prose = None if opening is None else page.document.sections[opening].prose
    if prose:
        for line, text in zip(prose.line_numbers, prose.text.split("\n"), strict=False):
            if text.startswith(f"{field}:"):
                return line
    return 1
