"""Translation maps: loading, matching by canonical form, filling in what was held back.

A map is a JSON object, source -> translation. A source is the HTML of a note, or of one of its
blocks, or a plain text such as a title. `docs/your-paper.md` describes it for translators.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from selectolax.lexbor import LexborHTMLParser, LexborNode

from literate.errors import LiterateError
from literate.files import read_text
from literate.fragment import TEXT, Fragment, canonical, loose, parse, plain, sanitise
from literate.markup import Tag, map_tags
from literate.note import PLACEHOLDER, PLACEHOLDER_PATTERN

#: No text has a million parts that are held back.
_HUGE_NUMBER = re.compile(r"_\^_\s*(\d{7})")
_Found = TypeVar("_Found")
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a map, with the line of the file on which its key stands."""

    source: str
    translation: str
    line: int

    @property
    def source_blocks(self) -> tuple[Fragment, ...]:
        return parse(self.source)

    @property
    def all_blocks(self) -> tuple[Fragment, ...]:
        """The translation's blocks, with whatever strays between them."""
        return parse(sanitise(self.translation, self.source))

    @property
    def blocks(self) -> tuple[Fragment, ...]:
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
    """The map of one page in one language, and what of it has served."""

    path: str
    #: All entries that have a translation.
    entries: tuple[Entry, ...] = ()
    #: Keys whose translation is empty: they wait for a translator, and count as missing.
    waiting: tuple[str, ...] = ()
    #: (index of the entry, index of its block) of all that served a note.
    used: set[tuple[int, int]] = field(default_factory=set)
    #: The keys that the page asked for, in its order: those found and those missing.
    asked: list[str] = field(default_factory=list)
    _notes: dict[str, int] = field(default_factory=dict)
    _blocks: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, entry in enumerate(self.entries):
            sources = entry.source_blocks
            for form in (canonical(sources), loose(sources)):
                self._notes.setdefault(form, index)
        # An entry of one block was written for that block: it goes before parts of a whole note.
        for index, entry in sorted(
            enumerate(self.entries), key=lambda item: len(item[1].source_blocks) > 1
        ):
            for position, block in enumerate(entry.source_blocks):
                for form in {block.canonical, block.loose}:
                    self._blocks.setdefault(form, []).append((index, position))

    def text(self, text: str) -> str | None:
        """The translation of a plain text: a title, a caption, a word of a drawing.

        It is plain too: whoever puts it into HTML escapes it.
        """
        # A map has the text as it is read, or as HTML spells it.
        index = _find(self._notes, canonical(parse(_escape(text))), canonical(parse(text)))
        if index is None:
            return None
        self._mark(index)
        entry = self.entries[index]
        return plain(_escape(entry.translation) if "<" in entry.source else entry.translation)

    def note(self, blocks: Sequence[Fragment]) -> tuple[str, ...] | None:
        """The blocks of a whole note's translation, filled with the note's own parts."""
        index = _find(self._notes, canonical(blocks), loose(blocks))
        if index is None:
            return None
        self._mark(index)
        entry = self.entries[index]
        numbers = _numbers(entry.source_blocks, blocks)
        targets = _targets(entry.source_blocks, blocks)
        return tuple(_fill(block.html, numbers, targets) for block in entry.blocks)

    def block(self, block: Fragment) -> str | None:
        """The translation of one block, filled with the block's own parts."""
        forms = (block.canonical, block.loose)
        places = (place for form in forms for place in self._blocks.get(form, ()))
        found = next((place for place in places if self.entries[place[0]].is_parallel), None)
        if found is None or not block.canonical:
            return None
        self.used.add(found)
        index, position = found
        entry = self.entries[index]
        self.asked.append(entry.source)
        source = entry.source_blocks[position]
        numbers, targets = _numbers([source], [block]), _targets([source], [block])
        return _fill(entry.blocks[position].html, numbers, targets)

    def stale(self) -> Iterator[tuple[Entry, Fragment]]:
        """What no note has any more: the entry, and the block of its source."""
        for index, entry in enumerate(self.entries):
            for position, block in enumerate(entry.source_blocks):
                if (index, position) not in self.used and block.has_words:
                    yield entry, block

    def _mark(self, index: int) -> None:
        count = len(self.entries[index].source_blocks)
        self.used.update((index, position) for position in range(count))
        self.asked.append(self.entries[index].source)


def _find(table: Mapping[str, _Found], *forms: str) -> _Found | None:
    return next((table[form] for form in forms if form and form in table), None)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _numbers(key: Sequence[Fragment], note: Sequence[Fragment]) -> dict[int, int]:
    """Placeholder number in the key -> number in the note, by order of appearance."""
    return dict(zip(_appearances(key), _appearances(note), strict=False))


def _appearances(blocks: Sequence[Fragment]) -> list[int]:
    return list(dict.fromkeys(number for block in blocks for number in block.placeholders))


def _targets(key: Sequence[Fragment], note: Sequence[Fragment]) -> dict[str, list[str]]:
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


# --- files -------------------------------------------------------------------------------------


def load_catalog(path: Path, shown: str) -> Catalog:
    """Read a map; a map that is not there is empty.

    Raises `LiterateError` where it cannot be read, is not JSON, holds a key twice, or anything but
    texts of a sane size.
    """
    try:
        text = read_text(path, shown, "the map")
    except FileNotFoundError:
        return Catalog(shown)
    entries = list(read_entries(text, shown))
    for entry in entries:
        _check(entry, shown)
    return Catalog(
        shown,
        tuple(entry for entry in entries if entry.translation.strip()),
        tuple(entry.source for entry in entries if not entry.translation.strip()),
    )


#: Deeper than any note, and well below what the parser's recursion bears.
_DEPTH = 100


def _check(entry: Entry, shown: str) -> None:
    """Raise for what no page could show."""
    for text in (entry.source, entry.translation):
        fault = _surrogate(text) or _huge_number(text) or _nesting(text)
        if fault:
            message, fix = fault
            raise LiterateError(
                f"the entry {_short(entry.source)!r} {message}",
                file=shown,
                line=entry.line,
                fix=fix,
            )


def _surrogate(text: str) -> tuple[str, str] | None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return (
            f"holds half a character, \\u{ord(text[error.start]):04x}",
            "Write the character itself, or both of its halves",
        )
    return None


def _huge_number(text: str) -> tuple[str, str] | None:
    found = _HUGE_NUMBER.search(text)
    return (f"has a placeholder numbered {found[1]}…", "Number from 0") if found else None


def _nesting(text: str) -> tuple[str, str] | None:
    root = LexborHTMLParser(text, is_fragment=True).root if text.count("<") > _DEPTH else None
    level: list[LexborNode] = [root] if root else []
    for _ in range(_DEPTH):
        level = [child for node in level for child in node.iter()]
    return (f"is nested over {_DEPTH} tags deep", "Close each tag") if level else None


def read_entries(text: str, shown: str) -> Iterator[Entry]:
    """The entries of a map's JSON text, each with its line.

    The standard library's decoder knows no positions of keys; hence its scanner, pair by pair.
    """

    def fail(message: str, position: int, fix: str) -> LiterateError:
        line = text.count("\n", 0, position) + 1
        return LiterateError(message, file=shown, line=line, fix=fix)

    def skip(position: int) -> int:
        while position < len(text) and text[position] in " \t\r\n":
            position += 1
        return position

    def expect(character: str, position: int) -> int:
        position = skip(position)
        if text[position : position + 1] != character:
            found = repr(text[position]) if position < len(text) else "the end of the file"
            raise fail(
                f"the map is not JSON: found {found}, expected {character!r}",
                min(position, max(len(text) - 1, 0)),
                'A map is {"source": "translation", …}; mind commas and quotes',
            )
        return position + 1

    def value(position: int) -> tuple[Any, int]:
        try:
            return _decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise fail(
                f"the map is not JSON: {error.msg.lower()}",
                error.pos,
                "Mind quotes, backslashes and commas",
            ) from None
        except RecursionError:
            raise fail(
                "the map nests too deep", position, 'A map is {"source": "translation", …}'
            ) from None

    lines: dict[str, int] = {}
    position = skip(expect("{", 0))
    while text[position : position + 1] != "}":
        start = expect('"', position) - 1
        source, position = value(start)
        line = text.count("\n", 0, start) + 1
        if source in lines:
            raise fail(
                f"the key {_short(source)!r} stands here and on line {lines[source]}",
                start,
                "Keep one of the two",
            )
        lines[source] = line
        place = skip(expect(":", position))
        translation, position = value(place)
        if not isinstance(translation, str):
            kind = type(translation).__name__
            raise fail(
                f"the translation of {_short(source)!r} is a {kind}",
                place,
                "Write a text in quotes",
            )
        yield Entry(source, translation, line)
        position = skip(position)
        if text[position : position + 1] != "}":
            position = expect('"', expect(",", position)) - 1
    rest = skip(position + 1)
    if rest != len(text):
        raise fail("the map goes on after its closing brace", rest, "Remove the rest")


def _short(text: str, length: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"
