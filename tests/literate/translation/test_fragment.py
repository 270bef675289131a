"""The canonical form is blind to spelling, not to words."""

import html
import re

from hypothesis import assume, given
from hypothesis import strategies as st

from literate.translation.sanitise import TAGS, sanitise
from literate.translation.segment import key_of, loose_key_of, parse, split

WORDS = st.text(alphabet="abcé中 &<'\"", min_size=1, max_size=12).filter(str.strip)


@st.composite
def inline(draw):
    text = html.escape(draw(WORDS))
    form = draw(st.sampled_from(["plain", "em", "link", "placeholder"]))
    if form == "em":
        return f"<em>{text}</em>"
    if form == "link":
        return f'<a href="page.html" title="t">{text}</a>'
    if form == "placeholder":
        return "<span translate=no>_^_{}_^_</span>"
    return text


@st.composite
def notes(draw):
    blocks = []
    for tag in draw(st.lists(st.sampled_from(["p", "h2", "ul"]), min_size=1, max_size=4)):
        inner = " ".join(draw(st.lists(inline(), min_size=1, max_size=4)))
        inner = f"\n<li>{inner}</li>\n" if tag == "ul" else inner
        blocks.append(f"<{tag}>{inner}</{tag}>\n")
    text = "".join(blocks)
    count = text.count("{}")
    return text.format(*range(count))


def form(text):
    return key_of(parse(text))


def respell(text):
    """The same note as another program might write it."""
    text = text.replace("<span translate=no>", "<span  translate = 'no'>")
    text = text.replace('<a href="page.html" title="t">', "<a title='t'  href='elsewhere.html'>")
    text = text.replace("&#x27;", "'").replace("&quot;", "&#34;").replace("é", "&eacute;")
    text = re.sub(r"(?<=\w) (?=\w)", "\n   ", text)
    return text.replace("<p>", "<p> ").replace("</p>", " </p>\n\n")


@given(notes())
def test_spelling_does_not_matter(text):
    assert form(respell(text)) == form(text)
    assert loose_key_of(parse(respell(text))) == loose_key_of(parse(text))


@given(notes())
def test_the_canonical_form_of_what_was_parsed_is_the_same(text):
    once = "".join(fragment.html for fragment in parse(text))
    assert form(once) == form(text)


@given(notes(), st.sampled_from(["x", "中", "z "]))
def test_words_matter(text, word):
    first_text = re.search(r">([^<\s])", text)
    assume(first_text is not None)
    position = first_text.start(1)
    changed = text[:position] + word.strip() + text[position:]
    assert form(changed) != form(text)


def test_a_heading_is_not_a_paragraph():
    assert loose_key_of(parse("<h2>Words</h2>")) != loose_key_of(parse("<p>Words</p>"))
    assert loose_key_of(parse("<ul><li>Words</li></ul>")) == loose_key_of(parse("<p>Words</p>"))


def test_numbers_of_placeholders_do_not_matter_but_their_order_does():
    def of(first, second):
        return form(
            f"<p><span translate=no>_^_{first}_^_</span> of "
            f"<span translate=no>_^_{second}_^_</span></p>"
            f"<p><span translate=no>_^_{first}_^_</span></p>"
        )

    assert of(0, 1) == of(7, 9) == of(9, 7)
    swapped = (
        "<p><span translate=no>_^_0_^_</span> of <span translate=no>_^_1_^_</span></p>"
        "<p><span translate=no>_^_1_^_</span></p>"
    )
    assert form(swapped) != of(0, 1)


def test_a_translation_brings_in_nothing_foreign():
    dirty = '<p onclick="x()">a<script>alert(1)</script><img src=x onerror=y><a href="javascript:z">b</a></p>'
    assert sanitise(dirty) == "<p>a<a>b</a></p>"


SOUP = [
    "<p>", "</p>", "<p class=x>", "<pre>", "</pre>", "<b>", "</b>", "<i>", "</i>", "<a href='x&y'>",
    "</a>", "<br>", "<div>", "</div>", "<ul>", "<li>", "</ul>", "<h2>", "</h2>", "<table>", "<td>",
    "<code>", "</code>", "<!-- c -->", "<span translate=no>_^_0_^_</span>", "a", " ", "\n", "&amp;",
    "&nbsp;", "\u00a0", "&", "<", ">", '"', "é",
]  # fmt: skip


@given(st.lists(st.sampled_from(SOUP), max_size=12).map("".join), st.booleans())
def test_what_is_split_without_a_parser_is_split_alike(soup, is_paragraph):
    """`parse` sees no shortcut."""
    soup = f"<p>{soup}</p>" if is_paragraph else soup
    html = sanitise(soup, soup, TAGS)
    assert split(html) == tuple((block.kind, block.html) for block in parse(html))
