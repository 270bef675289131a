"""What MkDocs asks of the engine: hooks and options, nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from mkdocs.commands.build import get_context
from mkdocs.config import config_options as c
from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation, get_navigation
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.structure.toc import AnchorLink, TableOfContents

from literate.catalog import Catalog
from literate.errors import LiterateError, nearest
from literate.language import known_language
from literate.localise import LocalPage, TocEntry, translate_word
from literate.page import Page
from literate.project import MAPS, line_of, make_project
from literate.report import Coverage, summary_line
from literate.site import SITE_MAP, Site, check_maps, load_site
from literate.theme import check_languages, check_templates, check_theme

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.utils.templates import TemplateContext

log = get_plugin_logger("literate")
_HERE = Path(__file__).parent


class Options(Config):  # type: ignore[no-untyped-call]
    """The options of the plugin in `mkdocs.yml`."""

    sources = c.Type(list, default=[])
    """Python files, or folders of them, that become annotated pages."""
    exclude = c.Type(list, default=[])
    """Patterns, as in `.gitignore`, of files in those folders that do not."""
    translations = c.Type(str, default="translations")
    """The folder of the translation maps."""
    maps = c.Type(str, default=MAPS)
    """Where in that folder the map of a page lies, as in `{page}.{language}.json`."""
    languages = c.Type(list, default=[])
    """The languages to build; without any, all that have a folder."""


class LocalisedPage(MkDocsPage):
    """A page of the engine's in one language, where MkDocs expects one of its own."""

    def __init__(
        self, label: str, page: Page, local: LocalPage, language: str, file: File, config: Any
    ) -> None:
        super().__init__(label, file, config)
        self.source = page
        self.local = local
        self.language = language

    def read_source(self, config: MkDocsConfig) -> None:
        self.markdown = self.source.document.source
        annotated = {"template": "annotated.html", "hide": ["navigation"]}
        self.meta = {
            **(annotated if self.source.is_annotated else {}),
            **self.source.meta,
            "title": self.local.title,
            "description": self.local.summary,
        }

    def render(self, config: MkDocsConfig, files: Files) -> None:
        self.content = self.local.html
        self.toc = _table_of_contents(self.local.toc)
        self.present_anchor_ids = set(self.source.anchors)

    @property
    def is_homepage(self) -> bool:
        return self.source.name == "index"


class LiteratePlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """Builds every language of a site in one `mkdocs build`."""

    _command = "build"

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """With this hook, MkDocs keeps one plugin from rebuild to rebuild."""
        self._command = command

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        self._started = time.monotonic()
        folders = [_HERE / "templates", *map(Path, config.theme.dirs)]
        root = Path(config.config_file_path).parent
        try:
            check_theme(config.theme.name, folders)
            self._project = make_project(root, config, self.config)
        except LiterateError as error:
            raise PluginError(str(error)) from None
        self._source_language = self._project.language
        config.theme.dirs.insert(_first_theme_dir(config), str(_HERE / "templates"))
        config.theme.dirs.append(str(_HERE / "assets"))
        config.theme.static_templates.add("404.html")
        self._original_words = {
            key: config[key] for key in ("site_name", "site_description", "copyright")
        }
        palettes = config.theme.get("palette", [])
        self._palette_words = [
            (palette, palette["toggle"]["name"])
            for palette in (palettes if isinstance(palettes, list) else [])
            if "toggle" in palette
        ]
        try:
            site = load_site(self._project)
            check_languages(self._source_language, site.languages, folders)
            check_templates(site.pages.values(), folders)
            check_maps(site)
            self._check_navigation(site, config)
            self._site = site
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
        self._pages: dict[tuple[str, str], LocalisedPage] = {}
        self._words: dict[str, Catalog | None] = {self._source_language: None}
        for page in self._site.pages.values():
            if existing := files.get_file_from_path(f"{page.name}.md"):
                files.remove(existing)
        for language in self._languages():
            self._add_language(language, files, config)
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
        if isinstance(page, LocalisedPage):
            self._speak(page.language, config)
            context["nav"] = self._navigations[page.language]
            context.update(self._context(page.language, page, config))  # type: ignore[typeddict-item]
        return context

    def on_post_build(self, config: MkDocsConfig) -> None:
        self._speak(self._source_language, config)
        seconds = time.monotonic() - self._started
        log.info(summary_line(len(self._pages), self._source_language, self._coverage, seconds))

    def on_serve(
        self, server: LiveReloadServer, config: MkDocsConfig, builder: Any
    ) -> LiveReloadServer:
        for path in (*self._project.sources, self._project.translations):
            if path.exists():
                server.watch(str(path))
        return server

    # --- languages ---

    def _languages(self) -> list[str]:
        return [self._source_language, *self._site.languages]

    def _prefix(self, language: str) -> str:
        return "" if language == self._source_language else f"{language}/"

    def _word(self, text: str) -> str:
        return translate_word(text, self._words[self._speaking])

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

    def _add_language(self, language: str, files: Files, config: MkDocsConfig) -> None:
        is_source = language == self._source_language
        words = None if is_source else self._site.catalog(language, SITE_MAP)
        self._words[language] = words
        addresses = {
            name: _file(f"{self._prefix(language)}{name}.md", config) for name in self._site.pages
        }
        url_of = partial(_url_of, addresses)
        labels = dict(_labels(config.nav or []))
        coverage = Coverage()
        for name, page in self._site.pages.items():
            catalog = None if is_source else self._site.catalog(language, name)
            local = self._site.localise(page, url_of, catalog, words)
            coverage.add(local)
            label = translate_word(labels[name], words) if name in labels else local.title
            file = addresses[name]
            file.inclusion = InclusionLevel.INCLUDED if is_source else InclusionLevel.NOT_IN_NAV
            localised = LocalisedPage(label, page, local, language, file, config)
            self._pages[language, name] = localised
            files.append(file)
        if words is not None:
            coverage.add_words(self._site.words, words)
            self._coverage[language] = coverage

    def _navigation(self, language: str, config: MkDocsConfig) -> Navigation:
        files = Files([p.file for (code, _), p in self._pages.items() if code == language])
        original = config.nav
        try:
            nav = original or [f"{name}.md" for name in sorted(self._site.pages, key=_index_first)]
            config.nav = self._translated_nav(nav, language)
            return get_navigation(files, config)
        finally:
            config.nav = original

    def _translated_nav(self, nav: Any, language: str) -> Any:
        if isinstance(nav, list):
            return [self._translated_nav(item, language) for item in nav]
        if isinstance(nav, dict):
            words = self._words[language]
            return {
                translate_word(label, words): self._translated_nav(value, language)
                for label, value in nav.items()
            }
        is_page = isinstance(nav, str) and nav.removesuffix(".md") in self._site.pages
        return self._prefix(language) + nav if is_page else nav

    def _context(
        self, language: str, page: LocalisedPage | None, config: MkDocsConfig
    ) -> dict[str, Any]:
        """What our templates need, and `extra.alternate`, which Material's switcher reads."""
        alternates = self._alternates(page.source.name if page else "index", config)
        config.extra["alternate"] = alternates
        config.extra["homepage"] = self._pages[language, "index"].url or "./"
        return {
            "language": language,
            "alternates": alternates,
            "by_language": self._by_language(),
            "alternates_of": lambda other: self._alternates(other.source.name, config),
        }

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
            (code, self._pages[code, "index"].url, partial(_say, self._words[code]))
            for code in self._languages()
        ]


def _index_first(name: str) -> tuple[bool, str]:
    return name != "index", name


def _say(words: Catalog | None, text: str) -> str:
    return translate_word(text, words)


def _first_theme_dir(config: MkDocsConfig) -> int:
    """Our templates stand after the user's own overrides and before the theme's."""
    return 1 if config.theme.custom_dir else 0


def _file(src_uri: str, config: MkDocsConfig) -> File:
    return File.generated(config, src_uri, content="")


def _url_of(addresses: dict[str, File], name: str) -> str:
    url = addresses[name].url
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
