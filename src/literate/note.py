"""Note Markdown -> HTML whose untranslatable parts are held back.

What nobody translates (inline code, math, images, fenced code) leaves the HTML for a numbered
placeholder; the HTML that remains is what translators see, and the key of the translation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from literate.document import Prose
from literate.errors import LiterateError
from literate.highlight import highlight_fence
from literate.mathml import to_mathml

PLACEHOLDER = "<span translate=no>_^_{}_^_</span>"
PLACEHOLDER_PATTERN = re.compile(r'<span translate="?no"?>_\^_(\d+)_\^_</span>')

_RAW_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"')


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


Item = Held | Figure


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link of a note points, as its author wrote it."""

    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block of a note (a paragraph, a heading, a list) with its placeholders."""

    html: str
    line: int


@dataclass(frozen=True, slots=True)
class Note:
    """A rendered note. `items[n]` is what placeholder number n stands for."""

    blocks: tuple[Block, ...] = ()
    items: tuple[Item, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def html(self) -> str:
        """The note as a translator's key shows it."""
        return "".join(block.html for block in self.blocks)


@dataclass(slots=True)
class _State:
    """What one rendering collects."""

    path: str
    line_of: Callable[[int], int]
    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def hold(self, item: Item) -> str:
        self.items.append(item)
        return PLACEHOLDER.format(len(self.items) - 1)


def render_note(prose: Prose, path: str) -> Note:
    """Render the prose of a note.

    Raises `LiterateError` with the file and line of a math expression that does not convert.
    """

    prose = _normalise(prose)

    def line_of(index: int) -> int:
        return prose.line_numbers[min(index, len(prose.line_numbers) - 1)]

    state = _State(path, line_of)
    env: dict[str, Any] = {"state": state}
    tokens = _markdown.parse(prose.text, env)
    _number_lines(tokens)
    blocks = []
    for group in _top_level(tokens):
        html = _markdown.renderer.render(group, _markdown.options, env)
        if html.strip():
            blocks.append(Block(html, line_of(group[0].map[0] if group[0].map else 0)))
    return Note(tuple(blocks), tuple(state.items), tuple(state.links))


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


def _top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each top-level block."""
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == 0 and token.nesting != 1:
            yield group
            group = []


def _number_lines(tokens: Sequence[Token]) -> None:
    """Tell each inline token the line it stands on, which the parser knows for blocks only."""
    line = 0
    for token in tokens:
        line = token.map[0] if token.map else line
        current = line
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
    for target in _RAW_LINK.findall(token.content):
        state.links.append(Link(unescape(target), _line(token, state)))
    return token.content


def _softbreak(
    renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: Any
) -> str:
    return " "


def _state(env: Any) -> _State:
    state: _State = env["state"]
    return state


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    dollarmath_plugin(markdown, allow_labels=False, allow_digits=False, double_inline=True)
    # Display math is part of its paragraph, as LaTeX has it, not a block that would end it.
    markdown.disable("math_block")
    amsmath_plugin(markdown)
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
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_markdown = _make_markdown()
