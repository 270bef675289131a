"""Which names in a file's code stand for something that a page defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
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
    document: Document,
    file: Path,
    here: str,
    modules: Modules,
    defined: Mapping[str, frozenset[str]],
) -> dict[tuple[int, int], tuple[str, str]]:
    """(line, column) of each linkable name -> (page, anchor).

    `here` is the page of the file, `modules` maps the site's modules to their pages, `defined`
    each page to its definitions. A name that stands for a parameter or a variable of a function
    is left alone.
    """
    tree = parse_python(document.source)
    known = {name: (here, name) for name in defined[here] if "." not in name}
    imported = _imported(tree, _package(file), modules, defined)
    known |= imported
    for name in _rebound(tree):
        known.pop(name, None)
    lines = [line.text for line in document.lines]
    targets = _definition_names(document, here, lines)
    for node in _global_names(tree, imported.keys()):
        if node.id in known:
            column = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
            targets[node.lineno, column] = known[node.id]
    return targets


def _package(file: Path) -> list[str]:
    """The package that relative imports of a file start from."""
    parts = module_name(file).split(".")
    return parts if file.stem == "__init__" else parts[:-1]


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
    tree: ast.Module,
    package: list[str],
    modules: Modules,
    defined: Mapping[str, frozenset[str]],
) -> dict[str, tuple[str, str]]:
    known = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        origin = node.module or ""
        if node.level:
            parent = package[: len(package) + 1 - node.level]
            origin = ".".join([*parent, origin] if origin else parent)
        for alias in node.names:
            page = modules.get(origin)
            if page is not None and alias.name in defined[page]:
                known[alias.asname or alias.name] = (page, alias.name)
    return known


# --- scopes ------------------------------------------------------------------------------------

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPE = (*_FUNCTION, *_COMPREHENSION, ast.ClassDef)
_Names = frozenset[str]


def _global_names(tree: ast.Module, imported: Collection[str]) -> Iterator[ast.Name]:
    """The names that stand for something of the module, not of a function or a class."""
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
        for child in ast.iter_child_nodes(node):
            nodes.append((child, *(inner if id(child) in body else (here, below))))


def _body(node: ast.AST) -> list[ast.AST]:
    """The parts of a scope that see its own names: decorators and defaults do not."""
    if isinstance(node, ast.Lambda):
        return [node.body]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [*node.body]
    return [*ast.iter_child_nodes(node)]


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
            nodes += ast.iter_child_nodes(node)


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
