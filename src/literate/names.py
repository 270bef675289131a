"""Which names in a file's code stand for something that a page defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from literate.document import Document
from literate.split import parse_python


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name in a file's code that may stand for something that a page defines.

    `module` is where the file imports it from, None for a definition of the file's own; `name` is
    its qualified name there. `is_definition` marks the place where it is defined.
    """

    line: int
    column: int
    name: str
    module: str | None = None
    is_definition: bool = False


def module_name(path: Path) -> str:
    """The dotted name under which Python imports a file: `convmixer.model`."""
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def name_uses(document: Document, module: str) -> tuple[NameUse, ...]:
    """The names in a file that may become links, in the order of the file.

    A name that the file also uses as a parameter or a variable is left alone.
    """
    tree = parse_python(document.source)
    lines = [line.text for line in document.lines]
    known: dict[str, tuple[str | None, str]] = {
        definition.name: (None, definition.name)
        for definition in document.definitions
        if "." not in definition.name
    }
    known |= _imported(tree, module)
    for name in _assigned(tree):
        known.pop(name, None)
    uses = {(use.line, use.column): use for use in _definition_names(document, lines)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known:
            column = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
            origin, name = known[node.id]
            if origin or (node.lineno, column) not in uses:
                uses[node.lineno, column] = NameUse(node.lineno, column, name, origin)
    return tuple(uses[place] for place in sorted(uses))


def _definition_names(document: Document, lines: list[str]) -> Iterator[NameUse]:
    """The names in `class X`, `def x` and `X = …`, each a link to where it stands."""
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
        yield NameUse(definition.line, column, definition.name, is_definition=True)


def _imported(tree: ast.Module, module: str) -> dict[str, tuple[str | None, str]]:
    """Each name that a `from … import` brings in -> (module, name there)."""
    known: dict[str, tuple[str | None, str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        origin = node.module or ""
        if node.level:
            parent = module.split(".")[: -node.level]
            origin = ".".join([*parent, origin] if origin else parent)
        for alias in node.names:
            known[alias.asname or alias.name] = (origin, alias.name)
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
