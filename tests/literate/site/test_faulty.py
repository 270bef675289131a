"""What is faulty is an error, or is shown as it is written and listed: one verdict of all commands."""

import json
import re

import pytest
from support import CONFIG, built

from literate.base.cache import NO_CACHE
from literate.base.errors import LiterateError
from literate.mkdocs.config import read_project
from literate.site.editions import make_editions, page_infos
from literate.site.load import load_site
from literate.site.quotes import Quotes
from literate.site.status import check_language, extract_language

REPORT = CONFIG + "      faulty: report\n      dead_links: report\n"
TWO = "# T\n\nTake $x$.\n\nSee [it](../src/paper/net.py).\n"
TAKE = "<p>Take <span translate=no>_^_0_^_</span>.</p>"
FAULTS = [
    ({TAKE: "<p>拿</p>"}, "the placeholder _^_0_^_ is lost"),
    ({TAKE: TAKE.replace("p>", "div>")}, "the source has p, the translation has div"),
    ({TAKE: "<p>拿\ud800</p>"}, "holds half a character"),
    ({TAKE: 7}, "is a int"),
]


def write(project, config, entries, more=""):
    project.write("mkdocs.yml", config)
    project.write("docs/index.md", TWO + more)
    see = '<p>See <a href="../src/paper/net.py">it</a>.</p>'
    entries = {**entries, see: '<p>看<a href="../src/paper/net.py">它</a>。</p>'}
    project.write("translations/zh/index.json", json.dumps(entries))


def infos(project):
    site = load_site(read_project(project.root / "mkdocs.yml"))
    editions = make_editions(site, "", lambda language, name: f"{language}/{name}/")
    return site, page_infos(site, editions, NO_CACHE)


@pytest.mark.parametrize(("entries", "message"), FAULTS)
def test_a_faulty_translation_is_an_error_to_all_commands(project, entries, message):
    write(project, CONFIG, entries)
    with pytest.raises(LiterateError, match=re.escape(message)):
        infos(project)
    report = check_language(project.load(), "zh")
    problems = [fault.problem for _, fault in report.faults] + list(map(str, report.errors))
    assert len(problems) == 1 and message in problems[0]
    assert not report.obsolete


@pytest.mark.parametrize(("entries", "message"), FAULTS)
def test_it_shows_its_paragraph_in_the_language_of_the_sources(project, entries, message):
    write(project, REPORT, entries)
    site, pages = infos(project)
    (fault,) = pages["zh", "index"].faults
    assert message in fault and fault.startswith("translations/zh/index.json:1: ")
    here = pages["zh", "index"].coverage
    built(project, "out")
    page = project.read("out/zh/index.html")
    assert page.count('class="untranslated" lang="en" dir="ltr"') == 2  # the heading, and it
    assert "看" in page and "拿" not in page
    counted = sum(
        message.file == "docs/index.md" for message in check_language(site, "zh").coverage.missing
    )
    assert counted == len(here.missing)


def test_a_map_that_is_none_at_all_shows_the_page_in_the_language_of_the_sources(project):
    write(project, REPORT, {})
    project.write("translations/zh/index.json", "{")
    _, pages = infos(project)
    assert "the map is not JSON" in pages["zh", "index"].faults[0]
    assert pages["zh", "index"].coverage.translated == 0


def test_a_faulty_entry_leaves_the_others_alone(project):
    write(project, REPORT, {TAKE: "<p>拿</p>", "<h1>T</h1>": "<h1>题</h1>"})
    _, pages = infos(project)
    assert len(pages["zh", "index"].faults) == 1
    assert pages["zh", "index"].title == "T"
    assert {m.key for m in pages["zh", "index"].coverage.missing} == {TAKE, "T"}


@pytest.mark.parametrize(
    ("translation", "quoted"), [("<p>放大。</p>", ""), (TAKE.replace("Take", "取"), "取")]
)
def test_a_faulty_entry_is_not_quoted_on_other_pages_either(project, translation, quoted):
    project.write("mkdocs.yml", REPORT)
    project.write("src/paper/net.py", 'def scale(x):\n    """Take $x$."""\n    return 2 * x\n')
    project.write("translations/zh/net.json", json.dumps({TAKE: translation}))
    site = project.load()
    editions = make_editions(site, "", lambda language, name: f"{language}/{name}/")
    quotes = Quotes(site, "zh", editions["zh"].addresses, editions["zh"].words)
    (about,) = quotes.abouts({"../net/#scale": ("net", "scale")}).values()
    assert about.sentence[:1] == quoted


STRANGE = "\nIt matches [^abc] and [@knuth], or $\\nosuch$, as head[:-1](x) does.\n"


def test_what_strangers_comments_hold_is_shown_as_it_is_written(project):
    write(project, REPORT, {}, STRANGE)
    site = project.load()
    said = "\n".join(map(str, (*site.faults, *site.dead_links)))
    for words in ("[^abc]", "[@knuth]", r"`\nosuch`", "'x' leads nowhere"):
        assert words in said
    assert all(line.startswith("docs/index.md:7: ") for line in said.split("\n"))
    built(project, "out")
    for folder in ("out", "out/zh"):
        page = project.read(f"{folder}/index.html")
        assert "[^abc]" in page and "[@knuth]" in page and r"<code>$\nosuch$</code>" in page


def test_what_strangers_comments_hold_is_an_error_otherwise(project):
    write(project, CONFIG, {}, STRANGE)
    with pytest.raises(LiterateError) as error:
        project.load()
    lines = str(error.value).split("\n")
    assert len(lines) == 2  # the citation and the link are looked at when all pages can be read
    assert all("backticks" in line and "`faulty: report`" in line for line in lines)


def test_an_error_lists_few_names(project):
    for number in range(60):
        project.write(f"src/paper/module_{number}.py", "x = 1\n")
    project.write("docs/index.md", "# T\n\n[no](qqqqqqqqqqqq.zz)\n")
    with pytest.raises(LiterateError) as error:
        project.load()
    assert len(str(error.value)) < 300
    assert "backticks" in str(error.value) and "`dead_links: report`" in str(error.value)


def test_a_number_sign_in_a_file_name_is_said_to_start_an_anchor(project):
    project.write("src/paper/a#b.py", "x = 1\n")
    project.write("docs/index.md", "# T\n\n[it](<../src/paper/a#b.py>)\n")
    with pytest.raises(LiterateError, match="# starts an anchor: write '../src/paper/a%23b.py'"):
        project.load()
    project.write("docs/index.md", "# T\n\n[it](../src/paper/a%23b.py)\n")
    project.load()


@pytest.mark.parametrize("name", ["__init__", "index"])
def test_maps_of_a_package_go_by_either_name(project, name):
    project.write("src/paper/gan/__init__.py", '"""\n# Gan\n\nWords.\n"""\n')
    project.write(f"maps/gan/{name}.zh.json", '{"<p>Words.</p>": "<p>词。</p>"}')
    template = (
        '      translations: maps\n      maps: "{page}.{language}.json"\n      languages: [zh]\n'
    )
    project.write("mkdocs.yml", CONFIG + template)
    _, pages = infos(project)
    assert pages["zh", "gan/index"].coverage.translated == 1
    report = check_language(project.load(), "zh")
    assert report.coverage.translated == 1 and not report.obsolete
    built(project, "out")
    assert "词。" in project.read("out/zh/gan/index.html")


def test_a_linked_map_stays_a_link(project):
    project.write("docs/index.md", "# T\n")
    project.write("elsewhere/index.json", "{}")
    link = project.root / "translations/zh/index.json"
    link.symlink_to(project.root / "elsewhere/index.json")
    extract_language(project.load(), "zh")
    assert link.is_symlink() and "T" in json.loads(project.read("elsewhere/index.json"))
