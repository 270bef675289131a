"""Docstrings and comments as others write them."""

import sys

import pytest

from literate.base.errors import LiterateError
from literate.notes.render import render_note
from literate.source.document import Prose
from literate.source.python import read_python


def document(source):
    return read_python(source.encode(), "file.py")


def shown(source):
    """The HTML of each note, in order, its parts put back, and the code beside it."""
    rows = []
    for section in document(source).sections:
        note = render_note(section.prose) if section.prose else None
        html = note.html if note else ""
        for number, item in enumerate(note.inlines if note else ()):
            held = f"<span translate=no>_^_{number}_^_</span>"
            html = html.replace(held, getattr(item, "html", "[picture]"))
        rows.append((html.replace("\n", ""), "".join(line.text for line in section.code)))
    return rows


def docstring(text, prefix=""):
    quoted = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    ((html, _),) = shown(f'def f():\n    {prefix}"""\n{quoted}\n    """\n')
    return html


def test_the_first_function_keeps_its_docstring():
    source = '"""\n# Thing\n"""\ndef f():\n    """Does it."""\n'
    assert shown(source) == [("<h1>Thing</h1>", ""), ("<p>Does it.</p>", "def f():\n")]
    first, second = document(source).sections
    assert first.definition is None and second.definition == "f"


def test_a_session_of_an_interpreter_is_code():
    html = docstring(
        "Adds.\n\n>>> add(1, 2)\n3\n>>> for i in x:\n...     i\n\n>>> 4\n4\n\nThat is all."
    )
    assert html.count("<pre>") == 1 and "blockquote" not in html
    assert html.startswith("<p>Adds.</p>") and html.endswith("<p>That is all.</p>")
    assert "&gt;&gt;&gt; " in html and "... " in html


def test_a_session_in_a_list_stays_in_its_item():
    html = docstring("* one\n\n    >>> 1\n    1\n\n* two")
    assert html.index("<pre>") < html.index("</li>") < html.index("two")


GOOGLE = """Sums.

Args:
    a: the first, a long one
        which wraps, $x$.
    b (int): the second.
    **more: whatever.

Returns:
    The sum.

Raises:
    ValueError: if wrong.

Note:
    Mind the gap."""
NUMPY = """Sums.

Parameters
----------
a
    the first, a long one
    which wraps, $x$.
b : int
    the second.
**more
    whatever.

Returns
-------
The sum.

Raises
------
ValueError
    if wrong.

Notes
-----
Mind the gap."""
SPHINX = """Sums.

:param a: the first, a long one
    which wraps, $x$.
:param int b: the second.
:raises ValueError: if wrong.
:rtype: float

Mind the gap."""


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_arguments_are_a_list(text):
    html = docstring(text)
    assert html.startswith("<p>Sums.</p>") and html.endswith("<p>Mind the gap.</p>")
    assert "<li><code>a</code> the first, a long one which wraps, <math>" in html
    assert "<li><code>b: int</code> the second.</li>" in html
    assert "<li><code>ValueError</code> if wrong.</li>" in html
    assert "---" not in html and ":param" not in html


def test_sphinx_fields_that_labml_has_are_as_there():
    html = docstring("Sums.\n\n:param a: is one\n:return: the sum")
    assert html == (
        "<p>Sums.</p><ul><li><code>a</code> is one</li></ul><p><em>Returns</em> the sum</p>"
    )


def test_the_lines_of_a_section_are_those_of_the_file():
    source = f'def f():\n    """{GOOGLE}"""\n'.replace("\n", "\n    ").rstrip() + "\n"
    (section,) = document(source).sections
    lines = source.split("\n")
    prose = [*zip(section.prose.text.split("\n"), section.prose.line_numbers, strict=True)]
    for word in ("the first", "which wraps", "the second", "if wrong", "Mind", "The sum"):
        numbers = [number for text, number in prose if word in text]
        assert numbers and all(word in lines[number - 1] for number in numbers), word


def test_words_with_a_colon_are_no_section():
    text = "Returns:\n\nnothing.\n\nArgs: none, see\nExamples: many."
    assert docstring(text) == "<p>Returns:</p><p>nothing.</p><p>Args: none, see Examples: many.</p>"


def test_a_section_in_a_block_of_code_stays():
    assert "Args:" in docstring("```\nArgs:\n    a: one\n```")


@pytest.mark.parametrize(
    ("prefix", "written", "html"),
    [
        ("", r"a tab \\t and C:\\new", r"<p>a tab \t and C:\new</p>"),
        ("", 'say \\\\"so\\\\" twice', None),
        ("r", r"two \\ backslashes", "<p>two \\ backslashes</p>"),
        ("", r"$\alpha \\ \beta$", None),
    ],
)
def test_backslashes_are_read_as_python_reads_them(prefix, written, html):
    shown_html = docstring(written, prefix)
    assert html is None or shown_html == html


def test_doubled_backslashes_are_one_in_math():
    assert docstring(r"$\\frac{1}{2}$") == docstring(r"$\frac{1}{2}$", "r")
    assert "mfrac" in docstring(r"$\\frac{1}{2}$")


def test_front_matter_is_left_alone():
    source = '"""\n---\ntitle: __init__ says\nexamples:\n  - one\n---\n# T\n"""\n'
    assert "title: __init__ says\nexamples:\n  - one" in document(source).sections[0].prose.text


@pytest.mark.parametrize(
    "comment",
    ["flake8: noqa", "NOQA", "pyre-strict", "pytype: disable=x", "ty: ignore", "nosec B101",
     "vim: set ts=4:", "-*- mode: python -*-", "SPDX-License-Identifier: MIT", "fmt: skip",
     "pylint: disable=all", "!pip install x", "%matplotlib inline", "%%time"],
)  # fmt: skip
def test_what_speaks_to_a_tool_is_no_note(comment):
    source = f"# {comment}\nx = 1\n"
    assert shown(source) == [("", source)]


def test_metadata_of_a_script_is_no_note():
    source = '# /// script\n# dependencies = ["a"]\n# ///\nx = 1\n'
    assert shown(source) == [("", source)]


def test_pictures_tables_and_admonitions_still_are_notes():
    for text in ("![A](a.png)", "!!! note\n#     Words.", "| a |\n# | --- |"):
        assert shown(f"# {text}\nx = 1\n")[0][0]


@pytest.mark.parametrize(
    "comment",
    ["# ------\n# Model\n# ------", "#######\n# Model #\n#######", "# ======\n# Model\n# ======",
     "# ---- Model ----", "######## Model ########", "# == Model ==", "# Model\n# =====",
     "# ---\n# Model\n# ---", "#-------#\n# Model #\n#-------#"],
)  # fmt: skip
def test_a_banner_is_a_heading(comment):
    assert shown(f"{comment}\nx = 1\n") == [("<h2>Model</h2>", "x = 1\n")]


def test_a_box_of_sentences_is_text():
    html = "<p>Copyright me. All rights reserved.</p>"
    source = "##########\n# Copyright me. #\n# All rights reserved. #\n##########\nx = 1\n"
    assert shown(source) == [(html, "x = 1\n")]
    assert shown("# --------\n# Copyright me.\n# All rights reserved.\n# --------\n")[0][0] == html


def test_a_rule_of_a_table_is_none():
    assert "<table>" in shown("# | a | b |\n# | --- | --- |\n# | 1 | 2 |\n")[0][0]


def test_names_with_underscores_stay():
    html = shown("# `__init__` and __init__ call __main__.py, **not** __Bold words__.\n")[0][0]
    assert html == (
        "<p><code>__init__</code> and __init__ call __main__.py, <strong>not</strong> "
        "<strong>Bold words</strong>.</p>"
    )


def test_marks_of_cells_begin_sections():
    source = (
        '# %%\nimport os\n# In[2]:\nx = 1\n# %% Load {"a": 1}\n# the data\ny = 2\n# +\nz = 3\n# -\n'
        "# region Helpers\nt = 7\n# endregion\n"
    )
    rows = [row for row in shown(source) if any(row)]
    assert rows == [
        ("", "import os\n"),
        ("", "x = 1\n"),
        ("<h2>Load</h2><p>the data</p>", "y = 2\n"),
        ("", "z = 3\n"),
        ("<h2>Helpers</h2>", "t = 7\n"),
    ]


def test_a_region_is_a_word_where_none_ends():
    assert shown("# region of interest\nx = 1\n")[0][0] == "<p>region of interest</p>"


@pytest.mark.parametrize(
    ("source", "opening"),
    [
        ("# %% [markdown]\n# # Title\n", "# Title"),
        (
            '# ---\n# jupyter:\n#   a: b\n# ---\n\n# %% [markdown] tags=["x"]\n# # Title\n',
            "# Title",
        ),
        ('# %% [markdown]\n"""\n# Title\n"""\n', "# Title"),
    ],
)
def test_the_first_markdown_cell_opens_the_page(source, opening):
    made = document(source + "\n# %%\nx = 1\n")
    assert opening in made.sections[made.opening].prose.text
    assert made.source == source + "\n# %%\nx = 1\n"


def test_markdown_cells_in_a_row_are_notes_of_their_own():
    rows = shown("# %% [markdown]\n# One.\n# %% [markdown]\n# Two.\n#\n# ---\n# %%\nx = 1\n")
    assert [html for html, _ in rows] == ["<p>One.</p>", "<p>Two.</p><hr />", ""]


def test_a_header_above_a_docstring_is_not_shown():
    rows = shown('# ---\n# jupyter:\n#   a: b\n# ---\n"""\n# T\n"""\n')
    assert [html for html, _ in rows] == ["", "<h1>T</h1>"]


def test_newer_python_is_said_to_be_that():
    with pytest.raises(LiterateError) as error:
        document("x = 1\ntype = = 3\n")
    version = ".".join(map(str, sys.version_info[:2]))
    assert f"file.py:2: this is not Python {version}: " in str(error.value)
    assert "newer Python" in str(error.value)


def test_addresses_are_not_touched_in_the_key():
    assert render_note(Prose("See https://a.b/c.", (1,))).html == "<p>See https://a.b/c.</p>\n"
