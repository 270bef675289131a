"""What other plugins and hooks do to a site: which of our shortcuts they leave open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mkdocs.plugins import EVENTS

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

_OURS = {"literate", "material/search"}
#: The events at which a plugin does not get hold of a page, nor of what it is rendered with.
_BESIDE_PAGES = frozenset(
    ["startup", "shutdown", "serve", "config", "pre_build", "files", "post_build", "build_error"]
)
#: Plugins that make what they make of their options alone: no hook tells what a plugin reads.
_OF_OPTIONS_ALONE = frozenset(["redirects"])


def leave_pages_alone(config: MkDocsConfig) -> bool:
    """Whether nobody else changes what goes into a page: where they do, MkDocs renders it."""
    events = {event for name in _others(config) for event in _events(config, name)}
    return not config.hooks and events <= _BESIDE_PAGES


def read_settings_alone(config: MkDocsConfig) -> bool:
    """Whether nobody else reads any file, so that the inputs of a build are known."""
    return not config.hooks and _others(config) <= _OF_OPTIONS_ALONE


def _others(config: MkDocsConfig) -> set[str]:
    return set(config.plugins) - _OURS


def _events(config: MkDocsConfig, plugin: str) -> Iterator[str]:
    return (event for event in EVENTS if hasattr(config.plugins[plugin], f"on_{event}"))
