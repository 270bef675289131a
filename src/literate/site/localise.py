"""A page in one language: notes translated, what was held back put in again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from itertools import accumulate

from literate.base.html import Tag, map_tags, map_words
from literate.notes.bibliography import Bibliography, labels, paper_html
from literate.notes.drawing import Drawing, image_html
from literate.notes.note import (
    PLACEHOLDER_PATTERN,
    Block,
    Citation,
    Figure,
    FootnoteRef,
    Note,
    UiString,
    Verbatim,
)
from literate.site.layout import lay_out
from literate.site.page import Page
from literate.site.toc import TocEntry, toc, with_anchors
from literate.site.ui import translate_ui, without_tags
from literate.translation.catalog import Catalog
from literate.translation.segment import block_key, parse, segments_of

_LONE_PLACEHOLDER = re.compile(rf"<p>\s*{PLACEHOLDER_PATTERN.pattern}\s*</p>")


@dataclass(frozen=True, slots=True)
class MissingMessage:
    """A text that has no translation: where it stands, and the key that a catalog needs."""

    file: str
    line: int
    key: str


@dataclass(frozen=True, slots=True)
class LocalPage:
    """A page as one language's readers get it.

    `message_count` counts the texts to be translated.
    """

    title: str
    summary: str
    html: str
    toc: tuple[TocEntry, ...]
    message_count: int
    missing: tuple[MissingMessage, ...]


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page needs to know of its site.

    `url` gives the address of a link's or an image's target, as it stands in the source, relative
    to the page, or None where it leads nowhere; `drawings` holds the SVG files by the same target;
    `code` is the HTML of each line; `bibliography` holds what pages may cite. `catalog` and `words`
    are None in the language of the source.
    """

    url: Callable[[str], str | None]
    drawings: Mapping[str, Drawing]
    code: tuple[str, ...] = ()
    catalog: Catalog | None = None
    words: Catalog | None = None
    bibliography: Bibliography = field(default_factory=dict)
    source_language: str = "en"


def localise(page: Page, context: PageContext) -> LocalPage:
    """Lay a page out in a language."""
    return _Localiser(page, context).run()


@dataclass(slots=True)
class _Localiser:
    page: Page
    context: PageContext
    message_count: int = 0
    missing: list[MissingMessage] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)
    #: How many footnotes the notes before each note have, and how citations are written.
    _footnotes_before: list[int] = field(default_factory=list)
    _labels: dict[str, str] = field(default_factory=dict)
    _drawings: int = 0

    def run(self) -> LocalPage:
        title = self._text(self.page.title, 1)
        summary = self._text(self.page.summary, 1) if self.page.summary else ""
        footnotes = [len(note.footnotes) if note else 0 for note in self.page.notes]
        self._footnotes_before = [0, *accumulate(footnotes)]
        cited = dict.fromkeys(key for citation in self.page.citations() for key in citation.keys)
        self._labels = labels(self.context.bibliography[key] for key in cited)
        notes = [self._note(i, note) for i, note in enumerate(self.page.notes)]
        html = self._body(notes)
        references = self._references()
        return LocalPage(
            title=without_tags(title),
            summary=summary,
            html=html + references,
            toc=(*toc(notes, self._section_anchor), *toc([references], lambda _, a: a)),
            message_count=self.message_count,
            missing=tuple(self.missing),
        )

    def _body(self, notes: list[str]) -> str:
        if self.page.is_annotated:
            return lay_out(self.page, notes, self.context.code, self._word)
        return "".join(notes)

    # --- words ---

    def _text(self, text: str, line: int) -> str:
        """A plain text in the page's language."""
        if text not in self._texts:
            self._texts[text] = self._translated_text(text, line)
        return self._texts[text]

    def _translated_text(self, text: str, line: int) -> str:
        if not any(character.isalpha() for character in text):
            return text
        self.message_count += 1
        catalog = self.context.catalog
        if catalog is None:
            return text
        return catalog.text(text) or self._miss(text, line, catalog)

    def _miss(self, key: str, line: int, catalog: Catalog) -> str:
        self.missing.append(MissingMessage(self.page.path, line, key))
        catalog.requested.append(key)
        return key

    def _word(self, word: str) -> str:
        return translate_ui(word, self.context.words)

    def _note(self, index: int, note: Note | None) -> str:
        if note is None:
            return ""
        html = "".join(self._translated(note, note.blocks))
        html = with_anchors(html, [h for h in self.page.headings if h.note == index])
        html = self._finished(note, index, html)
        return html + self._footnotes(note, index) if note.footnotes else html

    def _finished(self, note: Note, index: int, html: str) -> str:
        """Links led to where they point from here, and what was held back put in again."""
        html = map_tags(html, self._led, "href", "src")
        html = _LONE_PLACEHOLDER.sub(lambda m: self._paragraph(note, m), html)
        return PLACEHOLDER_PATTERN.sub(lambda m: self._item(note, index, int(m[1])), html)

    def _led(self, tag: Tag) -> str:
        """A tag that points from here; a link that leads nowhere keeps its words alone."""
        for attribute in ("href", "src"):
            if target := tag.get(attribute):
                tag = tag.put(attribute, self.context.url(target))
        return tag.text

    def _translated(self, note: Note, blocks: tuple[Block, ...]) -> list[str]:
        """Blocks of a note in the page's language; with the placeholders of the source."""
        catalog = self.context.catalog
        if catalog is None:
            return [self._wrapper(block) if block.is_wrapper else block.html for block in blocks]
        segments = segments_of(block for block in blocks if not block.is_wrapper)
        self.message_count += sum(segment.has_words for segment in segments)
        has_wrappers = any(block.is_wrapper for block in blocks)
        whole = None if has_wrappers else catalog.note(segments)
        return list(whole) if whole else [self._block(block, catalog) for block in blocks]

    def _wrapper(self, block: Block) -> str:
        """HTML around other blocks stands as it is, but for its words: a `<summary>`, say."""

        def word(text: str) -> str:
            if not text.strip():
                return text
            return escape(self._text(" ".join(unescape(text).split()), block.line), quote=False)

        return map_words(block.html, word)

    def _footnotes(self, note: Note, index: int) -> str:
        """The footnotes of a note, at its end, in the HTML that Material knows."""
        before = self._footnotes_before[index]
        items = []
        for number, footnote in enumerate(note.footnotes, before + 1):
            html = "".join(self._translated(note, footnote.blocks))
            html = self._finished(note, index, html).rstrip()
            back = " ".join(self._back(number, repeat) for repeat in range(footnote.refs))
            if html.endswith("</p>"):
                html = f"{html.removesuffix('</p>')} {back}</p>"
            else:
                html += f"<p>{back}</p>"
            items.append(f'<li id="fn:{number}">{html}</li>')
        return f'<div class="footnote"><ol start="{before + 1}">{"".join(items)}</ol></div>'

    def _back(self, number: int, repeat: int) -> str:
        label = escape(self._word("Back to the text"))
        return (
            f'<a class="footnote-backref" href="#{_ref_id(number, repeat)}" '
            f'title="{label}" aria-label="{label}">↩</a>'
        )

    def _references(self) -> str:
        """The papers that the page cites."""
        if not self._labels:
            return ""
        cited = [self.context.bibliography[key] for key in self._labels]
        entries = "".join(
            f'<li id="ref:{escape(p.key)}">{paper_html(p, self._labels[p.key])}</li>'
            for p in sorted(cited, key=lambda paper: paper.order)
        )
        heading = escape(self._word("References"))
        return (
            f'<section class="references"><h2 id="{self.page.references}">{heading}</h2>'
            f'<ul lang="en">{entries}</ul></section>'
        )

    def _block(self, block: Block, catalog: Catalog) -> str:
        if block.is_wrapper:
            return self._wrapper(block)
        parts = []
        segments = parse(block.html)
        for segment in segments:
            translation = catalog.block(segment) if segment.has_words else segment.html
            if translation is None:
                spelling = block.html if len(segments) == 1 else segment.html
                self._miss(block_key(spelling, segment), block.line, catalog)
                title = escape(self._word("Not translated yet"))
                language = escape(self.context.source_language)
                translation = (
                    f'<div class="untranslated" lang="{language}" title="{title}">'
                    f"{segment.html}</div>"
                )
            parts.append(translation + "\n")
        return "".join(parts)

    def _item(self, note: Note, index: int, number: int) -> str:
        item = note.inlines[number]
        if isinstance(item, Verbatim):
            return item.html
        if isinstance(item, Figure):
            return self._picture(item)
        if isinstance(item, UiString):
            return escape(self._word(item.text), quote=False)
        return (
            self._citation(item) if isinstance(item, Citation) else self._footnote_ref(item, index)
        )

    def _footnote_ref(self, ref: FootnoteRef, index: int) -> str:
        number = self._footnotes_before[index] + ref.footnote + 1
        return (
            f'<sup class="mark" id="{_ref_id(number, ref.repeat)}">'
            f'<a class="footnote-ref" href="#fn:{number}">{number}</a></sup>'
        )

    def _citation(self, citation: Citation) -> str:
        links = (
            f'<a href="#ref:{escape(key)}">{escape(self._labels[key], quote=False)}</a>'
            for key in citation.keys
        )
        return f"({'; '.join(links)})"

    def _paragraph(self, note: Note, match: re.Match[str]) -> str:
        """A paragraph that is nothing but an image becomes a figure, with its caption."""
        item = note.inlines[int(match[1])]
        if not isinstance(item, Figure) or not item.caption:
            return match[0]
        picture = self._picture(item)
        caption = escape(self._text(item.caption, item.line), quote=False)
        return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"

    def _picture(self, figure: Figure) -> str:
        alt = self._text(figure.alt, figure.line)
        drawing = self.context.drawings.get(figure.target)
        if drawing is None:
            url = self.context.url(figure.target)
            return escape(alt) if url is None else image_html(url, alt, figure.attributes)
        self._drawings += 1
        prefix = f"drawing-{self._drawings}-"
        return drawing.html(lambda word: self._text(word, figure.line), alt, prefix)

    def _section_anchor(self, note: int, anchor: str) -> str:
        """The first heading of a definition's note goes by the definition's name."""
        definition = self.page.document.sections[note].definition
        others = (section.definition for section in self.page.document.sections[:note])
        first = next(h.anchor for h in self.page.headings if h.note == note)
        is_first = anchor == first and definition not in others
        return definition if definition and is_first else anchor


def _ref_id(number: int, repeat: int) -> str:
    return f"fnref:{number}" + (f":{repeat + 1}" if repeat else "")
