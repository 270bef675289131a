"""Taking a source apart loses no byte, and tells notes from code as a reader would."""

import ast
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from literate.base.errors import LiterateError
from literate.source.python import read_python

PIECES = st.sampled_from(
    [
        "import os",
        "",
        "# A note.",
        "#",
        "#: odd sign",
        "x = 1  # after code",
        's = "# not a note"',
        "text = '''\n# nor this\n'''",
        "f(\n    # inside brackets\n    1,\n)",
        "@decorated\n# between\nclass A:\n    '''Doc.'''\n\n    # in A\n    y = 2",
        "def f(\n    a,  # first\n    # second\n    b,\n):\n    # before\n    r'''Doc\n    more.\n    '''\n    return a",
        "async def g():\n    return '# no'",
        "if x:\n\t# tabbed\n\tpass",
        "z = '''a''' '''b'''",
        "\x0c",
        "é = 'ü'  # ß",
    ]
)


@given(
    pieces=st.lists(PIECES, max_size=12),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
    final=st.booleans(),
)
def test_what_was_taken_apart_goes_back_together(pieces, ending, encoding, final):
    text = ending.join("\n".join(pieces).split("\n")) + (ending if final else "")
    data = text.encode(encoding)
    document = read_python(data, "file.py")
    assert document.encode() == data
    numbers = [line.number for line in document.lines]
    assert numbers == list(range(1, len(numbers) + 1))


#: Strings over several lines, that begin in all manners.
STRINGS = st.sampled_from(
    [
        "s = 'a\\\n# in a string'",
        "t = f'''{1}\n# in a string'''",
        "u = 1 + \\\n    2",
        "'''Doc.'''; v = '''\n# in a string\n'''",
        "def h():\n    '''Doc.\n    # in the note\n    '''",
        'w = ("a"\n# between\n"b")',
    ]
)


@given(st.lists(PIECES | STRINGS, max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_comment_is_what_python_takes_for_one(pieces, ending):
    lines = [line + ending for line in "\n".join(pieces).split("\n")]
    document = read_python("".join(lines).encode(), "file.py")
    noted = {line.number for section in document.sections for line in section.note}
    for node in ast.walk(ast.parse(document.source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            noted -= set(range(node.lineno, node.end_lineno + 1))
    rest = iter(lines)
    tokens = tokenize.generate_tokens(lambda: next(rest, ""))
    comments = {one.start[0]: one for one in tokens if one.type == tokenize.COMMENT}
    alone = {number for number in comments if lines[number - 1].lstrip(" \t\f").startswith("#")}
    assert noted <= alone
    # From the decorators of a definition to its docstring, comments stay code.
    left = {comments[number].string for number in alone - noted}
    assert left <= {"# between", "# second", "# before"}


def notes(source):
    sections = read_python(source.encode(), "file.py").sections
    return [
        (s.prose.text if s.prose else None, "".join(line.text for line in s.code)) for s in sections
    ]


def test_a_comment_owns_the_code_below_it():
    assert notes("# One.\na = 1\n# Two,\n# still two.\nb = 2\n") == [
        ("One.", "a = 1\n"),
        ("Two,\nstill two.", "b = 2\n"),
    ]


def test_a_docstring_stands_beside_its_signature():
    source = "def f(x):\n    '''What f does.'''\n    return x\n"
    (section,) = read_python(source.encode(), "file.py").sections
    assert section.definition == "f"
    assert [line.number for line in section.code] == [1, 3]
    assert section.prose.text == "What f does."


def test_a_comment_above_a_documented_definition_joins_its_docstring():
    assert notes("# Above.\n@wraps\ndef f():\n    '''Below.'''\n") == [
        ("Above.\n\nBelow.", "@wraps\ndef f():\n")
    ]


def test_a_comment_in_a_signature_stays_code():
    source = "def f(\n    a,\n    # the second\n    b,\n):\n    '''Doc.'''\n"
    assert notes(source) == [("Doc.", "def f(\n    a,\n    # the second\n    b,\n):\n")]


@pytest.mark.parametrize(
    "source",
    [
        "def f(\n    a,\n    # about b\n):\n    return 1\n",
        "def f(\n    # nothing\n):\n    return 1\n",
        "class A(\n    B,\n    # mixin\n):\n    x = 1\n",
        's = "# no note"\n',
        "t = '''\n# no note\n'''\n",
        "x = 1  # no note\n",
        "#!/usr/bin/env python3\nx = 1\n",
        "# -*- coding: utf-8 -*-\nx = 1\n",
        "# fmt: off\nx = 1\n",
        "x = 1; '''not a docstring'''\n",
        "def f(): '''on the line of its code'''\n",
        "'''two ''' '''strings'''\n",
    ],
)
def test_what_is_no_note(source):
    assert notes(source) == [(None, source)]


def test_prose_knows_its_lines():
    source = "'''\nTitle\n\n    indented\n'''\n"
    (section,) = read_python(source.encode(), "file.py").sections
    assert section.prose.text.split("\n")[1:4] == ["Title", "", "    indented"]
    assert section.prose.line_numbers == (1, 2, 3, 4, 5)


def test_nested_names_are_qualified():
    source = "class A:\n    class B:\n        def f(self): ...\nX = 1\n"
    names = [d.name for d in read_python(source.encode(), "file.py").definitions]
    assert names == ["A", "A.B", "A.B.f", "X"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"def f(:\n", "file.py:1: this is not Python"),
        (b"x = 1\ny = (\n", "file.py:2: this is not Python"),
        (b"# coding: uft-8\n", "file.py:1: the text cannot be decoded"),
        (b"x = 1\ny = '\xff'\n", "file.py:2: the text cannot be decoded"),
    ],
)
def test_a_source_that_cannot_be_read_names_file_and_line(data, message):
    with pytest.raises(LiterateError) as error:
        read_python(data, "file.py")
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("data", [b"", b"\n", b"# only a note", b"'''only a docstring'''"])
def test_small_files(data):
    assert read_python(data, "file.py").encode() == data


def test_an_encoding_declared_in_the_file_is_kept():
    data = "# coding: latin-1\nx = 'é'\n".encode("latin-1")
    assert read_python(data, "file.py").encode() == data


@pytest.mark.parametrize(
    ("source", "prose"),
    [
        ('def f():\n    """Doc."""  # noqa: D400\n', "Doc."),
        ('def f():\n    """Doc.\n    """  # what it is for\n', "Doc.\n\n\nwhat it is for"),
        ('def f():\n    """Says \\""" thrice."""\n', 'Says \\""" thrice.'),
        ('def f():\n    "Says \\"once\\"."\n', 'Says \\"once\\".'),
    ],
)
def test_what_is_a_docstring_all_the_same(source, prose):
    (section,) = read_python(source.encode(), "file.py").sections
    assert section.prose.text == prose
    assert len(section.prose.line_numbers) == prose.count("\n") + 1
    assert section.definition == "f"


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """a""" """b"""\n',
        "def f():\n    '''a''' \\\n    '''b'''  # c\n",
        'def f():\n    """a"""; x = 1\n',
    ],
)
def test_what_is_no_docstring(source):
    assert notes(source) == [(None, source)]


def test_an_expression_may_be_long():
    data = ("x = " + " + ".join(["1"] * 2000) + "\n").encode()
    assert read_python(data, "file.py").encode() == data
