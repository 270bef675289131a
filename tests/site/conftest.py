"""A reader of the pages to try things on."""

import pytest


@pytest.fixture
def open_page(browser, server):
    """Open an address of the site; what it asks for and what goes wrong is written down."""
    contexts = []

    def open_page(address="", width=1440, height=900, scheme="light", site=server, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.requests, page.problems = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on(
            "console",
            lambda said: page.problems.append(said.text) if said.type == "error" else None,
        )
        page.goto(site + address, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


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
