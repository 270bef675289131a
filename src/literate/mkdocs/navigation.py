"""`nav` of the configuration in each language: its labels translated, its pages that language's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, get_navigation
from mkdocs.utils import nest_paths

from literate.base.errors import LiterateError, nearest
from literate.base.files import line_of
from literate.site.editions import Edition
from literate.site.site import Site
from literate.site.ui import translate_ui

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


def check_navigation(site: Site, config: MkDocsConfig) -> None:
    """Raise `LiterateError` where the navigation names a page that there is not."""
    file = Path(config.config_file_path)
    for path in _paths(config.nav or []):
        if path.endswith(".md") and path.removesuffix(".md") not in site.pages:
            raise LiterateError(
                f"the navigation names {path!r}, which is no page",
                file=file.name,
                line=line_of(file, path),
                fix=nearest(path, (f"{name}.md" for name in site.pages)),
            )


def navigation(
    site: Site, edition: Edition, files: Iterable[File], config: MkDocsConfig
) -> Navigation:
    """The navigation of a language, whose pages have these files."""
    original = config.nav
    try:
        names = sorted(site.pages, key=_index_first)
        nav = original or nest_paths([f"{name}.md" for name in names])  # type: ignore[no-untyped-call]
        config.nav = _translated(nav, site, edition)
        return get_navigation(Files(list(files)), config)
    finally:
        config.nav = original


def labels(nav: Any) -> Iterator[tuple[str, str]]:
    """(page name, label) of every entry of the navigation that has a label."""
    for item in nav:
        if isinstance(item, dict):
            for label, value in item.items():
                if isinstance(value, list):
                    yield from labels(value)
                else:
                    yield str(value).removesuffix(".md"), label


def _translated(nav: Any, site: Site, edition: Edition) -> Any:
    if isinstance(nav, list):
        return [_translated(item, site, edition) for item in nav]
    if isinstance(nav, dict):
        return {
            translate_ui(label, edition.words): _translated(value, site, edition)
            for label, value in nav.items()
        }
    is_page = isinstance(nav, str) and nav.removesuffix(".md") in site.pages
    return site.folder(edition.language) + nav if is_page else nav


def _paths(nav: Any) -> Iterator[str]:
    """The targets of the navigation's entries."""
    if isinstance(nav, str):
        yield nav
    for item in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _paths(item)


def _index_first(name: str) -> tuple[bool, str]:
    return name != "index", name
