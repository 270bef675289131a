"""The cards of pages: what is on them, and what happens where a font lacks a character."""

import io

import pytest
from PIL import Image
from support import ROOT

from literate.base.cache import Cache
from literate.mkdocs.cards import is_public, make_cards
from literate.mkdocs.config import load, make_project
from literate.mkdocs.pages import make_content
from literate.site.cards import SIZE, Card, MissingGlyphsError, draw_card
from literate.site.load import load_site

CHINESE = ROOT / "fonts/noto-sans-sc.woff"
NET = Card("The net", "What it is.", "A paper")


def ink(png, box):
    """How many points of a part of a card differ from its paper."""
    image = Image.open(io.BytesIO(png)).convert("L").crop(box)
    return sum(image.histogram()[:200])


def test_a_card_is_a_png_of_the_size_that_is_asked_for_and_always_the_same():
    png = draw_card(NET)
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.size) == ("PNG", SIZE) == ("PNG", (1200, 630))
    assert draw_card(NET) == png and len(png) < 40_000
    assert draw_card(Card("The nets", "What it is.", "A paper")) != png


def test_its_words_are_on_it_and_no_long_title_leaves_it():
    title, below = (80, 165, 1120, 272), (80, 272, 1120, 330)
    assert ink(draw_card(NET), title) > 1000 and ink(draw_card(NET), below) > 100
    assert ink(draw_card(Card("The net", "", "A paper")), below) == 0
    long = draw_card(Card("word " * 80, "word " * 80, "A paper"))
    margin = (1121, 0, 1200, 630)
    assert ink(long, margin) == 0 and ink(long, (0, 0, 79, 630)) == 0
    assert ink(long, (0, 500, 1200, 535)) == 0, "the words stay above the patches"


def test_a_word_that_is_wider_than_the_card_is_made_to_fit():
    card = draw_card(Card("W" * 60, "", "A"))
    lines = [(80, top, 1120, top + 60) for top in (170, 240, 310)]
    assert min(ink(card, line) for line in lines) > 500


def test_chinese_needs_a_font_that_has_it():
    card = Card("网络", "它是什么。", "一篇论文")
    with pytest.raises(MissingGlyphsError) as error:
        draw_card(card)
    assert set(str(error.value)) == set("网络它是什么。一篇论文")
    assert ink(draw_card(card, [CHINESE]), (80, 165, 270, 272)) > 1000


def test_what_is_written_from_right_to_left_starts_at_the_right():
    card = draw_card(Card("net", "", "A", is_rtl=True))
    assert ink(card, (900, 165, 1121, 272)) > 500 and ink(card, (80, 165, 700, 272)) == 0


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("https://paper.example/", True),
        ("https://93.184.216.34/a/", True),
        ("http://127.0.0.1:8000/", False),
        ("http://[::1]:8000/", False),
        ("http://0.0.0.0/", False),
        ("http://localhost:8000/", False),
        ("", False),
    ],
)
def test_cards_are_for_sites_that_others_can_reach(url, reached):
    assert is_public(url) == reached


def cards_of(project, cache, **setting):
    text = "".join(f"\n      {name}: {value}" for name, value in setting.items())
    config = project.read("mkdocs.yml").partition("\n      cards")[0] + text + "\n"
    project.write("mkdocs.yml", config)
    loaded = load(project.root / "mkdocs.yml")
    loaded.plugins._current_plugin = "literate"  # as while MkDocs asks it
    site = load_site(make_project(loaded))
    return make_cards(make_content(site, loaded, cache), loaded, cache)


def test_a_page_without_its_own_card_has_the_one_of_the_source(project, tmp_path, monkeypatch):
    project.write("translations/zh/index.json", '{"Overview": "概览"}')
    cache = Cache(tmp_path / "cache")
    assert not cards_of(project, cache).files

    made = cards_of(project, cache, cards="true")
    assert made.files.keys() == {("en", "index"), ("en", "net"), ("zh", "net")}
    assert made.of("zh", "index") == "cards/en/index.png"
    assert made.of("zh", "net") == "cards/zh/net.png"
    (note,) = made.notes
    assert "1 cards in 'zh'" in note and "'概览'" in note and "`card_fonts`" in note

    made = cards_of(project, cache, cards="true", card_fonts=f'["{CHINESE}"]')
    assert made.of("zh", "index") == "cards/zh/index.png" and not made.notes

    monkeypatch.setattr("literate.site.cards.draw_card", None)
    again = cards_of(project, cache, cards="true", card_fonts=f'["{CHINESE}"]')
    assert again.files == made.files, "out of the cache"
