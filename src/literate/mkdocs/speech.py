"""What templates read of a language: MkDocs has one configuration, every language gets its own."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy, deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from literate.mkdocs.cards import Cards
from literate.mkdocs.pages import Content, SitePage
from literate.mkdocs.share import Share, share
from literate.site.ui import for_templates, translate_setting
from literate.translation.language import known_language

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page as MkDocsPage


class Speech:
    """What the templates of a page read of its language, and of the other languages."""

    def __init__(self, config: MkDocsConfig, content: Content, cards: Cards) -> None:
        self._site_url = config.site_url or ""
        self._content = content
        self._cards = cards
        site = content.site
        self._source = site.project.language
        self.names = {
            code: for_templates((site.languages.get(code) or known_language(code)).name)
            for code in content.editions
        }
        #: The configuration as each language has it.
        self.configs = {code: self._translated(config, code) for code in content.editions}

    def _translated(self, config: MkDocsConfig, language: str) -> MkDocsConfig:
        """A copy whose theme and words are those of a language."""
        known = self._content.site.languages.get(language)
        own = copy(config)
        for key in ("site_name", "site_description", "copyright"):
            own[key] = config[key] and self.word(language, config[key])
        own.theme = theme = deepcopy(config.theme)
        theme["language"] = language
        theme["direction"] = known.direction if known else "ltr"
        palettes = theme.get("palette")
        for palette in palettes if isinstance(palettes, list) else []:
            if toggle := palette.get("toggle"):
                toggle["name"] = self.word(language, toggle["name"])
        return own

    def word(self, language: str, text: str) -> str:
        """A text of the site's in a language, as templates may show it."""
        return translate_setting(text, self._content.editions[language].words)

    def context(
        self,
        language: str,
        page: SitePage | None = None,
        addresses: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """What templates are filled with: ours, and Material's, which reads `config.extra`.

        `addresses` are those of the page in each language, where it is no annotated one.
        """
        name = page.source.name if page else "index"
        alternates = self._alternates(addresses or self._addresses(name))
        config = copy(self.configs[language])
        config.extra = copy(config.extra)
        config.extra["alternate"] = alternates if len(alternates) > 1 else []
        config.extra["homepage"] = self._address(language, "index") or "./"
        return {
            "config": config,
            "word": partial(self.word, language),
            "has_notebook": page is not None and self._has_notebook(page.source.name),
            "language": language,
            "share": self.share(page) if page else None,
            "alternates": alternates,
            "by_language": self._by_language(),
            "alternates_of": self._alternates_of,
        }

    def share(self, page: SitePage) -> Share:
        """What a page says of itself to those who do not read it."""
        return share(self._content, self.configs[page.language], self._cards, page)

    def _has_notebook(self, name: str) -> bool:
        return self._content.infos[self._source, name].has_notebook

    def _address(self, language: str, name: str) -> str:
        return self._content.editions[language].addresses(name)

    def _addresses(self, name: str) -> dict[str, str]:
        return {code: self._address(code, name) for code in self.names}

    def _alternates(self, addresses: Mapping[str, str]) -> list[dict[str, str]]:
        """A page in each language."""
        return [
            {
                "name": self.names[code],
                "lang": code,
                "link": address or "./",
                "url": urljoin(self._site_url, address),
            }
            for code, address in addresses.items()
        ]

    def _alternates_of(self, page: MkDocsPage) -> list[dict[str, str]]:
        """The same for a page; that of another plugin has none."""
        if not isinstance(page, SitePage):
            return []
        return self._alternates(self._addresses(page.source.name))

    def _by_language(self) -> list[tuple[str, str, Any]]:
        """Each language with the address of its overview and a way to speak it."""
        return [
            (code, self._address(code, "index"), partial(self.word, code)) for code in self.names
        ]
