"""How a file holds its notes: what the splitter saw is kept for whoever writes them again."""

import pytest

from literate.convert.forms import NoteText, pieces
from literate.source.python import read_python


def written(source):
    document = read_python(source.encode(), "a.py")
    return [
        [(run.indent, run.quotes, [line.number for line in run.lines]) for run in section.written]
        for section in document.sections
    ]


def test_comments_and_a_docstring_of_one_note_are_told_apart():
    source = 'class A:\n    # One.\n    # Two.\n    def f(self):\n        r"""\n        Doc.\n        """\n'
    assert written(source)[-1] == [("    ", "", [2, 3]), ("        ", 'r"""', [5, 6, 7])]


@pytest.mark.parametrize("quotes", ['"""', "'''", '"', "'", 'r"""', "U'", 'R"'])
@pytest.mark.parametrize("indent", ["    ", "\t", " "])
def test_a_docstring_keeps_its_quotes_prefix_and_indentation(indent, quotes):
    source = f"def f():\n{indent}{quotes}Doc.{quotes.lstrip('rRuU')}\n"
    assert written(source)[-1] == [(indent, quotes, [2])]
    note = next(
        piece
        for piece in pieces(read_python(source.encode(), "a.py"))
        if isinstance(piece, NoteText)
    )
    assert (note.form.indent, note.form.quotes, note.text) == (indent, quotes, ("Doc.\n",))


def test_quotes_within_are_not_the_notes_own():
    assert written("'''a \"\"\" b'''\n") == [[("", "'''", [1])]]
    assert written("''\n") == [[("", "'", [1])]]
