"""Placeholders: numbered spans in a note's HTML for the parts that are not translated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_SIGN = re.compile(r"_\^_(\d+)_\^_")
_SPAN = rf'<span translate="?no"?>{_SIGN.pattern}</span>'
_PLACEHOLDER = re.compile(_SPAN)
_IN_PARAGRAPH = re.compile(rf"(<p>\s*)?{_SPAN}(\s*</p>)?")
#: Without groups, of which `findall` would give what is in them.
_MARKUP = re.compile(rf"{_SPAN}|<[^<>]*+>|{_SIGN.pattern}".replace("(", "(?:"))
#: No text has a million parts that are held back.
_HUGE = re.compile(r"_\^_\s*(\d{7})")


class Slot(NamedTuple):
    """Where a placeholder stands: what makes a paragraph of it, if it is all that this holds."""

    number: int
    opening: str = ""
    closing: str = ""

    @property
    def is_paragraph(self) -> bool:
        return bool(self.opening)


def sign(number: int) -> str:
    """The number as translators read it."""
    return f"_^_{number}_^_"


def placeholder(number: int) -> str:
    return f"<span translate=no>{sign(number)}</span>"


def hold_signs(text: str, hold: Callable[[str], str]) -> str:
    """The text with all that looks like a number of ours, but is its author's, held back."""
    return _SIGN.sub(lambda match: hold(match[0]), text) if "_^_" in text else text


def fill(html: str, part: Callable[[int], str]) -> str:
    """The HTML with each placeholder replaced by what its number stands for."""
    return _PLACEHOLDER.sub(lambda match: part(int(match[1])), html)


def cut(html: str) -> Iterator[str | Slot]:
    """The HTML cut at its placeholders."""
    if "_^_" not in html:
        yield html
        return
    position = 0
    for match in _IN_PARAGRAPH.finditer(html):
        start, end = match.span()
        slot = Slot(int(match[2]), match[1] or "", match[3] or "")
        if not (slot.opening and slot.closing):
            start, end = start + len(slot.opening), end - len(slot.closing)
            slot = Slot(slot.number)
        yield html[position:start]
        yield slot
        position = end
    yield html[position:]


def numbers(text: str) -> list[int]:
    """The numbers of the placeholders in a text, their spans or not."""
    return [int(number) for number in _SIGN.findall(text)]


def number_of(text: str) -> int | None:
    """The number that the text of a span consists of, if it is a placeholder's."""
    match = None if huge_number(text) else _SIGN.fullmatch(text.strip())
    return int(match[1]) if match else None


def huge_number(text: str) -> str | None:
    """The start of a number that no placeholder has."""
    match = _HUGE.search(text)
    return match[1] if match else None


def markup(text: str) -> list[str]:
    """The tags and placeholders of a text."""
    return _MARKUP.findall(text)
