"""A translation brings in nothing that the page's own block does not hold."""

import pytest

from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup
from literate.translation.sanitise import sanitise
from literate.translation.segment import parse


def served(key: str, translation: str, own: str) -> str:
    blocks = parse(own)
    pieces = Lookup(Catalog("m.json", (Entry(key, translation, 1),))).blocks(blocks)
    return "".join(piece if isinstance(piece, str) else piece.html for piece in pieces)


@pytest.mark.parametrize(
    "brought",
    ["<img src=x onerror=f()>", "<video src=x></video>", "<form action=x><button>b</button></form>",
     '<a href="javascript:f()">a</a>', "<input autofocus onfocus=f()>", "<h2>big</h2>",
     '<details open ontoggle=f()><summary>s</summary></details>', "<svg onload=f()></svg>"],
)  # fmt: skip
def test_a_key_that_matches_by_its_words_brings_nothing_along(brought):
    html = served(f"<p>Plain.{brought}</p>", f"<p>词。{brought}</p>", "<p>Plain.</p>")
    tags = {"video", "form", "img", "svg", "button", "input", "h2", "details", "summary"}
    assert not [tag for tag in tags if f"<{tag}" in html]
    assert "f()" not in html and "src" not in html


@pytest.mark.parametrize(
    "attribute",
    ['id="__config"', 'id="own"', 'class="md-overlay"', 'style="position:fixed"', "onclick=f()",
     "formaction=x", 'name="x"', "contenteditable", 'tabindex="0"', "hidden", 'title="t"'],
)  # fmt: skip
def test_an_attribute_comes_with_the_value_that_the_page_has(attribute):
    both = f"<p {attribute}>Words</p>"
    assert sanitise(both, "<p>Words</p>") == "<p>Words</p>"
    assert served(both, both.replace("Words", "词"), "<p>Words</p>") in (
        "<p>词</p>",
        "<p>Words</p>",
    )


def test_an_anchor_of_the_page_stays_and_no_other_takes_its_name():
    own = '<p><span id="here"></span>Words <b class="x">b</b></p>'
    kept = own.replace("Words", "词")
    assert sanitise(kept, own) == kept
    assert sanitise('<p id="here">词 <i class="x">b</i></p>', own) == "<p>词 <i>b</i></p>"


def test_what_runs_stays_away_though_the_page_has_it():
    own = '<p><button onclick="f()" formaction="x" style="color:red" srcset="y">b</button></p>'
    assert sanitise(own, own) == "<p><button>b</button></p>"
    for tag in ("script", "style", "iframe", "object", "base", "meta", "template"):
        element = f"<{tag} src='x'>w</{tag}>"
        assert f"<{tag}" not in sanitise(f"<p>a{element}</p>", f"<p>a{element}</p>")


def test_a_cell_keeps_the_alignment_of_its_column():
    own = '<table><tbody><tr><td style="text-align:right">1</td></tr></tbody></table>'
    assert sanitise(own, own) == own
    other = own.replace("text-align:right", "text-align:left;position:fixed")
    assert "style" not in sanitise(other, other)


def test_words_about_language_are_a_translators():
    text = '<p>词 <em lang="en" dir="ltr">word</em></p>'
    assert sanitise(text, "<p>word</p>") == text
