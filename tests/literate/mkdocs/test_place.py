"""A build replaces what builds have made, and cleans up after those that were killed."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from literate.base.errors import LiterateError
from literate.mkdocs.place import check_ours, clear_away, swap, workshop


def write_site(folder: Path, text: str = "site") -> Path:
    (folder / "literate").mkdir(parents=True)
    (folder / "literate/literate.css").write_text("")
    (folder / "index.html").write_text(text)
    return folder


def test_a_folder_that_no_build_has_made_stays(project):
    project.write("site/letters.txt", "years of them")
    result = project.run()
    assert result.returncode == 1
    assert result.stderr.startswith(
        "error: site is no site that was built here, and would be deleted"
    )
    assert project.files() == {"letters.txt": b"years of them"}
    assert not list(project.root.glob(".site-*"))


def test_a_folder_behind_a_link_stays(project, tmp_path_factory):
    precious = tmp_path_factory.mktemp("home")
    (precious / "letters.txt").write_text("years of them")
    (project.root / "site").symlink_to(precious)
    result = project.run()
    assert result.returncode == 1 and "would be deleted" in result.stderr
    assert [path.name for path in precious.iterdir()] == ["letters.txt"]
    assert (project.root / "site").is_symlink()


def test_what_was_built_and_what_is_empty_may_be_replaced(tmp_path):
    check_ours(tmp_path / "none", "none")
    check_ours(tmp_path, "empty")
    check_ours(write_site(tmp_path / "site"), "site")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").write_text("")
    with pytest.raises(LiterateError, match="other is no site that was built here"):
        check_ours(tmp_path / "other", "other")


@pytest.mark.parametrize("taken", [False, True], ids=["before the swap", "within the swap"])
def test_a_killed_build_is_cleaned_up_and_loses_nothing(tmp_path, taken):
    site = write_site(tmp_path / "site", "the last good site")
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from literate.mkdocs.place import workshop\n"
        "site = Path(sys.argv[1])\n"
        "with workshop(site) as folder:\n"
        "    (folder / 'new').mkdir()\n"
        f"    {taken} and site.rename(folder / 'old')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(site)])
    assert killed.returncode == -signal.SIGKILL and site.exists() != taken
    assert len(list(tmp_path.glob(".site-*"))) == 1
    clear_away(site)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (site / "index.html").read_text() == "the last good site"


@pytest.mark.parametrize("lock", [None, ""], ids=["without a lock", "with an empty one"])
def test_a_build_killed_before_it_said_whose_it_is_leaves_nothing(tmp_path, lock):
    site = write_site(tmp_path / "site")
    (tmp_path / ".site-01234567").mkdir()
    if lock is not None:
        (tmp_path / ".site-01234567/lock").write_text(lock)
    clear_away(site)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("moment", ["mkdir", "open"])
def test_a_build_that_just_begins_bears_a_clean_up_beside_it(tmp_path, monkeypatch, moment):
    site, cleared, real = write_site(tmp_path / "site"), [], getattr(Path, moment)

    def after(path, *arguments, **options):
        done = real(path, *arguments, **options)
        if not cleared and ".site-" in str(path):
            cleared.append(path)
            clear_away(site)
        return done

    monkeypatch.setattr(Path, moment, after)
    with workshop(site) as folder:
        monkeypatch.undo()
        assert cleared and not cleared[0].exists()
        assert (folder / "lock").read_text() == str(site)
        clear_away(site)
        assert folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_clean_up_that_is_killed_is_gone_on_with(tmp_path, monkeypatch):
    site = write_site(tmp_path / "site")
    (tmp_path / ".site-01234567").mkdir()
    write_site(tmp_path / ".site-01234567/old")
    (tmp_path / ".site-01234567/lock").write_text(str(site))

    def killed(path, **options):
        (path / "index.html").unlink(missing_ok=True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("shutil.rmtree", killed)
        clear_away(site)
    clear_away(site)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (site / "index.html").is_file()


def test_a_build_at_work_is_left_alone(tmp_path):
    site = write_site(tmp_path / "site")
    with workshop(site) as one, workshop(site) as other:
        assert one.exists() and other.exists()
        # A lock is the process's own file: another process finds it taken.
        with (one / "lock").open() as lock, pytest.raises(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_is_anothers_is_left_alone(tmp_path):
    site = tmp_path / "site"
    for name in (".site-01234567", ".site-89abcdef", ".site-mine-too"):
        (tmp_path / name / "old").mkdir(parents=True)
    (tmp_path / ".site-01234567/lock").write_text(str(tmp_path / "another site"))
    os.utime(tmp_path / ".site-89abcdef", (0, 0))
    (tmp_path / ".site-00000000").symlink_to(tmp_path / ".site-01234567")
    before = sorted(tmp_path.rglob("*"))
    clear_away(site)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_swap_puts_the_new_in_the_place_of_the_old(tmp_path):
    site, new = write_site(tmp_path / "site", "old"), write_site(tmp_path / "new", "new")
    swap(new, site, tmp_path / "old")
    assert (site / "index.html").read_text() == "new"


WORKERS = """
import os, signal, sys, time
from literate.base import parallel
parallel.cores = lambda: 3
def work(number):
    if number:
        os.write(1, f"{os.getpid()}\\n".encode())
        time.sleep(60)
for _ in parallel.map_on_cores(work, list(range(99))):
    pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
def test_workers_end_with_their_parent():
    with subprocess.Popen(
        [sys.executable, "-c", WORKERS], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        workers = [int(parent.stdout.readline()) for _ in range(3)]
        parent.kill()
        parent.wait()
        end = time.monotonic() + 30
        while (alive := [pid for pid in workers if _is_alive(pid)]) and time.monotonic() < end:
            time.sleep(0.01)
    assert not alive


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
