"""Our pages as MkDocs': one in each language, where MkDocs expects a file and a page of its own."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from mkdocs.structure.files import File, InclusionLevel
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.structure.toc import AnchorLink, TableOfContents

from literate.base.cache import Cache
from literate.mkdocs.config import labels
from literate.site.editions import (
    BuiltPage,
    Edition,
    PageInfo,
    load_built,
    make_editions,
    page_infos,
)
from literate.site.local_page import Hero, TocEntry
from literate.site.page import Page
from literate.site.site import Site
from literate.site.ui import for_templates, translate_setting

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


@dataclass(frozen=True, slots=True)
class Content:
    """What a build shows: the site, its languages, and the info and file of every page.

    Pages go by (language, name).
    """

    site: Site
    editions: Mapping[str, Edition]
    infos: dict[tuple[str, str], PageInfo]
    files: Mapping[tuple[str, str], File]

    @property
    def faults(self) -> Iterator[str]:
        """What is wrong and only reported, in pages and in catalogs."""
        yield from map(str, self.site.faults)
        for edition in self.editions.values():
            yield from edition.faults
        for info in self.infos.values():
            yield from info.faults


def make_content(site: Site, config: MkDocsConfig, cache: Cache) -> Content:
    """Every page in every language, at the address that MkDocs gives it.

    Raises `LiterateError` for what is wrong with a catalog.
    """
    files = {
        (language, name): File.generated(config, f"{site.folder(language)}{name}.md", content="")
        for language in site.language_codes
        for name in site.pages
    }

    def address(language: str, name: str) -> str:
        return url_of(files[language, name])

    editions = make_editions(site, config.site_url or "", address)
    return Content(site, editions, page_infos(site, editions, cache), files)


def url_of(file: File) -> str:
    """The address of a file, relative to the site's root, as MkDocs gives that of a page."""
    url = file.url
    return "" if url in (".", "./") else url


class SitePage(MkDocsPage):
    """A page of the engine's in one language, where MkDocs expects one of its own.

    Where nobody else has a say in the page, its content is not read before it is needed, so that
    a site of a thousand pages is never in memory as a whole.
    """

    def __init__(
        self,
        label: str,
        page: Page,
        edition: Edition,
        info: PageInfo,
        load: Callable[[], BuiltPage],
        file: File,
        config: Any,
    ) -> None:
        super().__init__(label, file, config)
        self.edit_url = _edit_url(page.file, config)
        self.source = page
        self.edition = edition
        self.info = info
        self.load = load
        #: Where in the cache the whole HTML lies, once it has been made.
        self.html_key: str | None = None
        plain = "front.html" if page.front.get("hero") else "main.html"
        own = "annotated.html" if page.is_annotated else plain
        #: What stands beside the title, once the page is filled.
        self.hero: Hero | None = None
        self.template = str(page.front.fields.get("template") or own)

    def read_source(self, config: MkDocsConfig) -> None:
        self.markdown = ""
        self.meta = {
            **({"hide": ["navigation"]} if self.source.is_annotated else {}),
            **{
                name: for_templates(value) if isinstance(value, str) else _shown(value)
                for name, value in {**self.source.front.fields, **self.info.words}.items()
            },
            "template": self.template,
            "title": self.info.title,
            "description": self.info.description,
        }

    def render(self, config: MkDocsConfig, files: Files) -> None:
        self.present_anchor_ids = set(self.source.anchors)
        if self.html_key is None:
            self.fill()
        else:
            self.empty()

    def fill(self) -> None:
        """Put the content and the table of contents in."""
        built = self.load()
        self.content = built.html
        self.toc = _table_of_contents(built.toc)
        self.hero = built.hero

    def search_rows(self) -> str:
        """What search looks through."""
        return self.load().search_rows

    def empty(self) -> None:
        """Let them go again."""
        self.content = ""
        self.toc = TableOfContents([])
        self.hero = None

    @property
    def language(self) -> str:
        return self.edition.language

    @property
    def is_homepage(self) -> bool:
        return self.source.name == "index"


def _edit_url(file: Path, config: MkDocsConfig) -> str | None:
    """Where the file that a page is made of is edited: `edit_uri` leads to the docs folder."""
    if not (config.edit_uri or config.edit_uri_template):
        return None
    path = Path(os.path.relpath(file, config.docs_dir)).as_posix()
    if config.edit_uri_template:
        noext = Path(path).with_suffix("").as_posix()
        place = config.edit_uri_template.format(path=path, path_noext=noext)
    else:
        place = f"{config.edit_uri}{path}"
    repository = config.repo_url or ""
    if repository and not place.startswith(("?", "#")):
        repository = repository.rstrip("/") + "/"
    return urljoin(repository, place)


def _shown(value: Any) -> Any:
    """What a field holds, as templates may show it: its texts bring in no tag."""
    if isinstance(value, str):
        return for_templates(value)
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    return list(map(_shown, value)) if isinstance(value, list | tuple) else value


def make_pages(
    content: Content, config: MkDocsConfig, cache: Cache
) -> dict[tuple[str, str], SitePage]:
    """The page of each file; a label of the navigation is the title that it shows there."""
    site = content.site
    named = {str(to).removesuffix(".md"): label for label, to in labels(config.nav or [])}
    pages = {}
    for (language, name), file in content.files.items():
        edition, info = content.editions[language], content.infos[language, name]
        label = translate_setting(named[name], edition.words) if name in named else info.title
        is_source = language == site.project.language
        file.inclusion = InclusionLevel.INCLUDED if is_source else InclusionLevel.NOT_IN_NAV
        load = partial(load_built, site, name, edition, info, cache)
        pages[language, name] = SitePage(label, site.pages[name], edition, info, load, file, config)
    return pages


def _table_of_contents(entries: tuple[TocEntry, ...]) -> TableOfContents:
    """Nest the headings by level, as Material's table of contents expects them."""
    roots: list[AnchorLink] = []
    open_links: list[AnchorLink] = []
    for entry in entries:
        link = AnchorLink(entry.html, entry.anchor, entry.level)
        while open_links and open_links[-1].level >= entry.level:
            open_links.pop()
        (open_links[-1].children if open_links else roots).append(link)
        open_links.append(link)
    return TableOfContents(roots)
