"""What is missing and what is stale, and the keys that a translator gets."""

import json
from unittest.mock import Mock

import pytest

from literate.base.errors import LiterateError
from literate.site import status
from literate.site.status import check_language, extract_language


def test_texts_that_differ_in_their_links_alone_are_one_key(project):
    project.write(
        "docs/index.md", "# A\n\nSee [it](#a).\n\nOther words.\n\nSee [it](../src/paper/net.py).\n"
    )
    extract_language(project.load(), "zh")
    keys = [*json.loads(project.read("translations/zh/index.json"))]
    assert [key for key in keys if "See" in key] == ['<p>See <a href="#a">it</a>.</p>']
    assert extract_language(project.load(), "zh") == 0
    # The author moves the links: what waits for a translator still does.
    project.write("docs/index.md", "# A\n\nSee [it](index.md).\n\nOther words.\n")
    assert extract_language(project.load(), "zh") == 0
    entries = {key: key for key in keys}
    project.write("translations/zh/index.json", json.dumps(entries))
    assert not [m for m in check_language(project.load(), "zh").coverage.missing if "See" in m.key]


def test_an_error_in_one_map_leaves_all_as_they_were(project):
    project.write("translations/zh/net.json", "{")
    with pytest.raises(LiterateError):
        extract_language(project.load(), "zh")
    assert not (project.root / "translations/zh/index.json").exists()
    assert not (project.root / "translations/zh/site.json").exists()


def test_a_stale_key_names_the_missing_one_most_like_it(project):
    entries = {"<p>Double the inputs.</p>": "<p>一</p>", "<p>Nothing of the kind</p>": "<p>二</p>"}
    project.write("translations/zh/net.json", json.dumps(entries))
    stale = {s.key: s.nearest for s in check_language(project.load(), "zh").obsolete}
    assert stale["<p>Double the inputs.</p>"] == "<p>Double the input.</p>"
    assert stale["<p>Nothing of the kind</p>"] is None


def test_many_stale_keys_cost_one_look_each(project, monkeypatch):
    def words(n, sign):
        return " ".join(f"{sign}{n * k % 97} word" for k in range(1, 40))

    project.write("docs/index.md", "\n\n".join(words(n, "a") for n in range(1, 60)))
    entries = {f"<p>{words(n, 'b')}</p>": "<p>x</p>" for n in range(1, 60)}
    project.write("translations/zh/index.json", json.dumps(entries))
    site = project.load()
    looks, reads = Mock(wraps=status.process.extractOne), Mock(wraps=status._text_of)
    monkeypatch.setattr(status.process, "extractOne", looks)
    monkeypatch.setattr(status, "_text_of", reads)
    stale = check_language(site, "zh").obsolete
    assert len([item for item in stale if item.key in entries]) == len(entries)
    assert looks.call_count == len(stale)
    assert reads.call_count < 2 * len(entries)
