"""The page answers: by pointer and keyboard, in three languages, and without JavaScript too."""

import re

import pytest
from accessible import settle
from playwright.sync_api import expect
from support import ROOT, SOURCE, built, served, small_project

from literate.site.layout import lay_out
from literate.source.python import read_python

CLIPBOARD = {"permissions": ("clipboard-read", "clipboard-write")}
LIT = "CSS.highlights.get('use')?.size ?? 0"


@pytest.fixture(scope="module")
def arabic(tmp_path_factory):
    """A small project in a language that is written from right to left."""
    project = small_project(tmp_path_factory.mktemp("arabic"))
    project.write("translations/ar/language.toml", 'name = "العربية"\ndirection = "rtl"\n')
    words = '{"<h2>A net</h2>": "<h2>شبكة</h2>", "<p>Double the input.</p>": "<p>ضاعف المدخل.</p>"}'
    project.write("translations/ar/net.json", words)
    project.write("src/paper/net.py", SOURCE.replace("Words about", "$$a = b$$\n\nWords about"))
    built(project, "site")
    with served(project.root / "site") as address:
        yield address


def section(page):
    return page.locator(".outline .sections .now").first


@pytest.mark.parametrize("prefix", ["", "zh/"])
def test_keys_lead_from_section_to_section_and_from_page_to_page(open_page, server, prefix):
    page = open_page(f"{prefix}model/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_url(f"{server}{prefix}model/#ConvMixerLayer")
    expect(section(page)).to_have_attribute("href", "#ConvMixerLayer")
    expect(section(page)).to_have_attribute("aria-current", "location")
    page.keyboard.press("k")
    page.wait_for_url(f"{server}{prefix}model/#PatchEmbedding")
    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_be_visible()
    page.keyboard.press("j")  # it is the dialog's now
    page.keyboard.press("Escape")
    expect(page.locator("dialog.keys")).to_be_hidden()
    page.keyboard.press("]")
    page.wait_for_url(f"{server}{prefix}training/")
    page.keyboard.press("[")
    page.wait_for_url(f"{server}{prefix}model/")
    assert page.problems == []


@pytest.mark.parametrize("prefix", ["", "zh/"])
def test_the_uses_of_a_name_light_up_by_scope_with_its_symbol(open_page, prefix):
    page = open_page(f"{prefix}model/#ConvMixerLayer")
    use = page.locator("#ConvMixerLayer .code [data-b]", has_text="kernel_size").first
    use.click()
    binding = use.get_attribute("data-b")
    uses = page.locator(f'[data-b="{binding}"]').count()
    assert page.evaluate(LIT) == uses > 1
    symbols = page.locator("mi.lit").count()
    assert symbols > 0
    said = page.locator("output.uses")
    expect(said).to_have_text(f"k = kernel_size × {uses + symbols}")
    # Another function's parameter of the same name is another.
    others = page.locator("#ConvMixer .code [data-b]", has_text="kernel_size")
    assert binding not in others.evaluate_all("all => all.map(it => it.dataset.b)")
    page.keyboard.press("Escape")
    assert page.evaluate(LIT) == 0 and page.locator("mi.lit").count() == 0
    page.locator("mi[data-lit]", has_text=re.compile("^[k𝑘]$")).first.click()
    assert page.evaluate(LIT) > uses  # the symbol is that of both
    symbols = page.evaluate("JSON.parse(document.querySelector('.annotated').dataset.symbols)")
    (bindings,) = (set(map(str, it[2])) for it in symbols if it[0] in "k𝑘")
    lit = page.evaluate(
        """[...CSS.highlights.get('use')]
            .map((range) => range.startContainer.closest('[data-b]').dataset.b)"""
    )
    assert set(lit) == bindings


def test_a_link_in_focus_tells_what_it_leads_to(open_page):
    page = open_page("model/#ConvMixer")
    link = page.locator("#ConvMixer .code a", has_text="PatchEmbedding").first
    card = page.locator(".card")
    link.focus()
    expect(card).to_be_visible()
    assert "class PatchEmbedding(nn.Module)" in card.inner_text()
    assert link.get_attribute("aria-describedby") == "card"
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    settle(page)  # a page that still scrolls takes the card away
    link.hover()
    expect(card).to_be_visible()


@pytest.mark.parametrize("prefix", ["", "zh/"])
def test_no_line_begins_with_what_closes_a_formula(open_page, prefix):
    """At widths that bring formulas to the ends of lines."""
    page = open_page(f"{prefix}model/")
    seen = 0
    for width in range(360, 480, 6):
        page.set_viewport_size({"width": width, "height": 900})
        tops = page.evaluate(
            """() => [...document.querySelectorAll('.note math')].flatMap(math => {
                const text = math.nextSibling, range = new Range();
                if (text?.nodeType !== Node.TEXT_NODE || !/^[,.;:)、，。；：）]/.test(text.data)) return [];
                range.setStart(text, 0);
                range.setEnd(text, 1);
                return range.getBoundingClientRect().top - math.getBoundingClientRect().bottom;
            })"""
        )
        seen += len(tops)
        assert all(top < 0 for top in tops)
    assert seen > 50


def test_scrolling_takes_the_card_away_until_the_page_rests(open_page):
    page = open_page("model/#ConvMixer")
    link, card = (
        page.locator("#ConvMixer .code a", has_text="PatchEmbedding").first,
        page.locator(".card"),
    )
    settle(page)
    link.hover()
    expect(card).to_be_visible()
    scroll = """async () => {
        const scrolled = new Promise(done => addEventListener("scroll", done, { once: true }));
        scrollBy({ top: 2, behavior: "instant" });
        await scrolled;
        return document.querySelector(".card").hidden;
    }"""
    assert page.evaluate(scroll)
    expect(card).to_be_visible()
    # What Escape took away stays away.
    page.keyboard.press("Escape")
    assert page.evaluate(scroll)
    page.wait_for_timeout(300)
    expect(card).to_be_hidden()


def test_copy_takes_the_text_of_the_file(open_page):
    page = open_page("model/", **CLIPBOARD)
    page.locator("#ClassificationHead button.copy").click()
    expect(page.locator("#ClassificationHead button.copy")).to_have_text("Copied")
    source = ROOT / "src/convmixer/model.py"
    document = read_python(source.read_bytes(), source.name)
    (definition,) = (it for it in document.definitions if it.name == "ClassificationHead")
    code = [line for it in document.sections for line in it.code]
    wanted = [it.text for it in code if definition.first <= it.number <= definition.last]
    assert page.evaluate("navigator.clipboard.readText()") == "".join(wanted)


@pytest.mark.parametrize("width", [390, 1180])
def test_one_control_opens_the_pages_and_the_sections(open_page, server, width):
    page = open_page("zh/model/", width=width)
    outline, button = page.locator(".outline"), page.locator(".where")
    expect(outline).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(outline).to_be_visible()
    outline.locator("a[href='#ClassificationHead']").click()
    expect(outline).to_be_hidden()
    page.wait_for_url(f"{server}zh/model/#ClassificationHead")
    expect(button.locator("i")).not_to_be_empty()
    button.click()
    outline.locator("summary", has_text="实验").click()
    outline.get_by_role("link", name="错误").click()
    page.wait_for_url(f"{server}zh/errors/")
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(".where")).to_be_hidden()
    expect(page.locator(".outline")).to_be_visible()


def test_the_original_of_a_translated_note_opens(open_page):
    page = open_page("zh/model/")
    originals = page.locator("details.original")
    assert originals.count() > 10
    page.keyboard.press("o")
    assert page.locator("details.original:not([open])").count() == 0
    words = page.locator("#ConvMixerLayer details.original div").first
    assert words.get_attribute("lang") == "en" and "mixes space and channels" in words.inner_text()
    page.keyboard.press("o")
    assert page.locator("details.original[open]").count() == 0
    assert open_page("model/").locator("details.original").count() == 0


def test_the_language_that_was_chosen_is_offered_and_not_forced(open_page, server):
    page = open_page("model/#ConvMixerLayer.forward")
    page.locator(".md-select").hover()
    page.locator('.md-select__link[hreflang="zh"]').click()
    page.wait_for_url(f"{server}zh/model/#ConvMixerLayer.forward")  # a row of a method
    expect(page.locator(".offer:visible")).to_have_count(0)
    page.goto(f"{server}data/")
    offer = page.locator(".offer:visible")
    expect(offer).to_have_attribute("lang", "zh")
    offer.locator("button").click()
    page.goto(f"{server}model/")
    expect(page.locator(".offer:visible")).to_have_count(0)


def words_of(page):
    """The words of a page, but for what only a script may show."""
    return page.evaluate(
        """() => {
            const article = document.querySelector('article').cloneNode(true);
            for (const it of article.querySelectorAll('.card, .uses, .copy')) it.remove();
            return article.textContent.replace(/\\s+/g, ' ').trim();
        }"""
    )


@pytest.mark.parametrize("address", ["model/", "zh/training/"])
def test_the_page_is_complete_without_javascript(open_page, browser, server, address):
    with_script = words_of(open_page(address))
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(server + address)
    text = re.sub(r"\s+", " ", page.locator("article").text_content()).strip()
    for word in page.locator("article .copy").all_text_contents():
        text = text.replace(word, "")
        with_script = with_script.replace(word, "")
    assert text == with_script
    expect(page.locator(".md-search")).to_be_hidden()
    page.screenshot()
    paper = page.locator("body").evaluate("it => getComputedStyle(it).backgroundColor")
    assert paper == "rgb(23, 24, 26)"
    context.close()


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_right_to_left_words_stand_on_the_right_and_code_stays_as_it_is(open_page, arabic, width):
    page = open_page("ar/net/", width=width, site=arabic)
    row = page.locator(".row", has_text="ضاعف").last
    note, code = row.locator(".note").bounding_box(), row.locator(".code").bounding_box()
    assert code["x"] < note["x"] if width >= 1024 else code["y"] > note["y"]
    line = row.locator(".cl").last
    assert line.evaluate("it => getComputedStyle(it).direction") == "ltr"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.problems == []


@pytest.mark.parametrize("address", ["model/", "zh/training/", "images/from_npm/", "recipe/"])
def test_no_code_scrolls_sideways_and_nothing_moves_once_it_is_there(open_page, address):
    page = open_page(address)
    for width in (1440, 1180, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        cut = page.evaluate(
            """() => [...document.querySelectorAll('.annotated pre')]
                .filter(it => it.scrollWidth > it.clientWidth + 1).length"""
        )
        assert cut == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_cut_on_paper(open_page):
    page = open_page("model/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 660, "height": 900})
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.cl, .note p, td')]
            .filter(it => it.getBoundingClientRect().right > innerWidth + 1).length"""
    )
    assert cut == 0
    expect(page.locator(".outline")).to_be_hidden()


def test_numbers_lead_to_the_repository_where_there_is_one(project):
    config = project.read("mkdocs.yml")
    project.write("mkdocs.yml", "repo_url: https://github.com/a/b\n" + config)
    site = project.load()
    page = site.localise(site.pages["net"], lambda name: f"{name}/")
    assert 'href="https://github.com/a/b/blob/HEAD/src/paper/net.py#L14"' in lay_out(page)
