"""What stands in a page itself, scripts and styles, as the hashes by which its policy names it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import unescape

_SHEET = re.compile(rb"<style\b[^>]*>(.*?)</style", re.DOTALL)
#: It may be no attribute, but words: then the policy allows what nothing asks for.
_STYLE = re.compile(rb"""style(?<![\w-]style)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def sources(texts: Iterable[str]) -> list[str]:
    """The texts as a policy names them, each once."""
    hashes = (sha256(text.encode()).digest() for text in dict.fromkeys(texts))
    return [f"'sha256-{b64encode(digest).decode()}'" for digest in hashes]


def style_sources(html: str) -> list[str]:
    """The style sheets and the style attributes of a page, those in its templates too."""
    # Bytes keep their places in small letters, and are searched for a first word fast.
    data = html.encode("utf-8", "surrogateescape")
    small = data.lower()
    attributes = sources(map(unescape, _found(_STYLE, data, small)))
    hashes = ["'unsafe-hashes'", *attributes] if attributes else []
    # Of a sheet in a drawing, a browser reads the entities.
    sheets = sources(
        form for text in _found(_SHEET, data, small) for form in (text, unescape(text))
    )
    return [*sheets, *hashes]


def _found(pattern: re.Pattern[bytes], data: bytes, small: bytes) -> list[str]:
    """What a pattern in small letters finds, however it is written, each once."""
    spans = (match.span(match.lastindex or 0) for match in pattern.finditer(small))
    parts = dict.fromkeys(data[start:end] for start, end in spans)
    return [part.decode("utf-8", "surrogateescape") for part in parts]


def script_sources(html: str) -> list[str]:
    """All scripts of a page, of one that nobody has a say in but the plugin that wrote it."""
    return sources(_SCRIPT.findall(html))
