"""A page in one language: notes translated, what was held back put in again, HTML laid out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape

from literate.catalog import Catalog
from literate.document import Line
from literate.drawing import Drawing, image_html
from literate.fragment import Fragment, parse
from literate.note import PLACEHOLDER, PLACEHOLDER_PATTERN, Block, Figure, Held, Note
from literate.page import Page, heading_text, note_fragments, with_heading_anchors

#: Words of the engine's own that readers see. A site translates them in its map of site words.
WORDS = (
    "Imports",
    "Not translated yet",
    "Page not found",
    "There is no page at this address.",
    "To the overview",
    "Download the source file",
)

_HREF = re.compile(r'href="([^"]*)"')
_HEADING_WITH_ID = re.compile(r'<h([1-6]) id="([^"]+)">(.*?)</h\1>', re.DOTALL)
_LONE_PLACEHOLDER = re.compile(rf"<p>\s*{PLACEHOLDER_PATTERN.pattern}\s*</p>")
_ANCHOR = re.compile(r"</?a\b[^>]*>")


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A heading of the page in its language."""

    level: int
    anchor: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A text that has no translation: where it stands, and the key that a map needs."""

    file: str
    line: int
    key: str


@dataclass(frozen=True, slots=True)
class LocalPage:
    """A page as one language's readers get it. `total` counts the texts that have words."""

    title: str
    summary: str
    html: str
    toc: tuple[TocEntry, ...]
    total: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page needs to know of its site.

    `url` gives the address of a link's or an image's target, as it stands in the source, relative
    to the page; `drawings` holds the SVG files by the same target; `code` the HTML of each line.
    `catalog` and `words` are None in the language of the source.
    """

    url: Callable[[str], str]
    drawings: Mapping[str, Drawing]
    code: tuple[str, ...] = ()
    catalog: Catalog | None = None
    words: Catalog | None = None
    source_language: str = "en"


def localise(page: Page, around: Surroundings) -> LocalPage:
    """Lay a page out in a language."""
    return _Localiser(page, around).run()


def translate_word(word: str, words: Catalog | None) -> str:
    """A word of the site's own in the language of a map, or as it is."""
    translation = words.text(word) if words else None
    return without_tags(translation) if translation else word


def without_tags(text: str) -> str:
    """A plain text that stands in pages as it is: what would make a tag is escaped."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def block_key(html: str, fragment: Fragment) -> str:
    """A block as the key of a map: its placeholders numbered from 0."""
    numbers = fragment.placeholders
    return PLACEHOLDER_PATTERN.sub(
        lambda match: PLACEHOLDER.format(numbers.index(int(match[1]))), html
    ).strip()


@dataclass(slots=True)
class _Localiser:
    page: Page
    around: Surroundings
    total: int = 0
    missing: list[Missing] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)
    _drawings: int = 0

    def run(self) -> LocalPage:
        title = self._text(self.page.title, 1)
        summary = self._text(self.page.summary, 1) if self.page.summary else ""
        notes = [self._note(i, note) for i, note in enumerate(self.page.notes)]
        html = "\n".join(self._layout(notes)) if self.page.is_annotated else "".join(notes)
        return LocalPage(
            title=without_tags(title),
            summary=summary,
            html=html,
            toc=tuple(_toc(notes, self._section_anchor)),
            total=self.total,
            missing=tuple(self.missing),
        )

    # --- words ---

    def _text(self, text: str, line: int) -> str:
        """A plain text in the page's language."""
        if text not in self._texts:
            self._texts[text] = self._translated_text(text, line)
        return self._texts[text]

    def _translated_text(self, text: str, line: int) -> str:
        if not any(character.isalpha() for character in text):
            return text
        self.total += 1
        catalog = self.around.catalog
        if catalog is None:
            return text
        return catalog.text(text) or self._miss(text, line, catalog)

    def _miss(self, key: str, line: int, catalog: Catalog) -> str:
        self.missing.append(Missing(self.page.path, line, key))
        catalog.asked.append(key)
        return key

    def _word(self, word: str) -> str:
        return translate_word(word, self.around.words)

    def _note(self, index: int, note: Note | None) -> str:
        if note is None:
            return ""
        anchors = iter([h.anchor for h in self.page.headings if h.note == index])
        html = "".join(self._translated(note))
        html = with_heading_anchors(html, lambda: next(anchors, None))
        html = _HREF.sub(lambda m: f'href="{escape(self.around.url(unescape(m[1])))}"', html)
        html = _LONE_PLACEHOLDER.sub(lambda m: self._paragraph(note, m), html)
        return PLACEHOLDER_PATTERN.sub(lambda m: self._item(note, int(m[1])), html)

    def _translated(self, note: Note) -> list[str]:
        """The blocks of a note in the page's language; with the placeholders of the source."""
        fragments = note_fragments(note)
        self.total += sum(fragment.has_words for fragment in fragments)
        catalog = self.around.catalog
        if catalog is None:
            return [block.html for block in note.blocks]
        whole = catalog.note(fragments)
        return list(whole) if whole else [self._block(block, catalog) for block in note.blocks]

    def _block(self, block: Block, catalog: Catalog) -> str:
        parts = []
        fragments = parse(block.html)
        for fragment in fragments:
            translation = catalog.block(fragment) if fragment.has_words else fragment.html
            if translation is None:
                spelling = block.html if len(fragments) == 1 else fragment.html
                self._miss(block_key(spelling, fragment), block.line, catalog)
                title = escape(self._word("Not translated yet"))
                language = escape(self.around.source_language)
                translation = (
                    f'<div class="untranslated" lang="{language}" title="{title}">'
                    f"{fragment.html}</div>"
                )
            parts.append(translation + "\n")
        return "".join(parts)

    def _item(self, note: Note, number: int) -> str:
        item = note.items[number]
        return item.html if isinstance(item, Held) else self._picture(item)

    def _paragraph(self, note: Note, match: re.Match[str]) -> str:
        """A paragraph that is nothing but an image becomes a figure, with its caption."""
        item = note.items[int(match[1])]
        if not isinstance(item, Figure) or not item.caption:
            return match[0]
        picture = self._picture(item)
        caption = escape(self._text(item.caption, item.line), quote=False)
        return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"

    def _picture(self, figure: Figure) -> str:
        alt = self._text(figure.alt, figure.line)
        drawing = self.around.drawings.get(figure.target)
        if drawing is None:
            return image_html(self.around.url(figure.target), alt)
        self._drawings += 1
        prefix = f"drawing-{self._drawings}-"
        return drawing.html(lambda word: self._text(word, figure.line), alt, prefix)

    # --- layout ---

    def _layout(self, notes: list[str]) -> Iterator[str]:
        """The opening as an article, then a row a section: note beside code."""
        document = self.page.document
        opening = document.opening
        yield '<div class="annotated">'
        for index, section in enumerate(document.sections):
            if index != opening:
                yield self._row(notes[index], section.code, section.definition)
                continue
            yield f'<div class="opening">{notes[index]}</div>'
            imports = [line for line in section.code if line.number <= document.imports_end]
            rest = section.code[len(imports) :]
            if any(line.text.strip() for line in rest):
                yield self._imports(imports)
                yield self._row("", rest, None)
            else:
                yield self._imports(section.code)
        yield "</div>"

    def _imports(self, code: tuple[Line, ...] | list[Line]) -> str:
        if not code:
            return ""
        if not any(line.text.strip() for line in code):
            return f'<div class="code" hidden>{self._code(code)}</div>'
        summary = escape(self._word("Imports"))
        body = f'<div class="code highlight">{self._code(code)}</div>'
        return f'<details class="imports"><summary>{summary}</summary>{body}</details>'

    def _row(self, note: str, code: tuple[Line, ...], definition: str | None) -> str:
        anchor = f' id="{escape(definition)}"' if definition else ""
        if definition and f'id="{definition}"' in note:  # an author's own anchor goes first
            anchor = ""
        kind = "" if note else " code-only" if code else ""
        note_html = f'<div class="note">{note}</div>' if note else ""
        code_html = f'<div class="code highlight">{self._code(code)}</div>' if code else ""
        return f'<section class="row{kind}"{anchor}>{note_html}{code_html}</section>'

    def _code(self, code: tuple[Line, ...] | list[Line]) -> str:
        rows = []
        for line in code:
            ending = line.text[len(line.text.rstrip("\r\n")) :].replace("\r", "&#13;")
            html = self.around.code[line.number - 1]
            rows.append(f'<span id="L{line.number}" data-n="{line.number}">{html}{ending}</span>')
        return f'<pre tabindex="0"><code>{"".join(rows)}</code></pre>'

    def _section_anchor(self, note: int, anchor: str) -> str:
        """The first heading of a definition's note goes by the definition's name."""
        definition = self.page.document.sections[note].definition
        first = next(h.anchor for h in self.page.headings if h.note == note)
        return definition if definition and anchor == first else anchor


def _toc(notes: list[str], anchor_of: Callable[[int, str], str]) -> Iterator[TocEntry]:
    for index, html in enumerate(notes):
        for match in _HEADING_WITH_ID.finditer(html):
            inner = _ANCHOR.sub("", match[3])
            text = heading_text(inner, None)
            yield TocEntry(int(match[1]), anchor_of(index, match[2]), inner, text)


def relative_url(target: str, base: str) -> str:
    """The way from one address of the site to another, both relative to the site's root."""
    path, mark, fragment = target.partition("#")
    if path == base:
        return f"#{fragment}" if mark else posixpath.basename(path) or "./"
    folder = posixpath.dirname(base)
    url = posixpath.relpath(path or ".", folder or ".")
    if (path.endswith("/") or not path) and url != ".":
        url += "/"
    return ("./" if url == "." else url) + mark + fragment
