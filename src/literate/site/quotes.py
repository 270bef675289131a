"""What pages quote of one another: the first words on the definitions that their code leads to."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial

from literate.base.cache import digest
from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.site.about import About
from literate.site.site import Site
from literate.site.usable import usable_catalog
from literate.translation.lookup import Lookup


@dataclass(slots=True)
class Quotes:
    """What a site's definitions are said to be in one language.

    `address` gives that of a page, relative to the site's root; `words` looks up the words that
    stand on no page, and is None in the language of the sources.
    """

    site: Site
    language: str
    address: Callable[[str], str]
    words: Lookup | None
    _names: dict[str, str] = field(init=False)
    #: The catalog of a page, None in the language of the sources; and what is wrong with it.
    catalog: Callable[[str], tuple[Lookup | None, list[LiterateError]]] = field(init=False)
    _file: Callable[[str], SourceFile] = field(init=False)
    _keys: dict[str, str] = field(default_factory=dict)
    _known: dict[str, dict[str, About | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = {self.address(name): name for name in self.site.pages}
        # A few pages are quoted by many; the others need not stay in memory.
        self.catalog = lru_cache(maxsize=128)(self._read_catalog)
        self._file = lru_cache(maxsize=128)(partial(self.site.catalog_file, self.language))

    def targets(self, page: str, hrefs: Iterable[str]) -> dict[str, tuple[str, str]]:
        """The page and the anchor of each address that leads from a page to another of the site."""
        here = posixpath.dirname(self.address(page))
        targets = {}
        for href in dict.fromkeys(hrefs):
            path, mark, anchor = href.partition("#")
            if path and mark and ":" not in path:
                address = posixpath.normpath(posixpath.join(here, path))
                address = f"{address}/" if path.endswith("/") else address
                if name := self._names.get("" if address == "./" else address):
                    targets[href] = (name, anchor)
        return targets

    def key(self, targets: Mapping[str, tuple[str, str]]) -> str:
        """What names the content of all that is quoted."""
        return digest("quotes", *map(self.key_of, _pages(targets)))

    def abouts(self, targets: Mapping[str, tuple[str, str]]) -> dict[str, About]:
        """What is said of each target."""
        wanted: dict[str, set[str]] = {}
        for name, anchor in targets.values():
            wanted.setdefault(name, set()).add(anchor)
        for name, anchors in wanted.items():
            self._read(name, anchors)
        return {
            href: known
            for href, (name, anchor) in targets.items()
            if (known := self._known[name][anchor])
        }

    def key_of(self, name: str) -> str:
        """What names the content of a page and of its catalog."""
        if name not in self._keys:
            is_source = self.language == self.site.project.language
            catalog = b"" if is_source else self._file(name).content or b""
            parts = ("abouts", self.site.pages[name].digest, self.language, catalog)
            self._keys[name] = digest(*parts)
        return self._keys[name]

    def _read(self, name: str, anchors: set[str]) -> None:
        """Have a page say what is not known yet of its definitions."""
        known = self._known.setdefault(name, {})
        if new := anchors - known.keys():
            said = self.site.abouts(name, self.catalog(name)[0], self.words, new)
            known.update((anchor, said.get(anchor)) for anchor in new)

    def _read_catalog(self, name: str) -> tuple[Lookup | None, list[LiterateError]]:
        if self.words is None:
            return None, []
        catalog, faults = usable_catalog(self._file(name))
        return Lookup(catalog), faults


def _pages(targets: Mapping[str, tuple[str, str]]) -> list[str]:
    return sorted({name for name, _ in targets.values()})
