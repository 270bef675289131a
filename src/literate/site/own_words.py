"""The engine's words in languages that it speaks itself, for sites that do not translate them."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from literate.translation.catalog import Catalog, Entry

_FOLDER = Path(__file__).parents[1] / "words"


def with_own_words(catalog: Catalog, language: str) -> Catalog:
    """The catalog of a site's words; what it lacks of the engine's comes from the engine."""
    held = {entry.source for entry in catalog.entries}
    own = (entry for entry in _own_words(language) if entry.source not in held)
    return replace(catalog, entries=(*catalog.entries, *own))


@cache
def _own_words(language: str) -> tuple[Entry, ...]:
    path = _FOLDER / f"{language}.json"
    if not path.is_file():
        return ()
    words = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Entry(source, words[source], line=0) for source in words)
