"""Which of a file's definitions calls which: the map of the file, from the outside in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from literate.source.document import Definition, Document
from literate.source.names import NameUse


class Called(NamedTuple):
    """A class or function of the module, its first line, and how deep the calls of it are."""

    name: str
    line: int
    depth: int


def call_tree(document: Document, uses: Iterable[NameUse]) -> tuple[Called, ...]:
    """Each class and function once: first those that no other calls, each with those it calls."""
    tops = {d.name: d for d in document.definitions if "." not in d.name and not d.is_constant}
    calls = _calls(document, uses, list(tops.values()))
    called = {name for names in calls.values() for name in names}
    tree: dict[str, Called] = {}

    def add(name: str, depth: int) -> None:
        if name not in tree:
            tree[name] = Called(name, tops[name].first, depth)
            for other in calls[name]:
                add(other, depth + 1)

    for name in (*(name for name in tops if name not in called), *tops):
        add(name, 0)
    return tuple(tree.values())


def _calls(
    document: Document, uses: Iterable[NameUse], tops: Sequence[Definition]
) -> Mapping[str, Sequence[str]]:
    """What each definition calls, in order: a name with a parenthesis after it."""
    names = {definition.name for definition in tops}
    tops = sorted(tops, key=lambda definition: definition.first)
    starts = [definition.first for definition in tops]
    lines = [line.text for line in document.lines]
    calls: dict[str, dict[str, None]] = {name: {} for name in names}
    for use in uses:
        if use.module is not None or use.is_definition or use.name not in names:
            continue
        behind = lines[use.line - 1][use.column + len(use.name) :].lstrip()
        index = bisect_right(starts, use.line) - 1
        if index >= 0 and behind.startswith("(") and use.line <= tops[index].last:
            calls[tops[index].name][use.name] = None
    return {name: [other for other in others if other != name] for name, others in calls.items()}
