"""Addresses, languages, titles and drawings of others' pages, as readers meet them."""

from selectolax.lexbor import LexborHTMLParser
from support import CONFIG, built

from literate.site.addresses import link_addresses


def test_bare_addresses_are_links():
    for text, address, rest in [
        ("See https://a.b/c?d=1&amp;e, or", "https://a.b/c?d=1&amp;e", ", or"),
        ("(https://a.b/c_(d)).", "https://a.b/c_(d)", ")."),
        ("见https://a.b/c。好", "https://a.b/c", "。好"),
        ("&lt;http://a.b&gt;", "http://a.b", "&gt;"),
    ]:
        html = link_addresses(f"<p>{text}</p>")
        assert f'<a href="{address}">{address}</a>{rest}' in html
    for html in ('<a href="https://a.b">https://a.b</a>', "<code>https://a.b</code>", "a://b"):
        assert link_addresses(html) == html


def test_they_are_in_every_language_and_the_key_stays(project):
    project.write("docs/index.md", "# T\n\nSee https://a.b/c.\n")
    project.write(
        "translations/zh/index.json", '{"<p>See https://a.b/c.</p>": "<p>见https://a.b/c。</p>"}'
    )
    built(project, "out")
    for folder in ("out", "out/zh"):
        assert '<a href="https://a.b/c">https://a.b/c</a>' in project.read(f"{folder}/index.html")


def test_a_title_from_the_name_of_a_file_stands_where_the_text_does(project):
    project.write("src/paper/nets/main.py", '"""\nWords.\n"""\nx = 1\n')
    project.write("src/paper/other/main.py", "x = 1\n")
    built(project, "out")
    for name in ("nets/main", "other/main"):
        page = LexborHTMLParser(project.read(f"out/{name}/index.html"))
        assert [node.text() for node in page.css("h1")] == [name]
        assert page.css_first(".opening h1") is not None
        assert name in page.css_first("title").text()


def test_an_untranslated_block_has_the_direction_of_its_language(project):
    project.write("translations/ar/language.toml", 'name = "العربية"\n')
    built(project, "out")
    page = project.read("out/ar/net/index.html")
    assert '<div class="untranslated" lang="en" dir="ltr"' in page


def test_the_language_of_a_page_is_its_full_tag(project):
    project.write("translations/zh-Hant/language.toml", 'name = "繁體中文"\n')
    built(project, "out")
    assert '<html lang="zh-Hant"' in project.read("out/zh-Hant/net/index.html")
    assert '<html lang="en"' in project.read("out/net/index.html")


def test_papers_say_what_they_are_written_in(project):
    bib = "@article{a, title={Eins}, author={A}, year=2001, langid={ngerman}}\n@article{b, title={Two}, author={B}, year=2002}\n"
    project.write("refs.bib", bib)
    project.write("docs/index.md", "# T\n\nSee [@a; @b].\n")
    project.write("mkdocs.yml", CONFIG + "      bibliography: refs.bib\n")
    built(project, "out")
    page = project.read("out/zh/index.html")
    assert '<li id="ref:a" lang="de">' in page and '<li id="ref:b" lang="en">' in page


def test_a_site_of_one_language_has_no_menu(project):
    (project.root / "translations/zh/language.toml").unlink()
    (project.root / "translations/zh/net.json").unlink()
    (project.root / "translations/zh").rmdir()
    built(project, "out")
    assert "md-select" not in project.read("out/net/index.html")


def test_the_menu_of_languages_loads_another_page(project):
    config = CONFIG.replace("  font: false\n", "  font: false\n  features: [navigation.instant]\n")
    project.write("mkdocs.yml", config)
    built(project, "out")
    links = LexborHTMLParser(project.read("out/net/index.html")).css("a.md-select__link")
    assert [link.attributes["target"] for link in links] == ["_self", "_self"]
