"""The engine's own words, which readers see on any site."""

from __future__ import annotations

from collections.abc import Iterator

from literate.notes.note import UiString
from literate.site.page import Page
from literate.translation.catalog import Catalog

#: Words of the engine's own that readers see on any site; `ui_strings` are those that depend on
#: what a page holds. A site translates them in its catalog of site words.
UI_STRINGS = (
    "Imports",
    "Not translated yet",
    "Page not found",
    "There is no page at this address.",
    "To the overview",
    "Download the source file",
    "Download as a notebook",
    "Enlarge",
    "Close",
)


def ui_strings(page: Page) -> Iterator[str]:
    """Words of the engine's own that a page needs beyond those of every site."""
    for note in page.notes:
        yield from (
            item.text for item in (note.inlines if note else ()) if isinstance(item, UiString)
        )
    if any(note.footnotes for note in page.notes if note):
        yield "Back to the text"
    if page.references:
        yield "References"


def translate_ui(word: str, words: Catalog | None) -> str:
    """A word of the site's own in the language of a catalog, or as it is."""
    translation = words.text(word) if words else None
    return without_tags(translation) if translation else word


def without_tags(text: str) -> str:
    """A plain text that stands in pages as it is: what would make a tag is escaped."""
    return text.replace("<", "&lt;").replace(">", "&gt;")
