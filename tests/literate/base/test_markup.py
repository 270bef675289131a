"""HTML tag by tag: read in any spelling, changed without anything else moving."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from literate.base.html import is_balanced, map_tags, map_words, tags, without_comments

VALUE = st.text(alphabet="ab/#.?&=<>\"' é", max_size=8)


@given(st.text(alphabet="<>/a\"'= !-hrefp", max_size=40))
def test_what_is_not_changed_comes_back(html):
    assert map_tags(html, lambda tag: tag.text) == html
    assert map_words(html, lambda text: text) == html


@given(VALUE, VALUE)
def test_an_attribute_that_is_put_is_found_again(before, after):
    (tag,) = tags(f"<a class=x href=\"{escape(before)}\" title='t'>")
    assert tag.get("href") == before
    changed = tag.put("href", after)
    assert changed.get("href") == after
    assert (changed.get("class"), changed.get("title")) == ("x", "t")
    assert list(tags(changed.text)) == [changed]
    assert changed.put("href", None).get("href") is None


@pytest.mark.parametrize(
    "spelling", ["<a href='b'>", "<A HREF=b>", '<a\nhref = "b" >', "<a x href=b/>"]
)
def test_every_spelling_of_a_link_is_read(spelling):
    (tag,) = tags(spelling)
    assert tag.name == "a"
    assert (tag.get("href") or "").rstrip("/") == "b"


def test_only_tags_are_tags():
    html = 'href="x" <!-- <a href="y"> --> <script>"<a href=z>"</script> a < b'
    assert list(tags(html)) == []
    assert without_comments(html).count("<a") == 1


@pytest.mark.parametrize(
    ("html", "balanced"),
    [
        ("<details><summary>a</summary>", False),
        ("</details>", False),
        ("<details><summary>a</summary>b</details>", True),
        ("<p>a<br>b<img src=c>", True),
        ("<ul><li>a<li>b</ul>", True),
        ("<b><i>a</b></i>", False),
        ("a <!-- <div> --> b", True),
    ],
)
def test_what_is_left_open_is_seen(html, balanced):
    assert is_balanced(html) == balanced
