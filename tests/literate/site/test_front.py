"""The face of a front page: words, links and a picture out of the front matter."""

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import PAGE, built

from literate.base.errors import LiterateError
from literate.site.layout import lay_out
from literate.site.search import search_sections
from literate.source.document import Prose
from literate.source.frontmatter import front_matter
from literate.translation.lookup import Lookup

HERO = PAGE.replace(
    "---\n\n#",
    """hero:
  kicker: A paper, annotated
  actions:
    - [Read <it>, ../src/paper/net.py#Net]
    - [Elsewhere, "https://example.org/"]
  picture: [Nets in a row, net.svg]
---

#""",
)
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg"><text>a net</text></svg>'


def localised(project, language="en", text=HERO):
    project.write("docs/index.md", text)
    project.write("docs/net.svg", DRAWING)
    site = project.load()
    lookup = Lookup(site.catalog(language, "index")) if language != "en" else None
    return site.localise(
        site.pages["index"], lambda name: f"{site.folder(language)}{name}/", lookup
    )


def test_a_hero_has_the_words_and_links_of_the_front_matter(project):
    hero = localised(project).hero
    assert (hero.kicker, hero.heading) == ("A paper, annotated", '<h1 id="overview">Overview</h1>')
    assert hero.actions == (("Read <it>", "../net/#Net"), ("Elsewhere", "https://example.org/"))
    assert "a net" in hero.picture and 'aria-label="Nets in a row"' in hero.picture
    assert localised(project, text=PAGE).hero is None


def test_its_words_are_translated_with_those_of_its_picture(project):
    project.write(
        "translations/zh/index.json",
        '{"A paper, annotated": "论文注解", "Read <it>": "阅读", "Nets in a row": "一排网络", "a net": "网络"}',
    )
    hero = localised(project, "zh").hero
    assert (hero.kicker, hero.actions[0]) == ("论文注解", ("阅读", "../net/#Net"))
    assert ">网络<" in hero.picture and 'aria-label="一排网络"' in hero.picture
    asked = {(it.key, it.line) for it in project.load().messages("index")}
    lines = {("A paper, annotated", 5), ("Read <it>", 6), ("Nets in a row", 9), ("a net", 1)}
    assert lines <= asked


def test_search_finds_what_the_hero_says(project):
    first, *_ = search_sections(localised(project))
    assert first.text.split("\n") == [
        "What this is.", "Overview", "See the code.", "A paper, annotated", "Read <it>", "Elsewhere"
    ]  # fmt: skip


def test_search_finds_the_summary_where_a_page_shows_it(project):
    project.write("docs/index.md", "---\nsummary: A draft.\n---\n\n# A\n")
    project.write(
        "src/paper/net.py", '"""\n---\nsummary: A small net.\n---\n\n# Net\n\nIt is.\n"""\n'
    )
    site = project.load()
    for name, said in {"net": "A small net.\nNet\nIt is.", "index": "A"}.items():
        page = site.localise(site.pages[name], lambda other: f"{other}/")
        first, *_ = search_sections(page)
        assert first.text == said
        assert ("A small net." in lay_out(page)) == (name == "net")
        assert "A draft." not in lay_out(page)


def test_a_link_of_a_hero_that_leads_nowhere_is_an_error_on_its_line(project):
    with pytest.raises(LiterateError, match=r"docs/index.md:6: .*net.py#Nett"):
        localised(project, text=HERO.replace("#Net]", "#Nett]"))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hero: Words", "'hero' in the front matter is 'Words', not a mapping"),
        ("hero:\n  kickers: A", "'hero' in the front matter has no 'kickers'"),
        ("hero:\n  kicker: [A]", "'hero.kicker' in the front matter is"),
        ("hero:\n  actions: [A, b.md]", "not a list of links"),
        ("hero:\n  actions: [[A]]", "not a list of links"),
        ("hero:\n  picture: a.svg", "not a link"),
    ],
)
def test_what_a_hero_cannot_be_is_one_clear_error(line, problem):
    text = f"---\n{line}\n---\n# A"
    with pytest.raises(LiterateError) as error:
        front_matter(Prose(text, tuple(range(1, text.count("\n") + 2))), "page.md")
    assert problem in error.value.message
    assert error.value.line == 2 + line.count("\n") and error.value.fix


@pytest.mark.parametrize("folder", ["", "zh/"])
def test_the_front_page_shows_its_title_once_and_in_the_hero(site, folder):
    page = LexborHTMLParser((site / folder / "index.html").read_text(encoding="utf-8"))
    (title,) = page.css("h1")
    assert title.parent.attributes["class"] == "hero__words"
    assert len(page.css(".hero svg")) == 1 and len(page.css(".hero__actions a")) == 2
    assert page.css_first(".lead-columns p") and not page.css(".hero ~ h1")
    plain = (site / folder / "results/index.html").read_text(encoding="utf-8")
    assert "hero" not in LexborHTMLParser(plain).body.html


def test_the_words_of_a_hero_are_words_whatever_they_hold(project):
    words = 'A <b>paper</b> & "more" </p><script>'
    text = HERO.replace("summary: What this is.", f"summary: '{words}'")
    project.write(
        "docs/index.md",
        text.replace("A paper, annotated", f"'{words}'").replace("Read <it>", f"'{words}'"),
    )
    project.write("docs/net.svg", DRAWING)
    built(project, "site")
    page = LexborHTMLParser(project.read("site/index.html"))
    for part in (".hero__summary", ".hero__kicker", ".hero__actions a"):
        node = page.css_first(part)
        assert node.text() == words
        assert not node.css("b, script")
