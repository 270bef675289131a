"""Front matter: what may stand there, what is said of it otherwise, and what is translated."""

import pytest
from support import CONFIG, Project

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.site.context import PageContext
from literate.site.localise import localise
from literate.site.messages import page_passages
from literate.site.page import load_page
from literate.source.document import Prose
from literate.source.frontmatter import FIELDS, Field, front_matter
from literate.translation.catalog import Catalog, Entry
from literate.translation.lookup import Lookup, coverage_of


def read(text, first=1):
    return front_matter(Prose(text, tuple(range(first, first + text.count("\n") + 1))), "page.md")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "[a, b]"),
        ("title", "2024"),
        ("title", "2024-05-01"),
        ("title", "{a: b}"),
        ("summary", "true"),
        ("template", "[main.html]"),
        ("status", "1"),
        ("script", "3"),
        ("style", "[a.css]"),
        ("hide", "1"),
        ("hide", "navigation"),
        ("hide", "[navigation, 1]"),
        ("hide", "{navigation: true}"),
    ],
)
def test_a_wrong_type_is_an_error_on_its_line(field, value):
    with pytest.raises(LiterateError) as error:
        read(f"\n---\nother: [1, {{a: b}}]\n{field}: {value}\n---\n# D", first=10)
    assert (error.value.file, error.value.line) == ("page.md", 13)
    assert f"'{field}' in the front matter" in error.value.message
    assert f"`{field}: " in error.value.fix


def test_fields_know_their_lines_and_others_are_kept_as_they_are():
    text = "---\nmine: [1, {a: b}]\ntitle: >\n  A\n  title\n2: x\nsummary:\nhide: []\n---\n"
    front, _ = read(text)
    assert front.fields == {
        "mine": [1, {"a": "b"}], "title": "A title\n", 2: "x", "summary": None, "hide": []
    }  # fmt: skip
    assert (front.lines["mine"], front.lines["title"], front.lines["hide"]) == (2, 3, 8)
    assert front.words == {"title": "A title"}


def test_merged_keys_are_read_as_yaml_has_them():
    front, _ = read("---\nbase: &b {title: A}\n<<: *b\n---\n")
    assert front.fields["title"] == "A"


@pytest.mark.parametrize("text", ["---\n---\nA", "---\n# nothing\n---\nA", "---\nnull\n---\nA"])
def test_front_matter_may_be_empty(text):
    front, rest = read(text)
    assert (front.fields, rest.text) == ({}, "A")


def test_a_field_is_translated_where_it_is_declared_so(tmp_path, monkeypatch):
    """What adding `authors` takes: this line, and what shows them."""
    monkeypatch.setitem(FIELDS, "authors", Field(is_list=True, is_translated=True))
    file = tmp_path / "page.md"
    file.write_text("---\ntitle: A\nauthors: [Bee, Cee]\n---\nWords.\n", encoding="utf-8")
    page = load_page("page", SourceFile(file, "page.md"))

    catalog = Catalog("m.json", (Entry("A", "甲", 1), Entry("Bee", "乙", 2)))
    shown = localise(page, PageContext(lambda raw: raw, {}, lookup=Lookup(catalog)))
    assert shown.words == {"title": "甲", "authors": ("乙", "Cee")}
    missing = coverage_of(page_passages(page, {}), Lookup(catalog)).missing
    assert [(it.key, it.line, it.context) for it in missing] == [
        ("Cee", 3, "authors"),
        ("<p>Words.</p>", 5, ""),
    ]


def test_templates_get_translations_of_fields_and_what_is_not_declared(tmp_path):
    project = Project(tmp_path)
    project.write(
        "mkdocs.yml", CONFIG.replace("  font: false\n", "  font: false\n  custom_dir: own\n")
    )
    project.write("src/paper/net.py", "x = 1\n")
    project.write(
        "docs/index.md", "---\ntitle: Start\nsummary: A\nmine: [<b>, 3]\ntemplate: my.html\n---\n"
    )
    project.write(
        "own/my.html",
        "{{ page.meta.summary }}/{% for it in page.meta.mine %}{{ it | e }}/{% endfor %}{{ page.meta.title }}",
    )
    project.write("translations/zh/language.toml", 'name = "中文"\n')
    project.write("translations/zh/index.json", '{"Start": "开始", "A": "&lt;b&gt;甲&lt;/b&gt;"}')
    result = project.run()
    assert result.returncode == 0, result.stderr
    assert project.read("site/index.html") == "A/&lt;b&gt;/3/Start"
    assert project.read("site/zh/index.html") == "&lt;b&gt;甲&lt;/b&gt;/&lt;b&gt;/3/开始"
    project.write("docs/index.md", "# A\n\nWords.\n")
    project.write("src/paper/net.py", '"""\n---\nsummary: B\ntitle: [a, b]\n---\n"""\nx = 1\n')
    result = project.run()
    assert result.returncode == 1
    assert (
        "error: src/paper/net.py:4: 'title' in the front matter is ['a', 'b'], not a text"
        in result.stderr
    )
