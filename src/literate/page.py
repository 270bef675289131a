"""A page before it speaks any language: notes rendered, anchors named, code highlighted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape, unescape
from pathlib import Path
from typing import Any

from literate.cache import NO_CACHE, Cache, digest
from literate.document import Document, Line, Prose, Section
from literate.files import decode_utf8
from literate.fragment import Fragment, parse
from literate.highlight import highlight_lines
from literate.markup import Tag
from literate.names import NameUse, module_name, name_uses
from literate.note import (
    PLACEHOLDER_PATTERN,
    Block,
    Citation,
    Figure,
    Held,
    Note,
    front_matter,
    render_note,
)
from literate.split import split

_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(
    r"(<(h[1-6])\b(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+>)(.*?)</\2\s*>", re.DOTALL | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a note.

    Its anchor is made of the source's words, in every language, or is the id that its author gave.
    """

    level: int
    anchor: str
    note: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the site, made of a Markdown file or of an annotated Python file.

    `notes[i]` belongs to `document.sections[i]`. `name` is the page's path without an ending, as
    in `model`; its maps are `translations/<language>/<name>.json`. `meta` is its front matter.
    `references` is the anchor of its list of references, "" on a page that cites nothing.
    `code[i]` is the HTML of line i + 1, `uses` are the names in it that may become links. `digest`
    names the file's content.
    """

    name: str
    file: Path
    document: Document
    notes: tuple[Note | None, ...]
    title: str
    summary: str
    meta: Mapping[str, Any]
    headings: tuple[Heading, ...]
    anchors: frozenset[str]
    references: str = ""
    code: tuple[str, ...] = ()
    uses: tuple[NameUse, ...] = ()
    module: str = ""
    digest: str = ""

    @property
    def path(self) -> str:
        """The source file as messages show it."""
        return self.document.path

    @property
    def is_annotated(self) -> bool:
        """Whether the page shows code beside its notes."""
        return self.file.suffix == ".py"

    @property
    def definitions(self) -> frozenset[str]:
        return frozenset(definition.name for definition in self.document.definitions)

    @property
    def targets(self) -> list[str]:
        """What its links and images point at, as the source has it; each once."""
        links = [link.target for note in self.notes if note for link in note.links]
        return list(dict.fromkeys([*links, *(figure.target for figure in self.figures())]))

    def figures(self) -> Iterator[Figure]:
        for note in self.notes:
            yield from (item for item in (note.items if note else ()) if isinstance(item, Figure))

    def citations(self) -> Iterator[Citation]:
        for note in self.notes:
            yield from (item for item in (note.items if note else ()) if isinstance(item, Citation))


def load_page(name: str, file: Path, shown: str, cache: Cache = NO_CACHE) -> Page:
    """The page that a source file makes.

    Raises `LiterateError` for whatever of it cannot be read, parsed or converted.
    """
    data = file.read_bytes()
    module = module_name(file) if file.suffix == ".py" else ""
    key = digest("page", name, str(file), shown, module, data)
    known = cache.get(key)
    if isinstance(known, Page):
        return known
    page = _make_page(name, file, shown, module, data, key)
    cache.put(key, page)
    return page


def _make_page(name: str, file: Path, shown: str, module: str, data: bytes, key: str) -> Page:
    document = split(data, shown) if file.suffix == ".py" else _markdown_document(data, shown)
    meta: dict[str, Any] = {}
    notes: list[Note | None] = []
    for index, section in enumerate(document.sections):
        prose = section.prose
        if prose is not None and index == document.opening:
            meta, prose = front_matter(prose, shown)
        notes.append(None if prose is None else render_note(prose, shown))
    headings, anchors = _name_anchors(document, notes)
    uses = name_uses(document, module) if module else ()
    references = ""
    if any(isinstance(item, Citation) for note in notes if note for item in note.items):
        references = _unused("references", anchors)
        anchors |= {references}
    return Page(
        name=name,
        file=file,
        document=document,
        notes=tuple(notes),
        title=str(meta.get("title") or _first_heading(notes) or name.rsplit("/", 1)[-1]),
        summary=" ".join(str(meta.get("summary") or "").split()),
        meta=meta,
        headings=headings,
        anchors=anchors,
        references=references,
        code=_code(document, uses) if module else (),
        uses=uses,
        module=module,
        digest=key,
    )


def _code(document: Document, uses: tuple[NameUse, ...]) -> tuple[str, ...]:
    names = {(use.line, use.column): number for number, use in enumerate(uses)}
    return highlight_lines([line.text for line in document.lines], names)


def _markdown_document(data: bytes, shown: str) -> Document:
    """A Markdown page is one long note without code."""
    text = decode_utf8(data, shown, "the page")
    rows = text.split("\n")
    lines = tuple(
        Line(number, row + ("\n" if number < len(rows) else ""))
        for number, row in enumerate(rows, start=1)
    )
    prose = Prose(text.replace("\r\n", "\n"), tuple(line.number for line in lines))
    return Document(shown, "utf-8", (Section(note=lines, prose=prose),), opening=0)


def note_fragments(note: Note) -> tuple[Fragment, ...]:
    """The blocks of a note, reduced to what identifies them."""
    return block_fragments(note.blocks)


def block_fragments(blocks: Iterable[Block]) -> tuple[Fragment, ...]:
    return tuple(fragment for block in blocks for fragment in parse(block.html))


def headings_of(html: str) -> Iterator[tuple[int, Tag, str]]:
    """The level, the opening tag and the inner HTML of each heading."""
    for match in _HEADING.finditer(html):
        yield int(match[2][1]), Tag(match[2].lower(), False, match[1]), match[3]


def _first_heading(notes: list[Note | None]) -> str:
    for note in notes:
        for _, _, inner in headings_of(note.html if note else ""):
            return heading_text(inner, note)
    return ""


def heading_text(html: str, note: Note | None) -> str:
    """A heading's words, without tags; what is held back stands for its own text."""

    def held(match: re.Match[str]) -> str:
        item = note.items[int(match[1])] if note else None
        return _TAG.sub("", item.html) if isinstance(item, Held) else ""

    text = _TAG.sub("", PLACEHOLDER_PATTERN.sub(held, html))
    return " ".join(unescape(text).split())


def _name_anchors(
    document: Document, notes: list[Note | None]
) -> tuple[tuple[Heading, ...], frozenset[str]]:
    """Anchors of headings, none of which takes another's name."""
    taken = {definition.name for definition in document.definitions}
    for note in notes:
        taken.update(note.ids if note else ())
    headings: list[Heading] = []
    for index, note in enumerate(notes):
        for level, tag, inner in headings_of(note.html if note else ""):
            anchor = tag.get("id") or _unused(slug(heading_text(inner, note)), taken)
            taken.add(anchor)
            headings.append(Heading(level, anchor, index))
    return tuple(headings), frozenset(taken)


def _unused(anchor: str, taken: Set[str]) -> str:
    if anchor not in taken:
        return anchor
    number = 1
    while f"{anchor}-{number}" in taken:
        number += 1
    return f"{anchor}-{number}"


def slug(text: str) -> str:
    """`The ConvMixer layer` -> `the-convmixer-layer`."""
    words = re.findall(r"\w+", text.casefold())
    return "-".join(words) or "section"


def with_heading_anchors(html: str, headings: Sequence[Heading]) -> str:
    """Give the headings of a note, in any language, the anchors of its source's headings.

    Where a translation has not the same headings, they are told apart by their levels, and the
    anchor of a heading that it lacks stands by itself: links that lead there still arrive.
    """
    found = list(_HEADING.finditer(html))
    if not found and not headings:
        return html
    pairs = _pairs([heading.level for heading in headings], [int(m[2][1]) for m in found])
    parts: list[str] = []
    position = named = 0
    for index, match in enumerate(found):
        parts.append(html[position : match.start()])
        position = match.end(1)
        tag = Tag(match[2].lower(), False, match[1]).put("id", None)
        if index in pairs:
            parts += [_bare_anchor(heading) for heading in headings[named : pairs[index]]]
            named = pairs[index] + 1
            tag = tag.put("id", headings[pairs[index]].anchor)
        parts.append(tag.text)
    parts.append(html[position:])
    return "".join([*parts, *(_bare_anchor(heading) for heading in headings[named:])])


def _pairs(source: list[int], found: list[int]) -> dict[int, int]:
    """Index of a heading that was found -> index of the source's heading that it stands for."""
    if len(source) == len(found):
        return {index: index for index in range(len(found))}
    blocks = SequenceMatcher(None, source, found, autojunk=False).get_matching_blocks()
    return {block.b + i: block.a + i for block in blocks for i in range(block.size)}


def _bare_anchor(heading: Heading) -> str:
    return f'<span id="{escape(heading.anchor)}"></span>'
