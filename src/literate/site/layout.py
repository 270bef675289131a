"""A page in a language, as HTML: notes beside code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from itertools import takewhile

from literate.notes.note import BlockKind
from literate.site.local_page import CodeLine, LocalBlock, LocalPage, Row
from literate.site.shape_html import shape_html


def lay_out(page: LocalPage) -> str:
    """The body of a page, without its title where that stands in a hero."""
    if page.hero and page.headline:
        opening = replace(page.rows[0], blocks=tuple(_below_hero(page.rows[0].blocks[1:])))
        page = replace(page, rows=(opening, *page.rows[1:]))
    if page.is_annotated:
        rows = (_row(row, page.shape_choice) for row in _titled(page))
        html = "\n".join(['<div class="annotated">', *rows, "</div>"])
    else:
        html = "".join(map(_note, page.rows))
    return html + "".join(_references(page))


def _titled(page: LocalPage) -> list[Row]:
    """The rows; a page without a heading of its own has its title where its text begins."""
    headings = (heading for row in page.rows for heading in row.headings)
    if page.hero or any(heading.level == 1 for heading in headings):
        return list(page.rows)
    title = LocalBlock(BlockKind.RAW, (f"<h1>{page.title}</h1>",))
    rows = list(page.rows)
    at = next((index for index, row in enumerate(rows) if row.is_opening), None)
    if at is None:
        return [Row(blocks=(title,), is_opening=True), *rows]
    return [*rows[:at], replace(rows[at], blocks=(title, *rows[at].blocks)), *rows[at + 1 :]]


def _below_hero(blocks: Sequence[LocalBlock]) -> Iterator[LocalBlock]:
    """The blocks, the first paragraphs in a frame of their own: where there is room, in columns."""
    lead = list(takewhile(lambda block: block.kind == BlockKind.PARAGRAPH, blocks))
    html = "".join(block.html for block in lead)
    if lead:
        yield LocalBlock(BlockKind.RAW, (f'<div class="lead-columns">{html}</div>',))
    yield from blocks[len(lead) :]


def _row(row: Row, choice: str) -> str:
    """The opening as an article, and below it its imports; any other note beside its code."""
    note = _note(row)
    if not (note or row.code or row.anchor or row.is_opening):  # the mark of a cell, say
        return ""
    if row.is_opening:
        return f'<div class="opening">{note}{choice}</div>\n{_imports(row)}'
    anchor = f' id="{escape(row.anchor)}"' if row.anchor else ""
    kind = "" if note else " code-only" if row.code else ""
    note_html = f'<div class="note">{note}</div>' if note else ""
    code_html = f'<div class="code highlight">{_code(row.code)}</div>' if row.code else ""
    return f'<section class="row{kind}"{anchor}>{note_html}{code_html}</section>'


def _imports(row: Row) -> str:
    if not row.code:
        return ""
    if all(line.is_blank for line in row.code):
        return f'<div class="code" hidden>{_code(row.code)}</div>'
    summary = escape(row.label)
    body = f'<div class="code highlight">{_code(row.code)}</div>'
    return f'<details class="imports"><summary>{summary}</summary>{body}</details>'


def _note(row: Row) -> str:
    html = "".join(block.html for block in row.blocks)
    if not row.footnotes:
        return html
    items = "".join(f'<li id="fn:{note.number}">{note.html}</li>' for note in row.footnotes)
    start = row.footnotes[0].number
    return f'{html}<div class="footnote"><ol start="{start}">{items}</ol></div>'


def _code(code: Iterable[CodeLine]) -> str:
    rows = []
    for line in code:
        anchor = f'id="{line.anchor}" ' if line.anchor else ""
        shape = shape_html(line.shape)
        ending = line.ending.replace("\r", "&#13;")
        rows.append(f'<span {anchor}data-n="{line.number}">{line.html}{shape}{ending}</span>')
    return f'<pre tabindex="0"><code>{"".join(rows)}</code></pre>'


def _references(page: LocalPage) -> Iterator[str]:
    """The list of what the page cites."""
    if heading := page.references_heading:
        yield f'<section class="references">{heading.html}<ul>'
        for paper in page.references:
            language = escape(paper.language)
            yield f'<li id="{escape(paper.anchor)}" lang="{language}">{paper.html}</li>'
        yield "</ul></section>"
