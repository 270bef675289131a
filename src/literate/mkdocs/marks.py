"""Where each setting of `mkdocs.yml` is: the file and the line that a message names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from mkdocs.utils.yaml import get_yaml_loader

from literate.base.errors import LiterateError
from literate.base.files import Place, SourceFile, shown_from

#: A key of a mapping, the name of a plugin in a list of them, or a number in any other list.
Key = str | int


class Marks:
    """The settings of a configuration and of those that it inherits from, as nodes of YAML.

    What they amount to, MkDocs says; here is only where they stand. Raises `LiterateError` where a
    file is no YAML, holds no settings, or inherits from what is not there.
    """

    def __init__(self, config_file: Path) -> None:
        self._roots = tuple(_lineage(config_file.absolute()))

    @property
    def files(self) -> list[Path]:
        """The configuration, and those that it inherits from."""
        return [file.path for file, _ in self._roots]

    def place(self, *keys: Key) -> Place:
        """Where a setting stands, or else the innermost setting that would hold it."""
        return self._find(keys)[0]

    def place_of(self, value: object, *keys: Key) -> Place:
        """Where a value stands within a setting, or the setting."""
        place, node = self._find(keys)
        for scalar in _scalars(node):
            # A text means what is written; a number, say, has to be read.
            if value == (scalar.value if isinstance(value, str) else _value(scalar)):
                return Place(place.file, _line(scalar))
        return place

    def _find(self, keys: tuple[Key, ...]) -> tuple[Place, yaml.Node]:
        """The child's setting stands before that of what it inherits from."""
        ways = [(file, list(_way(root, keys))) for file, root in self._roots]
        file, way = max(ways, key=lambda found: len(found[1]))
        if way:
            mark, node = way[-1]
            return Place(file, _line(mark)), node
        return Place(file), self._roots[0][1]


def _lineage(path: Path, heirs: tuple[SourceFile, ...] = ()) -> Iterator[tuple[SourceFile, Any]]:
    """A configuration, the one that its `INHERIT` names, and so on."""
    root = (heirs[0].path if heirs else path).parent
    file = SourceFile(path, shown_from(root, path))
    try:
        loader = get_yaml_loader()(file.read_text("the configuration"))
        node = loader.get_single_node()
    except FileNotFoundError:
        raise LiterateError(
            f"there is no {path.name} here", fix="Run this in the folder of a project"
        ) from None
    except RecursionError:
        raise not_yaml(file, "it nests too deep") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise not_yaml(file, getattr(error, "problem", error), mark and mark.line + 1) from None
    if not isinstance(node, yaml.MappingNode):
        raise file.error(
            f"the configuration is {_KINDS[type(node)]}",
            line=1,
            fix="Write `key: value` lines; `site_name` and `plugins` are the least",
        )
    if deep := _too_deep(node):
        raise not_yaml(file, "it nests too deep", _line(deep))
    yield file, node
    for mark, value in _way(node, ("INHERIT",)):
        parent = Path(path.parent, str(loader.construct_object(value))).resolve()
        known = [heir.path.resolve() for heir in (*heirs, file)]
        if parent in known or not parent.exists():
            name = shown_from(root, parent)
            raise file.error(
                "the configuration inherits from itself"
                if parent in known
                else f"the configuration inherits from {name}, which is not there",
                line=_line(mark),
                fix="Name another file in `INHERIT`",
            )
        yield from _lineage(parent, (*heirs, file))


def not_yaml(file: SourceFile, problem: object, line: int | None = None) -> LiterateError:
    """The error of a file that cannot be read as YAML."""
    fix = "Fix it; quote a value that holds a colon"
    return file.error(f"this is not YAML: {problem}", line=line, fix=fix)


def _too_deep(root: yaml.Node) -> yaml.Node | None:
    """What stands deeper than any setting; recursion would not bear much more."""
    level = [root]
    for _ in range(_DEPTH):
        parts = {id(part): part for node in level for part in _parts(node)}  # aliases: once each
        level = list(parts.values())
    return level[0] if level else None


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


_DEPTH = 50
_KINDS = {type(None): "empty", yaml.ScalarNode: "a text", yaml.SequenceNode: "a list"}


def _way(node: yaml.Node, keys: tuple[Key, ...]) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """As far as the keys lead: the node to point at, and the node of the value, for each."""
    for key in keys:
        found = _child(node, key)
        if found is None:
            return
        yield found
        node = found[1]


def _child(node: yaml.Node, key: Key) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k, value) for k, value in node.value if k.value == key), None)
    if not isinstance(node, yaml.SequenceNode):
        return None
    if isinstance(key, int):
        return (node.value[key], node.value[key]) if key < len(node.value) else None
    items = ((item, item) if item.value == key else _child(item, key) for item in node.value)
    return next((item for item in items if item), None)


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from _scalars(part)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)


def _value(node: yaml.ScalarNode) -> Any:
    """What a scalar means, its text where a tag such as `!ENV` says."""
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):
        return node.value


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
