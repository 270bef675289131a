"""Ctrl-C and SIGTERM end a command and all that it started, however it was started itself."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support import CONFIG, ROOT, SOURCE, Lines, fetch, free_port

PERSON, BACKGROUND = signal.SIG_DFL, signal.SIG_IGN
#: `make test &`, `nohup` and continuous integration start programs with SIGINT ignored.
STOPPED = pytest.mark.parametrize(
    ("number", "handling"),
    [
        (signal.SIGINT, PERSON),
        (signal.SIGINT, BACKGROUND),
        (signal.SIGTERM, BACKGROUND),
        (signal.SIGHUP, PERSON),
    ],
    ids=["Ctrl-C", "Ctrl-C in the background", "kill in the background", "hangup"],
)


@contextmanager
def started(project, handling, *arguments, ignored=signal.SIGINT):
    """`build_site.py` in a session of its own; whatever is left of it is killed."""

    def handle():  # whatever the tests themselves were started with
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, handling if number == ignored else signal.SIG_DFL)

    (project.root / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "build_site.py"), *arguments],
        cwd=project.root,
        env={**os.environ, "TMPDIR": str(project.root / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=handle,
    )
    try:
        yield process
    finally:
        for number in running(process.pid):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        process.wait()


def running(session):
    """The processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, owner = path.read_text().rpartition(")")[2].split()[:4]
            if int(owner) == session and state != "Z":
                found.append(int(path.parent.name))
    return found


def eventually(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return held


def stop(process, number):
    """End it as a terminal does, which sends Ctrl-C to all in the foreground, or as `kill` does."""
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)


@STOPPED
def test_a_build_that_is_stopped_leaves_the_old_site_and_nothing_else(project, number, handling):
    for i in range(60):  # enough for a process on each core
        project.write(f"src/paper/more_{i}.py", SOURCE)
    project.write("docs/index.md", "# A\n")
    project.write("site/index.html", "the last good site")
    with started(project, handling) as process:
        assert eventually(lambda: list(project.root.glob(".site-*")))
        stop(process, number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert (out, err) == ("", "error: stopped; the site is as it was.\n")
        assert running(process.pid) == []
    assert project.files() == {"index.html": b"the last good site"}
    assert not list(project.root.glob(".site-*")) and not list(project.root.glob("tmp/*"))


def test_nohup_is_respected(project):
    with started(project, signal.SIG_IGN, ignored=signal.SIGHUP) as process:
        assert eventually(lambda: list(project.root.glob(".site-*")))
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and out.startswith("site/: 4 pages")


@STOPPED
def test_a_preview_ends_with_all_that_it_started(project, number, handling):
    port = free_port()
    with started(project, handling, "serve", "--port", str(port)) as process:
        lines = Lines(process.stderr)
        assert lines.wait_for("Serving on")
        assert "Double the input." in fetch(f"http://127.0.0.1:{port}/net/")
        assert list(project.root.glob("tmp/*")), "the preview's site"
        stop(process, number)
        assert process.wait(timeout=60) == 128 + number
        assert running(process.pid) == []
    assert "Traceback" not in lines.text
    assert not list(project.root.glob("tmp/*"))
    with pytest.raises(urllib.error.URLError, match="refused"):
        fetch(f"http://127.0.0.1:{port}/")


def test_serve_rebuilds_when_a_map_changes(project):
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    with started(project, signal.SIG_DFL, "serve", "--port", str(port)) as process:
        lines = Lines(process.stderr)
        assert lines.wait_for("Serving on")
        assert "输入加倍" in fetch(f"{address}zh/net/")
        project.write("translations/zh/net.json", '{"<p>Double the input.</p>": "<p>两倍。</p>"}')
        assert lines.wait_for("Rebuilt 1 page in")
        assert "两倍。" in fetch(f"{address}zh/net/")
        project.write("src/paper/net.py", SOURCE + "\n\nEND = 1\n")
        assert lines.wait_for("Rebuilt the site in")
        assert "END" in fetch(f"{address}net/")
        red = CONFIG.replace("font: false", "font: false\n  palette: {primary: red}")
        project.write("mkdocs.yml", red)
        assert lines.wait_for("Rebuilt the site in")
        project.write("src/paper/net.py", SOURCE.replace("Double", "Twice") + "\n\nEND = 1\n")
        assert lines.wait_for("Rebuilt 2 pages in")
        page = fetch(f"{address}net/")
        assert "Twice the input" in page and 'data-md-color-primary="red"' in page
        project.write("src/paper/net.py", "def f(:\n")
        assert lines.wait_for("src/paper/net.py:1: this is not Python")
        assert "END" in fetch(f"{address}net/")
        project.write("src/paper/net.py", SOURCE)
        assert lines.wait_for("Rebuilt the site in")
    assert "Traceback" not in lines.text
