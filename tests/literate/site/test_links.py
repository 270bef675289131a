"""Where links lead: to files and anchors first, then to what Python knows by their name."""

import re

import pytest
from support import CONFIG, PAGE

from literate.base.errors import LiterateError
from literate.site.layout import lay_out
from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup

MODULE = '"""\n# {0}\n\n{1}\n"""\n\n\nclass {2}:\n    def step(self):\n        pass\n'
BIB = "@misc{trockman2022, title={Patches}, author={Trockman, A and Kolter, Z}, year=2022}\n"


@pytest.fixture
def load(project):
    project.write("src/paper/__init__.py", "")
    project.write(
        "mkdocs.yml", CONFIG.replace("sources:", "exclude: [__init__.py]\n      sources:")
    )

    def load(text="", **modules):
        if text:
            project.write("docs/index.md", text)
        for name, source in modules.items():
            project.write(f"src/paper/{name}.py", source)
        return project.load()

    load.project = project
    return load


def addresses(site, page="index"):
    html = lay_out(site.localise(site.pages[page], lambda name: f"{name}/"))
    # Of an annotated page, the words of its opening.
    words = html.partition('<div class="lead">')[2].partition('<div class="aside">')[0] or html
    return re.findall(r'(?:href|src)="([^"]*)"', words.partition('<section class="def')[0])


def test_a_link_may_name_what_a_page_defines(load):
    names = ["Net", "Net.forward", "paper.net.Net", "net.Net.forward", "paper.net"]
    site = load("# A\n\n" + " ".join(f"[x]({name})" for name in names))
    to = "../net/"
    assert addresses(site) == [
        f"{to}#Net",
        f"{to}#Net.forward",
        f"{to}#Net",
        f"{to}#Net.forward",
        to,
    ]


def test_a_file_and_the_pages_own_definition_go_before_other_names(load):
    other = MODULE.format("Other", "[x](Net) [y](paper.net.Net)", "Net")
    load.project.write("docs/Layer", "a file")
    site = load("# A\n\n[x](Layer)\n", other=other, layer=MODULE.format("L", "", "Layer"))
    assert addresses(site) == ["../Layer"]
    assert addresses(site, "other") == ["#Net", "../net/#Net"]


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (
            "Net",
            "docs/index.md:3: the name 'Net' stands for 'paper.net.Net' and 'paper.other.Net'.",
        ),
        ("Other.step", "docs/index.md:3: the link 'Other.step' leads nowhere. Did you mean"),
        ("paper.other.Nett", "leads nowhere. Did you mean 'paper.other.Net'?"),
        ("step", "the link 'step' leads nowhere."),
    ],
)
def test_a_name_that_leads_nowhere_or_to_two_places(load, link, message):
    with pytest.raises(LiterateError) as error:
        load(f"# A\n\n[x]({link})\n", other=MODULE.format("Other", "", "Net"))
    assert message in str(error.value)


def test_an_address_is_written_as_browsers_read_it(load):
    load.project.write("docs/a b%é.png", "")
    site = load("# A\n\n![x](<a b%é.png>)\n\n[y](<a b%é.png>) <img src='a b%é.png'>\n")
    assert addresses(site) == ["../a%20b%25%C3%A9.png"] * 3


def test_every_picture_in_raw_html_is_followed(load):
    with pytest.raises(LiterateError, match=r"docs/index\.md:3: the link 'b\.png' leads nowhere"):
        load("# A\n\n<p align=center><img src='b.png'></p>\n")


def with_bibliography(load, text):
    load.project.write("refs.bib", text)
    load.project.write(
        "mkdocs.yml", load.project.read("mkdocs.yml") + "      bibliography: refs.bib\n"
    )


def test_citations_are_of_the_bibliography(load):
    with_bibliography(load, BIB)
    site = load(PAGE + "\nSee [@trockman2022].\n")
    html = lay_out(site.localise(site.pages["index"], lambda name: f"{name}/"))
    assert '<a href="#ref:trockman2022">Trockman &amp; Kolter, 2022</a>' in html
    assert html.endswith("A Trockman, Z Kolter (2022). <cite>Patches</cite>.</li></ul></section>")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("（{papers}）", '（<a href="#ref:trockman2022">Trockman &amp; Kolter, 2022</a>）'),
        (
            "（）",
            '(<a href="#ref:trockman2022">Trockman &amp; Kolter, 2022</a>)',
        ),  # no place for them
    ],
)
def test_a_citation_has_the_brackets_of_its_language(load, words, shown):
    with_bibliography(load, BIB)
    site = load(PAGE + "\nSee [@trockman2022].\n")
    own = Lookup(Catalog("site.json", (Entry("({papers})", words, 1),)))
    page = site.pages["index"]
    html = lay_out(site.localise(page, lambda name: f"{name}/", Lookup(Catalog("a.json")), own))
    assert f"See {shown}." in html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BIB, "docs/index.md:3: the citation [@trokman2022] is not in the bibliography. Did you mean 'trockman2022'?"),
        (None, "docs/index.md:3: the citation [@trokman2022] is not in the bibliography. Name a BibTeX file"),
        ("@misc{a,\n title={x", "refs.bib:1: this entry is not BibTeX"),
    ],
)  # fmt: skip
def test_a_citation_that_leads_nowhere(load, text, message):
    if text:
        with_bibliography(load, text)
    with pytest.raises(LiterateError) as error:
        load("# A\n\nSee [@trokman2022].\n")
    assert str(error.value).startswith(message)
