"""Code as Markdown has it, whatever marks the code itself holds."""

from __future__ import annotations

import re


def code_span(code: str) -> str:
    """Code within a line."""
    marks = "`" * (_longest("`+", code) + 1)
    space = " " if code.startswith("`") or code.endswith("`") else ""
    return f"{marks}{space}{code}{space}{marks}"


def code_fence(code: str, language: str = "") -> str:
    """Code on lines of its own."""
    marks = "`" * max(3, _longest("^`+", code) + 1)
    ending = "" if code.endswith("\n") else "\n"
    return f"{marks}{language}\n{code}{ending}{marks}"


def _longest(pattern: str, code: str) -> int:
    return max(map(len, re.findall(pattern, code, re.MULTILINE)), default=0)
