"""What MkDocs asks of the engine: hooks, each a few lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, InclusionLevel

from literate.base.cache import Cache
from literate.base.errors import LiterateError
from literate.mkdocs.bare import disarm
from literate.mkdocs.cards import address as card_address
from literate.mkdocs.cards import make_cards
from literate.mkdocs.config import NAME, check_options, make_project
from literate.mkdocs.lean import Names, lighten
from literate.mkdocs.live import LiveUpdates, MoreThanPagesError
from literate.mkdocs.llms import write_list, write_markdown
from literate.mkdocs.marks import Marks
from literate.mkdocs.navigation import check_navigation, navigation, published
from literate.mkdocs.options import Options
from literate.mkdocs.others import leave_pages_alone, read_settings_alone
from literate.mkdocs.outline import Outline, contents_files
from literate.mkdocs.pages import Content, SitePage, make_content, make_pages
from literate.mkdocs.pictures import set_apart
from literate.mkdocs.place import check_ours
from literate.mkdocs.preview import Preview
from literate.mkdocs.render import HtmlKeys, Renderer
from literate.mkdocs.speech import Speech
from literate.mkdocs.templates import Policy, frame, prepare_templates
from literate.mkdocs.theme import check_languages, check_templates, check_theme
from literate.mkdocs.unused import turn_search_off, unused_settings
from literate.mkdocs.up_to_date import Stamp
from literate.site.load import load_site
from literate.site.project import CACHE, CONFIG
from literate.site.search import index_address
from literate.site.status import edition_coverage, summary_line

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.base import ConfigErrors, ConfigWarnings
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page as MkDocsPage
    from mkdocs.utils.templates import TemplateContext

log = get_plugin_logger(NAME)
_PACKAGE = Path(__file__).parents[1]


class SearchBox(BasePlugin):  # type: ignore[no-untyped-call,type-arg]
    """Material shows its search box where a plugin goes by the name of its own."""

    name = "material/search"
    config = {"enabled": True}  # noqa: RUF012


class LiteratePlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """Builds every language of a site in one `mkdocs build`."""

    _command = "build"
    #: The last content that had no error.
    _content: Content | None = None

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """With this hook, MkDocs keeps one plugin from rebuild to rebuild."""
        self._command = command

    def load_config(
        self, options: dict[str, Any], config_file_path: str | None = None
    ) -> tuple[ConfigErrors, ConfigWarnings]:
        """Check the options."""
        errors, warnings = super().load_config(options, config_file_path)
        try:
            check_options(Path(config_file_path or CONFIG), self.config, errors)
        except LiterateError as error:
            raise PluginError(str(error)) from error
        return errors, warnings

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        self._started = time.monotonic()
        folders = [_PACKAGE / "templates", *map(Path, config.theme.dirs)]
        try:
            if self._command == "build":  # MkDocs empties the folder
                check_ours(Path(config.site_dir), config.site_dir)
            project = make_project(config, drafts=self._command == "serve")
            if self._command == "serve":  # an author sees the rest of the page meanwhile
                project = replace(project, faulty="report")
            check_theme(project, config.theme.name, folders)
        except LiterateError as error:
            raise PluginError(str(error)) from error
        config.theme.dirs.insert(_first_theme_dir(config), str(_PACKAGE / "templates"))
        config.theme.dirs.append(str(_PACKAGE / "assets"))
        config.theme.static_templates.add("404.html")
        self._unused = list(unused_settings(config))
        turn_search_off(config)
        config.plugins.setdefault(SearchBox.name, SearchBox())
        config.nav = published(config.nav, project)
        self._cache = Cache(project.root / CACHE, project.key)
        try:
            site = load_site(project, self._cache)
            check_languages(project, site.languages, folders)
            check_templates(site.pages.values(), folders)
            if read_settings_alone(config):  # others may bring pages of their own
                check_navigation(site, config)
            self._content = make_content(site, config, self._cache)
        except LiterateError as error:
            # A preview shows the last good state until the author has mended an error.
            if self._command != "serve" or self._content is None:
                raise PluginError(str(error)) from error
            for line in str(error).split("\n"):
                log.error(line)
        self._cards = make_cards(self._shown, config, self._cache)
        self._speech = Speech(config, self._shown, self._cards)
        self._policy = Policy(config, self._shown.site.project.pictures_from)
        return config

    @property
    def _shown(self) -> Content:
        assert self._content is not None
        return self._content

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Replace the Markdown files by our pages, in every language."""
        site = self._shown.site
        for name in site.pages:
            if existing := files.get_file_from_path(f"{name}.md"):
                files.remove(existing)
        self._pages = make_pages(self._shown, config, self._cache)
        for page in self._pages.values():
            files.append(page.file)
        for source in site.pages.values():
            if source.is_annotated:
                path = str(source.file)
                files.append(File.generated(config, f"{source.name}.py", abs_src_path=path))
        for place, png in self._cards.files.items():
            files.append(File.generated(config, card_address(*place), content=png))
        for address, asset in site.assets.items():
            if files.get_file_from_path(address) is None:
                files.append(File.generated(config, address, abs_src_path=str(asset)))
        try:
            disarm(files, site.project, config)
        except LiterateError as error:
            raise PluginError(str(error)) from error
        return files

    def on_nav(self, nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
        """One navigation a language, all made of the one in `mkdocs.yml`."""
        site = self._shown.site
        self._contents = contents_files(site, files, config)
        self._outlines = {}
        for language, edition in self._shown.editions.items():
            own = [page.file for page in self._pages.values() if page.language == language]
            known = [*own, *self._others(files, is_source=language == site.project.language)]
            own_nav = navigation(site, edition, known, config)
            title, address = self._speech.word(language, "Contents"), self._contents[language].url
            self._outlines[language] = Outline(own_nav, title, address)
        self._keys = None
        if leave_pages_alone(config):
            self._keys = HtmlKeys(config, self._shown, self._speech, self._outlines)
            for page in self._pages.values():
                page.html_key = self._keys.key_of(page)
        return self._outlines[site.project.language].nav

    def _others(self, files: Files, *, is_source: bool) -> Iterator[File]:
        """The files that are no pages of ours, for the navigation of a language to name."""
        ours = {page.file for page in self._pages.values()}
        for file in files:
            if file in ours or file.inclusion.value <= InclusionLevel.DRAFT.value:
                continue
            if not is_source:  # a label in another language takes a page of its own
                file = copy(file)
                file.page = None
            yield file

    def on_env(self, env: Environment, config: MkDocsConfig, files: Files) -> Environment:
        """Render the 404 page of each language; MkDocs itself renders one only."""
        prepare_templates(env, self._cache)
        self._renderer = renderer = Renderer(
            env,
            config,
            files.documentation_pages(),
            self._cache,
            self._speech,
            self._outlines,
            self._pages,
            self._policy,
        )
        folder = Path(config.site_dir)
        self.live = LiveUpdates(self._shown, renderer, self._keys, self._cache, folder)
        for language in self._shown.site.languages:
            html = renderer.not_found(language)
            files.append(File.generated(config, f"{language}/404.html", content=html))
        for language, outline in self._outlines.items():
            words = renderer.words(language)
            files.append(File.generated(config, f"literate/words-{language}.js", content=words))
            if not outline.is_whole:
                address, html = self._contents[language].dest_uri, renderer.contents(language)
                files.append(File.generated(config, address, content=html))
        if self._keys:
            renderer.render_all()
        for page in self._pages.values():
            is_source = page.language == self._source_language
            if is_source and page.info.has_notebook and (book := page.load().notebook):
                address = f"{page.source.name}.ipynb"
                files.append(File.generated(config, address, content=book))
        for language in self._outlines:
            index = renderer.search_index(language)
            files.append(File.generated(config, index_address(language), content=index))
        return env

    @property
    def _source_language(self) -> str:
        return self._shown.site.project.language

    def on_template_context(
        self, context: TemplateContext, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        context.update(self._speech.context(self._source_language))  # type: ignore[typeddict-item]
        self._renderer.show_outline(self._source_language, context)
        return context

    def on_page_context(
        self, context: TemplateContext, page: MkDocsPage, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        if isinstance(page, SitePage) and page.html_key:
            html = self._renderer.finished(page, context)
            context["html"] = html  # type: ignore[typeddict-unknown-key]
        elif isinstance(page, SitePage):
            self._renderer.prepare(page, context)
        else:  # of another plugin: it has no other language
            spoken = self._speech.context(self._source_language) | {"alternates": []}
            context.update(spoken)  # type: ignore[typeddict-item]
            self._renderer.show_outline(self._source_language, context, page)
        return context

    def on_post_template(
        self, output_content: str, *, template_name: str, config: MkDocsConfig
    ) -> str:
        is_page = template_name.endswith(".html")
        return self._policy.put(output_content) if is_page else output_content

    def on_post_page(self, output: str, *, page: MkDocsPage, config: MkDocsConfig) -> str:
        if not isinstance(page, SitePage):
            return self._policy.put(output)
        if page.html_key:
            return output
        content = page.content or ""
        return content.join(frame(self._policy.put(output), content))

    @event_priority(-100)  # after the plugins that write pages of their own then
    def on_post_build(self, config: MkDocsConfig) -> None:
        self._write_markdown(config)
        self._policy.put_on_redirects(Path(config.site_dir), Path(config.docs_dir))
        if self._command == "build":  # in a preview, a page may come to need what it did not
            folder = Path(config.site_dir)
            # Another plugin may have changed what was written.
            known = self._renderer.names if read_settings_alone(config) else {}
            lighten(folder, [*known.values(), *map(Names.of_page, set_apart(folder, known))])
        self._cache.prune()
        stamp = Stamp(self._cache.folder)
        if self._keys and read_settings_alone(config):
            overrides = [Path(config.theme.custom_dir)] if config.theme.custom_dir else []
            settings = Marks(Path(config.config_file_path)).files
            stamp.note_inputs([*settings, *overrides, *self._shown.site.inputs])
        else:
            stamp.forget()
        reported = self._reported()
        notes = (*self._unused, *self._cache.complaints, *reported, *self._cards.notes)
        self.notes = [f"{note}." for note in notes]
        for note in self.notes:
            log.info("note: %s", note)
        coverage = edition_coverage(self._shown.site, self._shown.editions, self._shown.infos)
        seconds = time.monotonic() - self._started
        self.summary = summary_line(len(self._pages), self._source_language, coverage, seconds)
        log.info(self.summary)

    def _write_markdown(self, config: MkDocsConfig) -> None:
        """What MkDocs would take for pages of its own."""
        if not self._shown.site.project.llms_txt:
            return
        folder = Path(config.site_dir)
        write_markdown(self._shown, self._pages.values(), folder)
        for language, outline in self._outlines.items():
            write_list(self._shown, language, self._speech.configs[language], outline.nav, folder)

    def _reported(self) -> Iterator[str]:
        if dead := len(self._shown.site.dead_links):
            lead = "link leads" if dead == 1 else "links lead"
            yield f"{dead} {lead} nowhere: the command `check` lists them"
        faults = list(self._shown.faults)
        if self._command == "serve":
            for fault in faults:
                log.warning(fault)
        elif faults:
            yield (
                f"{len(faults)} fault{'s' * (len(faults) != 1)}: what is meant is shown as it is "
                "written, or not translated; the command `check` lists them"
            )

    def on_serve(
        self, server: LiveReloadServer, config: MkDocsConfig, builder: Callable[[], None]
    ) -> LiveReloadServer:
        """Serve with a preview of ours: MkDocs' own builds everything for every change."""

        def rebuild(changed: set[Path]) -> Iterator[str | None]:
            try:
                yield from self.live.refresh(changed)
            except MoreThanPagesError:
                builder()
                watch()  # what links lead to now
                yield None

        host, port = config.dev_addr
        place, folder = (host, port), Path(server.root)
        # A build makes these updates anew.
        preview = Preview(place, server.mount_path, folder, rebuild, lambda: self.live.catch_up())

        def watch() -> None:
            named = [config.theme.custom_dir, *config.watch]
            settings = Marks(Path(config.config_file_path)).files
            for path in (*settings, *self._shown.site.inputs, *map(Path, filter(None, named))):
                preview.watch(path)

        watch()
        return cast("LiveReloadServer", preview)


def _first_theme_dir(config: MkDocsConfig) -> int:
    """Our templates come after the user's own overrides and before the theme's."""
    return 1 if config.theme.custom_dir else 0
