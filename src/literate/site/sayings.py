"""What a page says first of the classes, functions, constants and attributes that it defines."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from literate.site.about import About, about
from literate.site.local_page import LocalBlock
from literate.site.page import Page


class _Defined(NamedTuple):
    """What a page defines: its name, how it is called, and the numbers of the notes on it."""

    name: str
    signature: str
    notes: list[int]


def sayings(
    page: Page, blocks: Callable[[int], Iterable[LocalBlock]], wanted: Container[str] | None = None
) -> dict[str, About]:
    """What is said of each, or of those that are wanted, by its anchor.

    `blocks` gives those of a note by its number.
    """
    return {
        anchor: _about(defined, blocks)
        for anchor, defined in _defined(page).items()
        if wanted is None or anchor in wanted
    }


def _about(defined: _Defined, blocks: Callable[[int], Iterable[LocalBlock]]) -> About:
    """What the first note that has words on it says."""
    name, signature, notes = defined
    said = (about(name, blocks(note), signature) for note in notes)
    return next((known for known in said if known.is_said), About(name, signature=signature))


@lru_cache(maxsize=256)  # many pages quote a few, in all languages
def _defined(page: Page) -> Mapping[str, _Defined]:
    """What a page defines, by its anchor."""
    defined = {name: _Defined(name, call, []) for name, call in page.signatures.items()}
    bound = _bound(page)
    for index, (section, note) in enumerate(zip(page.document.sections, page.notes, strict=True)):
        first = next((line.number for line in section.code if line.text.strip()), 0)
        name = section.definition or bound.get(first, "")
        if note and name:
            defined.setdefault(name, _Defined(name, "", [])).notes.append(index)
    return {page.places.get(name, name): known for name, known in defined.items()}


def _bound(page: Page) -> dict[int, str]:
    """What a line of a page's code is the first to bind: an attribute, say, or a constant."""
    names = (name for name in page.names.names if name.line and name.path in page.names.symbols)
    return {name.line: name.path[1:] for name in names}
