"""A text to translate: its key, its place, and what it is to a reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from literate.translation.segment import Segment, has_words, identity_of


class Kind(StrEnum):
    """What a text is to a reader."""

    FIELD = "field of the front matter"
    BLOCK = "block of a note"
    FOOTNOTE = "footnote"
    HTML = "text in HTML"
    ALT = "alternative text"
    CAPTION = "caption"
    DRAWING = "word of a drawing"
    FORMULA = "words of a formula"
    NAV = "label of the navigation"
    CONFIG = "text of the configuration"
    UI = "word of the engine"


@dataclass(frozen=True, slots=True)
class Message:
    """A text to translate. Its key is the source, spelt as a catalog has it.

    `context` is what it belongs to: a field, a definition, an image, a place on the screen.
    `occurrences` are the files and lines where it stands; `file` and `line` are the first of them.
    However they are spelt, texts of one page and one `identity` are one message.
    """

    key: str
    file: str
    line: int
    kind: Kind
    context: str
    identity: str
    occurrences: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """What a catalog is asked for at once: a plain text, or the blocks of a note.

    `messages` are its texts that have words, each where it occurs. Blocks are asked for one by one
    unless they are a whole note.
    """

    messages: tuple[Message, ...]
    blocks: tuple[Segment, ...] = ()
    is_note: bool = True


def plain_text(text: str, file: str, line: int, kind: Kind, context: str = "") -> Passage:
    """A text without markup: nothing to translate where it has no letters."""
    message = Message(text, file, line, kind, context, identity_of(text))
    return Passage((message,) if has_words(text) else ())


def messages_of(passages: Iterable[Passage]) -> tuple[Message, ...]:
    """Each message once, with all of its occurrences."""
    found: dict[str, list[Message]] = {}
    for passage in passages:
        for message in passage.messages:
            found.setdefault(message.identity, []).append(message)
    return tuple(
        replace(same[0], occurrences=tuple(dict.fromkeys((m.file, m.line) for m in same)))
        for same in found.values()
    )
