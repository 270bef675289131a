"""Addresses that pages once had lead to where the pages are now."""

import re

import pytest
from support import ROOT

# The pages of version 0.1.0 that moved
MOVED = [
    *("checkpoint", "compare", "distributed", "figures", "files", "folders", "machine"),
    *("optimization", "record", "run", "tracking", "weights"),
]
LANGUAGES = ["", *(f"{path.parent.name}/" for path in ROOT.glob("translations/*/language.toml"))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MOVED)
def test_an_old_address_leads_to_the_page(site, language, name):
    old = site / language / name / "index.html"
    html = old.read_text(encoding="utf-8")
    target = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', html)[1]
    page = (old.parent / target / "index.html").resolve()
    # The page itself and not another redirect, in the same language
    assert page.is_relative_to((site / language).resolve())
    assert 'http-equiv="refresh"' not in page.read_text(encoding="utf-8")
    assert language or not page.is_relative_to(site / "zh")
