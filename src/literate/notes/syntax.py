"""What we add to CommonMark: citations, admonitions, footnotes, math."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.admon.index import admonition
from mdit_py_plugins.amsmath import amsmath_block, amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def, footnote_ref

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


#: As long as CommonMark lets the label of a link be: the plugin would read to the end of the note.
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,999}\]")


def _refer_to_footnote(state: StateInline, silent: bool) -> bool:
    """The plugin's rule, where there is a label."""
    is_one = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    return bool(is_one) and footnote_ref(state, silent, always_match=True)


def _align(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """The plugin's rule; what is not closed is not looked for a second time."""
    start = state.bMarks[first] + state.tShift[first]
    match = _ENVIRONMENT.match(state.src, start, state.eMarks[first])
    if match is None:
        return False
    place = (match[0], last)
    unclosed = state.env.setdefault("unclosed", set())
    if place in unclosed or not amsmath_block(state, first, last, silent):
        if not state.is_code_block(first):
            unclosed.add(place)
        return False
    return True


_ENVIRONMENT = re.compile(r"\\begin\{[A-Za-z]+\*?\}")


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
    container = ["paragraph", "reference", "blockquote", "list", "footnote_def"]
    markdown.block.ruler.at("amsmath", _align, {"alt": container})
    admon_plugin(markdown)
    markdown.block.ruler.at(
        "admonition", _admonish, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    footnote_plugin(markdown, inline=False, move_to_end=False, always_match_refs=True)
    markdown.inline.ruler.at("footnote_ref", _refer_to_footnote)
    markdown.block.ruler.at("footnote_def", _define_footnote, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.before("link", "citation", _cite)
    return markdown
