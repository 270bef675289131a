"""The templates' environment: what they escape, and the policy of the pages that they make.

A content security policy names by its hash each script that stands in a page, so that no other
runs, whoever wrote it there. A page's own words come from many hands; so a script is taken for the
theme's only where a template itself holds it, which a mark tells that nobody else can know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2.ext import Extension
from markupsafe import Markup

from literate.base.files import files_below
from literate.mkdocs.inline import script_sources, sources, style_sources

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig

    from literate.base.cache import Cache

_SCRIPT_TAG = re.compile(r"<script(?=[\s>])(?![^>]*\s(?:src=|type=\"application/[\w+]*json\"))")
_MARK = f" data-{token_hex(16)}"
#: What follows the mark: other attributes, and the script.
_MARKED = re.compile(r"[^>]*>(.*?)</script>", re.DOTALL)
#: Where a blank counts, and lines.
_RAW = re.compile(r"(<(pre|textarea|script|style)\b.*?</\2>)", re.DOTALL)
_HEAD = re.compile(r"<meta charset=[^>]*>|<head[^>]*>")
_REDIRECT = re.compile(r"<meta http-equiv=[\"']?refresh", re.IGNORECASE)
_SMALL = 4096  # bytes of a page that only leads to another


class _OwnScripts(Extension):
    """Marks the scripts of templates."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _SCRIPT_TAG.sub("<script{{ own_script }}", source)


def prepare_templates(env: Environment, cache: Cache) -> None:
    """Make an environment of MkDocs' ours; each build has one of its own."""
    env.add_extension(_OwnScripts)
    env.globals["own_script"] = Markup(_MARK)  # noqa: S704 - ours
    env.filters["striptags"] = _without_tags
    env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    env.bytecode_cache = cache.templates()
    env.auto_reload = False


def _without_tags(html: object) -> Markup:
    """Jinja's own filter decodes what was escaped, for whoever escapes again; themes forget to."""
    return Markup(escape(Markup(html).striptags()))  # noqa: S704 - escaped here


def frame(html: str, content: str) -> list[str]:
    """What stands before a page's content and after it, without what templates are indented by.

    A template of the user's own may show something else than the content: then it is all of it.
    """
    parts = html.split(content, 1) if content else [html]
    if len(parts) < 2:
        return parts
    return list(map(_without_indents, parts))


def _without_indents(html: str) -> str:
    parts = _RAW.split(html)  # in turn: what is between such elements, one of them, its name
    parts[::3] = map(_flush_left, parts[::3])
    del parts[2::3]
    return "".join(parts)


def _flush_left(text: str) -> str:
    """The lines of a text without blanks around them, and without lines of nothing else."""
    first, *lines = text.split("\n")
    if not lines:
        return text
    last = lines.pop()
    kept = [line for line in map(str.strip, lines) if line]
    return "\n".join([first.rstrip(), *kept, last.lstrip()])


class Policy:
    """What a page of a site may run and fetch, in the words of a content security policy.

    All of it comes from the site itself, but for what the configuration names: its author's scripts
    and style sheets, and what of the theme's is elsewhere.
    """

    def __init__(self, config: MkDocsConfig, allowed: Iterable[str] = ()) -> None:
        pictures = " ".join(["'self'", "data:", *allowed])
        scripts = " ".join(_origins(str(script) for script in config.extra_javascript))
        styles = " ".join(_origins(config.extra_css))
        fonts = ""
        if config.theme.get("font", True) is not False:
            styles += " https://fonts.googleapis.com"
            fonts = " https://fonts.gstatic.com"
        facts = " https://api.github.com https://gitlab.com" if config.repo_url else ""
        self._scripts = f"script-src 'self' {scripts}".strip()
        self._styles = f"style-src 'self' {styles}".strip()
        # What other scripts, or other pages, bring in while the page is open cannot be known.
        features = config.theme.get("features") or ()
        self._any_style = bool(config.extra_javascript) or "navigation.instant" in features
        self._rest = [
            "default-src 'self'",
            f"img-src {pictures}",
            f"media-src {pictures}",
            f"font-src 'self' data:{fonts}",
            f"connect-src 'self'{facts}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ]

    def put(self, html: str) -> str:
        """A page with its policy."""
        parts = html.split(_MARK)
        found = (_MARKED.match(part) for part in parts[1:])
        return self._put("".join(parts), sources(match[1] for match in found if match))

    def put_on_redirects(self, site: Path, docs: Path) -> None:
        """Put it on the pages that a plugin has written to lead from old addresses to new ones."""
        for path in files_below(site, ".html"):
            if path.stat().st_size > _SMALL or (docs / path.relative_to(site)).exists():
                continue
            html = path.read_text(encoding="utf-8", errors="surrogateescape")
            if _REDIRECT.search(html) and "Content-Security-Policy" not in html:
                html = self._put(html, script_sources(html))
                path.write_text(html, encoding="utf-8", errors="surrogateescape")

    def _put(self, html: str, scripts: Iterable[str]) -> str:
        styles = ["'unsafe-inline'"] if self._any_style else style_sources(html)
        rules = [
            *self._rest,
            " ".join([self._styles, *styles]),
            " ".join([self._scripts, *scripts]),
        ]
        content = escape("; ".join(rules)).replace("&#x27;", "'")
        meta = f'<meta http-equiv="Content-Security-Policy" content="{content}">'
        return _HEAD.sub(lambda match: match[0] + meta, html, count=1)


def _origins(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        parts = urlsplit(address)
        if parts.netloc and re.fullmatch(r"[\w.:-]+", parts.netloc):
            yield f"{parts.scheme or 'https'}://{parts.netloc}"
