"""What the tests share: small projects, the built site, a browser."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import support
from filelock import FileLock
from hypothesis import HealthCheck, settings
from support import Built, Project, copy_of_site, served, small_project

# What is tested is the same on every machine: it has no GPU, in the processes that tests start too.
os.environ["CUDA_VISIBLE_DEVICES"] = ""

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


#: What starts programs in forks: one process does it all, for what forks imports PyTorch first.
PROGRAMS = [
    *("convmixer/test_experiment.py", "convmixer/runs/test_checkpoint.py"),
    *("convmixer/devices/test_distributed.py", "convmixer/devices/test_machine.py"),
    *("convmixer/runs/test_tracking.py", "convmixer/images/test_from_npm.py"),
    "convmixer/test_notebooks.py",
]
#: The files that take longest: they begin first, so that two processes end together.
LONGEST = [
    *("site/test_browser.py", *PROGRAMS, "site/test_demo.py"),
    *("literate/test_fidelity.py", "site/test_explorer.py"),
    *(
        "literate/cli/test_example.py",
        "literate/mkdocs/test_cache.py",
        "literate/cli/test_build.py",
    ),
]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Do not look for garbage among what is imported: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the longest files to the front."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give a process a file at a time, or all that start programs."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "programs" if file.removeprefix("tests/") in PROGRAMS else file

    return Scheduling(config, log)


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
def site() -> Path:
    """This repository's own site, as `build_site.py` builds it: once, for all processes."""
    folder = Path(os.environ["SHARED"]) / "repository"
    with FileLock(f"{folder}.lock"):
        if not (folder / "site").is_dir():
            result = copy_of_site(folder).run_process()
            assert result.returncode == 0, result.stderr
    return folder / "site"


@pytest.fixture(scope="session")
def server(site: Path):
    """The address of the built site."""
    with served(site) as address:
        yield address


@pytest.fixture(scope="session")
def playwright():
    """What drives the browsers."""
    with support.playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright):
    """Chromium."""
    with support.chromium(playwright) as running:
        yield running


@pytest.fixture(scope="session")
def firefox(playwright):
    """Firefox."""
    with support.firefox(playwright) as running:
        yield running
