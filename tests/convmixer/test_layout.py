"""What a reader meets first rests on nothing behind it, and imports run one way."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from support import ROOT

PACKAGE = ROOT / "src/convmixer"
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
ROOMS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
COMMANDS = {"experiment", "predict", "export", "evaluate", "comparison", "__main__"}
# The types of the rooms' that the first pages speak of
TYPES = {"convmixer.devices.machine.Machine"}


def imported(path: Path, whole: bool = True) -> set[str]:
    """The names that a module imports: anywhere in it, or only as it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if whole else tree.body
    names = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by the full name"
            names |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
    return names


@pytest.mark.parametrize("name", ["model", "training", "augment", "data"])
def test_the_first_pages_need_only_types_of_the_rooms(name):
    names = imported(PACKAGE / f"{name}.py", whole=False)
    needed = {one for one in names if one.split(".")[1:2] and one.split(".")[1] in ROOMS}
    assert {one for one in needed if one.startswith("convmixer.")} <= TYPES


def test_no_room_imports_a_command():
    found = {
        (name, one)
        for name, path in FILES.items()
        for one in imported(path)
        if name.split("/")[0] in ROOMS and one.split(".")[0] == "convmixer"
    }
    assert len(found) > 10
    assert [(name, one) for name, one in found if one.split(".")[1] in COMMANDS] == []


def test_imports_have_no_circle():
    modules = {f"convmixer.{name.removesuffix('.py').replace('/', '.')}": path for name, path in FILES.items()}  # fmt: skip
    graph = {
        module: {
            other
            for name in imported(path, whole=False)
            for other in modules
            if other != module and (name == other or name.startswith(f"{other}."))
        }
        for module, path in modules.items()
    }
    assert graph["convmixer.variants"] >= {"convmixer.model"}
    TopologicalSorter(graph).prepare()


def test_the_experiment_does_not_know_the_engine():
    found = [(name, one.split(".")[0]) for name, path in FILES.items() for one in imported(path)]
    assert ("training.py", "convmixer") in found
    assert [name for name, package in found if package == "literate"] == []


@pytest.mark.parametrize("name", FILES)
def test_no_module_is_over_350_lines(name):
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= 350
