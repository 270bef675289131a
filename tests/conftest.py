"""What the tests share: small projects, the built site, a browser."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = "---\ntitle: Overview\nsummary: What this is.\n---\n\n# Overview\n\nSee [the code](../src/paper/net.py#Net.forward).\n"
SOURCE = '''"""
---
title: The net
---

# The net

Words about $h$.
"""

import math


class Net:
    """
    ## A net

    It has `h` units.
    """

    def forward(self, x):
        # Double the input.
        return 2 * x
'''
CONFIG = """site_name: A paper
site_url: https://paper.example/
nav:
  - Start: index.md
  - Net: net.md
theme:
  name: material
  font: false
plugins:
  - literate:
      sources: [src/paper]
"""


class Project:
    """A project on disk, and the commands run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`build_site.py` as a user runs it."""
        command = [sys.executable, str(ROOT / "build_site.py"), *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=120)

    def files(self) -> dict[str, bytes]:
        folder = self.root / "site"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A paper with one Markdown page, one annotated file, and a Chinese map."""
    made = Project(tmp_path)
    made.write("docs/index.md", PAGE)
    made.write("src/paper/net.py", SOURCE)
    made.write("mkdocs.yml", CONFIG)
    made.write("translations/zh/language.toml", 'name = "中文"\n')
    made.write("translations/zh/net.json", '{\n  "<p>Double the input.</p>": "<p>输入加倍。</p>"\n}\n')
    return made


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's own site, built as `build_site.py` builds it."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("docs", "src", "translations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    result = Project(folder).run()
    assert result.returncode == 0, result.stderr
    return folder / "site"


@pytest.fixture(scope="session")
def server(site: Path):
    """The address of the built site."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def find_chromium() -> str | None:
    """A Chromium of this machine's, or the one that CHROMIUM names."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("CHROMIUM") or next((path for path in found if path), None)


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright."""
    path = find_chromium()
    if path is None:
        message = (
            "The browser tests need Chromium: install Debian's `chromium` (apt-get install "
            "chromium) or any Chrome, or name one in the environment variable CHROMIUM."
        )
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    arguments = ["--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-quic"]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()
