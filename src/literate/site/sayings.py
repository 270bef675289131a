"""What a page says first of the classes, functions, constants and attributes that it defines."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from literate.site.about import About, about
from literate.site.local_page import LocalBlock
from literate.site.page import Page


def sayings(
    page: Page, blocks: Callable[[int], Sequence[LocalBlock]], wanted: Container[str] | None = None
) -> dict[str, About]:
    """What is said of each, or of those that are wanted, by its anchor.

    `blocks` gives those of a note by its number.
    """
    document = page.document
    anchors = page.places

    def is_wanted(name: str) -> bool:
        return wanted is None or anchors.get(name, name) in wanted

    calls = page.signatures.items()
    said = {name: About(name, signature=call) for name, call in calls if is_wanted(name)}
    bound = _bound(page)
    for index, (section, note) in enumerate(zip(document.sections, page.notes, strict=True)):
        first = next((line.number for line in section.code if line.text.strip()), 0)
        name = section.definition or bound.get(first, "")
        known = said.get(name, About(name))
        if note and name and is_wanted(name) and not known.is_said:
            said[name] = about(name, blocks(index), known.signature)
    return {anchors.get(name, name): known for name, known in said.items()}


def _bound(page: Page) -> dict[int, str]:
    """What a line of a page's code is the first to bind: an attribute, say, or a constant."""
    names = (name for name in page.names.names if name.line and name.path in page.names.symbols)
    return {name.line: name.path[1:] for name in names}
