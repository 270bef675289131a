"""What the tests share: small projects, the built site, a browser."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import CONFIG, PAGE, ROOT, SOURCE, Project, chromium, served


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
    for name in ("docs", "records", "src", "translations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    result = Project(folder).run()
    assert result.returncode == 0, result.stderr
    return folder / "site"


@pytest.fixture(scope="session")
def server(site: Path):
    """The address of the built site."""
    with served(site) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """Chromium."""
    with chromium() as running:
        yield running
