"""The engine's packages stand in a row, and each imports only what stands left of it."""

import ast
from pathlib import Path

import pytest
from support import ROOT

ENGINE = ROOT / "src/literate"
#: Package -> the packages that it may import.
MAY_IMPORT = {
    "base": set(),
    "source": {"base"},
    "convert": {"base", "source"},
    "notes": {"base", "source"},
    "translation": {"base", "source", "notes"},
    "site": {"base", "source", "convert", "notes", "translation"},
    "mkdocs": {"base", "source", "convert", "notes", "translation", "site"},
    "cli": {"base", "source", "convert", "notes", "translation", "site", "mkdocs"},
    "__main__": {"cli"},
    "__init__": set(),
}
#: What only these files, or the files of this folder, import.
ONLY = {
    "mkdocs": "mkdocs/",
    "material": "mkdocs/",
    "markdown_it": "notes/",
    "mdit_py_plugins": "notes/",
    "pylit": "convert/flat.py",
    "nh3": "translation/sanitise.py",
    "click": "cli.py",
    "PIL": "site/cards.py",
}
NEVER = {"torch", "convmixer", "labml", "labml_nn"}
FILES = {path.relative_to(ENGINE).as_posix(): path for path in sorted(ENGINE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """The dotted names of all modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports by a relative name"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def room(name: str) -> str:
    """The package that a file, or a module, of the engine belongs to."""
    return name.partition("/")[0].removesuffix(".py")


IMPORTS = {name: imported(path) for name, path in FILES.items()}


def test_every_package_is_known():
    assert {room(name) for name in FILES} == MAY_IMPORT.keys()
    assert len(FILES) > 50, "the files of all packages are looked at"


@pytest.mark.parametrize("name", FILES)
def test_imports_go_one_way(name):
    ours = {module.split(".")[1] for module in IMPORTS[name] if module.startswith("literate.")}
    assert ours - {room(name)} <= MAY_IMPORT[room(name)]


def test_no_two_files_import_each_other():
    modules = {"literate." + name.removesuffix(".py").replace("/", "."): name for name in FILES}
    needs = {
        name: {modules[module] for module in IMPORTS[name] if module in modules} for name in FILES
    }
    while free := [name for name, wanted in needs.items() if not wanted]:
        for name in free:
            del needs[name]
        for wanted in needs.values():
            wanted.difference_update(free)
    assert not needs, "these import one another in a circle"


@pytest.mark.parametrize("library", ONLY)
def test_a_library_is_known_in_one_place(library):
    users = [
        name
        for name, modules in IMPORTS.items()
        if library in {module.partition(".")[0] for module in modules}
    ]
    assert library == "material" or users, "nothing imports it: is its name right?"
    assert all(name.startswith(ONLY[library]) for name in users), users


def test_nothing_imports_what_is_annotated_or_trained_with():
    found = {module.partition(".")[0]: name for name in FILES for module in IMPORTS[name]}
    assert "mkdocs" in found
    assert {library: name for library, name in found.items() if library in NEVER} == {}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_short_and_says_why_it_exists(name):
    text = FILES[name].read_text(encoding="utf-8")
    assert text.count("\n") <= 350
    assert text.startswith('"""')
    assert text.splitlines()[0].strip('"').endswith((".", "?"))
