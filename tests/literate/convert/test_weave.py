"""A module becomes a document or a notebook that a person can edit, and comes back from it."""

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from literate.base.errors import LiterateError
from literate.convert.notebook import cells, notebook
from literate.convert.tangle import tangle
from literate.convert.weave import weave
from literate.source.python import read_python

MODULE = '''r"""
---
title: The net
---

# The net

Words about $\\alpha$.
"""

import math


class Net:
    """
    ## A net

    It has `h` units.
    """

    def forward(self, x):
        """Twice the input."""
        # Double the input.
        #
        # It is cheap.
        return 2 * x

    # At the end of a class.
'''
DOCUMENT = """---
title: The net
---

# The net

Words about $\\alpha$.

```python
import math


class Net:
```

## A net

It has `h` units.

```python
    def forward(self, x):
```

<!-- docstring layout=inline -->

Twice the input.

<!-- comment blank=0 -->

Double the input.

It is cheap.

```python
        return 2 * x

```

<!-- comment indent=4 -->

At the end of a class.
"""


def woven(source):
    return weave(read_python(source.encode(), "net.py")).decode()


def tangled(text):
    return tangle(text.encode(), "net.md").decode()


def test_a_document_is_what_a_person_would_write():
    assert woven(MODULE) == DOCUMENT
    assert tangled(DOCUMENT) == MODULE


# --- every byte ---

PIECES = st.sampled_from(
    [
        "import os",
        "",
        "\n",
        "# A note.",
        "# First.\n#\n# Second.",
        "#",
        "#   indented\n# not",
        "#: odd sign",
        "#no blank",
        "# .. like a header of PyLit's\n# ::",
        "# <!-- comment indent=8 -->",
        "# <!-- module newline=no -->",
        "# ```python\n# x = 1\n# ```",
        "# ```\n# not closed",
        "x = 1  # after code",
        's = "# not a note"',
        "text = '''\n# nor this\n```\n````python\n'''",
        "f(\n    # inside brackets\n    1,\n)",
        "@decorated\n# between\nclass A:\n    '''Doc.'''\n\n    # in A\n    y = 2\n    # last in A",
        "def f(\n    a,  # first\n    # second\n    b,\n):\n    # before\n    r'''Doc\n    more.\n    '''\n    return a",
        'def g():\n    """Doc "quoted\\""""\n    return 1',
        'def h():\n  """\n\n  Blank above.\n\n  """\n  # adjacent\n\n\n  # and again\n  return 1',
        'def i():\n    """Hugs\n    its text."""',
        'class B:\n    """\n    Text \\n.\n\n       deeper\n  \n    last"""',
        "class C:\n\t'tabbed'\n\n\tdef f(self):\n\t\t# deeper\n\t\treturn\t1",
        "if x:\n\t# tabbed\n\tpass\n        \nelse:\n        # eight\n        pass",
        "async def j(x={'a':\n    1}) -> None:\n    u'Doc.'",
        "for k in x:\n    # no header:\n    pass",
        "z = '''a''' '''b'''",
        "\x0c",
        "    ",
        "é = 'ü\u2028\x85'  # ß",
        "# \x0c text\x0b",
    ]
)


@given(
    opening=st.sampled_from(["", "#!/usr/bin/env python\n", "# Licence.\n", "\n\n", "    # odd\n"]),
    docstring=st.sampled_from(
        ["", '"""\n---\ntitle: T\n---\n\nText\n"""\n', '"""---\na: 1\n---"""\n', "'Doc.'\n"]
    ),
    parts=st.lists(PIECES, max_size=10),
    endings=st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"]]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
    final=st.booleans(),
)
def test_any_module_comes_back_byte_for_byte(opening, docstring, parts, endings, encoding, final):
    lines = (opening + docstring + "\n".join(parts)).split("\n")
    text = "".join(line + endings[i % len(endings)] for i, line in enumerate(lines))
    data = (text if final else text.rstrip("\r\n")).encode(encoding)
    document = weave(read_python(data, "file.py"))
    assert tangle(document, "file.md") == data


def test_an_encoding_declared_in_the_file_is_kept():
    data = "# coding: latin-1\n\n# Ein Wörtchen.\nx = 'é'\n".encode("latin-1")
    document = weave(read_python(data, "file.py"))
    assert "Ein Wörtchen." in document.decode()
    assert tangle(document, "file.md") == data


# --- edits ---

WORDS = st.text(st.sampled_from("abc éß 卷 $x_1$ *`_()[]<>.,:;!?'#-+=~"), min_size=1, max_size=60)


@given(
    words=WORDS, note=st.sampled_from(["$\\alpha$", "A net", "It has", "Double", "is cheap", "At"])
)
def test_an_edited_note_is_edited_in_the_module(words, note):
    edited = DOCUMENT.replace(note, f"w{words}w")
    assert tangled(edited) == woven_with(note, f"w{words}w")


def woven_with(note, words):
    """The module with other words; its docstring is raw while it holds a backslash."""
    module = MODULE.replace(note, words)
    return module if "\\" in module else module.removeprefix("r")


@given(
    edited=st.text(st.sampled_from("ab `~<>-!#\"'\\\n\r\t.py thoncdmet"), max_size=40),
    at=st.integers(0, 500),
)
def test_a_document_gives_python_or_one_clear_error(edited, at):
    text = DOCUMENT[:at] + edited + DOCUMENT[at:]
    try:
        module = tangled(text).encode()
    except LiterateError as error:
        assert error.file == "net.md" and error.fix
        assert 1 <= error.line <= text.count("\n") + text.count("\r") + 1
    else:
        assert read_python(module, "net.py").encode() == module


def test_code_and_notes_can_be_added():
    more = """
```python


def half(x):
```

## Half of it

As $\\frac{x}{2}$.

```python
    y = x

```

Shift it.

```python
    return y >> 1
```
"""
    assert tangled(DOCUMENT + more) == MODULE + (
        '\n\ndef half(x):\n    r"""\n    ## Half of it\n\n    As $\\frac{x}{2}$.\n    """\n'
        "    y = x\n\n    # Shift it.\n    return y >> 1\n"
    )


def test_a_document_that_was_never_woven_gives_a_module():
    text = "# A title\n\nWords.\n\n```python\nx = 1\n```\n\nMore.\n\n```python\ny = 2\n```"
    assert tangled(text) == '"""\n# A title\n\nWords.\n"""\n\nx = 1\n# More.\ny = 2\n'


def test_a_blank_line_between_front_matter_and_its_mark_parts_nothing():
    source = 'r"""\n---\ntitle: T\n---\n\nWords.\n"""\n'
    document = woven(source)
    assert "---\n<!-- docstring" in document
    assert tangled(document.replace("<!--", "\n<!--")) == source.replace("\n\n", "\n\n\n")


def test_quotes_in_a_docstring_take_other_quotes():
    assert '\'\'\'\n    Say """it""".\n' in tangled(
        DOCUMENT.replace("## A net\n\nIt has `h` units.", 'Say """it""".')
    )


def test_an_editor_that_changes_line_endings_changes_nothing_else():
    assert (
        tangle(DOCUMENT.replace("\n", "\r\n").encode(), "n.md")
        == MODULE.replace("\n", "\r\n").encode()
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("        return 2 * x\n\n```\n", "        return 2 * x\n\n", "net.md:34: the code that begins here has no end"),
        ("class Net:\n```\n", "class Net:\n", "net.md:9: the code that begins here has no end"),
        ("```python\n        return", "        return", "net.md:36: the note has a fence that does not close"),
        ("layout=inline -->", "layout=inline", "net.md:24: the mark `<!-- docstring layout=inline` is broken"),
        ("layout=inline", "layuot=inline", "net.md:24: the mark `docstring` has no field 'layuot'. Did you mean 'layout'?"),
        ("indent=4", "indent=deep", "net.md:39: the mark's field 'indent' cannot be 'deep'"),
        ("<!-- comment indent", "<!-- module indent", "net.md:39: the mark `module` has no field 'indent'"),
        ("<!-- comment indent=4 -->", "<!-- module newline=no -->", "net.md:39: the mark of the module is not the last line"),
        ("return 2 * x", "return 2 *", "net.md:35: what the document gives is not Python"),
        ("Twice", "Twice\0", "net.md:26: the text holds a NUL"),
    ],
)  # fmt: skip
def test_a_malformed_document_is_one_clear_error(old, new, message):
    assert old in DOCUMENT
    with pytest.raises(LiterateError) as error:
        tangled(DOCUMENT.replace(old, new))
    assert str(error.value).startswith(message)
    assert error.value.fix


def test_a_document_that_is_not_utf8_is_an_error():
    with pytest.raises(LiterateError, match="net.md:2: the document is not UTF-8"):
        tangle(b"Words.\n\xff\n", "net.md")


# --- the commands ---


def test_the_commands_go_there_and_back(project):
    source = project.root / "src/paper/net.py"
    made = project.run("weave", "net", "-o", "out/net.md")
    assert made.returncode == 0, made.stderr
    assert project.run("weave", "src/paper/net.py").stdout == project.read("out/net.md")
    before = source.read_bytes()
    project.write("out/net.md", project.read("out/net.md").replace("Double", "Take twice"))
    made = project.run("tangle", "out/net.md", "-o", "src/paper/net.py")
    assert made.returncode == 0, made.stderr
    assert source.read_bytes() == before.replace(b"Double", b"Take twice")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("weave", "nte"), "there is no page 'nte'. Did you mean 'net'?"),
        (("weave", "index"), "the page 'index' is Markdown already."),
        (("weave", "none.py"), "none.py: no such file or directory."),
        (("weave", "net", "-o", "src/paper/net.py"), "src/paper/net.py would be overwritten"),
        (("tangle", "docs/open.md", "-o", "src/paper/net.py"), "docs/open.md:1: the code that begins here has no end."),
    ],
)  # fmt: skip
def test_a_command_that_cannot_be_done_leaves_all_as_it_was(project, arguments, message):
    project.write("docs/open.md", "```python\nx = 1\n")
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    result = project.run(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {message}")
    assert before == {p: p.read_bytes() for p in project.root.rglob("*") if p.is_file()}


# --- notebooks ---

SCRIPT = '''"""
---
title: Run me
---

Words, ![a drawing](net.svg) and $x$.
"""
from __future__ import annotations

from .errors import LiterateError
from . import document as d

# Between statements.
X: Later = 1  # a name that is not there

# fmt: off
Y = [
# within brackets
1]


# Above a function.
@staticmethod
def f():
    """Stays."""
    # Stays too.
    from .errors import nearest
    return nearest
# Below a function.


def g(): ...


if __name__ == "__main__":
    import sys
    # Would read the kernel's arguments.
    raise SystemExit(len(sys.argv))
'''


def book(source, **options):
    return nbformat.reads(
        notebook(read_python(source.encode(), "page.py"), **options), as_version=4
    )


def test_notes_between_statements_become_cells():
    made = book(SCRIPT, package="literate", link=lambda target: f"there/{target}")
    assert [(cell.cell_type, cell.source) for cell in made.cells] == [
        ("markdown", "# Run me\n\nWords, ![a drawing](there/net.svg) and $x$."),
        ("code", "from __future__ import annotations\n\nfrom literate.errors import LiterateError\nfrom literate import document as d"),
        ("markdown", "Between statements."),
        ("code", "X: Later = 1  # a name that is not there\n\n# fmt: off\nY = [\n# within brackets\n1]"),
        ("markdown", "Above a function."),
        ("code", '@staticmethod\ndef f():\n    """Stays."""\n    # Stays too.\n    from literate.errors import nearest\n    return nearest'),
        ("markdown", "Below a function."),
        ("code", "def g(): ..."),
        ("markdown", '```python\nif __name__ == "__main__":\n    import sys\n    # Would read the kernel\'s arguments.\n    raise SystemExit(len(sys.argv))\n```'),
    ]  # fmt: skip


def test_a_relative_import_that_leaves_its_package_is_an_error():
    with pytest.raises(LiterateError, match="page.py:10: this relative import"):
        book(SCRIPT)


def test_parents_of_a_package_are_named():
    made = book("from ..a import b\nfrom . import c\n", package="one.two")
    assert made.cells[0].source == "from one.a import b\nfrom one.two import c"


@given(parts=st.lists(PIECES, max_size=10))
def test_a_notebook_is_valid_and_always_the_same(parts):
    document = read_python("\n".join(parts).encode(), "file.py")
    text = notebook(document)
    assert text == notebook(document)
    nbformat.validate(json.loads(text))
    for cell in cells(document):
        if cell.is_code:
            read_python(cell.source.encode(), "cell.py")


def test_a_notebook_finds_its_figures_from_where_it_lies(project):
    project.write("docs/net.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    source = project.read("src/paper/net.py").replace("Words", "![](../../docs/net.svg)")
    project.write("src/paper/net.py", source)
    result = project.run("weave", "net", "--to", "ipynb", "-o", "out/net.ipynb")
    assert result.returncode == 0, result.stderr
    assert "![](../docs/net.svg)" in project.read("out/net.ipynb")
