"""Which names in a file's code refer to something that a page defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from literate.source.document import Document
from literate.source.python import statements, syntax_tree


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name in a file's code that may refer to something that a page defines.

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

    A name of a parameter or a variable of a function is left alone.
    """
    tree = syntax_tree(document.source)
    lines = [line.text for line in document.lines]
    known: dict[str, tuple[str | None, str]] = {
        definition.name: (None, definition.name)
        for definition in document.definitions
        if "." not in definition.name
    }
    imported = _imported(tree, module, is_package=document.path.endswith("__init__.py"))
    known |= imported
    for name in _rebound(tree):
        known.pop(name, None)
    uses = {(use.line, use.column): use for use in _definition_names(document, lines)}
    for node in _global_names(tree, imported.keys()):
        if node.id in known:
            column = _column(lines[node.lineno - 1], node.col_offset)
            origin, name = known[node.id]
            if origin or (node.lineno, column) not in uses:
                uses[node.lineno, column] = NameUse(node.lineno, column, name, origin)
    return tuple(uses[place] for place in sorted(uses))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What `ast.iter_child_nodes` gives, in half of its time."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            yield value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST):
                    yield item


def _column(line: str, offset: int) -> int:
    """The syntax tree counts bytes, lines count characters."""
    return offset if line.isascii() else len(line.encode()[:offset].decode())


def _definition_names(document: Document, lines: list[str]) -> Iterator[NameUse]:
    """The names in `class X`, `def x` and `X = …`, each a link to where it is."""
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


def _imports(node: ast.AST) -> Iterator[ast.ImportFrom]:
    for statement in statements(node):
        if isinstance(statement, ast.ImportFrom):
            yield statement
        yield from _imports(statement)


def _imported(
    tree: ast.Module, module: str, *, is_package: bool
) -> dict[str, tuple[str | None, str]]:
    """Each name that a `from … import` brings in -> (module, name there)."""
    known: dict[str, tuple[str | None, str]] = {}
    for node in _imports(tree):
        origin = node.module or ""
        if node.level:
            parts = module.split(".")
            parent = parts[: len(parts) - node.level + is_package]
            origin = ".".join([*parent, origin] if origin else parent)
        for alias in node.names:
            known[alias.asname or alias.name] = (origin, alias.name)
    return known


_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPE = (*_FUNCTION, *_COMPREHENSION, ast.ClassDef)
_Names = frozenset[str]


def _global_names(tree: ast.Module, imported: Collection[str]) -> Iterator[ast.Name]:
    """The names that refer to something of the module, not of a function or a class."""
    # Each node with the names that are hidden from it, and from the functions within it: what a
    # class binds is hidden from its own body, and not from its methods.
    nodes: list[tuple[ast.AST, _Names, _Names]] = [(tree, frozenset(), frozenset())]
    while nodes:
        node, here, below = nodes.pop()
        if isinstance(node, ast.Name) and node.id not in here:
            yield node
        inner = (here, below)
        if isinstance(node, _SCOPE):
            bound = frozenset(_local_names(node, imported))
            is_class = isinstance(node, ast.ClassDef)
            inner = (below | bound, below if is_class else below | bound)
            if isinstance(node, _COMPREHENSION):  # its first iterable sees what surrounds it
                inner = (here | bound, below | bound)
        body = set(map(id, _body(node)))
        for child in _children(node):
            nodes.append((child, *(inner if id(child) in body else (here, below))))


def _body(node: ast.AST) -> list[ast.AST]:
    """The parts of a scope that see its own names: decorators and defaults do not."""
    if isinstance(node, ast.Lambda):
        return [node.body]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [*node.body]
    return [*_children(node)]


def _local_names(scope: ast.AST, imported: Collection[str]) -> Iterator[str]:
    """The names that a scope binds, without those that it imports from a page of the site."""
    nodes = [*_body(scope)]
    if isinstance(scope, _FUNCTION):
        nodes += [arg for arg in ast.walk(scope.args) if isinstance(arg, ast.arg)]
    for node in _within(nodes):
        if isinstance(node, ast.alias) and (node.asname or node.name) in imported:
            continue
        yield from _bound(node)


def _within(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and all below them that belong to the same scope."""
    while nodes:
        node = nodes.pop()
        yield node
        if isinstance(node, _COMPREHENSION):  # `:=` alone binds around it
            nodes += [part.target for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
        elif not isinstance(node, _SCOPE):
            nodes += _children(node)


def _bound(node: ast.AST) -> Iterator[str]:
    """The name that a node gives a meaning to."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.alias(name=name, asname=asname):
            yield asname or name.partition(".")[0]


def _rebound(tree: ast.Module) -> set[str]:
    """Names of the module that also stand for what passes: of a `for`, a `with`, a `case`."""
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.alias)
    targets: set[int] = set()
    names: set[str] = set()
    for node in _within([tree]):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            lasting = node.targets if isinstance(node, ast.Assign) else [node.target]
            targets.update(map(id, lasting))
        elif not isinstance(node, defining) and id(node) not in targets:
            names.update(_bound(node))
    return names
