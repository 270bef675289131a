"""What is no HTML is shown as it is written, and nothing of a note reaches beyond it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from literate.notes.render import render_note
from literate.source.document import Prose


def note(text):
    return render_note(Prose(text, tuple(range(1, text.count("\n") + 2))))


@pytest.mark.parametrize(
    "text",
    ["<s> and <unk>", "list<int>", "a <b", "for <i> in <j>", "<think>so</think>", "<input>", "<s/>",
     "<!-- open", "<?php x", "<!DOCTYPE html>", "<title>x</title>", "<td>x</td>", "</div>", "<li>",
     "<script>x", "<textarea>", "<plaintext>", "<base href=x>", "use </s> twice </s>"],
)  # fmt: skip
def test_what_only_looks_like_html_is_shown_as_it_is_written(text):
    body = LexborHTMLParser(note(text).html).body
    assert body.text().strip() == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>bold</b> and <i>x</i>", "<p><b>bold</b> and <i>x</i></p>"),
        ("a<br>b <img src='x.png'>", None),
        ("<a id='x'/> here", "<p><a id='x'></a> here</p>"),
        ("<div>\n\nWords\n\n</div>", "<div>\n<p>Words</p>\n</div>"),
        ("<svg><path d='M0'/></svg>", "<p><svg><path d='M0'/></svg></p>"),
        ("one <!-- not shown --> two", "<p>one  two</p>"),
    ],
)
def test_html_is_html(text, html):
    assert html is None or note(text).html.strip() == html
    assert "&lt;" not in note(text).html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('<div class="figure">\nA figure', '<div class="figure">\nA figure</div>'),
        ("<div>\n\n<section>\n\nx\n\n</div>\n\ny", None),
        ("* <div>\n\n  x\n* y", None),
        ("a[^1]\n\n[^1]: b\n\n    <div>\n", None),
    ],
)
def test_what_stays_open_ends_with_its_note(text, html):
    made = note(text)
    assert html is None or made.html.strip() == html
    whole = "".join(block.html for block in made.all_blocks)
    assert whole.count("<div") == whole.count("</div>") > 0


PIECES = st.sampled_from(
    ["<s>", "</s>", "<div>", "</div>", "\n\n", "\n", "* ", "  ", "text", "<unk>", "<p>", "</p>", "<!--",
     "-->", "<table>", "<td>", "</table>", "<a href='x'>", "</a>", "`", "**", "> ", "<svg>", "<title>",
     "</svg>", "<style>", "</style>", "<script>", "</script>", "<select>", "<option>", "<details>",
     "<textarea>", "</textarea>", "<h2>", "</h2>", "<form>", "<button>", "<math>", "<template>",
     "</section>", "</article>", "</body>", "<br/>", "<x-y>", "$", "|", "<noscript>", "<iframe>"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14))
def test_nothing_of_a_note_reaches_beyond_it(pieces):
    html = "".join(block.html for block in note("".join(pieces)).all_blocks)
    page = f"<main><div id=note-of-test>{html}</div><footer>end</footer></main><hr>"
    body = LexborHTMLParser(page).body
    footer = body.css("footer")[-1]
    assert footer.parent.tag == "main" and footer.parent.parent.tag == "body"
    assert footer.text() == "end" and body.child.next.tag == "hr"
    assert not list(footer.iter())


def test_what_looks_like_a_placeholder_is_text():
    for text in (
        "<div>_^_7_^_</div>",
        "<div><span translate=no>_^_7_^_</span></div>",
        r"\_^\_7\_^\_",
    ):
        made = note(text)
        assert [item.html for item in made.inlines] == ["_^_7_^_"]
        assert made.html.count("_^_0_^_") == 1


def test_lone_backticks_leave_a_formula_alone():
    made = note("a lone ` here\n\n$$\nx\n= y\n$$\n\nand ` there")
    assert "display-math" in made.inlines[0].html and not made.problems


@pytest.mark.parametrize(
    ("text", "message", "shown"),
    [
        ("matches [^abc]", "the footnote [^abc] is not defined", "matches [^abc]"),
        (r"so $\nosuch$ is", "does not convert", r"so $\nosuch$ is"),
        ("!!! wow\n    Words.", "there is no admonition 'wow'", "Words."),
        ("a[^1]\n\n[^1]: b\n\n[^2]: c", "nothing refers to the footnote [^2]", "a"),
    ],
)
def test_what_is_faulty_is_shown_as_it_is_written(text, message, shown):
    made = note(text)
    (problem,) = made.problems
    assert message in problem.message and "`faulty: report`" in problem.fix
    html = made.html
    for number, item in enumerate(made.inlines):
        held = f"<span translate=no>_^_{number}_^_</span>"
        html = html.replace(held, getattr(item, "html", ""))
    assert shown in LexborHTMLParser(html).body.text()
    assert len(made.footnotes) == text.count("]: ")


def test_footnotes_are_numbered_without_those_that_are_not_defined():
    made = note("a[^no] b[^1] c[^2]\n\n[^1]: One.\n\n[^2]: Two.")
    assert [item.footnote for item in made.inlines] == [0, 1]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("被\n抽中", "被抽中"),
        ("中，\n然后", "中，然后"),
        ("**被**\n抽", "<strong>被</strong>抽"),
        ("かな\nカナ", "かなカナ"),
        ("中文\nEnglish\n中文", "中文 English 中文"),
        ("한국\n어", "한국 어"),
        ("他说\n“好”\n了", "他说“好”了"),
        ("word\nword", "word word"),
        ("`x`\n中", "<span translate=no>_^_0_^_</span> 中"),
    ],
)
def test_a_line_break_is_no_blank_between_chinese_characters(text, html):
    assert note(text).html == f"<p>{html}</p>\n"


def test_chinese_alternative_texts_and_html_are_joined_too():
    made = note("![被\n抽中](a.png)\n\n<div>被\n抽中</div>")
    assert made.inlines[0].alt == "被抽中" and "被抽中" in made.blocks[1].html
