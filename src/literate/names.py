"""Which names in a file's code stand for something that a page defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from literate.document import Document
from literate.split import parse_python

#: Module name -> the page that shows it.
Modules = Mapping[str, str]


def module_name(path: Path) -> str:
    """The dotted name under which Python imports a file: `convmixer.model`."""
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def name_targets(
    document: Document, module: str, modules: Modules, defined: Mapping[str, frozenset[str]]
) -> dict[tuple[int, int], tuple[str, str]]:
    """(line, column) of each linkable name -> (page, anchor).

    `modules` maps the site's modules to their pages, `defined` each page to its definitions.
    A name that the file also uses as a parameter or a variable is left alone.
    """
    tree = parse_python(document.source)
    here = modules[module]
    known = {name: (here, name) for name in defined[here] if "." not in name}
    known |= _imported(tree, module, modules, defined)
    for name in _assigned(tree):
        known.pop(name, None)
    lines = [line.text for line in document.lines]
    targets = _definition_names(document, here, lines)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known:
            column = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
            targets[node.lineno, column] = known[node.id]
    return targets


def _definition_names(
    document: Document, page: str, lines: list[str]
) -> dict[tuple[int, int], tuple[str, str]]:
    """The names in `class X`, `def x` and `X = …`, each a link to where it stands."""
    targets = {}
    for definition in document.definitions:
        column = definition.column
        if not definition.is_constant:
            # `async def name`: the name follows the last of the keywords.
            name = definition.name.rpartition(".")[2]
            keyword = re.compile(rf"(?:class|def)\s+(?={re.escape(name)}\b)")
            found = keyword.search(lines[definition.line - 1], column)
            if found is None:  # after a line continuation, or spelled in another Unicode form
                continue
            column = found.end()
        targets[definition.line, column] = (page, definition.name)
    return targets


def _imported(
    tree: ast.Module, module: str, modules: Modules, defined: Mapping[str, frozenset[str]]
) -> dict[str, tuple[str, str]]:
    known = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        origin = node.module or ""
        if node.level:
            parent = module.split(".")[: -node.level]
            origin = ".".join([*parent, origin] if origin else parent)
        for alias in node.names:
            page = modules.get(origin)
            if page is not None and alias.name in defined[page]:
                known[alias.asname or alias.name] = (page, alias.name)
    return known


def _assigned(tree: ast.Module) -> set[str]:
    """Names that some function uses for a parameter or a variable of its own."""
    names: set[str] = set()
    for scope in ast.walk(tree):
        if isinstance(scope, ast.arguments):
            names.update(arg.arg for arg in (*scope.posonlyargs, *scope.args, *scope.kwonlyargs))
        elif isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.update(
                node.id
                for node in ast.walk(scope)
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
            )
    return names
