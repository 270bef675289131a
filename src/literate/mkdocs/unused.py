"""Settings of MkDocs and of other plugins that do nothing here: whoever sets them is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

#: What MkDocs sets by itself.
_DEFAULT_EXTENSIONS = {"toc", "tables", "fenced_code"}
#: Names by which a search that is not ours is known.
_SEARCH = ("search", "material/search")


def unused_settings(config: MkDocsConfig) -> Iterator[str]:
    """What is said of each setting that is not used."""
    if config.mdx_configs or set(config.markdown_extensions) - _DEFAULT_EXTENSIONS:
        yield (
            "`markdown_extensions` are not used: notes and pages are CommonMark with tables, "
            "footnotes, admonitions and mathematics"
        )
    if _searches(config):
        yield "the plugin `search` is not used: search is built in. Remove it from `plugins`"
    if config.extra.get("alternate"):
        yield "`extra.alternate` is not used: the menu is made of the languages of the site"


def turn_search_off(config: MkDocsConfig) -> None:
    """Let the search of Material or of MkDocs build no index of its own."""
    for name in _searches(config):
        config.plugins[name].config["enabled"] = False


def _searches(config: MkDocsConfig) -> list[str]:
    from mkdocs.contrib.search import SearchPlugin

    return [
        name
        for name in _SEARCH
        if isinstance(plugin := config.plugins.get(name), SearchPlugin)
        or type(plugin).__module__.startswith("material.plugins.search")
    ]
