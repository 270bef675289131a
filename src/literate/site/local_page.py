"""A page in one language, as data: rows of notes and code, of which layout and search are made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from literate.base.html import text_of
from literate.notes.highlight import NameLink, Tokens
from literate.notes.note import BlockKind, Figure, Formula, Inline
from literate.site.about import About
from literate.site.page_names import PaperSymbol
from literate.site.ui import for_templates
from literate.source.document import Definition
from literate.source.frontmatter import Words


@dataclass(frozen=True, slots=True)
class LocalHeading:
    """A heading. Its anchor is that of the source's heading, empty if the source has none.

    `opening`, `inner` and `closing` are its HTML; `label` is what it holds without links and the
    numbers of footnotes, for a table of contents.
    """

    level: int
    anchor: str
    opening: str
    inner: str
    closing: str
    label: str

    @property
    def html(self) -> str:
        return self.opening + self.inner + self.closing


#: HTML, or what stands in it that a layout may want to take out.
Part = str | Formula | LocalHeading


class LocalBlock(NamedTuple):
    """A top-level block of a note, cut at the formulas and headings that it holds."""

    kind: BlockKind
    parts: tuple[Part, ...]

    @property
    def html(self) -> str:
        return "".join([part if isinstance(part, str) else part.html for part in self.parts])

    @property
    def heading(self) -> LocalHeading | None:
        """The heading that the block is, if it is one."""
        if self.kind is not BlockKind.HEADING:
            return None
        return next((part for part in self.parts if isinstance(part, LocalHeading)), None)


@dataclass(slots=True)
class BlockBuilder:
    """A block, put together of its pieces: HTML, and what stands for an inline of the note."""

    parts: list[Part] = field(default_factory=list)
    items: list[Inline] = field(default_factory=list)
    words: set[str] = field(default_factory=set)

    def add(self, pieces: Iterable[tuple[Inline | None, str]]) -> None:
        for item, html in pieces:
            if item is None:
                self.words.add(html.strip())
            else:
                self.items.append(item)
            if isinstance(item, Formula):
                self.parts.append(item)
            elif html and self.parts and isinstance(self.parts[-1], str):
                self.parts[-1] += html
            elif html:
                self.parts.append(html)

    def block(self, kind: BlockKind) -> LocalBlock:
        """The block; a paragraph of nothing but formulas, or of one image, is what it holds."""
        holds = [type(item) for item in self.items]
        if kind == BlockKind.PARAGRAPH and self.words <= {"", "<p>", "</p>"}:
            if set(holds) == {Formula}:
                kind = BlockKind.FORMULA
            elif holds == [Figure]:
                kind = BlockKind.FIGURE
        return LocalBlock(kind, tuple(self.parts))


@dataclass(frozen=True, slots=True)
class LocalFootnote:
    """A footnote, numbered through the page, with the links that lead back to its references."""

    number: int
    html: str


@dataclass(frozen=True, slots=True, eq=False)
class CodeLine:
    """A line of code: as the file has it, and its coloured and linked tokens without its ending.

    Its anchor is empty where something else on the page goes by that name. `shape` is that of the
    tensor which the line makes, where that is known: in symbols, then in each configuration.
    """

    number: int
    text: str
    tokens: Tokens
    anchor: str
    shape: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        return "".join(token if isinstance(token, str) else token.html for token in self.tokens)

    @property
    def ending(self) -> str:
        return self.text[len(self.text.rstrip("\r\n")) :]

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


class Row(NamedTuple):
    """A note and the code beside it.

    `definition` is the class or function whose note it is, which stands on the lines `first` to
    `last` of the file; `anchor` is its name where no other element of the page has that. `label`
    is what the code of the page's opening row goes by, in the language of the page. `passes` are
    the shapes that a class takes and returns, where they are known.
    """

    blocks: tuple[LocalBlock, ...] = ()
    footnotes: tuple[LocalFootnote, ...] = ()
    code: tuple[CodeLine, ...] = ()
    definition: str = ""
    anchor: str = ""
    first: int = 0
    last: int = 0
    is_opening: bool = False
    label: str = ""
    original: str = ""
    passes: tuple[tuple[str, ...], ...] = ()

    @property
    def headings(self) -> Iterator[LocalHeading]:
        for block in self.blocks:
            yield from (part for part in block.parts if isinstance(part, LocalHeading))


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry of the list of what a page cites."""

    anchor: str
    html: str
    language: str = "en"


class TocEntry(NamedTuple):
    """A heading in the table of contents: the first of a definition's note by that one's name."""

    level: int
    anchor: str
    html: str


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """The file that an annotated page is made of: its name and its length in lines.

    `address` is where it can be fetched, `notebook` where its notebook can, if it has one; in the
    repository, if the project names one, it stands at `repository`.
    """

    name: str
    lines: int
    address: str
    notebook: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Hero:
    """What a front page shows beside its title: (words, address) of its actions, a picture's HTML.

    `heading` is the title's HTML, as the page has it.
    """

    heading: str
    kicker: str
    actions: tuple[tuple[str, str], ...]
    picture: str


@dataclass(frozen=True, slots=True)
class LocalPage:
    """A page as one language's readers get it.

    `words` are the translated fields of its front matter, as plain texts. Only an annotated page
    shows its rows side by side; its file is `source`; only one whose front matter says so has a
    `hero`. `symbols` are those of the paper that it pairs with names of the code; `outside` has
    what leads to other documentations, by address. `interface` are the engine's own words in the
    page's language, and `source_language` is the language of the originals in its rows.
    `shape_choice` is the control of its shapes, as HTML. `definitions` are those of its file;
    `abouts` tells, by address, what is said of them and of those of other pages.
    """

    words: Mapping[str, Words]
    rows: tuple[Row, ...]
    is_annotated: bool
    references_heading: LocalHeading | None
    references: tuple[Reference, ...]
    symbols: tuple[PaperSymbol, ...] = ()
    outside: Mapping[str, NameLink] = field(default_factory=dict)
    hero: Hero | None = None
    shape_choice: str = ""
    source: SourceInfo | None = None
    interface: Mapping[str, str] = field(default_factory=dict)
    source_language: str = "en"
    definitions: tuple[Definition, ...] = ()
    abouts: Mapping[str, About] = field(default_factory=dict)

    @property
    def code(self) -> tuple[tuple[CodeLine, ...], ...]:
        """The code of each row: that of a page's file is the same in all languages."""
        return tuple(row.code for row in self.rows)

    def say(self, word: str) -> str:
        """A word of the engine's own in the language of the page, as HTML."""
        return escape(self.interface.get(word, word))

    @property
    def headline(self) -> LocalHeading | None:
        """The block that the page opens with, if that is its title and nothing else."""
        blocks = [block for row in self.rows[:1] for block in row.blocks[:1]]
        parts = [part for block in blocks for part in block.parts if part != "\n"]
        heading = parts[0] if len(parts) == 1 else None
        return heading if isinstance(heading, LocalHeading) and heading.level == 1 else None

    @property
    def title(self) -> str:
        """The title as templates and the navigation may show it."""
        return for_templates(str(self.words["title"]))

    @property
    def description(self) -> str:
        """What the page is about: its summary, or else its first sentence."""
        if summary := str(self.words.get("summary", "")):
            return summary
        blocks = (block for row in self.rows for block in row.blocks)
        texts = (text_of(block.html) for block in blocks if block.kind == BlockKind.PARAGRAPH)
        return _first_sentence(next((text for text in texts if text), ""))

    @property
    def toc(self) -> Iterator[TocEntry]:
        """Its headings, in order."""
        named: set[str] = set()
        for row in self.rows:
            name = row.definition if row.definition not in named else ""
            named.add(row.definition)
            for heading in row.headings:
                if heading.anchor:
                    yield TocEntry(heading.level, name or heading.anchor, heading.label)
                    name = ""
        if last := self.references_heading:
            yield TocEntry(last.level, last.anchor, last.label)


_SENTENCE = re.compile(r".+?(?:[.!?](?=\s|$)|[。！？])")
#: Search engines show no more of a description.
_MOST = 200


def _first_sentence(text: str) -> str:
    match = _SENTENCE.match(text)
    sentence = match[0] if match else text
    return sentence if len(sentence) <= _MOST else sentence[: _MOST - 1].rstrip() + "…"
