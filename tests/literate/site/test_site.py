"""A site as a whole: what its pages are, where its links and files lead, and what is in the way."""

from pathlib import Path

import pytest
from support import CONFIG, PAGE, SOURCE

from literate.base.errors import LiterateError
from literate.mkdocs.theme import check_languages, check_templates, check_theme
from literate.site.layout import lay_out
from literate.site.project import Project
from literate.translation.lookup import Lookup

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def fails(project, message):
    with pytest.raises(LiterateError) as error:
        project.load()
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def html(site, name):
    page = site.pages[name]
    return lay_out(site.localise(page, lambda name: f"{name}/"))


def test_two_modules_of_one_name(project):
    project.write("src/paper/a/same.py", "from net import Net\n\nNet\n")
    project.write("src/paper/b/same.py", "X = 1\n")
    project.write("src/paper/use.py", "from same import X\n\nX\n")
    site = project.load()
    assert 'href="../../net/#Net"' in html(site, "a/same")
    assert 'id="X"' in html(site, "b/same")
    assert "same/#X" not in html(site, "use")


def test_files_of_one_name_are_told_apart(project):
    project.write("mkdocs.yml", CONFIG.replace("[src/paper]", "[src/paper, src/other]"))
    for name in ("paper", "other"):
        project.write(f"src/{name}/fig.png", name)
        project.write(f"src/{name}/{name}.py", '"""\n![a](fig.png)\n"""\n')
    site = project.load()
    served = {site.assets[f"src/{name}/fig.png"].read_text() for name in ("paper", "other")}
    assert served == {"paper", "other"}
    assert 'src="../src/other/fig.png"' in html(site, "other")


def test_two_files_at_one_address(project):
    project.write("docs/src/a.png", "")
    project.write("src/a.png", "")
    project.write("docs/index.md", "# A\n\n![a](src/a.png) ![b](../src/a.png)\n")
    fails(project, "docs/index.md:3: the link '../src/a.png' is served where docs/src/a.png is. ")


def test_a_slash_means_the_docs_folder(project):
    project.write("docs/figures/a.png", "")
    project.write("docs/b/c.md", "# C\n\n![a](/figures/a.png) [i](/index.md) [n](/net/#Net)\n")
    page = html(project.load(), "b/c")
    for address in ('src="../../figures/a.png"', 'href="../../index/"', 'href="../../net/#Net"'):
        assert address in page


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("../../secret.txt", "leads out of the project"),
        ("/../../secret.txt", "leads out of the project"),
        ("//etc/passwd", None),
        ("../.env", "leads to a hidden file"),
        (".hidden/a.txt", "leads to a hidden file"),
        ("../README.md", "leads to a Markdown file that is no page"),
        ("../notes.markdown", "leads to a Markdown file that is no page"),
        ("/etc/passwd", "leads nowhere"),
        ("file.txt", None),
    ],
)
def test_a_link_publishes_nothing_that_the_site_does_not_serve(project, link, words):
    (project.root.parent / "secret.txt").write_text("secret")
    for name in (".env", "docs/.hidden/a.txt", "README.md", "notes.markdown", "docs/file.txt"):
        project.write(name, "")
    project.write("docs/index.md", f"# A\n\n[a]({link})\n")
    if words:
        fails(project, f"docs/index.md:3: the link '{link}' {words}")
    else:
        assert "secret" not in "".join(map(str, project.load().assets))


def test_hidden_pages_are_none(project):
    project.write("docs/.drafts/x.md", "# Draft\n\n[dead](dead.md)\n")
    assert "x" not in "".join(project.load().pages.keys() - {"index"})


def test_a_page_of_another_ending(project):
    project.write("docs/other.markdown", "# A\n")
    fails(project, "docs/other.markdown: the page ends in .markdown. Call it other.md.")


@pytest.mark.parametrize("name", ["zh/net", "zh", "zh/deep/er"])
def test_a_page_where_a_language_will_be(project, name):
    project.write(f"docs/{name}.md", "# A\n")
    fails(project, f"docs/{name}.md: the page '{name}' stands where the pages in 'zh' will")


def test_a_language_that_the_sources_are_in(project):
    project.write("translations/en/language.toml", 'name = "English"\n')
    fails(
        project, "mkdocs.yml:6: 'en' is the language of the sources, and one to translate them into"
    )
    project.write("mkdocs.yml", CONFIG.replace("font:", "language: zh\n  font:"))
    fails(project, "mkdocs.yml:8: 'zh' is the language of the sources")


def test_an_untranslated_note_bears_the_language_of_the_sources(project):
    project.write("mkdocs.yml", CONFIG.replace("font:", "language: de\n  font:"))
    site = project.load()
    lookup = Lookup(site.catalog("zh", "index"))
    page = site.localise(site.pages["index"], lambda name: f"{name}/", lookup)
    assert 'class="untranslated" lang="de"' in lay_out(page)


def test_a_file_that_cannot_be_read(project):
    (project.root / "src/paper/loop.py").symlink_to("loop.py")
    fails(project, "src/paper/loop.py: the file cannot be read: ")


def test_folders_that_lead_in_a_circle(project):
    (project.root / "src/paper/again").symlink_to("..")
    (project.root / "src/paper/round").symlink_to("round")
    assert project.load().pages.keys() == {"index", "net"}


def test_a_file_that_vanishes(project, monkeypatch):
    project.write("src/paper/gone.py", "")
    from literate.site import load as site

    def vanishing(name, file, cache):
        if name == "gone":
            file.path.unlink()
        return load_page(name, file, cache)

    load_page = site.load_page
    monkeypatch.setattr(site, "load_page", vanishing)
    fails(project, "src/paper/gone.py: the file cannot be read: no such file or directory")


def test_front_matter_with_a_day_that_never_was(project):
    project.write("docs/index.md", "---\ndate: 2022-13-45\n---\n")
    fails(project, "docs/index.md:1: the front matter is not YAML: month must be")


def test_a_drawing_stands_twice_on_a_page(project):
    project.write("docs/d.svg", DRAWING.replace("/>", '><path id="a"/></svg>'))
    project.write("docs/index.md", "# A\n\n![a](d.svg) and ![b](d.svg)\n")
    ids = [part.split('"')[0] for part in html(project.load(), "index").split('<path id="')[1:]]
    assert len(ids) == len(set(ids)) == 2


# --- the theme ---


@pytest.fixture
def material(tmp_path):
    folder = tmp_path / "theme"
    (folder / "partials/languages").mkdir(parents=True)
    for code in ("en", "zh", "zh-Hant", "zh-TW", "pt", "pt-BR", "de"):
        (folder / f"partials/languages/{code}.html").touch()
    (folder / "main.html").touch()
    return [folder]


def spoken(language):
    return Project(Path(), Path("docs"), language=language)


@pytest.mark.parametrize(
    ("source", "language", "words"),
    [
        ("en", "zh-CN", "'zh-CN'. Call it 'zh' in its folder"),
        ("en", "pt-PT", "'pt-PT'. Call it 'pt' in its folder"),
        ("de-AT", "zh", "'de-AT'. Call it 'de' in `theme.language`"),
        ("english", "zh", "'english'. Known are: de, en"),
    ],
)
def test_a_language_that_the_theme_does_not_speak(material, source, language, words):
    with pytest.raises(LiterateError) as error:
        check_languages(spoken(source), [language], material)
    assert str(error.value).startswith(
        f"mkdocs.yml: the theme has no words for the language {words}"
    )


def test_languages_that_the_theme_speaks(material):
    assert check_languages(spoken("en"), ["zh", "zh-TW", "pt-BR"], material) is None


def test_another_theme(material, tmp_path):
    check_theme(spoken("en"), "material", material)
    with pytest.raises(LiterateError, match=r"mkdocs.yml: the theme is 'readthedocs'\. Write "):
        check_theme(spoken("en"), "readthedocs", [tmp_path])


def test_a_template_that_is_not_there(project, material):
    for template, is_there in (("main.html", True), ("mian.html", False)):
        project.write("docs/index.md", PAGE.replace("---\n\n", f"template: {template}\n---\n\n"))
        project.write("src/paper/net.py", SOURCE)
        site = project.load()
        if is_there:
            assert check_templates(site.pages.values(), material) is None
        else:
            with pytest.raises(LiterateError, match="docs/index.md:4: the theme has no template"):
                check_templates(site.pages.values(), material)


def test_a_title_may_speak_of_tags(project):
    project.write("docs/index.md", '---\ntitle: The <x> & y\n---\n\n![a](p.png "On <b>")\n')
    project.write("docs/p.png", "")
    project.write("translations/zh/index.json", '{"The <x> & y": "<x> 与 y", "On <b>": "论 <b>"}')
    site = project.load()
    page = site.pages["index"]
    for lookup, title, caption in (
        (None, "The &lt;x&gt; & y", "On &lt;b&gt;"),
        (Lookup(site.catalog("zh", "index")), "&lt;x&gt; 与 y", "论 &lt;b&gt;"),
    ):
        local = site.localise(page, lambda name: f"{name}/", lookup)
        assert local.title == title
        assert f"<figcaption>{caption}</figcaption>" in lay_out(local)


# --- a page's own script and style sheet ---


def test_a_page_alone_loads_what_its_front_matter_names(project):
    project.write("docs/try/it.js", "export {};")
    project.write("docs/try/it.css", "p {}")
    project.write(
        "docs/index.md",
        PAGE.replace("summary:", "script: try/it.js\nstyle: try/it.css\nsummary:"),
    )
    result = project.run()
    assert result.returncode == 0, result.stderr
    for place, up in (("index.html", ""), ("zh/index.html", "../")):
        page = project.read(f"site/{place}")
        assert f'<script type="module" src="{up}try/it.js"></script>' in page
        assert f'<link rel="stylesheet" href="{up}try/it.css">' in page
    assert "try/it" not in project.read("site/net/index.html")


@pytest.mark.parametrize("name", ["try/ti.js", "../secret.js", "/try/it.js", ".hidden/it.js"])
def test_a_script_that_is_not_there(project, name):
    for path in ("docs/try/it.js", "secret.js", "docs/.hidden/it.js"):
        project.write(path, "")
    project.write("docs/index.md", PAGE.replace("summary:", f"script: {name}\nsummary:"))
    fails(project, f"docs/index.md:3: the script '{name}' is no .js file of docs. ")
