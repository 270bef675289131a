"""What a page tells search engines, and programs that show a link to it, of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from literate.base.html import text_of
from literate.mkdocs.cards import Cards
from literate.mkdocs.pages import Content, SitePage
from literate.notes.bibliography import Paper
from literate.site.markdown import markdown_address

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


@dataclass(frozen=True, slots=True)
class Share:
    """What `partials/share.html` writes. Addresses are "" where the site has none of its own.

    `data` is JSON of schema.org that may stand in a script; `markdown` is relative to the site's
    root; `locales` are those of the page in the other languages.
    """

    kind: str
    title: str
    description: str
    locale: str
    locales: tuple[str, ...]
    url: str
    image: str
    markdown: str
    data: str


def share(content: Content, config: MkDocsConfig, cards: Cards, page: SitePage) -> Share:
    """What a page says of itself; the configuration is that of the page's language."""
    site_url, language, name = config.site_url or "", page.language, page.source.name
    title, description = (
        str(page.info.words["title"]),
        page.info.description or config.site_description,
    )
    url = page.canonical_url or ""
    card = cards.of(language, name)
    image = urljoin(site_url, card) if card else ""
    codes = content.site.language_codes
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "TechArticle",
        "headline": title,
        "description": description,
        "inLanguage": language,
        "url": url,
        "image": image,
        "author": config.site_author and {"name": config.site_author},  # a person, or several
        "isPartOf": {"@type": "WebSite", "name": unescape(config.site_name), "url": site_url},
        "isBasedOn": _paper(content.site.paper),
    }
    if url and language != content.site.project.language:
        original = content.editions[content.site.project.language].addresses(name)
        data["translationOfWork"] = {"@type": "TechArticle", "url": urljoin(site_url, original)}
    has_markdown = content.site.project.llms_txt
    return Share(
        kind="website" if page.is_homepage else "article",
        title=title,
        description=description or "",
        locale=open_graph_locale(language),
        locales=tuple(open_graph_locale(code) for code in codes if code != language),
        url=url,
        image=image,
        markdown=markdown_address(content.site.folder(language), name) if has_markdown else "",
        data=_script(_filled(data)),
    )


@cache
def open_graph_locale(code: str) -> str:
    """A language with the country that speaks most of it: `zh_CN`, `en_US`."""
    try:
        locale = Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return code.replace("-", "_")
    likely = get_global("likely_subtags").get(str(locale), "")
    territory = locale.territory or likely.rpartition("_")[2]
    return f"{locale.language}_{territory}" if territory else locale.language


def _paper(paper: Paper | None) -> dict[str, Any] | None:
    if paper is None:
        return None
    return {
        "@type": "ScholarlyArticle",
        "name": text_of(paper.title),
        "author": [_person(f"{author.given} {author.family}".strip()) for author in paper.authors],
        "datePublished": paper.year,
        "url": paper.links[0][1] if paper.links else "",
    }


def _person(name: str) -> dict[str, str]:
    return {"@type": "Person", "name": name}


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    """The data without what is empty."""
    inner = {key: _filled(it) if isinstance(it, dict) else it for key, it in data.items()}
    return {key: value for key, value in inner.items() if value}


def _script(data: dict[str, Any]) -> str:
    """JSON that ends no script."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
