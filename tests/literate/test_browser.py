"""The reading, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe

CODE_88 = "x" * 88
ANNOTATED = ["model", "data", "experiment"]


@pytest.fixture
def open_page(browser, server):
    """Open an address of the site at a width; what it loads from elsewhere is an error."""
    contexts = []

    def open_page(address="", width=1440, height=900, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.strangers = []
        page.problems = []
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((server, "data:"))
                else page.strangers.append(request.url)
            ),
        )
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on(
            "console",
            lambda message: page.problems.append(message.text) if message.type == "error" else None,
        )
        page.goto(server + address, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


def switch_to(page, language):
    """As a reader does it: the pointer opens the menu, and a click follows."""
    page.locator(".md-select").hover()
    page.wait_for_timeout(400)
    box = page.locator(f'.md-select__link[hreflang="{language}"]').bounding_box()
    before = page.url
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(lambda url: url != before)
    page.wait_for_load_state("load")


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
    page.wait_for_timeout(200)
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
@pytest.mark.parametrize("width", [390, 768])
def test_nothing_but_code_scrolls_sideways(open_page, name, language, width):
    page = open_page(f"{language}{name}", width=width)
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
@pytest.mark.parametrize("width", [1024, 1440, 1920])
def test_notes_and_code_stand_side_by_side_on_one_baseline(open_page, language, width):
    page = open_page(f"{language}model/", width=width)
    rows = page.evaluate(
        """() => {
            // An empty inline box ends on the baseline of its line.
            const baseline = element => {
                const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
                let text = walker.nextNode();
                while (text && (!text.data.trim() || text.parentElement.closest('math')))
                    text = walker.nextNode();
                if (!text) return null;
                const mark = document.createElement('span');
                mark.style.cssText = 'display:inline-block;width:0;height:0';
                text.parentElement.insertBefore(mark, text);
                const bottom = mark.getBoundingClientRect().bottom;
                mark.remove();
                return bottom;
            };
            return [...document.querySelectorAll('.row')].filter(row =>
                row.querySelector('.note') && row.querySelector('.code')
            ).map(row => {
                const note = row.querySelector('.note'), code = row.querySelector('.code');
                return {
                    note: baseline(note), code: baseline(code.querySelector('[data-n]')),
                    gap: code.getBoundingClientRect().left - note.getBoundingClientRect().right,
                    words: note.textContent.trim().slice(0, 40),
                };
            });
        }"""
    )
    assert len(rows) > 15
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_follows_the_system_and_the_button(open_page, scheme):
    page = open_page("model/", scheme=scheme)

    def is_dark():
        page.wait_for_timeout(300)
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in color[4:-1].split(", ")) < 3 * 128

    assert is_dark() == (scheme == "dark")
    page.locator("[data-md-component=palette] label:visible").click()
    assert is_dark() != (scheme == "dark")


def test_imports_are_folded(open_page):
    page = open_page("model/")
    details = page.locator("details.imports")
    assert details.count() == 1
    assert not details.locator("pre").is_visible()
    details.locator("summary").click()
    assert "import torch" in details.locator("pre").inner_text()


def test_pages_load_nothing_from_elsewhere_and_raise_no_error(open_page):
    for address in ("", "model/", "zh/", "zh/experiment/", "zh/404.html"):
        page = open_page(address)
        page.wait_for_timeout(300)
        assert page.strangers == []
        assert page.problems == []


def test_math_has_its_font(open_page):
    page = open_page("model/")
    page.evaluate("document.fonts.ready")
    assert page.evaluate('document.fonts.check("16px STIX Two Math")')
    font = page.evaluate("getComputedStyle(document.querySelector('math')).fontFamily")
    assert font.startswith('"STIX Two Math"')


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address", ["", "model/", "your-paper/", "options/", "zh/", "zh/experiment/", "404.html"]
)
def test_axe_finds_nothing_that_keeps_a_reader_out(open_page, address, scheme):
    page = open_page(address, scheme=scheme)
    page.wait_for_timeout(300)
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_a_name_in_the_code_leads_to_its_definition(open_page, server):
    page = open_page("model/")
    page.locator(".code a", has_text="PatchEmbedding").last.click()
    assert page.url == f"{server}model/#PatchEmbedding"
