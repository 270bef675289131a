"""A page as data: what a layout and the search find in it without reading any HTML."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from literate.base.files import SourceFile
from literate.notes.highlight import CodeName, NameLink, highlight_lines, link_names
from literate.notes.note import BlockKind, Formula
from literate.notes.placeholder import Slot, cut, fill, number_of, placeholder
from literate.site.context import PageContext
from literate.site.layout import lay_out
from literate.site.local_page import LocalHeading
from literate.site.localise import localise
from literate.site.names import NameTable
from literate.site.page import load_page
from literate.site.page_names import page_names
from literate.site.search import search_sections
from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup

SOURCE = '''"""
# The net
"""

import math

LIMIT = 3


@math.decorated
class Net:
    """
    ## A net $h$

    It has [units](#Net).

    $$a = b$$

    * one
    """

    # A step: $$c$$ then more.
    size = 4

    @property
    def width(self):
        """How wide."""
        return 1

    @width.setter
    def width(self, value):
        """Set it."""
'''


@pytest.fixture
def local(tmp_path):
    def local(text, translations=None, name="net.py"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        page = load_page("net", SourceFile(tmp_path / name, name))
        names = page_names(NameTable({"net": page}, {}), page, lambda name: f"{name}/")
        entries = tuple(Entry(key, value, 1) for key, value in (translations or {}).items())
        lookup = None if translations is None else Lookup(Catalog("m.json", entries))
        return localise(page, PageContext(lambda raw: raw, {}, names, lookup))

    return local


def test_rows_hold_notes_code_and_the_lines_of_definitions(local):
    page = local(SOURCE)
    opening, limit, net, step, *widths = page.rows
    assert opening.is_opening and opening.label == "Imports"
    assert [line.number for line in opening.code] == [4, 5]
    assert limit.code[1].text == "LIMIT = 3\n" and not limit.blocks and not limit.definition
    assert (net.definition, net.anchor, net.first, net.last) == ("Net", "Net", 10, 32)
    assert [line.anchor for line in net.code if not line.is_blank] == ["L10", "L11"]
    assert not step.definition and step.code[0].number == 23
    rows = [(row.definition, row.anchor, row.first, row.last) for row in widths]
    assert rows == [("Net.width", "Net.width", 25, 28), ("Net.width", "", 30, 32)]


def test_blocks_say_what_they_are(local):
    net = local(SOURCE).rows[2]
    kinds = [BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.FORMULA, BlockKind.LIST]
    assert [block.kind for block in net.blocks] == kinds
    heading = net.blocks[0].heading
    assert (heading.level, heading.anchor) == (2, "a-net-h")
    formulas = [part for part in net.blocks[2].parts if isinstance(part, Formula)]
    assert len(formulas) == 1 and 'display="block"' in formulas[0].html


def test_a_formula_can_be_taken_out_of_its_paragraph(local):
    (block,) = local(SOURCE).rows[3].blocks
    before, formula, after = block.parts
    assert (before, after) == ("<p>A step: ", " then more.</p>\n")
    assert isinstance(formula, Formula)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('![a](https://x.example/a.png "Words.")', BlockKind.FIGURE),
        ("![a](https://x.example/a.png)", BlockKind.FIGURE),
        ("![a](https://x.example/a.png) and words", BlockKind.PARAGRAPH),
        ("`x`", BlockKind.PARAGRAPH),
        ("$$a$$ $$b$$", BlockKind.FORMULA),
        ("\\begin{align}\na\n\\end{align}", BlockKind.FORMULA),
        ("```\nx\n```", BlockKind.CODE),
        ("> x", BlockKind.QUOTE),
        ("1. x", BlockKind.LIST),
        ("a | b\n---|---\n1 | 2", BlockKind.TABLE),
        ("!!! note\n    x", BlockKind.ADMONITION),
        ("<div>x</div>", BlockKind.RAW),
        ("# x", BlockKind.HEADING),
    ],
)
def test_kinds_of_blocks(local, text, kind):
    assert [block.kind for block in local(text, name="a.md").rows[0].blocks] == [kind]
    assert [block.kind for block in local(text, {}, name="a.md").rows[0].blocks] == [kind]


def test_a_translation_has_the_kinds_and_the_headings_of_its_source(local):
    translations = {
        "<h2>A net <span translate=no>_^_0_^_</span></h2>": "<h2>网络</h2>",
        "<p>It has <a href='#Net'>units</a>.</p>": "<p>有<a href='#Net'>单元</a>。</p>",
    }
    english, chinese = local(SOURCE), local(SOURCE, translations)
    kinds = [[[block.kind for block in row.blocks] for row in p.rows] for p in (english, chinese)]
    assert kinds[0] == kinds[1]
    assert [entry.anchor for entry in english.toc] == [entry.anchor for entry in chinese.toc]
    assert chinese.rows[2].blocks[0].heading.label == "网络"


def test_a_heading_that_spans_blocks_is_one(local):
    page = local('<h1 align="center">\n\nThe *net*\n\n</h1>\n\nWords.\n', name="a.md")
    first, second = page.rows[0].blocks
    heading = next(part for part in first.parts if isinstance(part, LocalHeading))
    assert "The <em>net</em>" in heading.inner and heading.anchor == "the-net"
    assert second.html == "<p>Words.</p>\n"


def test_the_table_of_contents_has_no_links_and_no_footnotes(local):
    (entry,) = local("# A [b](c.md) *d*[^x]\n\n[^x]: Note.\n", name="a.md").toc
    assert entry.html == "A b <em>d</em>"


def test_layout_and_search_tell_of_the_same_page(local):
    page = local(SOURCE)
    body = LexborHTMLParser(lay_out(page))
    assert "".join(node.text() for node in body.css("[data-n]")) == "".join(
        line.text for row in page.rows for line in row.code
    )
    sections = search_sections(page)
    assert [(s.anchor, s.heading) for s in sections] == [
        ("", ""),
        ("Net", "A net h"),
        ("Net.width", "Net.width"),
    ]
    assert sections[1].code == "@math.decorated\nclass Net:\nsize = 4"


def test_code_is_tokens_that_know_where_they_lead():
    lines = ["class Net: pass\n", "x = Net(Other < 1)\n"]
    uses = {(1, 6): (0, True), (2, 0): (1, True), (2, 4): (0, False), (2, 8): (2, False)}
    links = [NameLink("m.Net", "#Net", "Net", 0), None, None]
    first, second = (link_names(line, links) for line in highlight_lines(lines, uses))
    (definition,) = (token for token in first if isinstance(token, CodeName))
    assert definition.html == '<a class="nc" href="#Net" id="Net" data-b="0">Net</a>'
    assert [(t.text, t.binding) for t in second if isinstance(t, CodeName)] == [
        ("x", None),
        ("Net", 0),
        ("Other", None),
    ]
    html = "".join(token if isinstance(token, str) else token.html for token in second)
    assert LexborHTMLParser(html).body.text() == "x = Net(Other < 1)"
    assert ">Other</a>" not in html


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 99), st.sampled_from(["a", "<p>", "</p>", " ", "\n"]))))
def test_html_cut_at_its_placeholders_is_put_together_again(parts):
    html = "".join(placeholder(part) if isinstance(part, int) else part for part in parts)
    pieces = list(cut(html))
    again = "".join(
        piece.opening + placeholder(piece.number) + piece.closing
        if isinstance(piece, Slot)
        else piece
        for piece in pieces
    )
    assert again == html
    numbers = [piece.number for piece in pieces if isinstance(piece, Slot)]
    assert numbers == [part for part in parts if isinstance(part, int)]
    alone = [piece.number for piece in pieces if isinstance(piece, Slot) and piece.is_paragraph]
    found = re.findall(r"<p>\s*<span translate=no>_\^_(\d+)_\^_</span>\s*</p>", html)
    assert alone == [int(number) for number in found]
    assert fill(html, placeholder) == html


@pytest.mark.parametrize(
    ("text", "number"),
    [("_^_7_^_", 7), (" _^_7_^_\n", 7), ("7", None), (f"_^_{'9' * 9999}_^_", None)],
)
def test_a_number_is_a_placeholders_or_none(text, number):
    assert number_of(text) == number
