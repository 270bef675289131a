"""What comes late finds its room: nothing that is read moves."""

import pytest

PHONE = {"width": 412, "height": 823}
TOPS = """() => [...document.querySelectorAll('article :is(h2, form, .view, .telling, .parts, div.published)')]
    .map(it => Math.round(it.getBoundingClientRect().top + scrollY))"""


@pytest.mark.parametrize("address", ["explorer/", "zh/explorer/"])
@pytest.mark.parametrize("size", [PHONE, {}])
def test_the_controls_have_their_room_before_the_script_shows_them(open_page, address, size):
    page = open_page("404.html", **size)
    page.route("**/try/*.js", lambda route: route.abort())
    page.goto(page.url.removesuffix("404.html") + address)
    page.evaluate("document.fonts.ready")
    before = page.evaluate(TOPS)
    page.unroute_all()
    page.reload()
    page.wait_for_selector(".stage:visible")
    page.evaluate("document.fonts.ready")
    assert page.evaluate(TOPS) == before


@pytest.mark.parametrize("address", ["architecture/", "explorer/", "model/"])
def test_nothing_moves_on_a_phone_while_the_page_loads(open_page, address):
    moved = open_page(address, **PHONE).evaluate(
        """async () => {
            let moved = 0;
            const add = (list) => { for (const it of list.getEntries()) moved += it.value; };
            new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
            for (let i = 0; i < 20; i += 1) await new Promise(requestAnimationFrame);
            return moved;
        }"""
    )
    assert moved < 0.005  # a letter that is a hair wider in its own font


@pytest.mark.parametrize(
    ("font", "stand_in"), [("Iosevka", "Narrow"), ("STIX Two Text", "Wide")], ids=["code", "text"]
)
@pytest.mark.parametrize("style", ["", "italic ", "bold "])
def test_what_stands_in_for_a_font_is_as_high_and_as_deep(open_page, font, stand_in, style):
    """Else the lines with code in them would change their height when the font comes."""
    page = open_page("404.html")
    above_and_below = """async (font) => {
        await document.fonts.load(font);
        const pen = document.createElement("canvas").getContext("2d");
        pen.font = font;
        const { fontBoundingBoxAscent, fontBoundingBoxDescent } = pen.measureText("x");
        return [fontBoundingBoxAscent, fontBoundingBoxDescent];
    }"""
    there, before = (
        page.evaluate(above_and_below, f'{style}1000px "{name}"') for name in (font, stand_in)
    )
    assert before == pytest.approx(there, abs=10)


@pytest.mark.parametrize("address", ["model/", "recipe/", "zh/recipe/"])
def test_a_section_that_is_not_near_the_screen_has_about_the_room_it_needs(open_page, address):
    page = open_page(address, **PHONE)
    heights = """() => [...document.querySelectorAll('.def')]
        .map(section => section.getBoundingClientRect().height)"""
    reserved = page.evaluate(heights)
    page.evaluate(
        """for (const section of document.querySelectorAll('.def'))
            section.style.contentVisibility = 'visible'"""
    )
    needed = page.evaluate(heights)
    assert len(needed) > 4
    assert all(0.8 * n < r < 2.5 * n for r, n in zip(reserved, needed, strict=True))
    assert sum(reserved) < 1.5 * sum(needed)


def test_the_theme_measures_no_code_of_an_annotated_page(open_page):
    """It would lay out the whole page to do so, which a phone would be busy with for a while."""
    page = open_page("model/")
    page.wait_for_selector(".md-typeset__scrollwrap", state="attached")  # its script was there
    assert page.locator("article pre").count() > 10
    assert page.locator("article pre[id^=__code]").count() == 0
