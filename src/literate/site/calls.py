"""Which of a file's definitions calls which: the map of the file, from the outside in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from literate.notes.highlight import CodeName
from literate.site.local_page import CodeLine, LocalPage
from literate.source.document import Definition


class Called(NamedTuple):
    """A class or function of the module, its first line, and how deep the calls of it are."""

    name: str
    line: int
    depth: int


def call_tree(page: LocalPage) -> tuple[Called, ...]:
    """Each class and function once: first those that no other calls, each with those it calls."""
    return _tree(page.definitions, page.code)


@lru_cache(maxsize=1)  # a page is made in all of its languages in turn, and its code is the same
def _tree(
    definitions: tuple[Definition, ...], code: tuple[tuple[CodeLine, ...], ...]
) -> tuple[Called, ...]:
    tops = [it for it in definitions if "." not in it.name and not it.is_constant]
    lines_of_code = chain.from_iterable(code)
    calls = _calls(lines_of_code, sorted(tops, key=lambda definition: definition.first))
    called = {name for names in calls.values() for name in names}
    lines = {definition.name: definition.first for definition in tops}
    tree: dict[str, Called] = {}

    def add(name: str, depth: int) -> None:
        if name not in tree:
            tree[name] = Called(name, lines[name], depth)
            for other in calls[name]:
                add(other, depth + 1)

    for name in (*(name for name in lines if name not in called), *lines):
        add(name, 0)
    return tuple(tree.values())


def _calls(code: Iterable[CodeLine], tops: Sequence[Definition]) -> Mapping[str, Sequence[str]]:
    """What each definition calls, in order."""
    starts = [definition.first for definition in tops]
    calls: dict[str, dict[str, None]] = {definition.name: {} for definition in tops}
    for line in code:
        index = bisect_right(starts, line.number) - 1
        if index >= 0 and line.number <= tops[index].last:
            caller = tops[index].name
            names = (name for name in _called(line) if name in calls and name != caller)
            calls[caller].update(dict.fromkeys(names))
    return {name: list(others) for name, others in calls.items()}


def _called(line: CodeLine) -> Iterator[str]:
    """The names of the page that a line calls: those with a parenthesis after them."""
    for token, behind in pairwise(chain(line.tokens, [""])):
        is_called = isinstance(behind, str) and behind.startswith("(")
        if is_called and isinstance(token, CodeName) and not token.is_place:
            href = token.link.href if token.link else ""
            if href.startswith("#"):
                yield href[1:]
