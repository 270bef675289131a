"""What we add to CommonMark: citations, admonitions, footnotes, math."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.admon.index import admonition
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def

from literate.notes.written import block_of_html

#: Kinds of admonition: those that Material draws. Their names are their titles.
ADMONITIONS = (
    "note", "abstract", "info", "tip", "success", "question", "warning", "failure", "danger",
    "bug", "example", "quote",
)  # fmt: skip

_CITATION = re.compile(r"\[@[\w:.+/-]+(?:; *@[\w:.+/-]+)*\](?![(\[:])")
_ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?) +([A-Za-z]+)(?: +\"[^\"]*\")? *$")


def _cite(state: StateInline, silent: bool) -> bool:
    """`[@one; @two]`, unless it is the text of a link."""
    match = _CITATION.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("citation", "", 0)
        token.content = match[0]
        token.meta = {"keys": [key.strip(" @") for key in match[0][1:-1].split(";")]}
    state.pos = match.end()
    return True


def _admonish(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """`!!! note "Title"` and nothing that merely starts with three such marks.

    A title that the author did not write becomes a word of the engine's.
    """
    start = state.bMarks[first] + state.tShift[first]
    match = _ADMONITION.match(state.src, start, state.eMarks[first])
    if match is None:
        return False
    count = len(state.tokens)
    if not admonition(state, first, last, silent):
        return False
    titles = [t for t in state.tokens[count : count + 4] if t.type.startswith("admonition_title")]
    for token in titles:
        token.markup = match[0]
    if titles and '"' not in match[0]:
        title = state.tokens[count + 2]
        title.children = [Token("ui_string", "", 0, content=match[1].capitalize())]
        title.content = ""
    return True


def _define_footnote(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """The plugin's rule; its token, which has no place of its own, is told the line."""
    count = len(state.tokens)
    if not footnote_def(state, first, last, silent):
        return False
    if not silent:
        state.tokens[count].meta["line"] = first
    return True


def make_parser(*, html: bool = True) -> MarkdownIt:
    """The parser of notes: CommonMark with tables, and what is added to it here.

    Without `html`, each tag is text.
    """
    markdown = MarkdownIt("commonmark", {"html": html}).enable(["table", "strikethrough"])
    markdown.block.ruler.at(
        "html_block", block_of_html, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    # As pandoc has it: no blank within the dollar signs, no digit after them.
    dollarmath_plugin(
        markdown, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True
    )
    # Display math is part of its paragraph, as LaTeX has it, not a block that would end it.
    markdown.disable("math_block")
    amsmath_plugin(markdown)
    admon_plugin(markdown)
    markdown.block.ruler.at(
        "admonition", _admonish, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    footnote_plugin(markdown, inline=False, move_to_end=False, always_match_refs=True)
    markdown.block.ruler.at("footnote_def", _define_footnote, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.before("link", "citation", _cite)
    return markdown
