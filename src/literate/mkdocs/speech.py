"""The theme and the configuration turned to a language: MkDocs knows one of each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from literate.mkdocs.pages import Content, SitePage
from literate.site.ui import translate_ui
from literate.translation.catalog import Catalog
from literate.translation.language import known_language

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


class Speech:
    """What the templates of a page read of its language, and of the other languages."""

    def __init__(self, config: MkDocsConfig, content: Content) -> None:
        self._config = config
        self._content = content
        site = content.site
        self._source = site.project.language
        self._spoken = self._source
        self.names = {
            code: (site.languages.get(code) or known_language(code)).name
            for code in content.editions
        }
        self._texts = {key: config[key] for key in ("site_name", "site_description", "copyright")}
        palettes = config.theme.get("palette", [])
        self._toggles = [
            (palette["toggle"], palette["toggle"]["name"])
            for palette in (palettes if isinstance(palettes, list) else [])
            if "toggle" in palette
        ]

    def use(self, language: str) -> None:
        """Turn the theme, and the configuration's words, to a language."""
        self._spoken = language
        known = self._content.site.languages.get(language)
        theme = self._config.theme
        theme["language"] = language
        theme["direction"] = known.direction if known else "ltr"
        for key, text in self._texts.items():
            self._config[key] = self.word(text) if text else text
        for toggle, text in self._toggles:
            toggle["name"] = self.word(text)

    def word(self, text: str) -> str:
        """A word of the site's own in the language that is spoken."""
        return translate_ui(text, self._content.editions[self._spoken].words)

    def context(self, language: str, page: SitePage | None = None) -> dict[str, Any]:
        """What our templates need, and `extra.alternate`, which Material's switcher reads."""
        alternates = self._alternates(page.source.name if page else "index")
        self._config.extra["alternate"] = alternates
        self._config.extra["homepage"] = self._address(language, "index") or "./"
        return {
            "has_notebook": page is not None and self._has_notebook(page.source.name),
            "language": language,
            "alternates": alternates,
            "by_language": self._by_language(),
            "alternates_of": lambda other: self._alternates(other.source.name),
        }

    def _has_notebook(self, name: str) -> bool:
        return self._content.infos[self._source, name].has_notebook

    def _address(self, language: str, name: str) -> str:
        return self._content.editions[language].addresses(name)

    def _alternates(self, name: str) -> list[dict[str, str]]:
        """The page of this name in each language."""
        return [
            {
                "name": self.names[code],
                "lang": code,
                "link": self._address(code, name) or "./",
                "url": urljoin(self._config.site_url or "", self._address(code, name)),
            }
            for code in self.names
        ]

    def _by_language(self) -> list[tuple[str, str, Any]]:
        """Each language with the address of its overview and a way to speak it."""
        return [
            (code, self._address(code, "index"), partial(_say, edition.words))
            for code, edition in self._content.editions.items()
        ]


def _say(words: Catalog | None, text: str) -> str:
    return translate_ui(text, words)
