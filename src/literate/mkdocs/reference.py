"""The reference of the plugin's options, made of their types and the docstrings below them.

`python -m literate.mkdocs.reference > docs/options.md` writes it. The source of the options is
read, not imported: for that it takes no MkDocs.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import Any

_OPTIONS = Path(__file__).with_name("options.py")
_HEAD = """\
---
# Written by `python -m literate.mkdocs.reference`, from src/literate/mkdocs/options.py.
title: Options
summary: Every option of the plugin, with its type, its default and an example.
hide: [navigation]
---

# Options
"""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of the plugin. `text` is Markdown; a default of None says that there is none."""

    name: str
    kind: str
    default: Any
    text: str

    @property
    def markdown(self) -> str:
        """The option's section of the reference."""
        default = json.dumps(self.default, ensure_ascii=False)
        return f"## `{self.name}`\n\nType `{self.kind}`, by default `{default}`.\n\n{self.text}\n"


def reference() -> str:
    """The page, in Markdown."""
    tree = ast.parse(_OPTIONS.read_text(encoding="utf-8"))
    options = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Options")
    introduction = ast.get_docstring(options) or ""
    sections = (option.markdown for option in _options(options, tree))
    return "\n".join([_HEAD, f"{introduction}\n", *sections])


def _options(options: ast.ClassDef, tree: ast.Module) -> Iterator[Option]:
    """Each `name = c.Kind(…)`, with the string below it."""
    for statement, below in pairwise([*options.body, ast.Pass()]):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                default = next((k.value for k in call.keywords if k.arg == "default"), None)
                value = None if default is None else _value(default, tree)
                yield Option(name, _kind(call), value, _docstring(below))


def _docstring(statement: ast.stmt) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return cleandoc(text)
    return ""


def _kind(call: ast.expr) -> str:
    """`c.ListOfItems(c.Type(str))` as `list[str]`."""
    match call:
        case ast.Call(func=ast.Attribute(attr="Type"), args=[kind, *_]):
            return ast.unparse(kind)
        case ast.Call(func=ast.Attribute(attr="ListOfItems"), args=[kind, *_]):
            return f"list[{_kind(kind)}]"
        case ast.Call(func=ast.Attribute(attr="DictOfItems"), args=[kind, *_]):
            return f"dict[str, {_kind(kind)}]"
        case ast.Call(func=ast.Attribute(attr="Optional"), args=[kind]):
            return f"{_kind(kind)} | None"
        case ast.Call(func=ast.Attribute(attr="Choice"), args=[choices, *_]):
            return " | ".join(json.dumps(choice) for choice in ast.literal_eval(choices))
    return ast.unparse(call)


def _value(default: ast.expr, tree: ast.Module) -> Any:
    """What a default is: a literal, or a name that the options import from the engine."""
    if not isinstance(default, ast.Name):
        return ast.literal_eval(default)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and default.id in {name.name for name in node.names}:
            return getattr(import_module(node.module or ""), default.id)
    raise LookupError(f"options.py does not import {default.id}")


if __name__ == "__main__":
    sys.stdout.write(reference())
