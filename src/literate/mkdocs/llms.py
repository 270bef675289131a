"""The Markdown of every page, and `llms.txt`, which lists it: https://llmstxt.org."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from literate.mkdocs.pages import Content, SitePage
from literate.site.links import relative_url
from literate.site.markdown import markdown_address

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.nav import Navigation


def write_markdown(content: Content, pages: Iterable[SitePage], folder: Path) -> None:
    """Write the Markdown of pages into the built site."""
    for page in pages:
        path = folder / markdown_address(content.site.folder(page.language), page.source.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page.load().markdown, encoding="utf-8")


def write_list(
    content: Content, language: str, config: MkDocsConfig, navigation: Navigation, folder: Path
) -> None:
    """Write `llms.txt` of a language; the configuration is that language's."""
    site = content.site
    here = f"{site.folder(language)}llms.txt"

    def address(page: SitePage) -> str:
        there = markdown_address(site.folder(language), page.source.name)
        return urljoin(config.site_url, there) if config.site_url else relative_url(there, here)

    parts = [f"# {config.site_name}", *_quoted(config.site_description)]
    parts += _sections(navigation.items, address, level=2)
    path = folder / here
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _quoted(text: str | None) -> list[str]:
    return [f"> {' '.join(text.split())}"] if text else []


def _sections(
    items: Iterable[Any], address: Callable[[SitePage], str], level: int
) -> Iterator[str]:
    """The pages among the items as a list, then each section below its own heading."""
    items = list(items)
    pages = [item for item in items if isinstance(item, SitePage)]
    if pages:
        yield "\n".join(_line(page, address(page)) for page in pages)
    for section in (item for item in items if item.is_section):
        yield f"{'#' * level} {section.title}"
        yield from _sections(section.children or (), address, level + 1)


def _line(page: SitePage, address: str) -> str:
    about = f": {page.info.description}" if page.info.description else ""
    return f"- [{page.title}]({address}){about}"
