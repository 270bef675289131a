"""A reader of the pages to try things on."""

import pytest
from playwright.sync_api import Error
from support import new_tab


@pytest.fixture(scope="session")
def tabs():
    """The tab of each kind of reader; to open a new one costs a second of a core's time."""
    return {}


@pytest.fixture
def open_page(browser, server, tabs):
    """Open an address of the site; what it asks for and what goes wrong is written down."""
    used = {}

    def open_page(address="", width=1440, height=900, scheme="light", site=server, **options):
        kind = tuple(options.items())
        if kind not in tabs:
            tabs[kind] = new_tab(browser, options)
        page = tabs[kind]
        if kind in used:
            forget(page)  # a link to another section would load nothing
        used[kind] = page
        page.bring_to_front()  # Firefox tells no other tab what has the focus
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.requests, page.problems = [], []
        page.goto(site + address, wait_until="load")
        return page

    yield open_page
    for kind, page in used.items():
        try:
            forget(page)
        except Error:  # it shows no page
            tabs.pop(kind).context.close()


def forget(page):
    """Leave no trace of what was done before."""
    page.context.unroute_all()
    if page.url != "about:blank":
        # Material keeps the colours of a page a moment later: no more of this one.
        page.evaluate(
            "localStorage.clear(); sessionStorage.clear(); Storage.prototype.setItem = () => {}"
        )
    page.goto("about:blank")
    page.mouse.move(0, 0)


@pytest.fixture
def call(open_page, server):
    """Call a function of one of the site's modules in Chromium, once for each of some arguments."""

    def call(module, function, cases):
        return open_page("404.html").evaluate(
            """async ([module, name, cases]) => {
                const found = await import(module);
                return cases.map((one) => found[name](...one));
            }""",
            [f"{server}try/{module}", function, cases],
        )

    return call
