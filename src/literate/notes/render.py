"""Note Markdown -> Note: markdown-it's tokens as HTML with placeholders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from literate.base.errors import LiterateError, nearest
from literate.base.html import DEPTH, is_balanced, is_too_deep, tags, without_comments
from literate.notes.heading import find_headings
from literate.notes.highlight import highlight_fence
from literate.notes.labml import normalise
from literate.notes.mathml import to_mathml
from literate.notes.note import (
    Block,
    BlockKind,
    Citation,
    Code,
    Figure,
    Footnote,
    FootnoteRef,
    Formula,
    Inline,
    Link,
    Math,
    Note,
    UiString,
    Verbatim,
)
from literate.notes.placeholder import placeholder
from literate.notes.plain import code_fence, code_span
from literate.notes.syntax import ADMONITIONS, make_parser
from literate.source.document import Prose


@dataclass(slots=True)
class _State:
    """What one rendering collects."""

    path: str
    line_of: Callable[[int], int]
    inlines: list[Inline] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    #: Label of each footnote -> the tokens of its text.
    footnotes: dict[str, list[Token]] = field(default_factory=dict)

    def hold(self, item: Inline) -> str:
        self.inlines.append(item)
        return placeholder(len(self.inlines) - 1)


@lru_cache(maxsize=512)  # under `serve`, all notes of a page but the edited one stay
def render_note(prose: Prose, path: str) -> Note:
    """Render the prose of a note.

    Raises `LiterateError` with the file and line of a math expression that does not convert, of a
    footnote that is not defined, defined twice or never referred to, and of an admonition of an
    unknown kind.
    """
    prose = normalise(prose)

    def line_of(index: int) -> int:
        return prose.line_numbers[min(index, len(prose.line_numbers) - 1)]

    state = _State(path, line_of)
    env: dict[str, Any] = {"state": state}
    try:
        tokens = _parser.parse(prose.text, env)
    except RecursionError:
        raise _too_deep(path, line_of(0)) from None
    _number_lines(tokens)
    tokens = _without_footnotes(tokens, state)
    blocks = _blocks(tokens, env)
    footnotes = _footnotes(env)
    for block in (*blocks, *(block for note in footnotes for block in note.blocks)):
        if is_too_deep(block.html):
            raise _too_deep(path, block.line)
    inlines = tuple(state.inlines)
    headings = find_headings("".join(block.html for block in blocks), inlines)
    ids = tuple(_ids([*blocks, *(block for note in footnotes for block in note.blocks)]))
    return Note(blocks, inlines, tuple(state.links), footnotes, headings, ids)


def _too_deep(path: str, line: int) -> LiterateError:
    return LiterateError(f"the note nests over {DEPTH} deep", file=path, line=line)


def _ids(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        yield from (value for tag in tags(block.html, "id") if (value := tag.get("id")))


#: What speaks of the whole page, and the names that the theme's own parts have.
_OF_THE_WHOLE_PAGE = re.compile(r"<(?:base|meta)(?=[\s/>])|\bid\s*=\s*[\"']?__\w+", re.IGNORECASE)
#: Type of the token that opens a block -> what it is to a reader.
_KINDS = {
    "paragraph_open": BlockKind.PARAGRAPH,
    "heading_open": BlockKind.HEADING,
    "amsmath": BlockKind.FORMULA,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "table_open": BlockKind.TABLE,
    "blockquote_open": BlockKind.QUOTE,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "admonition_open": BlockKind.ADMONITION,
    "hr": BlockKind.RULE,
}


def _blocks(tokens: Sequence[Token], env: dict[str, Any]) -> tuple[Block, ...]:
    blocks = []
    for group in _top_level(tokens):
        first = group[0]
        html = _renderer.render(group, _parser.options, env)
        is_wrapper = first.type == "html_block" and not is_balanced(html)
        if html.strip():
            line = _state(env).line_of(first.map[0] if first.map else 0)
            blocks.append(Block(html, line, _KINDS.get(first.type, BlockKind.RAW), is_wrapper))
    return tuple(blocks)


def _top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each top-level block."""
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == tokens[0].level and token.nesting != 1:
            yield group
            group = []


def _without_footnotes(tokens: Sequence[Token], state: _State) -> list[Token]:
    """The tokens without the texts of footnotes, which the state takes."""
    body: list[Token] = []
    current = body
    for token in tokens:
        if token.type == "footnote_reference_open":
            label = token.meta["label"]
            if label in state.footnotes:
                raise LiterateError(
                    f"the footnote [^{label}] is defined twice",
                    file=state.path,
                    line=state.line_of(token.meta["line"]),
                    fix="Give one of them another label",
                )
            current = state.footnotes[label] = [token]
        elif token.type == "footnote_reference_close":
            current = body
        else:
            current.append(token)
    return body


def _footnotes(env: dict[str, Any]) -> tuple[Footnote, ...]:
    state = _state(env)
    marked = {
        data["label"]: data["count"] for data in env.get("footnotes", {}).get("list", {}).values()
    }
    for label, (first, *_) in state.footnotes.items():
        if label not in marked:
            raise LiterateError(
                f"nothing refers to the footnote [^{label}]",
                file=state.path,
                line=state.line_of(first.meta["line"]),
                fix=f"Write [^{label}] where it belongs, or remove it",
            )
    return tuple(
        Footnote(_blocks(state.footnotes[label][1:], env), count) for label, count in marked.items()
    )


def _number_lines(tokens: Sequence[Token]) -> None:
    """Give each inline token its line, which the parser knows for blocks only."""
    line = 0
    for token in tokens:
        line = token.map[0] if token.map else line
        current = line
        if token.type == "footnote_reference_open":
            line = token.meta["line"]
        for child in token.children or ():
            child.meta["line"] = current
            if child.type in ("softbreak", "hardbreak"):
                current += 1
            current += child.content.count("\n")


def _line(token: Token, state: _State) -> int:
    index = token.map[0] if token.map else int(token.meta.get("line", 0))
    return state.line_of(index)


class _NoteRenderer(RendererHTML):
    """Each method is the rule for the tokens of its name."""

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        code = tokens[idx].content
        html = f"<code>{escape(code, quote=False)}</code>"
        return _state(env).hold(Code(html, code_span(code), code))

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        language = tokens[idx].info.split()[0] if tokens[idx].info.split() else "text"
        code = tokens[idx].content
        held = Verbatim(highlight_fence(code, language), code_fence(code, language))
        return _state(env).hold(held) + "\n"

    code_block = fence

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return self._math(
            tokens[idx], _state(env), display=tokens[idx].type == "math_inline_double"
        )

    math_inline_double = math_inline

    def amsmath(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return self._math(tokens[idx], _state(env), display=True) + "\n"

    def _math(self, token: Token, state: _State, *, display: bool) -> str:
        try:
            html = to_mathml(token.content, display=display)
        except ValueError as error:
            raise LiterateError(
                f"the expression `{token.content.strip()[:200]}` does not convert: {error}",
                file=state.path,
                line=_line(token, state),
                fix="Write it in the LaTeX that math-core knows",
            ) from None
        latex = token.content.strip()
        if display:
            held = Formula(f'<span class="display-math">{html}</span>', f"$$\n{latex}\n$$")
            return state.hold(held)
        return state.hold(Math(html, f"${latex}$", latex))

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token, state = tokens[idx], _state(env)
        alt = self.renderInlineAsText(token.children or [], options, env)
        figure = Figure(
            target=str(token.attrs.get("src", "")),
            alt=" ".join(alt.split()),
            caption=" ".join(str(token.attrs.get("title", "")).split()),
            line=_line(token, state),
        )
        return state.hold(figure)

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token, state = tokens[idx], _state(env)
        state.links.append(Link(str(token.attrs.get("href", "")), _line(token, state)))
        return self.renderToken(tokens, idx, options, env)

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """HTML that the author wrote; its links are followed like any other."""
        token, state = tokens[idx], _state(env)
        line = _line(token, state)
        html = without_comments(token.content)
        if found := _OF_THE_WHOLE_PAGE.search(html):
            raise LiterateError(
                f"HTML in a note holds `{found[0]}`, which changes the whole page",
                file=state.path,
                line=line,
                fix="Remove it",
            )
        written = list(tags(html))
        if token.type == "html_inline" and written and written[0].name == "img":
            image = written[0]
            rest = image.put("src", None).put("alt", None).text[len("<img") : -1].rstrip("/ ")
            alt = " ".join((image.get("alt") or "").split())
            return state.hold(Figure(image.get("src") or "", alt, "", line, rest))
        for tag in written:
            for attribute in ("href", "src"):
                if target := tag.get(attribute):
                    state.links.append(Link(target, line))
        return html

    html_inline = html_block

    def admonition_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        """Material's own HTML, so that its style sheet applies."""
        token, state = tokens[idx], _state(env)
        kind = token.meta["tag"]
        if kind not in ADMONITIONS:
            raise LiterateError(
                f"there is no admonition {kind!r}",
                file=state.path,
                line=_line(token, state),
                fix=nearest(kind, ADMONITIONS),
            )
        if not token.markup.startswith("?"):
            return f'<div class="admonition {kind}">\n'
        return f'<details class="{kind}"{" open" if token.markup.endswith("+") else ""}>\n'

    def admonition_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return "</details>\n" if tokens[idx].markup.startswith("?") else "</div>\n"

    def admonition_title_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return "<summary>" if tokens[idx].markup.startswith("?") else '<p class="admonition-title">'

    def admonition_title_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return "</summary>\n" if tokens[idx].markup.startswith("?") else "</p>\n"

    def ui_string(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return _state(env).hold(UiString(tokens[idx].content))

    def footnote_ref(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        token, state = tokens[idx], _state(env)
        label = token.meta["label"]
        if label not in state.footnotes:
            raise LiterateError(
                f"the footnote [^{label}] is not defined",
                file=state.path,
                line=_line(token, state),
                fix=nearest(label, state.footnotes)
                if state.footnotes
                else f"Write `[^{label}]: …` in the same note",
            )
        return state.hold(FootnoteRef(token.meta["id"], token.meta["subId"]))

    def citation(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token, state = tokens[idx], _state(env)
        return state.hold(Citation(tuple(token.meta["keys"]), _line(token, state)))

    def softbreak(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return " "


def _state(env: Any) -> _State:
    state: _State = env["state"]
    return state


_parser = make_parser()
_renderer = _NoteRenderer()
