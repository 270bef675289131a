"""The shapes of tensors beside the lines that make them, as a run of the code has recorded them.

The engine runs nothing. A project's own script writes a JSON file: of each file, function and line
of code, the shapes in symbols and in each of its configurations. Notes are held against it.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.site.page import Page
from literate.site.shape_html import MOST
from literate.source.document import Definition
from literate.translation.message import Kind, Passage, plain_text

#: In symbols, then in each configuration; "" where there is none.
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """What is recorded of a function.

    `lines` goes by the text of a line of code. In each configuration, `passes` are all shapes that
    come up in the function. A symbol among its `own` names is no symbol in it.
    """

    own: frozenset[str]
    takes: Row
    lines: Mapping[str, Row]
    passes: Row


@dataclass(frozen=True, slots=True)
class Shapes:
    """All that is recorded: the symbols of each configuration, and functions by file and name."""

    path: str = ""
    configurations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Function]] = field(default_factory=dict)

    def passages(self) -> Iterator[Passage]:
        """The names of the configurations, for readers to choose."""
        for name in self.configurations:
            yield plain_text(name, self.path, 1, Kind.CONFIG, "configuration of shapes")

    def of(self, page: Page) -> dict[int, Row]:
        """The shapes of a page's lines, by their numbers."""
        known = self.files.get(page.path)
        if not known:
            return {}
        found: dict[int, Row] = {}
        for section in page.document.sections:
            for line in section.code:
                function = known.get(_function_at(page, line.number))
                if function and (row := function.lines.get(line.text.strip())):
                    found[line.number] = row
        return found

    def passes(self, page: Page) -> dict[str, tuple[Row, Row]]:
        """What the classes of a page take and return, by their names."""
        found: dict[str, tuple[Row, Row]] = {}
        for name, function in self.files.get(page.path, {}).items():
            owner, _, method = name.rpartition(".")
            returned = [row for text, row in function.lines.items() if text.startswith("return ")]
            if owner and method in ("forward", "__call__") and function.takes and returned:
                found[owner] = function.takes, returned[-1]
        return found

    def faults(self, page: Page) -> Iterator[LiterateError]:
        """Shapes in notes that no run has seen, and recorded lines that the file lacks."""
        known = self.files.get(page.path, {})
        yield from self._gone(page, known)
        for section in page.document.sections:
            prose = section.prose
            for text, number in zip(
                prose.text.split("\n") if prose else (),
                prose.line_numbers if prose else (),
                strict=False,
            ):
                name = _function_at(page, number)
                for written in dict.fromkeys(_IN_NOTE.findall(text) if name in known else ()):
                    if where := self._contradicted(known[name], written):
                        yield LiterateError(
                            f"the note says `{written}`, and no tensor of {name!r} has that shape "
                            f"in {where!r}",
                            file=page.path,
                            line=number,
                            fix=f"Recorded are {', '.join(_recorded(known[name]))}; correct the "
                            f"note, or record {self.path} again",
                        )

    def _gone(self, page: Page, known: Mapping[str, Function]) -> Iterator[LiterateError]:
        lines: dict[str, set[str]] = {}
        for section in page.document.sections:
            for line in section.code:
                lines.setdefault(_function_at(page, line.number), set()).add(line.text.strip())
        for name, function in known.items():
            for text in function.lines.keys() - lines.get(name, set()):
                yield LiterateError(
                    f"{page.path} has no line `{text}` in {name!r}",
                    file=self.path,
                    fix="Record the shapes again",
                )

    def _contradicted(self, function: Function, written: str) -> str:
        """The first configuration in which nothing has the shape, "" if there is none."""
        wanted = _dimensions(written)
        for number, (name, symbols) in enumerate(self.configurations.items()):
            texts = [row[number + 1] for row in (function.takes, *function.lines.values()) if row]
            seen = _SHAPE.findall(" ".join([*texts, function.passes[number]]))
            values = {key: size for key, size in symbols.items() if key not in function.own}
            if seen and not any(_fits(wanted, _dimensions(shape), values) for shape in seen):
                return name
        return ""


_SHAPE = re.compile(r"\[[^\[\]]*\]")
#: In a note, what is a shape of a batch.
_IN_NOTE = re.compile(r"`(\[(?:[\w/*+ -]+, *)*B(?:, *[\w/*+ -]+)*\])`")


_UNFIT = (ValueError, TypeError, KeyError, AttributeError)


def load_shapes(file: SourceFile) -> Shapes:
    """Read a record of shapes.

    Raises `LiterateError` where it is no such record, and `FileNotFoundError` without one.
    """
    try:
        data = json.loads(file.read_text("the record of shapes"))
        configurations = {
            str(name): {str(key): int(size) for key, size in symbols.items()}
            for name, symbols in data["configurations"].items()
        }
        files = {
            str(path): {str(name): _function(it, len(configurations)) for name, it in known.items()}
            for path, known in data["files"].items()
        }
        if len(configurations) > MOST:
            raise ValueError(f"{len(configurations)} configurations are more than {MOST}")
    except (*_UNFIT, RecursionError, OverflowError) as error:
        raise file.error(
            f"this is no record of shapes: {type(error).__name__}: {error}",
            fix="Record it again with the project's script",
        ) from None
    return Shapes(file.shown, configurations, files)


def _function(entry: Mapping[str, Any], count: int) -> Function:
    return Function(
        own=frozenset(entry["own"]),
        takes=_row(entry["takes"], count + 1) if entry["takes"] else (),
        lines={str(text): _row(row, count + 1) for text, row in entry["lines"].items()},
        passes=_row(entry["passes"], count),
    )


def _row(values: Sequence[Any], count: int) -> Row:
    if len(values) != count or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{values!r} is not {count} texts")
    return tuple(values)


def _function_at(page: Page, line: int) -> str:
    """The name of the innermost definition around a line."""
    around = (it for it in page.document.definitions if it.first <= line <= it.last)
    return max(around, key=lambda it: it.first, default=_NOWHERE).name


_NOWHERE = Definition("", 0, 0, 0, 0)


def _recorded(function: Function) -> list[str]:
    """The shapes of a function in symbols, or where they have none, in the first configuration."""
    rows = [row for row in (function.takes, *function.lines.values()) if row]
    return list(dict.fromkeys(row[0] or row[1] for row in rows))


def _dimensions(shape: str) -> list[str]:
    return [part.strip() for part in shape.strip("[]").split(",")]


def _fits(wanted: list[str], found: list[str], symbols: Mapping[str, int]) -> bool:
    """Whether a shape in words is one in numbers; a name without a value stands for any number."""
    if len(wanted) != len(found):
        return False
    names: dict[str, str] = {}
    for written, size in zip(wanted, found, strict=True):
        if "B" in (written, size):
            value: object = written
        else:
            value = _value(written, symbols)
            if value is None and written.isidentifier():
                value = names.setdefault(written, size)
        if value is not None and str(value) != size:
            return False
    return True


#: No tensor has more elements.
_LARGEST = 2**63
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.FloorDiv: operator.floordiv,
}


def _value(written: str, symbols: Mapping[str, int]) -> int | None:
    """What an expression comes to, None where a name in it has no value."""

    def value(node: ast.expr) -> int:
        found = _LARGEST + 1
        match node:
            case ast.Constant(value=int(number)):
                found = number
            case ast.Name(id=name):
                found = symbols[name]
            case ast.BinOp(left=left, op=op, right=right):
                found = _OPERATORS[type(op)](value(left), value(right))
        if abs(found) > _LARGEST:
            raise KeyError(written)
        return found

    try:
        return value(ast.parse(written, mode="eval").body)
    # Python's parser says of what is too deep that memory is short.
    except (KeyError, SyntaxError, ZeroDivisionError, RecursionError, MemoryError):
        return None
