"""The texts of a site to translate: one list of them, from which every number is read."""

import contextlib
import json
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support import CONFIG, Project

from literate.base.cache import NO_CACHE
from literate.mkdocs.config import load, make_project, read_project
from literate.site.editions import make_editions, page_infos
from literate.site.layout import lay_out
from literate.site.load import load_site
from literate.site.site import SITE_CATALOG
from literate.site.status import check_language, edition_coverage, extract_language
from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup, coverage_of
from literate.translation.message import Kind
from literate.translation.segment import identity_of, parse


def built_coverage(site, language="zh"):
    """What the last line of a build says."""
    editions = make_editions(site, "", lambda language, name: f"{language}/{name}/")
    return edition_coverage(site, editions, page_infos(site, editions, NO_CACHE))[language]


def keys(project, name):
    path = project.root / f"translations/zh/{name}.json"
    return list(json.loads(path.read_bytes())) if path.exists() else []


# --- where each stands --------------------------------------------------------------------------

MODULE = '''"""
---
title: A net
summary: >
  It doubles.
---

# Nets
"""


class Net:
    """
    ## Doubling

    Twice[^1] the `input`.

    ![A sketch](net.svg "What it does")

    !!! note
        Mind this.

    [^1]: Two times.
    """
'''
SVG = """<svg xmlns="http://www.w3.org/2000/svg">
  <title>Sketch</title>
  <text x="1"
    y="2">
    the <tspan>input</tspan>
    goes
  </text><text translate="no">n</text>
  <text>1, 2</text>
</svg>
"""


def write_net(project):
    project.write("docs/index.md", "# A\n")
    project.write("src/paper/net.py", MODULE)
    project.write("src/paper/net.svg", SVG)


def test_each_text_has_its_place_and_its_kind(project):
    write_net(project)
    found = [(m.key, m.file, m.line, m.kind) for m in project.load().messages("net")]
    held = "<span translate=no>_^_{}_^_</span>"
    page, drawing = "src/paper/net.py", "src/paper/net.svg"
    assert found == [
        ("A net", page, 3, Kind.FIELD),
        ("It doubles.", page, 4, Kind.FIELD),
        ("<h1>Nets</h1>", page, 8, Kind.BLOCK),
        ("<h2>Doubling</h2>", page, 14, Kind.BLOCK),
        (f"<p>Twice{held.format(0)} the {held.format(1)}.</p>", page, 16, Kind.BLOCK),
        (
            '<div class="admonition note">\n<p class="admonition-title">'
            f"{held.format(0)}</p>\n<p>Mind this.</p>\n</div>",
            page,
            20,
            Kind.BLOCK,
        ),
        ("A sketch", page, 18, Kind.ALT),
        ("Sketch", drawing, 2, Kind.DRAWING),
        ("the", drawing, 3, Kind.DRAWING),
        ("input", drawing, 5, Kind.DRAWING),
        ("goes", drawing, 5, Kind.DRAWING),
        ("What it does", page, 18, Kind.CAPTION),
        ("<p>Two times.</p>", page, 23, Kind.FOOTNOTE),
    ]


def test_a_title_stands_where_it_was_taken_from(project):
    project.write("docs/index.md", "\n\n# Head\n")
    first = project.load().messages("index")[0]
    assert (first.key, first.line, first.kind) == ("Head", 3, Kind.FIELD)


def test_the_name_of_a_file_is_no_text_to_translate(project):
    project.write("docs/index.md", "Words.\n")
    assert [m.key for m in project.load().messages("index")] == ["<p>Words.</p>"]


def test_words_of_the_site_have_their_places(project):
    write_net(project)
    project.write(
        "base.yml",
        "# The name of all.\nsite_name: A paper\ntheme:\n  name: material\n  font: false\n"
        "  palette:\n    - scheme: default\n      toggle:\n        name: Dark\n"
        "nav: [Old: index.md]\n",
    )
    project.write(
        "mkdocs.yml",
        "INHERIT: base.yml\ncopyright: 'Two\n  lines'\n"
        "nav:\n  - index.md: index.md\n  - More:\n    - The net: net.md\n"
        "plugins:\n  - literate:\n      sources: [src/paper]\n",
    )
    messages = project.load().messages(SITE_CATALOG)
    assert [(m.key, m.file, m.line, m.kind) for m in messages][:6] == [
        ("A paper", "base.yml", 2, Kind.CONFIG),
        ("Two lines", "mkdocs.yml", 2, Kind.CONFIG),
        ("index.md", "mkdocs.yml", 5, Kind.NAV),
        ("More", "mkdocs.yml", 6, Kind.NAV),
        ("The net", "mkdocs.yml", 7, Kind.NAV),
        ("Dark", "base.yml", 9, Kind.CONFIG),
    ]
    own = {m.key: m for m in messages if m.kind is Kind.UI}
    root = Path(page_infos.__code__.co_filename).parents[2]
    for message in own.values():
        assert message.context
        if message.file.startswith("literate/"):
            line = (root / message.file).read_text().split("\n")[message.line - 1]
            assert f'"{message.key}"' in line
    assert (own["Note"].file, own["Note"].line) == ("src/paper/net.py", 20)
    assert (own["Back to the text"].file, own["Back to the text"].line) == ("src/paper/net.py", 23)
    report = check_language(project.load(), "zh")
    assert not [m for m in report.coverage.missing if (m.file, m.line) == ("mkdocs.yml", 1)]


def test_a_word_of_another_plugin_stands_where_its_setting_does(project):
    config = load(project.root / "mkdocs.yml")
    config.site_name = "Another paper"
    config.nav[1] = {"Network": "net.md"}
    config.copyright = "Of no setting"
    words = [m for passage in make_project(config).words for m in passage.messages]
    assert [(m.key, m.file, m.line) for m in words] == [
        ("Another paper", "mkdocs.yml", 1),
        ("Of no setting", "mkdocs.yml", 1),
        ("Start", "mkdocs.yml", 4),
        ("Network", "mkdocs.yml", 3),
    ]


def test_a_text_written_twice_is_one_message(project):
    project.write("docs/index.md", "# A\n\nThe same.\n\nOther.\n\nThe\nsame.\n")
    (same,) = [m for m in project.load().messages("index") if "same" in m.key]
    assert same.occurrences == (("docs/index.md", 3), ("docs/index.md", 7))


def test_a_text_is_missing_while_it_is_so_anywhere(project):
    """A whole note is translated where it stands, which helps its paragraph nowhere else."""
    project.write("docs/index.md", "# A\n")
    project.write(
        "src/paper/net.py",
        '"""\nOne.\n\nTwo.\n"""\n\ndef f():\n    """\n    Three.\n\n    One.\n    """\n',
    )
    project.write("translations/zh/net.json", json.dumps({"<p>One.</p><p>Two.</p>": "<p>一二</p>"}))
    site = project.load()
    coverage = coverage_of(site.passages("net"), Lookup(site.catalog("zh", "net")))
    assert [(m.key, m.line) for m in coverage.missing if m.kind is Kind.BLOCK] == [
        ("<p>Three.</p>", 9),
        ("<p>One.</p>", 11),
    ]


def test_a_note_that_is_translated_block_by_block_is_not_taken_for_another(project):
    catalog = Catalog(
        "m.json", tuple(Entry(k, k, 1) for k in ("<p>One two</p>", "<p>One</p>", "<p>two</p>"))
    )
    lookup = Lookup(catalog)
    served = lookup.blocks(parse("<p>One</p><p>two</p>"))
    assert served == ["<p>One</p>\n", "<p>two</p>\n"]


def test_a_catalog_is_data():
    catalog = Catalog("m.json", (Entry("<p>a</p>", "<p>b</p>", 1),))
    assert hash(catalog) == hash(Catalog("m.json", (Entry("<p>a</p>", "<p>b</p>", 1),)))
    one, other = Lookup(catalog), Lookup(catalog)
    assert one.block(parse("<p>a</p>")[0]) == "<p>b</p>"
    assert not list(one.obsolete()) and list(other.obsolete())


# --- every number is one number -----------------------------------------------------------------

WORDS = st.sampled_from(
    ["One two", "One", "two", "`x` of $y$", "a < b & c", "See [it](index.md)", "2"]
)
BLOCKS = st.one_of(
    WORDS,
    st.builds("# {}".format, WORDS),
    st.builds("* {}\n* {}".format, WORDS, WORDS),
    st.builds("1. {}\n2. {}".format, WORDS, WORDS),
    st.builds("> {}".format, WORDS),
    st.builds("| {} | a |\n|---|---|\n| {} | {} |".format, WORDS, WORDS, WORDS),
    st.builds("<details><summary>{}</summary>\n\n{}\n\n</details>".format, WORDS, WORDS),
    st.builds("<div>One <b>two</b></div><p>two</p>".format),
    st.builds('!!! note "{}"\n    {}'.format, st.sampled_from(["One", "two", ""]), WORDS),
    st.builds('![{}](../drawing.svg "{}")'.format, WORDS, st.sampled_from(["One", "two", "3", ""])),
    st.builds('In line ![{}](../drawing.svg "not shown").'.format, WORDS),
    st.builds("{}[^n]".format, WORDS),
)
FRONT = st.sampled_from(
    ["", "---\ntitle: One\nsummary: two\n---\n", "---\nsummary: One two\n---\n"]
)
DRAWINGS = st.lists(st.sampled_from(["One", "two", "3", "A &lt;b&gt; c"]), max_size=3)


def with_footnote(blocks):
    """A note whose references have something to refer to."""
    text = "\n\n".join(blocks)
    return text + "\n\n[^n]: One.\n\n    two\n" if "[^n]" in text else text + "\n"


NOTES = st.lists(BLOCKS, min_size=1, max_size=6).map(with_footnote)


@st.composite
def projects(draw):
    """The files of a small project; what is written in it twice comes often."""
    notes = [draw(NOTES).replace("\n", "\n    ") for _ in "ab"]
    functions = (f'def f{n}():\n    r"""\n    {note}\n    """\n' for n, note in enumerate(notes))
    head = draw(st.sampled_from(["# One", "two", "One two"]))
    words = "".join(f"<text>{word}</text>" for word in draw(DRAWINGS))
    return {
        "docs/index.md": draw(FRONT) + "# One\n\n" + draw(NOTES),
        "src/net.py": f'r"""\n{head}\n"""\n\n' + "\n\n".join(functions),
        "drawing.svg": f'<svg xmlns="http://www.w3.org/2000/svg">{words}</svg>',
        "mkdocs.yml": CONFIG.replace("src/paper", "src").replace(
            "Net: net.md", f"{draw(st.sampled_from(['Net', 'Start', '2024']))!r}: net.md"
        ),
        "translations/zh/language.toml": 'name = "中文"\n',
    }


@contextlib.contextmanager
def on_disk(files):
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        for name, text in files.items():
            project.write(name, text)
        yield project


def numbers(site):
    """(all, missing) as each of those says who counts; they all say the same."""
    checked = check_language(site, "zh").coverage
    built = built_coverage(site)
    names = (SITE_CATALOG, *site.pages)
    messages = sum(len(site.messages(name)) for name in names)
    assert messages == checked.total == built.total
    assert set(checked.missing) == set(built.missing)
    assert len(checked.missing) == len(built.missing)
    return messages, len(checked.missing)


@settings(max_examples=25)
@given(projects())
def test_check_extract_and_the_build_agree(files):
    with on_disk(files) as project:
        read = read_project(project.root / "mkdocs.yml")
        site = load_site(read)
        count, missing = numbers(site)
        assert count == missing == extract_language(site, "zh")
        names = (SITE_CATALOG, *site.pages)
        assert missing == sum(len(keys(project, name)) for name in names)
        for name in names:
            messages = site.messages(name)
            assert keys(project, name) == [message.key for message in messages]
            assert len({m.identity for m in messages}) == len(messages)
            assert all(identity_of(m.key) == m.identity for m in messages)
        site = load_site(read)
        assert numbers(site) == (count, count), "an empty translation is missing"
        assert extract_language(site, "zh") == 0
        for name in names:  # all are filled in, with what stands there already
            entries = {key: key for key in keys(project, name)}
            project.write(f"translations/zh/{name}.json", json.dumps(entries))
        site = load_site(read)
        assert numbers(site) == (count, 0)
        report = check_language(site, "zh")
        assert str(report.coverage) == str(built_coverage(site)) == "100 %"
        assert not report.obsolete and not report.errors
        assert extract_language(site, "zh") == 0


@settings(max_examples=25)
@given(projects(), st.data())
def test_what_is_laid_out_is_what_is_counted(files, data):
    """A page asks its catalog for what was read off it, and marks what is missing."""
    with on_disk(files) as project:
        extract_language(project.load(), "zh")
        entries = dict.fromkeys(keys(project, "net"), "")
        for key in data.draw(st.sets(st.sampled_from(list(entries)))):
            entries[key] = key
        project.write("translations/zh/net.json", json.dumps(entries))
        site = project.load()
        catalog = site.catalog("zh", "net")
        counting, showing = Lookup(catalog), Lookup(catalog)
        coverage = coverage_of(site.passages("net"), counting)
        page = site.localise(site.pages["net"], lambda name: f"{name}/", showing)
        assert showing.used == counting.used
        assert set(showing.requested) == set(counting.requested)
        assert len(coverage.missing) <= sum(not translation for translation in entries.values())
        notes = [m for m in coverage.missing if m.kind in (Kind.BLOCK, Kind.FOOTNOTE)]
        assert bool(re.search('class="untranslated"', lay_out(page))) == bool(notes)


def test_the_last_line_of_a_build_says_what_check_says(project):
    project.write("docs/index.md", "# A\n\nThe same.\n\nThe same.\n\nOther.\n")
    extract_language(project.load(), "zh")
    share = str(check_language(project.load(), "zh").coverage)
    result = project.run()
    assert result.returncode == 0, result.stderr
    assert f"translated: zh {share})" in result.stdout
    assert f"({share})" in project.run("check").stdout
