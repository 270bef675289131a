"""What a screen reader and a search engine go by, on every page."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

NAMES = ("aria-label", "aria-labelledby", "title")


def faults(page: LexborHTMLParser) -> Iterator[str]:
    """What a page lacks."""
    ids = Counter(str(node.attributes["id"]) for node in page.css("[id]"))
    yield from (f"two have the id {name}" for name, count in ids.items() if count > 1)
    levels = [0] + [int(node.tag[1]) for node in page.css("h1, h2, h3, h4, h5, h6")]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} h1"
    for above, level in pairwise(levels):
        if level > above + 1:
            yield f"h{level} after h{above}"
    for needed in ("main", "html[lang]", "title", "meta[name=description]:not([content=''])"):
        if len(page.css(needed)) != 1:
            yield f"not one {needed}"
    for node in page.css("img:not([alt]), img:not([width]), img:not([height]), th:empty"):
        yield f"not whole: {node.html}"
    for node in page.css("a[href], button, summary"):
        if "aria-hidden" not in node.attributes and not is_named(node):
            yield f"no name: {node.html}"
    labelled = {node.attributes.get("for") for node in page.css("label")}
    for node in page.css("input:not([type=hidden]):not(.md-toggle), select, textarea"):
        within = any(parent.tag == "label" for parent in parents(node))
        if not (within or node.attributes.get("id") in labelled or is_named(node)):
            yield f"no label: {node.html}"
    for name in ("aria-labelledby", "aria-describedby", "aria-controls"):
        for node in page.css(f"[{name}]"):
            if missing := {*str(node.attributes[name]).split()} - {*ids}:
                yield f"{name} of what is not there: {missing}"
    regions = Counter(node.attributes.get("aria-label") for node in page.css("nav"))
    yield from (f"two nav are called {name}" for name, count in regions.items() if count > 1)


def is_named(node: LexborNode) -> bool:
    inner = node.css("img[alt]:not([alt='']), [aria-label], svg title")
    return bool(node.text().strip() or inner or any(map(node.attributes.get, NAMES)))


def parents(node: LexborNode) -> Iterator[LexborNode]:
    while node := node.parent:
        yield node


def test_every_page_is_well_made(site: Path):
    found = {}
    for path in site.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        if 'http-equiv="refresh"' not in html and (faulty := [*faults(LexborHTMLParser(html))]):
            found[path.relative_to(site).as_posix()] = faulty
    assert found == {}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<h1>a</h1><h3>b</h3>", "h3 after h1"),
        ("<h2>b</h2>", "0 h1"),
        ("<h1 id=a>a</h1><p id=a>", "two have the id a"),
        ("<h1>a</h1><img src=a>", "not whole"),
        ("<h1>a</h1><a href=a></a>", "no name"),
        ("<h1>a</h1><input>", "no label"),
        ("<h1>a</h1><p aria-describedby=b>", "aria-describedby of what is not there"),
        ("<h1>a</h1><nav></nav><nav></nav>", "two nav"),
    ],
)
def test_each_fault_is_seen(body, fault):
    head = "<html lang=en><title>a</title><meta name=description content=a><main>"
    assert not [*faults(LexborHTMLParser(f"{head}<h1>a</h1>"))]
    assert any(fault in said for said in faults(LexborHTMLParser(head + body)))
