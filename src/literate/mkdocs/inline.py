"""What stands in a page itself, scripts and styles, as the hashes by which its policy names it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

from selectolax.lexbor import LexborHTMLParser

_STYLED = re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
#: The parser keeps what stands in a template out of reach, and a script may bring it to light.
_TEMPLATE = re.compile(r"<(/?)template\b", re.IGNORECASE)


def sources(texts: Iterable[str]) -> list[str]:
    """The texts as a policy names them, each once."""
    hashes = (sha256(text.encode()).digest() for text in dict.fromkeys(texts))
    return [f"'sha256-{b64encode(digest).decode()}'" for digest in hashes]


def style_sources(html: str) -> list[str]:
    """The style sheets and the style attributes of a page."""
    if not _STYLED.search(html):
        return []
    page = LexborHTMLParser(_TEMPLATE.sub(r"<\1div", html))
    sheets = sources(node.text() for node in page.css("style"))
    attributes = sources(node.attributes["style"] or "" for node in page.css("[style]"))
    return [*sheets, *(["'unsafe-hashes'", *attributes] if attributes else [])]


def script_sources(html: str) -> list[str]:
    """All scripts of a page, of one that nobody has a say in but the plugin that wrote it."""
    return sources(_SCRIPT.findall(html))
