"""A page shows of the navigation what is around it, and everything can be reached from there."""

import pickle
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Link, Section, get_navigation
from support import Project
from support import built as build

from literate.base.seal import unseal
from literate.mkdocs import outline as outlines
from literate.mkdocs.outline import WHOLE, WINDOW, Outline
from literate.site.project import CACHE


def outline_of(nav: list) -> Outline:
    """The outline of a navigation: lists of pages' names, and of sections {title: list}."""
    config = MkDocsConfig()
    config.load_dict({"site_name": "Many", "nav": nav})
    config.validate()
    names = re.findall(r"\w+\.md", repr(nav))
    files = Files([File(name, None, "site", use_directory_urls=True) for name in names])
    return Outline(get_navigation(files, config), "Contents", "contents/")


def entries(items) -> list:
    return [entry for item in items for entry in (item, *entries(item.children or ()))]


def flat(count: int) -> list:
    return [f"p{number}.md" for number in range(count)]


@pytest.mark.parametrize("wrapped", [False, True], ids=["at the top", "in a section"])
def test_what_a_page_shows_does_not_grow_with_its_siblings(wrapped):
    shown = []
    for count in (200, 2000):
        nav = ["p.md", {"Part": flat(count)}] if wrapped else flat(count)
        outline = outline_of(nav)
        page = outline.nav.pages[count // 2]
        assert len(entries(outline.nav.items)) >= count
        shown.append([type(entry) for entry in entries(outline.of(page).items)])
    assert shown[0] == shown[1] and len(shown[0]) <= WINDOW + 5


def test_a_small_navigation_stands_on_every_page():
    outline = outline_of(["p.md", {"Part": [f"q{number}.md" for number in range(WHOLE - 2)]}])
    shown = [outline.of(page) for page in (None, *outline.nav.pages)]
    assert len(shown) == WHOLE and {id(nav) for nav in shown} == {id(outline.nav)}


#: Trees of sections; each leaf stands for so many pages in a row.
TREES = st.recursive(
    st.integers(1, 3 * WINDOW), lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=12
)


def nav_of(tree, name: str = "p") -> list:
    if isinstance(tree, int):
        return [f"{name}_{number}.md" for number in range(tree)]
    return [{f"{name}{i}": nav_of(inner, f"{name}{i}")} for i, inner in enumerate(tree)]


@settings(max_examples=40)
@given(TREES, st.data())
def test_a_page_shows_its_ancestors_and_neighbours_and_the_way_to_the_rest(tree, data):
    outline = outline_of([*flat(WHOLE), *nav_of(tree, "q")])
    page = data.draw(st.sampled_from(outline.nav.pages))
    items = outline.of(page).items
    for ancestor in reversed([*page.ancestors]):
        [open_one] = [item for item in items if isinstance(item, Section) and item.active]
        assert open_one.title == ancestor.title
        items = open_one.children
    siblings = page.parent.children if page.parent else outline.nav.items
    place = siblings.index(page)
    around = siblings[max(0, place - 3) : place + 4]
    assert [repr(item) for item in around] == [
        repr(item) for item in items if repr(item) in map(repr, around)
    ]
    whole = not any(isinstance(item, Link) for item in items)
    assert whole == (len(siblings) <= WINDOW and page.parent is not None)
    for section in entries(outline.of(page).items):
        if isinstance(section, Section) and not section.active:
            assert len(section.children) == 1 and section.children[0].is_page


@pytest.fixture
def many(project: Project, monkeypatch) -> Project:
    """A site that counts as a large one: three sections, one of them with sections of its own."""
    monkeypatch.setattr(outlines, "WHOLE", 2)
    monkeypatch.setattr(outlines, "WINDOW", 3)
    config = project.read("mkdocs.yml")
    project.write("mkdocs.yml", re.sub(r"nav:\n(  - .*\n)+", "", config))
    for number in range(9):
        for folder in ("a", "b/c", "b/d"):
            project.write(f"docs/{folder}/p{number}.md", f"# Page {folder} {number}\n")
    return project


def links(html: str, address: str) -> set[str]:
    found = re.findall(r'<a\b[^>]* href="([^"#]*)(?:#[^"]*)?"', html)
    return {urljoin(address, link) for link in found}


def test_all_pages_are_reached_by_links_alone(many):
    build(many, "site")
    pages = {path.removesuffix("index.html") for path in many.files() if path[-10:] == "index.html"}
    seen, ahead = set(), {""}
    while ahead:
        address = ahead.pop()
        seen.add(address)
        html = many.read(f"site/{address}index.html")
        outline = re.search(r'<nav class="outline.*?</nav>|<article.*?</article>', html, re.DOTALL)[
            0
        ]
        ahead |= {
            link.removeprefix("https://site/")
            for link in links(outline, f"https://site/{address}")
            if link.removeprefix("https://site/") in pages
        } - seen
    english = {page for page in pages if not page.startswith("zh/")}
    assert seen == english and len(english) == 30


def test_the_list_of_all_pages_lists_them_in_each_language(many):
    many.write("docs/contents.md", "# Another\n")
    build(many, "site")
    for folder, other in (("", "zh/"), ("zh/", "")):
        html = many.read(f"site/{folder}contents1/index.html")
        listed = re.search(r"<article.*</article>", html, re.DOTALL)[0]
        here = f"https://site/{folder}contents1/"
        pages = [
            name for name in many.files() if name.startswith(folder) and name[-10:] == "index.html"
        ]
        wanted = {
            f"https://site/{name.removesuffix('index.html')}"
            for name in pages
            if folder or name[:3] != "zh/"
        }
        assert links(listed, here) == wanted - {here}
        assert f"https://site/{other}contents1/" in links(html, here)
    page = many.read("site/b/c/p5/index.html")
    [anchor] = set(re.findall(r'href="../../../contents1/#([^"]+)"', page))
    assert f'<li id="{anchor}">C<ul>' in many.read("site/contents1/index.html")


def test_no_whole_page_lies_in_the_cache(project):
    build(project, "site")
    page = project.read("site/net/index.html")
    folder: Path = project.root / CACHE
    held = [
        repr(pickle.loads(unseal(path.relative_to(folder).as_posix(), path.read_bytes())))
        for path in folder.glob("??/*")
    ]
    assert "<!doctype html>" in page and "Double the input." in page
    assert any("<!doctype html>" in entry for entry in held)
    assert not any("<!doctype html>" in entry and "Double the input." in entry for entry in held)


def test_what_only_scripts_show_is_in_one_file_a_language(built):
    """A page that carried it would be larger by all the languages that there are."""
    page = built.project.read("site/zh/net/index.html")
    assert 'src="../../literate/words-zh.js"' in page
    script = built.project.read("site/literate/words-zh.js")
    for words in ("Keys</h2>", "The language that you chose last", "search.result.one"):
        assert words not in page and words.replace("<", r"\u003c").replace(">", r"\u003e") in script
