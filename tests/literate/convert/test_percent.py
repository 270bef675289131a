"""Files in jupytext's percent format: they read like pages, and come back byte for byte."""

from itertools import groupby

import jupytext
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser
from support import built

from literate.convert.notebook import cells
from literate.convert.tangle import tangle
from literate.convert.weave import weave
from literate.source.python import read_python

HEADER = """# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

"""
TEXTS = [
    "# %% [markdown]\n# ## Part {0}\n#\n# Words on `x` and $y_{0}$, see https://a.b/{0}.\n",
    '# %% [markdown] tags=["t"]\n# * one\n# * two\n#\n# | a | b |\n# | --- | --- |\n# | 1 | {0} |\n',
    "# %% [markdown]\n# <h3>Picture {0}</h3>\n#\n# <img src='p.png' width=200>\n",
]
CODES = [
    "# %%\nx_{0} = {0}\n\n\ndef f_{0}():\n    return 1\n",
    '# %% tags=["hide"]\nimport os\ny_{0} = [i for i in range(3)]\n',
    "# %%\nfor i in range(3):\n    print(i)\n    z_{0} = i\n",
]


def percent(numbers):
    """A file of many cells."""
    rows = [HEADER, "# %% [markdown]\n# # A percent page\n"]
    for number in numbers:
        rows += [(TEXTS + CODES)[number % 6].replace("{0}", str(number))]
    return "\n".join(rows)


def by_jupytext(text):
    made = jupytext.reads(text, fmt="py:percent").cells
    return grouped((cell.cell_type == "code", cell.source) for cell in made)


def ours(text):
    document = read_python(text.encode(), "page.py")
    return grouped((cell.is_code, cell.source) for cell in cells(document))


def grouped(made):
    """Each text, and all code between two of them: we give a function a cell of its own."""
    for is_code, group in groupby(made, key=lambda cell: cell[0]):
        sources = [source for _, source in group]
        if is_code:
            lines = [line for text in sources for line in text.split("\n") if line.strip()]
            yield from [lines] if lines else []
        else:
            yield from sources


@given(st.lists(st.integers(0, 59), max_size=12))
def test_cells_are_those_of_jupytext(numbers):
    assert list(ours(percent(numbers))) == list(by_jupytext(percent(numbers)))


MARKS = st.sampled_from(
    ["# %%\n", "#%% T\n", "# %% [markdown]\n", "# %% [md] a=1\n", "# In[3]:\n", "# +\n", "# -\n",
     "# + {\"a\": 1}\n", "# region R\n", "# endregion\n", "# words\n", "#\n", "x = 1\n", "\n",
     '"""text"""\n', "def f():\n    # %% in\n    return 1\n", "# ---\n", "# a: b\n", "# title: T\n",
     "# ======\n", "# >>> 1\n", "# __init__\n", "    \n", "# /// script\n", "# ///\n", "#| a\n",
     "# noqa\n", "# ### Model ###\n", "#####\n", 'def g():\n    """Args:\n        a: b\n    """\n']
)  # fmt: skip


@given(st.lists(MARKS, max_size=12), st.booleans())
def test_marks_come_back_byte_for_byte(pieces, with_header):
    data = ((HEADER if with_header else "") + "".join(pieces)).encode()
    document = read_python(data, "page.py")
    assert document.encode() == data
    assert tangle(weave(document), "page.md") == data
    numbers = [line.number for line in document.lines]
    assert numbers == list(range(1, len(numbers) + 1))
    compile("\n".join(cell.source for cell in cells(document) if cell.is_code), "page", "exec")


def test_a_long_file_reads_like_a_page(project):
    text = percent(range(180))
    assert text.count("\n") > 1000
    project.write("src/paper/long.py", text)
    project.write("docs/p.png", "x")
    project.write("src/paper/p.png", "x")
    data = text.encode()
    assert tangle(weave(read_python(data, "long.py")), "long.md") == data
    built(project, "out")
    page = LexborHTMLParser(project.read("out/long/index.html")).css_first("article")
    assert [node.text() for node in page.css("h1")] == ["A percent page"]
    assert page.css_first(".opening h1") is not None
    parts = [node for node in page.css("h2") if node.text().startswith("Part ")]
    assert len(parts) == len(page.css("h3")) == len(page.css("table")) == 30
    assert len(page.css("img")) == 30 and len(page.css("math")) == 30
    said = page.text()
    assert "%%" not in said and "jupyter" not in said and "[markdown]" not in said
    assert len(page.css('a[href^="https://a.b/"]')) == 30
    code = "".join(node.text() for node in page.css("pre"))
    assert "x_3 = 3" in code and all(line.strip() != "# %%" for line in code.split("\n"))


def test_links_in_code_of_a_notebook_stay():
    source = '"""\n# T\n\n[a](b.md) `x[i](j.md)`\n\n```\ny[i](k.md)\n```\n"""\n'
    document = read_python(source.encode(), "page.py")
    (cell,) = cells(document, link=lambda target: f"https://a.b/{target}")
    assert cell.source == "# T\n\n[a](https://a.b/b.md) `x[i](j.md)`\n\n```\ny[i](k.md)\n```"
