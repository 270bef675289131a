"""Which tests could pass without having asserted anything: each has to on every path."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

#: Calls that fail by themselves where what they say does not hold.
_ASSERTING = ("raises", "warns", "expect", "assert_")
_SAME_LENGTH = {"enumerate", "sorted", "reversed", "zip"}


def unsure_tests(folder: Path) -> Iterator[str]:
    """The tests that return early, loop over what may be nothing, or assert under an `if` only."""
    shared = _functions(ast.parse((folder / "support.py").read_text(encoding="utf-8")))
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        check = _Check(shared | _functions(tree))
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef)
                and node.name.startswith("test_")
                and not check.surely(node.body)
            ):
                yield f"{path.relative_to(folder).as_posix()}:{node.lineno}: {node.name}"


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


class _Check:
    """Follows the statements, and the functions that are at hand."""

    def __init__(self, functions: dict[str, ast.FunctionDef]) -> None:
        self.functions = functions

    def surely(self, statements: Iterable[ast.stmt]) -> bool:
        """Whether these come to an assertion whatever happens."""
        for statement in statements:
            if self._asserts(statement):
                return True
            if _leaves(statement):
                return False
        return False

    def _asserts(self, node: ast.stmt) -> bool:
        match node:
            case ast.Assert():
                return not _holds_of_nothing(node.test)
            case ast.With():
                return any(self._calls(i.context_expr) for i in node.items) or self.surely(
                    node.body
                )
            case ast.If():
                return self.surely(node.body) and self.surely(node.orelse)
            case ast.For():
                return _is_something(node.iter) and self.surely(node.body)
            case ast.Try():
                ways = [[*node.body, *node.orelse], *(handler.body for handler in node.handlers)]
                return self.surely(node.finalbody) or all(map(self.surely, ways))
            case ast.Expr() | ast.Assign():
                return self._calls(node.value)
        return False

    def _calls(self, expression: ast.expr) -> bool:
        """Whether an expression calls what asserts."""
        for call in ast.walk(expression):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name.startswith(_ASSERTING):
                    return True
                function = self.functions.get(name)
                others = {key: value for key, value in self.functions.items() if key != name}
                if function and _Check(others).surely(function.body):
                    return True
        return False


def _holds_of_nothing(test: ast.expr) -> bool:
    """Whether what is asserted holds wherever there is nothing to look at."""
    match test:
        case ast.Call(func=ast.Name(id="all")):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="any"))):
            return True
        case ast.BoolOp(op=ast.And(), values=values):
            return all(map(_holds_of_nothing, values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(map(_holds_of_nothing, values))
    return False


def _leaves(node: ast.AST, *, loop: bool = False) -> bool:
    """Whether a statement may leave the function, or the loop around it."""
    match node:
        case ast.FunctionDef() | ast.Lambda():
            return False
        case ast.Return():
            return True
        case ast.Continue() | ast.Break():
            return not loop
    loop = loop or isinstance(node, (ast.For, ast.While))
    return any(_leaves(child, loop=loop) for child in ast.iter_child_nodes(node))


def _is_something(node: ast.expr) -> bool:
    """Whether a loop over this runs at least once, as it is written."""
    match node:
        case ast.Tuple() | ast.List():
            return bool(node.elts)
        case ast.Constant(value=str(text)):
            return bool(text)
        case ast.Dict():
            return bool(node.keys)
        case ast.Call(func=ast.Attribute(value=value, attr="items")):
            return _is_something(value)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(n))]):
            return n > 0
        case ast.Call(func=ast.Name(id=name), args=args):
            return name in _SAME_LENGTH and all(map(_is_something, args))
    return False
