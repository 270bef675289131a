"""A page before it speaks any language: notes rendered, anchors named, code highlighted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from literate.base.cache import NO_CACHE, Cache, digest
from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.notes.highlight import highlight_lines
from literate.notes.note import Citation, Figure, Link, Note
from literate.notes.render import render_note
from literate.site.anchors import NamedHeading, name_headings, unused
from literate.source.document import Document
from literate.source.frontmatter import FrontMatter, Words, front_matter
from literate.source.markdown import read_markdown
from literate.source.names import Names, Uses, module_name, read_names
from literate.source.python import read_python, too_deep
from literate.source.signatures import signatures


@dataclass(frozen=True, eq=False)  # no slots: what each language asks for is gathered once
class Page:
    """One page of the site, made of a Markdown file or of an annotated Python file.

    `notes[i]` belongs to `document.sections[i]`. `name` is the page's path without an ending, as
    in `model`; its catalogs are `translations/<language>/<name>.json`. `front` is its front matter,
    and `words` what of it is to be translated: its title before all. `references` is the anchor of
    its list of references, "" on a page that cites nothing. `code[i]` is the HTML of line i + 1 if
    that is code, whose identifiers stand for `names`; `places` has the anchor of each that other
    pages may lead to, by its qualified name, and `signatures` how what it defines is written.
    `digest` names the file's content.
    """

    name: str
    file: Path
    document: Document
    notes: tuple[Note | None, ...]
    front: FrontMatter
    words: Mapping[str, Words]
    headings: tuple[NamedHeading, ...]
    anchors: frozenset[str]
    references: str = ""
    code: tuple[str, ...] = ()
    names: Names = field(default_factory=Names)
    places: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)
    module: str = ""
    digest: str = ""

    @property
    def title(self) -> str:
        return str(self.words["title"])

    @property
    def has_title(self) -> bool:
        """Whether its author gave it a title: otherwise it goes by its file's name."""
        return "title" in self.front.words or any(note.headings for note in self.notes if note)

    @property
    def summary(self) -> str:
        return str(self.words.get("summary", ""))

    @property
    def path(self) -> str:
        """The source file as messages show it."""
        return self.document.path

    @property
    def is_annotated(self) -> bool:
        """Whether the page shows code beside its notes."""
        return self.file.suffix == ".py"

    @property
    def faults(self) -> list[LiterateError]:
        """What is wrong with its notes."""
        return [
            LiterateError(problem.message, file=self.path, line=problem.line, fix=problem.fix)
            for note in self.notes
            for problem in (note.problems if note else ())
        ]

    @property
    def definitions(self) -> frozenset[str]:
        return frozenset(definition.name for definition in self.document.definitions)

    @cached_property
    def targets(self) -> list[str]:
        """What its links and images point at, as the source has it; each once."""
        links = [link.target for link in self.links()]
        return list(dict.fromkeys([*links, *(figure.target for figure in self.figures())]))

    @property
    def actions(self) -> tuple[Link, ...]:
        """The links that its front matter puts below its title."""
        line = self.front.lines.get("hero.actions", 1)
        return tuple(Link(target, line) for _, target in self.front.get("hero.actions") or ())

    @property
    def picture(self) -> Figure | None:
        """The picture that its front matter puts beside its title."""
        if words := self.words.get("hero.picture"):
            target = self.front.get("hero.picture")[1]
            return Figure(target, str(words), "", self.front.lines.get("hero.picture", 1))
        return None

    def links(self) -> Iterator[Link]:
        yield from self.actions
        for note in self.notes:
            yield from note.links if note else ()

    def figures(self) -> Iterator[Figure]:
        if picture := self.picture:
            yield picture
        for note in self.notes:
            yield from (item for item in (note.inlines if note else ()) if isinstance(item, Figure))

    @cached_property
    def citations(self) -> list[Citation]:
        inlines = (item for note in self.notes if note for item in note.inlines)
        return [item for item in inlines if isinstance(item, Citation)]


def load_page(name: str, file: SourceFile, cache: Cache = NO_CACHE) -> Page:
    """The page that a source file makes.

    Raises `LiterateError` for whatever of it cannot be read, parsed or converted.
    """
    data = file.read_bytes("the file")
    module = _module(file)
    key = _key(name, file, data)
    if known := _known(key, cache):
        return known
    try:
        page = _make_page(name, file, module, data, key)
    except RecursionError:
        raise too_deep(data.decode("utf-8", "replace"), file.shown) from None
    cache.put(key, page)
    return page


def find_page(name: str, file: SourceFile, cache: Cache) -> Page | None:
    """The page of a source file, where the cache has it; raises as `load_page` does."""
    return _known(_key(name, file, file.read_bytes("the file")), cache)


def _key(name: str, file: SourceFile, data: bytes) -> str:
    return digest("page", name, str(file.path), file.shown, _module(file), data)


def _known(key: str, cache: Cache) -> Page | None:
    known = cache.get(key)
    return known if isinstance(known, Page) else None


def _module(file: SourceFile) -> str:
    return module_name(file.path) if file.path.suffix == ".py" else ""


def _make_page(name: str, file: SourceFile, module: str, data: bytes, key: str) -> Page:
    read = read_python if file.path.suffix == ".py" else read_markdown
    document = read(data, file.shown)
    front = FrontMatter({}, {})
    notes: list[Note | None] = []
    for index, section in enumerate(document.sections):
        prose = section.prose
        if prose is not None and index == document.opening:
            front, prose = front_matter(prose, file.shown)
        notes.append(None if prose is None else render_note(prose))
    headings, anchors = name_headings(document, notes)
    names, uses = read_names(document, module) if module else (Names(), {})
    places = dict(_places(names, document, anchors))
    anchors |= {anchor for name, anchor in places.items() if anchor == name}
    references = ""
    if any(isinstance(item, Citation) for note in notes if note for item in note.inlines):
        references = unused("references", anchors)
        anchors |= {references}
    return Page(
        name=name,
        file=file.path,
        document=document,
        notes=tuple(notes),
        front=front,
        words={"title": _first_heading(notes) or name.removesuffix("/index")} | front.words,
        headings=headings,
        anchors=anchors,
        references=references,
        code=_highlighted(document, uses) if module else (),
        names=names,
        places=places,
        signatures=signatures(document),
        module=module,
        digest=key,
    )


def _highlighted(document: Document, uses: Uses) -> tuple[str, ...]:
    """The HTML of each line of code, "" in place of those of notes: nobody sees them in colour."""
    shown = {line.number for section in document.sections for line in section.code}
    lines = (line.text if line.number in shown else "" for line in document.lines)
    return highlight_lines(list(lines), uses)


def _first_heading(notes: Sequence[Note | None]) -> str:
    return next((heading.text for note in notes if note for heading in note.headings), "")


def _places(names: Names, document: Document, taken: Set[str]) -> Iterator[tuple[str, str]]:
    """The qualified name and the anchor of what a file defines: that name, or else its line."""
    defined = {definition.name for definition in document.definitions}
    for name in names.names:
        qualified = name.path[1:]
        if name.line and name.path in names.symbols:
            # With a dot, it is no heading's anchor; one that an author wrote goes before it.
            is_free = "." in qualified and qualified not in taken
            yield qualified, qualified if is_free or qualified in defined else f"L{name.line}"
