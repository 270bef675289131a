"""`build_site.py`, run as a user runs it: what it builds, and how it fails."""

import json
import re
import subprocess
import sys

import pytest
from support import CONFIG, PAGE, SOURCE

from literate.mkdocs.build import crash
from literate.mkdocs.place import swap


def test_every_language_is_built(built):
    project, result = built
    assert result.returncode == 0, result.stderr
    assert {"index.html", "net/index.html", "zh/index.html", "zh/net/index.html", "404.html",
            "zh/404.html", "sitemap.xml"} <= project.files().keys()  # fmt: skip
    assert "Double the input." in project.read("site/net/index.html")
    chinese = project.read("site/zh/net/index.html")
    assert "<p>输入加倍。</p>" in chinese
    shown = re.sub(r'<details class="original">.*?</details>', "", chinese, flags=re.DOTALL)
    assert "Double the input." in chinese and "Double the input." not in shown


def test_the_last_line_says_what_was_built(built):
    last = built.result.stdout.strip().split("\n")[-1]
    assert re.fullmatch(
        r"site/: 4 pages, 2 languages \(en; translated: zh \d+(\.\d)? %\), \d+\.\d s", last
    ), last


def test_an_untranslated_note_is_english_and_marked(built):
    chinese = built.project.read("site/zh/net/index.html")
    marked = re.findall(r'<div class="untranslated" lang="en"[^>]*>(.*?)</div>', chinese, re.DOTALL)
    assert any("Words about" in html for html in marked)


def test_names_of_pages_and_languages_are_right_in_each_language(project):
    project.write("translations/zh/site.json", '{"Net": "网络", "A paper": "一篇论文"}')
    project.run()
    chinese, english = project.read("site/zh/net/index.html"), project.read("site/net/index.html")
    assert '<html lang="zh"' in chinese and '<html lang="en"' in english
    assert '<link rel="canonical" href="https://paper.example/zh/net/">' in chinese
    for page in (chinese, english):
        assert 'hreflang="en" href="https://paper.example/net/"' in page
        assert 'hreflang="zh" href="https://paper.example/zh/net/"' in page
        assert 'hreflang="x-default" href="https://paper.example/net/"' in page
    assert "网络" in chinese and "一篇论文" in chinese
    assert "网络" not in english and "一篇论文" not in english
    sitemap = project.read("site/sitemap.xml")
    assert sitemap.count("<loc>") == 4
    assert sitemap.count('hreflang="zh"') == 4


def test_each_404_page_speaks_its_language_and_leads_home(project):
    project.write(
        "translations/zh/site.json",
        '{"There is no page at this address.": "此地址没有页面。", "To the overview": "回到概览"}',
    )
    project.run()
    for name, language in (("404.html", "en"), ("zh/404.html", "zh")):
        page = project.read(f"site/{name}")
        assert f'<html lang="{language}"' in page
        body = page[page.index("<article") :]
        homes = re.findall(r'<p lang="(\w+)">[^<]* <a href="([^"]*)">', body)
        assert [code for code, _ in homes] == sorted(
            ["en", "zh"], key=lambda code: code != language
        )
        assert {address for _, address in homes} == {"/", "/zh/"} or {
            address for _, address in homes
        } == {"/.", "/zh/"}
        assert "此地址没有页面。" in body


def test_anchors_are_the_same_in_every_language(project):
    project.write("translations/zh/net.json", '{"<h2>A net</h2>": "<h2>一个网络</h2>"}')
    project.run()
    for name in ("net/index.html", "zh/net/index.html"):
        page = project.read(f"site/{name}")
        assert {"Net", "Net.forward", "a-net", "L20"} <= set(re.findall(r' id="([^"]+)"', page))
    assert '<h2 id="a-net">一个网络</h2>' in project.read("site/zh/net/index.html")


def test_links_lead_to_the_page_in_the_same_language(built):
    assert 'href="net/#Net.forward"' in built.project.read("site/index.html")
    assert 'href="net/#Net.forward"' in built.project.read("site/zh/index.html")


def test_mkdocs_itself_builds_the_site(project):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    result = subprocess.run(command, cwd=project.root, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "4 pages, 2 languages" in result.stderr
    assert "输入加倍" in project.read("site/zh/net/index.html")


def test_a_source_may_be_crlf(project):
    project.write("src/paper/net.py", SOURCE.replace("\n", "\r\n"))
    assert project.run().returncode == 0
    assert "return" in project.read("site/net/index.html")


ERRORS = {
    "source": ("src/paper/net.py", "def f(:\n", "src/paper/net.py:1: this is not Python"),
    "front matter": ("docs/index.md", "---\na: b: c\n---\n", "docs/index.md:2: the front matter is not YAML"),
    "front matter of a source": ("src/paper/net.py", '"""\n---\ntitle\n---\n"""\n', "src/paper/net.py:2: the front matter is a str"),
    "dead link": ("docs/index.md", "# A\n\nSee [b](b.md).\n", "docs/index.md:3: the link 'b.md' leads nowhere"),
    "dead anchor": ("docs/index.md", PAGE.replace("Net.forward", "Net.forwards"), "docs/index.md:8: the link '../src/paper/net.py#Net.forwards' leads to an anchor that src/paper/net.py does not have. Did you mean 'Net.forward'?"),
    "dead image": ("docs/index.md", "# A\n\n![b](b.png)\n", "docs/index.md:3: the link 'b.png' leads nowhere"),
    "dead raw link": ("docs/index.md", '# A\n\n<a href="b.md">b</a>\n', "docs/index.md:3: the link 'b.md' leads nowhere"),
    "math": ("src/paper/net.py", SOURCE.replace("$h$", "$\\\\frac{$"), "src/paper/net.py:8: the expression"),
    "map": ("translations/zh/net.json", '{"a": "b"', "translations/zh/net.json:1: the map is not JSON"),
    "duplicate key": ("translations/zh/net.json", '{\n"a": "b",\n"a": "c"\n}', "translations/zh/net.json:3: the key 'a' stands here and on line 2"),
    "type": ("translations/zh/net.json", '{\n"a": null\n}', "translations/zh/net.json:2: the translation of 'a' is a NoneType"),
    "lost placeholder": ("translations/zh/net.json", '{\n"<p>Words about <span translate=no>_^_0_^_</span>.</p>": "<p>话</p>"\n}', "translations/zh/net.json:2: the placeholder _^_0_^_ is lost"),
    "doubled placeholder": ("translations/zh/net.json", '{\n"<p><span translate=no>_^_0_^_</span>.</p>": "<p><span translate=no>_^_0_^_</span><span translate=no>_^_0_^_</span></p>"\n}', "translations/zh/net.json:2: the placeholder _^_0_^_ is doubled"),
    "language file": ("translations/zh/language.toml", "name = 1", "translations/zh/language.toml:1: the entry 'name' is 1"),
    "no language file": ("translations/de/net.json", "{}", "translations/de/language.toml: the language 'de' has no language.toml"),
    "unknown language": ("mkdocs.yml", CONFIG + "      languages: [zn]\n", "mkdocs.yml:12: unknown language 'zn'. Did you mean 'zh'?"),
    "missing sources": ("mkdocs.yml", CONFIG.replace("src/paper", "src/papers"), "mkdocs.yml:11: the source folder src/papers does not exist"),
    "drawing": ("docs/index.md", "# A\n\n![b](b.svg)\n", "docs/b.svg:2: the drawing is not well-formed"),
    "two sources": ("docs/net.md", "# Net\n", "src/paper/net.py: the page 'net' is also made of docs/net.md"),
    "navigation": ("mkdocs.yml", CONFIG.replace("net.md", "nets.md"), "mkdocs.yml:5: the navigation names 'nets.md', which is no page. Did you mean 'net.md'?"),
    "option": ("mkdocs.yml", CONFIG + "      sorces: []\n", "mkdocs.yml:12: the plugin `literate` has no option 'sorces'. Did you mean 'sources'?"),
    "configuration": ("mkdocs.yml", "site_name: [", "mkdocs.yml:"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "message"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_one_clear_message_and_leaves_the_old_site(project, name, text, message):
    project.write("site/index.html", "the last good site")
    if "b.svg" in text:
        project.write("docs/b.svg", '<svg xmlns="http://www.w3.org/2000/svg">\n<text></svg>')
    project.write(name, text)
    result = project.run()
    assert result.returncode not in (0, None)
    lines = result.stderr.strip().split("\n")
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert "Traceback" not in result.stderr
    assert project.files() == {"index.html": b"the last good site"}
    assert not list(project.root.glob(".site-*"))


def test_several_errors_are_reported_together(project):
    project.write("docs/index.md", "# A\n\n[b](b.md)\n\n[c](#c)\n")
    lines = project.run().stderr.strip().split("\n")
    assert [line.split(": ")[1] for line in lines] == ["docs/index.md:3", "docs/index.md:5"]


def test_a_folder_that_cannot_be_written_is_said(project):
    (project.root / "site").write_text("in the way", encoding="utf-8")
    result = project.run()
    assert result.returncode == 1
    assert "site" in result.stderr
    assert "Traceback" not in result.stderr
    assert project.read("site") == "in the way"


@pytest.mark.parametrize(
    "arguments", [["--hepl"], ["biuld"], ["check", "zn"], ["serve", "--prot", "1"]]
)
def test_an_unknown_word_of_the_command_line(project, arguments):
    result = project.run(*arguments)
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
    assert (
        arguments[-1 if arguments[0] == "check" else -2 if len(arguments) > 2 else 0]
        in result.stderr
    )


def test_help_names_the_commands(project):
    text = project.run("--help").stdout
    for word in ("serve", "check", "extract", "strictly"):
        assert word in text


def test_outside_a_project(tmp_path, project):
    (project.root / "mkdocs.yml").unlink()
    for arguments in ([], ["check"], ["serve"]):
        result = project.run(*arguments)
        assert result.returncode == 1
        assert result.stderr.startswith("error: there is no mkdocs.yml here")


def test_check_reports_what_is_missing_and_stale(project):
    project.write(
        "translations/zh/net.json",
        '{\n"<p>Double the input</p>": "<p>输入加倍</p>",\n"<h2>A net</h2>": "<h2>网络</h2>"\n}',
    )
    result = project.run("check")
    assert result.returncode == 0
    assert result.stdout.startswith("中文 (zh): 1 of ")
    assert "translations/zh/net.json:2: stale: <p>Double the input</p>" in result.stdout
    assert "nearest missing key: <p>Double the input.</p>" in result.stdout
    assert "src/paper/net.py:22: missing: <p>Double the input.</p>" in result.stdout


def test_check_exits_with_1_on_a_fault(project):
    project.write("translations/zh/net.json", '{\n"<p>Double the input.</p>": "输入加倍。"\n}')
    result = project.run("check", "zh")
    assert result.returncode == 1
    assert (
        "translations/zh/net.json:2: the text '输入加倍。' stands outside any tag" in result.stdout
    )


def test_a_translator_fills_in_what_extract_wrote(project):
    result = project.run("extract", "zh")
    assert result.returncode == 0, result.stderr
    keys = json.loads(project.read("translations/zh/net.json"))
    assert list(keys)[0] == "The net"
    assert keys["<p>Double the input.</p>"] == "<p>输入加倍。</p>"
    assert "<p>Words about <span translate=no>_^_0_^_</span>.</p>" in keys
    # A second time there is nothing to add, and what waits for a translator stays.
    assert project.run("extract", "zh").stdout.startswith("0 keys added")
    assert json.loads(project.read("translations/zh/net.json")) == keys
    for path in (project.root / "translations/zh").glob("*.json"):
        entries = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({key: value or key for key, value in entries.items()}))
    checked = project.run("check")
    assert "(100 %), 0 missing, 0 stale, 0 faulty" in checked.stdout
    assert project.run("extract", "zh").stdout.startswith("0 keys added")


def test_an_image_with_a_title_is_a_figure_where_it_stands_alone(project):
    project.write("docs/p.png", "")
    project.write(
        "docs/index.md", '# A\n\n![a](p.png "Caption")\n\nText ![b](p.png "Title") text.\n'
    )
    assert project.run().returncode == 0
    page = project.read("site/index.html")
    assert (
        '<figure><img src="p.png" alt="a" loading="lazy"><figcaption>Caption</figcaption>' in page
    )
    assert '<p>Text <img src="p.png" alt="b" loading="lazy"> text.</p>' in page


def test_a_definition_whose_name_is_hard_to_find(project):
    source = "def \\\n  f(): ...\ndef ﬁ(): ...\nasync  def g(): ...\nclass É: ...\n"
    project.write("src/paper/net.py", source)
    project.write("docs/index.md", "# A\n")
    result = project.run()
    assert result.returncode == 0, result.stderr
    page = project.read("site/net/index.html")
    assert 'id="g"' in page and 'id="É"' in page


def test_a_swap_that_fails_puts_the_old_site_back(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("the last good site")
    with pytest.raises(OSError):
        swap(tmp_path / "nothing", tmp_path / "site", tmp_path / "old")
    assert (tmp_path / "site/index.html").read_text() == "the last good site"


def test_the_folder_that_the_configuration_names(project):
    project.write("mkdocs.yml", CONFIG + "site_dir: public\n")
    result = project.run()
    assert result.stdout.startswith("public/: "), result.stderr
    assert (project.root / "public/zh/net/index.html").is_file()
    assert not (project.root / "site").exists()


@pytest.mark.parametrize("folder", [".", "..", "docs", "src", "translations", "docs/site"])
def test_a_site_is_not_built_over_its_sources(project, folder):
    project.write("mkdocs.yml", CONFIG + f"site_dir: {folder}\n")
    before = sorted(project.root.rglob("*"))
    result = project.run()
    assert re.match(
        "error: mkdocs.yml:12: (the site would be built over |`site_dir`: The '(docs|site)_dir' should)",
        result.stderr,
    ), result.stderr
    assert sorted(project.root.rglob("*")) == before


def test_a_site_that_is_a_symbolic_link_stays_one(project):
    (project.root / "public").mkdir()
    (project.root / "site").symlink_to("public")
    assert project.run().returncode == 0
    assert (project.root / "site").is_symlink()
    assert (project.root / "public/index.html").is_file()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: material", "name: readthedocs", "mkdocs.yml:7: the theme is 'readthedocs'"),
        (
            "font: false",
            "language: xx",
            "mkdocs.yml:8: the theme has no words for the language 'xx'",
        ),
        ("font: false", "custom_dir: over", "mkdocs.yml:6: `theme`: The path set in custom_dir"),
    ],
)
def test_a_theme_that_does_not_serve(project, old, new, message):
    project.write("mkdocs.yml", CONFIG.replace(old, new))
    lines = project.run().stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith(f"error: {message}"), lines


def test_a_crash_is_said_as_a_person_would():
    assert crash(FileNotFoundError(2, "No such file or directory", "docs/p.png")) == (
        "docs/p.png: no such file or directory. Has it changed during the build? Build again."
    )
    assert "KeyError: 'x'" in crash(KeyError("x"))


def test_a_busy_port_is_said(project):
    import socket

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        result = project.run("serve", "--port", str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: port {port} cannot be served on: address already")
    assert len(result.stderr.splitlines()) == 1


def test_without_a_nav_every_language_still_has_a_navigation(project):
    start, end = CONFIG.index("nav:"), CONFIG.index("theme:")
    project.write("mkdocs.yml", CONFIG[:start] + CONFIG[end:])
    assert project.run().returncode == 0
    for name in ("index.html", "zh/index.html"):
        assert '<nav class="outline' in project.read(f"site/{name}")
        assert 'href="net/"' in project.read(f"site/{name}")


def test_a_title_brings_in_no_tags(project):
    project.write("translations/zh/net.json", '{"The net": "<b onclick=x()>网</b>"}')
    assert project.run().returncode == 0
    page = project.read("site/zh/net/index.html")
    assert "onclick" not in page and "<title>网 - " in page


def test_a_fold_of_imports_holds_imports(project):
    project.write("src/paper/net.py", '"""\n# M\n"""\n\n# A note.\nx = 1\n')
    project.write("docs/index.md", "# A\n")
    assert project.run().returncode == 0
    page = project.read("site/net/index.html")
    assert "<details" not in page and 'data-n="4"' in page


def test_a_site_without_a_first_page(project):
    (project.root / "docs/index.md").unlink()
    result = project.run()
    assert result.stderr == "error: docs: there is no first page. Write index.md there.\n"


def test_a_page_that_is_not_utf8_names_its_line(project):
    (project.root / "docs/index.md").write_bytes(b"# A\n\n\xe9\n")
    assert "docs/index.md:3: the page is not UTF-8" in project.run().stderr


def test_maps_may_lie_elsewhere_as_labmls_do(project):
    maps = "      translations: translate_cache\n      maps: '{page}.{language}.json'\n"
    project.write("mkdocs.yml", CONFIG + maps + "      languages: [zh, ar]\n")
    project.write("translate_cache/net.zh.json", project.read("translations/zh/net.json"))
    result = project.run()
    assert result.returncode == 0, result.stderr
    assert "<p>输入加倍。</p>" in project.read("site/zh/net/index.html")
    arabic = project.read("site/ar/index.html")
    assert '<body dir="rtl"' in arabic and "العربية" in arabic and "中文" in arabic


@pytest.mark.parametrize("maps", ["{page}.json", "{language}", "{page", "{page}.{lang}.json"])
def test_a_template_that_names_no_page_or_language(project, maps):
    project.write("mkdocs.yml", CONFIG + f"      maps: '{maps}'\n")
    result = project.run()
    assert result.returncode == 1
    assert "the option `maps` of the plugin `literate` is" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_engine_needs_no_torch_and_no_convmixer():
    code = (
        "import sys, literate.cli, literate.mkdocs.plugin\n"
        "print([name for name in ('torch', 'convmixer') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
