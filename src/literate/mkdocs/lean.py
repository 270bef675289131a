"""Styles and scripts without what no page needs: rules of classes that nothing names, and blanks.

Material's style is made for everything that Material can do, and a site uses some half of it.
A rule goes where it asks for a class that no page has and no script names, or for words from right
to left where no page has any; a property such as `--icon` goes where nothing asks for it. In doubt
they stay: what stands in brackets, as in `:not(.a)`, is not looked at, nor are elements and other
attributes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from literate.base.files import files_below

#: Without quotes it may take more than it should: what is named in error stays.
_CLASSES = re.compile(r"""class=["']?([^"'>]*)""")
_SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
_WORD = re.compile(r"[\w-]+")
#: What a style holds whose brackets, commas and blanks are none of its own.
_STRING = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|url\([^"')]*\)"""
_GAP = r"(?>/\*.*?\*/|\s)"
_BLANK = re.compile(rf"({_STRING})|{_GAP}*+([{{}};,]){_GAP}*+|({_GAP}++)", re.DOTALL)
_BRACE = re.compile(rf"{_STRING}|[{{}};]", re.DOTALL)
_COMMA = re.compile(rf"{_STRING}|[(),]|\[|\]", re.DOTALL)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_LEFTWARD = "[dir=rtl]"
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")
_PROPERTY = re.compile(rf"({_STRING})|(?<=[{{;])(--[\w-]+):(?:{_STRING}|[^;{{}}\"'])*+;?")
_CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
#: Rules that hold rules. Of all others that begin with an @, nothing is taken.
_NESTING = ("@media", "@supports", "@layer", "@container")


def lighten(folder: Path, pages: Iterable[Names]) -> None:
    """Take out of the styles of a built site, Material's and ours, and of our scripts, what it
    does not need. `pages` is what each of its pages names."""
    names = Names.joined([*pages, Names.of_scripts(map(_read, files_below(folder, ".js")))])
    for path in folder.glob("literate/*.css"):
        path.write_text(purged(squeezed(_read(path)), names), encoding="utf-8")
    for path in folder.glob("assets/stylesheets/main.*.css"):
        style = purged(squeezed(_read(path)), names)
        styles = [_read(other) for other in files_below(folder, ".css") if other != path]
        asked = {name for text in (*styles, style) for name in _VARIABLE.findall(text)}
        path.write_text(without_properties(style, names.words | asked), encoding="utf-8")
    for path in folder.glob("literate/*.js"):
        path.write_text(unremarked(_read(path)), encoding="utf-8")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@lru_cache(maxsize=64)  # most of a page's are the theme's
def _words(script: str) -> set[str]:
    return set(_WORD.findall(script))


@dataclass(frozen=True)  # no slots: it is pickled, which takes longer with them
class Names:
    """The classes that pages have, the properties that they ask for, and words of scripts, which
    may give them either."""

    words: frozenset[str]
    #: What a script begins a name with, as in `"md-search-result__" + part`.
    beginnings: tuple[str, ...] = ()
    #: Whether a page has words from right to left.
    has_leftward: bool = False

    @classmethod
    def of_page(cls, page: str) -> Names:
        """What a page names, the scripts in it included."""
        classes = {name for found in set(_CLASSES.findall(page)) for name in found.split()}
        said = cls.of_scripts(_SCRIPT.findall(page))
        words = said.words.union(classes, _VARIABLE.findall(page))
        return cls(words, said.beginnings, 'dir="rtl"' in page)

    @classmethod
    def of_scripts(cls, scripts: Iterable[str]) -> Names:
        words = frozenset[str]().union(*map(_words, scripts))
        return cls(words, tuple(word for word in words if word[-1] in "-_" and len(word) > 3))

    @classmethod
    def joined(cls, parts: Sequence[Names]) -> Names:
        """What all of them name together."""
        return cls(
            frozenset().union(*(part.words for part in parts)),
            tuple({beginning for part in parts for beginning in part.beginnings}),
            any(part.has_leftward for part in parts),
        )

    def __contains__(self, name: str) -> bool:
        return name in self.words or "\\" in name or name.startswith(self.beginnings)


def squeezed(style: str) -> str:
    """A style without comments, and with no more blanks than it needs."""
    return _BLANK.sub(lambda found: found[1] or found[2] or " ", style).strip()


def unremarked(script: str) -> str:
    """A script of ours, in which no text goes over lines, without comments and indentation."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def purged(style: str, names: Names) -> str:
    """A style without the rules that ask for a class that nothing names."""
    return "".join(_kept(style, names))


def without_properties(style: str, asked: Container[str]) -> str:
    """A style that gives no value to a property of its own that nothing asks for."""
    return _PROPERTY.sub(lambda found: found[0] if found[1] or found[2] in asked else "", style)


def _kept(style: str, names: Names) -> Iterator[str]:
    for head, body in _rules(style):
        if body is None:
            yield head
        elif head.startswith(_NESTING):
            if inner := purged(body, names):
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        elif wanted := [one for one in _selectors(head) if _is_wanted(one, names)]:
            yield f"{','.join(wanted)}{{{body}}}"


def _rules(style: str) -> Iterator[tuple[str, str | None]]:
    """The rules of a style, each its head and its body; `@charset "a";` has none."""
    start = opened = depth = 0
    for found in _BRACE.finditer(style):
        match found[0]:
            case ";" if not depth:
                yield style[start : found.end()], None
                start = found.end()
            case "{":
                opened = opened if depth else found.start()
                depth += 1
            case "}":
                depth -= 1
                if not depth:
                    yield style[start:opened], style[opened + 1 : found.start()]
                    start = found.end()
    if rest := style[start:]:
        yield rest, None


def _selectors(head: str) -> Iterator[str]:
    start = depth = 0
    for found in _COMMA.finditer(head):
        if found[0] in "([":
            depth += 1
        elif found[0] in ")]":
            depth -= 1
        elif found[0] == "," and not depth:
            yield head[start : found.start()]
            start = found.end()
    yield head[start:]


def _is_wanted(selector: str, names: Names) -> bool:
    if _LEFTWARD in selector and not names.has_leftward:
        return False
    count = 1
    while count:
        selector, count = _BRACKETS.subn("", selector)
    return all(name in names for name in _CLASS.findall(selector))
