"""What the tests share: small projects, the built site, a browser."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import pytest
from support import CONFIG, PAGE, ROOT, SOURCE, Project, find_chromium


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A paper with one Markdown page, one annotated file, and a Chinese map."""
    made = Project(tmp_path)
    made.write("docs/index.md", PAGE)
    made.write("src/paper/net.py", SOURCE)
    made.write("mkdocs.yml", CONFIG)
    made.write("translations/zh/language.toml", 'name = "中文"\n')
    made.write(
        "translations/zh/net.json", '{\n  "<p>Double the input.</p>": "<p>输入加倍。</p>"\n}\n'
    )
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
