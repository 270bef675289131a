"""The style sheet of a drawing, kept to it: all that is on a page shares one set of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from literate.notes.svg import fetches, painted

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PART = re.compile(r"([^{}]*)([{}])")
_AT_RULE = re.compile(r"@(?:media|supports)\b[\w\s():.,<>=/%+-]*")
#: Types, classes, ids, attributes and pseudo-classes: no strings with braces, no escapes.
_SELECTOR = re.compile(r"[\w\s.#:*>+~()\[\]=\"'^$|-]+")
_ID = re.compile(r"#(-?[A-Za-z_][\w-]*)")
_PSEUDO_ELEMENT = re.compile(r"::[\w-]+\Z")


def scoped(css: str, scope: str, renamed: Callable[[str], str]) -> str:
    """The rules of a style sheet that paint, so that they reach no further than `scope`.

    `scope` is the class of the drawing's own element; `renamed` gives an id the name that it has on
    the page.
    """
    return " ".join(_rules(_COMMENT.sub(" ", css), scope, renamed))


def _rules(css: str, scope: str, renamed: Callable[[str], str]) -> Iterator[str]:
    """Each rule, scoped. A sheet that closes what it has not opened ends there."""
    preludes: list[str] = []  # of what is open
    for match in _PART.finditer(css):
        text, brace = match[1].strip(), match[2]
        if brace == "{":
            preludes.append(text.rpartition(";")[2].strip())
            continue
        if not preludes:
            return
        prelude = preludes.pop()
        rule = _rule(prelude, text, scope, renamed) if text else ""
        if rule and all(_AT_RULE.fullmatch(outer) for outer in preludes):
            yield "".join(f"{outer} {{ " for outer in preludes) + rule + " }" * len(preludes)


def _rule(selectors: str, body: str, scope: str, renamed: Callable[[str], str]) -> str:
    declarations = painted(body)
    if not declarations or not _SELECTOR.fullmatch(selectors.replace(",", " ")):
        return ""
    if fetches(selectors) or selectors.count("(") != selectors.count(")"):
        return ""
    kept = (_selector(one.strip(), scope, renamed) for one in selectors.split(","))
    return f"{', '.join(kept)} {{ {declarations} }}"


def _selector(selector: str, scope: str, renamed: Callable[[str], str]) -> str:
    """A selector that finds the same elements, as far as they are in the drawing."""
    named = _ID.sub(lambda match: f"#{renamed(match[1])}", selector)
    pseudo = _PSEUDO_ELEMENT.search(named)
    end = pseudo.start() if pseudo else len(named)
    return f"{named[:end]}:where(.{scope}, .{scope} *){named[end:]}"
