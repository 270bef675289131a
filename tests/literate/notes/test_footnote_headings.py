"""Headings within footnotes, whose places the note itself knows nothing of."""

import pytest

from literate.notes.render import render_note
from literate.site.layout import lay_out
from literate.source.document import Prose


@pytest.mark.parametrize(
    "heading", ["### Why", '<h3 id="why">Why</h3>', '<h2 id="a">A</h2>\n\n    <h2 id="b">B</h2>']
)
def test_a_footnote_may_hold_headings(project, heading):
    text = f"# T\n\nWords[^1] and others[^2].\n\n[^1]: Here.\n\n    {heading}\n\n[^2]: There.\n\n    {heading}\n"
    note = render_note(Prose(text, tuple(range(1, text.count("\n") + 2))))
    assert len(note.footnotes) == 2 and not note.problems
    project.write("docs/index.md", text)
    site = project.load()
    html = lay_out(site.localise(site.pages["index"], lambda name: f"{name}/"))
    assert html.count("<h") == 1 + 2 * text.count(heading[:3], text.index("[^2]: There"))
    assert 'id="fn:1"' in html and 'id="fn:2"' in html
