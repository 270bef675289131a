"""Notes: what is rendered, what is held back, and where an error stands."""

import pytest

from literate.base.errors import LiterateError
from literate.notes.note import Figure
from literate.notes.render import render_note
from literate.source.document import Prose
from literate.source.frontmatter import front_matter


def prose(text, first=1):
    return Prose(text, tuple(range(first, first + text.count("\n") + 1)))


def note(text):
    return render_note(prose(text))


def test_what_is_not_translated_is_numbered_in_order():
    rendered = note("Take `x` of $h$ and ![a picture](p.png).\n\n* `y`\n")
    assert rendered.html == (
        "<p>Take <span translate=no>_^_0_^_</span> of <span translate=no>_^_1_^_</span> and "
        "<span translate=no>_^_2_^_</span>.</p>\n"
        "<ul>\n<li><span translate=no>_^_3_^_</span></li>\n</ul>\n"
    )
    assert [getattr(item, "html", None) for item in rendered.inlines] == [
        "<code>x</code>",
        "<math><mi>h</mi></math>",
        None,
        "<code>y</code>",
    ]
    assert rendered.inlines[2] == Figure("p.png", "a picture", "", 1)


def test_display_math_stands_in_its_paragraph_and_environments_stand_bare():
    rendered = note("$$a = b$$\n\n\\begin{align}\na &= b\n\\end{align}\n")
    assert [block.html.strip() for block in rendered.blocks] == [
        "<p><span translate=no>_^_0_^_</span></p>",
        "<span translate=no>_^_1_^_</span>",
    ]
    assert 'display="block"' in rendered.inlines[0].html


def test_display_math_may_run_over_lines_anywhere():
    """No line of it is taken for a list, a heading or a quotation."""
    for text in (
        "$$\n- a\n= b\n$$",
        "Text $$- a\n= b$$ text",
        "> $$- a\n> = b$$",
        "* $$- a\n  = b$$",
    ):
        (item,) = note(text).inlines
        assert "<mo>=</mo>" in item.html and "&gt;" not in item.html, text


def test_what_looks_like_math_in_code_is_code():
    items = note("`$$a$$` and\n\n```\n$$b\n$$\n```\n").inlines
    assert [("$$" in item.html) for item in items] == [True, True]


def test_a_table_and_code_are_not_taken_for_labmls_notation():
    assert "<table>" in note("a | b\n---|---\n1 | 2\n").html
    (item,) = note("```\n:param x: y\n---foo---\n```\n").inlines
    assert ":param x: y\n---foo---" in item.html
    assert note("---*small*---").html == "<p><small><em>small</em></small></p>\n"
    assert "<li>" in note(":param x: what it is").html


def test_fenced_code_is_coloured_and_escaped():
    (item,) = note("```python\nif a < b: pass\n```\n").inlines
    assert '<span class="k">if</span>' in item.html
    assert "a &lt; b" in item.html or "&lt;" in item.html


def test_links_know_their_lines():
    rendered = note('One\n[two](a.md)\nthree <a href="b.md">four</a>\n\n[five](c.md)\n')
    assert [(link.target, link.line) for link in rendered.links] == [
        ("a.md", 2),
        ("b.md", 3),
        ("c.md", 5),
    ]


def test_a_dollar_sign_is_not_always_math():
    assert note("It costs 5$ or 10$.").inlines == ()


@pytest.mark.parametrize(
    ("text", "line"), [("ok\n\n$\\frac{a}$", 3), ("a\nb $\\nosuch$", 2), ("$$\n\\begin{x}\n$$", 1)]
)
def test_math_that_does_not_convert_names_its_line(text, line):
    (problem,) = note(text).problems
    assert problem.line == line
    assert "does not convert" in problem.message


def test_labels_of_the_field_convert():
    assert "<math" in note("$\\pmb{x}$").inlines[0].html
    numbered = note("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\n").inlines[0].html
    assert "(1)" not in numbered


def test_front_matter_is_taken_off():
    meta, rest = front_matter(prose("\n---\ntitle: A\nsummary: >\n  B\n  C\n---\n# D"), "page.md")
    assert meta.fields == {"title": "A", "summary": "B C"}
    assert rest.text == "# D"
    assert rest.line_numbers == (8,)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("---\ntitle: a: b\n---\n", 2),
        ("---\ntitle: a\n", 1),
        ("---\n- a\n---\n", 1),
        ("\n\n---\n'\n---\n", 4),
    ],
)
def test_front_matter_that_is_not_yaml_names_its_line(text, line):
    with pytest.raises(LiterateError) as error:
        front_matter(prose(text), "page.md")
    assert (error.value.file, error.value.line) == ("page.md", line)
    assert "front matter" in str(error.value)
