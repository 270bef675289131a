"""The faster lexer of Python finds what Pygments' own finds."""

import json.decoder
import textwrap
import typing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers.python import PythonLexer

from literate.notes.lexer import python_lexer

MODULES = (json.decoder, textwrap, typing)
#: What begins and ends states, and what looks like the beginning of one.
PIECES = [
    *("'", '"', "'''", '"""', "f'", 'rb"', 'f"""{', "}", "{x!r:>{n}}", "\\", "\n", " ", "#"),
    *(
        "def ",
        "class ",
        "from ",
        "import ",
        "lazy import ",
        "match ",
        "case _:",
        "async ",
        "await ",
    ),
    *("None", "import_", "definition", "self", "__init__", "@", "é", "0x_f", "1_0.5e3j", "!", "$"),
]


def tokens(lexer, text):
    return list(lexer.get_tokens_unprocessed(text))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_tokens_of_a_module_are_those_of_pygments(module):
    text = Path(module.__file__).read_text(encoding="utf-8")
    assert tokens(python_lexer(), text) == tokens(PythonLexer(), text)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_so_are_those_of_what_is_no_python(text):
    assert tokens(python_lexer(), text) == tokens(PythonLexer(), text)
