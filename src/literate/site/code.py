"""Lines of code as HTML: number, indentation, names, and the shape of what a line makes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from literate.notes.highlight import CodeName
from literate.site.local_page import CodeLine
from literate.site.shape_html import shape_html

#: From so many characters on, a line may go on below on a narrow screen: after a parenthesis.
LONG = 48
#: The style sheet has a class for each indentation up to this one.
_DEEPEST = 40


# What is made of lines of code is kept: a page's code is the same in all of its languages.


@lru_cache(maxsize=1024)
def trimmed(lines: tuple[CodeLine, ...]) -> tuple[int, int]:
    """Where the first of the lines that are not blank is, and where the last of them ends."""
    shown = [index for index, line in enumerate(lines) if not line.is_blank]
    return (shown[0], shown[-1] + 1) if shown else (0, 0)


@lru_cache(maxsize=1024)
def height(lines: tuple[CodeLine, ...]) -> int:
    """About how many lines high they are on a phone."""
    start, end = trimmed(lines)
    return sum(1 + len(line.text) // LONG for line in lines[start:end])


@lru_cache(maxsize=1024)
def code_html(lines: tuple[CodeLine, ...], repository: str = "") -> str:
    """The lines of a row. The blank ones at its edges are there, but not drawn."""
    start, end = trimmed(lines)
    rows = (
        _line(line, repository, is_drawn=start <= index < end) for index, line in enumerate(lines)
    )
    hidden = "" if end else " hidden"
    # Material's script measures each `pre > code`, to let keys scroll it, which lays out the whole
    # page at once; ours never scrolls.
    return f'<div class="code"{hidden}><pre><span><code>{"".join(rows)}</code></span></pre></div>'


def _line(line: CodeLine, repository: str, *, is_drawn: bool) -> str:
    ident = f' id="{line.anchor}"' if line.anchor else ""
    ending = line.ending.replace("\r", "&#13;")
    if line.is_blank:
        hidden = "" if is_drawn else " hidden"
        return (
            f'<span class="cl gap"{ident} data-n="{line.number}"{hidden}>{line.html}{ending}</span>'
        )
    indent = len(line.text) - len(line.text.lstrip(" "))
    html = "".join(map(_token, line.tokens))
    if len(line.text) > LONG:
        html = _breakable(line.tokens)
    depth = ""
    if indent and html.startswith(" " * indent):
        html = f'<span class="in">{" " * indent}</span>{html[indent:]}'
        depth = f" i{min(indent, _DEEPEST)}"
    return (
        f'<span class="cl{depth}"{ident} data-n="{line.number}">'
        f'<a class="num" href="{repository}#L{line.number}" tabindex="-1" aria-hidden="true"></a>'
        f"{html}{shape_html(line.shape)}{ending}</span>"
    )


def _token(token: str | CodeName) -> str:
    return token if isinstance(token, str) else token.html


def _breakable(tokens: Iterable[str | CodeName]) -> str:
    """A long line, which may be broken after each parenthesis that it opens."""
    return "".join(
        token.replace("(", "(<wbr>").replace("<wbr>)", ")")
        if isinstance(token, str)
        else token.html
        for token in tokens
    )
