"""What a page cites: in the text, and in the list below its notes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from literate.notes.bibliography import Bibliography, paper_html
from literate.notes.note import Citation
from literate.site.local_page import LocalHeading, Reference
from literate.site.page import Page


def citation_html(citation: Citation, labels: Mapping[str, str]) -> str:
    """A citation in the text: it leads to the list."""
    links = (
        f'<a href="#ref:{escape(key)}">{escape(labels[key], quote=False)}</a>'
        for key in citation.keys
    )
    return f"({'; '.join(links)})"


def references(labels: Mapping[str, str], bibliography: Bibliography) -> tuple[Reference, ...]:
    """The papers that go by these labels in the text, by their keys."""
    cited = sorted((bibliography[key] for key in labels), key=lambda paper: paper.order)
    return tuple(
        Reference(f"ref:{paper.key}", paper_html(paper, labels[paper.key])) for paper in cited
    )


def heading_of(page: Page, word: str) -> LocalHeading | None:
    """The heading above them, in a word of the page's language; none where nothing is cited."""
    if not page.references:
        return None
    words, anchor = escape(word), page.references
    return LocalHeading(2, anchor, f'<h2 id="{anchor}">', words, "</h2>", words)
