"""Addresses in a text become links: once it is translated, so that no key depends on it."""

from __future__ import annotations

import re

from literate.base.html import tags, texts

#: What ends an address: a blank, a quote, a bracket, an entity of these, Chinese punctuation.
_ADDRESS = re.compile(
    r"https?://(?:(?!&(?:lt|gt|quot|#x27|#39);)[^\s<>\"'`。，、；：！？（）「」『』【】《》])+"
)
_TRAIL = re.compile(r"(?:[?!.,:;*_~]|&amp;)+$")
#: Within these, text is no prose.
_APART = frozenset(["a", "code", "pre", "button", "script", "style", "svg", "math", "textarea"])


def link_addresses(html: str) -> str:
    """The HTML with each bare address in it as a link."""
    if "://" not in html:
        return html
    made: list[str] = []
    depth = 0
    for text, markup in texts(html):
        made.append(text if depth else _ADDRESS.sub(_link, text))
        made.append(markup)
        tag = next(tags(markup), None)
        if tag and tag.name in _APART:
            depth = max(0, depth + (-1 if tag.is_end else 1))
    return "".join(made)


def _link(match: re.Match[str]) -> str:
    address = match[0]
    while True:
        kept = _TRAIL.sub("", address)
        if kept.endswith(")") and kept.count(")") > kept.count("("):
            kept = kept[:-1]
        if kept == address:
            break
        address = kept
    return f'<a href="{address}">{address}</a>{match[0][len(address) :]}'
