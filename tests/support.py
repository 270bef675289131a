"""Small projects to build, and the browser to look at them with."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import forkserver
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from theme import share_templates

from literate import cli
from literate.mkdocs.config import read_project
from literate.site.load import load_site
from literate.site.site import Site

ROOT = Path(__file__).parents[1]
#: The real images, where `make cifar10` or the variable CIFAR10 has them.
REAL_CIFAR10 = Path(os.environ.get("CIFAR10", ROOT / "data")) / "cifar-10-batches-bin"
NO_CIFAR10 = f"no CIFAR-10 in {REAL_CIFAR10}; make cifar10, or name its folder in CIFAR10"
#: The projects that stand beside this one, with all that they are made of.
EXAMPLES = sorted(
    path.parent
    for path in (ROOT / "examples").glob("*/mkdocs.yml")
    if (path.parent / "src").is_dir()
)
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
        """What `build_site.py` does, without the second that two interpreters take to start."""
        return _fork(forks, _build_site, self.root, os.environ.copy(), arguments)

    def run_process(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`build_site.py` as a user runs it."""
        command = [sys.executable, str(ROOT / "build_site.py"), *arguments]
        environment = {**os.environ, **environment}
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=600
        )

    def load(self) -> Site:
        """The site in memory."""
        return load_site(read_project(self.root / "mkdocs.yml"))

    def files(self, site: str = "site") -> dict[str, bytes]:
        folder = self.root / site
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


def copy_of_site(folder: Path) -> Project:
    """This repository, or what of it the site is built from."""
    for name in ("docs", "fonts", "inventories", "records", "src", "translations"):
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    return Project(folder)


def small_project(root: Path) -> Project:
    """A paper with one Markdown page, one annotated file, and a Chinese map."""
    made = Project(root)
    made.write("docs/index.md", PAGE)
    made.write("src/paper/net.py", SOURCE)
    made.write("mkdocs.yml", CONFIG)
    made.write("translations/zh/language.toml", 'name = "中文"\n')
    made.write(
        "translations/zh/net.json", '{\n  "<p>Double the input.</p>": "<p>输入加倍。</p>"\n}\n'
    )
    return made


class Built(NamedTuple):
    """A project that has been built, and what the command said."""

    project: Project
    result: subprocess.CompletedProcess[str]


# --- commands, in forks of a process that has imported all they need ---

forks = multiprocessing.get_context("forkserver")
#: What most forks need.
PRELOADED = ["literate.cli", "literate.mkdocs.plugin", "mkdocs.__main__", "pytest", "warm"]
_loaded: set[str] = set()
# What all processes share: this repository's site, and what the theme's templates compile to.
if "SHARED" not in os.environ:
    _shared = tempfile.TemporaryDirectory(prefix="tests-")
    os.environ["SHARED"] = _shared.name


def ensure_forks(modules: Sequence[str] = PRELOADED) -> None:
    """Start the process that forks, with these modules loaded; anew if it runs and lacks some."""
    if not _loaded.issuperset(modules):
        forkserver._forkserver._stop()  # if it runs; multiprocessing has one at a time
        forks.set_forkserver_preload(list(modules))
        _loaded.update(modules)
    # What lies here it finds only by the environment.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        forkserver.ensure_running()


def built(project: Project, site: str) -> MkDocsConfig:
    """Build within this process: MkDocs takes long to start."""
    with share_templates(os.environ["SHARED"]):
        config = load_config(str(project.root / "mkdocs.yml"), site_dir=str(project.root / site))
        build(config)
    return config


def age(project: Project) -> None:
    """Let the sources be older than the next build: what changes during one is not trusted."""
    for path in project.root.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 60, time.time() - 60))


def _fork(
    context: Any,
    function: Callable[..., None],
    root: Path,
    environment: Mapping[str, str],
    arguments: Sequence[str],
) -> subprocess.CompletedProcess[str]:
    """Run a function in a fork, as `subprocess.run` runs a program."""
    ensure_forks()
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/out", f"{folder}/err"]
        process = context.Process(
            target=_redirected, args=(names, function, root, environment, arguments)
        )
        process.start()
        process.join(600)
        texts = [Path(name).read_text(encoding="utf-8") for name in names]
        return subprocess.CompletedProcess(arguments, process.exitcode, *texts)


def _redirected(
    names: Sequence[str],
    function: Callable[..., None],
    root: Path,
    environment: Mapping[str, str],
    arguments: Sequence[str],
) -> None:
    os.chdir(root)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in enumerate(names, 1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
    function(arguments)


def _build_site(arguments: Sequence[str]) -> None:
    with share_templates(os.environ["SHARED"]):
        cli.main(arguments, prog_name="build_site.py")


# --- a preview at work ---


class Lines:
    """What a process prints, as it prints it."""

    def __init__(self, stream: IO[str]) -> None:
        self.text = ""
        self._seen = 0
        self._new = threading.Condition()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            with self._new:
                self.text += line
                self._new.notify_all()

    def wait_for(self, words: str, seconds: float = 60) -> bool:
        """Whether the words come, after those waited for before."""
        with self._new:
            found = self._new.wait_for(lambda: words in self.text[self._seen :], seconds)
            if found:
                self._seen = self.text.index(words, self._seen) + len(words)
            return found


def free_port() -> int:
    """A port that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(address: str) -> str:
    """The page at an address."""
    with urllib.request.urlopen(address, timeout=10) as response:
        return response.read().decode()


# --- labml-nn: 221 annotated files that nobody here wrote ---


def labml_nn() -> Path:
    """The sources of the installed labml-nn, which is not imported."""
    spec = importlib.util.find_spec("labml_nn")
    assert spec and spec.submodule_search_locations, "install labml-nn: pip install '.[train]'"
    return Path(spec.submodule_search_locations[0])


def write_labml_project(root: Path, left_out: Sequence[str] = (), **options: object) -> None:
    """A site of labml-nn without some of its folders, with further options of the plugin."""
    ignored = shutil.ignore_patterns("__pycache__", *left_out)
    shutil.copytree(labml_nn(), root / "sources/labml_nn", ignore=ignored)
    (root / "docs").mkdir()
    configure_labml_project(root, **options)


def configure_labml_project(root: Path, **options: object) -> None:
    """Write its configuration: JSON is YAML."""
    config = {
        "site_name": "labml-nn",
        "theme": {"name": "material", "font": False, "features": ["navigation.prune"]},
        "plugins": [
            {"literate": {"sources": ["sources/labml_nn"], "dead_links": "report", **options}}
        ],
    }
    (root / "mkdocs.yml").write_text(json.dumps(config), encoding="utf-8")


# --- the browser ---

#: Ask a search worker each query in turn: what it finds, and after how many milliseconds.
ASK_WORKER = """async ([worker, queries]) => {
    const search = new Worker(worker);
    const next = () => new Promise(resolve => search.onmessage = ({ data }) => resolve(data));
    await next();
    const answers = [];
    for (const query of queries) {
        const start = performance.now();
        search.postMessage({ type: 2, data: query });
        const { data } = await next();
        answers.push({ ms: performance.now() - start, ...data });
    }
    search.terminate();
    return answers;
}"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        # It looks so often whether it is told to end.
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@contextmanager
def playwright():
    """Playwright, which drives the browsers of this machine; a process has one."""
    from playwright.sync_api import Page, sync_playwright

    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setattr(Page, "wait_for_function", _wait_for_function)
        with pytest.MonkeyPatch.context() as beginning:
            script = Path(__file__).with_name("firefox.cjs").as_posix()
            beginning.setenv("NODE_OPTIONS", f'--require "{script}"')
            running = stack.enter_context(sync_playwright())
        yield running


@contextmanager
def chromium(playwright: Any):
    """Chromium; it must be there, for what is not looked at is not tested."""
    path = find_chromium()
    assert path, (
        "Chromium is needed: install Debian's `chromium` (apt-get install chromium) or any Chrome, "
        "or name one in the environment variable CHROMIUM"
    )
    # No page reaches another machine: whoever tries is told that there is none.
    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                 "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-quic"]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    browser = playwright.chromium.launch(executable_path=path, args=arguments)
    yield browser
    browser.close()


@contextmanager
def firefox(playwright: Any, dark: bool = False):
    """Firefox on a light or a dark system, where there is one."""
    path = find_firefox()
    if not path:
        pytest.skip("no Firefox: install Debian's `firefox-esr`, or name one in FIREFOX")
    browser = playwright.firefox.launch(
        channel="moz-firefox",  # as Mozilla ships it
        executable_path=path,
        # No page reaches another machine: all go through a proxy that is not there.
        proxy={"server": "http://127.0.0.1:9"},
        firefox_user_prefs={
            "dom.events.testing.asyncClipboard": True,
            "ui.systemUsesDarkTheme": int(dark),
        },
    )
    yield browser
    browser.close()


def new_tab(browser: Any, options: Mapping[str, Any]):
    """A tab that notes what its pages ask for, and what goes wrong."""
    page = browser.new_context(**options).new_page()
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console", lambda said: page.problems.append(said.text) if said.type == "error" else None
    )
    page.requests, page.problems = [], []
    return page


def _wait_for_function(page: Any, expression: str, *, arg: Any = None, timeout: float = 30000):
    """Playwright's own asks within the page by `eval`, which the policy of our pages forbids."""
    from playwright.sync_api import TimeoutError

    end = time.monotonic() + timeout / 1000
    while not page.evaluate(expression, arg):
        if time.monotonic() > end:
            raise TimeoutError(f"it has not come to pass: {expression}")
        page.wait_for_timeout(20)


def find_chromium() -> str | None:
    """A Chromium of this machine's, or the one that CHROMIUM names."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def find_firefox() -> str | None:
    """A Firefox of this machine's, or the one that FIREFOX names."""
    names = ("firefox-esr", "firefox")
    return os.environ.get("FIREFOX") or next(filter(None, map(shutil.which, names)), None)
