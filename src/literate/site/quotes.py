"""What pages quote of one another: the first words on the definitions that their code leads to."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from literate.base.cache import Cache, digest
from literate.site.about import About
from literate.site.site import Site
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
    cache: Cache
    _names: dict[str, str] = field(init=False)
    _known: dict[str, Mapping[str, About]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = {self.address(name): name for name in self.site.pages}

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
        return digest("quotes", *(self._key_of(name) for name in _pages(targets)))

    def abouts(self, targets: Mapping[str, tuple[str, str]]) -> dict[str, About]:
        """What is said of each target."""
        said = {name: self._of(name) for name in _pages(targets)}
        return {
            href: said[name][anchor]
            for href, (name, anchor) in targets.items()
            if anchor in said[name]
        }

    def _key_of(self, name: str) -> str:
        is_source = self.language == self.site.project.language
        catalog = b"" if is_source else self.site.catalog_bytes(self.language, name)
        return digest("abouts", self.site.pages[name].digest, self.language, catalog)

    def _of(self, name: str) -> Mapping[str, About]:
        if name not in self._known:
            key = self._key_of(name)
            known = self.cache.get(key)
            if not isinstance(known, dict):
                known = self.site.abouts(name, self.language, self.words)
                self.cache.put(key, known)
            self._known[name] = known
        return self._known[name]


def _pages(targets: Mapping[str, tuple[str, str]]) -> list[str]:
    return sorted({name for name, _ in targets.values()})
