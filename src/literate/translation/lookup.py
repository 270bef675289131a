"""Looking texts up in a catalog: matched by key, filled with what was held back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from literate.base.html import Tag, map_tags
from literate.notes.placeholder import fill, placeholder
from literate.translation.catalog import Catalog, Entry
from literate.translation.message import Message, Passage
from literate.translation.sanitise import plain, sanitise
from literate.translation.segment import (
    Segment,
    escape_text,
    identity_of,
    key_of,
    loose_identity_of,
    loose_key_of,
    parse,
)


@dataclass  # no slots: the blocks are gathered once, where a note is not translated as a whole
class Lookup:
    """Serves a catalog's translations, and remembers what it was asked for."""

    catalog: Catalog
    #: (index of the entry, index of its block) of all that served.
    used: set[tuple[int, int]] = field(default_factory=set)
    #: In the order of asking: the identity of each entry that served, and of what was missing.
    requested: dict[str, None] = field(default_factory=dict)
    _identities: list[str] = field(default_factory=list)
    _notes: dict[str, int] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._identities = [identity_of(entry.source) for entry in self.catalog.entries]
        for index, entry in enumerate(self.catalog.entries):
            for form in (self._identities[index], loose_identity_of(entry.source)):
                self._notes.setdefault(form, index)

    @cached_property
    def _blocks(self) -> dict[str, list[tuple[int, int]]]:
        """Where each block is translated, by its forms."""
        blocks: dict[str, list[tuple[int, int]]] = {}
        entries = list(enumerate(self.catalog.entries))
        # An entry of one block was written for that block: it goes before parts of a whole note.
        for index, entry in sorted(entries, key=lambda item: len(item[1].source_blocks) > 1):
            for position, block in enumerate(entry.source_blocks):
                for form in {block.key, block.loose_key}:
                    blocks.setdefault(form, []).append((index, position))
        return blocks

    def text(self, text: str) -> str | None:
        """The translation of a plain text: a title, a caption, a word of a drawing.

        It is plain too: whoever puts it into HTML escapes it.
        """
        if text not in self._texts:  # every page asks for the engine's own words
            self._texts[text] = self._text(text)
        return self._texts[text]

    def _text(self, text: str) -> str | None:
        # A catalog has the text as it is read, or as HTML spells it.
        index = _find(self._notes, key_of(parse(escape_text(text))), identity_of(text))
        if index is None:
            self.requested[identity_of(text)] = None
            return None
        entry = self._serve(index)
        translation = entry.translation
        return plain(escape_text(translation) if "<" in entry.source else translation) or None

    def blocks(self, blocks: tuple[Segment, ...], *, is_note: bool = True) -> list[str | Segment]:
        """The translation of a note as a whole, or else of each of its blocks.

        A block that has no translation is returned itself.
        """
        if is_note and (whole := self.note(blocks)):
            return list(whole)
        return [block if (html := self.block(block)) is None else f"{html}\n" for block in blocks]

    def note(self, blocks: tuple[Segment, ...]) -> tuple[str, ...] | None:
        """The blocks of a whole note's translation, filled with the note's own parts."""
        index = self._entry_of(blocks)
        if index is None:
            return None
        entry = self._serve(index)
        numbers = _numbers(entry.source_blocks, blocks)
        targets = _targets(entry.source_blocks, blocks)
        own = "".join(block.html for block in blocks)
        return tuple(_fill(block.html, own, numbers, targets) for block in entry.blocks)

    def block(self, block: Segment) -> str | None:
        """The translation of one block, filled with the block's own parts."""
        if not block.has_words:
            return block.html
        found = self._place_of(block)
        if found is None:
            return None
        index, position = found
        entry = self.catalog.entries[index]
        source = entry.source_blocks[position]
        numbers, targets = _numbers([source], [block]), _targets([source], [block])
        return _fill(entry.blocks[position].html, block.html, numbers, targets)

    def _entry_of(self, blocks: tuple[Segment, ...]) -> int | None:
        """Where a whole note is translated."""
        index = _find(self._notes, key_of(blocks))
        if index is None and not all(self._place(b.key) for b in blocks if b.has_words):
            index = _find(self._notes, loose_key_of(blocks))
        return index

    def _place_of(self, block: Segment) -> tuple[int, int] | None:
        """Where a block is translated, which serves, or is missing, from now on."""
        found = self._place(block.key, block.loose_key) if block.key else None
        if found:
            self._serve(*found)
        else:
            self.requested[key_of((block,))] = None
            # What cannot serve, since its blocks are others, is asked for all the same.
            self.used.update(self._blocks.get(block.key, ()))
        return found

    def _place(self, *forms: str) -> tuple[int, int] | None:
        """Where a block is translated for itself, in the first of these forms that is known."""
        places = [place for form in forms for place in self._blocks.get(form, ())]
        return next((p for p in places if self.catalog.entries[p[0]].is_parallel), None)

    def missing(self, passage: Passage) -> list[Message]:
        """The messages of a passage that have no translation."""
        if not passage.blocks:
            return [message for message in passage.messages if self.text(message.key) is None]
        whole = self._entry_of(passage.blocks) if passage.is_note else None
        if whole is not None:
            self._serve(whole)
            return []
        worded = [block for block in passage.blocks if block.has_words]
        left = {key_of((block,)) for block in worded if self._place_of(block) is None}
        return [message for message in passage.messages if message.identity in left]

    def obsolete(self) -> Iterator[tuple[Entry, Segment]]:
        """What nobody has asked for: the entry, and the block of its source."""
        for index, entry in enumerate(self.catalog.entries):
            for position, block in enumerate(entry.source_blocks):
                if (index, position) not in self.used and block.has_words:
                    yield entry, block

    def _serve(self, index: int, position: int | None = None) -> Entry:
        """An entry that serves as a whole, or with one of its blocks."""
        entry = self.catalog.entries[index]
        positions = range(len(entry.source_blocks)) if position is None else (position,)
        self.used.update((index, position) for position in positions)
        self.requested[self._identities[index]] = None
        return entry


@dataclass(frozen=True)  # no slots: it is pickled, which takes longer with them
class Coverage:
    """How many messages there are, and which of them are not translated wherever they stand."""

    total: int = 0
    missing: tuple[Message, ...] = ()

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(self.total + other.total, self.missing + other.missing)

    @property
    def translated(self) -> int:
        return self.total - len(self.missing)

    @property
    def percent(self) -> float:
        return 100 * self.translated / self.total if self.total else 100.0

    def __str__(self) -> str:
        # Rounded down: only the whole is 100 %.
        return f"{int(self.percent * 10) / 10:g} %"


def coverage_of(passages: Iterable[Passage], lookup: Lookup) -> Coverage:
    """What a catalog covers of the messages of a page."""
    all_of_them: set[str] = set()
    missing: dict[str, Message] = {}
    for passage in passages:
        all_of_them.update(message.identity for message in passage.messages)
        for message in lookup.missing(passage):
            missing.setdefault(message.identity, message)
    return Coverage(len(all_of_them), tuple(missing.values()))


def _find(table: Mapping[str, int], *forms: str) -> int | None:
    return next((table[form] for form in forms if form and form in table), None)


def _numbers(key: Sequence[Segment], note: Sequence[Segment]) -> dict[int, int]:
    """Placeholder number in the key -> number in the note, by order of appearance."""
    return dict(zip(_appearances(key), _appearances(note), strict=False))


def _appearances(blocks: Sequence[Segment]) -> list[int]:
    return list(dict.fromkeys(chain.from_iterable([block.placeholders for block in blocks])))


def _targets(key: Sequence[Segment], note: Sequence[Segment]) -> dict[str, list[str]]:
    """Link target in the key -> targets in the note, by order of appearance."""
    ours = chain.from_iterable([block.links for block in key])
    theirs = chain.from_iterable([block.links for block in note])
    targets: dict[str, list[str]] = {}
    for old, new in zip(ours, theirs, strict=False):
        targets.setdefault(old, []).append(new)
    return targets


def _fill(
    html: str, own: str, numbers: Mapping[int, int], targets: Mapping[str, Sequence[str]]
) -> str:
    """The translation with the note's numbers and link targets in place of the key's.

    `own` is what the page itself has there: nothing else comes in.
    """
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

    def renumbered(old: int) -> str:
        return placeholder(numbers[old]) if old in numbers else ""

    return fill(sanitise(map_tags(html, target, "href"), own), renumbered)
