"""Which pages a saved file changes: what an author does most, editing a note, changes one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mkdocs.plugins import get_plugin_logger

from literate.base.cache import Cache
from literate.base.errors import LiterateError
from literate.mkdocs.llms import write_markdown
from literate.mkdocs.pages import Content, SitePage, url_of
from literate.mkdocs.render import HtmlKeys, Renderer
from literate.site.editions import load_built, page_info
from literate.site.search import index_address

log = get_plugin_logger("literate")


class MoreThanPagesError(Exception):
    """What has changed may show on other pages: the whole site has to be built."""


class LiveUpdates:
    """Brings a built site up to date, page by page.

    Without `keys`, other plugins have a say in the pages, and each change takes a whole build.
    """

    def __init__(
        self,
        content: Content,
        renderer: Renderer,
        keys: HtmlKeys | None,
        cache: Cache,
        folder: Path,
    ) -> None:
        self._content = content
        self._site = content.site
        self._renderer = renderer
        self._keys = keys
        self._cache = cache
        self._folder = folder
        #: Pages, by (language, name), whose downloads and search index are still the old ones.
        self._behind: set[tuple[str, str]] = set()

    def refresh(self, changed: set[Path]) -> Iterator[str]:
        """Make the pages of these files anew; yields the address of each once it is there.

        Raises `MoreThanPagesError` where more may have changed.
        """
        # Whose a file is has not changed since the last whole build, whose site knows it by now.
        site = self._content.site
        assets = set(site.assets.values())
        names = {
            site.page_of(path)
            for path in changed
            # Editors write files of their own for a moment: what was and is nothing is no change.
            if path.exists() or path in assets or site.page_of(path) is not None
        }
        if self._keys is None or None in names:
            raise MoreThanPagesError
        try:
            for name in sorted(name for name in names if name):
                yield from self._refresh_page(name, self._keys)
        except LiterateError as error:
            for line in str(error).split("\n"):
                log.error(line)
        except OSError:  # it has vanished, or is on its way to another place
            raise MoreThanPagesError from None

    def _refresh_page(self, name: str, keys: HtmlKeys) -> Iterator[str]:
        site = self._site.refreshed(name, self._cache)
        if site is None:
            raise MoreThanPagesError
        known = {str(fault) for fault in self._site.faults}
        for error in site.faults:
            if str(error) not in known:
                log.warning(str(error))
        self._site = site
        for language, edition in self._content.editions.items():
            info = page_info(site, name, edition, self._cache)
            page = self._page(language, name)
            if info.title != page.info.title:  # it stands in the navigation of every page
                raise MoreThanPagesError
            for fault in info.faults:
                if fault not in page.info.faults:
                    log.warning(fault)
            if info != page.info:
                self._content.infos[language, name] = page.info = info
                page.source = site.pages[name]
                page.load = partial(load_built, site, name, edition, info, self._cache)
                page.html_key = keys.key_of(page)
                html = self._renderer.html(page)
                Path(page.file.abs_dest_path).write_text(html, encoding="utf-8")
                self._behind.add((language, name))
                yield url_of(page.file)

    def catch_up(self) -> None:
        """What goes with pages that were made anew: their downloads, and the search index."""
        for language, name in self._behind:
            page = self._page(language, name)
            if page.source.is_annotated and language == self._site.project.language:
                (self._folder / f"{name}.py").write_bytes(page.source.document.encode())
                if book := page.load().notebook:
                    (self._folder / f"{name}.ipynb").write_text(book, encoding="utf-8")
        if self._site.project.llms_txt:
            behind = (self._page(language, name) for language, name in self._behind)
            write_markdown(self._content, behind, self._folder)
        for language in {language for language, _ in self._behind}:
            index = self._renderer.search_index(language)
            (self._folder / index_address(language)).write_bytes(index)
        self._behind.clear()

    def _page(self, language: str, name: str) -> SitePage:
        return self._renderer.pages[language, name]
