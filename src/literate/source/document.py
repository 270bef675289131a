"""The parts of an annotated file: taken apart without losing a byte."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file as it stands there, its line ending included."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """The Markdown of a note, and the number of the file's line behind each of its lines."""

    text: str
    line_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A note and the code that it speaks of.

    `note` holds the file's lines that the prose was made of: comment signs, quotes and all.
    `definition` is the qualified name of the class or function whose docstring it is.
    """

    note: tuple[Line, ...] = ()
    code: tuple[Line, ...] = ()
    prose: Prose | None = None
    definition: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A class, a function or a constant of the module, and where its statement starts."""

    name: str
    line: int
    column: int
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

    @property
    def lines(self) -> list[Line]:
        """Code lines and note lines, put back in order."""
        lines = [line for section in self.sections for line in (*section.note, *section.code)]
        return sorted(lines, key=lambda line: line.number)

    @property
    def source(self) -> str:
        """The source text."""
        return "".join(line.text for line in self.lines)

    def encode(self) -> bytes:
        """The file's bytes."""
        return self.source.encode(self.encoding)
