"""HTML taken tag by tag: a tag is read or changed, and nothing around it moves.

A parser mends what it reads: it closes what stays open, and writes attributes its own way. HTML
that an author wrote has to come out as it went in, so here only its tags are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

# Each pattern reads on from where it has come to, and what is not closed goes to the end, as in a
# browser: so no text takes longer than it is long.
_TAG = r"<(?P<end>/?)(?P<name>[A-Za-z][\w:-]*)(?P<rest>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>"
# What is no tag though it looks like one stands first: comments, scripts, styles.
_MARKUP = re.compile(
    rf"<!--.*?(?:-->|\Z)|<(?P<raw>script|style)\b.*?(?:</(?P=raw)\s*>|\Z)|{_TAG}",
    re.DOTALL | re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ANY_TAG = re.compile(rf"{_COMMENT.pattern}|<(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+>", re.DOTALL)
_ATTRIBUTE = re.compile(
    r"""(?<!\s)\s*+([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?""", re.DOTALL
)

#: Elements that have no end tag.
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
     "wbr"]
)  # fmt: skip
#: Elements whose end tag may be left out.
OPEN_ENDED = frozenset(["p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot"])


class Tag(NamedTuple):
    """One tag: its name in small letters, and how it is written."""

    name: str
    is_end: bool
    text: str

    def get(self, attribute: str) -> str | None:
        """An attribute's value, however it is quoted; "" where it has none."""
        match = self._find(attribute)
        return unescape(match[2] or match[3] or match[4] or "") if match else None

    def put(self, attribute: str, value: str | None) -> Tag:
        """The tag with another value for an attribute, or without it."""
        match = self._find(attribute)
        written = "" if value is None else f' {attribute}="{escape(value)}"'
        if match:
            text = self.text[: match.start()] + written + self.text[match.end() :]
        else:
            start = 1 + len(self.name)
            text = self.text[:start] + written + self.text[start:]
        return Tag(self.name, self.is_end, text)

    @property
    def is_void(self) -> bool:
        """Whether it opens nothing."""
        return self.name in _VOID

    @property
    def is_hidden(self) -> bool:
        """Whether readers do not see what it opens."""
        return not self.is_end and (self.name == "template" or self.get("hidden") is not None)

    def _find(self, attribute: str) -> re.Match[str] | None:
        found = _ATTRIBUTE.finditer(self.text, 1 + len(self.name), len(self.text) - 1)
        return next((match for match in found if match[1].lower() == attribute), None)


def tags(html: str, *attributes: str) -> Iterator[Tag]:
    """The tags of a piece of HTML, or those that may have one of the attributes."""
    if _may_hold(html, attributes):
        for match in _MARKUP.finditer(html):
            if match["name"] and _may_hold(match["rest"], attributes):
                yield _tag(match)


def map_tags(html: str, change: Callable[[Tag], str], *attributes: str) -> str:
    """The HTML with each of its tags replaced, or those that may have one of the attributes."""

    def changed(match: re.Match[str]) -> str:
        is_meant = match["name"] and _may_hold(match["rest"], attributes)
        return change(_tag(match)) if is_meant else match[0]

    return _MARKUP.sub(changed, html) if _may_hold(html, attributes) else html


def _may_hold(html: str, attributes: tuple[str, ...]) -> bool:
    """A look that spares most tags a closer one."""
    if not attributes:
        return True
    return any(map(html.lower().__contains__, attributes))


def map_words(html: str, change: Callable[[str], str]) -> str:
    """The HTML with each text between its tags replaced."""
    return "".join(change(text) + markup for text, markup in texts(html))


def words_of(html: str) -> list[str]:
    """The texts between its tags, as a reader sees them."""
    return [" ".join(unescape(text).split()) for text, _ in texts(html) if text.strip()]


def texts(html: str) -> Iterator[tuple[str, str]]:
    """Each text, and the tag or comment that follows it."""
    position = 0
    for match in _MARKUP.finditer(html):
        yield html[position : match.start()], match[0]
        position = match.end()
    yield html[position:], ""


def text_of(html: str) -> str:
    """The words of a piece of HTML, on one line."""
    words = _ANY_TAG.sub("", html) if "<" in html else html
    return " ".join(unescape(words).split())


def without_comments(html: str) -> str:
    return _COMMENT.sub("", html)


def is_balanced(html: str) -> bool:
    """Whether every element that the HTML opens is closed in it, and the other way round."""
    still_open: list[str] = []
    for tag in tags(html):
        if tag.is_void or (tag.text.endswith("/>") and tag.name not in OPEN_ENDED):
            continue
        if not tag.is_end:
            still_open.append(tag.name)
            continue
        while still_open and still_open[-1] != tag.name and still_open[-1] in OPEN_ENDED:
            still_open.pop()
        if not still_open or still_open.pop() != tag.name:
            return False
    return all(name in OPEN_ENDED for name in still_open)


#: Deeper than any note, and well below what the recursion of parsers bears.
DEPTH = 100


def is_too_deep(html: str) -> bool:
    """Whether its elements nest over `DEPTH` deep."""
    root = LexborHTMLParser(html, is_fragment=True).root if html.count("<") > DEPTH else None
    level: list[LexborNode] = [root] if root else []
    depth = 0
    while level and depth < DEPTH:
        level = [child for node in level for child in node.iter()]
        depth += 1
    return bool(level)


def _tag(match: re.Match[str]) -> Tag:
    return Tag(match["name"].lower(), bool(match["end"]), match[0])
