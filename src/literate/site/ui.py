"""The engine's own words, which readers see on any site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from markupsafe import Markup

from literate.notes.note import Note, UiString
from literate.notes.placeholder import placeholder
from literate.site.page import Page
from literate.translation.lookup import Lookup
from literate.translation.message import Kind, Passage, plain_text

#: Words of the engine's own that readers see on any site, and where. A site translates them in its
#: catalog of site words, and others that its pages need.
UI_STRINGS = {
    "Imports": "opens the imports at the head of a module",
    "Not translated yet": "tells why a text is in the language of the sources",
    "Page not found": "title of the page for an address that there is not",
    "There is no page at this address.": "text of the same page",
    "To the overview": "link on the same page",
    "Download the source file": "below an annotated page",
    "Download as a notebook": "below an annotated page",
    "Nothing for “{typed}”. Results for “{meant}”.": "above what a mistyped search finds instead",
    "Shapes of tensors": "before the choice of a configuration, above code with shapes",
    "in symbols": "one of the choices there: shapes such as [B, h, H/p, W/p]",
    "Enlarge": "button on a picture",
    "Close": "button on an enlarged picture, and on the list of keys",
    "lines": "after a number: how long a file is",
    "Notebook": "link to the file as a notebook",
    "Copy": "button: copies the code of a definition",
    "Copied": "the same button, once it has",
    "Link to this section": "the sign # after a heading",
    "In this file": "names the map of a file: which function calls which",
    "Names on this page": "heading of an index",
    "Original": "opens the text of a translated note in the language of the sources",
    "Contents": "opens the pages of the site and the sections of this one",
    "Keys": "heading of the list of keys, and the button that opens it",
    "next section, previous section": "what two keys do",
    "next page, previous page": "what two keys do",
    "search": "what a key does",
    "the originals of all translated notes": "what a key shows or hides",
    "nothing marked": "what a key leaves: no name lit up",
    "these keys": "what a key shows",
    "Click a name in the code, or a symbol of a formula: all its uses light up.": "below the keys",
    "The numbers are those of the file; the lines left out are the notes.": "below the keys",
    "The language that you chose last:": "before a link to this page in it",
    "({papers})": "papers that the text cites, in brackets",
}


def ui_passages(pages: Iterable[Page]) -> Iterator[Passage]:
    """The engine's words: those of any site, then what the pages need beyond."""
    lines = Path(__file__).read_text(encoding="utf-8").split("\n")
    for word, context in UI_STRINGS.items():
        line = next((number for number, text in enumerate(lines, 1) if f'"{word}":' in text), 1)
        yield plain_text(word, "literate/site/ui.py", line, Kind.UI, context)
    for page in pages:
        for note in filter(None, page.notes):
            yield from _needed(page, note)
        if page.references:
            line = page.citations[0].line
            yield plain_text("References", page.path, line, Kind.UI, "heading of cited papers")


def _needed(page: Page, note: Note) -> Iterator[Passage]:
    for number, item in enumerate(note.inlines):
        if isinstance(item, UiString):
            held = placeholder(number)
            line = next((block.line for block in note.all_blocks if held in block.html), 1)
            yield plain_text(item.text, page.path, line, Kind.UI, "title of an admonition")
    if below := [block for footnote in note.footnotes for block in footnote.blocks]:
        yield plain_text("Back to the text", page.path, below[0].line, Kind.UI, "after a footnote")


def translate_ui(word: str, words: Lookup | None) -> str:
    """A word of the site's own in the language of a catalog, or as it is: plain text."""
    return (words.text(word) if words else None) or word


def translate_setting(text: str, words: Lookup | None) -> str:
    """A text of the configuration, which is HTML to templates; its translation brings in no tag."""
    translation = words.text(text) if words else None
    return for_templates(translation) if translation else text


#: What ends a text or an attribute. A character reference is neither, and may be meant.
_MARKS = str.maketrans({"<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "`": "&#96;"})


def for_templates(text: str) -> Markup:
    """A plain text that templates may put anywhere: into a text, or into an attribute in quotes."""
    return Markup(text.translate(_MARKS))  # noqa: S704 - escaped here
