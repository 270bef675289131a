"""A file is read if it is a regular one of the project, under a limit; a folder holds no way out."""

import os
import tracemalloc

import pytest
from support import Project

from literate.base import files
from literate.base.errors import LiterateError
from literate.base.files import SourceFile

NAMES = [
    "docs/index.md",
    "src/paper/net.py",
    "translations/zh/net.json",
    "translations/zh/language.toml",
]


def load(project: Project) -> None:
    site = project.load()
    site.catalog("zh", "net")


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_is_not_waited_for(project, name):
    (project.root / name).unlink()
    os.mkfifo(project.root / name)
    with pytest.raises(LiterateError, match=f"{name}: .*is no regular file"):
        load(project)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_a_limit(project, name, monkeypatch):
    monkeypatch.setattr(files, "LIMIT", 1000)
    project.write(name, "# " + "a" * 1001)
    with pytest.raises(LiterateError, match=f"{name}: .*is over 0 MiB"):
        load(project)


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/passwd", "../../../elsewhere"])
@pytest.mark.parametrize("name", NAMES)
def test_a_link_out_of_the_project_is_not_read(project, name, target):
    (project.root.parent / "elsewhere").write_text("{}")
    (project.root / name).unlink()
    (project.root / name).symlink_to(target)
    with pytest.raises(LiterateError, match=f"^{name}: this leads out of the project, to /"):
        load(project)


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc", "/", "/dev/zero", "../../../.."])
@pytest.mark.parametrize("name", ["docs/leak.txt", "docs/folder/leak"])
def test_a_link_out_of_the_project_is_not_published(project, name, target):
    (project.root / name).parent.mkdir(exist_ok=True)
    (project.root / name).symlink_to(target)
    with pytest.raises(LiterateError, match=f"^{name}: this leads out of the project, to /"):
        project.load()


def test_a_pipe_is_not_published(project):
    os.mkfifo(project.root / "docs/pipe.txt")
    with pytest.raises(LiterateError, match=r"^docs/pipe\.txt: this is no regular file"):
        project.load()


def test_a_folder_of_the_project_may_not_be_a_link_out_of_it(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project.root / "docs").rename(elsewhere / "docs")
    (project.root / "docs").symlink_to(elsewhere / "docs")
    with pytest.raises(LiterateError, match="leads out of the project"):
        project.load()


def test_links_within_the_project_are_the_authors(project):
    project.write("data/a.txt", "a")
    (project.root / "docs/a.txt").symlink_to("../data/a.txt")
    project.write("docs/index.md", "# A\n\n[a](a.txt)\n")
    assert project.load().assets.keys() == {"a.txt"}


def test_a_source_folder_elsewhere_is_one_that_the_configuration_names(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project.root / "src/paper").rename(elsewhere / "paper")
    text = project.read("mkdocs.yml").replace("src/paper", str(elsewhere / "paper"))
    project.write("mkdocs.yml", text)
    project.write("docs/index.md", "# A\n")
    assert project.load().pages.keys() == {"index", "net"}


def test_a_file_of_nobodys_project_is_read_wherever_it_is(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert SourceFile(tmp_path / "b", "b").read_text("the file") == "a"


def test_reading_a_small_file_asks_for_little_memory(tmp_path):
    path = tmp_path / "small"
    path.write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        assert SourceFile(path, "small").read_bytes("the file") == b"x" * 1000
        assert tracemalloc.get_traced_memory()[1] < files.LIMIT / 8
    finally:
        tracemalloc.stop()
