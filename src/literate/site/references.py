"""What a page cites: in the text, and in the list below its notes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from literate.notes.bibliography import paper_html
from literate.notes.note import Citation
from literate.site.context import PageContext
from literate.site.local_page import LocalHeading, Reference
from literate.site.page import Page

#: How the papers that a page cites are called in its text, by their keys.
Labels = Mapping[str, str]


def citation_html(citation: Citation, labels: Labels, brackets: str) -> str:
    """The papers, each a link to the list; as it is written, where none of them is known.

    `brackets` are those of the page's language.
    """
    links = [
        f'<a href="#ref:{escape(key)}">{escape(labels[key], quote=False)}</a>'
        if key in labels
        else escape(f"@{key}", quote=False)
        for key in citation.keys
    ]
    is_known = any(key in labels for key in citation.keys)
    if not is_known:
        brackets = "[{papers}]"
    elif "{papers}" not in brackets:  # a translation has lost them
        brackets = "({papers})"
    return brackets.replace("{papers}", "; ".join(links))


def references(labels: Labels, context: PageContext) -> tuple[Reference, ...]:
    """The papers that the page cites."""
    cited = sorted((context.bibliography[key] for key in labels), key=lambda paper: paper.order)
    return tuple(
        Reference(
            f"ref:{paper.key}",
            paper_html(paper, labels[paper.key]),
            paper.language or context.source_language,
        )
        for paper in cited
    )


def heading_of(page: Page, labels: Labels, word: str) -> LocalHeading | None:
    """The heading above them, in a word of the page's language; none where nothing is cited."""
    if not labels:
        return None
    words, anchor = escape(word), page.references
    return LocalHeading(2, anchor, f'<h2 id="{anchor}">', words, "</h2>", words)
