"""Where the identifiers stand that a syntax tree has as bare texts: of `def`, `import`, `as`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from literate.source.scopes import FUNCTION, captured

#: A line, counted from 1, a column, counted from 0 in characters, and the text that stands there.
Place = tuple[int, int, str]
_FROM = re.compile(r"from\s*\.*\s*(?P<name>[\w.]+)\s+import\b")


def column(line: str, offset: int) -> int:
    """The syntax tree counts bytes, lines count characters."""
    return offset if line.isascii() else len(line.encode()[:offset].decode(errors="replace"))


def stands_at(line: str, start: int, name: str) -> bool:
    """Whether an identifier stands there, whole.

    The tree errs within f-strings, and has an identifier in the plain form of its Unicode letters.
    """
    after = line[start + len(name) :][:1]
    return line.startswith(name, start) and not (after and f"_{after}".isidentifier())


def bound_place(node: ast.AST, lines: Sequence[str]) -> Iterator[Place]:
    """Where a node that binds names, and is no `ast.Name`, has them."""
    if isinstance(node, (*FUNCTION, ast.ClassDef)):
        # `async def name`: the name follows the last of the keywords, after its decorators.
        yield from _after(r"(?:class|def)\s+", node.name, node, lines)
    elif isinstance(node, ast.arg):
        yield node.lineno, column(lines[node.lineno - 1], node.col_offset), node.arg
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        for name in node.names:
            yield from _after(r"\b", name, node, lines)
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield from _after(r"\bas\s+", node.name, node.type or node, lines, is_end=True)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield from _after(r"\*\*\s*", node.rest, node, lines)
    elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and (taken := captured(node)):
        yield last_place(node, taken, lines)


def last_place(node: ast.AST, name: str, lines: Sequence[str]) -> Place:
    """Where the name stands that a node ends in."""
    end: int = node.end_lineno  # type: ignore[attr-defined]
    offset: int = node.end_col_offset  # type: ignore[attr-defined]
    return end, column(lines[end - 1], offset) - len(name), name


def imported_places(node: ast.Import | ast.ImportFrom, lines: Sequence[str]) -> Iterator[Place]:
    """Where a statement has the parts of the name of a module that it imports from."""
    if isinstance(node, ast.ImportFrom) and node.module:
        line = lines[node.lineno - 1]
        if found := _FROM.match(line, column(line, node.col_offset)):
            yield from dotted_places(node.lineno, found.start("name"), found["name"])


def dotted_places(line: int, start: int, name: str) -> Iterator[Place]:
    """Where the parts of a dotted name stand, each with the parts before it."""
    end = 0
    for part in name.split("."):
        end += len(part)
        yield line, start + end - len(part), name[:end]
        end += 1


def _after(
    words: str, name: str, node: ast.AST, lines: Sequence[str], *, is_end: bool = False
) -> Iterator[Place]:
    """The first place of a name on a node's first line, or its last, that follows these words."""
    prefix = "end_" if is_end else ""
    number: int = getattr(node, f"{prefix}lineno")
    line = lines[number - 1]
    start = column(line, getattr(node, f"{prefix}col_offset"))
    # Nothing comes of a name after a line continuation.
    if found := re.compile(rf"{words}(?={re.escape(name)}\b)").search(line, start):
        yield number, found.end(), name
