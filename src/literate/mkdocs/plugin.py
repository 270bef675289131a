"""What MkDocs asks of the engine: hooks, each a few lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urljoin, urlsplit

from mkdocs.commands.build import get_context
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation, get_navigation
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.structure.toc import AnchorLink, TableOfContents
from mkdocs.utils import nest_paths

from literate.base.cache import Cache, digest
from literate.base.errors import LiterateError, nearest
from literate.base.files import line_of
from literate.base.parallel import map_on_cores
from literate.mkdocs.config import config_files, make_project
from literate.mkdocs.options import Options
from literate.mkdocs.preview import Preview
from literate.mkdocs.theme import check_languages, check_templates, check_theme
from literate.mkdocs.up_to_date import Stamp
from literate.site.editions import (
    BuiltPage,
    Edition,
    PageInfo,
    load_built,
    make_edition,
    page_info,
    page_infos,
)
from literate.site.load import load_site
from literate.site.page import Page
from literate.site.project import CACHE
from literate.site.search import SearchSection, index_address, search_index
from literate.site.site import Site
from literate.site.status import Coverage, summary_line
from literate.site.toc import TocEntry
from literate.site.ui import translate_ui
from literate.translation.catalog import Catalog
from literate.translation.language import known_language

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.utils.templates import TemplateContext


log = get_plugin_logger("literate")
_PACKAGE = Path(__file__).parents[1]


class _MoreThanPagesError(Exception):
    """What has changed may show on other pages: the whole site has to be built."""


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
        record: PageInfo,
        load: Callable[[], BuiltPage],
        file: File,
        config: Any,
    ) -> None:
        super().__init__(label, file, config)
        self.source = page
        self.edition = edition
        self.record = record
        self.load = load
        #: Where in the cache the whole HTML lies, once it has been made.
        self.finished: str | None = None
        own = "annotated.html" if page.is_annotated else "main.html"
        self.template = str(page.meta.get("template") or own)

    def read_source(self, config: MkDocsConfig) -> None:
        self.markdown = ""
        self.meta = {
            **({"hide": ["navigation"]} if self.source.is_annotated else {}),
            **self.source.meta,
            "template": self.template,
            "title": self.record.title,
            "description": self.record.summary,
        }

    def render(self, config: MkDocsConfig, files: Files) -> None:
        self.present_anchor_ids = set(self.source.anchors)
        if self.finished is None:
            self.fill()
        else:
            self.empty()

    def fill(self) -> None:
        """Put the content and the table of contents in."""
        local = self.load().page
        self.content = local.html
        self.toc = _table_of_contents(local.toc)

    def sections(self) -> tuple[SearchSection, ...]:
        """What search looks through."""
        return self.load().sections

    def empty(self) -> None:
        """Let them go again."""
        self.content = ""
        self.toc = TableOfContents([])

    @property
    def language(self) -> str:
        return self.edition.language

    @property
    def is_homepage(self) -> bool:
        return self.source.name == "index"


class SearchBox(BasePlugin):  # type: ignore[no-untyped-call,type-arg]
    """Material shows its search box where a plugin goes by the name of its own."""

    name = "material/search"
    config = {"enabled": True}  # noqa: RUF012


class LiteratePlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """Builds every language of a site in one `mkdocs build`."""

    _command = "build"

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """With this hook, MkDocs keeps one plugin from rebuild to rebuild."""
        self._command = command

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        self._started = time.monotonic()
        folders = [_PACKAGE / "templates", *map(Path, config.theme.dirs)]
        root = Path(config.config_file_path).parent
        try:
            check_theme(config.theme.name, folders)
            self._project = make_project(root, config, self.config)
        except LiterateError as error:
            raise PluginError(str(error)) from None
        self._source_language = self._project.language
        config.theme.dirs.insert(_first_theme_dir(config), str(_PACKAGE / "templates"))
        config.theme.dirs.append(str(_PACKAGE / "assets"))
        config.theme.static_templates.add("404.html")
        config.plugins.setdefault(SearchBox.name, SearchBox())
        self._original_words = {
            key: config[key] for key in ("site_name", "site_description", "copyright")
        }
        palettes = config.theme.get("palette", [])
        self._palette_words = [
            (palette, palette["toggle"]["name"])
            for palette in (palettes if isinstance(palettes, list) else [])
            if "toggle" in palette
        ]
        self._cache = Cache(root / CACHE)
        try:
            site = load_site(self._project, self._cache)
            check_languages(self._source_language, site.languages, folders)
            check_templates(site.pages.values(), folders)
            self._check_navigation(site, config)
            files = self._page_files(site, config)
            editions = self._make_editions(site, config.site_url or "", files)
            self._records = page_infos(site, editions, self._cache)
            self._site, self._editions, self._page_file = site, editions, files
        except LiterateError as error:
            if not self._keeps_serving():
                raise PluginError(str(error)) from None
            for line in str(error).split("\n"):
                log.error(line)
        return config

    def _check_navigation(self, site: Site, config: MkDocsConfig) -> None:
        file = Path(config.config_file_path)
        for path in _paths(config.nav or []):
            if path.endswith(".md") and path.removesuffix(".md") not in site.pages:
                raise LiterateError(
                    f"the navigation names {path!r}, which is no page",
                    file=file.name,
                    line=line_of(file, path),
                    fix=nearest(path, (f"{name}.md" for name in site.pages)),
                )

    def _keeps_serving(self) -> bool:
        """A preview shows the last good state until the author has mended an error."""
        return self._command == "serve" and hasattr(self, "_site")

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Replace the Markdown files by our pages, in every language."""
        self._coverage: dict[str, Coverage] = {}
        self._pages: dict[tuple[str, str], SitePage] = {}
        self._behind: set[tuple[str, str]] = set()
        for page in self._site.pages.values():
            if existing := files.get_file_from_path(f"{page.name}.md"):
                files.remove(existing)
        for edition in self._editions.values():
            self._add_edition(edition, files, config)
        for page in self._site.pages.values():
            if page.is_annotated:
                files.append(File.generated(config, f"{page.name}.py", abs_src_path=str(page.file)))
        for address, path in self._site.assets.items():
            if files.get_file_from_path(address) is None:
                files.append(File.generated(config, address, abs_src_path=str(path)))
        return files

    def on_nav(self, nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
        """One navigation a language, all made of the one in `mkdocs.yml`."""
        self._navigations = {
            language: self._navigation(language, config) for language in self._languages()
        }
        # Other plugins and hooks may change what goes into a page: with them, MkDocs renders.
        own = {"literate", SearchBox.name}
        self._is_alone = not config.hooks and set(config.plugins) <= own
        if self._is_alone:
            self._name_finished(config)
        return self._navigations[self._source_language]

    def on_env(self, env: Environment, config: MkDocsConfig, files: Files) -> Environment:
        """Render the 404 page of each language; MkDocs itself renders one only."""
        env.globals["word"] = self._word
        for language in self._site.languages:
            self._speak(language, config)
            base = urlsplit(config.site_url or "/").path
            nav = self._navigations[language]
            context = get_context(nav, files, config, base_url=base)
            context.update(self._context(language, None, config))  # type: ignore[typeddict-item]
            html = env.get_template("404.html").render(context)
            address = f"{language}/404.html"
            files.append(File.generated(config, address, content=html))
        self._env, self._config = env, config
        env.bytecode_cache = self._cache.templates()
        env.auto_reload = False  # each build has an environment of its own
        if self._is_alone:
            self._finish_pages(config, files)
        for page in self._pages.values():
            if page.record.has_notebook and (book := page.load().notebook):
                address = f"{page.source.name}.ipynb"
                files.append(File.generated(config, address, content=book))
        for language in self._languages():
            index = self._search_index(language)
            files.append(File.generated(config, index_address(language), content=index))
        self._speak(self._source_language, config)
        return env

    def on_template_context(
        self, context: TemplateContext, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        context.update(self._context(self._source_language, None, config))  # type: ignore[typeddict-item]
        return context

    def on_page_context(
        self, context: TemplateContext, page: MkDocsPage, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        if isinstance(page, SitePage) and page.finished:
            context["html"] = self._cache.get(page.finished) or self._html(page, context)  # type: ignore[typeddict-unknown-key]
        elif isinstance(page, SitePage):
            self._speak(page.language, config)
            context["nav"] = self._navigations[page.language]
            context.update(self._context(page.language, page, config))  # type: ignore[typeddict-item]
        return context

    def on_post_build(self, config: MkDocsConfig) -> None:
        self._speak(self._source_language, config)
        self._cache.prune()
        stamp = Stamp(self._cache.folder)
        if self._is_alone:
            overrides = [Path(config.theme.custom_dir)] if config.theme.custom_dir else []
            settings = config_files(Path(config.config_file_path))
            stamp.note_inputs([*settings, *overrides, *self._site.inputs])
        else:
            stamp.forget()
        for note in (*self._cache.complaints, *self._dead_links()):
            log.info("note: %s.", note)
        seconds = time.monotonic() - self._started
        log.info(summary_line(len(self._pages), self._source_language, self._coverage, seconds))

    def on_serve(
        self, server: LiveReloadServer, config: MkDocsConfig, builder: Callable[[], None]
    ) -> LiveReloadServer:
        """Serve with a preview of ours: MkDocs' own builds everything for every change."""

        def rebuild(changed: set[Path]) -> Iterator[str | None]:
            try:
                yield from self._refresh(changed)
            except _MoreThanPagesError:
                builder()
                yield None

        host, port = config.dev_addr
        place, folder = (host, port), Path(server.root)
        preview = Preview(place, server.mount_path, folder, rebuild, self._catch_up)
        for path in (*config_files(Path(config.config_file_path)), *self._site.inputs):
            preview.watch(path)
        return cast("LiveReloadServer", preview)

    def _refresh(self, changed: set[Path]) -> Iterator[str]:
        """Make the pages of these files anew; yields the address of each once it is there.

        What an author does most, editing a note or its translation, changes one page alone.
        Raises `_MoreThanPagesError` where more may have changed.
        """
        assets = set(self._site.assets.values())
        names = {
            self._site.page_of(path)
            for path in changed
            # Editors write files of their own for a moment: what was and is nothing is no change.
            if path.exists() or path in assets or self._site.page_of(path) is not None
        }
        if not self._is_alone or None in names:
            raise _MoreThanPagesError
        try:
            for name in sorted(name for name in names if name):
                yield from self._refresh_page(name)
        except LiterateError as error:
            for line in str(error).split("\n"):
                log.error(line)
        except OSError:  # it has vanished, or is on its way to another place
            raise _MoreThanPagesError from None

    def _refresh_page(self, name: str) -> Iterator[str]:
        site = self._site.refreshed(name, self._cache)
        if site is None:
            raise _MoreThanPagesError
        self._site = site
        for language, edition in self._editions.items():
            record = page_info(site, name, edition, self._cache)
            page = self._pages[language, name]
            if record.title != page.record.title:  # it stands in the navigation of every page
                raise _MoreThanPagesError
            if record != page.record:
                self._records[language, name] = page.record = record
                page.source = site.pages[name]
                page.load = partial(load_built, site, name, edition, record, self._cache)
                page.finished = self._finished_key(page)
                context = get_context(self._navigations[language], self._files, self._config, page)
                html = self._html(page, context)
                Path(page.file.abs_dest_path).write_text(html, encoding="utf-8")
                self._behind.add((language, name))
                yield _url(page.file)

    def _catch_up(self) -> None:
        """What goes with pages that were made anew: their downloads, and the search index."""
        site = Path(self._config.site_dir)
        for language, name in self._behind:
            page = self._pages[language, name]
            if page.source.is_annotated and language == self._source_language:
                (site / f"{name}.py").write_bytes(page.source.document.encode())
                if book := page.load().notebook:
                    (site / f"{name}.ipynb").write_text(book, encoding="utf-8")
        for language in {language for language, _ in self._behind}:
            (site / index_address(language)).write_bytes(self._search_index(language))
        self._behind.clear()

    # --- pages ---

    def _finish_pages(self, config: MkDocsConfig, files: Files) -> None:
        """Make the HTML of all pages, on all cores; MkDocs then has only to write it."""
        unfinished = []
        for page in self._pages.values():
            assert page.finished is not None
            if not self._cache.has(page.finished):
                unfinished.append(page)
        self._files = files.documentation_pages()

        def finish(page: SitePage) -> None:
            context = get_context(self._navigations[page.language], self._files, config, page)
            self._html(page, context)

        work: list[Callable[[], object]] = [
            partial(self._search_index, language) for language in self._languages()
        ]
        work += [partial(finish, page) for page in unfinished]
        for _ in map_on_cores(_do, work):
            pass
        for page in self._pages.values():
            page.meta["template"] = "finished.html"

    def _search_index(self, language: str) -> bytes:
        pages = [page for page in self._pages.values() if page.language == language]
        key = digest("index", *(f"{page.url} {page.record.key}" for page in pages))
        index: bytes | None = self._cache.get(key)
        if index is None:
            index = search_index(
                (page.url or "", page.record.title, page.sections()) for page in pages
            )
            self._cache.put(key, index)
        return index

    def _html(self, page: SitePage, context: TemplateContext) -> str:
        """The whole HTML of a page, put into the cache."""
        assert page.finished is not None
        page.fill()
        page.active = True
        self._speak(page.language, self._config)
        context["nav"] = self._navigations[page.language]
        context.update(self._context(page.language, page, self._config))  # type: ignore[typeddict-item]
        html: str = self._env.get_template(page.template).render(context)
        page.active = False
        page.empty()
        self._cache.put(page.finished, html)
        return html

    def _name_finished(self, config: MkDocsConfig) -> None:
        """Where each page's HTML lies in the cache: named by all that the templates see."""
        shown = [(code, self._language_name(code)) for code in self._editions]
        common = digest(_settings(config), repr(shown), *_overrides(config))
        self._states = {
            language: digest(common, self._editions[language].digest, str(nav))
            for language, nav in self._navigations.items()
        }
        for page in self._pages.values():
            page.finished = self._finished_key(page)

    def _finished_key(self, page: SitePage) -> str:
        return digest("html", self._states[page.language], page.record.key, page.url or "")

    # --- languages ---

    def _languages(self) -> list[str]:
        return [self._source_language, *self._site.languages]

    def _prefix(self, language: str) -> str:
        return "" if language == self._source_language else f"{language}/"

    def _word(self, text: str) -> str:
        return translate_ui(text, self._editions[self._speaking].words)

    def _speak(self, language: str, config: MkDocsConfig) -> None:
        """Turn the theme, and the configuration's words, to a language."""
        self._speaking = language
        known = self._site.languages.get(language)
        config.theme["language"] = language
        config.theme["direction"] = known.direction if known else "ltr"
        for key, text in self._original_words.items():
            config[key] = self._word(text) if text else text
        for palette, text in self._palette_words:
            palette["toggle"]["name"] = self._word(text)

    def _page_files(self, site: Site, config: MkDocsConfig) -> dict[tuple[str, str], File]:
        """The file of each page in each language: MkDocs gives it its address."""
        return {
            (language, name): _file(f"{self._prefix(language)}{name}.md", config)
            for language in (self._source_language, *site.languages)
            for name in site.pages
        }

    def _make_editions(
        self, site: Site, root: str, files: dict[tuple[str, str], File]
    ) -> dict[str, Edition]:
        def addresses(language: str) -> Callable[[str], str]:
            return lambda name: _url(files[language, name])

        source = self._source_language
        editions = {source: Edition(source, root, addresses(source))}
        for language in site.languages:
            editions[language] = make_edition(site, language, root, addresses(language))
        return editions

    def _add_edition(self, edition: Edition, files: Files, config: MkDocsConfig) -> None:
        is_source = edition.words is None
        labels = dict(_labels(config.nav or []))
        coverage = Coverage()
        for name, page in self._site.pages.items():
            record = self._records[edition.language, name]
            coverage.add(record)
            label = record.title
            if name in labels:
                label = translate_ui(labels[name], edition.words)
            file = self._page_file[edition.language, name]
            file.inclusion = InclusionLevel.INCLUDED if is_source else InclusionLevel.NOT_IN_NAV
            load = partial(load_built, self._site, name, edition, record, self._cache)
            self._pages[edition.language, name] = SitePage(
                label, page, edition, record, load, file, config
            )
            files.append(file)
        if edition.words is not None:
            coverage.add_words(self._site.words, edition.words)
            self._coverage[edition.language] = coverage

    def _navigation(self, language: str, config: MkDocsConfig) -> Navigation:
        files = Files([p.file for (code, _), p in self._pages.items() if code == language])
        original = config.nav
        try:
            names = sorted(self._site.pages, key=_index_first)
            nav = original or nest_paths([f"{name}.md" for name in names])  # type: ignore[no-untyped-call]
            config.nav = self._translated_nav(nav, language)
            return get_navigation(files, config)
        finally:
            config.nav = original

    def _translated_nav(self, nav: Any, language: str) -> Any:
        if isinstance(nav, list):
            return [self._translated_nav(item, language) for item in nav]
        if isinstance(nav, dict):
            words = self._editions[language].words
            return {
                translate_ui(label, words): self._translated_nav(value, language)
                for label, value in nav.items()
            }
        is_page = isinstance(nav, str) and nav.removesuffix(".md") in self._site.pages
        return self._prefix(language) + nav if is_page else nav

    def _context(
        self, language: str, page: SitePage | None, config: MkDocsConfig
    ) -> dict[str, Any]:
        """What our templates need, and `extra.alternate`, which Material's switcher reads."""
        alternates = self._alternates(page.source.name if page else "index", config)
        config.extra["alternate"] = alternates
        config.extra["homepage"] = self._pages[language, "index"].url or "./"
        return {
            "has_notebook": page is not None and self._has_notebook(page.source.name),
            "language": language,
            "alternates": alternates,
            "by_language": self._by_language(),
            "alternates_of": lambda other: self._alternates(other.source.name, config),
        }

    def _dead_links(self) -> Iterator[str]:
        if dead := len(self._site.dead_links):
            yield f"{dead} links lead nowhere: the command `check` lists them"

    def _has_notebook(self, name: str) -> bool:
        return self._records[self._source_language, name].has_notebook

    def _alternates(self, name: str, config: MkDocsConfig) -> list[dict[str, str]]:
        """The page of this name in each language."""
        return [
            {
                "name": self._language_name(code),
                "lang": code,
                "link": self._pages[code, name].url or "./",
                "url": urljoin(config.site_url or "", self._pages[code, name].url),
            }
            for code in self._languages()
        ]

    def _language_name(self, code: str) -> str:
        known = self._site.languages.get(code)
        return (known or known_language(code)).name

    def _by_language(self) -> list[tuple[str, str, Any]]:
        """Each language with the address of its overview and a way to speak it."""
        return [
            (code, self._pages[code, "index"].url, partial(_say, self._editions[code].words))
            for code in self._languages()
        ]


#: Settings that no template of ours shows.
_UNSEEN = {"plugins", "theme", "hooks", "site_dir", "dev_addr", "watch", "mdx_configs"}


def _settings(config: MkDocsConfig) -> str:
    """What the configuration says to the templates."""
    seen = {key: value for key, value in config.items() if key not in _UNSEEN}
    return repr((seen, dict(config.theme)))


def _overrides(config: MkDocsConfig) -> Iterator[bytes]:
    """The user's own templates."""
    folder = Path(config.theme.custom_dir) if config.theme.custom_dir else None
    for path in sorted(folder.rglob("*")) if folder else ():
        if path.is_file():
            yield str(path).encode() + b"\0" + path.read_bytes()


def _do(job: Callable[[], object]) -> None:
    """Run a job for what it leaves in the cache."""
    job()


def _index_first(name: str) -> tuple[bool, str]:
    return name != "index", name


def _say(words: Catalog | None, text: str) -> str:
    return translate_ui(text, words)


def _first_theme_dir(config: MkDocsConfig) -> int:
    """Our templates stand after the user's own overrides and before the theme's."""
    return 1 if config.theme.custom_dir else 0


def _file(src_uri: str, config: MkDocsConfig) -> File:
    return File.generated(config, src_uri, content="")


def _url(file: File) -> str:
    url = file.url
    return "" if url in (".", "./") else url


def _paths(nav: Any) -> Iterator[str]:
    """The targets of the navigation's entries."""
    if isinstance(nav, str):
        yield nav
    for item in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _paths(item)


def _labels(nav: Any) -> Iterator[tuple[str, str]]:
    """(page name, label) of every entry of the navigation that has a label."""
    for item in nav:
        if isinstance(item, dict):
            for label, value in item.items():
                if isinstance(value, list):
                    yield from _labels(value)
                else:
                    yield str(value).removesuffix(".md"), label


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
