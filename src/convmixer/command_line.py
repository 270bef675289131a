"""
---
title: The command line
summary: Options read from the command line, and mistyped ones answered with the nearest.
---

# The command line

Each command declares its options as a dataclass: their names, types, defaults and
notes. The library tyro makes the command line of it, so that page and `--help` cannot
disagree. What is mistyped is [looked for](#check_words) first, and the answer is one
line.
"""

import difflib
import sys
from collections.abc import Iterable
from dataclasses import Field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import tyro

from convmixer.errors import ExperimentError


def read(kind: type, arguments: list[str] | None, prog: str, **more: Any) -> Any:
    """
    ## Read a command line

    * `kind` is the dataclass of the options
    * `arguments` are the words; without them, those that Python was started with
    * `prog` is how the command is called
    * `more` goes to tyro

    Returns the options. What cannot be read ends the program here, with exit code 2, or
    raises an `ExperimentError`.
    """
    words = sys.argv[1:] if arguments is None else arguments
    check_words(options_in(kind), words)
    config = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes)
    return tyro.cli(kind, args=words, prog=prog, config=config, **more)


def options_in(kind: type) -> dict[str, tuple[str, ...]]:
    """
    ### The options of a dataclass

    Returns each option as it is typed, with its choices, if it has any. The options may
    be in groups, which are dataclasses themselves.
    """
    found: dict[str, tuple[str, ...]] = {}
    plain, noted = get_type_hints(kind), get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        # A group. Its options are typed without its name.
        if isinstance(plain[field.name], type) and hasattr(
            plain[field.name], "__dataclass_fields__"
        ):
            found |= options_in(plain[field.name])
            continue
        # Only a `Literal` lists all that the option can be.
        literal = get_origin(plain[field.name]) is Literal
        choices = get_args(plain[field.name]) if literal else ()
        for name in names_of(field, noted[field.name]):
            found[name] = choices
    return found


def names_of(field: Field, noted: Any) -> Iterable[str]:
    """
    An option's name as it is typed, and its other names.
    """
    yield f"--{field.name.replace('_', '-')}"
    for note in getattr(noted, "__metadata__", ()):
        yield from getattr(note, "aliases", None) or ()


def check_words(options: dict[str, tuple[str, ...]], words: list[str]) -> None:
    """
    ### Look for what is mistyped

    Raises an `ExperimentError` for an option that does not exist, or a choice that an
    option does not have, and names the nearest.
    """
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        # tyro takes an underscore for a dash, too. A value is looked at together with its
        # option, and `--help` and `--tyro-…` are left to tyro.
        name = name.replace("_", "-")
        if not name.startswith("--") or name.startswith(("--help", "--tyro-")):
            continue
        if name not in options:
            raise ExperimentError(
                f"there is no option {name}{nearest(name, options) or '; --help lists all'}"
            )
        # A value stands after `=`, or is the next word.
        choices = options[name]
        if "=" not in word:
            value = words[place + 1] if place + 1 < len(words) else ""
        if choices and value and value not in choices:
            raise ExperimentError(
                f"{name} can be {', '.join(choices)}, not {value}"
                f"{nearest(value, choices)}"
            )


def nearest(word: str, known: Iterable[str]) -> str:
    """
    Returns the part of an error that names what was probably meant, if anything was.
    """
    found = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {found[0]}?" if found else ""
