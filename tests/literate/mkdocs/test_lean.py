"""Styles lose what no page needs, and nothing else."""

from pathlib import Path

import material
import pytest
from hypothesis import given
from hypothesis import strategies as st

from literate.mkdocs import lean
from literate.mkdocs.lean import Names, lighten, purged, squeezed, unremarked, without_properties

THEME = next(Path(material.__file__).parent.glob("templates/assets/stylesheets/main.*.css"))
SCRIPTS = sorted((Path(lean.__file__).parents[1] / "assets/literate").glob("*.js"))
PIECES = [
    " ",
    "\n",
    "/* it's { a */",
    '"; /* } "',
    "'{'",
    "url(a;b)",
    "a",
    ".b",
    "{",
    "}",
    ";",
    ",",
]


def named(*words: str) -> Names:
    return Names(frozenset(words), has_leftward=True)


def test_a_rule_of_a_class_that_nothing_names_goes():
    style = ".a,.b .z,.b:not(.z){x:y}.z{x:y}@media print{.z{x:y}}[title='.z']{x:y}"
    kept = ".a,.b:not(.z){x:y}[title='.z']{x:y}"
    assert purged(style, named("a", "b")) == kept


@pytest.mark.parametrize(("page", "kept"), [("<p>", ".b{x:y}"), ('<p dir="rtl">', None)])
def test_a_rule_for_words_from_right_to_left_goes_where_there_are_none(page, kept):
    style = "[dir=rtl] .a,.b{x:y}[dir=rtl] .a{x:y}"
    page = f'{page}<p class="a b">'
    assert purged(style, Names.of_page(page)) == (kept or style)


def test_a_property_that_nothing_asks_for_goes():
    style = """:root{--a:url("x;{--b:y");--b:1;--c:'--b:2'}.x{--b:";";c:d;--c:1}"""
    kept = """:root{--a:url("x;{--b:y");--c:'--b:2'}.x{c:d;--c:1}"""
    assert without_properties(style, {"--a", "--c"}) == kept
    assert without_properties(style, {"--a", "--b", "--c"}) == style


@pytest.mark.parametrize(
    "page",
    [
        '<p class="x\n a">',
        "<p class='a'>",
        "<p class=a>",
        '<script>p.classList.add("a")</script>',
        '<script>p.className = "long-" + name</script>',
    ],
)
def test_pages_and_their_scripts_name_classes(page):
    names = Names.of_page(page)
    assert ("a" in names) != ("long-one" in names) and "b" not in names


def test_a_whole_style_comes_through():
    style = THEME.read_text(encoding="utf-8")
    assert purged(style, Names(frozenset(), ("",), has_leftward=True)) == style


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_squeezing_twice_changes_nothing(style):
    assert squeezed(squeezed(style)) == squeezed(style)


def test_what_stands_in_strings_and_comments_is_no_style():
    style = "/* it's { */ a , /* b */ b > c { x : calc(1 + 2) ; y : ' ;  /* , */' ; z : url(d;e) }"
    assert squeezed(style) == "a,b > c{x : calc(1 + 2);y : ' ;  /* , */';z : url(d;e)}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_text_of_our_scripts_goes_over_lines(script):
    text = script.read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line.count("`") % 2]
    assert unremarked("// why\n  a();  // how\n\n  b();\n") == "a();  // how\nb();"


def test_a_built_site_is_lightened_by_what_all_its_pages_and_scripts_name(tmp_path):
    files = {
        "index.html": '<p class="a">',
        "zh/index.html": '<p class="b">',
        "own.js": "'c'",
        "assets/stylesheets/main.0.min.css": ":root{--a:1;--b:2;--c:3}.a,.b,.c,.z{x:y}.z{x:var(--c)}",
        "literate/literate.css": "/* ours */ .a { x: y } .z { x: y }",
        "own.css": ".z { x: var(--a) }",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    lighten(
        tmp_path, [Names.of_page(text) for name, text in files.items() if name.endswith(".html")]
    )
    read = {name: (tmp_path / name).read_text(encoding="utf-8") for name in files}
    assert read == files | {
        "assets/stylesheets/main.0.min.css": ":root{--a:1;}.a,.b,.c{x:y}",
        "literate/literate.css": ".a{x: y}",
    }
