"""What a definition's note says first: what others quote of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Protocol

from literate.base.html import Tag, is_balanced, map_tags, text_of
from literate.notes.note import BlockKind

#: A sentence ends at a full stop before a capital letter or a tag, or at that of Chinese.
_SENTENCE = re.compile(r'(.*?[.:!?؟](?=\s+["“(<A-Z\u0600-\u06ff]|\s*$)|.*?[。：！？])', re.DOTALL)
_MARK = re.compile(r'<sup class="mark".*?</sup>', re.DOTALL)
#: What holds neither a link nor an `id` loses nothing.
_LINKED = re.compile(r"</?a\b|\bid\b", re.IGNORECASE)
_LONGEST = 190
#: Han and the like, which take the room of two Latin letters.
_WIDE = re.compile("[\u2e80-\ufaff]")
#: What stands before the value of a constant.
_VALUE = re.compile(r"^\w+(?:: [^=]+)? = ")


class _Heading(Protocol):
    @property
    def label(self) -> str: ...


class _Block(Protocol):
    @property
    def kind(self) -> BlockKind: ...
    @property
    def html(self) -> str: ...
    @property
    def heading(self) -> _Heading | None: ...


@dataclass(frozen=True)  # no slots: what a page shows of it again and again is put together once
class About:
    """What a definition's note says first, its heading and its first sentence, as HTML."""

    name: str
    heading: str = ""
    sentence: str = ""
    signature: str = ""

    @cached_property
    def html(self) -> str:
        """Both; a heading that only repeats the name is left out.

        Of what no note speaks of, a constant shows its value, and a function how it is called.
        """
        if not self.is_said:
            shown = _VALUE.sub("", self.signature)
            return f"<code>{escape(shown, quote=False)}</code>" if shown else ""
        if self.is_named_alike:
            return self.sentence
        heading = text_of(self.heading)
        if not self.sentence or not heading or lines_of(heading + self.sentence, 120) > 1:
            return self.heading or self.sentence
        if heading[-1] in ".?!。？！":
            return f"{self.heading} {self.sentence}"
        return f"{self.heading}{'。' if _WIDE.search(heading) else '. '}{self.sentence}"

    @property
    def short(self) -> str:
        """One of them, for a line."""
        return (not self.is_named_alike and self.heading) or self.sentence

    @property
    def is_said(self) -> bool:
        """Whether there is a note."""
        return bool(self.heading or self.sentence)

    @property
    def is_named_alike(self) -> bool:
        """Whether the heading says no more than the name."""
        name = re.sub(r"\W|_", "", self.name.rpartition(".")[2].casefold())
        return re.sub(r"\W|_", "", text_of(self.heading).casefold()) in (name, f"the{name}")


def about(name: str, blocks: Iterable[_Block], signature: str = "") -> About:
    """What the note of a definition says first."""
    heading = paragraph = ""
    for block in blocks:
        heading = heading or (block.heading.label if block.heading else "")
        if not paragraph and block.kind == BlockKind.PARAGRAPH:
            paragraph = block.html
        if heading and paragraph:
            break
    return About(name, heading, first_sentence(paragraph), signature)


def first_sentence(html: str) -> str:
    """The first sentence of a paragraph, without its links; nothing where it is not short."""
    html = html.strip()
    if not html.startswith("<p>"):
        return ""
    html = _MARK.sub("", html)
    if _LINKED.search(html):
        html = map_tags(html, _unlinked)
    html = html.removeprefix("<p>").removesuffix("</p>").strip()
    match = _SENTENCE.match(html)
    sentence = re.sub(r"[:：]$", "", (match[1] if match else html).strip())
    is_short = len(text_of(sentence)) < _LONGEST
    return sentence if is_short and "display=" not in sentence and is_balanced(sentence) else ""


def lines_of(html: str, width: int) -> float:
    """About how many lines some HTML takes: a Han character is as wide as two others."""
    text = text_of(html)
    return (len(text) + (0 if text.isascii() else len(_WIDE.findall(text)))) / width


def _unlinked(tag: Tag) -> str:
    return "" if tag.name == "a" else tag.put("id", None).text
