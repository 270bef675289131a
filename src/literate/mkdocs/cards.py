"""The cards of all pages: drawn on all cores, kept in the cache, and fallen back on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from literate.base.cache import Cache, digest
from literate.base.parallel import map_on_cores
from literate.mkdocs.pages import Content
from literate.site.ui import translate_ui

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

    from literate.site.cards import Card

#: The page of a name in a language.
_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cards:
    """The PNG of each page that has a card, by (language, name), and what an author should know."""

    files: Mapping[_Place, bytes]
    source_language: str
    notes: tuple[str, ...] = ()

    def of(self, language: str, name: str) -> str:
        """The address of a page's card, or of the same page's in the language of the sources."""
        for code in (language, self.source_language):
            if (code, name) in self.files:
                return address(code, name)
        return ""


def address(language: str, name: str) -> str:
    """Where the card of a page is served, relative to the site's root."""
    return f"cards/{language}/{name}.png"


def make_cards(content: Content, config: MkDocsConfig, cache: Cache) -> Cards:
    """The cards of all pages, none where nobody else could reach them."""
    project = content.site.project
    if not project.cards or not is_public(config.site_url or ""):
        return Cards({}, project.language)
    from literate.site.cards import Card  # Pillow takes time to import, and not all want cards

    cards = {}
    for (language, name), info in content.infos.items():
        known = content.site.languages.get(language)
        is_rtl = known is not None and known.direction == "rtl"
        site_name = translate_ui(config.site_name, content.editions[language].words)
        cards[language, name] = Card(str(info.words["title"]), info.description, site_name, is_rtl)
    drawn = _draw_all(cards, project.card_fonts, cache)
    files = {place: result for place, result in drawn.items() if isinstance(result, bytes)}
    return Cards(files, project.language, tuple(_notes(drawn)))


def is_public(url: str) -> bool:
    """Whether an address may be one that others can reach: not that of this machine."""
    host = urlsplit(url).hostname
    if not host or host == "localhost":
        return False
    try:
        return not (ip_address(host).is_loopback or ip_address(host).is_unspecified)
    except ValueError:  # a name
        return True


def _draw_all(
    cards: Mapping[_Place, Card], fonts: Sequence[Path], cache: Cache
) -> dict[_Place, bytes | str]:
    """Each card, or the characters that no font has."""
    from literate.site.cards import MissingGlyphsError, draw_card

    looks = digest(*(font.read_bytes() for font in fonts))
    keys = {place: digest("card", looks, repr(card)) for place, card in cards.items()}

    def draw(place: _Place) -> bytes | str:
        try:
            return draw_card(cards[place], fonts)
        except MissingGlyphsError as error:
            return str(error)

    drawn: dict[_Place, bytes | str | None] = {place: cache.get(key) for place, key in keys.items()}
    left = [place for place, result in drawn.items() if result is None]
    for place, result in zip(left, map_on_cores(draw, left), strict=True):
        cache.put(keys[place], result)
        drawn[place] = result
    return {place: result for place, result in drawn.items() if result is not None}


def _notes(drawn: Mapping[_Place, bytes | str]) -> list[str]:
    """What is missing, a line a language."""
    missing: dict[str, set[str]] = defaultdict(set)
    count: dict[str, int] = defaultdict(int)
    for (language, _), result in drawn.items():
        if isinstance(result, str):
            missing[language].update(result)
            count[language] += 1
    return [
        f"{count[language]} cards in {language!r} are those of the sources' language: no font has "
        f"{''.join(sorted(characters))!r}. Name one that has in `card_fonts`"
        for language, characters in missing.items()
    ]
