"""What was built before is used again where nothing that went into it has changed."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import CONFIG, PAGE, SOURCE, Project, age, built
from theme import share_templates

from literate.base.cache import Cache, digest
from literate.base.parallel import map_on_cores
from literate.mkdocs.live import MoreThanPagesError
from literate.mkdocs.up_to_date import Stamp
from literate.site.project import CACHE

FIGURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>{}</text></svg>'


@pytest.fixture(autouse=True, scope="module")
def templates():
    """What the templates compile to is no matter of a project."""
    with share_templates(os.environ["SHARED"]):
        yield


def clean_files(project: Project) -> dict[str, bytes]:
    """What a build that knows nothing of earlier ones makes of the project."""
    cache, aside = project.root / ".cache", project.root / "aside"
    cache.rename(aside)
    try:
        built(project, "clean")
        return project.files("clean")
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


@settings(max_examples=5)
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
        for edits in [[], *rounds]:
            for number, count in edits:
                edit(project, number, count)
            built(project, "site")
            assert project.files() == clean_files(project)


@settings(max_examples=6)
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
        assert project.files() == clean_files(project)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A site that a preview keeps up to date: whoever edits it undoes that."""
    project = start(tmp_path_factory.mktemp("live"))
    return project, built(project, "site")


def refreshed_by(live, number: int) -> tuple[Path, list[str] | None]:
    """The file of an edit, and the pages that it makes anew, when it is made and when undone."""
    project, config = live
    changed = edit(project, number, 1)
    pages = refreshed(config, changed)
    assert edit(project, number, 1) == changed
    undone = refreshed(config, changed)
    assert undone == pages or pages is None
    return changed, pages


@pytest.mark.parametrize("number", [0, 1, 3, 8, 13], ids=lambda number: EDITS[number][2])
def test_editing_a_note_or_its_translation_makes_only_its_page_anew(live, number):
    changed, pages = refreshed_by(live, number)
    page = {"net": "net/", "use": "use/", "index": ""}[changed.stem]
    languages = {"zh/"} if changed.suffix == ".json" else {"", "zh/"}
    assert set(pages) == {language + page for language in languages}


def test_a_file_that_an_editor_writes_for_a_moment_is_no_change(tmp_path):
    project = start(tmp_path)
    config = built(project, "site")
    edit(project, 0, 1)
    changed = {tmp_path / "src/paper/net.py", tmp_path / "src/paper/.net.py.swp"}
    assert set(config.plugins["literate"].live.refresh(changed)) == {"net/", "zh/net/"}
    (tmp_path / "docs/new.md").write_text("# New\n", encoding="utf-8")
    assert refreshed(config, tmp_path / "docs/new.md") is None


@pytest.mark.parametrize("number", [2, 4, 5, 6, 11, 12, 14], ids=lambda number: EDITS[number][2])
def test_what_other_pages_show_makes_the_whole_site_anew(live, number):
    assert refreshed_by(live, number)[1] is None


def test_two_builds_of_one_tree_are_byte_identical(tmp_path):
    sites = []
    for seed in ("1", "2"):  # of the order in which a set goes, which is another in each process
        project = start(tmp_path / seed)
        result = project.run_process(PYTHONHASHSEED=seed)
        assert result.returncode == 0, result.stderr
        sites.append(project.files())
    assert sites[0] == sites[1] and sites[0]


# --- a build in which nothing changed ---


def test_nothing_is_built_where_nothing_has_changed(project):
    age(project)
    first = project.run()
    before = {path: path.stat().st_mtime_ns for path in (project.root / "site").rglob("*")}
    again = project.run()
    assert again.stdout == first.stdout.replace("\n", "; nothing has changed since\n")
    assert before == {path: path.stat().st_mtime_ns for path in (project.root / "site").rglob("*")}
    project.write("docs/index.md", PAGE + "\nMore.\n")
    result = project.run()
    assert result.returncode == 0 and "nothing has changed" not in result.stdout
    assert "More." in project.read("site/index.html")


def stamped(project: Project) -> Callable[[], str | None]:
    """Build, and return what the stamp says from then on: the summary while all is as it was."""
    age(project)
    started = time.time()
    built(project, "site")
    stamp = Stamp(project.root / CACHE)
    stamp.write(project.root / "site", "built", started=started)
    return lambda: (stamp.built() or (None, None))[1]


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
def test_any_change_is_noticed(project, change):
    summary = stamped(project)
    assert summary() == "built"
    change(project)
    assert summary() is None


def test_what_changes_during_a_build_is_not_trusted(project):
    started = time.time()
    built(project, "site")
    project.write("docs/index.md", PAGE + "\nMore.\n")
    stamp = Stamp(project.root / CACHE)
    stamp.write(project.root / "site", "built", started=started)
    assert stamp.built() is None


def test_a_setting_from_the_environment_counts(project, monkeypatch):
    project.write(
        "mkdocs.yml",
        CONFIG.replace("https://paper.example/", "!ENV [PAPER_URL, 'https://a.example/']"),
    )
    summary = stamped(project)
    assert summary() == "built"
    monkeypatch.setenv("PAPER_URL", "https://b.example/")
    assert summary() is None
    built(project, "site")
    assert "https://b.example/net/" in project.read("site/net/index.html")


def test_a_configuration_that_is_inherited_counts(project):
    project.write("base.yml", CONFIG)
    project.write("mkdocs.yml", "INHERIT: base.yml\n")
    summary = stamped(project)
    assert summary() == "built"
    project.write("base.yml", CONFIG.replace("A paper", "Another paper"))
    assert summary() is None
    built(project, "site")
    assert "Another paper" in project.read("site/index.html")


# --- a cache in trouble ---


def test_a_damaged_cache_is_made_again_and_said_once(project):
    project.run()
    good = project.files()
    entries = [*(project.root / CACHE).glob("??/*")]
    for path in entries:
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    (project.root / CACHE / "built.json").unlink(missing_ok=True)
    result = project.run()
    assert entries and result.returncode == 0
    assert result.stdout.count("was damaged") == 1, result.stdout
    assert project.files() == good
    project.write("docs/index.md", PAGE + "\n")
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


def test_entries_that_a_killed_build_was_writing_are_thrown_away(tmp_path, monkeypatch):
    cache = Cache(tmp_path)

    class Killed(BaseException):
        pass

    def replace(path, target):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        for write in (cache.put, lambda name, code: cache.write_template(name, b"code")):
            with pytest.raises(Killed):
                write("name", "value")
    unfinished = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(unfinished) == 2
    # The next build starts at once, and takes two seconds.
    new = Cache(tmp_path)
    monkeypatch.setattr(time, "time", lambda: new._started + 2)
    new.prune()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


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
