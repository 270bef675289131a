"""A row of a table with one lone symbol and one lone name pairs the two."""

import pytest

from literate.notes.render import render_note
from literate.notes.symbols import paired
from literate.source.document import Prose


def pairs(text):
    prose = Prose(text, tuple(range(1, text.count("\n") + 2)))
    return [(symbol.tex, code.text) for symbol, code in paired(render_note(prose))]


TABLE = "| symbol | name | |\n| --- | --- | --- |\n"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("| $h$ | `width` | channels |", [("h", "width")]),
        ("| `width` | as in `a` | $h$ |", [("h", "width")]),
        (r"| $\eta$ | `rate` | |", [(r"\eta", "rate")]),
        (r"| $\hat{x}$ | `guess` | |", [(r"\hat{x}", "guess")]),
        ("| $d_k$ | `depth` | |", [("d_k", "depth")]),
        ("| $W_{ij}$ | `weight` | |", [("W_{ij}", "weight")]),
        ("| $h + 1$ | `width` | |", []),
        ("| $3$ | `width` | |", []),
        ("| the $h$ | `width` | |", []),
        ("| $h$ | `width` and more | |", []),
        ("| $h$ | `width` | `other` |", []),
        ("| $h$ | $d$ | `width` |", []),
        ("| $h$ | width | |", []),
    ],
)
def test_one_of_each_alone(row, expected):
    assert pairs(TABLE + row) == expected


def test_a_list_pairs_nothing():
    assert pairs("* $h$ `width`\n\n$h$\n\n`width`") == []
