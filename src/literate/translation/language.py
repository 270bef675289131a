"""A language of the site: what `language.toml` says of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError

from literate.base.errors import LiterateError, nearest
from literate.base.files import SourceFile


@dataclass(frozen=True, slots=True)
class Language:
    """What `language.toml` says of a language.

    `glossary` maps a term of the source to the translations that are accepted for it, `avoid` a
    word that must not be used to the one to use instead, `names` are words that may stay as they
    are in any text.
    """

    code: str
    name: str
    direction: str = "ltr"
    reviewed: bool = False
    glossary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    avoid: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "name": lambda value: isinstance(value, str) and bool(value.strip()) and value.isprintable(),
    "direction": lambda value: value in ("ltr", "rtl"),
    "reviewed": lambda value: isinstance(value, bool),
    "names": lambda value: _is_texts(value),
    "glossary": lambda value: (
        isinstance(value, dict) and all(_is_texts(v) or isinstance(v, str) for v in value.values())
    ),
    "avoid": lambda value: (
        isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    ),
}
_EXPECTED = {
    "name": 'the language\'s own name, as in name = "中文"',
    "direction": '"ltr" or "rtl"',
    "reviewed": "true or false",
    "names": "a list of words",
    "glossary": 'lines of "term" = ["translation", …]',
    "avoid": 'lines of "word" = "word to use instead"',
}


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def known_language(code: str) -> Language:
    """A language that keeps no settings: its name and direction are common knowledge.

    Raises `LiterateError` for an unknown code.
    """
    try:
        locale = Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        raise LiterateError(
            f"unknown language {code!r}", fix="Write a code such as 'zh' or 'pt-BR'"
        ) from None
    name = locale.get_language_name() or code
    return Language(code, name, direction=locale.text_direction)


def load_language(file: SourceFile) -> Language:
    """Read a language's `language.toml`, whose folder goes by the language's code.

    Raises `LiterateError` where it is missing, is not TOML, or has an unknown or wrong entry.
    """
    code = file.path.parent.name
    try:
        text = file.read_text("the language's settings")
        settings = tomllib.loads(text)
        repr(settings)  # a ValueError, where a number in it is too long to be shown
    except FileNotFoundError:
        raise file.error(
            f"the language {code!r} has no language.toml",
            fix=f"Write one, with at least {_EXPECTED['name']}",
        ) from None
    except (ValueError, RecursionError) as error:  # of TOML, of a huge number, of deep lists
        match = re.search(r"at line (\d+)", str(error))
        raise file.error(
            f"this is not TOML: {error}",
            line=int(match[1]) if match else _longest_line(text),
            fix='Write `entry = "value"` lines',
        ) from None
    for key, value in {"name": "", **settings}.items():
        line = _line_of(key, text)
        if key not in _FIELDS:
            raise file.error(f"unknown entry {key!r}", line=line, fix=nearest(key, _FIELDS))
        if not _FIELDS[key](value):
            raise file.error(f"the entry {key!r} is {value!r}", line=line, fix=_EXPECTED[key])
    glossary = {
        term: tuple([accepted] if isinstance(accepted, str) else accepted)
        for term, accepted in settings.get("glossary", {}).items()
    }
    return Language(
        code=code,
        name=settings["name"],
        direction=settings.get("direction") or direction_of(code),
        reviewed=settings.get("reviewed", False),
        glossary=glossary,
        avoid=settings.get("avoid", {}),
        names=frozenset(settings.get("names", ())),
    )


def _longest_line(text: str) -> int:
    """Where what is too large or too deep is likely to be: the reader does not say."""
    lines = text.split("\n")
    return max(range(len(lines)), key=lambda number: len(lines[number])) + 1


def _line_of(key: str, text: str) -> int:
    """The line on which an entry or a table of that name starts."""
    name = rf"""["']?{re.escape(key)}["']?[ \t]*"""
    table = re.search(rf"^[ \t]*\[[ \t]*{name}[].]", text, re.MULTILINE)
    found = table or re.search(rf"^[ \t]*{name}[.=]", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


@cache
def direction_of(code: str) -> str:
    """The direction in which a language is written, where that is known."""
    try:
        return known_language(code).direction
    except LiterateError:
        return "ltr"
