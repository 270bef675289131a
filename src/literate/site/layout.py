"""A page in a language, as HTML: words on the left, formulas and code on the right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import takewhile

from literate.base.html import text_of
from literate.notes.note import BlockKind
from literate.site.about import lines_of
from literate.site.code import code_html, height, trimmed
from literate.site.glossary import Glossary, index_html, map_html
from literate.site.local_page import LocalBlock, LocalHeading, LocalPage, Row
from literate.site.spread import footnotes_html, spread, stands_at_the_foot
from literate.translation.language import direction_of

#: A line of a note is about so many characters long, and so much higher than one of code.
_WIDTH, _HEIGHT = 56, 1.2


def lay_out(page: LocalPage) -> str:
    """The body of a page, without its title where that stands in a hero."""
    if page.hero and page.headline:
        opening = page.rows[0]._replace(blocks=tuple(_below_hero(page.rows[0].blocks[1:])))
        page = replace(page, rows=(opening, *page.rows[1:]))
    if page.is_annotated:
        return _Sheet(page).html()
    return "".join(_prose(page, row) for row in page.rows) + "".join(_references(page))


def _prose(page: LocalPage, row: Row) -> str:
    """A note of a page that shows no code."""
    html = "".join(
        part
        if isinstance(part, str)
        else _linked(page, part)
        if isinstance(part, LocalHeading)
        else part.html
        for block in row.blocks
        for part in block.parts
    )
    return html + footnotes_html(row)


def _below_hero(blocks: Sequence[LocalBlock]) -> Iterator[LocalBlock]:
    """The blocks, the first paragraphs in a frame of their own: where there is room, in columns."""
    lead = list(takewhile(lambda block: block.kind == BlockKind.PARAGRAPH, blocks))
    html = "".join(block.html for block in lead)
    if lead:
        yield LocalBlock(BlockKind.RAW, (f'<div class="lead-columns">{html}</div>',))
    yield from blocks[len(lead) :]


def _linked(page: LocalPage, heading: LocalHeading) -> str:
    """A heading with the link that leads to it."""
    if not heading.anchor or heading.level == 1:
        return heading.html
    return f"{heading.opening}{heading.inner}{_permalink(page, heading.anchor)}{heading.closing}"


def _permalink(page: LocalPage, anchor: str) -> str:
    label = page.say("Link to this section")
    return (
        f'<a class="headerlink" href="#{escape(anchor)}" title="{label}" aria-label="{label}">#</a>'
    )


@dataclass(slots=True)
class _Sheet:
    """An annotated page: its opening, its sections, the index of its names."""

    page: LocalPage
    glossary: Glossary = field(init=False)

    def __post_init__(self) -> None:
        self.glossary = Glossary(self.page.abouts)

    def html(self) -> str:
        rows = list(self.page.rows)
        at = next((index for index, row in enumerate(rows) if row.is_opening), None)
        opening = Row(is_opening=True) if at is None else rows.pop(at)
        # Of the mark of a cell, readers see nothing.
        rows = [row for row in rows if row.blocks or row.footnotes or row.code or row.anchor]
        sections = "\n".join(map(self._section, _sections(rows)))
        return (
            f'<div class="annotated" data-copied="{self.page.say("Copied")}"{self._symbols()}>'
            '<div class="sheet">'
            f"{self._opening(opening)}\n{sections}{index_html(self.page, self.page.abouts)}"
            f"{''.join(_references(self.page))}{_COLOPHON}</div></div>"
        )

    def _symbols(self) -> str:
        """The paper's symbols: of each its letters, its name, and the bindings that it stands for.

        Both light up together.
        """
        symbols = [(text_of(it.html), it.name, it.bindings) for it in self.page.symbols]
        return f' data-symbols="{escape(json.dumps(symbols))}"' if symbols else ""

    # --- the opening ---

    def _opening(self, row: Row) -> str:
        blocks = list(row.blocks)
        title = blocks.pop(0).html if blocks and _is_title(blocks[0].heading) else ""
        if not title and not any(_is_title(heading) for heading in row.headings):
            title = f"<h1>{self.page.title}</h1>"
        figure = next((block for block in blocks if block.kind == BlockKind.FIGURE), None)
        lead = "".join(block.html for block in blocks if block is not figure) + footnotes_html(row)
        side = figure.html if figure else map_html(self.page, self.page.abouts)
        side += self._imports(row)
        aside = f'<div class="aside">{side}</div>' if side else ""
        return (
            f'<div class="opening"><header class="title">{title}{self._summary()}{self._file()}'
            f'</header><div class="lead">{lead}{self._original(row)}{self.page.shape_choice}</div>'
            f"{aside}</div>"
        )

    def _summary(self) -> str:
        summary = str(self.page.words.get("summary", ""))
        return f'<p class="dek" dir="auto">{escape(summary, quote=False)}</p>' if summary else ""

    def _file(self) -> str:
        source = self.page.source
        if source is None:
            return ""
        say = self.page.say
        download = say("Download the source file")
        parts = [
            f'<a href="{source.address}" title="{download}" download>{escape(source.name)}</a>',
            f"{source.lines} {say('lines')}",
        ]
        if source.notebook:
            title = say("Download as a notebook")
            parts.append(
                f'<a href="{source.notebook}" title="{title}" download>{say("Notebook")}</a>'
            )
        return f'<p class="file">{" · ".join(parts)}</p>'

    def _imports(self, row: Row) -> str:
        if not row.code:
            return ""
        start, end = trimmed(row.code)
        code = code_html(row.code, self._repository)
        if not end:
            return code
        lines = f"{row.code[start].number}–{row.code[end - 1].number}"
        return (
            f'<details class="imports"><summary><span>{lines}</span> {escape(row.label)}</summary>'
            f"{code}</details>"
        )

    # --- the sections ---

    def _section(self, rows: Sequence[tuple[Row, int]]) -> str:
        first = rows[0][0]
        words = [_lines_of_words(row) for row, _ in rows]
        html = "".join(
            self._row(row, gap, lines, is_first=row is first)
            for (row, gap), lines in zip(rows, words, strict=True)
        )
        anchor = f' id="{escape(first.anchor)}"' if first.anchor else ""
        titled = " titled" if _heading(first) else ""
        height = sum(_lines_below(row, lines) for (row, _), lines in zip(rows, words, strict=True))
        return f'<section class="def{titled}"{anchor} data-lines="{height:.0f}">{html}</section>'

    def _row(self, row: Row, gap: int, lines: float, *, is_first: bool) -> str:
        start, end = trimmed(row.code)
        shown = end - start
        note = spread(row, self._original(row))
        gloss = "" if note.has_boards else self._gloss(row, shown, lines)
        classes = f"row g{gap}"
        if note.has_boards:
            foot = " foot" if stands_at_the_foot(note, shown) else ""
            classes += f" boards k{len(note.cells)}{foot}"
        elif note.is_empty:
            classes += " bare"
        if gloss:
            classes += " glossed"
        ident = f' id="{escape(row.anchor)}"' if row.anchor and not is_first else ""
        words = (
            "" if note.is_empty and not gloss else f'<div class="note">{note.html()}{gloss}</div>'
        )
        code = code_html(row.code, self._repository) if row.code else ""
        header = self._header(row, note.heading) if note.heading else ""
        return f'<div class="{classes}"{ident}>{header}{words}{code}</div>'

    def _header(self, row: Row, heading: LocalHeading) -> str:
        anchor = row.anchor or heading.anchor
        link = _permalink(self.page, anchor) if anchor else ""
        return (
            f'<header class="head h{min(heading.level, 4)}">{heading.html}{link}{self._range(row)}'
            "</header>"
        )

    def _range(self, row: Row) -> str:
        """Where a definition stands in the file, and the button that copies it."""
        source = self.page.source
        if not row.first or source is None:
            return ""
        lines = f"{row.first}–{row.last}" if row.last > row.first else f"{row.first}"
        return (
            f'<span class="meta"><a class="range" href="{self._repository}#L{row.first}">'
            f"{escape(source.name)} {lines}</a>"
            f'<button class="copy" type="button" data-first="{row.first}" data-last="{row.last}" '
            f"hidden>{self.page.say('Copy')}</button></span>"
        )

    def _gloss(self, row: Row, shown: int, lines: float) -> str:
        """The glosses that fill what a note leaves free beside longer code."""
        room = (shown - lines * _HEIGHT) * 0.9 - 2
        return self.glossary.gloss(row, room) if room > 1.8 else ""

    def _original(self, row: Row) -> str:
        """The words of the source, behind a mark in the margin."""
        if not row.original:
            return ""
        language = escape(self.page.source_language)
        return (
            f'<details class="original"><summary title="{self.page.say("Original")}">'
            f'{language.upper()}</summary><div lang="{language}" dir="{direction_of(language)}">'
            f"{row.original}</div></details>"
        )

    @property
    def _repository(self) -> str:
        return self.page.source.repository if self.page.source else ""


_COLOPHON = '<div class="colophon" aria-hidden="true"><i></i><i></i><i></i><i></i></div>'


def _is_title(heading: LocalHeading | None) -> bool:
    return heading is not None and heading.level == 1


def _heading(row: Row) -> LocalHeading | None:
    """The heading that opens a row, but for a page's title."""
    heading = row.blocks[0].heading if row.blocks else None
    return heading if heading and heading.level > 1 else None


def _lines_of_words(row: Row) -> float:
    """About how many lines the note of a row takes, beside its code."""
    return sum(1.35 + lines_of(block.html, _WIDTH) for block in row.blocks if not block.heading)


def _lines_below(row: Row, words: float) -> float:
    """About how many lines of code high a row is on a phone, where its note stands above it."""
    return 1.5 + 2 * bool(_heading(row)) + 1.7 * words + 1.05 * height(row.code)


def _sections(rows: Sequence[Row]) -> Iterator[list[tuple[Row, int]]]:
    """The rows of each section, with the number of blank lines before each, two at most.

    A section starts with a heading, or with a class or function of the module.
    """
    section: list[tuple[Row, int]] = []
    blank = 2
    for row in rows:
        start, end = trimmed(row.code)
        is_top = bool(row.definition) and "." not in row.definition
        if section and (is_top or _heading(row)):
            yield section
            section = []
        section.append((row, min(2, blank + start if not row.blocks else blank)))
        blank = len(row.code) - end
    if section:
        yield section


def _references(page: LocalPage) -> Iterator[str]:
    """The list of what the page cites."""
    if heading := page.references_heading:
        yield f'<section class="references">{heading.html}<ul>'
        for paper in page.references:
            language = escape(paper.language)
            yield f'<li id="{escape(paper.anchor)}" lang="{language}">{paper.html}</li>'
        yield "</ul></section>"
