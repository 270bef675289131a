"""A page before it speaks any language: notes rendered, anchors named, code highlighted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from literate.base.cache import NO_CACHE, Cache, digest
from literate.notes.highlight import highlight_lines
from literate.notes.note import Citation, Figure, Note
from literate.notes.render import render_note
from literate.site.toc import Heading, first_heading, name_anchors, unused
from literate.source.document import Document
from literate.source.frontmatter import front_matter
from literate.source.markdown import read_markdown
from literate.source.names import NameUse, module_name, name_uses
from literate.source.python import read_python


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the site, made of a Markdown file or of an annotated Python file.

    `notes[i]` belongs to `document.sections[i]`. `name` is the page's path without an ending, as
    in `model`; its catalogs are `translations/<language>/<name>.json`. `meta` is its front matter.
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
            yield from (item for item in (note.inlines if note else ()) if isinstance(item, Figure))

    def citations(self) -> Iterator[Citation]:
        for note in self.notes:
            yield from (
                item for item in (note.inlines if note else ()) if isinstance(item, Citation)
            )


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
    document = read_python(data, shown) if file.suffix == ".py" else read_markdown(data, shown)
    meta: dict[str, Any] = {}
    notes: list[Note | None] = []
    for index, section in enumerate(document.sections):
        prose = section.prose
        if prose is not None and index == document.opening:
            meta, prose = front_matter(prose, shown)
        notes.append(None if prose is None else render_note(prose, shown))
    headings, anchors = name_anchors(document, notes)
    uses = name_uses(document, module) if module else ()
    references = ""
    if any(isinstance(item, Citation) for note in notes if note for item in note.inlines):
        references = unused("references", anchors)
        anchors |= {references}
    return Page(
        name=name,
        file=file,
        document=document,
        notes=tuple(notes),
        title=str(meta.get("title") or first_heading(notes) or name.rsplit("/", 1)[-1]),
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
