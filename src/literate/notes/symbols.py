"""The symbols of a paper and their names in the code, as the tables of a note pair them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from literate.notes.note import BlockKind, Code, Inline, Math, Note
from literate.notes.placeholder import Slot, cut

_ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[dh]\b[^>]*>(.*?)</t[dh]>", re.DOTALL)
_LETTER = r"(?:\\[A-Za-z]+|[A-Za-z])"
#: `h`, `\eta`, `\hat{x}`, `d_k`, `W_{ij}`.
_SYMBOL = re.compile(rf"{_LETTER}(?:\{{{_LETTER}\}})?(?:[_^](?:\w|{_LETTER}|\{{[^{{}}]*\}}))*'*")


def paired(note: Note) -> Iterator[tuple[Math, Code]]:
    """The symbol and the code of each row of a table that has one of each, alone in their cells."""
    for block in note.all_blocks:
        for row in _ROW.findall(block.html) if block.kind == BlockKind.TABLE else ():
            alone = [item for cell in _CELL.findall(row) if (item := _alone(cell, note))]
            symbols = [it for it in alone if isinstance(it, Math) and _SYMBOL.fullmatch(it.tex)]
            codes = [item for item in alone if isinstance(item, Code)]
            if len(symbols) == len(codes) == 1:
                yield symbols[0], codes[0]


def _alone(cell: str, note: Note) -> Inline | None:
    """What a cell holds, if that is one thing that was held back."""
    match [piece for piece in cut(cell.strip()) if piece]:
        case [Slot(number=number)]:
            return note.inlines[number]
    return None
