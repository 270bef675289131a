"""Pygments' lexer of Python, faster: for each token, it tries some fifty patterns in turn.

Most tokens leave its state as it is. So one pattern, made of all of them, is tried first: it finds
what they would find if that is such a token, and nothing if it is another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers.python import PythonLexer
from pygments.token import _TokenType

#: What matches at a place, the token that this is or what finds several in it, and the next state.
_Rule = tuple[Callable[..., Any], Any, Any]


@cache
def python_lexer() -> PythonLexer:
    """A lexer that finds the very tokens of Pygments'."""
    lexer = PythonLexer()
    states: dict[str, Sequence[_Rule]] = vars(PythonLexer)["_tokens"]
    rules = states["root"]
    vars(lexer)["_tokens"] = {**states, "root": [_first(rules), *rules]}
    return lexer


def _first(rules: Sequence[_Rule]) -> _Rule:
    """One rule for all tokens that leave the state as it is."""
    runs = [(stays, list(run)) for stays, run in groupby(enumerate(rules), _stays)]
    pattern = "(?!)"
    for stays, run in reversed(runs):
        if stays:
            own = [f"(?P<rule{number}>{_pattern(rule)})" for number, rule in run]
            pattern = "|".join([*own, pattern])
        else:
            pattern = f"(?!{'|'.join(_pattern(rule) for _, rule in run)})(?:{pattern})"

    joined = re.compile(pattern, PythonLexer.flags)
    named = joined.groupindex.items()
    found_by = {group: rules[int(name.removeprefix("rule"))] for name, group in named}

    def tokens(lexer: Lexer, found: re.Match[str]) -> Iterator[tuple[int, _TokenType, str]]:
        match, action, _ = found_by[found.lastindex or 0]
        if type(action) is _TokenType:
            yield found.start(), action, found[0]
        else:
            yield from action(lexer, match(found.string, found.start()))

    return joined.match, tokens, None


def _stays(numbered: tuple[int, _Rule]) -> bool:
    return numbered[1][2] is None


def _pattern(rule: _Rule) -> str:
    """The pattern of a rule, as part of a larger one."""
    pattern = rule[0].__self__  # type: ignore[attr-defined]
    return f"(?{'i' * bool(pattern.flags & re.IGNORECASE)}:{pattern.pattern.removeprefix('(?i)')})"
