"""Which comments speak to a tool, and which mark the cells of a notebook."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What a comment to a tool starts with, whatever its case.
_TOOLS = (
    "type:", "noqa", "flake8:", "fmt:", "isort:", "mypy:", "pragma:", "pylint:", "pyright:",
    "basedpyright:", "ruff:", "yapf:", "black:", "pyre-", "pyre:", "pytype:", "ty:", "pyrefly:",
    "nosec", "nosemgrep", "bandit:", "vim:", "vi:", "-*-", "spdx-", "noinspection", "nosonar",
    "skipcq", "sourcery skip", "cython:", "distutils:", "doctest:", "codespell:", "cspell:",
    "spell-checker:", "coverage:", "pycodestyle:", "pydocstyle:", "autopep8:", "@formatter:",
    "language=", "lgtm[", "codeql[", "checkov:", "trufflehog:", "gitleaks:", "pants:",
    "refurb:", "semgrep:", "reportlab:", "databricks notebook source",
)  # fmt: skip
#: A command of a notebook that is commented out: `%matplotlib inline`, `!pip install …`.
_COMMAND = re.compile(r"%{1,2}[a-z_]+(?:\s|$)|!(?![\[!])\S")

_CELL = re.compile(r"(%%+)(?![\w%])\s*(.*)")
_OPTIONS = re.compile(
    r"\s*(?:\{.*\}|(?<!\S)[\w.-]+=(?:\"[^\"]*\"|'[^']*'|\[.*?\]|\{.*?\}|\S+))\s*$"
)
_TYPE = re.compile(r"\[(markdown|md|raw|code)\]", re.IGNORECASE)
_TEXTS = {"md", "markdown"}
_LIGHT = re.compile(r"\+(?:\s*(?:\{.*\}|\[(\w+)\].*|[\w.-]+=.*))?|-")
_OTHER = re.compile(r"(?:In|Out) ?\[[\d* ]*\]:?|<(\w+)cell>|COMMAND -{5,}")
_REGION = re.compile(r"(end)?region\b[ :]*(.*)")


@dataclass(frozen=True, slots=True)
class CellMark:
    """The line that begins, or ends, a cell or a region.

    `title` is what its author calls it. The comments below it are Markdown if it `is_markdown`.
    """

    title: str = ""
    level: int = 2
    is_markdown: bool = False


def speaks_to_tool(comment: str) -> bool:
    """Whether a comment, with its `#`, is not for readers."""
    body = comment[1:]
    words = body.lstrip()
    # `#!` is for the shell, `#|` for Quarto; `# ![…](…)` is a picture, and `# !!!` an admonition.
    return (
        body.startswith(("!", "|"))
        or words.lower().startswith(_TOOLS)
        or _COMMAND.match(words) is not None
    )


def cell_mark(comment: str, *, has_regions: bool) -> CellMark | None:
    """The mark that a comment is, if it is one; `region` begins sentences where none ends."""
    words = comment[1:].strip()
    if match := _CELL.fullmatch(words):
        rest, kind = match[2], _TYPE.search(match[2])
        while option := _OPTIONS.search(rest):
            rest = rest[: option.start()]
        # PyCharm writes `#%% md`, without brackets.
        is_text = (kind is not None and kind[1].lower() != "code") or rest.lower() in _TEXTS
        title = "" if is_text else _TYPE.sub("", rest).strip(" -=#")
        return CellMark(title, min(len(match[1]), 6), is_text)
    if match := _LIGHT.fullmatch(words) or _OTHER.fullmatch(words):
        return CellMark(is_markdown=(match[1] or "").lower() in ("markdown", "md", "raw"))
    if has_regions and (match := _REGION.fullmatch(words)):
        return CellMark("" if match[1] else match[2].strip())
    return None
