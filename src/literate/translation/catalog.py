"""The translations of a page in a language, as its file has them: data, and nothing else.

An entry's source is the HTML of a note, or of one of its blocks, or a plain text such as a title.
`docs/your-paper.md` describes the files, which it calls maps, for translators.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from literate.translation.sanitise import TAGS, sanitise
from literate.translation.segment import TEXT, Piece, Segment, parse, split


@dataclass(frozen=True)  # no slots: what is asked for again and again is worked out once
class Entry:
    """A text and its translation, with the line of its key in the file."""

    source: str
    translation: str
    line: int

    @cached_property
    def source_blocks(self) -> tuple[Segment, ...]:
        return parse(self.source)

    @cached_property
    def _html(self) -> str:
        """What of the translation its key allows.

        What of it a page may show is not said here: the key is a stranger's too.
        """
        return sanitise(self.translation, self.source, TAGS)

    @property
    def all_blocks(self) -> tuple[Segment, ...]:
        """The translation's blocks, with whatever strays between them."""
        return parse(self._html)

    @cached_property
    def blocks(self) -> tuple[Piece, ...]:
        """The translation's blocks, without text that strays outside any tag."""
        blocks = split(self._html)
        if any(block.kind == TEXT for block in self.source_blocks):
            return blocks
        return tuple(block for block in blocks if block.kind != TEXT)

    @cached_property
    def is_parallel(self) -> bool:
        """Whether both sides have the same blocks, so that one serves for the other alone."""
        return [b.kind for b in self.source_blocks] == [b.kind for b in self.blocks]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalog of one page in one language.

    `untranslated` are the keys whose translation is empty: they wait for a translator, and count as
    missing.
    """

    path: str
    entries: tuple[Entry, ...] = ()
    untranslated: tuple[str, ...] = ()
