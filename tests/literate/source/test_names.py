"""Names of the code lead to what they stand for, and a name of a function's own to nothing."""

from pathlib import Path

import pytest

from literate.source.names import module_name, read_names
from literate.source.python import read_python


def linked(source, *, file=Path("m.py")):
    """(line, column) -> the path of what the identifier there stands for."""
    names, uses = read_names(read_python(source.encode(), file.as_posix()), module_name(file))
    return {place: names.names[use.number].path for place, use in uses.items()}


GLOBAL = "class Net: ...\n"


@pytest.mark.parametrize(
    "source",
    [
        "def f(Net): return Net\n",
        "def f(*Net): return Net\n",
        "def f(**Net): return Net\n",
        "f = lambda Net: Net\n",
        "x = [Net for Net in range(3)]\n",
        "x = {k: Net for k, Net in {}.items()}\n",
        "def f():\n    for Net in (): print(Net)\n",
        "def f():\n    with open('x') as Net: print(Net)\n",
        "def f():\n    try: ...\n    except OSError as Net: print(Net)\n",
        "def f(x):\n    match x:\n        case [Net, *_]: print(Net)\n",
        "def f(x):\n    match x:\n        case {'a': 1, **Net}: print(Net)\n",
        "def f(x):\n    match x:\n        case [*Net]: print(Net)\n",
        "def f():\n    import Net\n    return Net\n",
        "def f():\n    def Net(): ...\n    return lambda: Net\n",
        "def f():\n    [Net := 1 for _ in ()]\n    return Net\n",
        "def f(Net):\n    def g(): return Net\n",
        "class A:\n    Net = 1\n    x = Net\n",
        "for Net in (): print(Net)\n",
        "with open('x') as Net: print(Net)\n",
        "try: ...\nexcept OSError as Net: print(Net)\n",
        "match 1:\n    case Net: print(Net)\n",
        "(A, Net) = 1, 2\nprint(Net)\n",
    ],
)
def test_a_name_of_its_own_is_no_link(source):
    found = linked(GLOBAL + source)
    others = [place for place, path in found.items() if path == ".Net" and place[0] > 1]
    assert not others


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("x = Net\n", (2, 4)),
        ("def f(Net=Net): ...\n", (2, 10)),
        ("def f(x: Net) -> None: ...\n", (2, 9)),
        ("@Net\ndef f(Net): ...\n", (2, 1)),
        ("class A:\n    Net = 1\n    def f(self): return Net\n", (4, 24)),
        ("def f(Net): ...\ndef g(): return Net\n", (3, 16)),
        ("class A(Net):\n    Net = 1\n", (2, 8)),
        ("x = [a for a in Net]\n", (2, 16)),
        ("x = 'é', Net\n", (2, 9)),
    ],
)
def test_a_name_of_the_module_is_a_link(source, place):
    assert linked(GLOBAL + source)[place] == ".Net"


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("pkg/__init__.py", "from .model import Net\nNet\n"),
        ("pkg/other.py", "from .model import Net\nNet\n"),
        ("pkg/sub/__init__.py", "from ..model import Net\nNet\n"),
        ("pkg/sub/other.py", "from ..model import Net\nNet\n"),
        ("elsewhere.py", "from pkg.model import Net\nNet\n"),
        ("elsewhere.py", "def f():\n    from pkg.model import Net\n\n    Net\n"),
    ],
)
def test_an_import_leads_to_its_page(tmp_path, name, source):
    for folder in ("pkg", "pkg/sub"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    found = linked(source, file=tmp_path / name)
    last = max(found)
    assert found[last] == "pkg.model.Net"


def test_an_expression_may_be_long():
    assert linked(GLOBAL + "x = " + " + ".join(["Net"] * 2000) + "\n")[2, 4] == ".Net"
