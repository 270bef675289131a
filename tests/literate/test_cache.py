"""What was built before is used again where nothing that went into it has changed."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mkdocs.commands.build import build
from mkdocs.config import load_config
from support import CONFIG, PAGE, SOURCE, Project

from literate.base.cache import Cache, digest
from literate.base.parallel import map_on_cores
from literate.mkdocs.live import MoreThanPagesError

FIGURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>{}</text></svg>'


def files_of(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def built(project: Project, site: str, **settings: object):
    """Build within this process: MkDocs takes long to start."""
    config = load_config(str(project.root / "mkdocs.yml"), site_dir=str(project.root / site))
    build(config)
    return config


def clean_files(project: Project) -> dict[str, bytes]:
    """What a build that knows nothing of earlier ones makes of the project."""
    cache, aside = project.root / ".cache", project.root / "aside"
    cache.rename(aside)
    try:
        built(project, "clean")
        return files_of(project.root / "clean")
    finally:
        shutil.rmtree(cache)
        aside.rename(cache)


def start(root: Path) -> Project:
    project = Project(root)
    project.write("docs/index.md", PAGE + "\n![A drawing](figure.svg 'Its caption')\n")
    project.write("docs/figure.svg", FIGURE.format("word"))
    project.write("src/paper/net.py", SOURCE)
    project.write("src/paper/use.py", '"""# A use"""\nfrom net import Net\n\nnet = Net()\n')
    project.write(
        "mkdocs.yml", CONFIG.replace("  - Net: net.md\n", "  - Net: net.md\n  - use.md\n")
    )
    project.write("translations/zh/language.toml", 'name = "中文"\n')
    project.write("translations/zh/net.json", '{"<p>Double the input.</p>": "<p>输入加倍。</p>"}')
    project.write("translations/zh/site.json", '{"Net": "网络"}')
    return project


#: (file, what it held, what it comes to hold; "{}" stands for a number)
EDITS = [
    ("src/paper/net.py", "Double the input.", "Double the input {}."),
    ("src/paper/net.py", "Words about $h$.", "Words about $h_{{{}}}$."),
    ("src/paper/net.py", "## A net", "## A net, no. {}"),
    ("src/paper/net.py", "return 2 * x", "return {} * x"),
    ("src/paper/net.py", "title: The net", "title: The net {}"),
    ("src/paper/net.py", "import math\n", "import math\n\n\ndef extra_{}(): ...\n"),
    ("src/paper/use.py", "net = Net()", "net = Net()\nsame_{} = Net"),
    ("src/paper/use.py", "from net import Net", "from net import Net as Net{}"),
    ("docs/index.md", "See [the code]", "See {} times [the code]"),
    ("docs/index.md", "summary: What", "summary: {} What"),
    ("docs/figure.svg", "word", "word {}"),
    ("mkdocs.yml", "site_name: A paper", "site_name: Paper {}"),
    ("mkdocs.yml", "  - Net: net.md", "  - Net {}: net.md"),
    ("translations/zh/net.json", "输入加倍", "输入加倍{}"),
    ("translations/zh/site.json", "网络", "网络{}"),
    ("translations/zh/language.toml", "中文", "中文{}"),
]


def edit(project: Project, number: int, count: int) -> Path:
    name, old, new = EDITS[number]
    text = project.read(name)
    new = new.format(count)
    # An edit that has been made is undone: what comes back must be right as well.
    project.write(name, text.replace(new, old) if new in text else text.replace(old, new, 1))
    return project.root / name


def refreshed(config, changed: Path) -> list[str] | None:
    """The addresses of the pages that were made anew, None where the whole site has to be."""
    try:
        return list(config.plugins["literate"].live.refresh({changed}))
    except MoreThanPagesError:
        return None


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, len(EDITS) - 1), st.integers(1, 2)), min_size=1, max_size=2
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_cached_build_is_byte_identical_to_a_clean_one(rounds):
    with tempfile.TemporaryDirectory() as folder:
        project = start(Path(folder))
        built(project, "site")
        for edits in rounds:
            for number, count in edits:
                edit(project, number, count)
            built(project, "site")
            assert files_of(project.root / "site") == clean_files(project)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, len(EDITS) - 1), min_size=1, max_size=4))
def test_a_refreshed_page_is_what_a_clean_build_makes_of_it(numbers):
    with tempfile.TemporaryDirectory() as folder:
        project = start(Path(folder))
        config = built(project, "site")
        for number in numbers:
            changed = edit(project, number, 1)
            if refreshed(config, changed) is None:
                config = built(project, "site")
        config.plugins["literate"].live.catch_up()
        assert files_of(project.root / "site") == clean_files(project)


@pytest.mark.parametrize("number", [0, 1, 3, 8, 13], ids=lambda number: EDITS[number][2])
def test_editing_a_note_or_its_translation_makes_only_its_page_anew(tmp_path, number):
    project = start(tmp_path)
    config = built(project, "site")
    changed = edit(project, number, 1)
    page = {"net": "net/", "use": "use/", "index": ""}[changed.stem]
    languages = {"zh/"} if changed.suffix == ".json" else {"", "zh/"}
    assert set(refreshed(config, changed)) == {language + page for language in languages}


def test_a_file_that_an_editor_writes_for_a_moment_is_no_change(tmp_path):
    project = start(tmp_path)
    config = built(project, "site")
    edit(project, 0, 1)
    changed = {tmp_path / "src/paper/net.py", tmp_path / "src/paper/.net.py.swp"}
    assert set(config.plugins["literate"].live.refresh(changed)) == {"net/", "zh/net/"}
    (tmp_path / "docs/new.md").write_text("# New\n", encoding="utf-8")
    assert refreshed(config, tmp_path / "docs/new.md") is None


@pytest.mark.parametrize("number", [2, 4, 5, 6, 11, 12, 14], ids=lambda number: EDITS[number][2])
def test_what_other_pages_show_makes_the_whole_site_anew(tmp_path, number):
    project = start(tmp_path)
    config = built(project, "site")
    assert refreshed(config, edit(project, number, 1)) is None


def test_two_builds_of_one_tree_are_byte_identical(tmp_path):
    sites = []
    for name in ("one", "two"):
        project = start(tmp_path / name)
        assert project.run().returncode == 0
        sites.append(project.files())
    assert sites[0] == sites[1]


# --- a build in which nothing changed ---


def test_nothing_is_built_where_nothing_has_changed(project):
    first = project.run()
    age(project)
    project.run()
    before = {path: path.stat().st_mtime_ns for path in (project.root / "site").rglob("*")}
    again = project.run()
    assert "nothing has changed since" in again.stdout, first.stdout + again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in (project.root / "site").rglob("*")}


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.write("docs/index.md", PAGE + "\nMore.\n"),
        lambda p: p.write("docs/more.md", "# More\n"),
        lambda p: p.write("translations/zh/index.json", '{"Overview": "概述"}'),
        lambda p: p.write("mkdocs.yml", CONFIG.replace("A paper", "Another")),
        lambda p: (p.root / "site/index.html").write_text("changed by hand"),
        lambda p: (p.root / "site/net/index.html").unlink(),
        lambda p: shutil.rmtree(p.root / "site"),
        lambda p: shutil.rmtree(p.root / ".cache"),
    ],
    ids=["page", "new page", "new map", "setting", "output", "output gone", "no site", "no cache"],
)
def test_any_change_is_built(project, change):
    project.run()
    age(project)
    project.run()
    change(project)
    result = project.run()
    assert result.returncode == 0 and "nothing has changed" not in result.stdout, result.stdout


def test_a_setting_from_the_environment_counts(project):
    project.write(
        "mkdocs.yml",
        CONFIG.replace("https://paper.example/", "!ENV [PAPER_URL, 'https://a.example/']"),
    )
    project.run()
    age(project)
    project.run()
    assert "nothing has changed" in project.run().stdout
    os.environ["PAPER_URL"] = "https://b.example/"
    try:
        assert "nothing has changed" not in project.run().stdout
    finally:
        del os.environ["PAPER_URL"]
    assert "https://b.example/net/" in project.read("site/net/index.html")


def test_a_configuration_that_is_inherited_counts(project):
    project.write("base.yml", CONFIG)
    project.write("mkdocs.yml", "INHERIT: base.yml\n")
    assert project.run().returncode == 0
    age(project)
    project.run()
    assert "nothing has changed" in project.run().stdout
    project.write("base.yml", CONFIG.replace("A paper", "Another paper"))
    assert "nothing has changed" not in project.run().stdout
    assert "Another paper" in project.read("site/index.html")


def age(project: Project) -> None:
    """Let the sources be older than the next build: what changes during one is not trusted."""
    for path in project.root.rglob("*"):
        if "site" not in path.parts and path.is_file():
            os.utime(path, (time.time() - 60, time.time() - 60))


# --- a cache in trouble ---


def test_a_damaged_cache_is_made_again_and_said_once(project):
    project.run()
    good = project.files()
    for path in (project.root / ".cache/literate").glob("??/*"):
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    (project.root / ".cache/literate/built.json").unlink(missing_ok=True)
    result = project.run()
    assert result.returncode == 0
    assert result.stdout.count("was damaged") == 1, result.stdout
    assert project.files() == good
    (project.root / ".cache/literate/built.json").unlink(missing_ok=True)
    assert "damaged" not in project.run().stdout


def test_a_cache_that_cannot_be_written_costs_time_only(project):
    project.write(".cache", "a file where the folder should be")
    result = project.run()
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("cannot be written") == 1, result.stdout
    assert "Double the input." in project.read("site/net/index.html")


def test_entries_that_no_build_asks_for_are_thrown_away(tmp_path):
    old = Cache(tmp_path)
    old.put(digest("kept"), 1)
    old.put(digest("left"), 2)
    for path in tmp_path.glob("??/*"):
        os.utime(path, (0, 0))
    new = Cache(tmp_path)
    assert new.get(digest("kept")) == 1
    new.prune()
    assert new.get(digest("kept")) == 1 and new.get(digest("left")) is None


def test_keys_tell_apart_what_only_joins_alike():
    keys = {digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", "")}
    assert len(keys) == 4


# --- all cores ---


@pytest.mark.parametrize("count", [0, 1, 23, 200])
def test_items_come_back_in_order(count):
    assert list(map_on_cores(lambda number: number * number, range(count))) == [
        number * number for number in range(count)
    ]


def test_an_error_of_a_worker_reaches_the_caller():
    def fail(number: int) -> int:
        if number == 150:
            raise ValueError("number 150")
        return number

    with pytest.raises(ValueError, match="number 150"):
        list(map_on_cores(fail, range(200)))
