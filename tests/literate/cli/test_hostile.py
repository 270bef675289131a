"""What strangers send, loaded in a browser: nothing runs, and nothing is fetched from elsewhere."""

from __future__ import annotations

import re

import pytest
from corpus import ELSEWHERE, RAN, Payloads, write_hostile_project
from selectolax.lexbor import LexborHTMLParser
from support import Project, built, served

from literate.base.errors import LiterateError
from literate.notes.render import render_note
from literate.source.document import Prose
from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup
from literate.translation.segment import parse


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A built site that strangers wrote, and how many payloads are in it."""
    project = Project(tmp_path_factory.mktemp("hostile"))
    made = write_hostile_project(project)
    built(project, "site")
    return project, made


def test_no_payload_runs_or_fetches_anything(hostile, browser):
    project, made = hostile
    assert made.made >= 200
    site = project.root / "site"
    # A drawing that is opened by itself is under no page's policy.
    files = (path for kind in ("*.html", "*.svg") for path in site.rglob(kind))
    pages = sorted(path.relative_to(site).as_posix() for path in files)
    assert len(pages) >= 50
    seen: list[str] = []
    with served(site) as address:
        context = browser.new_context()

        def look(request):
            # What the policy stops fails otherwise. This was let through, to where there is no machine.
            if request.failure == "net::ERR_NAME_NOT_RESOLVED":
                seen.append(f"request {request.url}")

        context.on("requestfailed", look)
        page = context.new_page()
        page.on(
            "dialog", lambda dialog: (seen.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        page.on(
            "console", lambda said: seen.append(said.text) if said.text.startswith(RAN) else None
        )
        for name in pages:
            page.goto(address + name, wait_until="load")
            found = page.evaluate(
                """() => {
                    for (const element of document.querySelectorAll("*"))
                        for (const kind of ["mouseover", "focus", "click"])
                            if (element.hasAttribute("on" + kind)) element.dispatchEvent(new Event(kind));
                    const scripts = document.querySelectorAll('[href^="javascript:" i], [action^="javascript:" i]');
                    const config = [...document.querySelectorAll("#__config")].map(e => e.tagName);
                    return [scripts.length, config.join()];
                }"""
            )
            # A page's own notes may hold such a link: it is the policy that stops it.
            own = ("notes/", "net/", "zh/notes/", "zh/net/")
            assert found[1] == "SCRIPT" * name.endswith("html") and (
                not found[0] or name.startswith(own)
            ), name
            seen and seen.insert(0, name)
            assert not seen
        page.goto(f"{address}zh/keys/")
        page.keyboard.press("/")
        page.keyboard.type("词")
        page.wait_for_selector(".md-search-result__item")
        assert not seen
        page.goto("about:blank")  # which has no policy
        with page.expect_event("requestfailed"):
            page.evaluate(f"fetch('https://{ELSEWHERE}/').catch(() => 0)")
        assert seen == [f"request https://{ELSEWHERE}/"], "what is fetched is seen"
        context.close()


@pytest.mark.parametrize("name", ["keys", "own"])
def test_a_translation_brings_in_no_tag_and_no_attribute(hostile, name):
    project, _ = hostile
    pages = (project.root / f"site/{folder}{name}/index.html" for folder in ("", "zh/"))
    source, translated = (LexborHTMLParser(page.read_text(encoding="utf-8")) for page in pages)

    def held(page):
        nodes = page.css_first("article").css("p, p *, .own, .own *")
        return {(str(node.tag), *pair) for node in nodes for pair in node.attributes.items()}

    assert held(translated) <= held(source)
    assert "词" in translated.body.text() or "自" in translated.body.text()


@pytest.mark.parametrize("tag", list(Payloads().tags()))
def test_a_tag_that_a_key_does_not_have_is_a_line_or_nothing(tag):
    entry = Entry("<p>Words.</p>", f"<p>词。{tag}</p>", 7)
    blocks = parse("<p>Words.</p>")
    served = "".join(Lookup(Catalog("m.json", (entry,))).note(blocks) or ())
    assert not LexborHTMLParser(f"<main>{served}</main>").css("main *:not(p, a, b, i)")
    assert not re.search(r"<[^>]*(?:=|javascript)", served)


@pytest.mark.parametrize(
    "html",
    [
        "<meta http-equiv=refresh content=0>",
        "<base href=x>",
        "<link rel=preconnect href=//x.example>",
    ],
)
def test_what_speaks_of_the_whole_page_is_text_in_a_note(html):
    for text in (html, f"<div>{html}</div>", f"Words {html}.", f"<div>\n\n{html}\n\n</div>"):
        note = render_note(Prose(text, tuple(range(1, 6))))
        assert html not in note.html and html[1:-1] in note.html


def test_a_name_of_the_themes_is_an_error_of_the_note(project):
    project.write("docs/index.md", '# A\n\nWords.\n\n<div><i id="__config"></i></div>\n')
    with pytest.raises(LiterateError, match=r"docs/index.md:5: HTML in a note holds"):
        project.load()
