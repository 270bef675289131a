"""What authors write beyond plain Markdown: footnotes, admonitions, citations, raw HTML, links by
name; in the source's language and in another."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from literate.base.files import SourceFile
from literate.notes.bibliography import Author, Paper
from literate.notes.mathml import contrast, readable, to_mathml
from literate.notes.render import render_note
from literate.notes.syntax import ADMONITIONS
from literate.site.context import PageContext
from literate.site.layout import lay_out
from literate.site.localise import localise
from literate.site.messages import page_passages
from literate.site.page import load_page
from literate.source.document import Prose
from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup
from literate.translation.message import messages_of
from literate.translation.segment import block_key, segments_of

HELD = "<span translate=no>_^_{}_^_</span>"


def render(text):
    return render_note(Prose(text, tuple(range(1, text.count("\n") + 2))))


def complaint(text):
    problem = render(text).problems[0]
    return f"page.md:{problem.line}: {problem.message}. {problem.fix}"


@pytest.fixture
def page(tmp_path):
    def page(text, name="page.md"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return load_page("page", SourceFile(tmp_path / name, name))

    return page


PAPERS = {
    "b2022": Paper("b2022", (Author("A.", "Bee"),), False, "<b>B</b>", "V", "2022", ()),
    "a2020": Paper("a2020", (Author("A.", "Ay"),), False, "A", "", "2020", ()),
}


def show(page, translations=None, words=None, url=lambda raw: raw):
    def lookup(entries):
        return Lookup(Catalog("m.json", tuple(Entry(k, v, 1) for k, v in entries.items())))

    local = localise(
        page,
        PageContext(
            url=url,
            drawings={},
            lookup=None if translations is None else lookup({page.title: "题"} | translations),
            words=None if words is None else lookup(words),
            bibliography=PAPERS,
        ),
    )
    return SimpleNamespace(html=lay_out(local), toc=local.toc)


def keys(page):
    """What a translator is asked for."""
    messages = messages_of(page_passages(page, {}))
    return [message.key for message in messages if message.key != page.title]


# --- footnotes ---------------------------------------------------------------------------------


def test_a_footnote_stands_at_the_end_and_leads_back(page):
    shown = show(page("One[^b], two[^a], one again[^b].\n\n[^a]: Ay.\n[^b]: Bee `x`.\n\nEnd.\n"))
    assert shown.html == (
        '<p>One<sup class="mark" id="fnref:1"><a class="footnote-ref" href="#fn:1">1</a></sup>, '
        'two<sup class="mark" id="fnref:2"><a class="footnote-ref" href="#fn:2">2</a></sup>, '
        'one again<sup class="mark" id="fnref:1:2"><a class="footnote-ref" href="#fn:1">1</a></sup>.</p>\n'
        "<p>End.</p>\n"
        '<div class="footnote"><ol start="1">'
        '<li id="fn:1"><p>Bee <code>x</code>. '
        '<a class="footnote-backref" href="#fnref:1" title="Back to the text" aria-label="Back to the text">↩</a> '
        '<a class="footnote-backref" href="#fnref:1:2" title="Back to the text" aria-label="Back to the text">↩</a></p></li>'
        '<li id="fn:2"><p>Ay. '
        '<a class="footnote-backref" href="#fnref:2" title="Back to the text" aria-label="Back to the text">↩</a></p></li>'
        "</ol></div>"
    )


def test_a_footnote_is_translated_by_itself_and_keeps_its_number(page):
    source = page("One[^a] and two[^b].\n\n[^a]: Ay `x`.\n\n[^b]: Bee.\n")
    assert keys(source) == [
        f"<p>One{HELD.format(0)} and two{HELD.format(1)}.</p>",
        f"<p>Ay {HELD.format(0)}.</p>",
        "<p>Bee.</p>",
    ]
    first, ay, bee = keys(source)
    shown = show(
        source,
        {
            first: f"<p>二{HELD.format(1)}与一{HELD.format(0)}。</p>",
            ay: f"<p>甲{HELD.format(0)}</p>",
            bee: "<p>乙</p>",
        },
        {"Back to the text": "回到正文"},
    )
    assert "untranslated" not in shown.html
    assert shown.html.index('href="#fn:2"') < shown.html.index('href="#fn:1"')
    assert re.search(r'<li id="fn:1"><p>甲<code>x</code> <a [^>]*aria-label="回到正文"', shown.html)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 3), min_size=0, max_size=5), max_size=5))
def test_marks_and_footnotes_lead_to_each_other_through_the_page(tmp_path_factory, notes):
    """However many notes a page has, and however often each mark stands in them."""
    blocks = []
    for marks in notes:
        text = ", ".join(f"word[^{m}]" for m in marks) or "word"
        definitions = [f"\n\n[^{m}]: Note {m}." for m in sorted(set(marks))]
        lines = (text + "".join(definitions)).split("\n")
        blocks.append("\n".join(f"# {line}".rstrip() for line in lines) + "\nx = 1\n")
    file = tmp_path_factory.mktemp("footnotes") / "page.py"
    file.write_text("\n".join(blocks), encoding="utf-8")
    html = show(load_page("page", SourceFile(file, "page.py"))).html
    root = LexborHTMLParser(html)
    ids = [node.attributes["id"] for node in root.css("[id]")]
    assert len(ids) == len(set(ids))
    numbers = [int(n.attributes["id"][3:]) for n in root.css(".footnote li")]
    assert numbers == list(range(1, sum(len(set(marks)) for marks in notes) + 1))
    marks = [
        (n.attributes["id"], n.css_first("a").attributes["href"]) for n in root.css("sup.mark")
    ]
    back = {
        n.attributes["href"]: n.parent.parent.attributes["id"]
        for n in root.css(".footnote-backref")
    }
    assert {f"#{mark}": target.removeprefix("#") for mark, target in marks} == back


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\nb[^x]\n\n[^y]: z\n\nc[^y]", "page.md:3: the footnote [^x] is not defined"),
        (
            "a[^one]\n\n[^ones]: z",
            "page.md:1: the footnote [^one] is not defined. Did you mean 'ones'?",
        ),
        ("a\n\n[^x]: b", "page.md:3: nothing refers to the footnote [^x]"),
        ("a[^x]\n\n[^x]: b\n[^x]: c", "page.md:4: the footnote [^x] is defined twice"),
        ("a[^x]\n\n[^x]: b\n    $\\nosuch$", "page.md:4: the expression"),
    ],
)
def test_footnotes_that_lead_nowhere_name_their_line(text, message):
    assert complaint(text).startswith(message)


# --- admonitions -------------------------------------------------------------------------------


def test_an_admonition_is_materials_and_is_translated_whole(page):
    source = page(
        '!!! warning "Mind *this*"\n\n    A body with `x`:\n\n    * $a$\n\n    ```\n    y\n    ```\n\nAfter.\n'
    )
    key = (
        '<div class="admonition warning">\n<p class="admonition-title">Mind <em>this</em></p>\n'
        f"<p>A body with {HELD.format(0)}:</p>\n<ul>\n<li>{HELD.format(1)}</li>\n</ul>\n{HELD.format(2)}\n</div>"
    )
    assert keys(source) == [key, "<p>After.</p>"]
    translation = key.replace("Mind <em>this</em>", "当心").replace("A body with", "正文")
    shown = show(source, {key: translation})
    assert '<p class="admonition-title">当心</p>' in shown.html
    assert "<p>正文 <code>x</code>:</p>" in shown.html


@pytest.mark.parametrize(
    ("marker", "start"),
    [
        ("!!!", '<div class="admonition {}">\n<p class="admonition-title">{}</p>'),
        ("???", '<details class="{}">\n<summary>{}</summary>'),
        ("???+", '<details class="{}" open>\n<summary>{}</summary>'),
    ],
)
@pytest.mark.parametrize("kind", ADMONITIONS)
def test_a_title_that_is_not_written_is_a_word_of_the_engine(page, marker, start, kind):
    source = page(f"{marker} {kind}\n    Body.\n")
    assert show(source).html.startswith(start.format(kind, kind.capitalize()))
    key = keys(source)[0]
    shown = show(source, {key: key.replace("Body", "正文")}, {kind.capitalize(): "题"})
    assert shown.html.replace(' open=""', " open").startswith(start.format(kind, "题"))
    assert "untranslated" not in shown.html


def test_a_title_may_be_left_out():
    assert "admonition-title" not in render('!!! note ""\n    Body.\n').html


def test_what_only_looks_like_an_admonition_is_text():
    for text in ("??? why is this", "!!! wow", "!!!", "!!!note"):
        if text == "!!! wow":
            assert complaint(text).startswith("page.md:1: there is no admonition 'wow'")
        else:
            assert render(text).html == f"<p>{text}</p>\n"


# --- citations ---------------------------------------------------------------------------------


def test_citations_lead_to_the_list_of_what_the_page_cites(page):
    source = page("# References\n\nAs [@b2022; @a2020] say, and [@b2022].\n")
    shown = show(source)
    assert '(<a href="#ref:b2022">Bee, 2022</a>; <a href="#ref:a2020">Ay, 2020</a>)' in shown.html
    ids = re.findall(r'id="([^"]+)"', shown.html)
    assert ids == ["references", "references-1", "ref:a2020", "ref:b2022"]
    assert [entry.anchor for entry in shown.toc] == ["references", "references-1"]
    assert "references-1" in source.anchors
    assert keys(source)[-1] == f"<p>As {HELD.format(0)} say, and {HELD.format(1)}.</p>"


def test_the_heading_of_the_references_is_a_word_of_the_engine(page):
    shown = show(page("a [@a2020]\n"), {}, {"References": "参考文献"})
    assert '<h2 id="references">参考文献</h2>' in shown.html


def test_a_link_may_start_with_an_at_sign():
    rendered = render("[@a](b.md), `[@a]`, a@b, [@ a], [@a\n\n[@c]: d.md\n")
    assert [getattr(item, "html", None) for item in rendered.inlines] == ["<code>[@a]</code>"]


# --- raw HTML ----------------------------------------------------------------------------------


def test_html_around_other_blocks_stands_as_it_was_written(page):
    source = page(
        "<details open data-x='y'><summary>More</summary>\n\nSome *words*.\n\n</details>\n\nEnd.\n"
    )
    assert keys(source) == ["More", "<p>Some <em>words</em>.</p>", "<p>End.</p>"]
    shown = show(
        source,
        {"<p>Some <em>words</em>.</p>": "<p>词</p>", "More": "更多", "<p>End.</p>": "<p>完</p>"},
    )
    assert re.sub(r"\n+", "", shown.html) == (
        "<details open data-x='y'><summary>更多</summary><p>词</p></details><p>完</p>"
    )


def test_raw_links_pictures_and_ids_are_read_however_they_are_written(page):
    source = page(
        "<a href='b.md'>b</a> <a id=here href=c.md>c</a> text <img src='d e.png' alt=D width=9>\n\n<p><img src=f.png></p>\n\n# Here\n"
    )
    (note,) = source.notes
    assert [link.target for link in note.links] == ["b.md", "c.md", "f.png"]
    assert [figure.target for figure in source.figures()] == ["d e.png"]
    assert {"here", "here-1"} <= source.anchors
    html = show(source, url=lambda raw: f"to/{raw}").html
    for part in (
        '<a href="to/b.md">',
        'href="to/c.md"',
        '<img src="to/d e.png" alt="D" width=9 loading="lazy">',
        '<img src="to/f.png">',
    ):
        assert part in html


def test_comments_reach_nobody(page):
    source = page("One <!-- todo --> two.\n\n<!-- a\nb -->\n\n<p>Three<!-- c --></p>\n")
    assert keys(source) == ["<p>One  two.</p>", "<p>Three</p>"]


def test_an_address_in_the_words_of_a_translation_stays(page):
    shown = show(
        page("Write it [so](a.md).\n"),
        {'<p>Write it <a href="a.md">so</a>.</p>': '<p>写 href="x" 于<a href="a.md">此</a></p>'},
    )
    assert '写 href="x" 于<a href="a.md">' in shown.html


# --- headings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "translation",
    [
        '<h1>甲</h1><h2 class="x">乙</h2><h3>丙</h3><h2>丁</h2>',
        "<h1>甲</h1><h3>丙</h3><h2>丁</h2>",
        "<h1>甲</h1><p>无</p><h2>丁</h2>",
        "<p>无</p>",
        '<h1 id="other">甲</h1><h2>乙</h2><h4>x</h4><h3>丙</h3><h2>丁</h2>',
    ],
)
def test_anchors_are_the_sources_whatever_a_translation_does_to_headings(page, translation):
    source = page("# A\n\n## B\n\n### C\n\n## D\n")
    html = show(source, {"<h1>A</h1><h2>B</h2><h3>C</h3><h2>D</h2>": translation}).html
    ids = re.findall(r'id="([^"]+)"', html)
    assert ids == ["a", "b", "c", "d"]
    if "丙" in html:  # otherwise it might be either's
        assert '<h2 id="d">丁<' in html


def test_a_heading_may_bring_its_own_anchor(page):
    source = page('<h2 id="mine" class="c">A</h2>\n\n## B\n')
    assert [heading.anchor for heading in source.headings] == ["mine", "b"]
    assert [entry.anchor for entry in show(source).toc] == ["mine", "b"]


def test_an_anchor_stands_on_a_page_once(page):
    source = page(
        'class L2:\n    """A."""\n\n    @property\n    def p(self):\n        """B."""\n\n'
        '    @p.setter\n    def p(self, x):\n        """C."""\n',
        "page.py",
    )
    ids = re.findall(r'id="([^"]+)"', show(source).html)
    assert len(ids) == len(set(ids))
    assert {"L1", "L2", "L2.p"} <= set(ids)


# --- math --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("$HOME or $PATH", 0),
        ("$5 and $10 or 20 $", 0),
        ("$ a $ and $a $ and $ a$", 0),
        ("$x$5", 0),
        ("$x$, $y+z$.", 2),
        ("$$ a $$", 1),
    ],
)
def test_a_dollar_sign_is_math_as_pandoc_has_it(text, count):
    assert len(render(text).inlines) == count


def test_any_colour_of_css_colours_math_and_can_be_read():
    html = to_mathml(
        r"\textcolor{lightgreen}{A} + {\color{yellowgreen} B} + \textcolor{red}{C}", display=False
    )
    colours = re.findall(r"color:light-dark\((#\w+),(#\w+)\)", html)
    assert len(set(colours)) == 3
    for light, dark in colours:
        assert contrast(light, "#ffffff") >= 4.5 and contrast(dark, "#1e2129") >= 4.5
    with pytest.raises(ValueError, match="lihgtgreen"):
        to_mathml(r"\textcolor{lihgtgreen}{A}", display=False)


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_stands_out_from_either_page(value):
    light, dark = re.findall(r"#\w+", readable(f"#{value:06x}"))
    assert contrast(light, "#ffffff") >= 4.5 and contrast(dark, "#1e2129") >= 4.5


# --- keys --------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["Words", "`x`", "$a$", "[@a2020]", "[a](b.md)", "*em*", "![p](p.png)", "mark[^1]"]
)


@settings(max_examples=40)
@given(st.lists(PIECES, min_size=1, max_size=6))
def test_a_translation_that_repeats_its_key_is_the_source(tmp_path_factory, pieces):
    """Placeholders of every kind come back where they stood."""
    definition = "\n\n[^1]: Text `y`." if any("[^1]" in piece for piece in pieces) else ""
    file = tmp_path_factory.mktemp("keys") / "page.md"
    file.write_text(f"Start {' '.join(pieces)}{definition}\n", encoding="utf-8")
    page = load_page("page", SourceFile(file, "page.md"))
    (note,) = page.notes
    whole = segments_of(note.blocks)
    same = {block_key(block.html, block): block.html for block in whole}
    same |= {key: key for key in keys(page)}
    assert "".join(show(page, same).html.split()) == "".join(show(page).html.split())


def test_an_authors_own_anchor_goes_before_a_definitions(page):
    source = page('class Net:\n    """<a id=\'Net\'></a>Words."""\n', "page.py")
    assert re.findall(r"""id=["'](Net)""", show(source).html) == ["Net"]
