"""How a class or function is called, and what a constant is, each on one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from literate.source.document import Definition, Document

_COMMENT = re.compile(r"\s#.*|^#.*")
_LONGEST = 240


def signatures(document: Document) -> Mapping[str, str]:
    """The definitions of a file as it writes them, without their bodies; the first of each name."""
    lines = [line.text for line in document.lines]
    found: dict[str, str] = {}
    for definition in document.definitions:
        found.setdefault(definition.name, _signature(definition, lines))
    return found


def _signature(definition: Definition, lines: Sequence[str]) -> str:
    """The lines up to the one on which every parenthesis is closed."""
    text, depth = "", 0
    for line in lines[definition.line - 1 : definition.last]:
        part = _COMMENT.sub("", line.strip())
        depth += sum(part.count(sign) for sign in "([{") - sum(map(part.count, ")]}"))
        text += f" {part}"
        if depth <= 0:
            break
    text = re.sub(r"([(\[{]) | ,?(?=[)\]}])", r"\1", " ".join(text.split()))
    text = re.sub(r",(?=[)\]}])", "", text)
    if not definition.is_constant:
        text = re.sub(r"^(?:async )?def |(?<=\()self(?:, )?", "", _header(text))
    return text if len(text) <= _LONGEST else ""


def _header(text: str) -> str:
    """What stands before the colon that opens the body."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == ":" and not depth:
            return text[:index]
    return text
