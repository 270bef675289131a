"""Docstrings and code of other projects, as they are in NumPy, Matplotlib, gRPC and SciPy."""

import pytest

from literate.notes.render import render_note
from literate.source.names import read_names
from literate.source.python import read_python


def docstring(text):
    """The HTML of a function's docstring, its parts put back."""
    quoted = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    source = f'def f():\n    r"""\n{quoted}\n    """\n'
    (section,) = read_python(source.encode(), "file.py").sections
    note = render_note(section.prose)
    html = note.html
    for number, item in enumerate(note.inlines):
        html = html.replace(f"<span translate=no>_^_{number}_^_</span>", item.html)
    return html


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("a : int, optional", "<code>a: int, optional</code>"),
        ("a : bool, default: True", "<code>a: bool, default: True</code>"),
        ("a : float, default=0.5", "<code>a: float, default=0.5</code>"),
        ("a : {'x', 'y'}, default: 'x'", "<code>a: {'x', 'y'}, default: 'x'</code>"),
        ("a : `.Axes` or None", "<code>a: `.Axes` or None</code>"),
        ("a : int, \\\nstr, optional", "<code>a: int, str, optional</code>"),
        ("*a, **b : Any", "<li><code>*a, **b: Any</code> Words.</li>"),
        ("(a, b) : (int, int)", "<code>(a, b): (int, int)</code>"),
        ("a:", "<li>"),
    ],
)
def test_nothing_of_a_type_in_numpys_form_is_lost(header, shown):
    html = docstring(f"Sums.\n\nParameters\n----------\n{header}\n    Words.\nz : int\n    Last.")
    html = html.replace("\n", " ")
    assert shown in html and "Words." in html and "<code>z: int</code> Last." in html


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ("a (int, optional): Words.", "<code>a: int, optional</code> Words."),
        ("a (:obj:`str`): Words.", "<code>a: `str`</code> Words."),
        ("a (Callable[[int], str]): Words.", "<code>a: Callable[[int], str]</code> Words."),
        ("a (tuple (of two)): Words (here): so.", "<code>a: tuple (of two)</code> Words (here): so."),
        ("a, b: Words: both.", "<code>a, b</code> Words: both."),
        ("a: It goes on\nbelow itself.", "<code>a</code> It goes on below itself."),
    ],
)  # fmt: skip
def test_nothing_of_an_argument_in_googles_form_is_lost(item, shown):
    words = item.replace("\n", "\n  ")
    html = docstring(f"Sums.\n\nArgs:\n  {words}\n  z: Last.")
    assert f"<li>{shown}</li>" in html.replace("\n", " ") and "<code>z</code> Last." in html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tensor: Words that\ngo on: so.", "<em>Returns</em> <code>Tensor</code> Words that go on: so."),
        ("Tensor[N, 4]: Words\ngo on.", "<em>Returns</em> Tensor[N, 4]: Words go on."),
        ("A tuple of\ntwo things.", "<em>Returns</em> A tuple of two things."),
        ("a: One.\nb: Other.", "<li><code>a</code> One.</li> <li><code>b</code> Other.</li>"),
    ],
)  # fmt: skip
def test_what_a_function_returns_goes_on_in_the_next_line(text, shown):
    words = text.replace("\n", "\n    ")
    assert shown in docstring(f"Sums.\n\nReturns:\n    {words}").replace("\n", " ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A :class:`~torch.nn.Linear`.", "<p>A <code>Linear</code>.</p>"),
        ("See :py:func:`a.b`, :rc:`x.y`.", "<p>See <code>a.b</code>, <code>x.y</code>.</p>"),
        ("See :ref:`the guide <guide>`.", "<p>See the guide.</p>"),
        ("See `here <https://a.b/c>`_.", '<p>See <a href="https://a.b/c">here</a>.</p>'),
        ("Is `` :class:`x` `` code.", "<p>Is <code>:class:`x`</code> code.</p>"),
        ("```\n:class:`x`\n```", ":class:`x`"),
        ("a::`b` and x:`y`", "<p>a::<code>b</code> and x:<code>y</code></p>"),
    ],
)
def test_roles_of_sphinx_are_what_they_say(text, shown):
    assert shown in docstring(text)


def test_formulas_of_sphinx_are_formulas():
    html = docstring("Is :math:`x^2`, in\n\nParameters\n----------\na : int\n    The :math:`a_1`.")
    assert html.count("<math>") == 2 and ":math:" not in html


def test_a_global_name_that_nobody_binds_is_no_name_of_the_file():
    source = b"def f():\n    global x, y\n    y = 1\n    return x\n"
    names, _ = read_names(read_python(source, "file.py"), "file")
    assert {"y", "f"} == {path.strip(".") for path in names.symbols}


def test_a_method_is_named_once():
    html = docstring("Sums.\n\nMethods\n-------\nadd(a, b)\n    Adds.")
    assert "<em>Methods</em>" in html and "<li><code>add(a, b)</code> Adds.</li>" in html


@pytest.mark.parametrize(
    "banner",
    [
        "# ---------- #\n# Title #\n# ---------- #",
        "## ---- Title ---- ##",
        "### ==== Title ====",
        "## --------------\n## Title\n## --------------",
    ],
)
def test_signs_around_signs_are_left_out(banner):
    source = f"{banner}\nx = 1\n"
    (section,) = read_python(source.encode(), "file.py").sections
    assert render_note(section.prose).html.strip() == "<h2>Title</h2>"


@pytest.mark.parametrize("mark", ["#%% md", "# %% markdown", "#%% [md]"])
def test_a_cell_of_markdown_has_many_marks(mark):
    (section,) = read_python(f"{mark}\n# # T\n#\n# Words.\n".encode(), "f.py").sections
    assert render_note(section.prose).html == "<h1>T</h1>\n<p>Words.</p>\n"


def test_the_marks_of_a_databricks_notebook_are_no_notes():
    source = "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\ny = 2\n"
    document = read_python(source.encode(), "f.py")
    notes = [section.prose.text for section in document.sections if section.prose]
    assert "".join(notes).strip() == "" and document.encode() == source.encode()


def test_a_line_that_goes_on_at_the_margin_tells_nothing_of_the_indentation():
    text = "Sums.\n\n    Parameters\n    ----------\n    a : int, \\\nstr\n        Words.\n    "
    source = f'def f():\n    """{text}"""\n'
    (section,) = read_python(source.encode(), "file.py").sections
    note = render_note(section.prose)
    assert "<li>" in note.html and "Words." in note.html and "<pre>" not in note.html
    assert note.inlines[0].text == "a: int, str"
    numbers = dict(zip(section.prose.text.split("\n"), section.prose.line_numbers, strict=True))
    assert next(number for line, number in numbers.items() if "Words." in line) == 8


def test_words_below_a_list_of_arguments_stay():
    html = docstring("Sums.\n\nParameters\n----------\na : as long\nas it is, say.\n")
    assert "<code>a: as long</code> as it is, say." in html.replace("\n", " ")
    html = docstring("Sums.\n\nParameters\n----------\na : int\n    One.\n\nMore is passed on.\n")
    assert "<code>a: int</code> One." in html and "More is passed on." in html
    html = docstring(
        "Sums.\n\n:param int a: One.\n:yields: while it is held\n:raises ValueError: no"
    )
    assert "<code>a: int</code> One." in html and "<em>Yields</em> while it is held" in html
