"""The engine as MkDocs' guest: what MkDocs reads, it reads; what each option changes is seen."""

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from mkdocs.commands.build import build
from mkdocs.plugins import BasePlugin
from support import CONFIG, PAGE, ROOT, Project, age, built, small_project

from literate.base.errors import LiterateError
from literate.mkdocs.config import load, read_project
from literate.mkdocs.live import MoreThanPagesError
from literate.mkdocs.marks import Marks
from literate.mkdocs.options import DECLARED
from literate.mkdocs.up_to_date import Stamp
from literate.site.load import load_site
from literate.site.project import CACHE
from literate.site.project import Project as ReadProject

INHERITED = "INHERIT: conf/base.yml\n"
PAPER = "@misc{key, title = {Patches}, author = {A. Author}, year = {2022}}\n"
FORWARD = {
    "own": [],
    "takes": ["[B, h]", "[B, 8]"],
    "lines": {"return 2 * x": ["[B, h]", "[B, 8]"]},
    "passes": [""],
}
SHAPES = {
    "configurations": {"small": {"h": 8}},
    "files": {"src/paper/net.py": {"Net.forward": FORWARD}},
}
SUBNET = CONFIG.replace("  - Net: net.md\n", "  - Sub: subnet.md\n  - Net: nets.md\n")


class Based(NamedTuple):
    """A project with all that an option may name, and what it gave without: its cache is aside."""

    project: Project
    read: ReadProject
    files: dict[str, bytes] | str


@pytest.fixture(scope="module")
def based(tmp_path_factory):
    project = small_project(tmp_path_factory.mktemp("based"))
    project.write("src/paper/more.py", '"""# More"""\n')
    project.write("locale/zh/language.toml", 'name = "中文"\n')
    project.write("locale/zh/net.json", '{"<p>Double the input.</p>": "<p>两倍。</p>"}')
    project.write("translations/net.zh.json", '{"<p>Double the input.</p>": "<p>乘二。</p>"}')
    project.write("translations/de/language.toml", 'name = "Deutsch"\n')
    project.write("translations/zh/index.json", '{"<h1>Overview</h1>": "<h2>概览</h2>"}')
    project.write("docs/references.bib", PAPER)
    project.write("shapes.json", json.dumps(SHAPES))
    shutil.copy(ROOT / "inventories/python.inv", project.root)
    project.write("docs/index.md", PAGE + "\nWords [@key].\n\n[nowhere](nowhere.md)\n")
    configure(project, BASE)
    before = Based(project, read_project(project.root / "mkdocs.yml"), made(project, "site"))
    (project.root / ".cache").rename(project.root / "aside")
    return before


BASE = {
    "sources": ["src/paper"],
    "dead_links": "report",
    "faulty": "report",
    "bibliography": "docs/references.bib",
}
#: Option -> another value, and options that then have to change with it.
CHANGES = {
    "sources": {"sources": ["src/paper/net.py"]},
    "exclude": {"exclude": ["more.py"]},
    "translations": {"translations": "locale"},
    "maps": {"maps": "{page}.{language}.json", "languages": ["zh"]},
    "languages": {"languages": ["zh", "de"]},
    "dead_links": {"dead_links": "error"},
    "faulty": {"faulty": "error"},
    "bibliography": {"bibliography": ""},
    "paper": {"paper": "key"},
    "shapes": {"shapes": "shapes.json"},
    "cards": {"cards": True},
    "card_fonts": {"cards": True, "card_fonts": [str(ROOT / "fonts/noto-sans-sc.woff")]},
    "llms_txt": {"llms_txt": True},
    "pictures_from": {"pictures_from": ["https://pictures.example"]},
    "inventories": {
        "inventories": {"Python": {"url": "https://py.example/", "file": "python.inv"}}
    },
}


def configure(project: Project, options: dict) -> None:
    lines = "".join(f"      {name}: {value!r}\n" for name, value in options.items())
    project.write("mkdocs.yml", CONFIG.split("      sources:")[0] + lines)


def made(project: Project, site: str) -> dict[str, bytes] | str:
    """The files of a build, or what is said where it fails."""
    try:
        built(project, site)
    except SystemExit:
        return "an error"
    return project.files(site)


def test_every_option_has_a_change_to_try():
    assert CHANGES.keys() == DECLARED.keys()


@pytest.mark.parametrize("option", DECLARED)
def test_an_option_that_changes_is_seen_by_the_project_the_cache_and_the_site(option, based):
    project, before, old = based
    cache = project.root / ".cache"
    shutil.rmtree(cache, ignore_errors=True)
    shutil.copytree(project.root / "aside", cache)
    configure(project, BASE | CHANGES[option])
    after, new = read_project(project.root / "mkdocs.yml"), made(project, "site")
    assert getattr(before, option) != getattr(after, option)
    assert before.key != after.key
    assert old != new, "the change shows on the site"
    shutil.rmtree(cache)
    assert new == made(project, "clean")


def test_a_direction_that_changes_is_seen(project):
    built(project, "site")
    project.write("translations/zh/language.toml", 'name = "中文"\ndirection = "rtl"\n')
    built(project, "site")
    assert 'dir="rtl"' in project.read("site/zh/net/index.html")


# --- one reader ---


def test_pages_that_mkdocs_leaves_out_are_none(project):
    project.write("docs/drafts/idea.md", "# An idea\n\n[dead](dead.md)\n")
    project.write("docs/old.md", "# Old\n")
    project.write("mkdocs.yml", CONFIG + "exclude_docs: |\n  drafts/\n  old.md\n")
    site = load_site(read_project(project.root / "mkdocs.yml"))
    assert set(site.pages) == {"index", "net"}
    assert project.run("check").returncode == 0
    assert project.run().returncode == 0
    assert not [name for name in project.files() if "idea" in name or "old" in name]


def test_the_place_of_what_is_inherited(project, monkeypatch):
    monkeypatch.setenv("BASE", "conf/base.yml")
    project.write("mkdocs.yml", "INHERIT: !ENV [BASE, none.yml]\ndocs_dir: docs\nsite_dir: site\n")
    project.write("conf/base.yml", CONFIG.replace("src/paper", "src/nothing"))
    with pytest.raises(LiterateError) as error:
        load_site(read_project(project.root / "mkdocs.yml"))
    assert str(error.value).startswith("conf/base.yml:11: the source folder src/nothing does not")


@pytest.mark.parametrize(
    ("child", "base", "message"),
    [
        (INHERITED, CONFIG + "      sorces: []\n", "conf/base.yml:12: the plugin `literate` has no option 'sorces'"),
        (INHERITED, CONFIG + "      languages: [no]\n", "conf/base.yml:12: the option `languages`"),
        (INHERITED, CONFIG.replace("net.md", "nets.md"), "conf/base.yml:5: the navigation names 'nets.md'"),
        (INHERITED, SUBNET, "conf/base.yml:5: the navigation names 'subnet.md'"),
        (INHERITED, SUBNET.replace("subnet", "net"), "conf/base.yml:6: the navigation names 'nets.md'"),
        (INHERITED, CONFIG.replace("Start:", "2024:"), "conf/base.yml:4: a label of `nav`"),
        (INHERITED, CONFIG.replace("  font: false", "  language: no"), "conf/base.yml:8: `theme.language` is `false`"),
        (INHERITED + "theme: {language: no}\n", CONFIG, "mkdocs.yml:2: `theme.language` is `false`"),
        (INHERITED + "use_directory_urls: 3\n", CONFIG, "mkdocs.yml:2: `use_directory_urls`: Expected type"),
        (INHERITED, CONFIG + "use_directory_urls: 3\n", "conf/base.yml:12: `use_directory_urls`: Expected type"),
        (INHERITED, "INHERIT: more.yml\n", "conf/base.yml:1: the configuration inherits from conf/more.yml, which is not there"),
        (INHERITED, "INHERIT: ../mkdocs.yml\n", "conf/base.yml:1: the configuration inherits from itself"),
        (INHERITED, "site_name: [", "conf/base.yml:1: this is not YAML"),
    ],
)  # fmt: skip
def test_an_error_is_shown_where_its_setting_stands(project, child, base, message):
    project.write("mkdocs.yml", child)
    project.write("conf/base.yml", base)
    result = project.run()
    assert result.stderr.startswith(f"error: {message}"), result.stderr
    assert result.stderr.count("\n") == result.returncode == 1


@pytest.mark.parametrize("arguments", ["", "check", "extract zh", "weave net", "serve"])
def test_every_command_says_the_same_of_an_option(project, arguments):
    project.write("mkdocs.yml", CONFIG + "      maps: x\n")
    result = project.run(*arguments.split())
    assert result.stderr.startswith("error: mkdocs.yml:12: the option `maps`"), result.stderr
    assert result.stderr.count("\n") == result.returncode == 1


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("resources: x\n      sources: y", 12),
        ("# sources: a\n      exclude: ['sources:']\n      sources: y", 13),
        ("{exclude: ['sources:'], \n      sources: y}", 12),
    ],
)
def test_the_line_is_that_of_the_key_and_not_of_a_word_like_it(tmp_path, options, line):
    path = tmp_path / "mkdocs.yml"
    path.write_text(CONFIG.replace("sources: [src/paper]", options), encoding="utf-8")
    assert Marks(path).place("plugins", "literate", "sources").line == line


def test_an_alias_stands_where_it_is_used(tmp_path):
    path = tmp_path / "mkdocs.yml"
    path.write_text("x: &x\n  - a\nplugins:\n  literate:\n    sources: *x\n", encoding="utf-8")
    assert Marks(path).place("plugins", "literate", "sources").line == 5


def test_what_mkdocs_warns_of_ends_a_build_and_no_check(project):
    project.write("mkdocs.yml", CONFIG + "colour: red\n")
    result = project.run()
    assert result.returncode == 1
    assert result.stderr == (
        "error: mkdocs.yml:12: `colour`: Unrecognised configuration name: colour.\n"
    )
    assert project.run("check").returncode == 0


def test_configuration_without_the_plugin(project):
    project.write("mkdocs.yml", CONFIG.split("plugins:")[0])
    with pytest.raises(LiterateError, match="is not in use"):
        load(project.root / "mkdocs.yml")


# --- pages that MkDocs finishes, since others have a say in them ---

HOOK = "def on_page_context(context, page, config, nav):\n    return context\n"


def test_pages_finished_by_mkdocs_are_byte_for_byte_those_that_we_finish(project):
    project.write(
        "translations/zh/site.json",
        '{"Net": "网络", "A paper": "一篇论文", "Close": "关闭", "Light": "明亮"}',
    )
    palette = "font: false\n  palette: [{toggle: {name: Light, icon: material/weather-sunny}}]"
    text = CONFIG.replace("font: false", palette)
    project.write("mkdocs.yml", text)
    built(project, "site")
    project.write("hook.py", HOOK)
    project.write("mkdocs.yml", text + "hooks: [hook.py]\n")
    built(project, "hooked")
    ours, theirs = project.files("site"), project.files("hooked")
    assert "关闭" in ours["literate/words-zh.js"].decode() and "明亮" in project.read(
        "site/zh/net/index.html"
    )
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_a_hook_changes_a_page_in_every_language(project):
    project.write(
        "hook.py",
        "def on_page_content(html, page, config, files):\n"
        "    return html.replace('<h1', '<h1 class=\"hooked\"')\n",
    )
    project.write("mkdocs.yml", CONFIG + "hooks: [hook.py]\n")
    assert project.run().returncode == 0
    for name in ("net", "zh/net"):
        page = project.read(f"site/{name}/index.html")
        assert 'class="hooked"' in page and 'lang="zh"' in page


class Listing(BasePlugin):
    """Takes part in a build, though not in its pages."""

    def on_files(self, files, config):
        self.pages = [file.src_uri for file in files.documentation_pages()]

    def on_post_build(self, config):
        Path(config.site_dir, "pages.txt").write_text("\n".join(self.pages), encoding="utf-8")


class Shouting(BasePlugin):
    def on_post_page(self, output, page, config):
        return output.replace("Words about", "WORDS ABOUT")


class Framing(BasePlugin):
    """Changes a page once it is written."""

    def on_post_build(self, config):
        page = Path(config.site_dir, "index.html")
        html = page.read_text(encoding="utf-8").replace(
            "<article", '<article data-x class="admonition"'
        )
        page.write_text(html, encoding="utf-8")


@pytest.mark.parametrize("other", [Listing, Framing])
def test_styles_keep_what_a_plugin_has_put_into_a_written_page(project, other):
    config = load(project.root / "mkdocs.yml")
    config.plugins["other"] = other()
    build(config)
    (style,) = project.root.glob("site/assets/stylesheets/main.*.css")
    is_framed = ".admonition" in style.read_text(encoding="utf-8")
    assert is_framed == (other is Framing)


@pytest.mark.parametrize(("other", "is_finished"), [(Listing, True), (Shouting, False)])
def test_only_a_plugin_that_changes_pages_keeps_us_from_finishing_them(project, other, is_finished):
    config = load(project.root / "mkdocs.yml")
    config.plugins["other"] = other()
    build(config)
    page = project.read("site/zh/net/index.html")
    assert ("WORDS ABOUT" in page, "Words about" in page) == (not is_finished, is_finished)
    if is_finished:
        assert project.read("site/pages.txt").split() == [
            "index.md",
            "net.md",
            "zh/index.md",
            "zh/net.md",
        ]
    live = config.plugins["literate"].live.refresh({project.root / "src/paper/net.py"})
    if is_finished:
        assert list(live) == []  # the page is as it was
    else:
        with pytest.raises(MoreThanPagesError):
            list(live)
    # What such a plugin reads, nobody knows
    assert Stamp(project.root / CACHE).built() is None
    assert not (project.root / CACHE / "inputs.json").exists()


def test_redirects_are_made_of_the_configuration_alone(project):
    redirects = "  - redirects:\n      redirect_maps: {old.md: net.md, zh/old.md: zh/net.md}\n"
    project.write("mkdocs.yml", CONFIG + redirects)
    age(project)
    first = project.run()
    assert first.returncode == 0, first.stderr
    for old in ("site/old/index.html", "site/zh/old/index.html"):
        assert 'content="0; url=../net/"' in project.read(old)
    assert "nothing has changed since" in project.run().stdout
    project.write("mkdocs.yml", CONFIG + redirects.replace("old.md", "older.md"))
    assert "nothing has changed since" not in project.run().stdout
    assert 'content="0; url=../net/"' in project.read("site/zh/older/index.html")


def test_the_configuration_is_as_it_was_after_a_build(project):
    config = built(project, "site")
    assert config.nav == [{"Start": "index.md"}, {"Net": "net.md"}]
    assert config.theme["language"] == "en" and config.site_name == "A paper"
    assert "alternate" not in config.extra


def test_a_project_that_was_copied_has_not_been_built_there(project, tmp_path_factory):
    from shutil import copytree

    stamp = Stamp(project.root / ".cache/literate")
    built(project, "site")
    stamp.write(project.root / "site", "built", started=9e12)
    assert stamp.built() == (project.root / "site", "built")
    other = Path(copytree(project.root, tmp_path_factory.mktemp("copy") / "here"))
    assert Stamp(other / ".cache/literate").built() is None
