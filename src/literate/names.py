"""Which names in a file's code stand for something that a page defines."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator
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


def package_name(path: Path) -> str:
    """The package that a file's relative imports start from, "" if it is in none."""
    module = module_name(path)
    return module if path.stem == "__init__" else module.rpartition(".")[0]


def name_uses(document: Document, module: str) -> tuple[NameUse, ...]:
    """The names in a file that may become links, in the order of the file.

    A name that some function of the file also binds, for a parameter or a variable, is left alone.
    """
    tree = parse_python(document.source)
    lines = [line.text for line in document.lines]
    nodes = list(_nodes(tree))
    known: dict[str, tuple[str | None, str]] = {
        definition.name: (None, definition.name)
        for definition in document.definitions
        if "." not in definition.name
    }
    known |= _imported(nodes, module, is_package=document.path.endswith("__init__.py"))
    for name in _bound_in_functions(document.source):
        known.pop(name, None)
    uses = {(use.line, use.column): use for use in _definition_names(document, lines)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in known:
            column = _column(lines[node.lineno - 1], node.col_offset)
            origin, name = known[node.id]
            if origin or (node.lineno, column) not in uses:
                uses[node.lineno, column] = NameUse(node.lineno, column, name, origin)
    return tuple(uses[place] for place in sorted(uses))


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a tree; what `ast.walk` does, in a third of its time."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list):
                waiting += [item for item in value if isinstance(item, ast.AST)]


def _column(line: str, offset: int) -> int:
    """The syntax tree counts bytes, lines count characters."""
    return offset if line.isascii() else len(line.encode()[:offset].decode())


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


def _imported(
    nodes: Iterable[ast.AST], module: str, *, is_package: bool
) -> dict[str, tuple[str | None, str]]:
    """Each name that a `from … import` brings in -> (module, name there)."""
    known: dict[str, tuple[str | None, str]] = {}
    for node in nodes:
        if not isinstance(node, ast.ImportFrom):
            continue
        origin = node.module or ""
        if node.level:
            parts = module.split(".")
            parent = parts[: len(parts) - node.level + is_package]
            origin = ".".join([*parent, origin] if origin else parent)
        for alias in node.names:
            known[alias.asname or alias.name] = (origin, alias.name)
    return known


def _bound_in_functions(source: str) -> set[str]:
    """Parameters and variables of functions, lambdas and comprehensions."""
    names: set[str] = set()
    with warnings.catch_warnings():  # as in `parse_python`
        warnings.simplefilter("ignore")
        waiting = [symtable.symtable(source, "", "exec")]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        if isinstance(table, symtable.Function):
            names.update(table.get_locals())
    return names
