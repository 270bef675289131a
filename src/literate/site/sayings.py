"""What a page says first of the classes, functions, constants and attributes that it defines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from literate.site.about import About, about
from literate.site.local_page import LocalBlock
from literate.site.page import Page
from literate.source.signatures import signatures


def sayings(page: Page, blocks: Callable[[int], Sequence[LocalBlock]]) -> dict[str, About]:
    """What is said of each, by its anchor; `blocks` gives those of a note by its number."""
    document = page.document
    said = {name: About(name, signature=it) for name, it in signatures(document).items()}
    bound = _bound(page)
    for index, (section, note) in enumerate(zip(document.sections, page.notes, strict=True)):
        first = next((line.number for line in section.code if line.text.strip()), 0)
        name = section.definition or bound.get(first, "")
        known = said.get(name, About(name))
        if note and name and not known.is_said:
            said[name] = about(name, blocks(index), known.signature)
    return {page.places.get(name, name): known for name, known in said.items()}


def _bound(page: Page) -> dict[int, str]:
    """What a line of a page's code is the first to bind: an attribute, say, or a constant."""
    names = (name for name in page.names.names if name.line and name.path in page.names.symbols)
    return {name.line: name.path[1:] for name in names}
