"""How long from a save to the browser showing it: an edited note, under `serve`, in Chromium.

python benchmarks/live_edit.py          a table
python benchmarks/live_edit.py --json   and one JSON object on the last line
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus import LANGUAGES, make_project
from support import chromium, playwright

#: Pages x languages -> milliseconds that it may take.
GOALS = {"10 pages x 4 languages": 100.0, "221 pages x 4 languages": 300.0}
#: The page that is edited, in both sizes, and a note of it.
_SOURCE = "sources/labml_nn/conv_mixer/__init__.py"
_PAGE = "labml_nn/conv_mixer/"
_NOTE = "This is a [PyTorch](https://pytorch.org) implementation"
_WATCH = """(word) => new Promise((done) => {
  const seen = () => document.querySelector("article").textContent.includes(word);
  const look = () => (seen() ? done(performance.timeOrigin + performance.now())
                             : requestAnimationFrame(look));
  look();
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--edits", type=int, default=15, help="edits, after two to warm up")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "whole", tuple(LANGUAGES))
        for name, goal in reversed(GOALS.items()):
            if name.startswith("10 "):
                keep_ten(project)
            times = measure(project, options.edits)
            results[name] = statistics.median(times)
            print(
                f"{name:<26}{results[name]:7.0f} ms  ({min(times):.0f} to {max(times):.0f})"
                f"   goal {goal:.0f}, {'reached' if results[name] <= goal else 'NOT reached'}",
                flush=True,
            )
    if options.json:
        shown = {
            f"{name}, ms": {"value": round(value, 1), "goal": GOALS[name], "better": "lower"}
            for name, value in results.items()
        }
        print(json.dumps(shown))


def keep_ten(project: Path) -> None:
    """Leave nine source files and the first page."""
    files = sorted((project / "sources").rglob("*.py"))
    edited = project / _SOURCE
    for path in [path for path in files if path != edited][8:]:
        path.unlink()


def measure(project: Path, edits: int) -> list[float]:
    source = project / _SOURCE
    original = source.read_text(encoding="utf-8")
    assert _NOTE in original, "labml-nn has changed: name another note"
    with serving(project) as address, playwright() as driver, chromium(driver) as browser:
        page = browser.new_page()
        page.goto(address + _PAGE)
        page.wait_for_timeout(500)
        times = []
        for number in range(edits + 2):
            word = f"edit{number}done"
            handle = page.evaluate_handle(f"(word) => ({{ shown: ({_WATCH})(word) }})", word)
            text = original.replace(_NOTE, f"{_NOTE} {word}", 1)
            saved = time.time()
            source.write_text(text, encoding="utf-8")
            shown = handle.evaluate("(handle) => handle.shown")
            times.append(shown - saved * 1000)
            page.wait_for_timeout(150)
    source.write_text(original, encoding="utf-8")
    return times[2:]


@contextmanager
def serving(project: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "literate", "serve", "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=project, stdout=log, stderr=log)
        try:
            yield _when_ready(f"http://127.0.0.1:{port}/", process)
        finally:
            process.terminate()
            process.wait()


def _when_ready(address: str, process: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        try:
            urllib.request.urlopen(address)  # noqa: S310
        except OSError:
            if process.poll() is not None:
                raise SystemExit("serve ended early") from None
            time.sleep(0.2)
        else:
            return address
    raise SystemExit("serve does not answer")


if __name__ == "__main__":
    main()
