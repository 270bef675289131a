"""What a page shows of the navigation: all of a small one, of a large one what is around the page.

With all of it on every page, a site would grow with the square of its pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from itertools import count
from typing import TYPE_CHECKING, Any

from mkdocs.structure import StructureItem
from mkdocs.structure.files import File
from mkdocs.structure.nav import Link, Navigation, Section
from mkdocs.structure.pages import Page

from literate.site.site import Site

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

#: A navigation of so many entries stands on every page.
WHOLE = 120
#: Of a longer list, a page of a large site shows so many entries, its own in their middle.
WINDOW = 19


def contents_files(site: Site, files: Iterable[File], config: MkDocsConfig) -> dict[str, File]:
    """Where the list of all pages may lie in each language: where no other page does."""
    taken = {file.dest_uri for file in files}
    for number in count():
        name = f"contents{number or ''}.md"
        made = {
            code: File.generated(config, site.folder(code) + name, content="")
            for code in site.language_codes
        }
        if not any(file.dest_uri in taken for file in made.values()):
            break
    return made


class Outline:
    """A navigation, as pages show it.

    In a large one, no section is open but those that the page is in, long lists are cut, and links
    with a title of their own lead to the rest: to the list of all pages, which is at `address`.
    """

    def __init__(self, nav: Navigation, title: str, address: str) -> None:
        self.nav = nav
        self.title = title
        self.address = address
        #: Section, by its `id` -> its anchor in the list of all pages.
        self._anchors: dict[int, str] = {}
        #: Entry, by its `id` -> its place among its siblings.
        self._places: dict[int, int] = {}
        #: Section, by its `id` -> what a page outside of it shows of it.
        self._closed: dict[int, Section] = {}
        self._number(nav.items, "part")
        self.is_whole = len(self._places) <= WHOLE
        self._said = str(nav) if self.is_whole else ""

    def _number(self, items: Sequence[StructureItem], name: str) -> None:
        for place, item in enumerate(items):
            self._places[id(item)] = place
            if isinstance(item, Section):
                self._anchors[id(item)] = anchor = f"{name}-{place + 1}"
                self._number(item.children, anchor)
                if item.children:
                    self._closed[id(item)] = _with(item, [_first(item)])

    def of(self, page: Page | None) -> Navigation:
        """The navigation that a page shows, or one that has no place in it."""
        if self.is_whole:
            return self.nav
        path = [*reversed([*page.ancestors]), page] if page and id(page) in self._places else []
        shown = copy(self.nav)
        shown.items = self._around(path, self.nav.items, self.address)
        return shown

    def said(self, page: Page) -> str:
        """All that a page tells of its place: its HTML depends on nothing else of the others."""
        if self.is_whole:
            return self._said
        return f"{self.of(page)} {page.previous_page!r} {page.next_page!r}"

    def anchor(self, section: Section) -> str:
        """Where a section begins in the list of all pages."""
        return self._anchors[id(section)]

    def _around(
        self, path: Sequence[StructureItem], items: Sequence[StructureItem], address: str
    ) -> list[StructureItem]:
        """The entries around the first of the path, which alone is open; `address` lists all."""
        here = self._places.get(id(path[0]), 0) if path else 0
        start = max(0, min(here - WINDOW // 2, len(items) - WINDOW))
        end = start + WINDOW
        rest = [Link(self.title, address)]
        shown = [self._open(item, path) for item in items[start:end]]
        is_top = address == self.address
        return [*rest[: start > 0], *shown, *rest[: is_top or end < len(items)]]

    def _open(self, item: StructureItem, path: Sequence[StructureItem]) -> StructureItem:
        if not isinstance(item, Section) or not item.children:
            return item
        if not path or item is not path[0]:
            return self._closed[id(item)]
        address = f"{self.address}#{self.anchor(item)}"
        own = _with(item, self._around(path[1:], item.children, address))
        own.active = True
        return own


def _with(section: Section, children: list[StructureItem]) -> Section:
    """A copy of a section that has these children, and tells no parent whether it is active."""
    own: Any = copy(section)
    own.parent, own.children = None, children
    return own  # type: ignore[no-any-return]


def _first(section: Section) -> StructureItem:
    """What a reader who opens a section comes to."""
    first = section.children[0]
    return _first(first) if isinstance(first, Section) and first.children else first
