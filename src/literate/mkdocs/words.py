"""The words of the configuration that readers see, each with the line on which it stands."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import relpath
from pathlib import Path, PurePath
from typing import Any

import yaml

from literate.translation.message import Kind, Passage, plain_text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The keys that lead to a setting.
Keys = tuple[str, ...]


def config_words(words: list[tuple[Keys, Any]], file: Path) -> Iterator[Passage]:
    """The passages of (keys, word), in that order.

    A word that a hook or another plugin has put in place of another stands where that one does.
    """
    places = list(_places(file))
    for keys, word in words:
        own = [place for place in places if place[0][: len(keys)] == keys]
        found = [place for place in own if place[1] == word]
        _, _, path, line = next(iter((*found, *own)), (keys, word, file, 1))
        shown = PurePath(relpath(path, file.parent)).as_posix()
        kind = Kind.NAV if keys == ("nav",) else Kind.CONFIG
        yield plain_text(str(word), shown, line, kind, ".".join(keys))


def _places(file: Path) -> Iterator[tuple[Keys, str, Path, int]]:
    """Each text of a configuration and of those that it inherits from: its keys, file and line."""
    parent = ""
    root = yaml.compose(file.read_text(encoding="utf-8-sig"), _LOADER)
    for keys, text, line in _scalars(root, ()):
        yield keys, text, file, line
        parent = text if keys == ("INHERIT",) else parent
    if parent:
        yield from _places(file.parent / parent)


def _scalars(node: Any, keys: Keys) -> Iterator[tuple[Keys, str, int]]:
    if isinstance(node, yaml.ScalarNode):
        yield keys, node.value, node.start_mark.line + 1
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _scalars(name, keys)
            yield from _scalars(value, (*keys, str(name.value)))
    elif node is not None:
        for item in node.value:
            yield from _scalars(item, keys)
