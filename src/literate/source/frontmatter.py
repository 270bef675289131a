"""The YAML at the head of a text: which fields it may have, of what type, and which are words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from literate.base.errors import LiterateError, nearest
from literate.base.words import on_one_line
from literate.source.document import Prose

#: A text, or a list of them.
Words = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A field that the engine or the theme reads: a text, a link `[words, target]`, or a list."""

    is_list: bool = False
    is_link: bool = False
    is_translated: bool = False

    def fits(self, value: Any) -> bool:
        if self.is_list:
            return isinstance(value, list) and all(map(self._fits, value))
        return self._fits(value)

    def _fits(self, item: Any) -> bool:
        if not self.is_link:
            return isinstance(item, str)
        is_pair = isinstance(item, list) and len(item) == 2
        return is_pair and all(isinstance(part, str) and part for part in item)

    def words(self, value: Any) -> Words:
        """What of a value is to be translated, on one line each."""
        if self.is_list:
            return tuple(map(self._words, value))
        return self._words(value)

    def _words(self, item: Any) -> str:
        return on_one_line(item[0] if self.is_link else item)

    @property
    def wanted(self) -> tuple[str, str]:
        """What a value has to be, and one that is."""
        match self.is_list, self.is_link:
            case True, True:
                return "a list of links", "[[Words, page.md], [More words, '#a-heading']]"
            case True, False:
                return "a list of texts", "[one, two]"
            case False, True:
                return "a link", "[Words, target]"
        return "a text", "Words"


#: What is declared here is checked, and translated if it says so. Any other field goes to the
#: templates as it stands, in `page.meta`. A dot leads to a field within a field.
FIELDS = {
    "title": Field(is_translated=True),
    "summary": Field(is_translated=True),
    "template": Field(),
    "script": Field(),
    "style": Field(),
    "hide": Field(is_list=True),
    "status": Field(),
    "icon": Field(),
    "hero.kicker": Field(is_translated=True),
    "hero.actions": Field(is_list=True, is_link=True, is_translated=True),
    "hero.picture": Field(is_link=True, is_translated=True),
}


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a text, and the line of each in the file."""

    fields: Mapping[str, Any]
    lines: Mapping[str, int]

    def get(self, name: str) -> Any:
        """The value of a field, None where there is none."""
        value: Any = self.fields
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    @property
    def words(self) -> dict[str, Words]:
        """The fields to be translated, in the order of their declaration, on one line each."""
        return {
            name: field.words(value)
            for name, field in FIELDS.items()
            if field.is_translated and (value := self.get(name))
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
    except (yaml.YAMLError, ValueError, RecursionError) as error:
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


#: How many values front matter may hold, each counted wherever an alias repeats it.
_MOST = 10_000


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node holds; endlessly many where it holds itself."""
    if id(node) not in known:
        known[id(node)] = _MOST  # for as long as it is being counted
        parts: list[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def _load(text: str) -> tuple[Any, dict[str, int]]:
    """What a piece of YAML says, and the line of each of its keys, counted from 0."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        if _size(node, {}) > _MOST:
            raise ValueError(f"it holds over {_MOST:,} values")
        lines = dict(_lines(node))
        value = loader.construct_document(node) or {}
        repr(value)  # a ValueError, where a number in it is too long to be shown
        return value, lines
    finally:
        loader.dispose()


def _lines(node: yaml.Node, before: str = "") -> Iterator[tuple[str, int]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(key.value, str):
            yield before + key.value, key.start_mark.line
            yield from _lines(value, f"{before}{key.value}.")


def _check(matter: FrontMatter, path: str) -> None:
    for group in dict.fromkeys(name.split(".")[0] for name in FIELDS if "." in name):
        _check_group(matter, group, path)
    for name, field in FIELDS.items():
        value = matter.get(name)
        if value is None or field.fits(value):
            continue
        wanted, example = field.wanted
        raise LiterateError(
            f"{name!r} in the front matter is {value!r}, not {wanted}",
            file=path,
            line=matter.lines.get(name),
            fix=f"Write `{name.split('.')[-1]}: {example}`, with quotes around what is a number, a "
            "date or a list to YAML",
        )


def _check_group(matter: FrontMatter, group: str, path: str) -> None:
    """Raise unless a field that holds fields holds only those that it may."""
    value = matter.get(group)
    known = [name.partition(".")[2] for name in FIELDS if name.startswith(f"{group}.")]
    if value is not None and not isinstance(value, dict):
        raise LiterateError(
            f"{group!r} in the front matter is {value!r}, not a mapping",
            file=path,
            line=matter.lines.get(group),
            fix=f"Write lines below it, such as `{known[0]}: …`",
        )
    for name in value or ():
        if name not in known:
            raise LiterateError(
                f"{group!r} in the front matter has no {name!r}",
                file=path,
                line=matter.lines.get(f"{group}.{name}"),
                fix=nearest(str(name), known),
            )
