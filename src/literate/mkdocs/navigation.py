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
from literate.site.project import Project
from literate.site.site import Site
from literate.site.ui import translate_setting

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


def check_navigation(site: Site, config: MkDocsConfig) -> None:
    """Raise `LiterateError` where the navigation names a page that there is not."""
    for path in _paths(config.nav or []):
        is_page = path.removesuffix(".md") in site.pages or site.project.leaves_out(path)
        file = (Path(config.docs_dir) / path).resolve()
        # A module is named as its page, `net.md`; one within the docs folder may be a file.
        is_module = path.endswith(".py") and not (path[:1] != "." and file.is_file())
        if (path.endswith(".md") or is_module) and not is_page:
            own = next((page.name for page in site.pages.values() if page.file == file), None)
            raise (
                Marks(Path(config.config_file_path))
                .place_of(path, "nav")
                .error(
                    f"the navigation names {path!r}, which is no page",
                    f"Did you mean '{own}.md'?"
                    if own
                    else nearest(path, (f"{name}.md" for name in site.pages)),
                )
            )


def published(nav: Any, project: Project) -> Any:
    """The navigation without the pages that are kept out of the site."""
    if isinstance(nav, list):
        left = (published(item, project) for item in nav)
        return [item for item in left if item not in (None, {}, [])]
    if isinstance(nav, dict):
        named = {label: published(value, project) for label, value in nav.items()}
        return {label: value for label, value in named.items() if value not in (None, [])}
    return None if isinstance(nav, str) and project.leaves_out(nav) else nav


def navigation(
    site: Site, edition: Edition, files: Iterable[File], config: MkDocsConfig
) -> Navigation:
    """The navigation of a language, whose pages and whose other targets have these files."""
    files = list(files)
    names = sorted(site.pages, key=_index_first)
    paths = [f"{name}.md" for name in names]
    if edition.language == site.project.language:  # the pages of other plugins know no other
        ours = {f"{site.folder(code)}{path}" for code in site.language_codes for path in paths}
        paths += [f.src_uri for f in files if f.is_documentation_page() and f.src_uri not in ours]
    nav = config.nav or nest_paths(paths)  # type: ignore[no-untyped-call]
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
