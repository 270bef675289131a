"""Words on one line: scripts that part words by blanks, and scripts that do not."""

from __future__ import annotations

import re

#: Chinese characters, kana, and the punctuation that goes with them; Korean has blanks.
_CJK = (
    "\u3000-\u303f\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff00-\uff9f\uffe0-\uffe6\U00020000-\U0003ffff"
)
#: Punctuation that other scripts have as well.
_SHARED = "“”‘’…—·"
_BREAK = re.compile(
    rf"(?<=[{_CJK}])[ \t]*\n[ \t]*(?=[{_CJK}{_SHARED}])|(?<=[{_SHARED}])[ \t]*\n[ \t]*(?=[{_CJK}])"
)


def joined(text: str) -> str:
    """The text without the line breaks that are no blank: those between Chinese characters."""
    return _BREAK.sub("", text) if "\n" in text else text


def on_one_line(text: str) -> str:
    """The words of a text, on one line."""
    return " ".join(joined(text).split())


def is_blank_between(before: str, after: str) -> bool:
    """Whether a line break between two texts is a blank."""
    return "\n" in joined(f"{before[-1:]}\n{after[:1]}")
