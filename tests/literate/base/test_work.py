"""The work grows with the text, not with its square: counted, not timed."""

import sys
from collections.abc import Callable

import pytest

from literate.base.html import is_balanced, tags, text_of, texts, without_comments
from literate.notes.placeholder import markup
from literate.notes.render import render_note
from literate.source.document import Prose
from literate.translation.catalog_file import read_entries
from literate.translation.segment import key_of, parse


def work(function: Callable[[str], object], text: str) -> int:
    """How many lines of Python it takes."""
    count = 0

    def traced(frame, event, argument):
        nonlocal count
        count += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        function(text)
    finally:
        sys.settrace(before)
    return count


def note(text: str) -> object:
    return render_note.__wrapped__(Prose(text, tuple(range(1, text.count("\n") + 2))))


@pytest.mark.parametrize(
    "unit",
    ["`", "` `` ", "[^", "[^a", "[a](", "![", "---\n", "---a\n", "a\n---\n", "$", "$$a\n", "<", "<!--",
     "<script>", "<!-- ", "\\begin{align}\n", "```a\n", "~~~\n", "[@a; ", "!!! note\n", "* a\n", "> "],
)  # fmt: skip
def test_twice_the_note_is_twice_the_work(unit):
    note(unit * 3)  # what is imported or compiled at first
    once, twice = work(note, f"a\n\n{unit * 150}"), work(note, f"a\n\n{unit * 300}")
    assert twice < 2.6 * once + 2000


@pytest.mark.parametrize(
    "unit", ["<p>a", "<li>", "<span translate=no>_^_1_^_</span>", "<", "<a href=x>", "<b>"]
)
@pytest.mark.parametrize(
    "read", [lambda text: key_of(parse(text)), lambda text: list(markup(text))]
)
def test_twice_the_translation_is_twice_the_work(unit, read):
    read(unit)
    once, twice = work(read, f"<ol>{unit * 90}"), work(read, f"<ol>{unit * 180}")
    assert twice < 2.6 * once + 200


@pytest.mark.parametrize("read", [texts, tags], ids=["texts", "tags"])
@pytest.mark.parametrize("opening", ["<!--", "<!-- a ", "<script>", "<style ", "<STYLE>"])
def test_what_is_not_closed_is_looked_for_once(opening, read):
    """The first of them reaches to the end: from there, no other starts."""
    assert len(list(texts(opening * 1000))) == 2
    assert not list(tags(opening * 1000)) and is_balanced(opening * 1000)


def test_an_unclosed_comment_goes_to_the_end_as_in_a_browser():
    assert without_comments("a<!-- b --> c<!-- d <b>e") == "a c"
    assert text_of("a<!-- b > c --> d <i title='>'>e</i>") == "a d e"


class Counted(str):
    """A text that counts the characters in which something is counted."""

    counted = 0

    def count(self, sought, start=0, end=None):
        end = len(self) if end is None else end
        type(self).counted += end - start
        return super().count(sought, start, end)


@pytest.mark.parametrize("keys", [500, 1000])
def test_the_lines_of_keys_are_counted_once(keys):
    Counted.counted = 0
    text = Counted("{" + ",\n".join(f'"key {number}": "x"' for number in range(keys)) + "}")
    entries = list(read_entries(text, "m.json"))
    assert [entry.line for entry in entries] == list(range(1, keys + 1))
    assert Counted.counted <= len(text)
