"""The YAML at the head of a text."""

from __future__ import annotations

from typing import Any

import yaml

from literate.base.errors import LiterateError
from literate.source.document import Prose


def front_matter(prose: Prose, path: str) -> tuple[dict[str, Any], Prose]:
    """The YAML between `---` lines at the head of a text, and the text that follows it.

    Raises `LiterateError` where it is not closed, is not YAML, or is not a mapping.
    """
    lines = prose.text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None or lines[start].strip() != "---":
        return {}, prose
    fix = "Write `key: value` lines between two lines of `---`"
    first = prose.line_numbers[start]
    end = next((i for i in range(start + 1, len(lines)) if lines[i].strip() == "---"), None)
    if end is None:
        raise LiterateError("the front matter is not closed", file=path, line=first, fix=fix)
    try:
        meta = yaml.safe_load("\n".join(lines[start + 1 : end])) or {}
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise LiterateError(
            f"the front matter is not YAML: {getattr(error, 'problem', error)}",
            file=path,
            line=prose.line_numbers[start + 1 + mark.line] if mark else first,
            fix=fix + "; quote a value that holds a colon",
        ) from None
    if not isinstance(meta, dict):
        found = type(meta).__name__
        raise LiterateError(
            f"the front matter is a {found}, not a mapping", file=path, line=first, fix=fix
        )
    rest = Prose("\n".join(lines[end + 1 :]), prose.line_numbers[end + 1 :])
    return meta, rest if rest.line_numbers else Prose("", prose.line_numbers[-1:])
