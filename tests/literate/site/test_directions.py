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


NOTE = """# A thing

!!! note

    Cited [@a], and $x_\\text{max}$; see [the data](data.csv).
"""


def test_an_original_has_the_words_of_its_own_language_alone(project):
    """Titles, brackets and words in formulas too; its links lead on from where the page lies."""
    project.write("docs/index.md", "# A\n")
    project.write("docs/data.csv", "1\n")
    project.write("docs/note.md", NOTE)
    project.write("refs.bib", "@misc{a, author={A, B}, title={T}, year={2020}}\n")
    project.write("mkdocs.yml", project.read("mkdocs.yml") + "      bibliography: refs.bib\n")
    site = project.load()
    page = site.pages["note"]
    own = site.localise(page, lambda name: f"{name}/")
    (source,) = (note.html for note in page.notes)
    words = {"Note": "注", "({papers})": "（{papers}）"}
    lookup = Lookup(
        Catalog(
            "note.json",
            (Entry(source, source.replace("Cited", "引用"), 1), Entry("max", "最大", 2)),
        )
    )
    site_words = Lookup(Catalog("site.json", tuple(Entry(k, v, 1) for k, v in words.items())))
    for depth in ("zh/", "de/at/", "ja/"):
        (row,) = site.localise(
            page, lambda name: f"{depth}{name}/", lookup, site_words  # noqa: B023
        ).rows  # fmt: skip
        assert "引用" in row.blocks[-1].html and "最大" in row.blocks[-1].html
        climb = "../" * (depth.count("/") + 1)
        (html,) = (block.html for block in own.rows[0].blocks if not block.heading)
        assert row.original == html.replace('href="../data.csv"', f'href="{climb}data.csv"')
        assert "(" in row.original and "max" in row.original


def test_a_summary_reads_in_the_direction_of_its_words(project):
    assert '<p class="dek" dir="auto">A thing.</p>' in shown(project)
