"""The whole site: all pages and languages, and lookups among them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from urllib.parse import quote

from literate.base.cache import Cache
from literate.base.errors import LiterateError, raise_all
from literate.base.files import SourceFile
from literate.notes.bibliography import Bibliography, Paper
from literate.notes.drawing import Drawing
from literate.site.about import About
from literate.site.context import PageContext
from literate.site.inventory import Documented
from literate.site.links import Links, Target, relative_url
from literate.site.local_page import LocalPage, SourceInfo
from literate.site.localise import abouts, localise
from literate.site.messages import page_passages
from literate.site.names import NameTable
from literate.site.originals import original_words
from literate.site.page import Page, load_page
from literate.site.page_names import PageNames, page_names
from literate.site.project import Project
from literate.site.shapes import Shapes
from literate.site.ui import ui_passages
from literate.source.values import Symbol
from literate.translation.catalog import Catalog
from literate.translation.catalog_file import load_catalog
from literate.translation.language import Language
from literate.translation.lookup import Lookup
from literate.translation.message import Message, Passage, messages_of

#: The catalog, beside those of the pages, of the words that stand on no page.
SITE_CATALOG = "site"


@dataclass(frozen=True)
class Site:
    """All that the site shows. `assets` maps an address to the file that is served there."""

    project: Project
    pages: Mapping[str, Page]
    languages: Mapping[str, Language]
    targets: Mapping[tuple[str, str], Target]
    drawings: Mapping[tuple[str, str], Drawing]
    assets: Mapping[str, Path]
    bibliography: Bibliography = field(default_factory=dict)
    #: What is said of each link that leads nowhere, where the project only wants that reported.
    dead_links: tuple[LiterateError, ...] = ()
    #: What is said of what pages hold and show as it is written, where that is only reported too.
    faults: tuple[LiterateError, ...] = ()
    #: What other documentations document, by name.
    documented: Mapping[str, Documented] = field(default_factory=dict)
    #: What packages bring in whose file is no page, by their names.
    packages: Mapping[str, Mapping[str, Symbol]] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=Shapes)

    def messages(self, name: str) -> tuple[Message, ...]:
        """The texts to translate of a page, or those that stand on no page: of `SITE_CATALOG`."""
        return messages_of(self.passages(name))

    def passages(self, name: str) -> Iterable[Passage]:
        """What a page asks its catalog for, in order."""
        if name != SITE_CATALOG:
            return self._passages(name)
        return chain(self.project.words, self.shapes.passages(), ui_passages(self.pages.values()))

    @cached_property
    def _passages(self) -> Callable[[str], tuple[Passage, ...]]:
        """Those of a page, which is made in all of its languages in turn."""
        return lru_cache(maxsize=1)(
            lambda name: tuple(page_passages(self.pages[name], self.drawings))
        )

    @property
    def language_codes(self) -> tuple[str, ...]:
        """The language of the sources, and those that they are translated into."""
        return self.project.language, *self.languages

    def folder(self, language: str) -> str:
        """The folder of a language's pages; those in the sources' language are at the root."""
        return "" if language == self.project.language else f"{language}/"

    @property
    def wrong_shapes(self) -> list[LiterateError]:
        """What notes say of shapes that no run of the code has seen."""
        return [fault for page in self.pages.values() for fault in self.shapes.faults(page)]

    @property
    def paper(self) -> Paper | None:
        """What the site explains."""
        return self.bibliography[self.project.paper] if self.project.paper else None

    @property
    def inputs(self) -> list[Path]:
        """The files and folders that the site is made of."""
        project = self.project
        folders = [project.docs, *project.sources, project.translations]
        files = [project.bibliography] if project.bibliography else []
        files += [*project.card_fonts, *(it.inventory for it in project.inventories)]
        files += [project.shapes] if project.shapes else []
        return [*folders, *files, *self.assets.values()]

    def page_of(self, path: Path) -> str | None:
        """The page that a file or a catalog belongs to; None for any other file."""
        return self._pages_by_file.get(path)

    @cached_property
    def _pages_by_file(self) -> dict[Path, str]:
        files = {page.file.resolve(): name for name, page in self.pages.items()}
        for language in self.languages:
            for name in self.pages:
                files[self.project.catalog_path(language, name).resolve()] = name
        return files

    def refreshed(self, name: str, cache: Cache) -> Site | None:
        """This site with one page read anew; None where other pages may change with it.

        Raises `LiterateError` for what is wrong with the page.
        """
        old = self.pages[name]
        page = load_page(name, self.project.file(old.file), cache)
        if _outline(page) != _outline(old):
            return None
        links = Links(self.project, self.pages, self.bibliography)
        links.follow(page)
        links.raise_errors()
        raise_all([] if self.project.shows_faults else page.faults)
        if links.assets.items() - self.assets.items():
            return None
        kept = {place: to for place, to in self.targets.items() if place[0] != name}
        drawn = {place: it for place, it in self.drawings.items() if place[0] != name}
        return replace(
            self,
            pages={**self.pages, name: page},
            targets=kept | links.targets,
            drawings=drawn | links.drawings,
            faults=(
                *(fault for fault in self.faults if fault.file != page.path),
                *page.faults,
                *links.faults,
            ),
        )

    @cached_property
    def _names(self) -> NameTable:
        return NameTable(self.pages, self.documented, self.packages)

    def names_of(self, page: Page, url_of: Callable[[str], str]) -> PageNames:
        """Where a page's names lead; `url_of` gives the address of a page in any one language."""
        return page_names(self._names, page, url_of)

    @property
    def is_strict(self) -> bool:
        """Whether a faulty translation stops a build."""
        return self.project.faulty == "error"

    def catalog(
        self, language: str, name: str, faults: list[LiterateError] | None = None
    ) -> Catalog:
        """The catalog of a page; raises as `load_catalog` does."""
        return load_catalog(self.catalog_file(language, name), faults)

    def catalog_file(self, language: str, name: str) -> SourceFile:
        """The file of a page's catalog, with its content, unless that cannot be read."""
        file = self.project.file(self.project.catalog_path(language, name))
        try:
            return file.loaded("the map")
        except (OSError, LiterateError):
            return file

    def localise(
        self,
        page: Page,
        url_of: Callable[[str], str],
        lookup: Lookup | None = None,
        words: Lookup | None = None,
        names: PageNames | None = None,
        has_notebook: bool = False,
        said: Mapping[str, About] | None = None,
        *,
        is_plain: bool = False,
    ) -> LocalPage:
        """A page in the language of its catalog.

        `url_of` gives the address of a page in that language, relative to the site's root; `names`
        is what `names_of` gives, where that is at hand; `has_notebook` says whether the page
        offers its file as a notebook too; `said` is what other pages say of what it links to. One
        that `is_plain` is to become Markdown.
        """
        addresses = self.addresses(page, url_of)
        names = None if is_plain else names or self.names_of(page, url_of)
        context = PageContext(
            url=lambda raw: addresses.get(raw, raw),
            drawings={} if is_plain else self.drawings_of(page),
            names=names,
            lookup=lookup,
            words=words,
            bibliography=self.cited_by(page),
            source_language=self.project.language,
            source=self._source(page, url_of(page.name), has_notebook=has_notebook),
            abouts=said or {},
            is_plain=is_plain,
            shapes=self.shapes.of(page),
            passes=self.shapes.passes(page),
            configurations=tuple(self.shapes.configurations),
            originals=lambda: self._originals(page.name, names, tuple(addresses.items())),
        )
        return localise(page, context)

    @cached_property
    def _originals(self) -> Callable[..., tuple[str, ...]]:
        """The words of a page's notes in its own language, whose links lead to these addresses."""

        @lru_cache(maxsize=1)  # they are the same in all languages whose pages lie equally deep
        def of(
            name: str, names: PageNames | None, addresses: tuple[tuple[str, str | None], ...]
        ) -> tuple[str, ...]:
            leads = dict(addresses)
            context = PageContext(
                url=lambda raw: leads.get(raw, raw),
                drawings={},
                names=names,
                bibliography=self.bibliography,
                source_language=self.project.language,
            )
            return original_words(self.pages[name], context)

        return of

    def abouts(
        self, name: str, lookup: Lookup | None, words: Lookup | None, anchors: Container[str]
    ) -> dict[str, About]:
        """What a page says first of the definitions with these anchors.

        `lookup` is of its catalog in a language, and `words` of the site's.
        """
        page = self.pages[name]
        context = PageContext(
            url=lambda raw: None,
            drawings=self.drawings_of(page),
            lookup=lookup,
            words=words,
            bibliography=self.cited_by(page),
            source_language=self.project.language,
        )
        return abouts(page, context, anchors)

    def _source(self, page: Page, here: str, *, has_notebook: bool) -> SourceInfo | None:
        """The file of an annotated page that is at an address."""
        if not page.is_annotated:
            return None
        repository = self.project.repository
        return SourceInfo(
            name=page.file.name,
            lines=len(page.code),
            address=relative_url(quote(f"{page.name}.py"), here),
            notebook=relative_url(quote(f"{page.name}.ipynb"), here) if has_notebook else "",
            repository=repository + quote(page.path) if repository else "",
        )

    @cached_property
    def addresses(self) -> Callable[[Page, Callable[[str], str]], Mapping[str, str | None]]:
        """Where a page's links lead, None where nowhere.

        `url_of` gives the address of a page. A target that is not here leads to another site, and
        stays as it is.
        """

        @lru_cache(maxsize=1)  # they are asked for in a row
        def of(page: Page, url_of: Callable[[str], str]) -> Mapping[str, str | None]:
            here = url_of(page.name)
            targets = ((raw, self.targets.get((page.name, raw))) for raw in page.targets)
            return {raw: self._address(to, page.name, here, url_of) for raw, to in targets if to}

        return of

    def drawings_of(self, page: Page) -> dict[str, Drawing]:
        """The drawings that a page shows, by the targets of their images."""
        places = ((raw, (page.name, raw)) for raw in page.targets)
        return {raw: self.drawings[place] for raw, place in places if place in self.drawings}

    def cited_by(self, page: Page) -> dict[str, Paper]:
        """The papers that a page cites."""
        keys = [key for citation in page.citations for key in citation.keys]
        return {key: self.bibliography[key] for key in keys if key in self.bibliography}

    def _address(
        self, target: Target, page: str, here: str, url_of: Callable[[str], str]
    ) -> str | None:
        if target.is_dead:
            return None
        mark = f"#{target.anchor}" if target.anchor else ""
        if target.page == page and mark:
            return mark
        address = quote(target.asset or "") or (url_of(target.page) if target.page else "")
        return relative_url(address + mark, here)


def _outline(page: Page) -> object:
    """What other pages show of a page, and where their links may lead on it."""
    return (
        page.words,
        page.front.fields,
        page.anchors,
        page.definitions,
        page.places,
        page.names.symbols,
        page.module,
    )
