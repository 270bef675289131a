"""Names lead where they should: to our pages, to others' documentation, and nowhere in doubt."""

import pytest
from links import check_links
from selectolax.lexbor import LexborHTMLParser
from support import ROOT, Project

from literate.mkdocs.config import read_project
from literate.site.load import load_site
from literate.translation.lookup import Lookup

INDEX = (
    "# Overview\n\n`Base.width`, `make_net()`, `Net`, `torch.nn.Conv2d`, `width`, `elsewhere`.\n"
)
INIT = "from .base import Base as Reexported\n"
BASE = '''"""# The base"""
from dataclasses import dataclass
from torch import nn


@dataclass
class Options:
    """## Options"""
    depth: int = 1
    rate: float = 0.1


class Base(nn.Module):
    """## A base"""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.conv = nn.Conv2d(width, width, 1)


def make_net(options: Options) -> "Base":
    return Base(options.depth)


def decorated(function):
    return function
'''
NET = '''"""# The net"""
import numpy as np
import torch
import torch.nn.functional as F
from pathlib import Path

from . import base
from .base import Base, Options as Settings, decorated, make_net


class Net(Base):
    """
    ## A net

    It has `width`, `depth` and `self.norm`; see `Base.conv`, `forward()`, `F.relu`, `nn.Linear`,
    [`Settings`](base.py) and `torch.nn.Module.parameters`.
    """

    def __init__(self, depth: int, settings: Settings) -> None:
        super().__init__(width=2)
        self.norm = torch.nn.LayerNorm(depth)
        self.rate = settings.rate

    def forward(self, x: torch.Tensor, path: Path | None) -> torch.Tensor:
        # Here `x` is `settings` and `self.width` is `self.nothing`.
        y = F.relu(x.view(1, -1)) + self.width
        self.parameters()
        self.unknown = [width for width in range(3)]
        self.norm(y).mean()
        path.exists()
        np.arange(3).sum()
        return self.conv(x)

    @decorated
    def helper(self, value): return self.forward(value)


def open_device(text: str, device: str):
    device = torch.device(device)
    return text.index("1"), device.index


net = Net(depth=3, settings=Settings(depth=1, nonsense=2))
net.forward(x=1)
net.helper(value=3)
net.conv.weight
made = make_net(options=Settings()).width
base.make_net(options=None)
"a".join([])
print(base.Options.depth, len(made), nothing)
from paper import Reexported
'''


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("named"))
    for name, text in {"__init__": INIT, "base": BASE, "net": NET}.items():
        project.write(f"src/paper/{name}.py", text)
    project.write("docs/index.md", INDEX)
    inventories = "\n".join(
        f'          {name}: {{url: "{url}", file: {ROOT}/inventories/{file}.inv}}'
        for name, url, file in [
            ("PyTorch", "https://torch.example/", "pytorch"),
            ("NumPy", "https://numpy.example/", "numpy"),
            ("Python", "https://python.example/", "python"),
        ]
    )
    project.write(
        "mkdocs.yml",
        "site_name: A paper\nplugins:\n  - literate:\n      sources: [src/paper]\n"
        f"      exclude: [__init__.py]\n      inventories:\n{inventories}\n",
    )
    return project.load()


def notes_of(site, name, lookup=None):
    """The notes of a page, as HTML."""
    page = site.localise(site.pages[name], lambda name: f"{name}/", lookup)
    return LexborHTMLParser("".join(block.html for row in page.rows for block in row.blocks))


@pytest.fixture(scope="module")
def tokens(site):
    """(line, text, its number among the same ones on the line) -> identifier."""
    names = site.names_of(site.pages["net"], lambda name: f"{name}/")
    found = {}
    for number, line in enumerate(names.code, 1):
        for token in line:
            if not isinstance(token, str):
                count = sum(key[:2] == (number, token.text) for key in found)
                found[number, token.text, count] = token
    return found


def line_of(text, source=NET):
    return next(i for i, line in enumerate(source.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("line", "name", "href"),
    [
        ("class Net(Base)", "Base", "../base/#Base"),
        ("from .base import", "Settings", "../base/#Options"),
        ("from .base import", "Options", "../base/#Options"),
        ("from .base import", "base", "../base/"),
        ("from . import base", "base", "../base/"),
        ("import torch.nn.functional", "functional", "https://torch.example/nn.html#module-torch.nn.functional"),
        ("y = F.relu", "relu", "https://torch.example/generated/torch.nn.functional.relu.html#torch.nn.functional.relu"),
        ("y = F.relu", "view", "https://torch.example/generated/torch.Tensor.view.html#torch.Tensor.view"),
        ("y = F.relu", "width", "../base/#Base.width"),
        ("y = F.relu", "y", ""),
        ("y = F.relu", "x", ""),
        ("self.parameters()", "parameters", "https://torch.example/generated/torch.nn.Module.html#torch.nn.Module.parameters"),
        ("self.unknown", "unknown", "#Net.unknown"),
        ("self.norm(y)", "norm", "#Net.norm"),
        ("self.norm(y)", "mean", ""),
        ("path.exists", "exists", "https://python.example/library/pathlib.html#pathlib.Path.exists"),
        ("np.arange", "arange", "https://numpy.example/reference/generated/numpy.arange.html#numpy.arange"),
        ("np.arange", "sum", ""),
        ("return self.conv(x)", "conv", "../base/#Base.conv"),
        ("super().__init__(width", "__init__", "../base/#Base.__init__"),
        ("super().__init__(width", "width", "../base/#Base.__init__"),
        ("self.rate =", "rate", "#Net.rate"),
        ("return self.forward", "forward", "#Net.forward"),
        ("net = Net", "depth", ""),
        ("net.forward(x=1)", "forward", "#Net.forward"),
        ("net.conv.weight", "conv", "../base/#Base.conv"),
        ("net.conv.weight", "weight", ""),
        ("made =", "width", "../base/#Base.width"),
        ("made =", "options", "../base/#make_net"),
        ("base.make_net", "make_net", "../base/#make_net"),
        ('"a".join', "join", "https://python.example/library/stdtypes.html#str.join"),
        ("print(base", "depth", "../base/#Options.depth"),
        ("print(base", "len", "https://python.example/library/functions.html#len"),
        ("print(base", "made", "#made"),
        ("return text", "index", "https://python.example/library/stdtypes.html#str.index"),
        ("from paper import", "Reexported", "../base/#Base"),
        ("from paper import", "paper", ""),
    ],
)  # fmt: skip
def test_a_name_leads_to_what_it_stands_for(tokens, line, name, href):
    assert tokens[line_of(line), name, 0].href == href


def test_a_field_of_a_dataclass_is_what_its_constructor_takes(tokens):
    line = line_of("net = Net")
    assert tokens[line, "depth", 1].href == "../base/#Options.depth"
    assert tokens[line, "nonsense", 0].href == ""


def test_a_name_that_gets_another_value_is_not_what_it_was(tokens):
    assert (line_of("return text"), "index", 1) not in tokens


def test_what_nothing_binds_is_no_name(tokens):
    assert (line_of("print(base"), "nothing", 0) not in tokens


def binding(tokens, line, name, number=0):
    return tokens[line_of(line), name, number].binding


def test_the_same_thing_has_one_number(tokens):
    assert binding(tokens, "def __init__(self, depth", "depth") == binding(
        tokens, "net = Net", "depth"
    )
    assert binding(tokens, "def forward", "x") == binding(tokens, "net.forward(x=1)", "x")
    assert binding(tokens, "self.norm = ", "norm") == binding(tokens, "self.norm(y)", "norm")
    assert binding(tokens, "+ self.width", "width") == binding(tokens, "made =", "width")


def test_other_things_of_the_same_name_have_other_numbers(tokens):
    assert binding(tokens, "+ self.width", "width") != binding(tokens, "self.unknown", "width")
    assert binding(tokens, "def forward", "self") != binding(tokens, "def helper", "self")


def test_a_parameter_that_a_decorator_may_have_changed_is_none(tokens):
    assert tokens[line_of("net.helper(value"), "value", 0].link is None


def inline(page):
    """Inline code -> where it leads, None for nowhere."""
    found = {}
    for code in page.css("code"):
        is_index = code.attributes.get("class") == "sig"
        if code.parent.tag != "pre" and not is_index:
            link = code.parent if code.parent.tag == "a" else None
            found[code.text()] = link.attributes["href"] if link else None
    return found


def test_code_in_a_note_leads_to_what_it_names(site):
    found = inline(notes_of(site, "net"))
    init, forward = line_of("def __init__(self, depth"), line_of("def forward")
    assert found == {
        "width": "../base/#Base.width",
        "depth": f"#L{init}",
        "self.norm": "#Net.norm",
        "Base.conv": "../base/#Base.conv",
        "forward()": "#Net.forward",
        "F.relu": "https://torch.example/generated/torch.nn.functional.relu.html#torch.nn.functional.relu",
        "nn.Linear": None,
        "Settings": "../base/",
        "torch.nn.Module.parameters": "https://torch.example/generated/torch.nn.Module.html#torch.nn.Module.parameters",
        "x": f"#L{forward}",
        "settings": None,
        "self.width": "../base/#Base.width",
        "self.nothing": None,
    }


def test_code_on_a_page_of_words_leads_to_what_is_sure_to_be_meant(site):
    assert inline(notes_of(site, "index")) == {
        "Base.width": "../base/#Base.width",
        "make_net()": "../base/#make_net",
        "Net": "../net/#Net",
        "torch.nn.Conv2d": "https://torch.example/generated/torch.nn.Conv2d.html#torch.nn.Conv2d",
        "width": None,
        "elsewhere": None,
    }


@pytest.fixture(scope="module")
def own():
    """This repository's site."""
    return load_site(read_project(ROOT / "mkdocs.yml"))


def test_a_page_has_the_symbols_of_the_paper_and_what_leads_away(own):
    page = own.localise(own.pages["model"], lambda name: f"{name}/")
    tokens = [token for row in page.rows for line in row.code for token in line.tokens]
    texts = {token.binding: token.text for token in tokens if not isinstance(token, str)}
    names = {symbol.tex: symbol.name for symbol in page.symbols}
    assert names["h"] == "width" and names["d"] == "depth"
    assert page.symbols[0].html == "<math><mi>h</mi></math>"
    for symbol in page.symbols:
        assert {texts[binding] for binding in symbol.bindings} == {symbol.name}
    convolution = page.outside[own.documented["torch.nn.Conv2d"].url]
    assert (convolution.name, convolution.documentation) == ("torch.nn.Conv2d", "PyTorch")


def test_a_symbol_stands_for_the_names_that_notes_give_it_to_and_for_no_others(project):
    project.write(
        "src/paper/symbols.py",
        '''"""
# Symbols

| symbol | name |
| --- | --- |
| $h$ | `width` |
"""


def told(width):
    """`width` is the size, $h$."""
    return width + width


def untold(width):
    """`width` is that of the screen."""
    return width + width
''',
    )
    site = project.load()
    page = site.localise(site.pages["symbols"], str)
    by_line = {
        line.text.strip(): {token.binding for token in line.tokens if not isinstance(token, str)}
        for row in page.rows
        for line in row.code
    }
    (symbol,) = page.symbols
    assert set(symbol.bindings) <= by_line["def told(width):"]
    assert not set(symbol.bindings) & by_line["def untold(width):"]
    assert symbol.bindings


def test_code_in_a_translated_note_leads_where_the_source_does(own):
    source = inline(notes_of(own, "model"))
    assert inline(notes_of(own, "model", Lookup(own.catalog("zh", "model")))) == source
    assert any(source.values())


def test_every_link_of_this_site_leads_somewhere(own):
    inside, outside = check_links(own)
    assert inside > 500
    assert outside > 500
