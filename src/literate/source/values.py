"""What expressions stand for, as far as the source says it for certain.

A path says it: `.Net` is this file's class, `.Net()` an instance of it, `.Net().width` what that
has by this name, `torch.nn` a module of others, and "" is whatever cannot be told. What a path of
another file leads to is found where all files are known.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import NamedTuple

from literate.source.scopes import FUNCTION, Scope, ScopeKind, Scopes, arguments

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
#: Decorators that leave a function's parameters and its result as they are written.
_HARMLESS = frozenset(
    f"{module}.{name}"
    for module, names in {
        "builtins": ("staticmethod", "classmethod"),
        "abc": ("abstractmethod",),
        "typing": ("override", "final"),
        "functools": ("cache", "lru_cache"),
        "torch": ("no_grad", "inference_mode"),
    }.items()
    for name in names
)
_PROPERTIES = frozenset(["builtins.property", "functools.cached_property"])
_FIELDS = frozenset(["dataclasses.dataclass"])
_TRANSPARENT = frozenset(["Optional", "Final", "ClassVar", "Annotated"])


class Symbol(NamedTuple):
    """Something that other files may name: of a module or a class, or a function in a function.

    `kind` is `class`, `function`, `import` or `variable`. `value` is the path of what a variable
    or a property holds, a function returns, or an import brings. `bases` are those of a class,
    `parameters` what a call may name; `has_fields` that its fields are those of its constructor.
    """

    kind: str
    value: str = ""
    bases: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()
    has_fields: bool = False


class Values:
    """Finds out what the expressions of a file stand for."""

    def __init__(self, scopes: Scopes, module: str, *, is_package: bool) -> None:
        self._scopes = scopes
        self._module = module
        self._is_package = is_package
        self._held: dict[tuple[int, str], str] = {}
        self._has_star = any(
            isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
            for node, _ in scopes.binders
        )

    # --- expressions ---

    def path(self, node: ast.AST | None, scope: Scope) -> str:
        """What an expression stands for."""
        tail = ""
        while True:
            if isinstance(node, ast.Attribute):
                tail = f".{node.attr}{tail}"
                node = node.value
            elif isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id == "super":
                    around = self._class_around(scope)
                    return f"{around.path}.super(){tail}" if around else ""
                tail = f"(){tail}"
                node = node.func
            else:
                break
        head = ""
        if isinstance(node, ast.Name):
            head = self.name(node.id, scope)
        elif isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        ):
            head = "builtins.str()"
        return head + tail if head else ""

    def name(self, name: str, scope: Scope) -> str:
        """What a name stands for, seen from a scope."""
        owner = scope.owner(name)
        if owner is None:
            return self.builtin(name)
        return self.held(owner, name)

    def builtin(self, name: str) -> str:
        return f"builtins.{name}" if name in BUILTINS and not self._has_star else ""

    def _class_around(self, scope: Scope) -> Scope | None:
        around: Scope | None = scope
        while around and around.kind != ScopeKind.CLASS:
            around = around.parent
        return around

    def held(self, owner: Scope, name: str) -> str:
        """What a scope's own name stands for."""
        key = id(owner), name
        if key not in self._held:
            self._held[key] = ""  # a name may be made of itself
            self._held[key] = self._hold(owner, name)
        return self._held[key]

    def _hold(self, owner: Scope, name: str) -> str:
        nodes = owner.bound[name]
        first = nodes[0]
        if isinstance(first, (ast.Import, ast.ImportFrom)):
            origins = {self.origin(node, name) for node in nodes}
            return origins.pop() if len(origins) == 1 else ""
        if all(isinstance(node, (*FUNCTION, ast.ClassDef)) for node in nodes):
            return f"{owner.path}.{name}"
        if owner.kind in (ScopeKind.MODULE, ScopeKind.CLASS):
            return f"{owner.path}.{name}" if self.is_lasting(nodes) else ""
        declared = [path for node in nodes if (path := self._declared(node, owner))]
        if declared:
            # What comes in as a `str` often goes on as a `Path` of the same name.
            is_kept = len(nodes) == len(declared) or not declared[0].startswith("builtins.")
            return declared[0] if is_kept and len(set(declared)) == 1 else ""
        if len(nodes) == 1:
            return self._received(first, owner) or self._assigned(first, owner)
        return ""

    def is_lasting(self, nodes: list[ast.AST]) -> bool:
        """Whether a name stands for what is defined or assigned, and nothing that passes."""
        return all(
            isinstance(node, (*FUNCTION, ast.ClassDef)) or id(node) in self._scopes.statements
            for node in nodes
        )

    def origin(self, node: ast.AST, name: str) -> str:
        """What an import statement gives a name to; "" where the node is none."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname == name:
                    return alias.name
            return name
        if isinstance(node, ast.ImportFrom):
            source = self.source(node)
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return f"{source}.{alias.name}" if source else alias.name
        return ""

    def source(self, node: ast.ImportFrom) -> str:
        """The module that an import statement names, relative or not."""
        module = node.module or ""
        if not node.level:
            return module
        parts = self._module.split(".")
        parent = parts[: len(parts) - node.level + self._is_package]
        return ".".join([*parent, module] if module else parent)

    # --- what a local name holds ---

    def _declared(self, node: ast.AST, owner: Scope) -> str:
        """The instance that an annotation promises."""
        if isinstance(node, ast.arg):
            packed = getattr(owner.node, "args", None)
            if packed and node in (packed.vararg, packed.kwarg):
                return ""
            return self.annotation(node.annotation, owner.parent or owner)
        statement = self._scopes.statements.get(id(node))
        if isinstance(statement, ast.AnnAssign):
            return self.annotation(statement.annotation, owner)
        return ""

    def _received(self, node: ast.AST, owner: Scope) -> str:
        """`self` and `cls`: a method's first parameter."""
        around = owner.parent
        if not isinstance(node, ast.arg) or not around or around.kind != ScopeKind.CLASS:
            return ""
        function = owner.node
        if not isinstance(function, FUNCTION):
            return ""
        positional = [*function.args.posonlyargs, *function.args.args]
        if not positional or positional[0] is not node:
            return ""
        decorators = {self.path(part, around) for part in function.decorator_list}
        if "builtins.staticmethod" in decorators:
            return ""
        is_class = "builtins.classmethod" in decorators or function.name in (
            "__new__", "__init_subclass__", "__class_getitem__",
        )  # fmt: skip
        return around.path if is_class else f"{around.path}()"

    def _assigned(self, node: ast.AST, owner: Scope) -> str:
        statement = self._scopes.statements.get(id(node))
        is_whole = isinstance(statement, (ast.Assign, ast.AnnAssign))
        return self.path(statement.value, owner) if statement and is_whole else ""

    def annotation(self, node: ast.AST | None, scope: Scope) -> str:
        """An instance of what an annotation names; None aside, there is only one."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value.strip(), mode="eval").body
            except (SyntaxError, ValueError):
                return ""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            sides = [side for side in (node.left, node.right) if not _is_none(side)]
            return self.annotation(sides[0], scope) if len(sides) == 1 else ""
        if isinstance(node, ast.Subscript):
            outer = self.path(node.value, scope)
            module, _, name = outer.rpartition(".")
            if module not in ("typing", "builtins"):
                return ""
            inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
            if name in _TRANSPARENT:
                return self.annotation(inner, scope)
            return self.path(inner, scope) if name in ("type", "Type") else ""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return ""
        path = self.path(node, scope)
        if path == "typing.Self":
            around = self._class_around(scope)
            path = around.path if around else ""
        return f"{path}()" if path else ""

    # --- symbols ---

    def symbols(self) -> Iterator[tuple[str, Symbol, ast.AST]]:
        """(path, symbol, node) of what has a path in this file; what methods set comes last."""
        for scope in self._scopes.scopes:
            for name, nodes in scope.bound.items():
                path = f"{scope.path}.{name}"
                if isinstance(nodes[0], (ast.Import, ast.ImportFrom)):
                    if not scope.path and (origin := self.held(scope, name)):
                        yield path, Symbol("import", origin), nodes[0]
                elif self.held(scope, name) == path:
                    yield path, self._symbol(scope, nodes), nodes[0]
        yield from self._set_by_methods()

    def _symbol(self, scope: Scope, nodes: list[ast.AST]) -> Symbol:
        node = nodes[0]
        if isinstance(node, ast.ClassDef):
            bases = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
            paths = tuple(self.path(base, scope) for base in bases)
            has_fields = "typing.NamedTuple" in paths or not _FIELDS.isdisjoint(
                self._decorators(node, scope)
            )
            return Symbol("class", "", paths, has_fields=has_fields)
        if isinstance(node, FUNCTION):
            return self._function(node, scope, is_only=len(nodes) == 1)
        return Symbol("variable", self._variable(scope, nodes))

    def _variable(self, scope: Scope, nodes: list[ast.AST]) -> str:
        declared = {path for node in nodes if (path := self._declared(node, scope))}
        if declared:
            return declared.pop() if len(declared) == 1 else ""
        return self._assigned(nodes[0], scope) if len(nodes) == 1 else ""

    def _decorators(self, node: ast.AST, scope: Scope) -> list[str]:
        parts: list[ast.expr] = getattr(node, "decorator_list", [])
        return [self.path(part, scope).removesuffix("()") for part in parts]

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, *, is_only: bool
    ) -> Symbol:
        decorators = self._decorators(node, scope)
        result = self.annotation(node.returns, scope)
        if not _PROPERTIES.isdisjoint(decorators):
            return Symbol("variable", result)
        if not is_only or not _HARMLESS.issuperset(decorators):
            return Symbol("function")
        named = {arg.arg for arg in arguments(node.args)}
        named -= {arg.arg for arg in (*node.args.posonlyargs, node.args.vararg, node.args.kwarg)
                  if arg}  # fmt: skip
        is_plain = isinstance(node, ast.FunctionDef)
        return Symbol("function", result if is_plain else "", parameters=frozenset(named))

    def _set_by_methods(self) -> Iterator[tuple[str, Symbol, ast.AST]]:
        """What methods assign to `self`."""
        found: dict[str, list[tuple[ast.Attribute, Scope]]] = {}
        for node, scope in self._scopes.attributes:
            if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
                owner = scope.owner(node.value.id)
                if owner and owner.kind == ScopeKind.FUNCTION:
                    path = self.held(owner, node.value.id)
                    around = owner.parent
                    if around and path in (f"{around.path}()", around.path):
                        found.setdefault(f"{around.path}.{node.attr}", []).append((node, scope))
        for path, places in found.items():
            # `__init__` says what there is; a method above it only changes it.
            places.sort(key=lambda place: (_method(place[1]) != "__init__", place[0].lineno))
            yield path, Symbol("variable", self._set(places)), places[0][0]

    def _set(self, places: list[tuple[ast.Attribute, Scope]]) -> str:
        for node, scope in places:
            statement = self._scopes.statements.get(id(node))
            if isinstance(statement, ast.AnnAssign):
                return self.annotation(statement.annotation, scope)
        return self._assigned(*places[0]) if len(places) == 1 else ""


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _method(scope: Scope) -> str:
    return str(getattr(scope.node, "name", ""))
