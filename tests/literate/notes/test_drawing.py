"""SVG drawings: read in any encoding, and used any number of times on a page."""

import re
import xml.etree.ElementTree as ET

import pytest

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.notes.drawing import load_drawing

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
        assert (
            f"#{prefix}a:hover, .b, #{prefix}c.d {{ fill: #abc; clip-path: url(#{prefix}a) }}"
            in text
        )
        assert f' href="#{prefix}a"' in text and f'xlink:href="#{prefix}c"' in text
        root = ET.fromstring(text)
        assert [e.text for e in root.iter() if e.tag.endswith("}text")] == ["#a"]
        assert 'fill="#c"' in text and 'href="https://x.example/#a"' in text
