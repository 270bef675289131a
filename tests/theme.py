"""What every small project asks of Material, and what is the same for all: asked once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import material
import pytest
from jinja2 import FileSystemBytecodeCache, FileSystemLoader
from mkdocs import utils

from literate.base.cache import Cache
from literate.mkdocs import lean

_list = FileSystemLoader.list_templates
_FOLDER = str(Path(material.__file__).parent / "templates")
#: The files of the theme, but for twelve thousand icons in a hidden folder: MkDocs leaves those out.
_FILES = [name for name in _list(FileSystemLoader(_FOLDER)) if not name.startswith(".")]
#: What is read off Material's styles and scripts, and which themes there are: functions of nothing
#: else, each with what it has returned before.
_KNOWN = [
    (utils, "get_themes", cache(utils.get_themes)),
    (lean, "_words", cache(lean._words)),
    (lean, "squeezed", cache(lean.squeezed)),
    (lean, "_rules", cache(lambda style, rules=lean._rules: tuple(rules(style)))),
    (lean, "_selectors", cache(lambda head, parts=lean._selectors: tuple(parts(head)))),
]


@contextmanager
def share_templates(folder: str) -> Iterator[None]:
    """Let every project have the same compiled templates: Jinja sees to it that they are right."""
    with pytest.MonkeyPatch.context() as patch:
        for place, name, function in _KNOWN:
            patch.setattr(place, name, function)
        patch.setattr(Cache, "templates", lambda self: FileSystemBytecodeCache(folder))
        patch.setattr(FileSystemLoader, "list_templates", _list_templates)
        yield


def _list_templates(loader: FileSystemLoader) -> list[str]:
    """What the loader finds, without a walk through the theme."""
    found: set[str] = set()
    for place in loader.searchpath:
        found.update(_FILES if place == _FOLDER else _list(FileSystemLoader(place)))
    return sorted(found)
