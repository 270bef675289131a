"""A project that holds nothing of ours, built in a fresh environment with the documented commands."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from selectolax.lexbor import LexborHTMLParser
from support import EXAMPLES, ROOT, Project

LEFT_OUT = shutil.ignore_patterns("site", ".venv", "__pycache__", "*.egg-info", "build")
#: In `src`, `literate/site` is a package.
IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a Markdown file that are in a language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\b[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def without_seconds(text: str) -> str:
    return re.sub(r"\d+\.\d s$", "… s", text, flags=re.MULTILINE)


def shell(commands: str, folder: Path, path: Path | None = None) -> str:
    """What commands print, run as a reader runs them who has copied them."""
    left_out = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    # What the project needs lies here already, and no test waits for a network.
    environment["PIP_NO_DEPS"] = "1"
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    result = subprocess.run(
        ["bash", "-euc", commands], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def replay(page: str, folder: Path, path: Path) -> str:
    """A tutorial with the output that its commands have when a reader follows it.

    A fenced block that is named after its language is a file to write; in a block of the language
    `console`, lines with a `$` are commands to run.
    """

    def step(match: re.Match[str]) -> str:
        language, name, body = match[1], match[2], match[3]
        if name:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
        if language != "console" or ".venv" in body:
            return match[0]
        commands = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
        shown = [f"$ {line}\n{shell(f'({line}) 2>&1 || true', folder, path)}" for line in commands]
        return f"```console\n{''.join(shown)}```"

    return re.sub(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", step, page, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """This repository as a wheel."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "src", checkout / "src", ignore=IGNORED)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    wheels = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "-w", str(wheels), "."]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    return next(wheels.glob("*.whl"))


@pytest.fixture(scope="session")
def environment(tmp_path_factory, wheel) -> Path:
    """The programs of a fresh environment, made as the README of an example says."""
    folder = tmp_path_factory.mktemp("environment")
    install, *_ = blocks(ROOT / "examples/summation/README.md", "bash")
    assert "'/path/to/convmixer[site]'" in install
    install = install.replace("python3 ", f"{sys.executable} ").replace(
        "/path/to/convmixer", str(wheel)
    )
    shell(install, folder)
    (packages,) = folder.glob(".venv/lib/python*/site-packages")
    (made,) = distributions(path=[str(packages)], name="convmixer")
    for found in needed(made, "site").values():
        link(found, packages, folder / ".venv/bin")
    return folder / ".venv/bin"


def needed(project: Distribution, extra: str = "") -> dict[str, Distribution]:
    """What a project says that it needs, and what that needs, as it is installed here."""
    found: dict[str, Distribution] = {}
    waiting = [(project, extra)]
    while waiting:
        one, extra = waiting.pop()
        for line in one.requires or []:
            wanted = Requirement(line)
            if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
                continue
            try:
                there = distribution(wanted.name)
            except PackageNotFoundError:  # a build that needs it fails
                continue
            assert wanted.specifier.contains(there.version, prereleases=True), line
            if wanted.name not in found or wanted.extras:
                found[wanted.name] = there
                waiting += [(there, extra) for extra in ("", *wanted.extras)]
    return found


def link(found: Distribution, packages: Path, programs: Path) -> None:
    """Put a distribution that lies elsewhere into an environment, with its programs."""
    for name in {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}:
        if not (packages / name).exists():
            (packages / name).symlink_to(found.locate_file(name))
    for entry in found.entry_points.select(group="console_scripts"):
        start = f"import sys\nfrom {entry.module} import {entry.attr}\nsys.exit({entry.attr}())\n"
        program = programs / entry.name
        program.write_text(f"#!{programs / 'python'}\n{start}", encoding="utf-8")
        program.chmod(0o755)


@pytest.fixture(scope="module")
def made(environment, tmp_path_factory) -> dict[str, tuple[Path, str]]:
    """Each example, built elsewhere with the commands of its README, and what they printed."""
    found = {}
    for example in EXAMPLES:
        project = tmp_path_factory.mktemp("examples") / example.name
        shutil.copytree(example, project, ignore=LEFT_OUT)
        _, commands = blocks(project / "README.md", "bash")
        found[example.name] = project, shell(commands, project, environment)
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_builds_elsewhere_with_the_commands_of_its_readme(example, made):
    project, printed = made[example.name]
    (output,) = blocks(project / "README.md", "text")
    assert without_seconds(printed) == without_seconds(output)
    assert "(100 %), 0 missing, 0 stale, 0 faulty" in output

    site = Project(project).load()
    for language in site.languages:
        for name in site.pages:
            folder = "" if name == "index" else name
            english = LexborHTMLParser((project / "site" / folder / "index.html").read_bytes())
            other = LexborHTMLParser(
                (project / "site" / language / folder / "index.html").read_bytes()
            )
            assert other.css_first("html").attributes["lang"] == language
            assert not other.css(".untranslated")
            assert other.css_first("h1").text() != english.css_first("h1").text()


def test_the_german_page_speaks_german_even_in_its_drawing(made):
    project, _ = made["summation"]
    page = LexborHTMLParser((project / "site/de/summation/index.html").read_bytes())
    assert "Gleitkommazahl" in page.css_first("article").text()
    drawing = page.css_first("article figure svg").text()
    assert "was beim Runden verloren ging" in drawing
    assert "what the rounding lost" not in drawing


def test_an_example_shows_the_output_of_its_program():
    (shown,) = blocks(ROOT / "examples/summation/docs/index.md", "text")
    program = ROOT / "examples/summation/src/summation.py"
    result = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert result.stdout == shown


def test_the_command_says_what_it_lacks_and_where_it_is(wheel, environment, tmp_path):
    bare = tmp_path / "bare"
    ZipFile(wheel).extractall(bare)
    result = subprocess.run(
        [environment / "python", "-S", "-m", "literate"],
        env={**os.environ, "PYTHONPATH": str(bare)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "error: No module named " in result.stderr and "convmixer[site]" in result.stderr
    assert "Traceback" not in result.stderr

    assert "Usage: literate " in shell("literate --help", tmp_path, environment)
    result = subprocess.run(
        [environment / "literate", "check"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.stderr.startswith("error: there is no mkdocs.yml here.")


TUTORIAL = ROOT / "docs/your-paper.md"


def test_the_tutorial_does_what_it_shows(environment, tmp_path):
    text = TUTORIAL.read_text(encoding="utf-8")
    assert without_seconds(replay(text, tmp_path, environment)) == without_seconds(text)
    program = "from reservoir import sample; print({*sample(range(3), 5)}, {*sample('aaab', 3)})"
    assert shell(f'python -c "{program}"', tmp_path / "src", environment)[:9] == "{0, 1, 2}"


def test_the_tutorial_installs_as_the_example_does():
    install = blocks(TUTORIAL, "console")[0].replace("$ ", "")
    assert install.endswith(blocks(ROOT / "examples/summation/README.md", "bash")[0])
