"""A run of a file's lines that is prose: a comment or a docstring, before it is a note."""

from __future__ import annotations

from dataclasses import dataclass

from literate.source.document import Prose


@dataclass(frozen=True, slots=True)
class Span:
    """A run of file lines (`first` to `last`) that is prose, and how they hold it.

    `header` is the first line of the decorators or of the `def` that this docstring documents. A
    span that `continues` belongs to the note directly above it.
    """

    first: int
    last: int
    prose: Prose
    indent: str
    quotes: str = ""
    definition: str | None = None
    header: int | None = None
    opens_module: bool = False
    continues: bool = False

    @property
    def start(self) -> int:
        return self.first if self.header is None else self.header
