"""The reading, in a real browser."""

from contextlib import suppress

import pytest
from accessible import DARK, faults, faults_in_both_schemes, is_dark, settle
from playwright.sync_api import TimeoutError, expect

CODE_88 = "x" * 88
ANNOTATED = ["model", "data", "experiment"]


def switch_to(page, language):
    """As a reader does it: the pointer opens the menu, and a click follows."""
    page.mouse.move(*middle(page.locator(".md-select")))
    settle(page)
    before = page.url
    page.mouse.click(*middle(page.locator(f'.md-select__link[hreflang="{language}"]')))
    page.wait_for_url(lambda url: url != before)
    page.wait_for_load_state("load")


def middle(element):
    """Where it is. Playwright's own `hover` scrolls in Firefox to where the header would be."""
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def top_of(page, anchor):
    return page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", anchor)


def test_the_language_switcher_stays_at_the_section_of_the_address(open_page, server):
    page = open_page("model/#ConvMixerLayer")
    switch_to(page, "zh")
    assert page.url == f"{server}zh/model/#ConvMixerLayer"
    assert page.locator("html").get_attribute("lang") == "zh"
    assert -5 < top_of(page, "ConvMixerLayer") < 150
    switch_to(page, "en")
    assert page.url == f"{server}model/#ConvMixerLayer"
    assert page.locator("html").get_attribute("lang") == "en"
    assert -5 < top_of(page, "ConvMixerLayer") < 150


def test_the_language_switcher_stays_at_the_section_that_is_read(open_page, server):
    page = open_page("model/#PatchEmbedding")
    page.evaluate("document.getElementById('ClassificationHead').scrollIntoView()")
    settle(page)
    switch_to(page, "zh")
    assert page.url == f"{server}zh/model/#ClassificationHead"


def test_at_the_top_the_switcher_leads_to_the_top(open_page, server):
    for address in ("", "model/", "experiment/"):
        page = open_page(address)
        switch_to(page, "zh")
        assert page.url.rstrip("#") == f"{server}zh/{address}"


@pytest.mark.parametrize("name", ANNOTATED)
def test_at_1440_pixels_88_characters_of_code_show_whole(open_page, name):
    page = open_page(f"{name}/")
    fits = page.evaluate(
        """words => [...document.querySelectorAll('.row .code pre')].map(pre => {
            pre.querySelector('[data-n]').textContent = words + "\\n";
            return pre.scrollWidth <= pre.clientWidth;
        })""",
        CODE_88,
    )
    assert fits and all(fits)


@pytest.mark.parametrize("language", ["", "zh/"])
@pytest.mark.parametrize("name", ["", "model/", "data/", "experiment/", "404.html"])
def test_nothing_but_code_scrolls_sideways(open_page, name, language):
    page = open_page(f"{language}{name}")
    for width in (390, 768):
        page.set_viewport_size({"width": width, "height": 900})
        assert_nothing_but_code_scrolls(page, width)


def assert_nothing_but_code_scrolls(page, width):
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        """() => [...document.querySelectorAll('article *')].filter(element =>
            element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0
            && getComputedStyle(element).overflowX !== 'visible'
            && !element.closest('.code, .highlight, svg, math')
        ).map(element => element.outerHTML.slice(0, 200))"""
    )
    assert wide == []
    outside = page.evaluate(
        """width => [...document.querySelectorAll('article :is(p, li, h1, h2, h3, table, figure, math)')]
            .filter(element => element.getBoundingClientRect().right > width + 1
                && !element.closest('.code, .highlight'))
            .map(element => element.outerHTML.slice(0, 200))""",
        width,
    )
    assert outside == []


@pytest.mark.parametrize("language", ["", "zh/"])
def test_notes_and_code_stand_side_by_side_on_one_baseline(open_page, language):
    page = open_page(f"{language}model/")
    for width in (1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert_side_by_side(page)


def assert_side_by_side(page):
    rows = page.evaluate(
        """() => {
            // An empty inline box ends on the baseline of its line.
            const marked = element => {
                const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
                let text = walker.nextNode();
                while (text && (!text.data.trim() || text.parentElement.closest('math')))
                    text = walker.nextNode();
                const mark = document.createElement('span');
                mark.style.cssText = 'display:inline-block;width:0;height:0';
                text?.parentElement.insertBefore(mark, text);
                return mark;
            };
            const bottom = mark => mark.isConnected ? mark.getBoundingClientRect().bottom : null;
            // A note with formulas spreads over both columns.
            const rows = [...document.querySelectorAll('.row:not(.boards)')].filter(row =>
                row.querySelector('.note') && row.querySelector('.code')
            ).map(row => {
                const note = row.querySelector('.note'), code = row.querySelector('.code');
                return { note, code, marks: [note, code.querySelector('[data-n]')].map(marked) };
            });
            const found = rows.map(({ note, code, marks }) => ({
                note: bottom(marks[0]), code: bottom(marks[1]),
                gap: code.getBoundingClientRect().left - note.getBoundingClientRect().right,
                words: note.textContent.trim().slice(0, 40),
            }));
            for (const { marks } of rows) for (const mark of marks) mark.remove();
            return found;
        }"""
    )
    assert len(rows) > 10
    for row in rows:
        assert row["gap"] > 0, row
        assert abs(row["note"] - row["code"]) <= 1, row


def test_below_1024_pixels_code_stands_under_its_note(open_page):
    page = open_page("model/", width=1000)
    stacked = page.evaluate(
        """() => [...document.querySelectorAll('.row')].filter(row =>
            row.querySelector('.note') && row.querySelector('.code')).map(row =>
            row.querySelector('.note').getBoundingClientRect().bottom
            <= row.querySelector('.code').getBoundingClientRect().top + 1)"""
    )
    assert stacked and all(stacked)


@pytest.mark.parametrize("name", ANNOTATED)
def test_no_column_stays_empty_for_a_screen(open_page, name):
    page = open_page(f"{name}/", height=700)
    empty = page.evaluate(
        """async () => {
            const rows = [...document.querySelectorAll('.row:not(.code-only)')];
            const start = rows[0].getBoundingClientRect().top + scrollY;
            const end = rows.at(-1).getBoundingClientRect().bottom + scrollY - innerHeight;
            const shown = selector => [...document.querySelectorAll(selector)].some(element => {
                const { top, bottom } = element.getBoundingClientRect();
                return bottom > 60 && top < innerHeight;
            });
            const empty = [];
            for (let y = start; y < end; y += 150) {
                scrollTo(0, y);
                await new Promise(requestAnimationFrame);
                if (!shown('.row .note')) empty.push(['note', y]);
                if (!shown('.row .code [data-n]')) empty.push(['code', y]);
            }
            return empty;
        }"""
    )
    assert empty == []


def test_imports_are_folded(open_page):
    page = open_page("model/")
    details = page.locator("details.imports")
    assert details.count() == 1
    assert not details.locator("pre").is_visible()
    details.locator("summary").click()
    assert "import torch" in details.locator("pre").inner_text()


def test_pages_load_nothing_from_elsewhere_and_raise_no_error(open_page, server):
    for address in ("", "model/", "zh/", "zh/experiment/", "zh/404.html"):
        page = open_page(address)
        page.wait_for_timeout(300)
        assert [url for url in page.requests if not url.startswith((server, "data:"))] == []
        assert page.problems == []


def test_math_has_its_font(open_page):
    page = open_page("model/")
    page.evaluate("document.fonts.ready")
    assert page.evaluate('document.fonts.check("16px STIX Two Math")')
    font = page.evaluate("getComputedStyle(document.querySelector('math')).fontFamily")
    assert font.startswith('"STIX Two Math"')


@pytest.mark.parametrize(
    "address", ["", "model/", "your-paper/", "options/", "zh/", "zh/experiment/", "404.html"]
)
def test_axe_finds_nothing_that_keeps_a_reader_out(open_page, address):
    assert faults_in_both_schemes(open_page(address)) == []


@pytest.mark.parametrize("prefix", ["", "zh/"])
def test_axe_finds_nothing_on_a_telephone(open_page, prefix):
    assert faults(open_page(f"{prefix}model/", width=390)) == []


@pytest.mark.parametrize(
    ("language", "words"), [("", ("Enlarge", "Close")), ("zh/", ("放大", "关闭"))]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_opens_large_and_gives_the_focus_back(open_page, language, words, scheme):
    page = open_page(language, scheme=scheme)
    picture, dialog = page.locator("figure button"), page.locator("dialog.picture")
    before = picture.locator("svg").bounding_box()
    name = picture.locator("svg").get_attribute("aria-label")
    assert picture.get_attribute("aria-label") == f"{words[0]}: {name}"
    picture.focus()
    page.keyboard.press("Enter")
    assert dialog.is_visible() and dialog.get_attribute("aria-label") == name
    assert dialog.locator("svg").bounding_box()["height"] > before["height"]
    assert dialog.locator("button").inner_text() == words[1]
    assert faults(page, "dialog.picture") == []
    page.keyboard.press("Escape")
    # The copy goes when the browser says that the dialog has closed, a moment later.
    expect(dialog.locator("svg")).to_have_count(0)
    assert not dialog.is_visible()
    assert picture.evaluate("element => element === document.activeElement")
    for closer in (dialog.locator("button"), dialog.locator("svg")):
        picture.click()
        closer.click()
        assert not dialog.is_visible()


def test_a_name_in_the_code_leads_to_its_definition(open_page, server):
    page = open_page("model/")
    page.locator(".code a", has_text="PatchEmbedding").last.click()
    assert page.url == f"{server}model/#PatchEmbedding"


def search_for(page, words):
    """Open the box with a key, and type, or let an input method put in what no key types."""
    open_search(page)
    for letter in words:
        (page.keyboard.type if letter.isascii() else page.keyboard.insert_text)(letter)
    page.wait_for_function(
        """words => [...document.querySelectorAll(".md-search-result__item mark")]
            .some(mark => mark.textContent.toLowerCase() === words.toLowerCase())""",
        arg=words,
    )


def open_search(page):
    """Press the key, again while Material has not noted yet that nothing else has the focus."""
    is_open = "document.querySelector('#__search').checked"
    presses = 0
    while presses < 30 and not page.evaluate(is_open):
        presses += 1
        page.keyboard.press("/")
        with suppress(TimeoutError):
            page.wait_for_function(is_open, timeout=1000)
            break
        # Focused again within a millisecond, the box does not tell Material that it is.
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(50)
    assert page.evaluate(is_open)
    # Where the box was only slow, the sign stands in it now, behind what stood there before.
    while page.locator("[data-md-component=search-query]").input_value().endswith("/"):
        page.keyboard.press("Backspace")


def close_search(page):
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('#__search').checked")
    page.wait_for_function("document.activeElement === document.body")


def results(page):
    return page.locator(".md-search-result__link").evaluate_all("links => links.map(a => a.href)")


SEARCHES = [("en", "", "pointwise convolution"), ("zh", "zh/", "逐点卷积")]
# The first result is a page whose beginning holds the words, and shows it.
BEGINNING = ("en", "", "depthwise convolution")


@pytest.mark.parametrize(("language", "prefix", "words"), SEARCHES)
def test_search_leads_to_a_section_by_keyboard_alone(open_page, server, language, prefix, words):
    page = open_page(f"{prefix}data/")
    search_for(page, words)
    found = results(page)
    assert all(link.startswith(server + prefix) for link in found)
    assert any("/zh/" in link for link in found) == (language == "zh")
    for _ in range(2):  # past the page, to its best section
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    target = page.evaluate("document.activeElement.href")
    assert "#" in target
    page.keyboard.press("Enter")
    page.wait_for_url(target)
    page.wait_for_load_state("load")
    anchor = target.partition("#")[2]
    header = page.locator(".md-header").bounding_box()["height"]
    assert header - 5 < top_of(page, anchor) < 400
    assert words in page.evaluate(
        "id => { const at = document.getElementById(id); return (at.closest('section') ?? at.parentElement).textContent }",
        anchor,
    )
    assert page.problems == []


@pytest.mark.parametrize("width", [390, 1440])
def test_a_result_of_the_search_takes_no_more_room_than_its_words(open_page, width):
    page = open_page("model/", width=width)
    search_for(page, "residual")
    title, padding = page.evaluate(
        """() => {
            const title = document.querySelector(".md-search-result__item h1");
            const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
            const { paddingTop } = getComputedStyle(title.closest("article"));
            return [getComputedStyle(title).fontSize, paddingTop].map((size) => parseFloat(size) / rem);
        }"""
    )
    assert title < 1
    assert padding < 1


@pytest.mark.parametrize(("prefix", "words"), [("", "patch embedding"), ("zh/", "图块嵌入")])
def test_escape_closes_the_box_and_enter_goes_to_the_best_result(open_page, server, prefix, words):
    page = open_page(f"{prefix}model/")
    search_for(page, words)
    close_search(page)
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert page.url == f"{server}{prefix}model/"
    open_search(page)
    expect(page.locator(".md-search-result__link").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server}{prefix}model/#PatchEmbedding")
    page.wait_for_function("!document.querySelector('#__search').checked")
    assert 40 < top_of(page, "PatchEmbedding") < 400


@pytest.mark.parametrize(("language", "prefix", "words"), SEARCHES)
def test_the_index_is_fetched_at_the_first_search_in_the_pages_language_only(
    open_page, language, prefix, words
):
    page = open_page(f"{prefix}model/")
    page.wait_for_timeout(300)
    open_search(page)
    page.wait_for_timeout(300)
    assert not [url for url in page.requests if "/search/" in url]
    close_search(page)
    search_for(page, words)
    fetched = [url.partition("/search/")[2] for url in page.requests if "/search/" in url]
    assert fetched == [f"{language}.json.gz"]


@pytest.mark.parametrize("words", ["ConvMixerLayer", "convmixerlayer"])
def test_the_name_of_a_definition_leads_to_it(open_page, server, words):
    page = open_page("weights/")
    search_for(page, words)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server}model/#ConvMixerLayer")


def test_search_works_where_no_page_is(open_page, server):
    page = open_page("zh/404.html")
    search_for(page, "图块嵌入")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server}zh/model/#PatchEmbedding")


def test_search_on_a_telephone(open_page, server):
    page = open_page("model/", width=390, height=800)
    page.locator("header label[for=__search]").first.click()
    page.keyboard.type("digits")
    page.wait_for_selector(".md-search-result__item mark")
    page.wait_for_selector("[data-md-scrolllock]")  # the box covers the page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    link = page.locator(".md-search-result__link[href*='#']:visible").first
    target = link.get_attribute("href")
    link.click()
    page.wait_for_url(target)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(("language", "prefix", "words"), [*SEARCHES, BEGINNING])
def test_axe_finds_nothing_in_the_open_search_box(open_page, width, language, prefix, words):
    page = open_page(f"{prefix}model/", width=width)
    search_for(page, words)
    page.keyboard.press("ArrowDown")
    assert not is_dark(page)
    assert faults(page, ".md-search") == []
    page.evaluate(
        "document.querySelector('[data-md-component=palette] label:not([hidden])').click()"
    )
    page.wait_for_function(DARK)
    assert page.locator(".md-search-result__link").first.is_visible()
    assert faults(page, ".md-search") == []


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("", "Nothing for “convmxier”. Results for “ConvMixer”."),
        ("zh/", "没有找到“convmxier”，以下是“ConvMixer”的结果。"),
    ],
)
def test_a_mistyped_word_finds_its_neighbours_and_the_box_says_so(open_page, prefix, said):
    page = open_page(f"{prefix}data/")
    open_search(page)
    page.keyboard.type("convmxier")
    line = page.locator("[data-meant]")
    expect(line).to_have_text(said)
    assert any("model/" in link for link in results(page))
    page.keyboard.press("Control+a")
    page.keyboard.type("convmixer")
    expect(line).to_be_hidden()
    assert results(page) and page.problems == []
