"""What is missing and what is stale, and the keys that a translator gets."""

import json
import time

import pytest

from literate.base.errors import LiterateError
from literate.mkdocs.config import read_project
from literate.site.load import load_site
from literate.site.status import check_language, extract_language


def load(project):
    return load_site(read_project(project.root / "mkdocs.yml"))


def test_texts_that_differ_in_their_links_alone_are_one_key(project):
    project.write(
        "docs/index.md", "# A\n\nSee [it](#a).\n\nOther words.\n\nSee [it](../src/paper/net.py).\n"
    )
    extract_language(load(project), "zh")
    keys = [*json.loads(project.read("translations/zh/index.json"))]
    assert [key for key in keys if "See" in key] == ['<p>See <a href="#a">it</a>.</p>']
    assert extract_language(load(project), "zh") == 0
    # The author moves the links: what waits for a translator still does.
    project.write("docs/index.md", "# A\n\nSee [it](index.md).\n\nOther words.\n")
    assert extract_language(load(project), "zh") == 0
    entries = {key: key for key in keys}
    project.write("translations/zh/index.json", json.dumps(entries))
    assert not [m for m in check_language(load(project), "zh").coverage.missing if "See" in m.key]


def test_an_error_in_one_map_leaves_all_as_they_were(project):
    project.write("translations/zh/net.json", "{")
    with pytest.raises(LiterateError):
        extract_language(load(project), "zh")
    assert not (project.root / "translations/zh/index.json").exists()
    assert not (project.root / "translations/zh/site.json").exists()


def test_a_stale_key_names_the_missing_one_most_like_it(project):
    entries = {"<p>Double the inputs.</p>": "<p>一</p>", "<p>Nothing of the kind</p>": "<p>二</p>"}
    project.write("translations/zh/net.json", json.dumps(entries))
    stale = {s.key: s.nearest for s in check_language(load(project), "zh").obsolete}
    assert stale["<p>Double the inputs.</p>"] == "<p>Double the input.</p>"
    assert stale["<p>Nothing of the kind</p>"] is None


def test_hundreds_of_stale_keys_are_told_quickly(project):
    def words(n, sign):
        return " ".join(f"{sign}{n * k % 997} word" for k in range(1, 40))

    project.write("docs/index.md", "\n\n".join(words(n, "a") for n in range(1, 600)))
    entries = {f"<p>{words(n, 'b')}</p>": "<p>x</p>" for n in range(1, 600)}
    project.write("translations/zh/index.json", json.dumps(entries))
    site = load(project)
    start = time.process_time()
    assert len(check_language(site, "zh").obsolete) == len(entries)
    assert time.process_time() - start < 10
