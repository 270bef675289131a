"""What pages say of themselves to search engines, and to those who show a link to them."""

import json

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import PAGE, Project, built, small_project

from literate.base.errors import LiterateError
from literate.mkdocs.share import open_graph_locale
from literate.notes.note import BlockKind
from literate.site.local_page import LocalBlock, LocalPage, Row

OPTIONS = """      cards: true
      llms_txt: true
      bibliography: docs/r.bib
      paper: doe2020
"""
PAPER = "@article{doe2020, author={Doe, Jane}, title={On {N}ets}, year={2020}, eprint={2001.00001}, archiveprefix={arXiv}}"


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Project:
    """A project that shows all of it, at a public address and at none."""
    project = small_project(tmp_path_factory.mktemp("shared"))
    project.write("docs/r.bib", PAPER)
    project.write("docs/index.md", PAGE.replace("What this is.", "A <net> & '\"."))
    config = project.read("mkdocs.yml") + OPTIONS
    project.write("mkdocs.yml", config.replace("nav:", "site_author: Jane Roe\nnav:"))
    built(project, "site")
    project.write("mkdocs.yml", config.replace("site_url: https://paper.example/\n", ""))
    built(project, "bare")
    return project


def head(project, path):
    page = LexborHTMLParser(project.read(path)).head
    meta = {
        tag.attributes.get("property") or tag.attributes.get("name"): tag.attributes["content"]
        for tag in page.css("meta[content]")
    }
    (data,) = page.css('script[type="application/ld+json"]')
    return page, meta, json.loads(data.text())


def test_a_page_names_its_words_addresses_and_card(shared):
    _, meta, data = head(shared, "site/zh/net/index.html")
    address = "https://paper.example/zh/net/"
    assert (meta["og:type"], meta["og:url"]) == ("article", address)
    assert (meta["og:locale"], meta["og:locale:alternate"]) == ("zh_CN", "en_US")
    assert (meta["og:title"], meta["og:site_name"]) == ("The net", "A paper")
    assert meta["og:image"] == "https://paper.example/cards/zh/net.png"
    assert (shared.root / "site/cards/zh/net.png").read_bytes().startswith(b"\x89PNG")
    assert meta["twitter:card"] == "summary_large_image"
    assert (data["@type"], data["inLanguage"], data["url"]) == ("TechArticle", "zh", address)
    assert data["author"] == {"name": "Jane Roe"} and data["image"] == meta["og:image"]
    assert data["translationOfWork"]["url"] == "https://paper.example/net/"
    paper = data["isBasedOn"]
    assert (paper["name"], paper["datePublished"]) == ("On Nets", "2020")
    assert paper["author"] == [{"@type": "Person", "name": "Jane Doe"}]
    assert paper["url"] == "https://arxiv.org/abs/2001.00001"


def test_words_with_marks_of_html_arrive_as_they_are(shared):
    _, meta, data = head(shared, "site/index.html")
    said = "A <net> & '\"."
    assert meta["og:description"] == meta["description"] == data["description"] == said
    assert meta["og:type"] == "website"


def test_a_page_without_a_summary_is_described_by_its_first_sentence(shared):
    _, meta, _ = head(shared, "site/net/index.html")
    assert meta["description"] == "Words about h."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<p>One, e.g.this. Two.</p>", "One, e.g.this."),
        ("<p>Is it <b>so</b>? Yes.</p>", "Is it so?"),
        ("<p>第一句。第二句。</p>", "第一句。"),
        ("<p>no end</p>", "no end"),
        (f"<p>{'a ' * 200}</p>", "a " * 99 + "a…"),
    ],
)
def test_a_first_sentence_ends_where_a_sentence_ends(text, sentence):
    row = Row(
        (LocalBlock(BlockKind.HEADING, ("<h1>T</h1>",)), LocalBlock(BlockKind.PARAGRAPH, (text,)))
    )
    page = LocalPage({"title": "T"}, (row,), False, None, ())
    assert page.description == sentence


def test_without_an_address_none_is_invented(shared):
    page, meta, data = head(shared, "bare/zh/net/index.html")
    assert "og:url" not in meta and "og:image" not in meta and "url" not in data
    assert meta["twitter:card"] == "summary" and meta["og:title"] == "The net"
    assert not page.css('link[rel="canonical"], link[hreflang]')
    assert not (shared.root / "bare/cards").exists()
    listed = shared.read("bare/llms.txt") + shared.read("bare/zh/llms.txt")
    assert "http" not in listed and listed.count("- [Net](net.md)") == 2


def test_each_page_has_its_markdown_and_the_list_has_each(shared):
    for folder in ("", "zh/"):
        for name in ("index", "net"):
            path = f"site/{folder}{'' if name == 'index' else name + '/'}index.html"
            page, *_ = head(shared, path)
            (link,) = page.css('link[type="text/markdown"]')
            file = (shared.root / path).parent / link.attributes["href"]
            assert file.resolve() == (shared.root / f"site/{folder}{name}.md").resolve()
            text = file.read_text(encoding="utf-8")
            assert text.startswith("# ")
            assert f"https://paper.example/{folder}{name}.md" in shared.read(
                f"site/{folder}llms.txt"
            )
    assert "输入加倍。" in shared.read("site/zh/net.md")
    assert shared.read("site/llms.txt").startswith("# A paper\n\n- [Start](")


def test_a_paper_that_is_not_in_the_bibliography_is_an_error(shared, tmp_path):
    project = small_project(tmp_path)
    project.write("docs/r.bib", PAPER)
    project.write("mkdocs.yml", project.read("mkdocs.yml") + OPTIONS.replace("doe2020", "doe2002"))
    with pytest.raises(LiterateError, match=r"mkdocs.yml:15: .*'doe2002'.*'doe2020'"):
        project.load()


def test_a_font_that_is_not_there_is_an_error(project):
    project.write("mkdocs.yml", project.read("mkdocs.yml") + "      card_fonts: [no.ttf]\n")
    with pytest.raises(LiterateError, match=r"mkdocs.yml:12: the font no.ttf does not exist"):
        project.load()


@pytest.mark.parametrize(
    ("code", "locale"),
    [("en", "en_US"), ("zh", "zh_CN"), ("pt-BR", "pt_BR"), ("zh-TW", "zh_TW"), ("de", "de_DE"), ("xx-yy", "xx_yy")],
)  # fmt: skip
def test_a_language_has_the_country_that_speaks_most_of_it(code, locale):
    assert open_graph_locale(code) == locale
