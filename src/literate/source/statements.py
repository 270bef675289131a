"""What a syntax tree says of the statements of a module, for a notebook to be cut at them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from literate.source.document import RelativeImport, Statement

DEFINITION = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_PROGRAM = {
    ast.dump(ast.Name("__name__", ast.Load())),
    ast.dump(ast.Constant("__main__")),
}


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements directly within a node: the branches of an `if` and a `try` included."""
    for field in ("body", "handlers", "cases", "orelse", "finalbody"):
        inner = getattr(node, field, ())
        for child in inner if isinstance(inner, list) else ():
            if isinstance(child, ast.stmt):
                yield child
            else:  # `except …:` and `case …:` hold statements in their turn
                yield from statements(child)


def first_line(node: ast.stmt) -> int:
    """The line on which a definition starts, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def module_statements(tree: ast.Module) -> Iterator[Statement]:
    """Those of the module itself, in its order."""
    for node in tree.body:
        last = node.end_lineno or node.lineno
        yield Statement(first_line(node), last, isinstance(node, DEFINITION), _is_program(node))


def relative_imports(node: ast.AST, lines: list[str]) -> Iterator[RelativeImport]:
    """Those that a node holds at any depth, among the lines of the file."""
    for child in statements(node):
        if isinstance(child, ast.ImportFrom) and child.level:
            line = lines[child.lineno - 1]
            column = len(line.encode()[: child.col_offset].decode())
            yield RelativeImport(child.lineno, column, child.level, child.module is not None)
        yield from relative_imports(child, lines)


def _is_program(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Compare)
        and {ast.dump(side) for side in (part.left, *part.comparators)} == _PROGRAM
        for part in ast.walk(node.test)
    )
