"""The reading in Firefox: some of Chromium's own checks, in one tab."""

import inspect

import pytest
import support
import test_browser as browsing
import test_reading as reading
from accessible import DARK, faults
from support import new_tab

ZH = {"prefix": "zh/"}
SEARCH = dict(zip(("language", "prefix", "words"), browsing.SEARCHES[0], strict=True))
#: In an order in which few pages are loaded.
CHECKS = [
    (browsing.test_nothing_but_code_scrolls_sideways, {"name": "", "language": "zh/"}),
    (reading.test_no_code_scrolls_sideways_and_nothing_moves_once_it_is_there, {"address": "zh/model/"}),
    (reading.test_the_uses_of_a_name_light_up_by_scope_with_its_symbol, ZH),
    (browsing.test_notes_and_code_stand_side_by_side_on_one_baseline, {"language": "zh/"}),
    (reading.test_keys_lead_from_section_to_section_and_from_page_to_page, ZH),
    (reading.test_one_control_opens_the_pages_and_the_sections, {"width": 390}),
    (reading.test_the_original_of_a_translated_note_opens, {}),
    (browsing.test_no_column_stays_empty_for_a_screen, {"name": "model"}),
    (reading.test_a_link_in_focus_tells_what_it_leads_to, {}),
    (reading.test_scrolling_takes_the_card_away_until_the_page_rests, {}),
    (browsing.test_a_name_in_the_code_leads_to_its_definition, {}),
    (reading.test_copy_takes_the_text_of_the_file, {}),
    (reading.test_the_language_that_was_chosen_is_offered_and_not_forced, {}),
    (browsing.test_search_leads_to_a_section_by_keyboard_alone, SEARCH),
]  # fmt: skip


@pytest.fixture(scope="module")
def tab(firefox):
    return new_tab(firefox, {})


@pytest.fixture
def open_page(tab, server):
    """Open an address; a page that is open is made as it was, for to load one takes half a second."""

    def open_page(address="", width=1440, height=900, **others):
        page, _, anchor = address.partition("#")
        tab.set_viewport_size({"width": width, "height": height})
        tab.problems.clear()
        if tab.url.partition("#")[0] != server + page:
            tab.goto(server + address)
        else:
            tab.keyboard.press("Escape")
            tab.mouse.move(0, 0)
            tab.evaluate(
                """anchor => {
                    document.activeElement.blur();
                    for (const it of document.querySelectorAll('details.original')) it.open = false;
                    history.replaceState(null, '', location.pathname);
                    scrollTo(0, 0);
                    if (anchor) location.hash = anchor;
                }""",
                anchor,
            )
        tab.evaluate("localStorage.clear()")
        return tab

    return open_page


@pytest.mark.parametrize(
    ("check", "given"), CHECKS, ids=[check.__name__.removeprefix("test_") for check, _ in CHECKS]
)
def test_firefox(request, tab, check, given):
    names = inspect.signature(check).parameters.keys() - given
    check(**given, **{name: request.getfixturevalue(name) for name in names})
    assert tab.problems == []


COLORS = """() => [...document.querySelectorAll(`body, .md-header, .note, .note a, .code, .code :is(a, span), .display-math,
    .outline a, .num, .shape, td, figure svg :is(rect, text, path)`)].map(it => {
        const { color, backgroundColor, fill } = getComputedStyle(it);
        return [it.tagName, color, backgroundColor, fill].join(" ");
    })"""


def test_a_dark_system_has_the_colors_that_it_has_in_chromium(playwright, browser, server):
    light = new_tab(browser, {"color_scheme": "light"})
    dark = new_tab(browser, {"color_scheme": "dark"})
    with support.firefox(playwright, dark=True) as firefox:
        page = new_tab(firefox, {})
        for tab in (light, dark, page):
            tab.goto(f"{server}zh/model/")
        page.wait_for_function(DARK)
        expected = dark.evaluate(COLORS)
        assert len(expected) > 500
        assert page.evaluate(COLORS) == expected != light.evaluate(COLORS)
        assert faults(page) == []
        link = page.locator("#ConvMixer .code a", has_text="PatchEmbedding").first
        link.focus()
        card = page.locator(".card")
        card.wait_for()
        assert faults(page, ".card") == []
        assert page.problems == []
    for tab in (light, dark):
        tab.context.close()
