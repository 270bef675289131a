"""Automatic, light, dark: the first goes with the system, and what a reader chooses stays."""

import pytest

SHOWN = "(scheme) => getComputedStyle(document.body).colorScheme === scheme"


@pytest.fixture
def reader(open_page):
    """A page; how it waits to show a scheme when the system is light or dark, anew or open."""
    page = open_page("explorer/")

    def shows(scheme, system, *, anew):
        page.emulate_media(color_scheme=system)
        if anew:
            page.reload()
        page.wait_for_function(SHOWN, arg=scheme)

    page.shows = shows
    page.choose = lambda: page.locator("[data-md-component=palette] label:visible").click()
    return page


@pytest.mark.parametrize("anew", [False, True])
def test_the_scheme_goes_with_the_system_until_one_is_chosen_and_again_after(reader, anew):
    def follows():
        for system in ("dark", "light", "dark"):
            reader.shows(system, system, anew=anew)

    follows()
    for chosen in ("dark", "light"):
        reader.choose()
        for system in ("dark", "light"):
            reader.shows(chosen, system, anew=anew)
        assert reader.evaluate(SHOWN, chosen)
    reader.choose()
    follows()
