"""What every small project asks of Material, and what is the same for all: asked once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import material
import pytest
from jinja2 import FileSystemBytecodeCache, FileSystemLoader

from literate.base.cache import Cache

_list = FileSystemLoader.list_templates
_FOLDER = str(Path(material.__file__).parent / "templates")
#: The files of the theme, but for twelve thousand icons in a hidden folder: MkDocs leaves those out.
_FILES = [name for name in _list(FileSystemLoader(_FOLDER)) if not name.startswith(".")]


@contextmanager
def share_templates(folder: str) -> Iterator[None]:
    """Let every project have the same compiled templates: Jinja sees to it that they are right."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cache, "templates", lambda self: FileSystemBytecodeCache(folder))
        patch.setattr(FileSystemLoader, "list_templates", _list_templates)
        yield


def _list_templates(loader: FileSystemLoader) -> list[str]:
    """What the loader finds, without a walk through the theme."""
    found: set[str] = set()
    for place in loader.searchpath:
        found.update(_FILES if place == _FOLDER else _list(FileSystemLoader(place)))
    return sorted(found)
