"""What the tests share: small projects, the built site, a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import Built, Project, chromium, copy_of_site, served, small_project

# No test depends on how fast or how lucky it is. To look for new examples, at random:
# make test ARGS=--hypothesis-profile=random
for name, derandomize in (("suite", True), ("random", False)):
    settings.register_profile(
        name,
        deadline=None,
        derandomize=derandomize,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )
settings.load_profile("suite")


HERE = Path(__file__).parent
#: The groups that take longest: they begin first, so that two processes end together.
LONGEST = [
    *("site", "programs", "literate/test_fidelity.py", "literate/cli/test_example.py"),
    *("literate/mkdocs/test_cache.py", "literate/cli/test_build.py"),
]


def group(item: pytest.Item) -> str:
    """Whose tests one process runs as a whole: of a file, or of several for which much is made ready."""
    path = item.path.relative_to(HERE)
    if path.parts[0] == "site":  # builds the site and starts the browser
        return "site"
    # has PyTorch loaded into the process that forks
    return "programs" if hasattr(item.module, "Program") else path.as_posix()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell xdist of the groups, and bring the longest to the front."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(group(item), len(LONGEST)))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A paper with one Markdown page, one annotated file, and a Chinese map."""
    return small_project(tmp_path)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The same, built as a user builds it: to look at, not to change."""
    made = small_project(tmp_path_factory.mktemp("built"))
    return Built(made, made.run_process())


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's own site, built as `build_site.py` builds it."""
    folder = tmp_path_factory.mktemp("repository")
    result = copy_of_site(folder).run_process()
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
