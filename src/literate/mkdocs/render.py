"""Templates filled, and kept in the cache without the content, which lies there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mkdocs.commands.build import get_context
from mkdocs.utils import get_relative_url

from literate.base.cache import Cache, digest
from literate.base.parallel import map_on_cores
from literate.mkdocs.lean import Names
from literate.mkdocs.outline import Outline
from literate.mkdocs.pages import Content, SitePage
from literate.mkdocs.pictures import may_hold_pictures
from literate.mkdocs.speech import Speech
from literate.mkdocs.templates import Policy, frame
from literate.site.search import search_index

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File
    from mkdocs.structure.pages import Page as MkDocsPage
    from mkdocs.utils.templates import TemplateContext


class HtmlKeys:
    """The key of a page's whole HTML in the cache, made from everything that the templates see."""

    def __init__(
        self,
        config: MkDocsConfig,
        content: Content,
        speech: Speech,
        outlines: Mapping[str, Outline],
    ) -> None:
        self._speech = speech
        self._outlines = outlines
        overrides = list(_overrides(config))  # which may show any page of the navigation
        common = digest(repr(speech.names), *overrides)
        self._states = {
            language: digest(
                common,
                _settings(speech.configs[language]),
                content.editions[language].digest,
                str(outline.nav) if overrides else "",
            )
            for language, outline in outlines.items()
        }

    def key_of(self, page: SitePage) -> str:
        said = (repr(self._speech.share(page)), self._outlines[page.language].said(page))
        return digest("html", self._states[page.language], page.info.key, page.url or "", *said)


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


@dataclass(frozen=True, slots=True)
class Renderer:
    """Makes the HTML of pages, and the search indexes. `files` are what templates may list.

    `names` is what the pages name, by their files, where nobody has to look into them any more.
    """

    env: Environment
    config: MkDocsConfig
    files: Sequence[File]
    cache: Cache
    speech: Speech
    outlines: Mapping[str, Outline]
    pages: Mapping[tuple[str, str], SitePage]
    policy: Policy
    names: dict[str, Names] = field(default_factory=dict)

    def render_all(self) -> None:
        """Make the HTML of all pages, on all cores; MkDocs then has only to write it."""
        unfinished = []
        for page in self.pages.values():
            assert page.html_key is not None
            if not self.cache.has(page.html_key):
                unfinished.append(page)
        work: list[Callable[[], object]] = [partial(self.html, page) for page in unfinished]
        # The first is done before others take part, and what takes longest is begun early.
        work[1:1] = [partial(self.search_index, language) for language in self.outlines]
        for _ in map_on_cores(_do, work):
            pass
        for page in self.pages.values():
            page.meta["template"] = "finished.html"

    def html(self, page: SitePage, context: TemplateContext | None = None) -> str:
        """The whole HTML of a page; what is around its content is put into the cache."""
        assert page.html_key is not None
        page.fill()
        page.active = True
        if context is None:
            nav = self.outlines[page.language].nav
            context = get_context(nav, self.files, self.config, page)
        self.prepare(page, context)
        html = self.policy.put(self.env.get_template(page.template).render(context))
        content = page.content or ""
        page.active = False
        page.empty()
        parts = frame(html, content)
        names = None if may_hold_pictures(html) else Names.of_page(html)
        self.cache.put(page.html_key, (parts, names))
        return content.join(parts)

    def finished(self, page: SitePage, context: TemplateContext) -> str:
        """The whole HTML of a page that has been made."""
        assert page.html_key is not None
        made = self.cache.get(page.html_key)
        if not isinstance(made, tuple):
            return self.html(page, context)
        parts, names = made
        if names:
            self.names[page.file.dest_uri] = names
        return page.load().html.join(parts) if len(parts) > 1 else str(parts[0])

    def prepare(self, page: SitePage, context: TemplateContext) -> None:
        """Speak the language of a page in what its template is filled with."""
        context.update(self.speech.context(page.language, page))  # type: ignore[typeddict-item]
        self.show_outline(page.language, context, page)

    def show_outline(
        self, language: str, context: TemplateContext, page: MkDocsPage | None = None
    ) -> None:
        """Let a template show what a page shows of the navigation."""
        outline = self.outlines[language]
        context["nav"] = outline.of(page)
        context["is_cut"] = not outline.is_whole  # type: ignore[typeddict-unknown-key]

    def not_found(self, language: str) -> str:
        """The 404 page of a language."""
        base = urlsplit(self.config.site_url or "/").path
        return self._beside_pages("404.html", language, base, {})

    def words(self, language: str) -> str:
        """The script that holds what only scripts show in a language."""
        context = self.speech.context(language) | {"names": self.speech.names}
        return self.env.get_template("words.html").render(context)

    def contents(self, language: str) -> str:
        """The list of all pages in a language."""
        outline = self.outlines[language]
        addresses = {code: outline.address for code, outline in self.outlines.items()}
        base = get_relative_url(".", outline.address)
        return self._beside_pages("contents.html", language, base, {"outline": outline}, addresses)

    def _beside_pages(
        self,
        name: str,
        language: str,
        base: str,
        more: dict[str, Any],
        addresses: Mapping[str, str] | None = None,
    ) -> str:
        """What is no page to MkDocs, out of a template."""
        nav = self.outlines[language].nav
        context = get_context(nav, self.files, self.config, base_url=base)
        context.update(self.speech.context(language, addresses=addresses) | more)  # type: ignore[typeddict-item]
        self.show_outline(language, context)
        return self.policy.put(self.env.get_template(name).render(context))

    def search_index(self, language: str) -> bytes:
        """The index of a language, out of the cache if it is there."""
        pages = [page for page in self.pages.values() if page.language == language]
        key = digest("index", *(f"{page.url} {page.info.key}" for page in pages))
        index: bytes | None = self.cache.get(key)
        if index is None:
            index = search_index((page.url or "", page.search_rows()) for page in pages)
            self.cache.put(key, index)
        return index


def _do(job: Callable[[], object]) -> None:
    """Run a job for what it leaves in the cache."""
    job()
