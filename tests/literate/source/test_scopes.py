"""The scopes of a file are those that Python's own compiler finds."""

import ast
import symtable
from collections import defaultdict

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from support import labml_nn

from literate.source.names import module_name, read_names
from literate.source.python import read_python, syntax_tree
from literate.source.scopes import ScopeKind, read_scopes

pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence")
FILES = sorted(labml_nn().rglob("*.py"))
#: Statements that bind and use names in every way, to be nested in one another.
LINES = [
    "x = y",
    "x: int = 1",
    "x += 1",
    "del x",
    "for x in y: y = x",
    "with y as x: x",
    "import x",
    "import x.y as y",
    "from x import y",
    "try: x\nexcept y as x: x\nfinally: y",
    "match y:\n    case [x, *y]: x\n    case {'a': 1, **x}: x\n    case x: y",
    "[x for x in y if (y := x)]",
    "{x: y for x, y in x.items() for y in x}",
    "x = lambda x, *y, z=x: x + y + z",
    "x.y = f(y=x, x=y)",
    "print(f'{x!r:{y}}', x.y.z)",
]
OPENINGS = ["def x(y, *x2, z=x, **y2):", "class x(y):", "async def y(x):", "if x:", "class y:"]


def scopes_of(table):
    yield table
    for child in table.get_children():
        yield from scopes_of(child)


def by_place(pairs):
    found = defaultdict(list)
    for place, scope in pairs:
        found[place].append(scope)
    return found


def compare(source):
    """Whether each name of each scope belongs where the compiler says; the number of names."""
    mine = by_place(
        ((getattr(scope.node, "lineno", 0), scope.kind == ScopeKind.CLASS), scope)
        for scope in read_scopes(syntax_tree(source)).scopes
    )
    theirs = by_place(
        (
            (table.get_lineno(), table.get_type() == "class"),
            table,
        )
        for table in scopes_of(symtable.symtable(source, "f.py", "exec"))
    )
    count = 0
    for place, tables in theirs.items():
        scopes = mine[place]
        # Several lambdas of one line come in an order that the two need not share.
        if len(tables) != 1 or len(scopes) != 1:
            continue
        table, scope = tables[0], scopes[0]
        for symbol in table.get_symbols():
            name = symbol.get_name()
            if name.startswith((".", "__", "_" + table.get_name().lstrip("_") + "__")):
                continue
            owner = scope.owner(name)
            count += 1
            if symbol.is_free():
                assert owner and owner is not scope and owner.parent, (name, place)
            elif symbol.is_global():
                assert owner is None or owner.parent is None, (name, place)
            elif symbol.is_local():
                assert owner is scope, (name, place)
    return count


@pytest.mark.parametrize("part", range(4))
def test_names_belong_where_the_compiler_says(part):
    assert sum(compare(path.read_text()) for path in FILES[part::4]) > 1000


@st.composite
def programs(draw, depth=3):
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=4))
    if depth and draw(st.booleans()):
        body = draw(programs(depth=depth - 1))
        indented = "\n".join("    " + line for line in body.splitlines())
        lines.insert(
            draw(st.integers(0, len(lines))), draw(st.sampled_from(OPENINGS)) + "\n" + indented
        )
    return "\n".join(lines) + "\n"


@given(programs())
def test_any_program_is_read(source):
    try:
        compare(source)
    except SyntaxError:  # the compiler wants no `:=` in a comprehension of a class, say
        reject()
    names, uses = read_names(read_python(source.encode(), "m.py"), "m")
    lines = source.splitlines()
    assert [
        place
        for place, use in uses.items()
        if not lines[place[0] - 1].startswith(names.names[use.number].text, place[1])
    ] == []


def test_every_file_of_labml_is_read_and_a_name_is_spelled_one_way():
    named = every = 0
    for path in FILES:
        document = read_python(path.read_bytes(), str(path))
        names, uses = read_names(document, module_name(path))
        lines = [line.text for line in document.lines]
        for (line, column), use in uses.items():
            assert lines[line - 1].startswith(names.names[use.number].text, column)
        places = [place for place, use in uses.items() if use.is_place]
        assert len(places) == len({uses[place].number for place in places})
        for node in ast.walk(syntax_tree(document.source)):
            if isinstance(node, ast.Name) and lines[node.lineno - 1].isascii():
                every += 1
                named += (node.lineno, node.col_offset) in uses
    # What is not named is a global that nothing binds: `get_ipython`, say.
    assert named / every > 0.99
