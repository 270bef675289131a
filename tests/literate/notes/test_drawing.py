"""SVG drawings: read in any encoding, and used any number of times on a page."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.notes.drawing import load_drawing
from literate.notes.svg_file import disarmed
from literate.notes.svg_style import scoped

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'
PARTS = SVG.format(
    "<style>#a:hover, .b, #c.d { fill: #abc; clip-path: url(#a) }</style>"
    '<g id="a" fill="#c"/><path id="c" fill="url(#a)" stroke="#abc" aria-labelledby="a c x"/>'
    '<use href="#a"/><use xlink:href="#c"/><a href="https://x.example/#a">n</a><text>#a</text>'
)


def load(folder, data):
    (folder / "d.svg").write_bytes(data if isinstance(data, bytes) else data.encode())
    return load_drawing(SourceFile(folder / "d.svg", "d.svg"))


def html(drawing, prefix=""):
    return drawing.html(lambda word: word, "label", prefix)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_a_declared_encoding_is_read(tmp_path, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + SVG.format("<text>é</text>")
    assert load(tmp_path, text.encode(encoding)).words == (("é", 1),)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (SVG.format("\n<text>\xe9</text>").encode("latin-1"), "d.svg:2: the drawing is not well-formed"),
        (b'<?xml version="1.0" encoding="nonsense"?><svg/>', "d.svg:1: the drawing is not well-formed"),
        (b'<?xml version="1.0" encoding="utf-7"?><svg/>', "d.svg:1: the drawing is not well-formed"),
        (b"", "d.svg:1: the drawing is not well-formed"),
        (b"<svg/>", "d.svg:1: this is not an SVG drawing"),
        (b"<html/>", "d.svg:1: this is not an SVG drawing"),
        ((SVG.format("<g>" * 3000 + "</g>" * 3000)), "d.svg: the drawing is nested too deep"),
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_said(tmp_path, data, message):
    with pytest.raises(LiterateError) as error:
        load(tmp_path, data)
    assert str(error.value).startswith(message)


def test_a_link_keeps_the_prefix_that_html_knows(tmp_path):
    assert 'xlink:href="#c"' in html(load(tmp_path, PARTS))


def test_two_uses_share_no_id_and_each_speaks_of_its_own_parts(tmp_path):
    drawing = load(tmp_path, PARTS)
    seen = set()
    for prefix in ("one-", "two-"):
        text = html(drawing, prefix)
        ids = re.findall(r' id="([^"]*)"', text)
        assert ids == [prefix + "a", prefix + "c"] and not seen & set(ids)
        seen.update(ids)
        assert f'aria-labelledby="{prefix}a {prefix}c x"' in text
        assert f'fill="url(#{prefix}a)" stroke="#abc"' in text
        kept = f":where(.{prefix}drawing, .{prefix}drawing *)"
        assert (
            f"#{prefix}a:hover{kept}, .b{kept}, #{prefix}c.d{kept} "
            f"{{ fill: #abc; clip-path: url(#{prefix}a) }}"
        ) in text
        assert f' href="#{prefix}a"' in text and f'xlink:href="#{prefix}c"' in text
        root = ET.fromstring(text)
        assert [e.text for e in root.iter() if e.tag.endswith("}text")] == ["#a"]
        assert 'fill="#c"' in text and 'href="https://x.example/#a"' in text


@pytest.mark.parametrize(
    "hostile",
    ["<script>f()</script>", "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml'>f()</b></foreignObject>",
     "<animate attributeName='href' values='javascript:f()'/>", "<set attributeName='onclick' to='f()'/>",
     "<g onclick='f()'/>", "<a href='javascript:f()'><text>f</text></a>", "<image href='https://f().example/'/>",
     "<use href='https://f().example/#a'/>", "<g style='background:url(//f().example)'/>",
     "<rect fill='url(https://f().example/#a)'/>", "<image href='data:image/svg+xml,f()'/>",
     "<style>@import 'f()';</style>", "<style>} body { color: f() }</style>",
     "<style>a[x='}']{fill:f()}</style>", "<style>g { fill: \\75rl(//f().example) }</style>",
     "<iframe xmlns='http://www.w3.org/1999/xhtml' src='f()'/>"],
)  # fmt: skip
def test_nothing_of_a_drawing_runs_or_is_fetched(tmp_path, hostile):
    assert "f()" not in html(load(tmp_path, SVG.format(hostile)), "one-")


def test_a_drawing_paints_itself_and_nothing_else(tmp_path):
    sheet = (
        "* { fill: red } body, .md-header { display: none; position: fixed }"
        " @media (prefers-color-scheme: dark) { text { fill: #eee } } .b::before { stroke: red }"
    )
    drawn = SVG.format(
        f"<style>{sheet}</style><g class='md-overlay b' style='position:fixed;fill:red'/>"
    )
    text = html(load(tmp_path, drawn), "one-")
    kept = ":where(.one-drawing, .one-drawing *)"
    assert f"*{kept} {{ fill: red }} body{kept}, .md-header{kept} {{ display: none }}" in text
    assert f"@media (prefers-color-scheme: dark) {{ text{kept} {{ fill: #eee }} }}" in text
    assert f".b{kept}::before {{ stroke: red }}" in text
    assert 'class="b one-0"' in text and ".one-0:not(#_#_) { fill: red }" in text
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="one-drawing"' in text


def test_a_style_is_said_once_and_outdoes_the_sheet(tmp_path):
    styled = "<g class='a' style='fill: red'/><g style='fill: red'/><g style='fill:none'/><g/>"
    text = html(
        load(tmp_path, SVG.format(f"<style>#a #b {{ fill: blue }}</style>{styled}")), "one-"
    )
    assert " style=" not in text
    assert re.findall(r'<g(?: class="([^"]*)")?', text) == ["a one-0", "one-0", "one-1", ""]
    sheets = re.findall(r"<style>([^<]*)</style>", text)
    assert sheets[1] == ".one-0:not(#_#_) { fill: red } .one-1:not(#_#_) { fill: none }"


RUNS = [
    "<script>f()</script>", "<g onclick='f()'/>", "<a href='javascript:f()'><text>a</text></a>",
    "<a xlink:href=' java&#10;script:f()'/>", "<set attributeName='onclick' to='f()'/>",
    "<animate attributeName='xlink:href' values='javascript:f()'/>", "<image href='//x.example/f()'/>",
    "<use href='data:image/svg+xml,f()#a'/>", "<style>@import 'f()';</style>",
    "<style>g { fill: url(//x.example/f()) }</style>", "<rect fill='url(https://x.example/f())'/>",
    "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml' onclick='f()'><script>f()</script></b></foreignObject>",
    "<foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' srcdoc='f()'/></foreignObject>",
    "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>f()</h:script>",
]  # fmt: skip


@pytest.mark.parametrize("hostile", RUNS)
def test_a_file_that_is_opened_by_itself_runs_and_fetches_nothing(hostile):
    safe = disarmed(SVG.format(f"{hostile}<path d='M0 0'/>").encode(), SourceFile(Path(), "d.svg"))
    assert b"f()" not in safe and b"M0 0" in safe


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE svg [<!ENTITY e "<script>f()</script>">]>' + SVG.format("&e;"),
        '<!DOCTYPE svg [<!ATTLIST svg onload CDATA "f()">]>' + SVG.format(""),
        '<?xml-stylesheet href="data:f()" type="text/xsl"?>' + SVG.format(""),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_nor_does_what_its_head_defines(hostile, encoding):
    assert b"f()" not in disarmed(hostile.encode(encoding), SourceFile(Path(), "d.svg"))


def test_a_file_that_does_nothing_stays_as_it_is():
    data = SVG.format(
        "<!-- a --><animate attributeName='x' values='0;1'/><style>@font-face { src: url(data:a) }</style>"
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>a</p></foreignObject>"
        "<a href='https://x.example/'/><a href='b.html#c'/><image href='data:image/png;base64,AAAA'/>"
    ).encode()
    assert disarmed(data, SourceFile(Path(), "d.svg")) is data
    with pytest.raises(LiterateError, match=r"d.svg:1: the drawing is not well-formed"):
        disarmed(
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>f()</script><g>",
            SourceFile(Path(), "d.svg"),
        )


def test_a_condition_of_a_style_ends_with_its_block():
    css = "@media (prefers-color-scheme: dark) { rect { fill: red } } .box { fill: none }"
    kept = scoped(css, "drawing-1", str)
    outside = kept.split("} } ")[1]
    assert outside.startswith(".box")
    assert "@media" not in outside
