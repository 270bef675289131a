"""A page in one language: notes translated, what was held back put in again."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape
from itertools import accumulate

from literate.base.html import Tag, map_tags, map_words
from literate.notes.bibliography import labels
from literate.notes.drawing import image_html
from literate.notes.heading import find_headings
from literate.notes.mathml import with_words
from literate.notes.note import (
    Block,
    BlockKind,
    Citation,
    Code,
    Figure,
    FootnoteRef,
    Formula,
    Heading,
    Inline,
    Math,
    Note,
    UiString,
    Verbatim,
)
from literate.notes.placeholder import cut
from literate.site.about import About
from literate.site.addresses import link_addresses
from literate.site.anchors import bare_anchor, match_anchors, ref_id
from literate.site.context import PageContext
from literate.site.hero import make_hero
from literate.site.local_page import (
    BlockBuilder,
    LocalBlock,
    LocalFootnote,
    LocalHeading,
    LocalPage,
    Row,
)
from literate.site.markdown import marked
from literate.site.page import Page
from literate.site.references import citation_html, heading_of, references
from literate.site.rows import make_rows, with_shapes
from literate.site.sayings import sayings
from literate.site.shape_html import choice_html
from literate.site.ui import UI_STRINGS, translate_ui
from literate.source.frontmatter import Words
from literate.translation.language import direction_of
from literate.translation.lookup import Lookup
from literate.translation.segment import Segment, has_words, segments_of

#: A blank after a full-width sign, which has its own.
_GAP = re.compile(r"([\u3001\u3002\uff01-\uff1f](?:</\w+>)+) +(?=<)")
_CLOSING = re.compile(r"[,.;:!?)\]…、。，；：！？）】」』》”’]+")
_LINK = re.compile(r"<(/?)a[\s>]", re.IGNORECASE)


def localise(page: Page, context: PageContext) -> LocalPage:
    """A page in a language."""
    return Localiser(page, context).run()


def abouts(page: Page, context: PageContext, anchors: Container[str]) -> dict[str, About]:
    """What a page says first of those of its definitions that have these anchors."""
    return Localiser(page, context).abouts(wanted=anchors)


@dataclass(slots=True)
class Localiser:
    page: Page
    context: PageContext
    #: How many footnotes the notes before each note have, and how citations are written.
    _footnotes_before: list[int] = field(default_factory=list)
    _labels: dict[str, str] = field(default_factory=dict)
    _drawings: int = 0

    def __post_init__(self) -> None:
        footnotes = [len(note.footnotes) if note else 0 for note in self.page.notes]
        self._footnotes_before = [0, *accumulate(footnotes)]
        cited = dict.fromkeys(key for citation in self.page.citations for key in citation.keys)
        known = self.context.bibliography
        self._labels = labels(known[key] for key in cited if key in known)

    def abouts(
        self, rows: Sequence[Row] = (), wanted: Container[str] | None = None
    ) -> dict[str, About]:
        """What the page says first of what it defines, by its anchors; `rows` may be at hand."""

        def blocks(index: int) -> Iterable[LocalBlock]:
            note = self.page.notes[index]
            if rows or note is None:
                return rows[index].blocks if rows else ()
            return self._blocks(note, index, self._translated(note, note.blocks))

        return sayings(self.page, blocks, wanted)

    def run(self) -> LocalPage:
        names = self.context.names
        words = {
            name: value if name == "title" and not self.page.has_title else self._words(value)
            for name, value in self.page.words.items()
        }
        rows = tuple(self._note(i, note) for i, note in enumerate(self.page.notes))
        said = dict(self.context.abouts)
        if self.page.is_annotated:
            if not self.context.is_plain:
                said |= {f"#{anchor}": known for anchor, known in self.abouts(rows).items()}
            rows = make_rows(self.page, rows, names, self._word("Imports"))
            if self.context.shapes:
                rows = tuple(with_shapes(rows, self.context.shapes, self.context.passes))
        page = LocalPage(
            words=words,
            rows=rows,
            is_annotated=self.page.is_annotated,
            references_heading=heading_of(self.page, self._labels, self._word("References")),
            references=references(self._labels, self.context),
            shape_choice=choice_html(self.context.shapes, self.context.configurations, self._word),
            symbols=names.symbols if names else (),
            outside=names.outside if names else {},
            source=self.context.source,
            interface={word: self._word(word) for word in UI_STRINGS},
            source_language=self.context.source_language,
            definitions=self.page.document.definitions,
            abouts=said,
        )
        if not self.page.front.get("hero"):
            return page
        picture = self._picture(self.page.picture) if self.page.picture else ""
        return replace(page, hero=make_hero(self.page, page, self.context.url, picture))

    # --- words ---

    def _words(self, value: Words) -> Words:
        """A field of the front matter in the page's language."""
        return self._text(value) if isinstance(value, str) else tuple(map(self._text, value))

    def _text(self, text: str) -> str:
        """A plain text in the page's language."""
        lookup = self.context.lookup if has_words(text) else None
        return (lookup and lookup.text(text)) or text

    def _word(self, word: str) -> str:
        return translate_ui(word, self.context.words)

    # --- notes ---

    def _note(self, index: int, note: Note | None) -> Row:
        """A note as a row that has no code yet."""
        if note is None:
            return Row()
        written = self._translated(note, note.blocks)
        blocks = tuple(self._blocks(note, index, written))
        is_same = (
            self.context.lookup is None or self.context.is_plain or "".join(written) == note.html
        )
        originals = () if is_same else self.context.originals()
        original = originals[index] if originals else ""
        return Row(blocks, tuple(self._footnotes(note, index)), original=original)

    def _blocks(self, note: Note, index: int, written: list[str]) -> Iterator[LocalBlock]:
        """The blocks of a note in the page's language, cut at what they hold."""
        html = "".join(written)
        found = note.headings if html == note.html else find_headings(html, note.inlines)
        source = self.page.headings if note.headings else ()
        anchors, lost = match_anchors([it for it in source if it.note == index], found)
        is_parallel = len(written) == len(note.blocks)
        start, done = 0, 0
        for number, end in enumerate(accumulate(map(len, written))):
            if found and any(heading.start < end < heading.end for heading in found):
                continue  # raw HTML closes the heading in another block
            builder = BlockBuilder()
            while done < len(found) and found[done].start < end:
                heading = found[done]
                builder.add(self.pieces(note, index, html[start : heading.start]))
                builder.add((None, bare_anchor(anchor)) for anchor in lost[done])
                builder.parts.append(self._heading(note, index, heading, anchors[done]))
                start, done = heading.end, done + 1
            builder.add(self.pieces(note, index, html[start:end]))
            start = end
            yield builder.block(note.blocks[number].kind if is_parallel else BlockKind.RAW)
        if lost[-1]:
            yield LocalBlock(BlockKind.RAW, tuple(map(bare_anchor, lost[-1])))

    def _heading(self, note: Note, index: int, heading: Heading, anchor: str) -> LocalHeading:
        pieces = list(self.pieces(note, index, heading.inner, is_link=True))
        label = "".join(html for item, html in pieces if not isinstance(item, FootnoteRef))
        if "<a" in label.lower():
            label = map_tags(label, lambda tag: "" if tag.name == "a" else tag.text)
        return LocalHeading(
            heading.level,
            anchor,
            heading.opening.put("id", None).put("id", anchor or None).text,
            "".join(html for _, html in pieces),
            heading.closing,
            label,
        )

    def pieces(
        self, note: Note, index: int, html: str, *, is_link: bool = False
    ) -> Iterator[tuple[Inline | None, str]]:
        """HTML whose links lead where they point from here, and what was held back, in turn."""
        depth = int(is_link)
        led = map_tags(html, self._led, "href", "src")
        pieces = list(cut(led if is_link else link_addresses(led)))
        for number, piece in enumerate(pieces):
            if isinstance(piece, str):
                depth += sum(-1 if end else 1 for end in _LINK.findall(piece))
                yield None, piece
                continue
            item = self._held(note.inlines[piece.number])
            if closing := self._closing(item, pieces[number + 1]):
                pieces[number + 1] = str(pieces[number + 1])[len(closing) :]
                yield None, '<span class="nowrap">'
                yield item, self._item(item, index)
                yield None, f"{closing}</span>"
            elif piece.is_paragraph and isinstance(item, Figure) and item.caption:
                yield item, self._figure(item)
            else:
                yield None, piece.opening
                if isinstance(item, Code) and depth <= 0:
                    yield item, self._code(item, index)
                else:
                    yield item, self._item(item, index)
                yield None, piece.closing

    def _closing(self, item: Inline, following: object) -> str:
        """What closes a sentence or a bracket right after a formula, where browsers break lines."""
        is_formula = isinstance(item, Math) and not self.context.is_plain
        match = _CLOSING.match(str(following)) if is_formula else None
        return match[0] if match else ""

    def _held(self, item: Inline) -> Inline:
        if self.context.is_plain and isinstance(item, Verbatim):
            return replace(item, html=marked(item.source))
        if isinstance(item, Formula | Math):
            html = with_words(item.html, self._text)
            return item if html == item.html else replace(item, html=html)
        return item

    def _led(self, tag: Tag) -> str:
        """A tag that points from here; a link that leads nowhere keeps its words alone."""
        for attribute in ("href", "src"):
            if target := tag.get(attribute):
                tag = tag.put(attribute, self.context.url(target))
        return tag.text

    def _translated(self, note: Note, blocks: tuple[Block, ...]) -> list[str]:
        """Blocks of a note in the page's language; with the placeholders of the source."""
        lookup = self.context.lookup
        has_wrappers = any(block.is_wrapper for block in blocks)
        whole = lookup.note(segments_of(blocks)) if lookup and not has_wrappers else None
        return list(whole) if whole else [self._block(block, lookup) for block in blocks]

    def _block(self, block: Block, lookup: Lookup | None) -> str:
        if block.is_wrapper:
            return self._wrapper(block)
        if lookup is None:
            return block.html
        served = lookup.blocks(segments_of((block,)), is_note=False)
        return "".join(it if isinstance(it, str) else self._untranslated(it) for it in served)

    def _untranslated(self, segment: Segment) -> str:
        title = escape(self._word("Not translated yet"))
        language = escape(self.context.source_language)
        attributes = f'lang="{language}" dir="{direction_of(language)}" title="{title}"'
        # A heading may leave what stands around it.
        html = map_tags(
            segment.html,
            lambda tag: (
                tag.put("lang", language).put("dir", direction_of(language)).text
                if re.fullmatch("h[1-6]", tag.name) and not tag.is_end
                else tag.text
            ),
        )
        return f'<div class="untranslated" {attributes}>{html}</div>\n'

    def _wrapper(self, block: Block) -> str:
        """HTML around other blocks stands as it is, but for its words: a `<summary>`, say."""

        def word(text: str) -> str:
            if not text.strip():
                return text
            return escape(self._text(" ".join(unescape(text).split())), quote=False)

        return _GAP.sub(r"\1", map_words(block.html, word))

    def _footnotes(self, note: Note, index: int) -> Iterator[LocalFootnote]:
        """The footnotes of a note, with links back to the text as Material knows them."""
        before = self._footnotes_before[index]
        for number, footnote in enumerate(note.footnotes, before + 1):
            html = "".join(self._translated(note, footnote.blocks))
            html = "".join(html for _, html in self.pieces(note, index, html)).rstrip()
            back = " ".join(self._back(number, repeat) for repeat in range(footnote.refs))
            if html.endswith("</p>"):
                html = f"{html.removesuffix('</p>')} {back}</p>"
            else:
                html += f"<p>{back}</p>"
            yield LocalFootnote(number, html)

    def _back(self, number: int, repeat: int) -> str:
        label = escape(self._word("Back to the text"))
        return (
            f'<a class="footnote-backref" href="#{ref_id(number, repeat)}" '
            f'title="{label}" aria-label="{label}">↩</a>'
        )

    def _item(self, item: Inline, index: int) -> str:
        if isinstance(item, Verbatim):
            return item.html
        if isinstance(item, Figure):
            return self._picture(item)
        if isinstance(item, UiString):
            return escape(self._word(item.text), quote=False)
        if isinstance(item, Citation):
            return citation_html(item, self._labels, escape(self._word("({papers})")))
        return self._footnote_ref(item, index)

    def _code(self, code: Code, index: int) -> str:
        """Inline code, which leads to what it names."""
        names = self.context.names
        link = names.inline.get((index, code.text)) if names else None
        return link.around(code.html) if link else code.html

    def _footnote_ref(self, ref: FootnoteRef, index: int) -> str:
        number = self._footnotes_before[index] + ref.footnote + 1
        return (
            f'<sup class="mark" id="{ref_id(number, ref.repeat)}">'
            f'<a class="footnote-ref" href="#fn:{number}">{number}</a></sup>'
        )

    def _figure(self, figure: Figure) -> str:
        """A paragraph that is nothing but an image with a caption."""
        picture = self._picture(figure)
        caption = escape(self._text(figure.caption), quote=False)
        return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"

    def _picture(self, figure: Figure) -> str:
        alt = self._text(figure.alt)
        drawing = self.context.drawings.get(figure.target)
        if drawing is None:
            url = self.context.url(figure.target)
            return escape(alt) if url is None else image_html(url, alt, figure.attributes)
        self._drawings += 1
        prefix = f"drawing-{self._drawings}-"
        return drawing.html(self._text, alt, prefix)
