"""The identifiers of a file: what each stands for, by scope and not by spelling."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from literate.source.document import Document
from literate.source.places import (
    Place,
    bound_place,
    column,
    dotted_places,
    imported_places,
    last_place,
    stands_at,
)
from literate.source.python import syntax_tree
from literate.source.scopes import FUNCTION, Scope, ScopeKind, read_scopes
from literate.source.values import Symbol, Values


class Name(NamedTuple):
    """Something that identifiers of a file stand for.

    `path` is what it is to the whole project, "" for what only a function knows; `value` is what it
    holds, where that is another thing. `line` is where the file binds it, 0 if nowhere; `uses` is
    how many identifiers stand for it.
    """

    text: str
    path: str = ""
    line: int = 0
    value: str = ""
    uses: int = 0


class NameScope(NamedTuple):
    """A function, a class or the module: its lines, and the number of each of its names."""

    first: int
    last: int
    path: str
    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Names:
    """What the identifiers of a file stand for.

    The number of a name is its place in `names`; two identifiers have the same number if they are
    the same variable, attribute or parameter. `symbols` are what other files may refer to, by path.
    """

    names: tuple[Name, ...] = ()
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    scopes: tuple[NameScope, ...] = ()


class Use(NamedTuple):
    """An identifier: the number of its name, and whether this is the place that binds it first."""

    number: int
    is_place: bool


#: (line, column) -> what the identifier there stands for.
Uses = dict[tuple[int, int], Use]


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


def read_names(document: Document, module: str) -> tuple[Names, Uses]:
    """What each identifier in a file's code stands for, as far as that is certain."""
    reader = _Reader(document, module)
    reader.read()
    count = Counter(reader.places.values())
    names = Names(
        tuple(name._replace(uses=count[number]) for number, name in enumerate(reader.names)),
        reader.symbols,
        tuple(reader.note_scopes()),
    )
    uses = {
        place: Use(number, reader.first.get(number) == place)
        for place, number in reader.places.items()
    }
    return names, uses


#: What an identifier stands for: its path, or the scope that binds it and its spelling.
_Key = str | tuple[int, str]


class _Reader:
    def __init__(self, document: Document, module: str) -> None:
        self.lines = [line.text for line in document.lines]
        self.scopes = read_scopes(syntax_tree(document.source))
        is_package = document.path.endswith("__init__.py")
        self.values = Values(self.scopes, module, is_package=is_package)
        self.symbols: dict[str, Symbol] = {}
        self.names: list[Name] = []
        self.places: dict[tuple[int, int], int] = {}
        #: Number -> the place that binds it first.
        self.first: dict[int, tuple[int, int]] = {}
        self._numbers: dict[_Key, int] = {}
        self._own: dict[tuple[int, str], int] = {}
        #: What methods assign to `self`: number -> path.
        self._set: dict[int, str] = {}
        functions = (s.path for s in self.scopes.scopes if isinstance(s.node, FUNCTION))
        self._count = Counter(functions)

    def read(self) -> None:
        attributes = {}
        for path, symbol, node in self.values.symbols():
            if path not in self.symbols:
                self.symbols[path] = symbol
                if isinstance(node, ast.Attribute):
                    attributes[id(node)] = path
        for name, scope in self.scopes.names:
            owner = scope.owner(name.id)
            number = self._builtin(name.id) if owner is None else self._number(owner, name.id)
            if number is not None:
                start = column(self.lines[name.lineno - 1], name.col_offset)
                is_bound = not isinstance(name.ctx, ast.Load)
                self._mark((name.lineno, start, name.id), number, is_bound=is_bound)
        for node, scope in self.scopes.binders:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node, scope)
                continue
            for place in bound_place(node, self.lines):
                if owner := scope.owner(place[2]):
                    is_bound = not isinstance(node, (ast.Global, ast.Nonlocal))
                    self._mark(place, self._number(owner, place[2]), is_bound=is_bound)
        for attribute, scope in self.scopes.attributes:
            if path := attributes.get(id(attribute)) or self.values.path(attribute, scope):
                number = self._path(path, attribute.attr)
                place = last_place(attribute, attribute.attr, self.lines)
                self._mark(place, number, is_bound=id(attribute) in attributes)
                if id(attribute) in attributes:
                    self._set[number] = path
        for call, scope in self.scopes.calls:
            self._keywords(call, scope)

    def note_scopes(self) -> Iterator[NameScope]:
        """The scopes that a note may stand in."""
        own: dict[int, dict[str, int]] = {}
        for (owner, name), number in self._own.items():
            own.setdefault(owner, {})[name] = number
        by_path: dict[str, dict[str, int]] = {}
        for scope in self.scopes.scopes:
            if scope.kind != ScopeKind.COMPREHENSION and not isinstance(scope.node, ast.Lambda):
                names = own.get(id(scope), {})
                by_path.setdefault(scope.path, names)
                first, last = getattr(scope.node, "lineno", 1), getattr(scope.node, "end_lineno", 0)
                yield NameScope(first, last or len(self.lines), scope.path, names)
        for number, path in self._set.items():
            around, _, name = path.rpartition(".")
            if around in by_path:
                by_path[around].setdefault(name, number)

    # --- numbers ---

    def _new(self, key: _Key, text: str, path: str = "", value: str = "") -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self.names)
            self.names.append(Name(text, path, 0, value))
        return self._numbers[key]

    def _number(self, owner: Scope, name: str) -> int:
        """The number of a scope's own name."""
        known = self._own.get((id(owner), name))
        if known is not None:
            return known
        held = self.values.held(owner, name)
        key: _Key = f"{owner.path}.{name}"
        path = held
        if owner.kind in (ScopeKind.FUNCTION, ScopeKind.COMPREHENSION):
            node = owner.bound[name][0]
            is_own = held == key and isinstance(node, (*FUNCTION, ast.ClassDef))
            key = (id(owner), name)
            if isinstance(node, ast.arg) and self._count[owner.path] == 1:
                key = path = f"{owner.path}({name}"
            elif not is_own and not isinstance(node, (ast.Import, ast.ImportFrom)):
                path = ""
        number = self._own[id(owner), name] = self._new(key, name, path, held)
        return number

    def _builtin(self, name: str) -> int | None:
        path = self.values.builtin(name)
        return self._new(path, name, path) if path else None

    def _path(self, path: str, text: str) -> int:
        """The number of what a path leads to: an attribute of an instance is that of its class."""
        base, _, name = path.rpartition(".")
        if base.endswith("()") and (of_class := f"{base[:-2]}.{name}") in self.symbols:
            path = of_class
        return self._new(path, text, path)

    # --- identifiers ---

    def _mark(self, place: Place, number: int, *, is_bound: bool = False) -> None:
        line, start, text = place
        if not stands_at(self.lines[line - 1], start, text):
            return
        self.places[line, start] = number
        known = self.first.get(number)
        if is_bound and (known is None or (number not in self._set and (line, start) < known)):
            self.first[number] = line, start
            self.names[number] = self.names[number]._replace(line=line)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        source, written = "", ""
        if isinstance(node, ast.ImportFrom):
            source, written = self.values.source(node), node.module or ""
        for line, start, name in imported_places(node, self.lines):
            # `from .a.b`: what the dots stand for comes before what is written.
            path = source[: len(source) - len(written) + len(name)]
            text = name.rpartition(".")[2]
            self._mark((line, start, text), self._path(path, text))
        for alias in node.names:
            first = column(self.lines[alias.lineno - 1], alias.col_offset)
            bound = alias.asname or alias.name.partition(".")[0]
            owner = scope.owner(bound)
            for line, start, name in dotted_places(alias.lineno, first, alias.name):
                text = name.rpartition(".")[2]
                if name == bound and not alias.asname and owner:
                    self._mark((line, start, text), self._number(owner, name), is_bound=True)
                elif name != "*":
                    path = f"{source}.{name}" if source else name
                    self._mark((line, start, text), self._path(path, text))
            if alias.asname and owner:
                place = last_place(alias, bound, self.lines)
                self._mark(place, self._number(owner, bound), is_bound=True)

    def _keywords(self, call: ast.Call, scope: Scope) -> None:
        """The names of arguments are those of the parameters."""
        path = self.values.path(call.func, scope)
        symbol = self.symbols.get(path)
        is_function = symbol is not None and symbol.kind == "function"
        for keyword in call.keywords:
            if is_function and symbol and keyword.arg not in symbol.parameters:
                continue  # a decorator may have changed them
            if path and keyword.arg:
                start = column(self.lines[keyword.lineno - 1], keyword.col_offset)
                number = self._path(f"{path}({keyword.arg}", keyword.arg)
                self._mark((keyword.lineno, start, keyword.arg), number)
