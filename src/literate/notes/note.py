"""What a rendered note is: HTML whose untranslatable parts are held back.

What nobody translates (inline code, math, images, fenced code) leaves the HTML for a numbered
placeholder; the HTML that remains is what translators see, and the key of the translation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from literate.base.html import Tag

# No slots: a cache holds thousands of each, and what has them takes longer to pickle and to read.


@dataclass(frozen=True)
class Verbatim:
    """Finished HTML that no translation touches: code and math. `source` is it in Markdown."""

    html: str
    source: str = ""


@dataclass(frozen=True)
class Code(Verbatim):
    """Inline code."""

    text: str = ""


@dataclass(frozen=True)
class Math(Verbatim):
    """A formula within a line, and the TeX that it is written in."""

    tex: str = ""


@dataclass(frozen=True)
class Formula(Verbatim):
    """A display formula."""


@dataclass(frozen=True)
class Figure:
    """An image. Its words are translated one by one, and so are those of an SVG drawing."""

    target: str
    alt: str
    caption: str
    line: int
    #: What else an author wrote into an `<img>`, as in ` width="200"`.
    attributes: str = ""


@dataclass(frozen=True)
class UiString:
    """A word of the engine's own, such as the title of an admonition that has none."""

    text: str


@dataclass(frozen=True)
class FootnoteRef:
    """The number in the text that leads to a footnote: the `repeat`-th to that one, from 0."""

    footnote: int
    repeat: int


@dataclass(frozen=True)
class Citation:
    """Papers of the bibliography that a note cites."""

    keys: tuple[str, ...]
    line: int


Inline = Verbatim | Figure | UiString | FootnoteRef | Citation


@dataclass(frozen=True)
class Link:
    """Where a link of a note points, as its author wrote it."""

    target: str
    line: int


@dataclass(frozen=True)
class Problem:
    """What is wrong with a note, on a line of its file, and how to mend it.

    What it speaks of is shown as it is written.
    """

    message: str
    line: int
    fix: str


class BlockKind(StrEnum):
    """What a block is to a reader. Raw HTML may be anything."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    FORMULA = "formula"
    FIGURE = "figure"
    LIST = "list"
    TABLE = "table"
    QUOTE = "quote"
    CODE = "code"
    ADMONITION = "admonition"
    RULE = "rule"
    RAW = "raw"


class Block(NamedTuple):
    """A top-level block of a note (a paragraph, a heading, a list) with its placeholders.

    One that `is_wrapper` is raw HTML that opens what another block closes, or closes it.
    """

    html: str
    line: int
    kind: BlockKind
    is_wrapper: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading, wherever in a note: its level, its words, and the id that its author gave it.

    In the note's HTML it stands from `start` to `end`.
    """

    level: int
    text: str
    id: str
    start: int
    end: int
    opening: Tag
    inner: str
    closing: str


@dataclass(frozen=True)
class Footnote:
    """The text of a footnote, and how many references lead to it."""

    blocks: tuple[Block, ...]
    refs: int


@dataclass(frozen=True)
class Note:
    """A rendered note. `inlines[n]` is what placeholder number n stands for.

    Footnotes come in the order of their first marks; `ids` are those that the author wrote.
    """

    blocks: tuple[Block, ...] = ()
    inlines: tuple[Inline, ...] = ()
    links: tuple[Link, ...] = ()
    footnotes: tuple[Footnote, ...] = ()
    headings: tuple[Heading, ...] = ()
    ids: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @cached_property
    def html(self) -> str:
        """The note as a translator's key shows it."""
        return "".join(block.html for block in self.blocks)

    @property
    def all_blocks(self) -> list[Block]:
        """Those of the footnotes as well."""
        return [*self.blocks, *(block for note in self.footnotes for block in note.blocks)]
