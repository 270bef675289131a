"""The YAML at the head of a text: which fields it may have, of what type, and which are words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from literate.base.errors import LiterateError
from literate.base.words import on_one_line
from literate.source.document import Prose

#: A text, or a list of them.
Words = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field that the engine or the theme reads: a text, or a list of texts."""

    is_list: bool = False
    is_translated: bool = False

    def fits(self, value: object) -> bool:
        if self.is_list:
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        return isinstance(value, str)


#: What is declared here is checked, and translated if it says so. Any other field goes to the
#: templates as it stands, in `page.meta`.
FIELDS = {
    "title": Field(is_translated=True),
    "summary": Field(is_translated=True),
    "template": Field(),
    "script": Field(),
    "style": Field(),
    "hide": Field(is_list=True),
    "status": Field(),
    "icon": Field(),
}


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a text, and the line of each in the file."""

    fields: Mapping[str, Any]
    lines: Mapping[str, int]

    @property
    def words(self) -> dict[str, Words]:
        """The fields to be translated, in the order of their declaration, on one line each."""
        found = {name: self.fields.get(name) for name, it in FIELDS.items() if it.is_translated}
        return {
            name: on_one_line(value) if isinstance(value, str) else tuple(map(on_one_line, value))
            for name, value in found.items()
            if value
        }


def front_matter(prose: Prose, path: str) -> tuple[FrontMatter, Prose]:
    """The YAML between `---` lines at the head of a text, and the text that follows it.

    Raises `LiterateError` where it is not closed, is not YAML, is not a mapping, or has a field of
    the wrong type.
    """
    lines = prose.text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip()), None)
    if start is None or lines[start].strip() != "---":
        return FrontMatter({}, {}), prose
    fix = "Write `key: value` lines between two lines of `---`"
    first = prose.line_numbers[start]
    end = next((i for i in range(start + 1, len(lines)) if lines[i].strip() == "---"), None)
    if end is None:
        raise LiterateError("the front matter is not closed", file=path, line=first, fix=fix)
    numbers = prose.line_numbers[start + 1 : end]
    try:
        meta, indices = _load("\n".join(lines[start + 1 : end]))
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
    matter = FrontMatter(meta, {name: numbers[index] for name, index in indices.items()})
    _check(matter, path)
    rest = Prose("\n".join(lines[end + 1 :]), prose.line_numbers[end + 1 :])
    return matter, rest if rest.line_numbers else Prose("", prose.line_numbers[-1:])


def _load(text: str) -> tuple[Any, dict[str, int]]:
    """What a piece of YAML says, and the line of each of its keys, counted from 0."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        lines = {key.value: key.start_mark.line for key, _ in pairs if isinstance(key.value, str)}
        return loader.construct_document(node) or {}, lines
    finally:
        loader.dispose()


def _check(matter: FrontMatter, path: str) -> None:
    for name, field in FIELDS.items():
        value = matter.fields.get(name)
        if value is None or field.fits(value):
            continue
        wanted, example = (
            ("a list of texts", "[one, two]") if field.is_list else ("a text", "Words")
        )
        raise LiterateError(
            f"{name!r} in the front matter is {value!r}, not {wanted}",
            file=path,
            line=matter.lines.get(name),
            fix=f"Write `{name}: {example}`, with quotes around what is a number, a date or a list "
            "to YAML",
        )
