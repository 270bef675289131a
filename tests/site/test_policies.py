"""Every page of the site says what may run in it, those that lead from old addresses included."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

from selectolax.lexbor import LexborHTMLParser
from support import ROOT

POLICY = 'meta[http-equiv="Content-Security-Policy"]'


def test_every_page_has_a_policy_that_names_its_scripts_and_styles(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 100
    for path in pages:
        text = path.read_text(encoding="utf-8")
        page = LexborHTMLParser(text)
        (meta,) = page.css(POLICY)
        rules = (rule.split() for rule in (meta.attributes["content"] or "").split(";"))
        policy = {name: sources for name, *sources in rules}
        assert policy["default-src"] == ["'self'"], path
        assert policy["object-src"] == policy["base-uri"] == ["'none'"], path
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & {
            w for r in policy.values() for w in r
        }
        scripts = [
            node.text()
            for node in page.css("script:not([src])")
            if "json" not in (node.attributes.get("type") or "")
        ]
        named = [f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in scripts]
        assert policy["script-src"] == ["'self'", *dict.fromkeys(named)], path
        first = re.search(r"<(?:script|link|style)\b|http-equiv=.refresh", text)
        assert first and text.index("Content-Security-Policy") < first.start(), path


def test_an_old_address_keeps_the_section(open_page, server):
    page = open_page("weights/#load")
    page.wait_for_url(f"{server}weights/loading/#load")
    assert page.problems == []


def test_no_page_has_a_style_that_its_policy_stops(open_page, site):
    styled = [
        path for path in site.rglob("index.html") if re.search("<style| style=", path.read_text())
    ]
    assert len(styled) > 4
    for path in styled:
        page = open_page(path.parent.relative_to(site).as_posix() + "/")
        assert page.problems == [], path


def test_a_drawing_is_published_as_it_is(site):
    drawings = sorted((ROOT / "docs").rglob("*.svg"))
    assert drawings
    for path in drawings:
        assert (site / path.relative_to(ROOT / "docs")).read_bytes() == path.read_bytes()
