"""MkDocs' own settings hold, or are named as not used."""

import pytest
from mkdocs.exceptions import Abort
from selectolax.lexbor import LexborHTMLParser
from support import CONFIG, built

from literate.mkdocs.config import load, make_project
from literate.mkdocs.unused import unused_settings

NAV = "  - Net: net.md\n"


def pages(project, folder="out"):
    return {name for name in project.files(folder) if name.endswith("index.html")}


@pytest.mark.parametrize("option", ["exclude_docs", "draft_docs"])
def test_what_is_kept_out_is_in_no_language(project, option):
    project.write("docs/index.md", "# T\n")
    project.write("docs/later.md", "# Later\n")
    nav = CONFIG.replace(NAV, f"{NAV}  - Later: later.md\n")
    project.write("mkdocs.yml", nav + f"{option}: |\n  later.md\n  net.md\n")
    built(project, "out")
    assert pages(project) == {"index.html", "zh/index.html"}
    assert "net.py" not in project.files("out")
    assert "Later" not in project.read("out/index.html")


def test_a_preview_shows_drafts(project):
    project.write("mkdocs.yml", CONFIG + "draft_docs: net.md\n")
    config = load(project.root / "mkdocs.yml")
    shown = [name for _, name in make_project(config, drafts=True).source_files()]
    assert [path.name for path in shown] == ["net.py"]
    assert not list(make_project(config).source_files())


def test_files_stand_in_the_navigation(project):
    project.write("docs/paper.pdf", "x")
    project.write("mkdocs.yml", CONFIG.replace(NAV, f"{NAV}  - PDF: paper.pdf\n"))
    project.write("translations/zh/site.json", '{"PDF": "文件"}')
    built(project, "out")
    for page, path, label in (("index", "paper.pdf", "PDF"), ("zh/index", "../paper.pdf", "文件")):
        links = LexborHTMLParser(project.read(f"out/{page}.html")).css(f'nav a[href="{path}"]')
        assert label in [link.text().strip() for link in links]


def test_other_plugins_and_hooks_may_bring_pages_and_files(project):
    hook = """
from mkdocs.structure.files import File

def on_files(files, config):
    files.append(File.generated(config, "extra.md", content="# Extra\\n\\n**Words**"))
    files.append(File.generated(config, "data/x.json", content="{}"))
    return files
"""
    project.write("hook.py", hook)
    project.write(
        "mkdocs.yml", CONFIG.replace(NAV, f"{NAV}  - More: extra.md\n") + "hooks: [hook.py]\n"
    )
    built(project, "out")
    assert "<strong>Words</strong>" in project.read("out/extra/index.html")
    assert "data/x.json" in project.files("out")
    assert 'href="../extra/"' in project.read("out/net/index.html")
    assert "hreflang" not in project.read("out/extra/index.html").split("</head>")[0]


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ("edit_uri: edit/main/docs/\n", "edit/main/src/paper/net.py"),
        ("edit_uri_template: 'blob/main/docs/{path}'\n", "blob/main/src/paper/net.py"),
    ],
)
def test_pages_lead_to_where_they_are_edited(project, more, address):
    config = CONFIG.replace("  font: false\n", "  font: false\n  features: [content.action.edit]\n")
    project.write("mkdocs.yml", config + "repo_url: https://github.com/a/b\n" + more)
    built(project, "out")
    for page in ("net", "zh/net"):
        assert f'href="https://github.com/a/b/{address}"' in project.read(f"out/{page}/index.html")


def test_settings_that_do_nothing_are_named(project):
    more = "markdown_extensions:\n  - attr_list\nextra:\n  alternate:\n    - {name: A, link: /, lang: en}\n"
    search = CONFIG.replace("plugins:\n", "plugins:\n  - search\n")
    project.write("mkdocs.yml", search + more)
    said = "\n".join(unused_settings(load(project.root / "mkdocs.yml")))
    for name in ("`markdown_extensions`", "the plugin `search`", "`extra.alternate`"):
        assert f"{name}" in said
    config = built(project, "out")
    assert config.plugins["literate"].notes[0].startswith("`markdown_extensions` are not used")
    assert "search/search_index.json" not in project.files("out")
    assert "search/zh.json.gz" in project.files("out")
    project.write("mkdocs.yml", CONFIG)
    assert not list(unused_settings(load(project.root / "mkdocs.yml")))


def test_a_page_that_is_nowhere_is_still_an_error(project, caplog):
    project.write("mkdocs.yml", CONFIG.replace(NAV, f"{NAV}  - More: nwt.md\n"))
    with pytest.raises(Abort):
        built(project, "out")
    assert "names 'nwt.md', which is no page. Did you mean 'net.md'" in caplog.text
