"""Note Markdown -> HTML whose untranslatable parts are held back.

What nobody translates (inline code, math, images, fenced code) leaves the HTML for a numbered
placeholder; the HTML that remains is what translators see, and the key of the translation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.admon.index import admonition
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def

from literate.document import Prose
from literate.errors import LiterateError, nearest
from literate.highlight import highlight_fence
from literate.markup import is_balanced, tags, without_comments
from literate.mathml import to_mathml

PLACEHOLDER = "<span translate=no>_^_{}_^_</span>"
PLACEHOLDER_PATTERN = re.compile(r'<span translate="?no"?>_\^_(\d+)_\^_</span>')

#: Kinds of admonition: those that Material draws. Their names are their titles.
ADMONITIONS = (
    "note", "abstract", "info", "tip", "success", "question", "warning", "failure", "danger",
    "bug", "example", "quote",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """Finished HTML that no translation touches: code and math."""

    html: str


@dataclass(frozen=True, slots=True)
class Figure:
    """An image. Its words are translated one by one, and so are those of an SVG drawing."""

    target: str
    alt: str
    caption: str
    line: int
    #: What else an author wrote into an `<img>`, as in ` width="200"`.
    attributes: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the engine's own, such as the title of an admonition that has none."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The number in the text that leads to a footnote: the `repeat`-th to that one, from 0."""

    footnote: int
    repeat: int


@dataclass(frozen=True, slots=True)
class Citation:
    """Papers of the bibliography that a note cites."""

    keys: tuple[str, ...]
    line: int


Item = Held | Figure | Word | Mark | Citation


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link of a note points, as its author wrote it."""

    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block of a note (a paragraph, a heading, a list) with its placeholders.

    One that `is_wrapper` is raw HTML that opens what another block closes, or closes it.
    """

    html: str
    line: int
    is_wrapper: bool = False


@dataclass(frozen=True, slots=True)
class Footnote:
    """The text of a footnote, and how many marks lead to it."""

    blocks: tuple[Block, ...]
    marks: int


@dataclass(frozen=True, slots=True)
class Note:
    """A rendered note. `items[n]` is what placeholder number n stands for.

    Footnotes come in the order of their first marks.
    """

    blocks: tuple[Block, ...] = ()
    items: tuple[Item, ...] = ()
    links: tuple[Link, ...] = ()
    footnotes: tuple[Footnote, ...] = ()

    @property
    def html(self) -> str:
        """The note as a translator's key shows it."""
        return "".join(block.html for block in self.blocks)

    @property
    def ids(self) -> Iterator[str]:
        """The ids that the author wrote."""
        blocks = [*self.blocks, *(block for note in self.footnotes for block in note.blocks)]
        for block in blocks:
            yield from (value for tag in tags(block.html, "id") if (value := tag.get("id")))


@dataclass(slots=True)
class _State:
    """What one rendering collects."""

    path: str
    line_of: Callable[[int], int]
    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    #: Label of each footnote -> the tokens of its text.
    footnotes: dict[str, list[Token]] = field(default_factory=dict)

    def hold(self, item: Item) -> str:
        self.items.append(item)
        return PLACEHOLDER.format(len(self.items) - 1)


@lru_cache(maxsize=512)  # under `serve`, all notes of a page but the edited one stay
def render_note(prose: Prose, path: str) -> Note:
    """Render the prose of a note.

    Raises `LiterateError` with the file and line of a math expression that does not convert, of a
    footnote that is not defined, defined twice or never referred to, and of an admonition of an
    unknown kind.
    """
    prose = _normalise(prose)

    def line_of(index: int) -> int:
        return prose.line_numbers[min(index, len(prose.line_numbers) - 1)]

    state = _State(path, line_of)
    env: dict[str, Any] = {"state": state}
    tokens = _markdown.parse(prose.text, env)
    _number_lines(tokens)
    tokens = _without_footnotes(tokens, state)
    blocks = _blocks(tokens, env)
    footnotes = _footnotes(env)
    return Note(blocks, tuple(state.items), tuple(state.links), footnotes)


def front_matter(prose: Prose, path: str) -> tuple[dict[str, Any], Prose]:
    """The YAML between `---` lines at the head of a text, and the text that follows it.

    Raises `LiterateError` where it is not closed, is not YAML, or is not a mapping.
    """
    lines = prose.text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None or lines[start].strip() != "---":
        return {}, prose
    fix = "Write `key: value` lines between two lines of `---`"
    first = prose.line_numbers[start]
    end = next((i for i in range(start + 1, len(lines)) if lines[i].strip() == "---"), None)
    if end is None:
        raise LiterateError("the front matter is not closed", file=path, line=first, fix=fix)
    try:
        meta = yaml.safe_load("\n".join(lines[start + 1 : end])) or {}
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise LiterateError(
            f"the front matter is not YAML: {getattr(error, 'problem', error)}",
            file=path,
            line=prose.line_numbers[start + 1 + mark.line] if mark else first,
            fix=fix + "; quote a value that holds a colon",
        ) from None
    if not isinstance(meta, dict):
        found = type(meta).__name__
        raise LiterateError(
            f"the front matter is a {found}, not a mapping", file=path, line=first, fix=fix
        )
    rest = Prose("\n".join(lines[end + 1 :]), prose.line_numbers[end + 1 :])
    return meta, rest if rest.line_numbers else Prose("", prose.line_numbers[-1:])


# --- what labml's authors write and CommonMark does not know ---

# Code is looked for first, so that what looks like math in it stays code.
_MATH_OR_CODE = re.compile(
    r"^ *(```|~~~).*?^ *\1 *$|(`+)(?!`).*?(?<!`)\2(?!`)|(?<!\\)\$\$.+?(?<!\\)\$\$",
    re.DOTALL | re.MULTILINE,
)
_FENCE = re.compile(r"(^ *(?:```|~~~)[^\n]*\n(?:.*?\n)? *(?:```|~~~) *$)", re.DOTALL | re.MULTILINE)
_PARAMETER = re.compile(r"^( *):param (\w+): *", re.MULTILINE)
_SMALL = re.compile(r"^---(?=[^-\s|:])((?:.|\n(?!\n))+?)(?<=[^-\s|:])---$", re.MULTILINE)


def _normalise(prose: Prose) -> Prose:
    """The prose in Markdown alone.

    Display math comes to stand on one line: its text could otherwise be taken for a list or a
    heading, and would end the paragraph in which it stands. `:param x: …` becomes an item of a
    list, and `---…---` small print.
    """
    lines: list[str] = []
    numbers: list[int] = []
    joined = _MATH_OR_CODE.sub(_on_one_line, prose.text)
    position = 0
    for line in joined.split("\n"):
        numbers.append(prose.line_numbers[min(position, len(prose.line_numbers) - 1)])
        position += 1 + line.count(_JOINT)
        line = line.replace(_JOINT, " ")
        lines.append(line)
    parts = _FENCE.split("\n".join(lines))
    parts[::2] = [_of_labml(part) for part in parts[::2]]
    return Prose("".join(parts), tuple(numbers))


def _of_labml(text: str) -> str:
    return _SMALL.sub(r"<small>\1</small>", _PARAMETER.sub(r"\1* `\2` ", text))


#: Stands, for the time of the counting, where a line ended within display math.
_JOINT = "\x00"


def _on_one_line(match: re.Match[str]) -> str:
    if match[1] or match[2]:  # code
        return match[0]
    before = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    is_quoted = before.lstrip().startswith(">")
    return re.sub(r"\n[ >]*" if is_quoted else r"\n", _JOINT, match[0])


# --- rendering ---------------------------------------------------------------------------------


def _blocks(tokens: Sequence[Token], env: dict[str, Any]) -> tuple[Block, ...]:
    blocks = []
    for group in _top_level(tokens):
        first = group[0]
        html = _markdown.renderer.render(group, _markdown.options, env)
        is_wrapper = first.type == "html_block" and not is_balanced(html)
        if html.strip():
            line = _state(env).line_of(first.map[0] if first.map else 0)
            blocks.append(Block(html, line, is_wrapper))
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
    """Tell each inline token the line it stands on, which the parser knows for blocks only."""
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


Rule = Callable[[RendererHTML, Sequence[Token], int, OptionsDict, dict[str, Any]], str]


def _code_inline(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return _state(env).hold(Held(f"<code>{escape(tokens[i].content, quote=False)}</code>"))


def _fence(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    language = tokens[i].info.split()[0] if tokens[i].info.split() else "text"
    return _state(env).hold(Held(highlight_fence(tokens[i].content, language))) + "\n"


def _math_inline(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return _math(tokens[i], _state(env), display=tokens[i].type == "math_inline_double")


def _environment(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return _math(tokens[i], _state(env), display=True) + "\n"


def _math(token: Token, state: _State, *, display: bool) -> str:
    try:
        html = to_mathml(token.content, display=display)
    except ValueError as error:
        raise LiterateError(
            f"the expression `{token.content.strip()}` does not convert: {error}",
            file=state.path,
            line=_line(token, state),
            fix="Write it in the LaTeX that math-core knows",
        ) from None
    return state.hold(Held(f'<span class="display-math">{html}</span>' if display else html))


def _image(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    token, state = tokens[i], _state(env)
    alt = renderer.renderInlineAsText(token.children or [], options, env)
    figure = Figure(
        target=str(token.attrs.get("src", "")),
        alt=" ".join(alt.split()),
        caption=" ".join(str(token.attrs.get("title", "")).split()),
        line=_line(token, state),
    )
    return state.hold(figure)


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    token, state = tokens[i], _state(env)
    state.links.append(Link(str(token.attrs.get("href", "")), _line(token, state)))
    return renderer.renderToken(tokens, i, options, env)


def _raw_html(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    """HTML that the author wrote; its links are followed like any other."""
    token, state = tokens[i], _state(env)
    line = _line(token, state)
    html = without_comments(token.content)
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


def _admonition_open(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    """Material's own HTML, so that its style sheet applies."""
    token, state = tokens[i], _state(env)
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


def _admonition_close(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return "</details>\n" if tokens[i].markup.startswith("?") else "</div>\n"


def _admonition_title_open(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return "<summary>" if tokens[i].markup.startswith("?") else '<p class="admonition-title">'


def _admonition_title_close(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return "</summary>\n" if tokens[i].markup.startswith("?") else "</p>\n"


def _engine_word(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return _state(env).hold(Word(tokens[i].content))


def _footnote_ref(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    token, state = tokens[i], _state(env)
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
    return state.hold(Mark(token.meta["id"], token.meta["subId"]))


def _citation(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    token, state = tokens[i], _state(env)
    return state.hold(Citation(tuple(token.meta["keys"]), _line(token, state)))


def _softbreak(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return " "


def _state(env: Any) -> _State:
    state: _State = env["state"]
    return state


# --- syntax ------------------------------------------------------------------------------------

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
        title.children = [Token("engine_word", "", 0, content=match[1].capitalize())]
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


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
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
    rules: dict[str, Rule] = {
        "code_inline": _code_inline,
        "code_block": _fence,
        "fence": _fence,
        "math_inline": _math_inline,
        "math_inline_double": _math_inline,
        "amsmath": _environment,
        "image": _image,
        "link_open": _link_open,
        "html_block": _raw_html,
        "html_inline": _raw_html,
        "softbreak": _softbreak,
        "admonition_open": _admonition_open,
        "admonition_close": _admonition_close,
        "admonition_title_open": _admonition_title_open,
        "admonition_title_close": _admonition_title_close,
        "engine_word": _engine_word,
        "footnote_ref": _footnote_ref,
        "citation": _citation,
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_markdown = _make_markdown()
