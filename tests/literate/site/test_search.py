"""Search: what the index holds, and what the worker finds in it."""

import gzip
import json
import re
import unicodedata
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA
from selectolax.lexbor import LexborHTMLParser
from support import ASK_WORKER

from literate.notes.heading import find_headings
from literate.notes.note import BlockKind
from literate.site.local_page import LocalBlock, LocalHeading, LocalPage, Row
from literate.site.search import search_index, search_rows, search_sections


def read_index(data):
    return json.loads(gzip.decompress(data))


def folded(text):
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("ς", "σ").split())


def sections_of(html):
    """The sections of a page that holds this HTML, a row for each `<section>` of it."""
    rows = []
    for piece in re.split(r"(?=<section\b)", html):
        anchor = re.match(r'<section[^>]* id="([^"]*)"', piece)
        parts, position = [], 0
        for found in find_headings(piece):
            heading = LocalHeading(found.level, found.id, "", found.inner, "", "")
            parts += [piece[position : found.start], heading]
            position = found.end
        block = LocalBlock(BlockKind.RAW, (*parts, piece[position:]))
        rows.append(Row((block,), anchor=anchor[1] if anchor else ""))
    return search_sections(LocalPage({}, tuple(rows), True, None, ()))


def index_of(*pages):
    """The index of pages, each given by its address, title and HTML."""
    return search_index((url, search_rows(title, sections_of(html))) for url, title, html in pages)


# --- the index ---


def test_a_page_is_cut_at_definitions_and_headings():
    sections = sections_of(
        '<div class="annotated"><div class="opening"><h1 id="the-net">The net</h1><p>Words.</p>'
        '<h2 id="why">Why</h2><p>Reasons.</p></div>'
        '<section class="row" id="Net"><div class="note"><h2 id="a-net">A net</h2><p>Units.</p>'
        '</div><div class="code"><pre><code><span>class</span> <a>Net</a>:\n</code></pre></div>'
        '</section><section class="row" id="Net.run"><div class="note"><p>Runs.</p></div></section>'
        '<section class="row"><div class="note"><p>A step.</p></div></section></div>'
    )
    assert [(s.anchor, s.heading, s.text, s.code) for s in sections] == [
        ("", "", "The net\nWords.", ""),
        ("why", "Why", "Reasons.", ""),
        ("Net", "A net", "Units.", "class Net:"),
        ("Net.run", "Net.run", "Runs.\nA step.", ""),
    ]


def test_the_title_stands_for_the_start_of_a_page():
    assert read_index(index_of(("net/", "Net", "<h1>One</h1><p>Two</p>"))) == [
        ["net/", [["", "Net", "One\nTwo", ""]]]
    ]


WORDS = st.text("ab<&\"'积层 \n\x02\ufe00", max_size=12)
INLINE = st.sampled_from(["{}", "<em>{}</em>", "<code>{}</code>", '<a href="#x">{}</a>'])
PARAGRAPH = st.lists(st.tuples(WORDS, INLINE), min_size=1, max_size=4)
BLOCK = st.sampled_from(["<p>{}</p>", "<ul><li>{}</li></ul>", '<section id="s"><p>{}</p></section>',
                         '<div><h2 id="h">x</h2>{}</div>', "{}<p></p>"])  # fmt: skip


@given(st.lists(st.tuples(PARAGRAPH, BLOCK), max_size=6))
def test_the_index_holds_every_paragraph_whole(blocks):
    said = ["".join(words for words, _ in paragraph) for paragraph, _ in blocks]
    html = "".join(
        block.format("".join(inline.format(escape(words)) for words, inline in paragraph))
        for paragraph, block in blocks
    )
    lines = [line for section in sections_of(html) for line in section.text.split("\n")]
    held = " ".join(lines)
    shown = [" ".join(words.replace("\ufe00", "").split()) for words in said]
    assert [words for words in shown if words not in held] == []


def test_an_index_is_the_same_each_time_and_small():
    page = ("a/", "A", "<p>" + "words " * 1000 + "</p>")
    assert index_of(page) == index_of(page)
    assert len(index_of(page)) < 500


# --- what the worker finds ---


@pytest.fixture(scope="module")
def answers_of(browser, server):
    """What the worker answers, with an index that is made for the occasion."""
    page = browser.new_page()
    page.goto(server)
    served = {}
    page.route("**/search/made.json.gz", lambda route: route.fulfill(body=served["index"]))

    def answers_of(pages, *queries, packed=True):
        index = index_of(*pages)
        served["index"] = index if packed else gzip.decompress(index)
        worker = f"{server}literate/search-worker.js#made"
        return page.evaluate(ASK_WORKER, [worker, list(queries)])

    yield answers_of
    page.close()


@pytest.fixture(scope="module")
def ask(answers_of):
    """What the worker finds."""

    def ask(pages, *queries, packed=True):
        return [answer["items"] for answer in answers_of(pages, *queries, packed=packed)]

    return ask


def pages_of(items):
    return [item[0]["location"].partition("#")[0] for item in items]


LETTERS = st.text("aAbß éΣσς卷积が,._-()[]\\^$*+?<&ﬁⅣ…İ१", max_size=10)


@settings(max_examples=15)
@given(st.lists(LETTERS, min_size=1, max_size=5), st.data())
def test_every_page_that_holds_the_query_is_found_and_goes_first(ask, texts, data):
    def part():
        text = folded(data.draw(st.sampled_from(texts)))
        start = data.draw(st.integers(0, max(0, len(text) - 1)))
        return text[start : start + data.draw(st.integers(1, 6))]

    pages = [(f"{i}/", "", f"<p>{escape(text)}</p>") for i, text in enumerate(texts)]
    queries = [part() for _ in range(4)]
    answers = ask(pages, *queries)
    assert len(answers) == len(queries)
    for query, items in zip(map(folded, queries), answers, strict=True):
        expected = [f"{i}/" for i, text in enumerate(texts) if query and query in folded(text)]
        found = pages_of(items)
        assert set(expected) <= set(found)
        assert not expected or found[0] in expected
        for item in items:
            shown = LexborHTMLParser(item[0]["text"])
            assert folded(shown.text()) == folded(texts[int(item[0]["location"][:-1])])
            if item[0]["location"] in expected:
                assert any(query in folded(mark.text()) for mark in shown.css("mark"))


def test_a_heading_goes_before_a_text_and_a_word_before_a_part_of_one(ask):
    pages = [
        ("part/", "Planets", "<p>x</p>"),
        ("text/", "A", "<p>about a net</p>"),
        ("code/", "B", "<pre>net</pre>"),
        ("name/", "C", '<section id="net"><p>x</p><pre>net</pre></section>'),
        ("heading/", "D", '<h1>D</h1><p>x</p><h2 id="n">Net</h2>'),
        ("inside/", "E", "<p>planets</p>"),
    ]
    [items] = ask(pages, "NET")
    found = pages_of(items)
    assert found[:2] == ["name/", "heading/"]
    assert set(found) == {url for url, _, _ in pages}
    assert found.index("text/") < found.index("code/")
    assert found.index("text/") < found.index("inside/")


@pytest.mark.parametrize(
    "query", ["\U0001d4a9i", "\U0001d4a9\ufe00i", "exp(e", "exp\u2061(e", "soft"]
)
def test_signs_that_nobody_sees_are_no_part_of_a_word(ask, query):
    """Typed without them, or copied out of the page with them."""
    [items] = ask([("a/", "A", "<p>\U0001d4a9\ufe00i, exp\u2061(e), so\u00adft</p>")], query)
    assert pages_of(items) == ["a/"]


def test_words_that_stand_apart_are_found_after_words_that_stand_together(ask):
    pages = [
        ("apart/", "A", "<p>an embedding of each patch</p>"),
        ("one/", "B", "<p>a patch</p>"),
        ("together/", "C", "<p>the patch embedding</p>"),
        ("title/", "Patch", '<p>x</p><h2 id="e">Embedding</h2><p>x</p>'),
    ]
    [items] = ask(pages, "patch  embedding ")
    assert pages_of(items)[0] == "together/"
    assert set(pages_of(items)) == {"apart/", "together/", "title/"}


def test_chinese_and_latin_words_need_no_space_between_them(ask):
    [items] = ask([("a/", "A", "<p>ConvMixer 的模型</p>")], "模型convmixer")
    assert pages_of(items) == ["a/"]


def test_what_pages_say_is_no_html_of_the_results(ask):
    [items] = ask([("a/", "&lt;i&gt;", "<p>&lt;img src=x&gt; &amp;</p>")], "<img")
    assert "<i" not in items[0][0]["title"] + items[0][0]["text"]


def test_an_index_that_the_server_unpacked_is_read(ask):
    [items] = ask([("a/", "A", "<p>卷积</p>")], "积", packed=False)
    assert pages_of(items) == ["a/"]


def test_a_letter_that_is_everywhere_still_finds_every_page(ask):
    many = "".join(f'<h2 id="h{i}">e</h2><p>e</p>' for i in range(50))
    [items] = ask([(f"{i}/", f"P{i}", many) for i in range(30)], "e")
    assert len(set(pages_of(items))) == 30
    assert all(len(item) < 10 for item in items)


@pytest.mark.parametrize("before", ["words ", "…… ", "ﬁﬁ ", "e\u0301 ", "卷积"])
def test_a_result_shows_the_words_around_the_match(ask, before):
    text = before * 200 + "naïve" + " after" * 100
    [items] = ask([("a/", "A", f"<p>{text}</p>")], "NAÏVE")
    shown = LexborHTMLParser(items[0][0]["text"])
    assert [mark.text() for mark in shown.css("mark")] == ["naïve"]
    assert folded(before) in folded(shown.text())
    assert len(shown.text()) < 300


def test_nothing_is_found_for_nothing(ask):
    assert ask([("a/", "A", "<p>x</p>")], " ", "y", "\u3000") == [[], [], []]


def test_what_a_page_hides_is_not_found():
    html = '<h1 id="a">A</h1><p>shown</p><div hidden><h2 id="b">B</h2><div>no</div>no</div><template>no</template><img src="x" alt><p hidden>no</p><input hidden>, too'
    assert [one.text for one in sections_of(html)] == ["A\nshown\n, too"]


# --- mistyped words ---


@pytest.fixture(scope="module")
def ask_what(answers_of):
    """The pages that the worker finds, and what it takes the query for."""

    def ask(texts, *queries):
        pages = [(f"{i}/", "", f"<p>{escape(text)}</p>") for i, text in enumerate(texts)]
        answers = answers_of(pages, *queries)
        return [(answer["meant"], pages_of(answer["items"])) for answer in answers]

    return ask


def test_a_mistyped_word_finds_its_nearest_neighbour(ask_what):
    pages = ["A ConvMixer mixes", "depthwise convolution", "pointwise", "conv conv conv"]
    queries = {
        "convmxier": ("ConvMixer", ["0/"]),  # exchanged
        "ConvMixr": ("ConvMixer", ["0/"]),  # missing
        "convvmixer": ("ConvMixer", ["0/"]),  # too many
        "depthwize convolutoin": ("depthwise convolution", ["1/"]),
        "depthwise convolutio": (None, ["1/"]),
        "mixs": ("mixes", ["0/"]),
    }
    answers = ask_what(pages, *queries)
    assert dict(zip(queries, answers, strict=True)) == queries


def test_nearer_goes_first_then_alike_at_the_start_then_frequent(ask_what):
    pages = ["batches patches patched fatter fatter batted", "patches", "matches"]
    answers = ask_what(pages, "matchse", "batter", "patche_")
    assert [meant for meant, _ in answers] == ["matches", "batted", "patches"]


def test_nothing_is_guessed_of_short_words_numbers_or_chinese(ask_what):
    pages = ["one net 81371 图块嵌入 kernel"]
    queries = ["nte", "81372", "图快嵌入", "kernal 图块", "qwertyuiop", "kernel pooling", "?!"]
    assert ask_what(pages, *queries) == [(None, [])] * len(queries)


@settings(max_examples=12)
@given(st.lists(st.text("abcd ", min_size=4, max_size=12), min_size=1, max_size=3))
def test_what_is_there_is_never_taken_for_something_else(ask_what, texts):
    queries = ["abcd", *{word for text in texts for word in folded(text).split()}]
    answers = ask_what(texts, *queries)
    assert len(answers) == len(queries)
    for query, (meant, found) in zip(queries, answers, strict=True):
        holding = {f"{i}/" for i, text in enumerate(texts) if query in folded(text)}
        assert set(found) >= holding
        assert meant is None or not holding


NEAR = st.text("abc", min_size=7, max_size=9)


@settings(max_examples=12)
@given(st.lists(NEAR, min_size=4, max_size=8), NEAR)
def test_a_neighbour_is_as_near_as_an_oracle_says(ask_what, typed, written):
    queries = [word for word in typed if word not in written]
    answers = ask_what([written], *queries)
    assert [meant == written for meant, _ in answers] == [
        OSA.distance(query, written) <= 2 for query in queries
    ]
