"""The tokens of a note: grouped by block, and each with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it.token import Token


def top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each top-level block."""
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == tokens[0].level and token.nesting != 1:
            yield group
            group = []


def number_lines(tokens: Sequence[Token]) -> None:
    """Give each inline token its line, which the parser knows for blocks only."""
    line = 0
    for token in tokens:
        line = token.map[0] if token.map else line
        current = line
        if token.type == "footnote_reference_open":
            line = token.meta["line"]
        for child in token.children or ():
            child.meta["line"] = current
            if child.type in ("softbreak", "hardbreak"):
                current += 1
            current += child.content.count("\n")


def holds_html(tokens: Sequence[Token]) -> bool:
    """Whether there is HTML among the tokens that its author wrote."""
    parts = (part for token in tokens for part in (token, *(token.children or ())))
    return any(part.type.startswith("html_") for part in parts)
