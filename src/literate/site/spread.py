"""How a note spreads over the two columns: words on the left, display formulas on the right.

A formula stands beside the paragraph before it, or, where it comes first, beside what follows; the
code goes on below the last of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from literate.notes.note import BlockKind
from literate.site.local_page import LocalBlock, LocalHeading, Row
from literate.site.shape_html import passes_html

#: The style sheet has a class for each row of a spread up to this one.
_MOST_CELLS = 18
#: So many lines of code stand at the foot of their note, against the code that goes on.
_FEW_LINES = 2


@dataclass(slots=True)
class Cell:
    """Formulas, and the words beside them: `before` and `after` are what the note says in turn."""

    before: str = ""
    board: str = ""
    after: str = ""

    def html(self, row: int, *, is_last: bool) -> str:
        """The cell in a row of the grid; the last one goes on in the next, where the code is."""
        end = " end" if is_last else ""
        html = ""
        if self.before:
            html += f'<div class="r{row}{"" if self.after else end}">{self.before}</div>'
        if self.board:
            html += f'<div class="board r{row}">{self.board}</div>'
        if self.after:
            place = f"r{row + 1}" if self.before else f"r{row}{end}"
            html += f'<div class="{place}">{self.after}</div>'
        return html

    def add(self, tail: str) -> None:
        """Put something after the last words."""
        if self.before and not self.after:
            self.before += tail
        else:
            self.after += tail


class Spread(NamedTuple):
    """A row's note: the heading over both columns, and its cells; without formulas one."""

    heading: LocalHeading | None
    cells: tuple[Cell, ...]

    @property
    def has_boards(self) -> bool:
        return bool(self.cells[-1].board)  # words go to a cell of their own only above a formula

    @property
    def is_empty(self) -> bool:
        (*above, cell) = self.cells
        return not (above or cell.before or cell.board or cell.after)

    def html(self) -> str:
        """The note without its heading."""
        if not self.has_boards:
            return "".join(cell.before + cell.after for cell in self.cells)
        last = len(self.cells)
        return "".join(
            cell.html(number + 1, is_last=number == last)
            for number, cell in enumerate(self.cells, 1)
        )


def spread(row: Row, tail: str = "") -> Spread:
    """The note of a row, `tail` after its last words."""
    blocks = list(row.blocks)
    heading = blocks[0].heading if blocks else None
    if heading and heading.level > 1:
        blocks = blocks[1:]
    else:
        heading = None
    cells = list(_cells(_flow(blocks)))
    if len(cells) > _MOST_CELLS:
        cells = [Cell(after="".join(block.html for block in blocks))]
    if cells[-1].board:
        cells[-1].board += passes_html(row.passes)
    cells[-1].add(footnotes_html(row) + tail)
    return Spread(heading, tuple(cells))


def stands_at_the_foot(note: Spread, lines: int) -> bool:
    """Whether code of so many lines is so short that it stands where the next code goes on."""
    last = note.cells[-1]
    return note.has_boards and 0 < lines <= _FEW_LINES and bool(last.before or last.after)


def _flow(blocks: Sequence[LocalBlock]) -> Iterator[tuple[bool, str]]:
    """The blocks, formulas that follow one another as one: whether it is one, and the HTML."""
    board = ""
    for block in blocks:
        if block.kind == BlockKind.FORMULA:
            board += block.html
            continue
        if board:
            yield True, board
            board = ""
        yield False, block.html
    if board:
        yield True, board


def _cells(flow: Iterable[tuple[bool, str]]) -> Iterator[Cell]:
    """Each formula with the paragraph before it; what follows the last one stays with it."""
    words: list[str] = []
    cell: Cell | None = None
    for is_board, html in flow:
        if not is_board:
            words.append(html)
            continue
        *earlier, beside = words or [""]
        if cell and not cell.before:  # it opened the note, and has nothing beside it yet
            cell.after, earlier = "".join(earlier), []
        if cell:
            yield cell
        if earlier:
            yield Cell("".join(earlier))
        cell, words = Cell(beside, html), []
    cell = cell or Cell()
    cell.after = "".join(words)
    yield cell


def footnotes_html(row: Row) -> str:
    """The footnotes that stand under a note."""
    if not row.footnotes:
        return ""
    items = "".join(f'<li id="fn:{note.number}">{note.html}</li>' for note in row.footnotes)
    start = row.footnotes[0].number
    return f'<div class="footnote"><ol start="{start}">{items}</ol></div>'
