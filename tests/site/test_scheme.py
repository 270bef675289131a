"""Automatic, light, dark: the first goes with the system, and what a reader chooses stays."""

import pytest

SCHEME = """() => new Promise((done) => requestAnimationFrame(() => done(
    getComputedStyle(document.body).colorScheme)))"""


@pytest.fixture
def reader(open_page):
    """A page; what it shows with a system that is light or dark, loaded anew or while it is open."""
    page = open_page("explorer/")

    def shown(system, *, anew):
        page.emulate_media(color_scheme=system)
        if anew:
            page.reload()

        return page.evaluate(SCHEME)

    page.shown = shown
    page.choose = lambda: page.locator("[data-md-component=palette] label:visible").click()
    return page


@pytest.mark.parametrize("anew", [False, True])
def test_the_scheme_goes_with_the_system_until_one_is_chosen_and_again_after(reader, anew):
    follows = [("dark", "dark"), ("light", "light"), ("dark", "dark")]
    assert [(system, reader.shown(system, anew=anew)) for system, _ in follows] == follows
    for chosen in ("dark", "light"):
        reader.choose()
        assert {reader.shown(system, anew=anew) for system in ("dark", "light")} == {chosen}
    reader.choose()
    assert [(system, reader.shown(system, anew=anew)) for system, _ in follows] == follows
