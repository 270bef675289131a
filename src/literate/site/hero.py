"""The face of a front page, made of what its front matter says."""

from __future__ import annotations

from collections.abc import Callable

from literate.site.local_page import Hero, LocalPage
from literate.site.page import Page


def make_hero(
    source: Page, page: LocalPage, url: Callable[[str], str | None], picture: str
) -> Hero:
    """What stands beside the title of a page in a language; `picture` is HTML."""
    labels = page.words.get("hero.actions", ())
    urls = (url(link.target) for link in source.actions)
    has_title = any(heading.level == 1 for row in page.rows for heading in row.headings)
    title = "" if has_title else f"<h1>{page.title}</h1>"
    return Hero(
        heading=page.headline.html if page.headline else title,
        kicker=str(page.words.get("hero.kicker", "")),
        actions=tuple((label, to) for label, to in zip(labels, urls, strict=True) if to),
        picture=picture,
    )
