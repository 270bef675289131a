"""What of a note is HTML, and what only looks like it: `<unk>`, `list<int>`, a tag left open.

Such a thing is shown as it is written. What an author opens and leaves open is closed where its
note ends, so that nothing of a note reaches beyond it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it.rules_block import StateBlock, html_block
from markdown_it.token import Token
from selectolax.lexbor import LexborHTMLParser

from literate.base.html import OPEN_ENDED, Tag, is_balanced, tags, texts

_FLOW = frozenset(
    ["address", "article", "aside", "blockquote", "center", "details", "dialog", "div", "dl",
     "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup",
     "hr", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "table", "template", "ul"]
)  # fmt: skip
#: What has its place in some of those alone.
_PARTS = frozenset(
    ["caption", "col", "colgroup", "dd", "dt", "figcaption", "legend", "li", "optgroup", "option",
     "summary", "tbody", "td", "tfoot", "th", "thead", "tr"]
)  # fmt: skip
_PHRASING = frozenset(
    ["a", "abbr", "acronym", "area", "audio", "b", "base", "bdi", "bdo", "big", "br", "button",
     "canvas", "cite", "code", "data", "datalist", "del", "dfn", "em", "embed", "font", "i",
     "iframe", "img", "input", "ins", "kbd", "label", "link", "map", "mark", "math", "meta",
     "meter", "noscript", "object", "output", "picture", "progress", "q", "rp", "rt", "ruby", "s",
     "samp", "script", "select", "slot", "small", "source", "span", "strike", "strong", "style",
     "sub", "sup", "svg", "textarea", "time", "track", "tt", "u", "var", "video", "wbr"]
)  # fmt: skip
_ELEMENTS = _FLOW | _PARTS | _PHRASING
#: Elements that have parts with names of their own.
_FOREIGN = frozenset(["svg", "math"])
#: Elements without an end that say something without attributes.
_BARE = frozenset(["br", "hr", "wbr"])
#: Where some parts have their place: anywhere else, a browser leaves their tags out.
_WITHIN = {
    **dict.fromkeys(
        ["caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"],
        frozenset(["table"]),
    ),
    **dict.fromkeys(["dd", "dt"], frozenset(["dl"])),
    **dict.fromkeys(["optgroup", "option"], frozenset(["select", "datalist"])),
    "li": frozenset(["ul", "ol", "menu"]),
}


#: What speaks of the whole page, and the names that the theme's own parts have.
OF_THE_WHOLE_PAGE = re.compile(
    r"<(?:base|link|meta)(?=[\s/>])|\bid\s*=\s*[\"']?__\w+", re.IGNORECASE
)


def said_beside(tokens: Sequence[Token], place: int) -> tuple[Token | None, Token | None]:
    """What is said before and after a token: what only opens or closes says nothing."""
    before = (tokens[i] for i in range(place - 1, -1, -1))
    after = (tokens[i] for i in range(place + 1, len(tokens)))
    one, other = (
        next((t for t in side if not t.nesting and (t.content or t.type != "text")), None)
        for side in (before, after)
    )
    return one, other


def block_of_html(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """The rule of Markdown, for what is HTML."""
    start = state.bMarks[first] + state.tShift[first]
    line = state.src[start : state.eMarks[first]]
    if not line.startswith("<!--"):
        name = re.match(r"</?([A-Za-z][\w-]*)", line)
        if name is None or not _is_known(name[1].lower()):
            return False
    before = state.line
    if not html_block(state, first, last, silent):
        return False
    if silent or not _is_cut_off(state.tokens[-1].content, state.src[state.bMarks[first] :]):
        return True
    state.tokens.pop()
    state.line = before
    return False


def _is_known(name: str) -> bool:
    return name in _ELEMENTS or "-" in name


def _is_cut_off(html: str, rest: str) -> bool:
    """Whether a block of HTML lacks its end, or would go on beyond what it is."""
    html = html.lstrip()
    if html.startswith("<!--"):
        return html.rfind("<!--") > html.rfind("-->")
    first = next(tags(html), None)
    if first is None:  # a script or a style sheet that is whole, or a tag that is not
        return not re.match(r"<(script|style)\b.*</\1\s*>", html, re.DOTALL | re.IGNORECASE)
    is_flow = first.name in _FLOW | _PARTS and first.name != "pre"
    if is_flow or first.is_void or is_balanced(html):
        return False
    return not first.is_end and f"</{first.name}" not in rest.lower()


def mended(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a note, in which every tag is one, and has its end."""
    made: list[Token] = []
    still_open: list[list[str]] = [[]]
    place: list[int] | None = None

    def close(level: int) -> None:
        """End what is open in the container that ends here."""
        html = _ends(still_open.pop())
        if html and made and made[-1].type == "html_block":
            made[-1].content = f"{made[-1].content.rstrip()}{html}\n"
        elif html:
            made.append(Token("html_block", "", 0, content=f"{html}\n", level=level, map=place))

    for token in tokens:
        if token.nesting == -1:
            close(token.level + 1)
        made.append(token)
        if token.nesting == 1:
            still_open.append([])
        elif token.type == "html_block":
            token.content, still_open[-1] = _mend(token.content, still_open[-1])
            place = token.map
        elif token.children:
            _mend_inline(token.children)
    close(0)
    return made


def _ends(names: Sequence[str]) -> str:
    return "".join(f"</{name}>" for name in reversed(names))


def _mend(html: str, before: list[str]) -> tuple[str, list[str]]:
    """A block of HTML, and what is open after it, as `before` was open in front of it."""
    pieces: list[str] = []
    #: Name of each open element, and the index of its piece; None for one of an earlier block.
    opened: list[tuple[str, int | None]] = [(name, None) for name in before]

    def give_up(entries: list[tuple[str, int | None]]) -> None:
        """Close what has no end, or show it as it is written."""
        for name, index in reversed(entries):
            if name in _PHRASING and index is not None:
                pieces[index] = escape(pieces[index], quote=False)
            elif name not in OPEN_ENDED:
                pieces.append(f"</{name}>")

    for text, markup in texts(html):
        pieces.append(text)
        tag = next(tags(markup), None)
        if tag is None:
            pieces.append(markup)
            continue
        names = [name for name, _ in opened]
        written = _written(tag, names)
        if written is not None:
            pieces.append(written)
        elif not tag.is_end:
            opened.append((tag.name, len(pieces)))
            pieces.append(markup)
        elif tag.name in names:
            at = len(names) - 1 - names[::-1].index(tag.name)
            give_up(opened[at + 1 :])
            del opened[at:]
            pieces.append(markup)
        else:
            pieces.append(escape(markup, quote=False))
    bare = [entry for entry in opened if entry[1] is not None and _is_bare(pieces[entry[1]])]
    give_up([entry for entry in bare if entry[0] in _PHRASING])
    kept = [name for name, index in opened if (name, index) not in bare or name not in _PHRASING]
    return "".join(pieces), [name for name in kept if name not in OPEN_ENDED]


def _written(tag: Tag, around: Sequence[str]) -> str | None:
    """A tag that opens and closes nothing, as a page has to hold it; None for any other."""
    if not _FOREIGN.isdisjoint(around):
        return tag.text if tag.text.endswith("/>") else None
    is_part = tag.name in _WITHIN and _WITHIN[tag.name].isdisjoint(around)
    if not _is_known(tag.name) or is_part:
        return escape(tag.text, quote=False)
    if tag.is_void:
        is_shown = tag.name in _BARE or not _is_bare(tag.text)
        return tag.text if is_shown else escape(tag.text, quote=False)
    if tag.text.endswith("/>"):  # HTML knows no such end: it would stay open
        start = tag.text[:-2].rstrip()
        return f"{start}></{tag.name}>" if not _is_bare(tag.text) else escape(tag.text, quote=False)
    return None


def _is_bare(tag: str) -> bool:
    """Whether a tag has no attribute."""
    return re.fullmatch(r"</?[\w-]+\s*/?>", tag) is not None


def _mend_inline(children: Sequence[Token]) -> None:
    opened: list[tuple[str, Token]] = []
    as_text: list[Token] = []
    for child in children:
        if child.type != "html_inline":
            continue
        tag = next(tags(child.content), None)
        if tag is None:
            if not child.content.startswith("<!--"):
                as_text.append(child)
            continue
        names = [name for name, _ in opened]
        written = _written(tag, names)
        if written is not None and written.startswith("&lt;"):
            as_text.append(child)
        elif written is not None:
            child.content = written
        elif not tag.is_end:
            opened.append((tag.name, child))
        elif tag.name in names:
            at = len(names) - 1 - names[::-1].index(tag.name)
            as_text += [token for _, token in opened[at + 1 :]]
            del opened[at:]
        else:
            as_text.append(child)
    for child in (*as_text, *(token for _, token in opened)):
        child.type = "text"


def is_contained(html: str) -> bool:
    """Whether HTML stays, in a browser, within the element that it is put into."""
    page = f"<section><div>{html}</div><x-end></x-end></section><x-after></x-after>"
    body = LexborHTMLParser(page).body
    outer = [node.tag for node in body.iter()] if body else []
    section = body.child if body else None
    inner = [node.tag for node in section.iter()] if section else []
    return outer == ["section", "x-after"] and inner == ["div", "x-end"]
