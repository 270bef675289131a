"""Note Markdown -> Note: markdown-it's tokens as HTML with placeholders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from literate.base.errors import nearest
from literate.base.html import DEPTH, is_balanced, is_too_deep, map_words, tags, without_comments
from literate.base.words import is_blank_between, joined, on_one_line
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
    Problem,
    UiString,
    Verbatim,
)
from literate.notes.placeholder import hold_signs, placeholder
from literate.notes.plain import code_fence, code_span
from literate.notes.syntax import ADMONITIONS, make_parser
from literate.notes.tokens import holds_html, number_lines, top_level
from literate.notes.written import OF_THE_WHOLE_PAGE, is_contained, mended, said_beside
from literate.source.document import Prose


@dataclass(slots=True)
class _State:
    """What one rendering collects."""

    line_of: Callable[[int], int]
    inlines: list[Inline] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    #: Label of each footnote -> the tokens of its text.
    footnotes: dict[str, list[Token]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def hold(self, item: Inline) -> str:
        self.inlines.append(item)
        return placeholder(len(self.inlines) - 1)

    def hold_text(self, text: str) -> str:
        return self.hold(Verbatim(text, text))

    def complain(self, message: str, line: int, fix: str) -> None:
        fix = fix if fix.endswith("?") else f"{fix}."
        fix += " `faulty: report` shows it as it is written"
        self.problems.append(Problem(message, line, fix))


@lru_cache(maxsize=512)  # under `serve`, all notes of a page but the edited one stay
def render_note(prose: Prose) -> Note:
    """Render the prose of a note.

    What is wrong with it is a `Problem` of the note's: a math expression that does not convert, a
    footnote that is not defined, defined twice or never referred to, and an admonition of an
    unknown kind.
    """
    prose = normalise(prose)
    with suppress(RecursionError):
        note, has_html = _rendered(prose, _parser)
        if has_html and not is_contained("".join(block.html for block in note.all_blocks)):
            note, _ = _rendered(prose, _parser_of_text)
        if not any(is_too_deep(block.html) for block in note.all_blocks):
            return note
    rows, line = prose.text.split("\n"), prose.line_numbers[0]
    deepest = rows.index(max(rows, key=len))  # most likely: nobody says where
    where = prose.line_numbers[min(deepest, len(prose.line_numbers) - 1)]
    problem = Problem(f"the note nests over {DEPTH} deep", where, "Take it apart")
    code = Verbatim(highlight_fence(prose.text, "text"), code_fence(prose.text, ""))
    return Note((Block(placeholder(0), line, BlockKind.CODE),), (code,), problems=(problem,))


def _rendered(prose: Prose, parser: MarkdownIt) -> tuple[Note, bool]:
    """The note, and whether it holds HTML that its author wrote."""

    def line_of(index: int) -> int:
        return prose.line_numbers[min(index, len(prose.line_numbers) - 1)]

    state = _State(line_of)
    env: dict[str, Any] = {"state": state}
    tokens = parser.parse(prose.text, env)
    number_lines(tokens)
    tokens = mended(tokens)
    tokens = _without_footnotes(tokens, state)
    blocks = _blocks(tokens, env)
    footnotes = _footnotes(env)
    inlines = tuple(state.inlines)
    headings = find_headings("".join(block.html for block in blocks), inlines)
    ids = tuple(_ids([*blocks, *(block for note in footnotes for block in note.blocks)]))
    note = Note(
        blocks, inlines, tuple(state.links), footnotes, headings, ids, tuple(state.problems)
    )
    return note, holds_html(tokens)


def _ids(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        yield from (value for tag in tags(block.html, "id") if (value := tag.get("id")))


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
    for group in top_level(tokens):
        first = group[0]
        html = _renderer.render(group, _parser.options, env)
        is_wrapper = first.type == "html_block" and not is_balanced(html)
        if html.strip():
            line = _state(env).line_of(first.map[0] if first.map else 0)
            blocks.append(Block(html, line, _KINDS.get(first.type, BlockKind.RAW), is_wrapper))
    return tuple(blocks)


def _without_footnotes(tokens: Sequence[Token], state: _State) -> list[Token]:
    """The tokens without the texts of footnotes, which the state takes."""
    body: list[Token] = []
    current = body
    for token in tokens:
        if token.type == "footnote_reference_open":
            label = token.meta["label"]
            if label in state.footnotes:
                line = state.line_of(token.meta["line"])
                fix = "Give one of them another label"
                state.complain(f"the footnote [^{label}] is defined twice", line, fix)
            current = state.footnotes.setdefault(label, [token])
        elif token.type == "footnote_reference_close":
            current = body
        else:
            current.append(token)
    return body


def _footnotes(env: dict[str, Any]) -> tuple[Footnote, ...]:
    state = _state(env)
    marked = _marked(env)
    for label, (first, *_) in state.footnotes.items():
        if label not in marked:
            line = state.line_of(first.meta["line"])
            fix = f"Write [^{label}] where it belongs, or remove it"
            state.complain(f"nothing refers to the footnote [^{label}]", line, fix)
    counts = dict.fromkeys(state.footnotes, 0) | marked
    ordered = [*marked, *(label for label in state.footnotes if label not in marked)]
    return tuple(
        Footnote(_blocks(state.footnotes[label][1:], env), counts[label]) for label in ordered
    )


def _marked(env: dict[str, Any]) -> dict[str, int]:
    """The footnotes that something refers to, and how often, in the order of their first marks."""
    listed = env.get("footnotes", {}).get("list", {}).values()
    known = _state(env).footnotes
    return {data["label"]: data["count"] for data in listed if data["label"] in known}


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
            message = f"the expression `{token.content.strip()[:200]}` does not convert: {error}"
            fix = "Write it in the LaTeX that math-core knows, in backticks if it is none"
            state.complain(message, _line(token, state), fix)
            sign = token.markup if token.markup.startswith("$") else ""
            written = f"{sign}{token.content}{sign}".strip()
            code = f"<code>{escape(written, quote=False)}</code>"
            return state.hold(Verbatim(code, code_span(written)))
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
            alt=on_one_line(alt),
            caption=on_one_line(str(token.attrs.get("title", ""))),
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
        html = joined(without_comments(token.content))
        if "_^_" in html:  # what looks like a placeholder of ours
            html = map_words(html, lambda text: hold_signs(text, state.hold_text))
        if found := OF_THE_WHOLE_PAGE.search(html):
            message = f"HTML in a note holds `{found[0]}`, which changes the whole page"
            state.complain(message, line, "Remove it")
            return escape(html, quote=False)
        written = list(tags(html))
        if token.type == "html_inline" and written and written[0].name == "img":
            image = written[0]
            rest = image.put("src", None).put("alt", None).text[len("<img") : -1].rstrip("/ ")
            alt = on_one_line(image.get("alt") or "")
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
            message = f"there is no admonition {kind!r}"
            state.complain(message, _line(token, state), nearest(kind, ADMONITIONS))
            kind = "note"
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
            close = f"{nearest(label, state.footnotes)} " if state.footnotes else ""
            fix = f"{close}Write `[^{label}]: …` in the same note, backticks around what is none"
            state.complain(f"the footnote [^{label}] is not defined", _line(token, state), fix)
            return escape(f"[^{label}]", quote=False)
        return state.hold(FootnoteRef(list(_marked(env)).index(label), token.meta["subId"]))

    def citation(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token, state = tokens[idx], _state(env)
        return state.hold(Citation(tuple(token.meta["keys"]), _line(token, state)))

    def softbreak(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A blank, except between two characters of a script that has none."""
        before, after = said_beside(tokens, idx)
        if before is None or after is None or {before.type, after.type} != {"text"}:
            return " "
        return " " if is_blank_between(before.content, after.content) else ""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return hold_signs(escape(tokens[idx].content), _state(env).hold_text)


def _state(env: Any) -> _State:
    state: _State = env["state"]
    return state


_parser = make_parser()
_parser_of_text = make_parser(html=False)
_renderer = _NoteRenderer()
