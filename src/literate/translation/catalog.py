"""The messages of a page in a language: matched by key, filled with what was held back.

A message's source is the HTML of a note, or of one of its blocks, or a plain text such as a title.
`docs/your-paper.md` describes the files, which it calls maps, for translators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from literate.base.html import Tag, map_tags
from literate.notes.note import PLACEHOLDER, PLACEHOLDER_PATTERN
from literate.translation.sanitise import plain, sanitise
from literate.translation.segment import TEXT, Segment, key_of, loose_key_of, parse

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Message:
    """A text and its translation, with the line of the file on which its key stands."""

    source: str
    translation: str
    line: int

    @property
    def source_blocks(self) -> tuple[Segment, ...]:
        return parse(self.source)

    @property
    def all_blocks(self) -> tuple[Segment, ...]:
        """The translation's blocks, with whatever strays between them."""
        return parse(sanitise(self.translation, self.source))

    @property
    def blocks(self) -> tuple[Segment, ...]:
        """The translation's blocks, without text that strays outside any tag."""
        if any(block.kind == TEXT for block in self.source_blocks):
            return self.all_blocks
        return tuple(block for block in self.all_blocks if block.kind != TEXT)

    @property
    def is_parallel(self) -> bool:
        """Whether both sides have the same blocks, so that one serves for the other alone."""
        return [b.kind for b in self.source_blocks] == [b.kind for b in self.blocks]


@dataclass(slots=True)
class Catalog:
    """The catalog of one page in one language, and what of it has served."""

    path: str
    #: All messages that have a translation.
    messages: tuple[Message, ...] = ()
    #: Keys whose translation is empty: they wait for a translator, and count as missing.
    untranslated: tuple[str, ...] = ()
    #: (index of the message, index of its block) of all that served a note.
    used: set[tuple[int, int]] = field(default_factory=set)
    #: The keys that the page asked for, in its order: those found and those missing.
    requested: list[str] = field(default_factory=list)
    _notes: dict[str, int] = field(default_factory=dict)
    _blocks: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, message in enumerate(self.messages):
            sources = message.source_blocks
            for form in (key_of(sources), loose_key_of(sources)):
                self._notes.setdefault(form, index)
        # An message of one block was written for that block: it goes before parts of a whole note.
        for index, message in sorted(
            enumerate(self.messages), key=lambda item: len(item[1].source_blocks) > 1
        ):
            for position, block in enumerate(message.source_blocks):
                for form in {block.key, block.loose_key}:
                    self._blocks.setdefault(form, []).append((index, position))

    def text(self, text: str) -> str | None:
        """The translation of a plain text: a title, a caption, a word of a drawing.

        It is plain too: whoever puts it into HTML escapes it.
        """
        # A catalog has the text as it is read, or as HTML spells it.
        index = _find(self._notes, key_of(parse(_escape(text))), key_of(parse(text)))
        if index is None:
            return None
        self._mark(index)
        message = self.messages[index]
        return plain(_escape(message.translation) if "<" in message.source else message.translation)

    def note(self, blocks: Sequence[Segment]) -> tuple[str, ...] | None:
        """The blocks of a whole note's translation, filled with the note's own parts."""
        index = _find(self._notes, key_of(blocks), loose_key_of(blocks))
        if index is None:
            return None
        self._mark(index)
        message = self.messages[index]
        numbers = _numbers(message.source_blocks, blocks)
        targets = _targets(message.source_blocks, blocks)
        return tuple(_fill(block.html, numbers, targets) for block in message.blocks)

    def block(self, block: Segment) -> str | None:
        """The translation of one block, filled with the block's own parts."""
        forms = (block.key, block.loose_key)
        places = (place for form in forms for place in self._blocks.get(form, ()))
        found = next((place for place in places if self.messages[place[0]].is_parallel), None)
        if found is None or not block.key:
            return None
        self.used.add(found)
        index, position = found
        message = self.messages[index]
        self.requested.append(message.source)
        source = message.source_blocks[position]
        numbers, targets = _numbers([source], [block]), _targets([source], [block])
        return _fill(message.blocks[position].html, numbers, targets)

    def obsolete(self) -> Iterator[tuple[Message, Segment]]:
        """What no note has any more: the message, and the block of its source."""
        for index, message in enumerate(self.messages):
            for position, block in enumerate(message.source_blocks):
                if (index, position) not in self.used and block.has_words:
                    yield message, block

    def _mark(self, index: int) -> None:
        count = len(self.messages[index].source_blocks)
        self.used.update((index, position) for position in range(count))
        self.requested.append(self.messages[index].source)


def _find(table: Mapping[str, _Found], *forms: str) -> _Found | None:
    return next((table[form] for form in forms if form and form in table), None)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _numbers(key: Sequence[Segment], note: Sequence[Segment]) -> dict[int, int]:
    """Placeholder number in the key -> number in the note, by order of appearance."""
    return dict(zip(_appearances(key), _appearances(note), strict=False))


def _appearances(blocks: Sequence[Segment]) -> list[int]:
    return list(dict.fromkeys(number for block in blocks for number in block.placeholders))


def _targets(key: Sequence[Segment], note: Sequence[Segment]) -> dict[str, list[str]]:
    """Link target in the key -> targets in the note, by order of appearance."""
    ours = [link for block in key for link in block.links]
    theirs = [link for block in note for link in block.links]
    targets: dict[str, list[str]] = {}
    for old, new in zip(ours, theirs, strict=False):
        targets.setdefault(old, []).append(new)
    return targets


def _fill(html: str, numbers: Mapping[int, int], targets: Mapping[str, Sequence[str]]) -> str:
    """The translation with the note's numbers and link targets in place of the key's."""
    seen: dict[str, int] = {}

    def target(tag: Tag) -> str:
        old = tag.get("href")
        if old is None:
            return tag.text
        candidates = targets.get(old)
        if not candidates:  # a target of the translation's own: the words stay, the link goes
            return tag.put("href", None).text
        position = seen.get(old, 0)
        seen[old] = position + 1
        return tag.put("href", candidates[min(position, len(candidates) - 1)]).text

    def placeholder(match: re.Match[str]) -> str:
        number = numbers.get(int(match[1]))
        return "" if number is None else PLACEHOLDER.format(number)

    return PLACEHOLDER_PATTERN.sub(placeholder, map_tags(html, target, "href"))
