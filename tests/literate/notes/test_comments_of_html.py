"""Comments of HTML, of which the last one may lack its end."""

import pytest

from literate.base.html import text_of
from literate.notes.render import render_note
from literate.source.document import Prose


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!-- a --> words <!-- b", "words <!-- b"),
        ("<!-- a -->\n<!-- b", "<!-- b"),
        ("<!-- a --> words", "words"),
        ("words <!-- a --> more <!-- b", "words  more <!-- b"),
    ],
)
def test_what_stands_behind_an_unclosed_comment_is_shown(text, shown):
    note = render_note(Prose(text, tuple(range(1, text.count("\n") + 2))))
    assert text_of(note.html).split() == shown.split()
