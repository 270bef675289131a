"""The scopes of a file, what each binds, and every name in them: by the rules of Python."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
Assignment = ast.Assign | ast.AnnAssign | ast.AugAssign
_COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class ScopeKind(StrEnum):
    """What a scope belongs to. A lambda is a function."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    COMPREHENSION = "comprehension"


@dataclass(slots=True, eq=False)
class Scope:
    """A scope and the nodes that bind each of its names.

    `path` is its qualified name after a dot, as `.Net.forward`; "" is that of the module.
    """

    kind: ScopeKind
    node: ast.AST
    parent: Scope | None = None
    path: str = ""
    bound: dict[str, list[ast.AST]] = field(default_factory=dict)
    #: Names that a `global` or `nonlocal` statement gives away.
    declared: dict[str, ScopeKind] = field(default_factory=dict)

    @property
    def function(self) -> Scope:
        """The scope that `:=` binds in: comprehensions pass it on."""
        scope = self
        while scope.kind == ScopeKind.COMPREHENSION and scope.parent:
            scope = scope.parent
        return scope

    @property
    def module(self) -> Scope:
        scope = self
        while scope.parent:
            scope = scope.parent
        return scope

    def owner(self, name: str) -> Scope | None:
        """The scope whose name this is, seen from here; None for a builtin."""
        scope: Scope | None = self
        while scope:
            # What a class binds is hidden from the functions within it.
            if scope is self or scope.kind != ScopeKind.CLASS:
                if scope.declared.get(name) == ScopeKind.MODULE:
                    scope = scope.module
                if name in scope.bound:
                    return scope
            scope = scope.parent
        return None


@dataclass(slots=True)
class Scopes:
    """All scopes of a file, the outer ones first, and the nodes in which names stand.

    `binders` are those nodes that bind a name and are no `ast.Name`. `statements` has the
    assignment to each target, by the target's `id()`.
    """

    module: Scope
    scopes: list[Scope] = field(default_factory=list)
    names: list[tuple[ast.Name, Scope]] = field(default_factory=list)
    binders: list[tuple[ast.AST, Scope]] = field(default_factory=list)
    attributes: list[tuple[ast.Attribute, Scope]] = field(default_factory=list)
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    statements: dict[int, Assignment] = field(default_factory=dict)


def read_scopes(tree: ast.Module) -> Scopes:
    """The scopes of a file."""
    module = Scope(ScopeKind.MODULE, tree)
    found = Scopes(module, [module])
    # A stack, not recursion: an expression may be deeper than Python's own.
    stack: list[tuple[ast.AST, Scope]] = [(node, module) for node in tree.body]
    while stack:
        node, scope = stack.pop()
        read = _READERS.get(type(node))
        if read is None:
            stack += [(child, scope) for child in _children(node)]
        else:
            stack += read(node, scope, found)
    for scope in found.scopes:
        _give_away(scope)
        for nodes in scope.bound.values():
            if len(nodes) > 1:
                nodes.sort(key=place)
    return found


def place(node: ast.AST) -> tuple[int, int]:
    """Where a node stands: its line, and the bytes before it on that."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _give_away(scope: Scope) -> None:
    """What a scope binds for another one is bound there."""
    for name, kind in scope.declared.items():
        if scope.parent is None:
            continue
        nodes = scope.bound.pop(name, [])
        owner: Scope | None = scope.module
        if kind == ScopeKind.FUNCTION:
            owner = scope.parent.owner(name)
        if owner and nodes:  # of what nobody binds, nothing is known
            owner.bound.setdefault(name, []).extend(nodes)


_Found = Iterator[tuple[ast.AST, Scope]]
#: Fields that hold no names.
_BARE = {"ctx", "op", "ops", "type_comment", "kind", "id", "attr", "arg", "name", "names"}
_FIELDS: dict[type, tuple[str, ...]] = {}


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What `ast.iter_child_nodes` gives, without what holds no name, in a third of its time."""
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in node._fields if name not in _BARE)
    for name in fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            yield value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST):
                    yield item


def _bind(scope: Scope, name: str, node: ast.AST) -> None:
    scope.bound.setdefault(name, []).append(node)


def _name(node: ast.Name, scope: Scope, found: Scopes) -> _Found:
    found.names.append((node, scope))
    if not isinstance(node.ctx, ast.Load):
        _bind(scope, node.id, node)
    yield from ()


def _attribute(node: ast.Attribute, scope: Scope, found: Scopes) -> _Found:
    found.attributes.append((node, scope))
    yield node.value, scope


def _call(node: ast.Call, scope: Scope, found: Scopes) -> _Found:
    if node.keywords:
        found.calls.append((node, scope))
    yield node.func, scope
    for part in node.args:
        yield part, scope
    for keyword in node.keywords:
        yield keyword.value, scope


def _assignment(node: Assignment, scope: Scope, found: Scopes) -> _Found:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        found.statements[id(target)] = node
    for child in _children(node):
        yield child, scope


def _walrus(node: ast.NamedExpr, scope: Scope, found: Scopes) -> _Found:
    found.names.append((node.target, scope))
    _bind(scope.function, node.target.id, node.target)
    yield node.value, scope


def _open(found: Scopes, kind: ScopeKind, node: ast.AST, outer: Scope, name: str = "") -> Scope:
    # A comprehension or a lambda has no name, and what is in it none that others could use.
    path = f"{outer.path}.{name}" if name else f"{outer.path}.<{len(found.scopes)}>"
    scope = Scope(kind, node, outer, path)
    found.scopes.append(scope)
    return scope


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope, found: Scopes
) -> _Found:
    name = "" if isinstance(node, ast.Lambda) else node.name
    if not isinstance(node, ast.Lambda):
        _bind(scope, name, node)
        found.binders.append((node, scope))
        for part in node.decorator_list:
            yield part, scope
        if node.returns:
            yield node.returns, scope
    inner = _open(found, ScopeKind.FUNCTION, node, scope, name)
    for parameter in getattr(node, "type_params", ()):
        _bind(inner, parameter.name, parameter)
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if default:
            yield default, scope
    for argument in arguments(node.args):
        _bind(inner, argument.arg, argument)
        found.binders.append((argument, inner))
        if argument.annotation:
            yield argument.annotation, scope
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    for statement in body:
        yield statement, inner


def arguments(args: ast.arguments) -> list[ast.arg]:
    """All parameters, in their order."""
    rest = (args.vararg, *args.kwonlyargs, args.kwarg)
    return [*args.posonlyargs, *args.args, *(argument for argument in rest if argument)]


def _class(node: ast.ClassDef, scope: Scope, found: Scopes) -> _Found:
    _bind(scope, node.name, node)
    found.binders.append((node, scope))
    for part in (*node.decorator_list, *node.bases, *(word.value for word in node.keywords)):
        yield part, scope
    inner = _open(found, ScopeKind.CLASS, node, scope, node.name)
    for statement in node.body:
        yield statement, inner


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
    scope: Scope,
    found: Scopes,
) -> _Found:
    inner = _open(found, ScopeKind.COMPREHENSION, node, scope)
    yield node.generators[0].iter, scope  # sees what surrounds it, a class as well
    for number, generator in enumerate(node.generators):
        for child in _children(generator):
            if number or child is not generator.iter:
                yield child, inner
    for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
        yield part, inner


def _declaration(node: ast.Global | ast.Nonlocal, scope: Scope, found: Scopes) -> _Found:
    kind = ScopeKind.MODULE if isinstance(node, ast.Global) else ScopeKind.FUNCTION
    scope.declared.update(dict.fromkeys(node.names, kind))
    found.binders.append((node, scope))
    yield from ()


def _import(node: ast.Import | ast.ImportFrom, scope: Scope, found: Scopes) -> _Found:
    found.binders.append((node, scope))
    for alias in node.names:
        if alias.name != "*":
            _bind(scope, alias.asname or alias.name.partition(".")[0], node)
    yield from ()


def _capture(
    node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping,
    scope: Scope,
    found: Scopes,
) -> _Found:
    if name := captured(node):
        _bind(scope, name, node)
        found.binders.append((node, scope))
    for child in _children(node):
        yield child, scope


def captured(node: ast.AST) -> str | None:
    """The name that an `except` or a `case` gives to what it takes."""
    name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
    return name if isinstance(name, str) else None


def _nothing(node: ast.AST, scope: Scope, found: Scopes) -> _Found:
    yield from ()


#: Type of a node -> what reads it, and yields the nodes that come next with their scopes.
_READERS: dict[type, Callable[[Any, Scope, Scopes], _Found]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Assign: _assignment,
    ast.AnnAssign: _assignment,
    ast.AugAssign: _assignment,
    ast.NamedExpr: _walrus,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.Global: _declaration,
    ast.Nonlocal: _declaration,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.ExceptHandler: _capture,
    ast.MatchAs: _capture,
    ast.MatchStar: _capture,
    ast.MatchMapping: _capture,
    ast.Constant: _nothing,
    **dict.fromkeys(FUNCTION, _function),
    **dict.fromkeys(_COMPREHENSION, _comprehension),
}
