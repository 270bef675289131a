"""`nav` of the configuration in each language: its labels translated, its pages that language's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, get_navigation
from mkdocs.utils import nest_paths

from literate.base.errors import nearest
from literate.mkdocs.marks import Marks
from literate.site.editions import Edition
from literate.site.site import Site
from literate.site.ui import translate_setting

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


def check_navigation(site: Site, config: MkDocsConfig) -> None:
    """Raise `LiterateError` where the navigation names a page that there is not."""
    for path in _paths(config.nav or []):
        if path.endswith(".md") and path.removesuffix(".md") not in site.pages:
            raise (
                Marks(Path(config.config_file_path))
                .place_of(path, "nav")
                .error(
                    f"the navigation names {path!r}, which is no page",
                    nearest(path, (f"{name}.md" for name in site.pages)),
                )
            )


def navigation(
    site: Site, edition: Edition, files: Iterable[File], config: MkDocsConfig
) -> Navigation:
    """The navigation of a language, whose pages have these files."""
    names = sorted(site.pages, key=_index_first)
    nav = config.nav or nest_paths([f"{name}.md" for name in names])  # type: ignore[no-untyped-call]
    own = copy(config)
    own.nav = _translated(nav, site, edition)
    return get_navigation(Files(list(files)), own)


def _translated(nav: Any, site: Site, edition: Edition) -> Any:
    if isinstance(nav, list):
        return [_translated(item, site, edition) for item in nav]
    if isinstance(nav, dict):
        return {
            translate_setting(label, edition.words): _translated(value, site, edition)
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
