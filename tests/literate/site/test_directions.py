"""What is in the language of the sources says so, wherever on a page it stands."""

import re

from literate.site.layout import lay_out
from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup

SOURCE = '"""\n---\nsummary: A thing.\n---\n\n# A thing\n\nWords.\n\nOther words.\n"""\n\n\ndef f():\n    """\n    ## It draws\n\n    Draws.\n    """\n'


def shown(project, **translated):
    project.write("docs/index.md", "# A\n")
    project.write("src/paper/net.py", SOURCE)
    site = project.load()
    entries = (Entry(f"<p>{key}</p>", f"<p>{words}</p>", 1) for key, words in translated.items())
    lookup = Lookup(Catalog("net.json", tuple(entries)))
    return lay_out(site.localise(site.pages["net"], lambda name: f"{name}/", lookup))


def test_untranslated_headings_have_their_language_and_direction(project):
    headings = re.findall(r"<h[12][^>]*>(?:A thing|It draws)", shown(project, **{"Draws.": "يسحب"}))
    assert len(headings) == 2
    assert all('lang="en"' in it and 'dir="ltr"' in it for it in headings)


def test_so_has_the_original_of_what_is_translated(project):
    html = shown(project, **{"Words.": "كلمات"})
    assert re.search(r'<details class="original">.*?<div lang="en" dir="ltr"><p>Words\.', html)


def test_a_summary_reads_in_the_direction_of_its_words(project):
    assert '<p class="dek" dir="auto">A thing.</p>' in shown(project)
