"""What an option of the plugin is: its type, its default, its checks, its text in the reference."""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from typing import Any

from mkdocs.config.base import BaseConfigOption, ValidationError

from literate.base.errors import nearest

QUOTE = "Write a text; YAML takes some words for others unless they stand in quotes, as in 'no'"
#: Type of an option -> how the reference and a message name it.
_NAMES = {
    str: ("str", "a text"),
    list: ("list[str]", "a list"),
    bool: ("bool", "true or false"),
    dict: ("dict[str, dict[str, str]]", "a mapping"),
}


class Option(BaseConfigOption[Any]):
    """An option of the type of its default; a list is one of texts.

    `text` is the option's section of the reference, Markdown that ends in an example. `choices` are
    all that it may be, `check` says whether it may be what it is. `typed` makes what `Project`
    holds, of the project's folder and the value.
    """

    def __init__(
        self,
        *,
        default: str | bool | list[str] | dict[str, dict[str, str]],
        text: str,
        choices: tuple[str, ...] = (),
        check: Callable[[Any], bool] = lambda value: True,
        typed: Callable[[Path, Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self.default = default
        self.text = cleandoc(text)
        self.choices = choices
        self.check = check
        self.type = type(default)
        self.typed: Callable[[Path, Any], Any] = typed or _as_it_is

    @property
    def kind(self) -> str:
        """The type, as the reference names it."""
        return " | ".join(map(json.dumps, self.choices)) or _NAMES[self.type][0]

    def run_validation(self, value: object) -> Any:
        """The value, or the default where there is none."""
        if value is None or (value == "" and self.type is str):
            return self.default
        example = self.text.rpartition("```yaml\n")[2].partition("\n")[0]
        if not isinstance(value, self.type):
            name = _NAMES[self.type][1]
            raise ValidationError(f"is {described(value)}. Write {name}, as in `{example}`")
        for item in value if isinstance(value, list) else ():
            if not isinstance(item, str) or not item:
                raise ValidationError(f"holds {described(item)}. {QUOTE}")
            if not self.check(item):
                raise ValidationError(f"holds {item!r}. Write it as in `{example}`")
        if isinstance(value, str) and self.choices and value not in self.choices:
            raise ValidationError(f"is {value!r}. {nearest(value, self.choices)}")
        if isinstance(value, (str, dict)) and not self.check(value):
            shown = repr(value) if isinstance(value, str) else "written in another way"
            raise ValidationError(f"is {shown}. Write it as in `{example}`")
        return value


def _as_it_is(root: Path, value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def described(value: Any) -> str:
    """A value of YAML as a message names it: what it was taken for."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"the text {value!r}" if isinstance(value, str) else f"`{str(value).lower()}`, no text"
