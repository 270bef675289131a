"""The parts of an annotated file: taken apart without losing a byte."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

# Tuples, since a cache reads tens of thousands of them, and those in a third of the time.


class Line(NamedTuple):
    """One line of the file, its line ending included."""

    number: int
    text: str


class Prose(NamedTuple):
    """The Markdown of a note, and the number of the file's line behind each of its lines."""

    text: str
    line_numbers: tuple[int, ...]


class NoteLines(NamedTuple):
    """A run of the file's lines that holds prose: comment signs, quotes and all.

    A string opens with `quotes`, its prefix before them; comments have none.
    """

    lines: tuple[Line, ...]
    indent: str = ""
    quotes: str = ""


class Section(NamedTuple):
    """A note and the code that it speaks of.

    `written` is how the file holds the prose: comments above a definition and its docstring are
    one note. `definition` is the qualified name of the class or function whose docstring it is.
    """

    written: tuple[NoteLines, ...] = ()
    code: tuple[Line, ...] = ()
    prose: Prose | None = None
    definition: str | None = None

    @property
    def note(self) -> tuple[Line, ...]:
        """The lines of the note."""
        return tuple(chain.from_iterable([run.lines for run in self.written]))


class Statement(NamedTuple):
    """A statement of the module itself: its lines, those of decorators included."""

    first: int
    last: int
    is_definition: bool = False
    #: Whether it is `if __name__ == "__main__":`.
    is_program: bool = False


class RelativeImport(NamedTuple):
    """An import that starts with dots: where, how many, and whether a name follows them."""

    line: int
    column: int
    level: int
    is_named: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """A class, a function or a constant of the module.

    Its statement starts at `line` and `column`, and with its decorators it takes the lines `first`
    to `last`.
    """

    name: str
    line: int
    column: int
    first: int
    last: int
    is_constant: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The sections of one source file, in order.

    `opening` is the index of the section that holds the module docstring, if there is one.
    `imports_end` is the last line of the import statements that follow that docstring.
    """

    path: str
    encoding: str
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...] = ()
    opening: int | None = None
    imports_end: int = 0
    statements: tuple[Statement, ...] = ()
    relative_imports: tuple[RelativeImport, ...] = ()

    @property
    def lines(self) -> list[Line]:
        """Code lines and note lines, put back in order."""
        lines = [line for section in self.sections for line in (*section.note, *section.code)]
        return sorted(lines, key=itemgetter(0))

    @property
    def source(self) -> str:
        """The source text."""
        return "".join(line.text for line in self.lines)

    def encode(self) -> bytes:
        """The file's bytes."""
        return self.source.encode(self.encoding)
